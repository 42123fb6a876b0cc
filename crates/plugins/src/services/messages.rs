//! Writing as the plugin's own user, through the same door and the same filters as everybody.

use sha2::{Digest as _, Sha256};
use teahouse_chat::SendOutcome;
use teahouse_plugin_host::wit::{Draft as WitDraft, Error};
use teahouse_plugin_host::{CallContext, Party};
use teahouse_protocol::{ClientId, Draft, Emoji, MAX_MENTIONS, MessageId, RoomId, UserId};

use super::answers::{failed, invalid, rate_limited, refused};
use super::quota::{self, Pace};
use super::{House, drafts};
use crate::convert;

/// Messages in all rooms together a minute, in rooms' quotas: as the design has it, ten rooms' worth.
const ROOMS_WORTH: u32 = 10;
/// Messages that a room takes at once.
const BURST: u32 = 5;
/// What only one person sees is counted apart: a poll answers each who votes.
const WHISPERS: Pace = Pace::new(300, 60);
/// Signs of writing in a room.
const TYPING: Pace = Pace::new(60, 10);
/// A key's most bytes.
const MAX_KEY_BYTES: usize = 64;

/// What a plugin wrote lately.
#[derive(Default)]
pub(super) struct Meters {
    rooms: quota::Meters<RoomId>,
    /// What a room sees on behalf of one of its people.
    people: quota::Meters<(RoomId, Party)>,
    all: quota::Shared,
    whispers: quota::Shared,
    typing: quota::Meters<RoomId>,
}

impl House {
    pub(super) async fn send(
        &self,
        call: &CallContext,
        draft: WitDraft,
        key: Option<String>,
    ) -> Result<String, Error> {
        let bot = self.charter.load().require_bot()?;
        let room = self.require_room(&draft.room)?;
        self.require_no_stranger(room, bot.user_id()).await?;
        let content = drafts::content(&draft)?;
        let reply_to = draft.reply_to.as_deref().map(convert::id::<MessageId>).transpose()?;
        if let Some(user) = &draft.only_for {
            let user: UserId = convert::id(user)?;
            self.meters.whispers.take(call.party, WHISPERS, self.now()).map_err(rate_limited)?;
            let told = self.grounds.chat.tell_privately(&bot, room, user, content, reply_to).await;
            return told.map(|id| id.to_string()).map_err(|error| refused(&error));
        }
        let hops = self.next_hops(call)?;
        let client_id = key.as_deref().map(client_id).transpose()?;
        let mentions = mentions(&draft.mentions)?;
        self.count_message(call, room)?;
        let draft = Draft { client_id, room: Some(room), content, reply_to, mentions };
        let sent = self.grounds.chat.send_as_bot(&bot, room, draft, hops).await;
        sent.map(|outcome: SendOutcome| outcome.message.id.to_string()).map_err(|error| refused(&error))
    }

    pub(super) async fn edit(&self, call: &CallContext, id: &str, draft: WitDraft) -> Result<(), Error> {
        let bot = self.charter.load().require_bot()?;
        let (id, room) = self.require_message(id).await?;
        if draft.room != room.to_string() {
            return Err(invalid("a message stays in its room"));
        }
        if draft.only_for.is_some() {
            return Err(invalid("what was sent to all is for all"));
        }
        let content = drafts::content(&draft)?;
        let hops = self.next_hops(call)?;
        self.count_message(call, room)?;
        let json = serde_json::to_string(&content).map_err(|error| Error::Invalid(error.to_string()))?;
        self.grounds.echoes.note(bot.user_id(), id, hops, self.now());
        let edited = self.grounds.chat.edit(&bot, id, &json).await;
        edited.map(drop).map_err(|error| refused(&error))
    }

    pub(super) async fn recall(&self, call: &CallContext, id: &str) -> Result<(), Error> {
        let bot = self.charter.load().require_bot()?;
        let (id, room) = self.require_message(id).await?;
        let row = self.reading().message(id).await.map_err(|error| failed(&error))?;
        // As a moderator it could take back others': that is another capability.
        if row.is_none_or(|row| row.sender_id != bot.user_id().uuid()) {
            return Err(Error::NotFound);
        }
        self.count_message(call, room)?;
        self.grounds.chat.recall(&bot, id).await.map_err(|error| refused(&error))
    }

