//! What filters keep from rooms, decided: let through or refused, by whoever is first.

use std::collections::HashMap;

use serde_json::json;
use teahouse_accounts::Session;
use teahouse_protocol::{
    ClientId, Content, Kind, MessageId, Notice, RoomId, Sender, ServerEvent, Timestamp, UserId,
};
use teahouse_store::PageSize;
use teahouse_store::entity::held_message;
use teahouse_store::held::{self, HeldDecision, HeldState};
use teahouse_store::writer::{ChangeKind, NewMessage, Release, Released};

use crate::authority::Authority;
use crate::history::unknown_person;
use crate::pipeline::Changed;
use crate::views::{Page, PageRequest};
use crate::{Chat, Error, reason};

/// Which of what was kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeldFilter {
    /// Of this room; `None`: of all.
    pub room: Option<RoomId>,
    /// Whether it waits or was decided.
    pub stage: HeldStage,
}

/// Whether something that was kept waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeldStage {
    /// For a moderator.
    #[default]
    Waiting,
    /// No more: it was let through.
    Released,
    /// No more: it was refused.
    Refused,
}

/// A message or an edit that a filter kept.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldView {
    /// The message's id; for an edit one of its own.
    pub id: MessageId,
    /// What became of it.
    pub state: HeldState,
    /// Where.
    pub room: RoomId,
    /// Whose.
    pub sender: Sender,
    /// What it says; `None` when a newer version wrote it.
    pub content: Option<Content>,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The message that it would change; `None`: it is a new one.
    pub edit_of: Option<MessageId>,
    /// When it was sent.
    pub at: Timestamp,
    /// The plugin that kept it.
    pub plugin: String,
    /// The plugin's name; its id where it does not run any more.
    pub by: String,
    /// The plugin's word for why.
    pub code: String,
    /// What the plugin tells a moderator.
    pub note: String,
    /// From 0 to 3.
    pub severity: u8,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When they did.
    pub decided_at: Option<Timestamp>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// What a filter kept, as its sender may know it: nothing of what is noted for moderators.
#[derive(Clone, Debug, PartialEq)]
pub struct MyHeldView {
    /// The message's id; for an edit one of its own.
    pub id: MessageId,
    /// The sender's own id, where one was given.
    pub client_id: Option<ClientId>,
    /// Held or refused.
    pub state: HeldState,
    /// Where.
    pub room: RoomId,
    /// What it says; `None` when a newer version wrote it.
    pub content: Option<Content>,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The message that it would change; `None`: it is a new one.
    pub edit_of: Option<MessageId>,
    /// When it was sent.
    pub at: Timestamp,
    /// When it was refused.
    pub decided_at: Option<Timestamp>,
    /// Why, where the moderator said.
    pub reason: Option<String>,
}

