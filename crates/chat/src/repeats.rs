//! Messages that come again: answered as the first time, whatever became of their senders' rights since.
//!
//! A message that is accepted is not looked up here: the batch writer finds out that it is a repeat. Only one that is
//! refused is worth a look into the database, and a sender may cause no more of these than they may send messages.

use teahouse_accounts::Session;
use teahouse_protocol::{Ack, ClientId, Draft, FieldError, Message, MessageId, RoomId, UserId};
use teahouse_store::held::{self, HeldState};
use teahouse_store::{Fingerprint, messages};

use crate::keeping::Repeat;
use crate::pipeline::{SendOutcome, ack_of};
use crate::{Chat, Error};

/// Under what a message is known again, and what was sent under it.
#[derive(Clone, Copy)]
pub(crate) struct SentKey<'a> {
    pub(crate) id: &'a ClientId,
    pub(crate) sender: UserId,
    pub(crate) room: RoomId,
    pub(crate) fingerprint: Option<Fingerprint>,
}

impl SentKey<'_> {
    /// # Errors
    /// [`Error::ClientIdTaken`] when something else was sent first.
    pub(crate) fn require_same(&self, first: Option<Fingerprint>) -> Result<(), Error> {
        if Fingerprint::same(first, self.fingerprint) { Ok(()) } else { Err(Error::ClientIdTaken) }
    }
}

/// What is kept of a draft to know it again. Nothing where it has no id.
pub(crate) fn fingerprint_of(draft: &Draft) -> Option<Fingerprint> {
    draft.client_id.as_ref().map(|_| Fingerprint::of(&draft.content, draft.reply_to, &draft.mentions))
}

impl Chat {
    /// The ack that `draft` got before. It is refused now: where it never was accepted, that is the answer.
    pub(crate) async fn ack_before(
        &self,
        refusal: Error,
        user: UserId,
        room: RoomId,
        draft: &Draft,
    ) -> Result<Ack, Error> {
        match self.answer_before(refusal, user, room, draft).await? {
            Repeat::Kept(kept) => Ok(kept.ack()),
            Repeat::Sent(first) => {
                let replaced = self.replacement_of(first.message).await?;
                Ok(ack_of(draft.client_id.clone(), first, replaced))
            }
        }
    }

    /// As [`Chat::ack_before`], for who sent it by REST.
    pub(crate) async fn outcome_before(
        &self,
        refusal: Error,
        caller: &Session,
        room: RoomId,
        draft: &Draft,
    ) -> Result<SendOutcome, Error> {
        match self.answer_before(refusal, caller.user_id(), room, draft).await? {
            Repeat::Kept(kept) => Ok(kept.outcome()),
            Repeat::Sent(first) => self.repeated_outcome(caller, first).await,
        }
    }

    async fn answer_before(
        &self,
        refusal: Error,
        sender: UserId,
        room: RoomId,
        draft: &Draft,
    ) -> Result<Repeat, Error> {
        let Some(id) = draft.client_id.as_ref().filter(|_| refusal.may_have_come_since()) else {
            return Err(refusal);
        };
        self.paces().repeat(sender)?;
        let key = SentKey { id, sender, room, fingerprint: fingerprint_of(draft) };
        self.first_answer(&key).await?.ok_or(refusal)
    }

    /// The answer to a message that is in the log already.
    pub(crate) async fn repeated_outcome(
        &self,
        caller: &Session,
        first: teahouse_store::writer::FirstAck,
    ) -> Result<SendOutcome, Error> {
        let message = match self.message(caller, first.message).await {
            Err(Error::MessageNotFound) => self.own_message(caller.user_id(), first.message).await?,
            found => found?,
        };
        Ok(SendOutcome { repeated: true, ..SendOutcome::sent(message, None) })
    }

    /// What `user` said in a room that they can't read any more: their own words, and nothing of others'.
    async fn own_message(&self, user: UserId, id: MessageId) -> Result<Message, Error> {
        let row = messages::find(self.db().conn(), id).await?.filter(|row| row.sender_id == user.uuid());
        let rows = row.into_iter().collect();
        let mut message = self.messages_of(rows).await?.pop().ok_or(Error::MessageNotFound)?;
        self.add_replacements(user, std::slice::from_mut(&mut message)).await?;
        Ok(message)
    }

    /// A message answers one of its own room. One's own that nobody else sees counts too: nothing betrays a shadow.
    ///
    /// # Errors
    /// [`Error::Field`] for `reply_to`.
    pub(crate) async fn require_answerable(
        &self,
        room: RoomId,
        sender: UserId,
        message: MessageId,
    ) -> Result<(), Error> {
        let row = messages::find(self.db().conn(), message).await?;
        if row.is_some_and(|row| row.room_id == room.uuid()) {
            return Ok(());
        }
        let kept = held::find(self.db().conn(), message).await?.filter(|row| {
            row.room_id == room.uuid() && row.sender_id == sender.uuid() && row.edit_of.is_none()
        });
        match kept.as_ref().map(HeldState::of).is_some_and(HeldState::is_unseen) {
            true => Ok(()),
            false => Err(Error::Field(FieldError::new("reply_to", "must be a message of this room"))),
        }
    }
}
