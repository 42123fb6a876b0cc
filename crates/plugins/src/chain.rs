//! The chain of filters that a message passes, and that of gates.

mod fold;
mod gates;

use std::borrow::Cow;
use std::pin::pin;
use std::time::{Duration, Instant};

use teahouse_chat::{Decision, Passage, Proposed, Replaced};
use teahouse_plugin_host::wit::{Message, Replacement, Verdict};
use teahouse_plugin_host::{CallFailure, Called, FailureKind, Hook};
use teahouse_protocol::Content;

pub(crate) use fold::Speaker;
use fold::{Fold, Next, flag, refusal, stable, told};

use crate::convert;
use crate::registry::{FilterPlace, Running, Snapshot};
use crate::verdicts::{Input, Record, Verdicts};

/// What the chain needs of the house.
pub(crate) struct Chain<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) verdicts: &'a Verdicts,
    /// For the whole chain.
    pub(crate) budget: Duration,
}

/// What a filter is asked about: converted once, for all of them.
struct Subject<'a> {
    hook: Hook,
    proposed: &'a Proposed,
    before: Option<Message>,
    message: Message,
    content: Cow<'a, Content>,
    replaced: Option<Replaced>,
}

/// How a filter's call ended.
enum Ended {
    Verdict(Verdict, Duration),
    /// Its policy speaks for it.
    Failed(String, Duration),
}

impl Chain<'_> {
    /// What becomes of a message, or with `before` of an edit.
    pub(crate) async fn check(&self, before: Option<&Proposed>, message: &Proposed) -> Passage {
        let mut subject = Subject {
            hook: if before.is_some() { Hook::CheckEdit } else { Hook::Check },
            proposed: message,
            before: before.map(convert::proposed),
            message: convert::proposed(message),
            content: Cow::Borrowed(&message.content),
            replaced: None,
        };
        let (started, mut fold) = (Instant::now(), Fold::default());
        for place in &self.snapshot.filters {
            // Asked anew for each: a replaced message may have become text.
            if !place.looks_at(message.room.id, subject.content.kind(), subject.hook == Hook::CheckEdit) {
                continue;
            }
            let left = self.budget.saturating_sub(started.elapsed());
            let ended = ask(&place.running, &subject, left).await;
            if let Next::End(decision) = self.judge(place, ended, &mut subject, &mut fold) {
                return Passage { decision, replaced: subject.replaced, flags: fold.into_flags() };
            }
        }
        let (decision, flags) = fold.finish();
        Passage { decision, replaced: subject.replaced, flags }
    }

    /// Takes a filter's answer into account.
    fn judge(&self, place: &FilterPlace, ended: Ended, subject: &mut Subject<'_>, fold: &mut Fold) -> Next {
        let by = &place.running.speaker;
        match ended {
            Ended::Verdict(Verdict::Allow, _) => Next::GoOn,
            Ended::Verdict(verdict, took) => {
                self.note(&place.running, subject, word(&verdict), code(&verdict), took);
                match verdict {
                    Verdict::Allow => Next::GoOn,
                    Verdict::Reject(rejection) => Next::End(Decision::Reject(refusal(by, &rejection))),
                    Verdict::Shadow(review) => Next::End(Decision::Shadow(flag(by, &review))),
                    Verdict::Flag(review) => fold.review(by, &review),
                    Verdict::Replace(new) => match subject.replacement(&new) {
                        Ok(content) => {
                            subject.replace(by, content, told(&new.note));
                            new.review.map_or(Next::GoOn, |review| fold.review(by, &review))
                        }
                        Err(why) => {
                            place.running.resident.health.bad_reply(&why);
                            self.speak_for(place, subject, fold, &why, took)
                        }
                    },
                }
            }
            Ended::Failed(why, took) => self.speak_for(place, subject, fold, &why, took),
        }
    }

    /// The filter failed: its policy says what that means.
    fn speak_for(
        &self,
        place: &FilterPlace,
        subject: &Subject<'_>,
        fold: &mut Fold,
        why: &str,
        took: Duration,
    ) -> Next {
        let verdict = gates::failed_word(place.on_error);
        self.note(&place.running, subject, verdict, fold::FAILED, took);
        fold.failure(&place.running.speaker, place.on_error, why)
    }

    fn note(
        &self,
        running: &Running,
        subject: &Subject<'_>,
        verdict: &'static str,
        code: &str,
        took: Duration,
    ) {
        self.verdicts.note(Record {
            at: subject.proposed.at,
            plugin: &running.speaker.id,
            version: &running.version,
            hook: subject.hook,
            verdict,
            code,
            input: Input::of_message(&subject.message),
            took,
            room: Some(subject.proposed.room.id),
            user: Some(subject.proposed.sender.id),
            message: Some(subject.proposed.id),
        });
    }
}

