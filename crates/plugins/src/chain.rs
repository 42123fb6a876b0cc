//! The chain of filters that a message passes, and that of gates.

mod clock;
mod fold;
mod gates;

use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;

use teahouse_chat::{Decision, Passage, Proposed, Replaced};
use teahouse_plugin_host::wit::{Message, Replacement, Verdict};
use teahouse_plugin_host::{CallFailure, Called, FailureKind, Hook};
use teahouse_plugin_package::OnError;
use teahouse_protocol::{Content, UserProfile};

use clock::Clock;
pub(crate) use clock::Spans;
pub(crate) use fold::Speaker;
use fold::{Fold, Next, flag, refusal, stable, told};

use crate::convert;
use crate::party::{blame, party};
use crate::registry::{FilterPlace, Running, Snapshot};
use crate::verdicts::{Input, Record, Verdicts};

/// What the chain needs of the house.
pub(crate) struct Chain<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) verdicts: &'a Verdicts,
    /// For the whole chain.
    pub(crate) spans: Spans,
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

/// Why there is no answer to a call.
enum NoAnswer {
    /// The plugin failed: its policy speaks for it.
    Failed(String, Duration),
    /// It said something that can't be done: not nothing, and no yes.
    Unusable(String, Duration),
    /// The host had no time for it, or the plugin used up somebody's share of what the host does for it: no fault of the
    /// plugin, and no answer.
    Overloaded,
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
        let (mut clock, mut fold) = (Clock::new(self.spans), Fold::default());
        for place in &self.snapshot.filters {
            // Asked anew for each: a replaced message may have become text.
            if !place.looks_at(message.room.id, subject.content.kind(), subject.hook == Hook::CheckEdit) {
                continue;
            }
            let ended = ask(&place.running, &subject, &mut clock).await;
            if let Next::End(decision) = self.judge(place, ended, &mut subject, &mut fold) {
                return Passage { decision, replaced: subject.replaced, flags: fold.into_flags() };
            }
        }
        let (decision, flags) = fold.finish();
        Passage { decision, replaced: subject.replaced, flags }
    }

    /// Takes a filter's answer into account.
    fn judge(
        &self,
        place: &FilterPlace,
        ended: Result<(Verdict, Duration), NoAnswer>,
        subject: &mut Subject<'_>,
        fold: &mut Fold,
    ) -> Next {
        let by = &place.running.speaker;
        let (verdict, took) = match ended {
            Ok((Verdict::Allow, _)) => return Next::GoOn,
            Ok(answer) => answer,
            Err(NoAnswer::Failed(why, took)) => {
                return self.speak_for(place, place.on_error, subject, fold, &why, took);
            }
            Err(NoAnswer::Unusable(why, took)) => return self.stop(place, subject, fold, &why, took),
            Err(NoAnswer::Overloaded) => return Next::End(Decision::Overloaded),
        };
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
                    place.running.resident.health.bad_reply(&why, blame(&subject.proposed.sender));
                    self.stop(place, subject, fold, &why, took)
                }
            },
        }
    }

    /// The filter did not want the message as it is, and what it wants instead can't be done. Where its policy would let pass
    /// what it can't look at, this is refused: it has looked.
    fn stop(
        &self,
        place: &FilterPlace,
        subject: &Subject<'_>,
        fold: &mut Fold,
        why: &str,
        took: Duration,
    ) -> Next {
        self.speak_for(place, gates::at_least_reject(place.on_error), subject, fold, why, took)
    }

    /// The filter failed: its policy says what that means.
    fn speak_for(
        &self,
        place: &FilterPlace,
        on_error: OnError,
        subject: &Subject<'_>,
        fold: &mut Fold,
        why: &str,
        took: Duration,
    ) -> Next {
        self.note(&place.running, subject, gates::failed_word(on_error), fold::FAILED, took);
        fold.failure(&place.running.speaker, on_error, why)
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

async fn ask(
    running: &Running,
    subject: &Subject<'_>,
    clock: &mut Clock,
) -> Result<(Verdict, Duration), NoAnswer> {
    let sender = &subject.proposed.sender;
    let Some(terms) = clock.terms(party(sender.id)) else { return Err(NoAnswer::Overloaded) };
    let loaded = &running.loaded;
    // Calls are large: pinned where they are made, they are not moved from one hand to the next.
    match &subject.before {
        None => {
            let call = pin!(loaded.check(&subject.message, &terms));
            admitted(running, subject.hook, sender, clock, call).await
        }
        Some(before) => {
            let call = pin!(loaded.check_edit(before, &subject.message, &terms));
            admitted(running, subject.hook, sender, clock, call).await
        }
    }
}

/// A call of a hook, and none at all while the plugin is in quarantine.
///
/// # Errors
/// [`NoAnswer`]
async fn admitted<T>(
    running: &Running,
    hook: Hook,
    by: &UserProfile,
    clock: &mut Clock,
    call: impl Future<Output = Result<Called<T>, CallFailure>>,
) -> Result<(T, Duration), NoAnswer> {
    let health = &running.resident.health;
    if !health.admits() {
        return Err(NoAnswer::Failed("in quarantine".to_owned(), Duration::ZERO));
    }
    let ended = call.await;
    health.ended(&ended, blame(by));
    match ended {
        Ok(Called { reply: Ok(reply), cost }) => {
            clock.count(&cost);
            Ok((reply, cost.took))
        }
        // It was told to wait: so is the sender.
        Ok(Called { reply: Err(_), cost }) if !cost.held_up.is_zero() => Err(NoAnswer::Overloaded),
        Ok(Called { reply: Err(text), cost }) => {
            clock.count(&cost);
            Err(NoAnswer::Failed(text, cost.took))
        }
        Err(_) if running.stands_in => Err(NoAnswer::Failed("it does not load".to_owned(), Duration::ZERO)),
        Err(failure) => {
            clock.count(&failure.cost);
            if failure.kind.is_the_plugins_fault() {
                running.note_failure(hook, &failure);
            }
            let (why, took) = (failure.kind.name().to_owned(), failure.cost.took);
            Err(match failure.kind {
                FailureKind::Busy => NoAnswer::Overloaded,
                FailureKind::BadReply => NoAnswer::Unusable(why, took),
                _ => NoAnswer::Failed(why, took),
            })
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