impl Chat {
    /// What filters kept, oldest first, as much as a page bears. A moderator asks for a room.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::Store`].
    pub async fn held_page(
        &self,
        authority: &Authority,
        filter: HeldFilter,
        page: PageRequest,
    ) -> Result<Page<HeldView>, Error> {
        self.require_authority_to_list(authority, filter.room).await?;
        let states = match filter.stage {
            HeldStage::Waiting => HeldState::WAITING,
            HeldStage::Released => &[HeldState::Released],
            HeldStage::Refused => HeldState::REFUSED,
        };
        let mut list = self.bounded(PageSize::capped(page.limit));
        while let Some(step) = list.step() {
            let after = list.last().map_or(page.after, |row: &held_message::Model| Some(row.id));
            let rows = held::page(self.db().conn(), filter.room, states, after, step.and_one()).await?;
            list.add(step, rows.len(), rows, |row| row.content.len() + row.note.len());
        }
        let Page { items: rows, next } = list.into_page(|row| row.id);
        let senders: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.sender_id)).collect();
        let people = self.accounts().profiles(&senders).await?;
        Ok(Page { items: rows.into_iter().map(|row| self.held_view(row, &people)).collect(), next })
    }

    /// What of the caller's own waits in `room` or was refused there, newest first, at most 50. What others took for
    /// sent is not in it, nor what the caller took back.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Store`].
    pub async fn my_held(&self, caller: &Session, room: RoomId) -> Result<Vec<MyHeldView>, Error> {
        const MOST: PageSize = PageSize::capped(50);
        self.access().require_reader(caller, room, self.now()).await?;
        let user = caller.user_id();
        let rows = held::known_to(self.db().conn(), room, user, MOST).await?;
        let withdrawn = withdrawer(user);
        let known = rows.into_iter().filter(|row| row.decided_by.as_ref() != Some(&withdrawn));
        Ok(known.map(my_view).collect())
    }

    /// Lets through what a filter kept. It comes into the room's log as its sender sent it, also when they were muted,
    /// banned or put out since: that is the moderator's to weigh. Doing it twice is doing it once.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`], also for a moderator of another room; [`Error::NotAMember`];
    /// [`Error::NotAllowed`] for who is no moderator, and for a moderator's own message; [`Error::Conflict`] when it was
    /// refused before; [`Error::RoomNotFound`] when the room is gone; [`Error::Store`].
    pub async fn release(&self, authority: &Authority, id: MessageId) -> Result<(), Error> {
        let row = self.require_kept(authority, id).await?;
        let room = RoomId::from_uuid(row.room_id);
        let recounts = self.recounts_edits(room);
        let what = released(&row, recounts).ok_or(Error::MessageNotFound)?;
        let act =
            authority.act("held.released", "message", &id, json!({ "room": room, "plugin": row.plugin_id }));
        let release = ChangeKind::Release(Release { held: id, by: authority.name(), what });
        // In the log it is the sender's, and nobody else's.
        let sender = UserId::from_uuid(row.sender_id);
        match self.change_noting(room, sender, release, Some(act)).await? {
            Changed::Logged(_) => {
                self.wake_moderators(room);
                self.tell_sender(&row, "held_released", "已通过审核 Released by a moderator".to_owned())
                    .await;
                Ok(())
            }
            Changed::Unchanged => self.require_decided(id, &[HeldState::Released]).await,
        }
    }

    /// Refuses what a filter kept: it never comes into the room. Doing it twice is doing it once.
    ///
    /// # Errors
    /// As [`Chat::release`]; [`Error::Conflict`] when it was let through before.
    pub async fn refuse(&self, authority: &Authority, id: MessageId, reason: &str) -> Result<(), Error> {
        let row = self.require_kept(authority, id).await?;
        let now = self.now();
        let state = match HeldState::of(&row) {
            HeldState::Shadowed => HeldState::Discarded,
            _ => HeldState::Refused,
        };
        let decision = HeldDecision {
            state,
            by: authority.name(),
            at: now,
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        };
        let detail =
            json!({ "room": RoomId::from_uuid(row.room_id), "plugin": row.plugin_id, "reason": reason });
        let act = authority.act("held.refused", "message", &id, detail);
        let tx = self.db().begin().await?;
        let decided = held::decide(&tx, id, HeldState::WAITING, decision).await?;
        if decided {
            teahouse_store::audit::append(&tx, now, act).await?;
        }
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        if !decided {
            return self.require_decided(id, HeldState::REFUSED).await;
        }
        self.wake_moderators(RoomId::from_uuid(row.room_id));
        let text = match reason {
            "" => "未通过审核 Refused by a moderator".to_owned(),
            reason => format!("未通过审核 Refused by a moderator: {reason}"),
        };
        self.tell_sender(&row, "held_refused", text).await;
        Ok(())
    }

    fn held_view(&self, row: held_message::Model, people: &HashMap<UserId, Sender>) -> HeldView {
        let sender = UserId::from_uuid(row.sender_id);
        HeldView {
            id: MessageId::from_uuid(row.id),
            state: HeldState::of(&row),
            room: RoomId::from_uuid(row.room_id),
            sender: people.get(&sender).cloned().unwrap_or_else(|| unknown_person(sender)),
            content: Kind::from_number(row.kind).and_then(|kind| Content::from_stored(kind, row.content)),
            reply_to: row.reply_to.map(MessageId::from_uuid),
            edit_of: row.edit_of.map(MessageId::from_uuid),
            at: Timestamp::from_millis(row.sent_at_ms),
            by: self.plugin_name(&row.plugin_id),
            plugin: row.plugin_id,
            code: row.code,
            note: row.note,
            severity: u8::try_from(row.severity).unwrap_or_default(),
            decided_by: row.decided_by,
            decided_at: row.decided_at_ms.map(Timestamp::from_millis),
            reason: row.reason,
        }
    }

    /// What was kept, for who may decide about it.
    async fn require_kept(&self, authority: &Authority, id: MessageId) -> Result<held_message::Model, Error> {
        let row = held::find(self.db().conn(), id).await?.ok_or(Error::MessageNotFound)?;
        self.require_authority_over(authority, RoomId::from_uuid(row.room_id)).await?;
        // A filter that stops a moderator would stop nobody if they could wave themselves through.
        if matches!(authority, Authority::Moderator(session) if session.user_id().uuid() == row.sender_id) {
            return Err(Error::NotAllowed(reason::NOT_ONES_OWN));
        }
        Ok(row)
    }

    /// Somebody else was first: that is no matter if they decided the same.
    async fn require_decided(&self, id: MessageId, wanted: &[HeldState]) -> Result<(), Error> {
        let row = held::find(self.db().conn(), id).await?.ok_or(Error::MessageNotFound)?;
        let is_wanted = wanted.contains(&HeldState::of(&row));
        if is_wanted { Ok(()) } else { Err(Error::Conflict(reason::DECIDED_OTHERWISE)) }
    }

    /// The sender hears of the decision, unless they never knew that there was one to make.
    async fn tell_sender(&self, row: &held_message::Model, kind: &'static str, text: String) {
        if HeldState::of(row).is_unseen() {
            return;
        }
        let notice = Notice {
            kind,
            room: Some(RoomId::from_uuid(row.room_id)),
            message: Some(MessageId::from_uuid(row.edit_of.unwrap_or(row.id))),
            user: None,
            text,
            at: self.now(),
        };
        self.tell(UserId::from_uuid(row.sender_id), ServerEvent::Notice(notice)).await;
    }

    /// Takes back what a filter keeps of the caller's own; false when nothing of theirs waits under this id.
    pub(crate) async fn withdraw(&self, caller: UserId, id: MessageId) -> Result<bool, Error> {
        let Some(row) = held::find(self.db().conn(), id).await? else { return Ok(false) };
        if row.sender_id != caller.uuid() || row.edit_of.is_some() {
            return Ok(false);
        }
        let by = withdrawer(caller);
        let decision = HeldDecision { state: HeldState::Refused, by, at: self.now(), reason: None };
        let withdrawn = held::decide(self.db().writer(), id, HeldState::WAITING, decision).await?;
        if withdrawn {
            self.wake_moderators(RoomId::from_uuid(row.room_id));
        }
        Ok(withdrawn)
    }

    /// What became of the caller's own message that a filter kept, and from where.
    pub(crate) async fn find_kept_of(
        &self,
        caller: UserId,
        id: MessageId,
    ) -> Result<Option<(RoomId, HeldState)>, Error> {
        let row = held::find(self.db().conn(), id).await?;
        let own = row.filter(|row| row.sender_id == caller.uuid() && row.edit_of.is_none());
        Ok(own.map(|row| (RoomId::from_uuid(row.room_id), HeldState::of(&row))))
    }
}

