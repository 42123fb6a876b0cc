//! What plugins put up for a moderator to look at: messages that passed all the same, and names that did not.

use std::collections::HashMap;

use serde_json::json;
use teahouse_protocol::{Content, Message, MessageId, RoomId, Timestamp, UserId, UserProfile, cut};
use teahouse_store::entity::review;
use teahouse_store::reviews::{self, ReviewState};
use teahouse_store::{PageSize, audit, held, messages};
use uuid::Uuid;

use crate::authority::Authority;
use crate::history::unknown_person;
use crate::hooks::{Flag, Proposed, ProposedName};
use crate::keeping::kept_message;
use crate::views::{Page, PageRequest};
use crate::{Chat, Error};

/// The longest part of a refused name or announcement that a moderator is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// Which reviews.
#[derive(Clone, Copy, Debug)]
pub struct ReviewFilter {
    /// Of this room; `None`: of all, and of people's names.
    pub room: Option<RoomId>,
    /// Open or closed.
    pub state: ReviewState,
}

/// Something that a moderator should look at.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewView {
    /// Its own id.
    pub id: Uuid,
    /// `message`, `user-name`, `room-name` or `announcement`.
    pub subject: String,
    /// The message as it is now, where it is one.
    pub message: Option<Message>,
    /// The room, where it is about one.
    pub room: Option<RoomId>,
    /// Whose it is.
    pub user: Option<UserProfile>,
    /// The plugin that noted it.
    pub plugin: String,
    /// The plugin's name; its id where it does not run any more.
    pub by: String,
    /// The plugin's word for why.
    pub code: String,
    /// What the plugin tells a moderator; for a name that was refused, with the name.
    pub note: String,
    /// From 0 to 3.
    pub severity: u8,
    /// When.
    pub at: Timestamp,
    /// When somebody was done with it.
    pub closed_at: Option<Timestamp>,
    /// Who.
    pub closed_by: Option<String>,
}

impl ReviewView {
    /// About how large it is.
    fn bytes(&self) -> usize {
        let content = self.message.as_ref().and_then(|message| message.content.as_ref());
        self.note.len() + content.map_or(0, Content::stored_bytes)
    }
}

impl Chat {
    /// What plugins put up for a look, oldest first, as much as a page bears. A moderator asks for a room.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::Store`].
    pub async fn reviews_page(
        &self,
        authority: &Authority,
        filter: ReviewFilter,
        page: PageRequest,
    ) -> Result<Page<ReviewView>, Error> {
        self.require_authority_to_list(authority, filter.room).await?;
        let mut list = self.bounded(PageSize::capped(page.limit));
        let mut reached = page.after;
        while let Some(step) = list.step() {
            let conn = self.db().conn();
            let mut rows = reviews::page(conn, filter.room, filter.state, reached, step.and_one()).await?;
            let found = rows.len();
            rows.truncate(step.get().into());
            // Past those of messages that are gone, too.
            reached = rows.last().map_or(reached, |row| Some(row.id));
            list.add(step, found, self.review_views(rows).await?, ReviewView::bytes);
        }
        Ok(list.into_page(|review| review.id))
    }

    /// Somebody is done with a review. Doing it twice is doing it once.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`] when there is none, also for a moderator of another room; [`Error::NotAMember`],
    /// [`Error::NotAllowed`], [`Error::Store`].
    pub async fn close_review(&self, authority: &Authority, id: Uuid) -> Result<(), Error> {
        let row = reviews::find(self.db().conn(), id).await?.ok_or(Error::MessageNotFound)?;
        match (row.room_id, authority) {
            (Some(room), _) => {
                self.require_authority_over(authority, RoomId::from_uuid(room)).await?;
            }
            // What is about no room is no moderator's of one.
            (None, Authority::Moderator(_)) => return Err(Error::MessageNotFound),
            (None, _) => {}
        }
        let now = self.now();
        let act = authority.act("review.closed", "review", &id, json!({ "plugin": row.plugin_id }));
        let tx = self.db().begin().await?;
        if reviews::close(&tx, id, &authority.name(), now).await? {
            audit::append(&tx, now, act).await?;
        }
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        if let Some(room) = row.room_id {
            self.wake_moderators(RoomId::from_uuid(room));
        }
        Ok(())
    }

