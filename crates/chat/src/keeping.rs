//! What a filter keeps from a room: written before it is acknowledged, and found again when it is sent again.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use teahouse_accounts::Session;
use teahouse_protocol::{
    Ack, AckState, ClientId, Content, Edited, Kind, Message, MessageId, RoomId, Sender, Seq, ServerEvent,
    Timestamp, UserId,
};
use teahouse_store::entity::held_message;
use teahouse_store::held::{self, HeldState};
use teahouse_store::writer::FirstAck;
use teahouse_store::{Fingerprint, messages, replacements, reviews, rooms};

use crate::hooks::{Flag, Proposed};
use crate::hub::ConnectionId;
use crate::news::News;
use crate::pipeline::{Passed, ReplacedNote, SendOutcome};
use crate::repeats::SentKey;
use crate::reviews::review_rows;
use crate::{Chat, Error};

/// Senders of whom is known whether anything was kept, about 100 bytes each.
const SENDERS_REMEMBERED: u64 = 50_000;
/// How long that is believed: another node may have kept something since.
const BELIEVED_FOR: Duration = Duration::from_secs(60);

/// Whether filters kept anything of somebody from a room. So that hardly any message costs a look for a held one with
/// its client id.
pub(crate) struct KeptSenders(Cache<(RoomId, UserId), bool>);

/// A message to be kept from its room.
pub(crate) struct Keep {
    pub(crate) proposed: Proposed,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Held or shadowed.
    pub(crate) state: HeldState,
    /// Why.
    pub(crate) flag: Flag,
    /// What other filters noted.
    pub(crate) flags: Vec<Flag>,
    pub(crate) note: ReplacedNote,
    /// The connection that sent it.
    pub(crate) from: Option<ConnectionId>,
}

/// A message that is kept from its room.
pub(crate) struct Kept {
    message: Message,
    state: HeldState,
    repeated: bool,
    replaced: ReplacedNote,
}

/// What a client id stands for.
pub(crate) enum Repeat {
    /// A message in the log.
    Sent(FirstAck),
    /// One that was kept.
    Kept(Box<Kept>),
}

impl KeptSenders {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(SENDERS_REMEMBERED).time_to_live(BELIEVED_FOR).build())
    }
}

impl Kept {
    /// Nothing betrays a shadow: its ack has a place in the log like any other.
    pub(crate) fn ack(self) -> Ack {
        let state = self.ack_state();
        Ack {
            id: self.message.client_id,
            message: self.message.id,
            state,
            seq: Some(self.message.seq).filter(|_| state == AckState::Sent),
            at: self.message.at,
            replaced: self.replaced,
        }
    }

    pub(crate) fn outcome(self) -> SendOutcome {
        let state = self.ack_state();
        SendOutcome { message: self.message, repeated: self.repeated, state, replaced: self.replaced }
    }

    const fn ack_state(&self) -> AckState {
        match self.state {
            HeldState::Shadowed | HeldState::Discarded | HeldState::Released => AckState::Sent,
            HeldState::Held | HeldState::Refused => AckState::Held,
        }
    }
}

impl Chat {
    /// Writes a message that must not come into its room yet, and shows a shadowed one to its sender.
    pub(crate) async fn keep(&self, session: &Session, keep: Keep) -> Result<Passed, Error> {
        let Keep { proposed, client_id, fingerprint, state, flag, flags, note, from } = keep;
        let (room, sender) = (proposed.room.id, proposed.sender.id);
        let after = self.head_seq(room).await?;
        let mut row = held_row(&proposed, client_id.as_ref(), state, &flag, after);
        row.fingerprint = fingerprint.map(Fingerprint::to_stored);
        let notes = review_rows(&proposed, flags, self.now());
        let tx = self.db().begin().await?;
        let is_new = held::insert(&tx, row.clone()).await?;
        if is_new {
            reviews::insert(&tx, notes).await?;
            replacements::note(&tx, MessageId::from_uuid(row.id), note.as_deref()).await?;
        }
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        self.kept_senders().0.insert((room, sender), true);
        if let (false, Some(id)) = (is_new, &client_id) {
            // Sent twice at once: the other one was a moment earlier.
            return match self.first_answer(&SentKey { id, sender, room, fingerprint }).await? {
                Some(Repeat::Sent(first)) => Ok(Passed::Repeated(first, note)),
                Some(Repeat::Kept(kept)) => Ok(Passed::Kept(kept)),
                None => Err(Error::Busy),
            };
        }
        match state {
            HeldState::Held => self.tell_of_held(room, sender, MessageId::from_uuid(row.id), &flag),
            _ => self.wake_moderators(room),
        }
        let message = kept_message(row, session.sender()).ok_or(Error::Busy)?;
        if state == HeldState::Shadowed {
            let event = Arc::new(ServerEvent::Msg(message.clone()));
            self.publish(News::Shadowed { room, user: sender, event, except: from }).await;
        }
        Ok(Passed::Kept(Box::new(Kept { message, state, repeated: false, replaced: note })))
    }

