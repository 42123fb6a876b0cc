//! What a bot tells one person alone: it takes no number, is not kept, and its buttons work for an hour on this node.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use teahouse_accounts::Session;
use teahouse_protocol::{
    CardContent, Content, Ephemeral, Kind, MessageId, RoomId, ServerEvent, Timestamp, UserId,
};

use teahouse_store::members;

use crate::{Chat, Error, reason};

/// How long the buttons of such a message work.
const BUTTONS_LAST: Duration = Duration::from_secs(3600);
/// Bytes of cards that are remembered for their buttons. Full: the oldest buttons stop working early.
const REMEMBERED_BYTES: u64 = 16 * 1024 * 1024;

/// Cards that one person alone was shown.
pub(crate) struct Whispers(Cache<MessageId, Arc<Whisper>>);

/// A card that one person alone was shown.
pub(crate) struct Whisper {
    pub(crate) room: RoomId,
    pub(crate) bot: UserId,
    pub(crate) user: UserId,
    pub(crate) card: CardContent,
    until: Timestamp,
}

impl Whispers {
    pub(crate) fn new() -> Self {
        let cache = Cache::builder()
            .max_capacity(REMEMBERED_BYTES)
            .weigher(|_, whisper: &Arc<Whisper>| whisper.bytes())
            .time_to_live(BUTTONS_LAST)
            .build();
        Self(cache)
    }

    /// The card `id`, as long as its buttons work and `user` is who was shown it.
    pub(crate) fn find(&self, id: MessageId, user: UserId, now: Timestamp) -> Option<Arc<Whisper>> {
        self.0.get(&id).filter(|whisper| whisper.user == user && now < whisper.until)
    }
}

impl Whisper {
    fn bytes(&self) -> u32 {
        let texts = [self.card.text.as_deref(), self.card.image_url.as_deref(), Some(&self.card.title)];
        let buttons = self.card.buttons.iter().flatten();
        let of_buttons: usize = buttons
            .map(|button| button.id.len() + button.label.len() + button.value.as_ref().map_or(0, String::len))
            .sum();
        let bytes = size_of::<Self>() + texts.into_iter().flatten().map(str::len).sum::<usize>() + of_buttons;
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

impl Chat {
    /// Shows `user` alone something in `room`, where they are connected now. Whoever is not never sees it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] for who is no bot, [`Error::Banned`] and [`Error::Muted`] where the room's moderators want
    /// to hear nothing of it, [`Error::UserNotFound`] when `user` is no member there, [`Error::Field`], [`Error::Store`].
    pub async fn tell_privately(
        &self,
        bot: &Session,
        room: RoomId,
        user: UserId,
        content: Content,
        reply_to: Option<MessageId>,
    ) -> Result<MessageId, Error> {
        if !bot.user().is_bot {
            return Err(Error::NotAllowed(reason::BOTS_ONLY));
        }
        content.check().map_err(Error::Field)?;
        let at = self.now();
        self.access().facts(room).await?.ok_or(Error::RoomNotFound)?;
        self.require_not_silenced(bot.user_id(), room, at).await?;
        self.access().membership(room, user, at).await?.ok_or(Error::UserNotFound)?;
        let id = MessageId::generate();
        if let Content::Card(card) = &content {
            let whisper =
                Whisper { room, bot: bot.user_id(), user, card: card.clone(), until: at + BUTTONS_LAST };
            self.whispers().0.insert(id, Arc::new(whisper));
        }
        let kind = content.kind();
        let text = (kind != Kind::Text).then(|| content.plain_text());
        let sender = bot.sender();
        let event = Ephemeral { id, room, sender, kind, content, text, reply_to, at };
        self.tell(user, ServerEvent::Ephemeral(event)).await;
        Ok(id)
    }

    /// A bot whispers where it is installed, member or not; but not where it was told to be silent.
    async fn require_not_silenced(&self, bot: UserId, room: RoomId, now: Timestamp) -> Result<(), Error> {
        match members::find(self.db().conn(), room, bot).await?.as_ref().map(members::state) {
            Some(state) => match state.muted_until.filter(|until| *until > now) {
                Some(until) => Err(Error::Muted { until }),
                None => Ok(()),
            },
            None if members::is_banned(self.db().conn(), room, bot).await? => Err(Error::Banned),
            None => Ok(()),
        }
    }
}
