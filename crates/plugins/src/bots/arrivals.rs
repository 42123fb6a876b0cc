//! What happened becomes events: for each bot that hears of such things and is installed there.

use std::collections::HashMap;
use std::sync::Arc;

use teahouse_chat::{Committed, Press, Reason};
use teahouse_plugin_host::wit;
use teahouse_plugin_package::EventKind;
use teahouse_protocol::{RoomId, RoomKind, Seq, Timestamp, UserId};
use teahouse_store::entity::{message, plugin_event};
use teahouse_store::log::{self, LogRow};
use teahouse_store::{PageSize, members, messages, plugin_events};
use uuid::Uuid;

use super::sequence::Sequence;
use super::told::{self, Happening};
use super::{MOST_WAITING, Wakes, ids};
use crate::Error;
use crate::convert;
use crate::hooks::least;
use crate::party;
use crate::reading::{Cast, Reading};
use crate::registry::{Registry, Running, Snapshot};
use crate::services::Grounds;

/// Why a press is refused.
const NOBODY_LISTENS: Reason =
    Reason { en: "this card's bot does not listen any more", zh: "这张卡片的机器人已停用" };
/// Entries of a log that are looked at in one go.
const ENTRIES: u16 = 500;

/// Queues events.
pub(crate) struct Arrivals {
    pub(crate) grounds: Arc<Grounds>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) wakes: Wakes,
    pub(crate) sequence: Sequence,
}

/// Who may hear of what a batch put into a room's log.
struct Audience<'a> {
    snapshot: &'a Snapshot,
    hearers: &'a [Arc<Running>],
    batch: &'a Committed,
    room: RoomId,
}

impl Arrivals {
    pub(crate) fn new(grounds: Arc<Grounds>, registry: Arc<Registry>, wakes: Wakes) -> Self {
        Self { grounds, registry, wakes, sequence: Sequence::default() }
    }

    /// What a batch put into the logs. May be called again for the same batch: an event has the same id each time.
    pub(crate) async fn committed(&self, batch: &Committed) -> Result<(), Error> {
        let snapshot = self.registry.snapshot();
        if snapshot.bots.is_empty() {
            return Ok(());
        }
        for (room, first, last) in &batch.ranges {
            let room = RoomId::from_uuid(*room);
            if snapshot.bots.iter().any(|bot| bot.rooms.contains(room)) {
                self.sequence.wait_for(room, batch.previous(room, *first)).await;
                self.log_grew(&snapshot, batch, room, (*first, *last)).await?;
                self.sequence.done(room, *last);
            }
        }
        Ok(())
    }

    async fn log_grew(
        &self,
        snapshot: &Snapshot,
        batch: &Committed,
        room: RoomId,
        (first, last): (i64, i64),
    ) -> Result<(), Error> {
        let reading = Reading(&self.grounds);
        let Some(details) = reading.room(room).await? else { return Ok(()) };
        let hearers = self.hearers(snapshot, room, details.brief.kind).await?;
        if hearers.is_empty() {
            return Ok(());
        }
        let audience = Audience { snapshot, hearers: &hearers, batch, room };
        let room_told = convert::room(&details);
        let (mut after, to) = (Seq::new(first - 1).unwrap_or_default(), Seq::new(last).unwrap_or_default());
        loop {
            let rows =
                log::page_after(self.grounds.db.conn(), room, after, to, PageSize::capped(ENTRIES)).await?;
            let Some(end) = rows.last().map(seq_of) else { return Ok(()) };
            let cast = reading.cast(room, told::people(&rows)).await?;
            let about = self.messages_of(&rows).await?;
            let mut events = Vec::new();
            for row in &rows {
                let happening = match row {
                    LogRow::Message(row) => told::posted(row, &cast),
                    LogRow::Event(row) => {
                        let about = row.message_id.and_then(|id| about.get(&id));
                        told::other(row, &room_told, about, batch.said_before(room, row.seq), &cast)
                    }
                };
                if let Some(happening) = happening {
                    self.tell(&audience, &happening, &cast, &mut events);
                }
            }
            self.queue(events).await?;
            after = end;
        }
    }

