//! The filters' place in a message's way: after its sender's rights, before anything is written.
//!
//! A message that was acknowledged once is never refused when it comes again: before a decision other than a plain yes
//! counts, what the same client id stands for is looked up, and its ack repeated.

use std::sync::Arc;

use teahouse_accounts::Session;
use teahouse_protocol::{ClientId, Content, Kind, MessageId, ReplacedBy, RoomId, Timestamp, UserId};
use teahouse_store::entity::message;
use teahouse_store::held::HeldState;
use teahouse_store::writer::{Entry, FirstAck, NewMessage};
use teahouse_store::{messages, reviews};

use crate::access::Member;
use crate::connection::Seat;
use crate::deciding::in_room;
use crate::hooks::{Decision, Flag, Passage, Proposed, Refusal, Replaced, RoomBrief, Watched};
use crate::hub::{ConnectionId, RoomFacts};
use crate::keeping::{Keep, Repeat};
use crate::pipeline::{Admitted, Noted, Passed, ReplacedNote, Ticket};
use crate::repeats::SentKey;
use crate::reviews::review_rows;
use crate::{Chat, Error};

const ANOTHER_KIND: &str = "it is of another kind";

/// What the filters say, checked: a replacement is as good as what a person sends.
struct Judgement {
    decision: Decision,
    replaced: Option<Replaced>,
    flags: Vec<Flag>,
}

/// What becomes of an edit.
pub(crate) enum EditPassed {
    /// It is made, as this.
    Made(Content, ReplacedNote),
    /// A moderator decides; said to its sender or not.
    Kept(HeldState),
}

impl Chat {
    /// Whether any filter looks at this.
    pub(crate) fn watches(&self, room: RoomId, kind: Kind, what: Watched) -> bool {
        self.hooks().is_some_and(|hooks| hooks.watches(room, kind, what))
    }

    /// Takes a message past the filters, and to the writer if they let it.
    ///
    /// Notes for the moderators are written before the message is: they can't be lost, and one whose message was not
    /// written after all is never shown.
    ///
    /// What seldom happens is boxed: the way of a message that is let through stays small, and is moved often.
    ///
    /// Under one client id one message is judged at a time: sent again, it is answered by what became of it, and no
    /// filter sees it twice. For that it must be judged to its end, also when its client hangs up: part of work that is
    /// [`finished`](crate::underway::finished).
    pub(crate) async fn filter(
        &self,
        session: &Session,
        admitted: Admitted,
        from: Option<ConnectionId>,
        ticket: impl FnOnce(Noted) -> Ticket,
    ) -> Result<Passed, Error> {
        let mut turn = None;
        if let Some(id) = &admitted.message.client_id {
            let NewMessage { sender, room, fingerprint, .. } = admitted.message;
            let taken = self.underway().turn((sender, room, id)).await;
            if taken.is_repeat()
                && let Some(answer) =
                    Box::pin(self.first_answer(&SentKey { id, sender, room, fingerprint })).await?
            {
                return Box::pin(self.answered_again(answer)).await;
            }
            turn = Some(taken);
        }
        let ticket = move |noted| ticket(Noted { turn, ..noted });
        self.pass_filters(session, admitted, from, ticket).await
    }

    /// The same answer once more, with what a filter made of the message the first time.
    async fn answered_again(&self, answer: Repeat) -> Result<Passed, Error> {
        Ok(match answer {
            Repeat::Sent(first) => {
                let replaced = self.replacement_of(first.message).await?;
                Passed::Repeated(first, replaced)
            }
            Repeat::Kept(kept) => Passed::Kept(kept),
        })
    }