    pub(super) async fn react(&self, call: &CallContext, id: &str, emoji: &str) -> Result<(), Error> {
        let bot = self.charter.load().require_bot()?;
        let (id, room) = self.require_message(id).await?;
        let emoji = Emoji::new(emoji).map_err(|error| Error::Invalid(error.to_string()))?;
        let hops = self.next_hops(call)?;
        self.count_message(call, room)?;
        self.grounds.echoes.note(bot.user_id(), id, hops, self.now());
        self.grounds.chat.react_as_bot(&bot, room, id, emoji).await.map_err(|error| refused(&error))
    }

    pub(super) async fn typing(&self, room: &str) -> Result<(), Error> {
        let bot = self.charter.load().require_bot()?;
        let room = self.require_room(room)?;
        self.charter.load().messages_per_minute()?;
        self.meters.typing.take(room, TYPING, self.now()).map_err(rate_limited)?;
        self.grounds.chat.show_typing(&bot, room).await.map_err(|error| refused(&error))
    }

    /// A message in one of the plugin's rooms.
    pub(super) async fn require_message(&self, id: &str) -> Result<(MessageId, RoomId), Error> {
        let id: MessageId = convert::id(id)?;
        let row = self.reading().message(id).await.map_err(|error| failed(&error))?.ok_or(Error::NotFound)?;
        let room = RoomId::from_uuid(row.room_id);
        if !self.charter.load().rooms.contains(room) {
            return Err(Error::NotFound);
        }
        Ok((id, room))
    }

    /// A conversation of two others is none of a bot's rooms, wherever it is installed.
    async fn require_no_stranger(&self, room: RoomId, bot: UserId) -> Result<(), Error> {
        let direct = self.reading().is_direct(room).await.map_err(|error| failed(&error))?;
        if direct && self.reading().role(room, bot).await.map_err(|error| failed(&error))?.is_none() {
            return Err(Error::NotFound);
        }
        Ok(())
    }

    /// How many plugins will have answered each other with what is written now.
    fn next_hops(&self, call: &CallContext) -> Result<u8, Error> {
        let hops = call.hops.saturating_add(1);
        if hops > self.grounds.config.hop_limit() {
            return Err(Error::Denied("too many plugins answered each other".to_owned()));
        }
        Ok(hops)
    }

    /// Messages, edits, recalls and reactions are counted alike. Of what a room sees, half may be on behalf of one of its people.
    fn count_message(&self, call: &CallContext, room: RoomId) -> Result<(), Error> {
        const HALF: u32 = 2;
        let per_minute = self.charter.load().messages_per_minute()?;
        let (meters, now) = (&self.meters, self.now());
        let pace = Pace::new(per_minute, BURST.min(per_minute));
        let all = per_minute.saturating_mul(ROOMS_WORTH);
        let all = Pace::new(all, BURST.saturating_mul(ROOMS_WORTH).min(all));
        let counted =
            call.party.map_or(Ok(()), |party| meters.people.take((room, party), pace.share(HALF), now));
        counted
            .and_then(|()| meters.rooms.take(room, pace, now))
            .and_then(|()| meters.all.take(call.party, all, now))
            .map_err(rate_limited)
    }
}

/// A plugin's key as the client id of its user's message: a digest, because any text may be a key.
fn client_id(key: &str) -> Result<ClientId, Error> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(invalid("a key has 1 to 64 bytes"));
    }
    let digest = Sha256::digest(key.as_bytes());
    let hex: String = digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
    ClientId::new(&hex).map_err(|error| Error::Invalid(error.to_string()))
}

fn mentions(mentions: &[String]) -> Result<Vec<UserId>, Error> {
    if mentions.len() > MAX_MENTIONS {
        return Err(invalid("too many mentions"));
    }
    mentions.iter().map(|user| convert::id(user)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_is_one_client_id() {
        assert_eq!(client_id("a").unwrap(), client_id("a").unwrap());
        assert_ne!(client_id("a").unwrap(), client_id("b").unwrap());
        assert!(client_id("x\n茶").is_ok());
        assert!(client_id(&"k".repeat(64)).is_ok());
        assert!(client_id(&"k".repeat(65)).is_err() && client_id("").is_err());
    }
}