    /// Bots that are installed in `room` and were not banned there. A conversation of two is nobody's business but of a
    /// bot that is one of them.
    async fn hearers(
        &self,
        snapshot: &Snapshot,
        room: RoomId,
        kind: RoomKind,
    ) -> Result<Vec<Arc<Running>>, Error> {
        let users: Vec<UserId> = snapshot.bots.iter().filter_map(|bot| bot.bot_user()).collect();
        let banned = members::banned_of(self.grounds.db.conn(), room, &users).await?;
        let mut hearers = Vec::new();
        for bot in snapshot.bots.iter().filter(|bot| bot.rooms.contains(room)) {
            let Some(user) = bot.bot_user().filter(|user| !banned.contains(user)) else { continue };
            let may_hear =
                kind != RoomKind::Direct || Reading(&self.grounds).role(room, user).await?.is_some();
            if may_hear {
                hearers.push(Arc::clone(bot));
            }
        }
        Ok(hearers)
    }

    async fn messages_of(&self, rows: &[LogRow]) -> Result<HashMap<Uuid, message::Model>, Error> {
        let found = messages::find_many(self.grounds.db.conn(), &told::changed(rows)).await?;
        Ok(found.into_iter().map(|row| (row.id, row)).collect())
    }

    /// Makes a happening an event of each bot that hears of it.
    fn tell(
        &self,
        audience: &Audience<'_>,
        happening: &Happening,
        cast: &Cast,
        events: &mut Vec<plugin_event::Model>,
    ) {
        let Audience { hearers, room, .. } = *audience;
        let by_bot = cast.is_bot(happening.actor);
        let hops = match happening.message {
            Some(message) if by_bot => self.grounds.echoes.hops(happening.actor, message),
            _ => happening.hops,
        };
        if hops >= self.grounds.config.hop_limit() {
            return;
        }
        let command = as_command(audience, happening, cast);
        for bot in hearers {
            if bot.bot_user() == Some(happening.actor) {
                continue;
            }
            if by_bot && !bot.bot_hook().is_some_and(|hook| hook.bots) {
                continue;
            }
            let (kind, event) = match &command {
                Some((owner, command)) if owner.id() == bot.id() && bot.hears(EventKind::Command) => {
                    (EventKind::Command, wit::Event::Command(command.clone()))
                }
                _ => (happening.kind, happening.event.clone()),
            };
            if bot.hears(kind) {
                let seq = Seq::new(happening.seq).unwrap_or_default();
                let id = ids::logged(happening.at, room, seq);
                events.push(self.row(bot, id, Some(room), kind, &event, hops));
            }
        }
    }

    /// Hands a press to its bot: durable when this returns.
    ///
    /// # Errors
    /// The card's bot does not listen, or not in this room any more; its queue is full. Whoever pressed is told, since
    /// nothing would come of it.
    pub(crate) async fn pressed(&self, press: &Press) -> Result<(), Error> {
        let snapshot = self.registry.snapshot();
        let listens = |bot: &&Arc<Running>| bot.hears(EventKind::Pressed) && bot.rooms.contains(press.room);
        let Some(bot) = snapshot.find_bot(press.bot).filter(listens) else {
            return Err(teahouse_chat::Error::Conflict(NOBODY_LISTENS).into());
        };
        let event = wit::Event::Pressed(wit::Press {
            message: press.message.to_string(),
            room: press.room.to_string(),
            user: convert::user(&press.user),
            button: press.button.clone(),
            value: press.value.clone(),
            locale: press.locale.as_ref().map(ToString::to_string).unwrap_or_default(),
            extra: Vec::new(),
        });
        let id = ids::pressed(press.at, press.id);
        let row = self.row(bot, id, Some(press.room), EventKind::Pressed, &event, 0);
        match self.queue(vec![row]).await? {
            0 => Ok(()),
            _refused => Err(teahouse_chat::Error::Busy.into()),
        }
    }