    async fn pass_filters(
        &self,
        session: &Session,
        admitted: Admitted,
        from: Option<ConnectionId>,
        ticket: impl FnOnce(Noted) -> Ticket,
    ) -> Result<Passed, Error> {
        let Some(hooks) = self.hooks() else {
            self.append(Entry::Message(admitted.message), ticket(Noted::default()))?;
            return Ok(Passed::Appended);
        };
        let client_id = admitted.message.client_id.clone();
        let fingerprint = admitted.message.fingerprint;
        let locale = admitted.message.locale.clone();
        let mut proposed = self.proposed(session, &admitted.member, admitted.message);
        let Judgement { decision, replaced, flags } = judge(hooks.check(&proposed).await, &proposed);
        let note = replaced.as_ref().map(replaced_note);
        if let Some(replaced) = replaced {
            proposed.content = replaced.content;
        }
        let sender = proposed.sender.id;
        // Whose rights went meanwhile is answered as the first time where this is a repeat.
        let still = match decision {
            Decision::Reject(_) => Ok(()),
            _ => self.require_still_a_writer(proposed.room.id, sender).await,
        };
        if let Some(id) = &client_id {
            // A replaced one is plain: it is noted in the transaction that writes it, which finds one that was there before.
            let plain = decision == Decision::Accept && flags.is_empty();
            let room = proposed.room.id;
            if !plain || still.is_err() || self.keeps_something_of(sender, room).await? {
                match Box::pin(self.first_answer(&SentKey { id, sender, room, fingerprint })).await? {
                    Some(Repeat::Sent(first)) => return Ok(Passed::Repeated(first, note)),
                    Some(Repeat::Kept(kept)) => return Ok(Passed::Kept(kept)),
                    None => {}
                }
            }
        }
        still?;
        let (state, flag) = match decision {
            Decision::Accept => {
                let noted = Noted { is_flagged: !flags.is_empty(), replaced: note, turn: None };
                if noted.is_flagged {
                    let rows = review_rows(&proposed, flags, self.now());
                    Box::pin(reviews::insert(self.db().writer(), rows)).await?;
                }
                let replaced = noted.replaced.as_deref().map(replaced_by);
                let message =
                    NewMessage { fingerprint, locale, replaced, ..new_message(proposed, client_id) };
                self.append(Entry::Message(message), ticket(noted))?;
                return Ok(Passed::Appended);
            }
            Decision::Reject(refusal) => return Err(Error::Rejected(Box::new(refusal))),
            Decision::Overloaded => return Err(Error::Busy),
            Decision::Hold(flag) => (HeldState::Held, flag),
            Decision::Shadow(flag) => (HeldState::Shadowed, flag),
        };
        Box::pin(
            self.keep(session, Keep { proposed, client_id, fingerprint, state, flag, flags, note, from }),
        )
        .await
    }

    /// Rights were looked at before the filters, which take their time: who was muted or put out meanwhile is stopped here.
    /// Where the room is live, this reads its copies, and the database only where an event has just made one stale.
    async fn require_still_a_writer(&self, room: RoomId, user: UserId) -> Result<(), Error> {
        let Some(live) = self.hub().find(room) else { return Ok(()) };
        let (seat, now) = (Seat::new(live, user), self.now());
        let reader = match seat.reader() {
            Some(reader) => reader?,
            None => Box::pin(self.access().require_live_reader(&seat, user, now)).await?,
        };
        reader.require_member(user)?.require_writer(now).map(drop)
    }

    /// Takes an edit past the filters. What it would change stays as it is until this says otherwise.
    pub(crate) async fn filter_edit(
        &self,
        session: &Session,
        member: &Member,
        row: &message::Model,
        content: Content,
        mentions: Option<&[UserId]>,
        now: Timestamp,
    ) -> Result<EditPassed, Error> {
        let kind = content.kind();
        let (Some(hooks), Some(said)) = (self.hooks(), Content::from_stored(kind, row.content.clone()))
        else {
            return Ok(EditPassed::Made(content, None));
        };
        // An edit that was made or is held already is not asked about again.
        if said == content {
            return Ok(EditPassed::Made(content, None));
        }
        let before = self.proposed(session, member, message_again(row, said));
        let mut after = Proposed { content, at: now, ..before.clone() };
        if let Some(mentions) = mentions {
            after.mentions = mentions.to_vec();
        }
        if let Some(state) = self.held_alike(&after).await? {
            return Ok(EditPassed::Kept(state));
        }
        let judged = judge(hooks.check_edit(&before, &after).await, &after);
        let note = judged.replaced.as_ref().map(replaced_note);
        if let Some(replaced) = judged.replaced {
            // An edit never changes what a message is.
            if replaced.content.kind() != kind {
                return Err(Error::Rejected(Box::new(bad_replacement(replaced.by, ANOTHER_KIND))));
            }
            after.content = replaced.content;
        }
        let (state, flag) = match judged.decision {
            Decision::Accept => {
                let rows = review_rows(&after, judged.flags, now);
                let is_flagged = !rows.is_empty();
                reviews::insert(self.db().writer(), rows).await?;
                if is_flagged {
                    // The message that it is about is there already.
                    self.wake_moderators(after.room.id);
                }
                return Ok(EditPassed::Made(after.content, note));
            }
            Decision::Reject(refusal) => return Err(Error::Rejected(Box::new(refusal))),
            Decision::Overloaded => return Err(Error::Busy),
            Decision::Hold(flag) => (HeldState::Held, flag),
            Decision::Shadow(flag) => (HeldState::Shadowed, flag),
        };
        self.keep_edit(after, state, &flag).await?;
        Ok(EditPassed::Kept(state))
    }