impl Subject<'_> {
    /// What the filter put in its place. An edit never changes what a message is.
    fn replacement(&self, new: &Replacement) -> Result<Content, String> {
        let content = convert::replacement(&self.content, new)?;
        if self.hook == Hook::CheckEdit && content.kind() != self.content.kind() {
            return Err("an edited message stays of its kind".to_owned());
        }
        Ok(content)
    }

    /// The next filter sees what this one made of it.
    fn replace(&mut self, by: &Speaker, content: Content, note: String) {
        let (text, object) = convert::content(&content);
        self.message.kind = content.kind().as_str().to_owned();
        self.message.text = text;
        self.message.content = object;
        self.replaced = Some(Replaced { by: by.name.clone(), note, content: content.clone() });
        self.content = Cow::Owned(content);
    }
}

async fn ask(running: &Running, subject: &Subject<'_>, left: Duration) -> Ended {
    let (loaded, within) = (&running.loaded, Some(left));
    // Calls are large: pinned where they are made, they are not moved from one hand to the next.
    let answer = match &subject.before {
        None => {
            let call = pin!(loaded.check(&subject.message, within));
            admitted(running, subject.hook, left, call).await
        }
        Some(before) => {
            let call = pin!(loaded.check_edit(before, &subject.message, within));
            admitted(running, subject.hook, left, call).await
        }
    };
    match answer {
        Ok((verdict, took)) => Ended::Verdict(verdict, took),
        Err((why, took)) => Ended::Failed(why, took),
    }
}

/// A call of a hook that has `left` of the chain's time, and none at all while the plugin is in quarantine.
///
/// # Errors
/// Why there is no answer, and what it took.
pub(super) async fn admitted<T>(
    running: &Running,
    hook: Hook,
    left: Duration,
    call: impl Future<Output = Result<Called<T>, CallFailure>>,
) -> Result<(T, Duration), (String, Duration)> {
    let health = &running.resident.health;
    if left.is_zero() {
        return Err(("no time was left for it".to_owned(), Duration::ZERO));
    }
    if !health.admits() {
        return Err(("in quarantine".to_owned(), Duration::ZERO));
    }
    let ended = call.await;
    // Cut off by the chain's time and not by its own: who came before it took that.
    let cut_short = ended.as_ref().is_err_and(|failure| failure.kind == FailureKind::WallTime)
        && left < running.loaded.limits().filter.wall;
    if cut_short {
        health.abandon();
    } else {
        health.ended(&ended);
    }
    match ended {
        Ok(Called { reply: Ok(reply), cost }) => Ok((reply, cost.took)),
        Ok(Called { reply: Err(text), cost }) => Err((text, cost.took)),
        Err(_) if running.stands_in => Err(("it does not load".to_owned(), Duration::ZERO)),
        Err(failure) => {
            running.note_failure(hook, &failure);
            Err((failure.kind.name().to_owned(), failure.cost.took))
        }
    }
}

/// The verdict in one word, as it stands in the record.
pub(crate) const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Reject(_) => "reject",
        Verdict::Replace(_) => "replace",
        Verdict::Flag(review) if review.hold => "hold",
        Verdict::Flag(_) => "flag",
        Verdict::Shadow(_) => "shadow",
    }
}

/// The verdict's own code in the form that the interface promises; empty: none.
pub(crate) fn code(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Allow => "",
        Verdict::Reject(rejection) => stable(&rejection.code),
        Verdict::Replace(new) => new.review.as_ref().map_or("", |review| stable(&review.code)),
        Verdict::Flag(review) | Verdict::Shadow(review) => stable(&review.code),
    }
}