    /// A filter held a message, and the plugin's own bot half is told.
    pub(crate) async fn held(
        &self,
        bot: &Running,
        room: RoomId,
        message: wit::Message,
        review: wit::Review,
        id: teahouse_protocol::MessageId,
        at: Timestamp,
    ) -> Result<(), Error> {
        let hops = message.hops;
        let event = wit::Event::Held(wit::Holding { message, review });
        let row = self.row(bot, ids::held(at, id), Some(room), EventKind::Held, &event, hops);
        self.queue(vec![row]).await.map(drop)
    }

    /// Somebody came into the lobby, of which its log says nothing. May be called again: `at` makes the event's id.
    pub(crate) async fn came(&self, room: RoomId, user: UserId, at: Timestamp) -> Result<(), Error> {
        let snapshot = self.registry.snapshot();
        let reading = Reading(&self.grounds);
        let Some(details) = reading.room(room).await? else { return Ok(()) };
        let cast = reading.cast(room, [user]).await?;
        if cast.is_bot(user) {
            return Ok(());
        }
        let membership = wit::Membership {
            room: convert::room(&details),
            user: cast.user(user),
            change: "joined".to_owned(),
            extra: vec![("role".to_owned(), "member".to_owned())],
        };
        let event = wit::Event::Member(membership);
        let rows =
            snapshot.bots.iter().filter(|bot| bot.rooms.contains(room) && bot.hears(EventKind::Member)).map(
                |bot| self.row(bot, ids::came(at, room, user), Some(room), EventKind::Member, &event, 0),
            );
        self.queue(rows.collect()).await.map(drop)
    }

    fn row(
        &self,
        bot: &Running,
        id: String,
        room: Option<RoomId>,
        kind: EventKind,
        event: &wit::Event,
        hops: u8,
    ) -> plugin_event::Model {
        plugin_event::Model {
            plugin_id: bot.id().to_string(),
            id,
            room_id: room.map(RoomId::uuid),
            kind: kind.as_str().to_owned(),
            event: serde_json::to_string(event).unwrap_or_default(),
            hops: hops.into(),
            created_at_ms: self.grounds.clock.now().millis(),
            attempts: 0,
            party: party::of_event(event).map(party::stored),
        }
    }

    /// Returns how many were refused, because a bot's queue is full.
    async fn queue(&self, events: Vec<plugin_event::Model>) -> Result<u64, Error> {
        let mut refused = 0;
        let mut of_plugins: HashMap<String, Vec<plugin_event::Model>> = HashMap::new();
        for event in events {
            of_plugins.entry(event.plugin_id.clone()).or_default().push(event);
        }
        for (plugin, events) in of_plugins {
            let queued = plugin_events::insert(self.grounds.db.writer(), events, MOST_WAITING).await?;
            let counts = self.registry.resident(&plugin);
            counts.queue.queued(queued.added);
            if queued.refused > 0 {
                tracing::warn!(plugin.id = plugin, events = queued.refused, "a bot's queue is full");
                counts.queue.dropped(queued.refused);
                refused += queued.refused;
            }
            self.wakes.wake(&plugin);
        }
        Ok(refused)
    }
}

/// The command that a happening is, and whose, where its actor may use it.
fn as_command(
    audience: &Audience<'_>,
    happening: &Happening,
    cast: &Cast,
) -> Option<(Arc<Running>, wit::Command)> {
    let (message, name, rest) = told::as_command(&happening.event)?;
    let (owner, command) = audience.snapshot.find_command(audience.room, &name)?;
    // Asked of what was typed, too; but a filter may have made a command of it since.
    if cast.role_of(happening.actor).is_none_or(|role| role < least(command.role)) {
        return None;
    }
    let locale = audience.batch.locale_of(audience.room, happening.seq).unwrap_or_default();
    Some((Arc::clone(owner), told::command(command, rest, message, locale)?))
}

fn seq_of(row: &LogRow) -> Seq {
    let seq = match row {
        LogRow::Message(row) => row.seq,
        LogRow::Event(row) => row.seq,
    };
    Seq::new(seq).unwrap_or_default()
}