    fn proposed(&self, session: &Session, member: &Member, message: NewMessage) -> Proposed {
        Proposed {
            id: message.id,
            room: self.brief(&member.room),
            sender: session.profile(),
            role: member.state.role,
            content: message.content,
            reply_to: message.reply_to,
            mentions: message.mentions,
            at: message.at,
            hops: message.hops,
        }
    }

    pub(crate) fn brief(&self, room: &RoomFacts) -> RoomBrief {
        RoomBrief {
            id: room.id,
            kind: room.kind,
            visibility: room.visibility,
            is_lobby: room.id == self.lobby(),
        }
    }

    /// The message that the log has under this client id.
    ///
    /// # Errors
    /// [`Error::ClientIdTaken`] where it is another.
    pub(crate) async fn find_sent(&self, key: &SentKey<'_>) -> Result<Option<FirstAck>, Error> {
        let row = messages::find_by_client_id(self.db().conn(), key.id, key.sender, key.room).await?;
        let Some(row) = row else { return Ok(None) };
        key.require_same(messages::fingerprint(&row))?;
        Ok(Some(messages::first_ack(&row)))
    }
}

fn judge(passage: Passage, proposed: &Proposed) -> Judgement {
    let Passage { decision, replaced, flags } = passage;
    let decision = in_room(decision, &proposed.room);
    if matches!(decision, Decision::Reject(_)) {
        return Judgement { decision, replaced: None, flags: Vec::new() };
    }
    let broken = replaced
        .as_ref()
        .and_then(|new| Some((Arc::clone(&new.by), broken_rule(&new.content, &proposed.content)?)));
    match broken {
        None => Judgement { decision, replaced, flags },
        Some((by, why)) => {
            tracing::warn!(filter.name = %by, why, "a filter's replacement breaks a rule: the message is refused");
            let decision = Decision::Reject(bad_replacement(by, &why));
            Judgement { decision, replaced: None, flags: Vec::new() }
        }
    }
}

/// Why a filter can't put `new` in the place of what was `said`; `None`: it can.
fn broken_rule(new: &Content, said: &Content) -> Option<String> {
    if new.kind() != said.kind() && new.kind() != Kind::Text {
        return Some(ANOTHER_KIND.to_owned());
    }
    new.check().err().map(|error| error.to_string())
}

/// What a filter made of a message can't be said: it would have to be refused from anybody.
fn bad_replacement(by: Arc<str>, why: &str) -> Refusal {
    let reason = format!("the filter's replacement can't be sent: {why}");
    Refusal { by, plugin: "".into(), rule: "bad_replacement".to_owned(), reason }
}

fn replaced_note(replaced: &Replaced) -> Box<teahouse_protocol::Replaced> {
    let kind = replaced.content.kind();
    Box::new(teahouse_protocol::Replaced {
        by: replaced.by.to_string(),
        note: Some(replaced.note.clone()).filter(|note| !note.is_empty()),
        kind,
        text: (kind != Kind::Text).then(|| replaced.content.plain_text()),
        content: replaced.content.clone(),
    })
}

/// What of it is kept beside the message, for its sender.
fn replaced_by(replaced: &teahouse_protocol::Replaced) -> Box<ReplacedBy> {
    Box::new(ReplacedBy { by: replaced.by.clone(), note: replaced.note.clone() })
}

fn new_message(proposed: Proposed, client_id: Option<ClientId>) -> NewMessage {
    NewMessage {
        id: proposed.id,
        room: proposed.room.id,
        sender: proposed.sender.id,
        client_id,
        content: proposed.content,
        fingerprint: None,
        reply_to: proposed.reply_to,
        mentions: proposed.mentions,
        at: proposed.at,
        hops: proposed.hops,
        locale: None,
        replaced: None,
        is_heard: false,
    }
}

/// A message from its row, saying `content`.
fn message_again(row: &message::Model, content: Content) -> NewMessage {
    NewMessage {
        id: MessageId::from_uuid(row.id),
        room: RoomId::from_uuid(row.room_id),
        sender: UserId::from_uuid(row.sender_id),
        client_id: None,
        fingerprint: None,
        content,
        reply_to: row.reply_to.map(MessageId::from_uuid),
        mentions: messages::mentions(row),
        at: Timestamp::from_millis(row.sent_at_ms),
        hops: u8::try_from(row.hops).unwrap_or(u8::MAX),
        locale: None,
        replaced: None,
        is_heard: false,
    }
}