fn released(row: &held_message::Model, recounts: bool) -> Option<Released> {
    let content = Content::from_stored(Kind::from_number(row.kind)?, row.content.clone())?;
    if let Some(message) = row.edit_of {
        let (message, mentions) = (MessageId::from_uuid(message), held::mentions(row));
        return Some(Released::Edit { message, content, mentions, recounts });
    }
    Some(Released::Message(Box::new(NewMessage {
        id: MessageId::from_uuid(row.id),
        room: RoomId::from_uuid(row.room_id),
        sender: UserId::from_uuid(row.sender_id),
        client_id: row.client_id.as_deref().and_then(|id| ClientId::new(id).ok()),
        fingerprint: held::fingerprint(row),
        content,
        reply_to: row.reply_to.map(MessageId::from_uuid),
        mentions: held::mentions(row),
        // As it was acknowledged: a client that sends again gets the same answer.
        at: Timestamp::from_millis(row.sent_at_ms),
        hops: u8::try_from(row.hops).unwrap_or(u8::MAX),
        // Its sender may be away by now, and speak whatever they like.
        locale: None,
        // That was noted when it was kept.
        replaced: None,
        is_heard: false,
    })))
}

/// Who decided where a sender took back what waited.
fn withdrawer(user: UserId) -> String {
    format!("user:{user}")
}

fn my_view(row: held_message::Model) -> MyHeldView {
    MyHeldView {
        id: MessageId::from_uuid(row.id),
        client_id: row.client_id.as_deref().and_then(|id| ClientId::new(id).ok()),
        state: HeldState::of(&row),
        room: RoomId::from_uuid(row.room_id),
        content: Kind::from_number(row.kind).and_then(|kind| Content::from_stored(kind, row.content)),
        reply_to: row.reply_to.map(MessageId::from_uuid),
        edit_of: row.edit_of.map(MessageId::from_uuid),
        at: Timestamp::from_millis(row.sent_at_ms),
        decided_at: row.decided_at_ms.map(Timestamp::from_millis),
        reason: row.reason,
    }
}