    /// Puts a message up for a look; it stays where it is.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::Store`].
    pub async fn flag(&self, authority: &Authority, id: MessageId, flag: Flag) -> Result<(), Error> {
        let (room, user) = match messages::find(self.db().conn(), id).await? {
            Some(row) => (RoomId::from_uuid(row.room_id), UserId::from_uuid(row.sender_id)),
            None => {
                let row = held::find(self.db().conn(), id).await?.ok_or(Error::MessageNotFound)?;
                (RoomId::from_uuid(row.room_id), UserId::from_uuid(row.sender_id))
            }
        };
        self.require_authority_over(authority, room).await?;
        let now = self.now();
        let detail = json!({ "room": room, "code": flag.code });
        let act = authority.act("message.flagged", "message", &id, detail);
        let row = review_row(flag, "message", user, now);
        let row = review::Model { message_id: Some(id.uuid()), room_id: Some(room.uuid()), ..row };
        let tx = self.db().begin().await?;
        reviews::insert(&tx, vec![row]).await?;
        audit::append(&tx, now, act).await?;
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        self.wake_moderators(room);
        Ok(())
    }

    /// A note is written before its message: where that was not written after all, there is nothing to show.
    async fn review_views(&self, rows: Vec<review::Model>) -> Result<Vec<ReviewView>, Error> {
        let users: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.user_id)).collect();
        let people = self.full_profiles(&users).await?;
        let said = self.messages_under_review(&rows).await?;
        let view = |row: review::Model| {
            let message = row.message_id.and_then(|id| said.get(&id).cloned());
            if row.message_id.is_some() && message.is_none() {
                return None;
            }
            Some(ReviewView {
                id: row.id,
                subject: row.subject,
                message,
                room: row.room_id.map(RoomId::from_uuid),
                user: people.get(&UserId::from_uuid(row.user_id)).cloned(),
                by: self.plugin_name(&row.plugin_id),
                plugin: row.plugin_id,
                code: row.code,
                note: row.note,
                severity: u8::try_from(row.severity).unwrap_or_default(),
                at: Timestamp::from_millis(row.at_ms),
                closed_at: row.closed_at_ms.map(Timestamp::from_millis),
                closed_by: row.closed_by,
            })
        };
        Ok(rows.into_iter().filter_map(view).collect())
    }

    async fn messages_under_review(&self, rows: &[review::Model]) -> Result<HashMap<Uuid, Message>, Error> {
        let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.message_id).collect();
        let found = messages::find_many(self.db().conn(), &ids).await?;
        let said = self.messages_of(found).await?;
        let mut said: HashMap<Uuid, Message> =
            said.into_iter().map(|message| (message.id.uuid(), message)).collect();
        // Those that were kept as well.
        let kept: Vec<MessageId> =
            ids.iter().filter(|id| !said.contains_key(id)).map(|id| MessageId::from_uuid(*id)).collect();
        let kept = held::find_many(self.db().conn(), &kept).await?;
        let senders: Vec<UserId> = kept.iter().map(|row| UserId::from_uuid(row.sender_id)).collect();
        let people = self.accounts().profiles(&senders).await?;
        said.extend(kept.into_iter().filter_map(|row| {
            let (id, sender) = (row.id, UserId::from_uuid(row.sender_id));
            let signed = people.get(&sender).cloned().unwrap_or_else(|| unknown_person(sender));
            kept_message(row, signed).map(|message| (id, message))
        }));
        Ok(said)
    }
}

/// The rows of what filters noted of a message.
pub(crate) fn review_rows(proposed: &Proposed, flags: Vec<Flag>, at: Timestamp) -> Vec<review::Model> {
    let row = |flag| review::Model {
        message_id: Some(proposed.id.uuid()),
        room_id: Some(proposed.room.id.uuid()),
        ..review_row(flag, "message", proposed.sender.id, at)
    };
    flags.into_iter().map(row).collect()
}

/// The row of what a filter noted of a name, with the name: a refused one stands nowhere else.
pub(crate) fn name_review_row(name: &ProposedName, flag: Flag, at: Timestamp) -> review::Model {
    let shown = cut(&name.text, SHOWN_CHARS);
    let note = if flag.note.is_empty() { shown.to_owned() } else { format!("{}: {shown}", flag.note) };
    review::Model {
        room_id: name.room.as_ref().map(|room| room.brief.id.uuid()),
        ..review_row(Flag { note, ..flag }, name.subject.as_str(), name.by.id, at)
    }
}

fn review_row(flag: Flag, subject: &str, user: UserId, at: Timestamp) -> review::Model {
    review::Model {
        id: Uuid::now_v7(),
        message_id: None,
        room_id: None,
        subject: subject.to_owned(),
        user_id: user.uuid(),
        plugin_id: flag.plugin.to_string(),
        code: flag.code,
        note: flag.note,
        severity: i16::from(flag.severity),
        at_ms: at.millis(),
        closed_at_ms: None,
        closed_by: None,
    }
}
