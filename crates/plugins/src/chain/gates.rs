//! Names before they are taken, and people before they come in.

use std::time::Duration;

use teahouse_chat::{Decision, JoinPassage, NamePassage, NameSubject, ProposedJoin, ProposedName};
use teahouse_plugin_host::Hook;
use teahouse_plugin_host::wit::{Admission, Review, Room, User, Verdict};
use teahouse_plugin_package::{OnError, Subject as NameKind};
use teahouse_protocol::{Timestamp, UserId};

use super::clock::Clock;
use super::fold::{self, Fold, Next, flag, refusal};
use super::{Chain, NoAnswer, admitted, code, word};
use crate::convert;
use crate::party::{blame, party};
use crate::registry::{GatePlace, Running};
use crate::verdicts::{FAILED_ALLOW, Input, Record};

/// What a gate is asked about, for the record.
struct Asked {
    hook: Hook,
    at: Timestamp,
    room: Option<teahouse_protocol::RoomId>,
    user: UserId,
}

impl Chain<'_> {
    /// What becomes of a name.
    pub(crate) async fn check_name(&self, name: &ProposedName, at: Timestamp) -> NamePassage {
        let (by, room) = (convert::user(&name.by), name.room.as_ref().map(convert::room));
        let asked = Asked {
            hook: Hook::CheckName,
            at,
            room: name.room.as_ref().map(|room| room.brief.id),
            user: name.by.id,
        };
        let (mut clock, mut fold) = (Clock::new(self.spans), Fold::default());
        let mut text = name.text.clone();
        let mut replaced = false;
        for place in
            self.snapshot.gates.iter().filter(|place| place.looks_at_name(kind_of(name.subject), asked.room))
        {
            let (next, changed) = self
                .ask_name(place, &asked, name, &mut text, (&by, room.as_ref()), (&mut clock, &mut fold))
                .await;
            replaced |= changed;
            if let Next::End(decision) = next {
                return NamePassage { decision, replaced: None, flags: fold.into_flags() };
            }
        }
        let (decision, flags) = fold.finish();
        NamePassage { decision, replaced: replaced.then_some(text), flags }
    }

    async fn ask_name(
        &self,
        place: &GatePlace,
        asked: &Asked,
        name: &ProposedName,
        text: &mut String,
        (by, room): (&User, Option<&Room>),
        (clock, fold): (&mut Clock, &mut Fold),
    ) -> (Next, bool) {
        let running = &place.running;
        let Some(terms) = clock.terms(party(asked.user)) else {
            return (Next::End(Decision::Overloaded), false);
        };
        let call = running.loaded.check_name(name.subject.as_str(), text, by, room, &terms);
        let (verdict, took) = match admitted(running, asked.hook, &name.by, clock, call).await {
            Ok(answer) => answer,
            Err(NoAnswer::Overloaded) => return (Next::End(Decision::Overloaded), false),
            Err(NoAnswer::Failed(why, took)) => {
                return (self.gate_failed(place, place.on_error, asked, text, fold, (&why, took)), false);
            }
            Err(NoAnswer::Unusable(why, took)) => {
                let on_error = at_least_reject(place.on_error);
                return (self.gate_failed(place, on_error, asked, text, fold, (&why, took)), false);
            }
        };
        if !matches!(verdict, Verdict::Allow) {
            self.note_gate(running, asked, word(&verdict), code(&verdict), text, took);
        }
        let speaker = &running.speaker;
        match verdict {
            Verdict::Allow => (Next::GoOn, false),
            Verdict::Reject(rejection) => (Next::End(Decision::Reject(refusal(speaker, &rejection))), false),
            Verdict::Shadow(review) => (Next::End(Decision::Shadow(flag(speaker, &review))), false),
            Verdict::Flag(review) => (fold.review(speaker, &review), false),
            Verdict::Replace(new) => match convert::name(name.subject, &new.text) {
                Ok(taken) => {
                    *text = taken;
                    (new.review.map_or(Next::GoOn, |review| fold.review(speaker, &review)), true)
                }
                Err(why) => {
                    running.resident.health.bad_reply(&why, blame(&name.by));
                    let on_error = at_least_reject(place.on_error);
                    (self.gate_failed(place, on_error, asked, text, fold, (&why, took)), false)
                }
            },
        }
    }

    /// Whether somebody may come in. The first who says no, or leaves it to the room, decides.
    pub(crate) async fn check_join(&self, join: &ProposedJoin, at: Timestamp) -> JoinPassage {
        let (room, user) = (convert::room(&join.room), convert::user(&join.user));
        let room_id = join.room.brief.id;
        let asked = Asked { hook: Hook::CheckJoin, at, room: Some(room_id), user: join.user.id };
        let mut clock = Clock::new(self.spans);
        let mut passage = JoinPassage::Allow;
        for place in self.snapshot.gates.iter().filter(|place| place.looks_at_join(room_id)) {
            let running = &place.running;
            let Some(terms) = clock.terms(party(asked.user)) else { return JoinPassage::Overloaded };
            let call = running.loaded.check_join(&room, &user, &join.word, &terms);
            match admitted(running, asked.hook, &join.user, &mut clock, call).await {
                Ok((Admission::Allow, _)) => {}
                Ok((Admission::Reject(rejection), took)) => {
                    self.note_gate(
                        running,
                        &asked,
                        "reject",
                        fold::stable(&rejection.code),
                        &join.word,
                        took,
                    );
                    return JoinPassage::Reject(refusal(&running.speaker, &rejection));
                }
                Ok((Admission::Ask(review), took)) => {
                    self.note_gate(running, &asked, "ask", fold::stable(&review.code), &join.word, took);
                    // A later gate may still refuse.
                    if passage == JoinPassage::Allow {
                        passage = JoinPassage::Ask(flag(&running.speaker, &review));
                    }
                }
                Err(no_answer) => {
                    let (on_error, why, took) = match no_answer {
                        NoAnswer::Unusable(why, took) => (at_least_reject(place.on_error), why, took),
                        NoAnswer::Failed(why, took) => (place.on_error, why, took),
                        NoAnswer::Overloaded => return JoinPassage::Overloaded,
                    };
                    let mut fold = Fold::default();
                    let next = self.gate_failed(place, on_error, &asked, &join.word, &mut fold, (&why, took));
                    match next {
                        Next::End(Decision::Reject(refusal)) => return JoinPassage::Reject(refusal),
                        // Nobody can be let in half: a note and a hold both ask the room.
                        _ if on_error != OnError::Allow && passage == JoinPassage::Allow => {
                            passage = JoinPassage::Ask(failed_flag(running, why));
                        }
                        _ => {}
                    }
                }
            }
        }
        passage
    }

    fn gate_failed(
        &self,
        place: &GatePlace,
        on_error: OnError,
        asked: &Asked,
        input: &str,
        fold: &mut Fold,
        (why, took): (&str, Duration),
    ) -> Next {
        self.note_gate(&place.running, asked, failed_word(on_error), fold::FAILED, input, took);
        fold.failure(&place.running.speaker, on_error, why)
    }

    fn note_gate(
        &self,
        running: &Running,
        asked: &Asked,
        verdict: &'static str,
        code: &str,
        input: &str,
        took: Duration,
    ) {
        self.verdicts.note(Record {
            at: asked.at,
            plugin: &running.speaker.id,
            version: &running.version,
            hook: asked.hook,
            verdict,
            code,
            input: Input::of(&[input]),
            took,
            room: asked.room,
            user: Some(asked.user),
            message: None,
        });
    }
}

fn failed_flag(running: &Running, note: String) -> teahouse_chat::Flag {
    let review = Review { code: fold::FAILED.to_owned(), note, severity: 0, hold: true };
    flag(&running.speaker, &review)
}

/// What a policy comes to where the plugin did answer, and only what it wants can't be done: nothing passes for that.
pub(super) const fn at_least_reject(on_error: OnError) -> OnError {
    match on_error {
        OnError::Allow | OnError::Flag | OnError::Reject => OnError::Reject,
        OnError::Hold => OnError::Hold,
    }
}

/// What a failed call stands as in the record.
pub(super) const fn failed_word(on_error: OnError) -> &'static str {
    match on_error {
        OnError::Allow => FAILED_ALLOW,
        OnError::Flag => "failed_flag",
        OnError::Hold => "failed_hold",
        OnError::Reject => "failed_reject",
    }
}

const fn kind_of(subject: NameSubject) -> NameKind {
    match subject {
        NameSubject::UserName => NameKind::UserName,
        NameSubject::RoomName => NameKind::RoomName,
        NameSubject::Announcement => NameKind::Announcement,
    }
}
