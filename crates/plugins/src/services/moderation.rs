//! Acts of a moderator: those that were granted, in the plugin's rooms. Each stands in the audit log.

use std::time::Duration;

use teahouse_chat::{Authority, Flag};
use teahouse_plugin_host::CallContext;
use teahouse_plugin_host::wit::{Error, Review};
use teahouse_plugin_package::Act;
use teahouse_protocol::{MessageId, RoomId, UserId, tame_line};
use teahouse_store::held;

use super::House;
use super::answers::{failed, rate_limited, refused, unavailable};
use super::quota::Pace;
use crate::convert;

/// Acts of a plugin.
const ACTS: Pace = Pace::new(120, 30);
/// A reason's most characters.
const MAX_REASON_CHARS: usize = 500;
/// The most severe that a plugin can call something.
const MOST_SEVERE: u8 = 3;

impl House {
    pub(super) async fn flag(&self, call: &CallContext, id: &str, review: &Review) -> Result<(), Error> {
        let (id, authority) = self.act_on(call, Act::Flag, id).await?;
        let charter = self.charter.load();
        let flag = Flag {
            by: charter.name.clone(),
            plugin: self.plugin.clone(),
            code: short(&review.code),
            note: short(&review.note),
            severity: review.severity.min(MOST_SEVERE),
        };
        drop(charter);
        self.grounds.chat.flag(&authority, id, flag).await.map_err(|error| refused(&error))
    }

    pub(super) async fn remove(&self, call: &CallContext, id: &str, reason: &str) -> Result<(), Error> {
        let (id, authority) = self.act_on(call, Act::Remove, id).await?;
        if let Some(edit) = self.kept_edit(id).await? {
            let refuse = self.grounds.chat.refuse(&authority, edit, &short(reason)).await;
            return refuse.map_err(|error| refused(&error));
        }
        self.grounds.chat.remove(&authority, id, &short(reason)).await.map_err(|error| refused(&error))
    }

    pub(super) async fn release(&self, call: &CallContext, id: &str) -> Result<(), Error> {
        let (id, authority) = self.act_on(call, Act::Release, id).await?;
        let id = self.kept_edit(id).await?.unwrap_or(id);
        self.grounds.chat.release(&authority, id).await.map_err(|error| refused(&error))
    }

    pub(super) async fn mute(
        &self,
        call: &CallContext,
        room: &str,
        user: &str,
        duration_ms: u32,
        reason: &str,
    ) -> Result<(), Error> {
        let authority = self.require_act(call, Act::Mute)?;
        let (room, user) = (self.require_open_room(room).await?, convert::id::<UserId>(user)?);
        let length = Duration::from_millis(duration_ms.into());
        let muted = self.grounds.chat.mute_as(&authority, room, user, length, &short(reason)).await;
        muted.map_err(|error| refused(&error))
    }

    /// The right to `act` on a message that is in one of the plugin's rooms, or kept from one.
    async fn act_on(&self, call: &CallContext, act: Act, id: &str) -> Result<(MessageId, Authority), Error> {
        let authority = self.require_act(call, act)?;
        let id: MessageId = convert::id(id)?;
        let room = match self.reading().message(id).await.map_err(|error| failed(&error))? {
            Some(row) => row.room_id,
            None => {
                let kept =
                    held::find(self.grounds.db.conn(), id).await.map_err(|error| unavailable(&error))?;
                kept.ok_or(Error::NotFound)?.room_id
            }
        };
        self.require_open_room(&RoomId::from_uuid(room).to_string()).await?;
        Ok((id, authority))
    }

    /// The edit of this message that the plugin's own filter keeps: what it was told of goes by the message's id.
    async fn kept_edit(&self, id: MessageId) -> Result<Option<MessageId>, Error> {
        let Some(row) = self.reading().message(id).await.map_err(|error| failed(&error))? else {
            return Ok(None);
        };
        let room = RoomId::from_uuid(row.room_id);
        let edits = held::waiting_edits(self.grounds.db.conn(), room, id).await;
        let edits = edits.map_err(|error| unavailable(&error))?;
        let own = edits.into_iter().rev().find(|edit| edit.plugin_id == *self.plugin);
        Ok(own.map(|edit| MessageId::from_uuid(edit.id)))
    }

    fn require_act(&self, call: &CallContext, act: Act) -> Result<Authority, Error> {
        let charter = self.charter.load();
        charter.require_act(act)?;
        let user = charter.require_bot()?.user_id();
        self.acts.take(call.party, ACTS, self.now()).map_err(rate_limited)?;
        Ok(Authority::Plugin { id: self.plugin.to_string(), user })
    }
}

/// What a person reads of a plugin's words.
fn short(text: &str) -> String {
    tame_line(text, MAX_REASON_CHARS).unwrap_or_default()
}