    /// Writes an edit that must not be seen yet.
    pub(crate) async fn keep_edit(
        &self,
        after: Proposed,
        state: HeldState,
        flag: &Flag,
    ) -> Result<(), Error> {
        let reached = self.head_seq(after.room.id).await?;
        let mut row = held_row(&after, None, state, flag, reached);
        row.edit_of = Some(row.id);
        row.id = MessageId::generate().uuid();
        let tx = self.db().begin().await?;
        // The newest alone waits: a moderator decides about what its author wants to say now.
        held::withdraw_edits(&tx, after.room.id, after.id, after.sender.id, after.at).await?;
        held::insert(&tx, row).await?;
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        self.kept_senders().0.insert((after.room.id, after.sender.id), true);
        match state {
            HeldState::Held => self.tell_of_held(after.room.id, after.sender.id, after.id, flag),
            _ => self.wake_moderators(after.room.id),
        }
        if state == HeldState::Shadowed {
            let (room, user, content) = (after.room.id, after.sender.id, after.content);
            let text = (content.kind() != Kind::Text).then(|| content.plain_text());
            let edited = Edited {
                room,
                seq: reached,
                message: after.id,
                by: user,
                content: Some(content),
                text,
                mentions: after.mentions,
                at: after.at,
            };
            let event = Arc::new(ServerEvent::Edited(edited));
            self.publish(News::Shadowed { room, user, event, except: None }).await;
        }
        Ok(())
    }

    /// Whether this very edit waits already.
    pub(crate) async fn held_alike(&self, after: &Proposed) -> Result<Option<HeldState>, Error> {
        if !self.keeps_something_of(after.sender.id, after.room.id).await? {
            return Ok(None);
        }
        let content = after.content.to_stored();
        let mentions = messages::mentions_to_stored(&after.mentions);
        let waiting = held::waiting_edits(self.db().conn(), after.room.id, after.id).await?;
        Ok(waiting.iter().find(|row| row.content == content && row.mentions == mentions).map(HeldState::of))
    }

    /// Whether a look for what was kept of `sender` could find anything. Asked for every message, and mostly known: the look
    /// into the database is boxed, so that the question stays small.
    pub(crate) async fn keeps_something_of(&self, sender: UserId, room: RoomId) -> Result<bool, Error> {
        let key = (room, sender);
        if let Some(known) = self.kept_senders().0.get(&key) {
            return Ok(known);
        }
        let any = Box::pin(held::any_of(self.db().conn(), room, sender)).await?;
        // Something may have been kept since the look: who wrote that down first is right.
        Ok(self.kept_senders().0.entry(key).or_insert(any).into_value())
    }

    /// What was answered to this client id before: by a message in the log, or by one that was kept.
    ///
    /// # Errors
    /// [`Error::ClientIdTaken`] where that was another.
    pub(crate) async fn first_answer(&self, key: &SentKey<'_>) -> Result<Option<Repeat>, Error> {
        let SentKey { id, sender, room, .. } = *key;
        if let Some(first) = self.find_sent(key).await? {
            return Ok(Some(Repeat::Sent(first)));
        }
        let Some(row) = held::find_by_client_id(self.db().conn(), id, sender, room).await? else {
            return Ok(None);
        };
        key.require_same(held::fingerprint(&row))?;
        let state = HeldState::of(&row);
        // Let through between the two looks.
        if state == HeldState::Released
            && let Some(first) = self.find_sent(key).await?
        {
            return Ok(Some(Repeat::Sent(first)));
        }
        let signed = self.accounts().profiles(&[sender]).await?.remove(&sender);
        let signed = signed.unwrap_or_else(|| crate::history::unknown_person(sender));
        let kept = kept_message(row, signed)
            .map(|message| Repeat::Kept(Box::new(Kept { message, state, repeated: true, replaced: None })));
        Ok(kept)
    }

    /// How far the log of `room` reaches.
    pub(crate) async fn head_seq(&self, room: RoomId) -> Result<Seq, Error> {
        let row = rooms::find(self.db().conn(), room).await?.ok_or(Error::RoomNotFound)?;
        Ok(Seq::new(row.last_seq).unwrap_or_default())
    }
}

/// A kept message as its sender sees it; a shadowed one stands after what it came after. `None` when a newer version
/// wrote the row.
pub(crate) fn kept_message(row: held_message::Model, sender: Sender) -> Option<Message> {
    let kind = Kind::from_number(row.kind)?;
    let seq = if HeldState::of(&row).is_unseen() { Seq::new(row.after_seq)? } else { Seq::ZERO };
    let mentions = held::mentions(&row);
    let content = Content::from_stored(kind, row.content)?;
    Some(Message {
        id: MessageId::from_uuid(row.id),
        client_id: row.client_id.and_then(|id| ClientId::new(&id).ok()),
        room: RoomId::from_uuid(row.room_id),
        seq,
        sender,
        kind,
        text: (kind != Kind::Text).then(|| content.plain_text()),
        content: Some(content),
        reply_to: row.reply_to.map(MessageId::from_uuid),
        mentions,
        reactions: Vec::new(),
        at: Timestamp::from_millis(row.sent_at_ms),
        edited_at: None,
        recalled_at: None,
        replaced: None,
        cut: false,
    })
}

fn held_row(
    proposed: &Proposed,
    client_id: Option<&ClientId>,
    state: HeldState,
    flag: &Flag,
    after: Seq,
) -> held_message::Model {
    held_message::Model {
        id: proposed.id.uuid(),
        state: state.number(),
        room_id: proposed.room.id.uuid(),
        sender_id: proposed.sender.id.uuid(),
        client_id: client_id.map(|id| id.as_str().to_owned()),
        kind: proposed.content.kind().number(),
        content: proposed.content.to_stored(),
        reply_to: proposed.reply_to.map(MessageId::uuid),
        mentions: messages::mentions_to_stored(&proposed.mentions),
        hops: i16::from(proposed.hops),
        sent_at_ms: proposed.at.millis(),
        after_seq: after.get(),
        edit_of: None,
        plugin_id: flag.plugin.to_string(),
        code: flag.code.clone(),
        note: flag.note.clone(),
        severity: i16::from(flag.severity),
        decided_by: None,
        decided_at_ms: None,
        reason: None,
        fingerprint: None,
    }
}
