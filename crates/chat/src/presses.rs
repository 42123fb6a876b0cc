//! Pressing a button of a bot's card.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use teahouse_accounts::Session;
use teahouse_protocol::{
    Ack, AckState, Button, CardContent, ClientId, Content, FieldError, Kind, MessageId, RoomId, ServerEvent,
    Timestamp, UserId,
};
use uuid::Uuid;

use crate::connection::Core;
use crate::hooks::Press;
use crate::underway::finished;
use crate::{Chat, Error, reason};

/// How long a press is known to have been made, for clients that lost its ack.
const REPEATED_FOR: Duration = Duration::from_secs(600);
/// Presses remembered for that, about 200 bytes each.
const REMEMBERED: u64 = 50_000;

/// Presses made lately, by who pressed and the client's own id.
pub(crate) struct Presses(Cache<(UserId, ClientId), Pressed>);

/// A press that was made.
#[derive(Clone)]
struct Pressed {
    at: Timestamp,
    message: MessageId,
    button: String,
}

/// A card that can be pressed.
struct Card {
    room: RoomId,
    bot: UserId,
    content: CardContent,
}

impl Presses {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(REPEATED_FOR).build())
    }
}

impl Chat {
    /// Presses a button of a bot's card; when this returns, the press is durable and its bot will get it. The same
    /// `client_id` again within ten minutes is the same press, as long as it comes to the same node. Muted members and
    /// those who only read a channel may press: it is no writing.
    ///
    /// # Errors
    /// [`Error::ClientIdTaken`] for another press under the same `client_id`;
    /// [`Error::MessageNotFound`], also for an ephemeral message of another, or an hour old; [`Error::NotAMember`],
    /// [`Error::RateLimited`]; [`Error::Field`] when it has no such button; [`Error::Conflict`] when it is no card of a
    /// bot's or was recalled; [`Error::Store`].
    pub async fn press(
        &self,
        caller: &Session,
        message: MessageId,
        button: &str,
        client_id: Option<ClientId>,
    ) -> Result<Timestamp, Error> {
        let (chat, caller, button) = (self.clone(), caller.clone(), button.to_owned());
        finished(async move { chat.press_in_turn(&caller, message, &button, client_id).await }).await
    }

    /// One press at a time under one client id, and to its end: a client that hung up in the middle finds it made.
    async fn press_in_turn(
        &self,
        caller: &Session,
        message: MessageId,
        button: &str,
        client_id: Option<ClientId>,
    ) -> Result<Timestamp, Error> {
        let user = caller.user_id();
        let repeat = client_id.clone().map(|id| (user, id));
        let _turn = match &repeat {
            Some(key) => Some(self.underway().turn(("press", key)).await),
            None => None,
        };
        if let Some(first) = repeat.as_ref().and_then(|key| self.presses().0.get(key)) {
            let is_same = first.message == message && first.button == button;
            return if is_same { Ok(first.at) } else { Err(Error::ClientIdTaken) };
        }
        self.count_act(user)?;
        let at = self.now();
        let card = self.pressable(caller, message, at).await?;
        let member = self.access().require_member(caller, card.room, at).await?;
        let pressed = find_button(&card.content, button)?;
        let hooks = self.hooks().ok_or(Error::Conflict(reason::NOT_A_BOTS_CARD))?;
        let press = Press {
            id: Uuid::now_v7(),
            client_id,
            message,
            room: card.room,
            bot: card.bot,
            user: caller.profile(),
            role: member.state.role,
            button: pressed.id.clone(),
            value: pressed.value.clone().unwrap_or_default(),
            at,
            locale: caller.locale().cloned(),
        };
        hooks.pressed(press).await?;
        if let Some(key) = repeat {
            self.presses().0.insert(key, Pressed { at, message, button: button.to_owned() });
        }
        Ok(at)
    }

    /// As the socket asks for it: answered by an `ack`.
    pub(crate) async fn press_from(
        &self,
        core: &Arc<Core>,
        message: MessageId,
        button: &str,
        id: Option<ClientId>,
    ) -> Result<(), Error> {
        let at = self.press(core.session(), message, button, id.clone()).await?;
        let ack = Ack { id, message, state: AckState::Sent, seq: None, at, replaced: None };
        core.mailbox().send(&ServerEvent::Ack(ack));
        Ok(())
    }

    async fn pressable(&self, caller: &Session, message: MessageId, now: Timestamp) -> Result<Card, Error> {
        if let Some(whisper) = self.whispers().find(message, caller.user_id(), now) {
            return Ok(Card { room: whisper.room, bot: whisper.bot, content: whisper.card.clone() });
        }
        let row = self.require_message(caller, message).await?;
        if row.recalled_at_ms.is_some() {
            return Err(Error::Conflict(reason::RECALLED));
        }
        let bot = UserId::from_uuid(row.sender_id);
        let content = Kind::from_number(row.kind).and_then(|kind| Content::from_stored(kind, row.content));
        let Some(Content::Card(content)) = content else {
            return Err(Error::Conflict(reason::NOT_A_BOTS_CARD));
        };
        if !self.full_profiles(&[bot]).await?.get(&bot).is_some_and(|sender| sender.is_bot) {
            return Err(Error::Conflict(reason::NOT_A_BOTS_CARD));
        }
        Ok(Card { room: RoomId::from_uuid(row.room_id), bot, content })
    }
}

fn find_button<'a>(card: &'a CardContent, id: &str) -> Result<&'a Button, Error> {
    let buttons = card.buttons.as_deref().unwrap_or_default();
    let found = buttons.iter().find(|button| button.id == id);
    found.ok_or_else(|| Error::Field(FieldError::new("button", "is no button of this card")))
}
