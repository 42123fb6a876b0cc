//! What a bot does in a room: it acts as its own user, by the same ways as everybody.

use teahouse_accounts::Session;
use teahouse_protocol::{Draft, Emoji, MessageId, Role, RoomId, RoomKind, ServerEvent};
use teahouse_store::{PageSize, members};

use crate::access::Reader;
use crate::hooks::CommandInfo;
use crate::pipeline::SendOutcome;
use crate::{Chat, Error, reason};

impl Chat {
    /// Sends a bot's message, `hops` steps from a person's, and waits until it is durable. A bot that is no member of
    /// the room becomes one first, past the gate: that it may act there, the caller has made sure. `client_id` makes it
    /// idempotent, as for everybody.
    ///
    /// # Errors
    /// As [`Chat::send`]; [`Error::NotAllowed`] for who is no bot, and where bots are not let in: into a direct room of
    /// two others; [`Error::Banned`] when the room's moderators banned it.
    pub async fn send_as_bot(
        &self,
        bot: &Session,
        room: RoomId,
        draft: Draft,
        hops: u8,
    ) -> Result<SendOutcome, Error> {
        let reader = self.admit_bot(bot, room).await;
        self.send_with(bot, reader, room, draft, hops).await
    }

    /// Reacts to a message as a bot, which becomes a member of the room where it is none yet.
    ///
    /// # Errors
    /// As [`Chat::send_as_bot`], and as [`Chat::react`].
    pub async fn react_as_bot(
        &self,
        bot: &Session,
        room: RoomId,
        message: MessageId,
        emoji: Emoji,
    ) -> Result<(), Error> {
        self.admit_bot(bot, room).await?;
        self.react(bot, message, emoji).await
    }

    /// Shows a room that a bot is writing.
    ///
    /// # Errors
    /// As [`Chat::send_as_bot`].
    pub async fn show_typing(&self, bot: &Session, room: RoomId) -> Result<(), Error> {
        self.admit_bot(bot, room).await?.require_member(bot.user_id())?.require_writer(self.now())?;
        if !self.paces().may_type(bot.user_id(), room, self.now()) {
            return Ok(());
        }
        self.pass(room, ServerEvent::Typing { room, user: bot.user_id() }, None).await;
        Ok(())
    }

    /// The commands that the caller may use in a room.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::Store`].
    pub async fn commands(&self, caller: &Session, room: RoomId) -> Result<Vec<CommandInfo>, Error> {
        let member = self.access().require_member(caller, room, self.now()).await?;
        let Some(hooks) = self.hooks() else { return Ok(Vec::new()) };
        let mut commands = hooks.commands(room, member.state.role);
        if member.room.kind == RoomKind::Direct {
            let inside = members::page(self.db().conn(), room, None, PageSize::capped(2)).await?;
            commands.retain(|command| inside.iter().any(|row| row.user_id == command.bot.uuid()));
        }
        Ok(commands)
    }

    async fn admit_bot(&self, bot: &Session, room: RoomId) -> Result<Reader, Error> {
        let (user, now) = (bot.user_id(), self.now());
        if !bot.profile().is_bot {
            return Err(Error::NotAllowed(reason::BOTS_ONLY));
        }
        let facts = self.access().facts(room).await?.ok_or(Error::RoomNotFound)?;
        if let member @ Some(_) = self.access().membership(room, user, now).await? {
            return Ok(Reader { room: facts, member });
        }
        if facts.kind == RoomKind::Direct {
            return Err(Error::NotAllowed(reason::FOR_TWO_ONLY));
        }
        self.add(room, user, user, Role::Member).await?;
        let member = self.access().membership(room, user, now).await?;
        Ok(Reader { room: facts, member })
    }
}
