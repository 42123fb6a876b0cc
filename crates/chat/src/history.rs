//! Reading a room: its messages as they are now, and its log as a socket resumes from it.

use std::collections::HashMap;

use teahouse_accounts::Session;
use teahouse_protocol::{
    Content, Edited, Kind, MemberEvent, Message, MessageId, Reaction, Recalled, RoomEvent, RoomId, Sender,
    Seq, ServerEvent, Timestamp, UserId,
};
use teahouse_store::entity::{message, room_event};
use teahouse_store::held::{self, HeldState};
use teahouse_store::log::{self, Detail, LogRow};
use teahouse_store::{PageSize, messages, rooms};
use uuid::Uuid;

use crate::bounded::Bounded;
use crate::keeping::kept_message;
use crate::views::{EventsPage, HistoryPage, Window};
use crate::{Chat, Error};

/// What stands around a frame's content: ids, names, times.
const FRAME_BYTES: usize = 400;

impl Chat {
    /// The messages of `room` in `window`, at most `limit` (capped at 200).
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Store`].
    pub async fn history(
        &self,
        caller: &Session,
        room: RoomId,
        window: Window,
        limit: u16,
    ) -> Result<HistoryPage, Error> {
        let turn = self.turns().take(caller.user_id()).await;
        self.access().require_reader(caller, room, self.now()).await?;
        let size = PageSize::capped(limit.min(200));
        let (page, from, to) = match window {
            Window::Newest => {
                let page = self.before(room, Seq::MAX, size).await?;
                let from = page.prev.unwrap_or_default();
                (page, from, Seq::MAX)
            }
            Window::Before(seq) => {
                let page = self.before(room, seq, size).await?;
                let from = page.prev.unwrap_or_default();
                (page, from, previous(seq))
            }
            Window::After(seq) => {
                let page = self.after(room, seq, size).await?;
                let to = page.next.map_or(Seq::MAX, previous);
                (page, seq, to)
            }
            Window::Around(seq) => {
                let newer = PageSize::capped(size.get() - size.get() / 2);
                let mut page = self.after(room, previous(seq), newer).await?;
                if size.get() > 1 {
                    let before = self.before(room, seq, PageSize::capped(size.get() / 2)).await?;
                    page.items.splice(0..0, before.items);
                    page.prev = before.prev;
                }
                let from = if size.get() > 1 { page.prev.unwrap_or_default() } else { seq };
                let to = page.next.map_or(Seq::MAX, previous);
                (page, from, to)
            }
        };
        let mut page = self.with_shadows(caller, room, page, from, to).await?;
        self.add_reactions(caller.user_id(), &mut page.items).await?;
        self.add_replacements(caller.user_id(), &mut page.items).await?;
        turn.has_read(page.items.len()).await;
        Ok(page)
    }

    /// Adds what the caller alone believes to have been said: each after the event that it came after. The page may be
    /// longer for it.
    async fn with_shadows(
        &self,
        caller: &Session,
        room: RoomId,
        mut page: HistoryPage,
        from: Seq,
        to: Seq,
    ) -> Result<HistoryPage, Error> {
        const MOST: PageSize = PageSize::capped(200);
        let user = caller.user_id();
        if from > to || !self.keeps_something_of(user, room).await? {
            return Ok(page);
        }
        let rows = held::shadowed_of(self.db().conn(), room, user, from, to, MOST).await?;
        if !rows.is_empty() {
            let sender = caller.sender();
            page.items.extend(rows.into_iter().filter_map(|row| kept_message(row, sender.clone())));
            // Stable: of two with one number, the one in the log comes first.
            page.items.sort_by_key(|message| message.seq);
        }
        self.show_own_edits(user, room, &mut page.items).await?;
        Ok(page)
    }

    /// Puts what the caller alone believes their messages to say since an edit.
    async fn show_own_edits(
        &self,
        user: UserId,
        room: RoomId,
        messages: &mut [Message],
    ) -> Result<(), Error> {
        let own: Vec<MessageId> =
            messages.iter().filter(|message| message.sender.id == user).map(|message| message.id).collect();
        for row in held::shadowed_edits(self.db().conn(), room, user, &own).await? {
            let edited = row.edit_of.map(MessageId::from_uuid);
            let Some(message) = messages.iter_mut().find(|message| Some(message.id) == edited) else {
                continue;
            };
            let Some(content) = Content::from_stored(message.kind, row.content) else { continue };
            message.text = (message.kind != Kind::Text).then(|| content.plain_text());
            message.content = Some(content);
            message.edited_at = Some(Timestamp::from_millis(row.sent_at_ms));
        }
        Ok(())
    }

    async fn before(&self, room: RoomId, seq: Seq, size: PageSize) -> Result<HistoryPage, Error> {
        let mut page = self.bounded(size);
        while let Some(step) = page.step() {
            let before = page.last().map_or(seq, message_seq);
            let rows = messages::page_before(self.db().conn(), room, before, step.and_one()).await?;
            page.add(step, rows.len(), rows, message_bytes);
        }
        let (mut rows, more) = page.finish();
        rows.reverse();
        let items = self.messages_of(rows).await?;
        let prev = items.first().filter(|_| more).map(|message| message.seq);
        let next = if seq == Seq::MAX { None } else { items.last().map(|message| message.seq) };
        Ok(HistoryPage { items, next, prev })
    }

    async fn after(&self, room: RoomId, seq: Seq, size: PageSize) -> Result<HistoryPage, Error> {
        let mut page = self.bounded(size);
        while let Some(step) = page.step() {
            let after = page.last().map_or(seq, message_seq);
            let rows = messages::page_after(self.db().conn(), room, after, step.and_one()).await?;
            page.add(step, rows.len(), rows, message_bytes);
        }
        let (rows, more) = page.finish();
        let items = self.messages_of(rows).await?;
        let next = items.last().filter(|_| more).map(|message| message.seq);
        let prev = items.first().filter(|_| seq > Seq::ZERO).map(|message| message.seq);
        Ok(HistoryPage { items, next, prev })
    }

    /// A page of at most `size`, which its reader can bear.
    pub(crate) fn bounded<T>(&self, size: PageSize) -> Bounded<T> {
        Bounded::new(size, self.config().page_bytes)
    }

    /// The log of `room` after `after`, at most `limit` (capped at 500): what fills a `gap`.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Store`].
    pub async fn events(
        &self,
        caller: &Session,
        room: RoomId,
        after: Seq,
        limit: u16,
    ) -> Result<EventsPage, Error> {
        let turn = self.turns().take(caller.user_id()).await;
        self.access().require_reader(caller, room, self.now()).await?;
        let size = PageSize::capped(limit);
        let row = rooms::find(self.db().conn(), room).await?.ok_or(Error::RoomNotFound)?;
        let head = Seq::new(row.last_seq).unwrap_or_default();
        let (events, more) = self.log_after(room, after, head, size).await?;
        turn.has_read(events.len()).await;
        let next = events.last().filter(|_| more).map(|(seq, _)| *seq);
        Ok(EventsPage { items: events.into_iter().map(|(_, event)| event).collect(), next })
    }

    /// One message, when the caller may see it.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`], [`Error::Store`].
    pub async fn message(&self, caller: &Session, id: MessageId) -> Result<Message, Error> {
        let mut message = match self.require_message(caller, id).await {
            Ok(row) => {
                let mut messages = self.messages_of(vec![row]).await?;
                if let [message] = &messages[..]
                    && self.keeps_something_of(caller.user_id(), message.room).await?
                {
                    let room = message.room;
                    self.show_own_edits(caller.user_id(), room, &mut messages).await?;
                }
                messages.pop().ok_or(Error::MessageNotFound)?
            }
            Err(Error::MessageNotFound) => self.shadowed(caller, id).await?,
            Err(error) => return Err(error),
        };
        self.add_reactions(caller.user_id(), std::slice::from_mut(&mut message)).await?;
        self.add_replacements(caller.user_id(), std::slice::from_mut(&mut message)).await?;
        Ok(message)
    }

    /// A shadowed message is there for its sender.
    async fn shadowed(&self, caller: &Session, id: MessageId) -> Result<Message, Error> {
        let row = held::find(self.db().conn(), id).await?.filter(|row| {
            row.sender_id == caller.user_id().uuid()
                && row.edit_of.is_none()
                && HeldState::of(row).is_unseen()
        });
        row.and_then(|row| kept_message(row, caller.sender())).ok_or(Error::MessageNotFound)
    }

    /// The row of a message that the caller may see; one in a hidden room is not there for them.
    pub(crate) async fn require_message(
        &self,
        caller: &Session,
        id: MessageId,
    ) -> Result<message::Model, Error> {
        let row = messages::find(self.db().conn(), id).await?.ok_or(Error::MessageNotFound)?;
        let room = RoomId::from_uuid(row.room_id);
        match self.access().require_reader(caller, room, self.now()).await {
            Err(Error::RoomNotFound) => Err(Error::MessageNotFound),
            Err(error) => Err(error),
            Ok(_) => Ok(row),
        }
    }

    /// The events of `room` after `after` up to `to`, a head that was read before, oldest first, each with its number; and
    /// whether there are more.
    pub(crate) async fn log_after(
        &self,
        room: RoomId,
        after: Seq,
        to: Seq,
        size: PageSize,
    ) -> Result<(Vec<(Seq, ServerEvent)>, bool), Error> {
        if after >= to {
            return Ok((Vec::new(), false));
        }
        let mut page = self.bounded(size);
        let mut reached = after;
        while let Some(step) = page.step() {
            let mut rows = log::page_after(self.db().conn(), room, reached, to, step.and_one()).await?;
            let found = rows.len();
            rows.truncate(step.get().into());
            // Past what a newer version wrote, too, of which there is no event here.
            reached = rows.last().map_or(reached, row_seq);
            page.add(step, found, self.events_of(rows).await?, |(_, event)| event_bytes(event));
        }
        Ok(page.finish())
    }

    /// The events of rows of several logs, by room and number, without those that a newer version wrote. As many looks
    /// as for one row.
    pub(crate) async fn events_of_rows(
        &self,
        rows: Vec<room_event::Model>,
    ) -> Result<HashMap<(Uuid, i64), ServerEvent>, Error> {
        let keys: Vec<(Uuid, i64)> = rows.iter().map(|row| (row.room_id, row.seq)).collect();
        let events = self.each_event_of(rows.into_iter().map(LogRow::Event).collect()).await?;
        Ok(keys.into_iter().zip(events).filter_map(|(key, (_, event))| Some((key, event?))).collect())
    }

    pub(crate) async fn events_of(&self, rows: Vec<LogRow>) -> Result<Vec<(Seq, ServerEvent)>, Error> {
        let events = self.each_event_of(rows).await?;
        Ok(events.into_iter().filter_map(|(seq, event)| Some((seq, event?))).collect())
    }

    /// For each row its number and its event; `None` when a newer version wrote it.
    async fn each_event_of(&self, rows: Vec<LogRow>) -> Result<Vec<(Seq, Option<ServerEvent>)>, Error> {
        let people = self.people_of(&rows).await?;
        let contents = self.edited_contents(&rows).await?;
        let event = |row| match row {
            LogRow::Message(row) => message_of(row, &people).map(ServerEvent::Msg),
            LogRow::Event(row) => event_of(&row, &people, &contents),
        };
        Ok(rows.into_iter().map(|row| (row_seq(&row), event(row))).collect())
    }

    /// Messages from their rows, with their senders' names.
    pub(crate) async fn messages_of(&self, rows: Vec<message::Model>) -> Result<Vec<Message>, Error> {
        let senders: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.sender_id)).collect();
        let people = self.accounts().profiles(&senders).await?;
        Ok(rows.into_iter().filter_map(|row| message_of(row, &people)).collect())
    }

    async fn people_of(&self, rows: &[LogRow]) -> Result<HashMap<UserId, Sender>, Error> {
        let ids: Vec<UserId> = rows
            .iter()
            .filter_map(|row| match row {
                LogRow::Message(row) => Some(UserId::from_uuid(row.sender_id)),
                LogRow::Event(row) => match Detail::from_row(row)? {
                    Detail::Member(detail) => Some(detail.user),
                    _ => None,
                },
            })
            .collect();
        Ok(self.accounts().profiles(&ids).await?)
    }

    /// What edited messages say now: an `edited` of the past never brings back what was changed or recalled since.
    async fn edited_contents(&self, rows: &[LogRow]) -> Result<HashMap<Uuid, message::Model>, Error> {
        let ids: Vec<Uuid> = rows
            .iter()
            .filter_map(|row| match row {
                LogRow::Event(row) if row.kind == log::EventKind::Edited.number() => row.message_id,
                _ => None,
            })
            .collect();
        let rows = messages::find_many(self.db().conn(), &ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

fn message_seq(row: &message::Model) -> Seq {
    Seq::new(row.seq).unwrap_or_default()
}

/// About what a message takes in a frame.
fn message_bytes(row: &message::Model) -> usize {
    FRAME_BYTES + row.content.len() + row.mentions.as_ref().map_or(0, String::len)
}

/// About what an event takes as a frame.
fn event_bytes(event: &ServerEvent) -> usize {
    let content = match event {
        ServerEvent::Msg(message) => message.content.as_ref(),
        ServerEvent::Edited(edited) => edited.content.as_ref(),
        _ => None,
    };
    FRAME_BYTES + content.map_or(0, Content::stored_bytes)
}

fn previous(seq: Seq) -> Seq {
    Seq::new(seq.get() - 1).unwrap_or_default()
}

fn row_seq(row: &LogRow) -> Seq {
    let seq = match row {
        LogRow::Message(row) => row.seq,
        LogRow::Event(row) => row.seq,
    };
    Seq::new(seq).unwrap_or_default()
}

/// A message from its row; `None` when the row was written by a newer version, in a kind that this one can't read.
fn message_of(row: message::Model, people: &HashMap<UserId, Sender>) -> Option<Message> {
    let kind = Kind::from_number(row.kind)?;
    let mentions = messages::mentions(&row);
    let recalled_at = row.recalled_at_ms.map(Timestamp::from_millis);
    let content = if recalled_at.is_some() { None } else { Some(Content::from_stored(kind, row.content)?) };
    Some(Message {
        id: MessageId::from_uuid(row.id),
        client_id: row.client_id.and_then(|id| teahouse_protocol::ClientId::new(&id).ok()),
        room: RoomId::from_uuid(row.room_id),
        seq: Seq::new(row.seq)?,
        sender: person(UserId::from_uuid(row.sender_id), people),
        kind,
        text: content.as_ref().filter(|_| kind != Kind::Text).map(Content::plain_text),
        content,
        reply_to: row.reply_to.map(MessageId::from_uuid),
        mentions,
        reactions: Vec::new(),
        at: Timestamp::from_millis(row.sent_at_ms),
        edited_at: row.edited_at_ms.map(Timestamp::from_millis),
        recalled_at,
        replaced: None,
        cut: false,
    })
}

fn person(id: UserId, people: &HashMap<UserId, Sender>) -> Sender {
    people.get(&id).cloned().unwrap_or_else(|| unknown_person(id))
}

/// Who is not to be found signs with a question mark.
pub(crate) fn unknown_person(id: UserId) -> Sender {
    Sender { id, name: "?".to_owned(), avatar: None, is_bot: false, is_guest: false }
}

fn event_of(
    row: &room_event::Model,
    people: &HashMap<UserId, Sender>,
    edited: &HashMap<Uuid, message::Model>,
) -> Option<ServerEvent> {
    let room = RoomId::from_uuid(row.room_id);
    let seq = Seq::new(row.seq)?;
    let at = Timestamp::from_millis(row.at_ms);
    let by = UserId::from_uuid(row.actor_id);
    Some(match Detail::from_row(row)? {
        Detail::Edited(message) => {
            let row = edited.get(&message.uuid()).filter(|row| row.recalled_at_ms.is_none());
            let content =
                row.and_then(|row| Content::from_stored(Kind::from_number(row.kind)?, row.content.clone()));
            let text =
                content.as_ref().filter(|content| content.kind() != Kind::Text).map(Content::plain_text);
            let mentions = row.map(messages::mentions).unwrap_or_default();
            ServerEvent::Edited(Edited { room, seq, message, by, content, text, mentions, at })
        }
        Detail::Recalled(message) => ServerEvent::Recalled(Recalled { room, seq, message, by, at }),
        Detail::Reaction(message, detail) => ServerEvent::Reaction(Reaction {
            room,
            seq,
            message,
            user: by,
            emoji: detail.emoji,
            removed: detail.removed,
            count: detail.count,
            at,
        }),
        Detail::Member(detail) => ServerEvent::Member(MemberEvent {
            room,
            seq,
            user: person(detail.user, people),
            change: detail.change,
            by,
            role: detail.role,
            muted_until: detail.muted_until,
            at,
        }),
        Detail::Room(detail) => ServerEvent::Room(RoomEvent {
            room,
            seq,
            by,
            name: detail.name,
            announcement: detail.announcement,
            visibility: detail.visibility,
            allowed_reactions: detail.allowed_reactions,
            readers_may_react: detail.readers_may_react,
            deleted: detail.deleted,
            at,
        }),
    })
}
