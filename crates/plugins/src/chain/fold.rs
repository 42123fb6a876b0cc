//! What several verdicts come to: reject and shadow end, a replacement feeds the next, flags add up, hold wins over
//! deliver.

use std::sync::Arc;

use teahouse_chat::{Decision, Flag, Refusal};
use teahouse_plugin_host::wit::{Rejection, Review};
use teahouse_plugin_package::OnError;
use teahouse_protocol::cut;

/// The most severe that a plugin can call something.
const MOST_SEVERE: u8 = 3;
/// The word for a filter that failed, where its policy makes something of it.
pub(crate) const FAILED: &str = Flag::FAILED;

/// Who speaks.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    /// The plugin's id.
    pub(crate) id: Arc<str>,
    /// Its name.
    pub(crate) name: Arc<str>,
}

/// What was said so far.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    hold: Option<Flag>,
    flags: Vec<Flag>,
}

/// Whether the next filter is asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is.
    GoOn,
    /// It is decided.
    End(Decision),
}

impl Fold {
    /// The filter lets it pass with a note, or holds it: the next may still refuse.
    pub(crate) fn review(&mut self, by: &Speaker, review: &Review) -> Next {
        self.note(flag(by, review), review.hold)
    }

    fn note(&mut self, flag: Flag, hold: bool) -> Next {
        match &self.hold {
            None if hold => self.hold = Some(flag),
            _ => self.flags.push(flag),
        }
        Next::GoOn
    }

    /// The filter failed, and its policy speaks for it.
    pub(crate) fn failure(&mut self, by: &Speaker, policy: OnError, why: &str) -> Next {
        let flag = || Flag {
            by: Arc::clone(&by.name),
            plugin: Arc::clone(&by.id),
            code: FAILED.to_owned(),
            note: told(why),
            severity: 0,
        };
        match policy {
            OnError::Allow => Next::GoOn,
            OnError::Flag => self.note(flag(), false),
            OnError::Hold => self.note(flag(), true),
            OnError::Reject => Next::End(Decision::Reject(Refusal {
                by: Arc::clone(&by.name),
                plugin: Arc::clone(&by.id),
                rule: FAILED.to_owned(),
                reason: FAILED_REASON.to_owned(),
            })),
        }
    }

    /// Nobody refused: what it comes to, and what was noted beside.
    pub(crate) fn finish(self) -> (Decision, Vec<Flag>) {
        (self.hold.map_or(Decision::Accept, Decision::Hold), self.flags)
    }

    /// What was noted before it was decided.
    pub(crate) fn into_flags(self) -> Vec<Flag> {
        self.hold.into_iter().chain(self.flags).collect()
    }
}

/// What a sender is told when a filter that must not be passed unseen does not work.
const FAILED_REASON: &str =
    "消息暂时无法检查，请稍后再试 This can't be checked at the moment: try again later";

/// Stands for a plugin's word that is none.
const NAMELESS: &str = "unnamed";

/// The most characters of what a plugin tells a person.
const TOLD_CHARS: usize = 500;

/// The plugin's stable word: clients and statistics rely on its form.
pub(crate) fn stable(code: &str) -> &str {
    let is_in_it = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let is_one = (1..=64).contains(&code.len()) && code.bytes().all(is_in_it);
    if is_one { code } else { NAMELESS }
}

/// As much of it as the interface lets a plugin tell. Lines may end; other control characters say nothing to a person,
/// and PostgreSQL keeps no NUL.
pub(crate) fn told(text: &str) -> String {
    let plain: String = text.chars().filter(|char| !char.is_control() || *char == '\n').collect();
    cut(&plain, TOLD_CHARS).to_owned()
}

/// The refusal in the conversation's words.
pub(crate) fn refusal(by: &Speaker, rejection: &Rejection) -> Refusal {
    Refusal {
        by: Arc::clone(&by.name),
        plugin: Arc::clone(&by.id),
        rule: stable(&rejection.code).to_owned(),
        reason: told(&rejection.reason),
    }
}

/// The note in the conversation's words.
pub(crate) fn flag(by: &Speaker, review: &Review) -> Flag {
    Flag {
        by: Arc::clone(&by.name),
        plugin: Arc::clone(&by.id),
        code: stable(&review.code).to_owned(),
        note: told(&review.note),
        severity: review.severity.min(MOST_SEVERE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaker(id: &str) -> Speaker {
        Speaker { id: id.into(), name: id.into() }
    }

    fn review(code: &str, hold: bool) -> Review {
        Review { code: code.to_owned(), note: String::new(), severity: 9, hold }
    }

    #[test]
    fn flags_add_up_and_pass() {
        let mut fold = Fold::default();
        assert_eq!(fold.review(&speaker("a"), &review("one", false)), Next::GoOn);
        assert_eq!(fold.review(&speaker("b"), &review("two", false)), Next::GoOn);
        let (decision, flags) = fold.finish();
        assert_eq!(decision, Decision::Accept);
        assert_eq!(flags.iter().map(|flag| flag.code.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        assert!(flags.iter().all(|flag| flag.severity == MOST_SEVERE));
    }

    #[test]
    fn hold_wins_over_deliver_and_the_first_holder_is_named() {
        let mut fold = Fold::default();
        fold.review(&speaker("a"), &review("note", false));
        fold.review(&speaker("b"), &review("held", true));
        fold.review(&speaker("c"), &review("held-too", true));
        let (decision, flags) = fold.finish();
        assert!(matches!(decision, Decision::Hold(flag) if flag.code == "held"));
        assert_eq!(flags.iter().map(|flag| flag.code.as_str()).collect::<Vec<_>>(), ["note", "held-too"]);
    }

    #[test]
    fn who_fails_is_spoken_for_by_its_policy() {
        let failed = |policy| {
            let mut fold = Fold::default();
            match fold.failure(&speaker("a"), policy, "trap") {
                Next::End(decision) => decision,
                Next::GoOn => fold.finish().0,
            }
        };
        assert_eq!(failed(OnError::Allow), Decision::Accept);
        assert_eq!(failed(OnError::Flag), Decision::Accept);
        assert!(matches!(failed(OnError::Hold), Decision::Hold(flag) if flag.code == FAILED));
        assert!(matches!(failed(OnError::Reject), Decision::Reject(refusal) if refusal.rule == FAILED));
    }

    #[test]
    fn a_word_that_is_none_is_not_passed_on_and_a_text_without_end_is_cut() {
        let speaker = speaker("a");
        for code in ["", "No Such\nCode", "Spam", "茶", &"x".repeat(65)] {
            let refusal =
                refusal(&speaker, &Rejection { code: code.to_owned(), reason: "茶".repeat(2 * TOLD_CHARS) });
            assert_eq!((refusal.rule.as_str(), refusal.reason), (NAMELESS, "茶".repeat(TOLD_CHARS)));
        }
        assert_eq!(flag(&speaker, &review("bad-word_2.x", true)).code, "bad-word_2.x");
        let noted = Review { note: "one\u{0}\u{1b}[31m\ntwo".to_owned(), ..review("x", true) };
        assert_eq!(
            flag(&speaker, &noted).note,
            "one[31m\ntwo",
            "no database takes a NUL, and no terminal is painted"
        );
    }
}
