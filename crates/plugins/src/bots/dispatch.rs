//! Hands bots their events: one task for each bot, on the node that has the bot's lease.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use teahouse_plugin_host::wit;
use teahouse_plugin_host::{CallFailure, CallTerms, Called, Hook};
use teahouse_protocol::{MessageId, NodeId, Timestamp};
use teahouse_store::entity::plugin_event;
use teahouse_store::{held, plugin_events, plugins};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::lanes::Lanes;
use super::{LONGEST_WAIT, MOST_WAITING, Wakes};
use crate::Error;
use crate::party;
use crate::registry::{Registry, Running};
use crate::services::Grounds;

/// How long a node has a bot to itself after it last said so.
const LEASE: Duration = Duration::from_secs(15);
/// How often it says so.
const RENEW: Duration = Duration::from_secs(5);
/// How often the queue is looked at unasked.
const LOOK: Duration = Duration::from_secs(1);
/// The waits after the first failures of an event. After the last, it is dropped.
const WAITS: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(30)];
/// How long an event rests whose bot was told to wait: as long as it was told, within these.
const SHORTEST_REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(60);
/// What a filter held is written right after the filter said so: an event that comes first waits for it.
const HELD_WITHIN: Duration = Duration::from_secs(5);
const HELD_LOOK: Duration = Duration::from_millis(20);

/// What every dispatcher needs.
#[derive(Clone)]
pub(crate) struct Dispatch {
    pub(crate) grounds: Arc<Grounds>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) wakes: Wakes,
    /// This process among those that share the database.
    pub(crate) node: NodeId,
    pub(crate) stop: CancellationToken,
}

/// Starts a dispatcher for each bot that runs here.
pub(crate) struct Dispatcher {
    dispatch: Dispatch,
    workers: HashMap<Arc<str>, JoinHandle<()>>,
}

/// One bot's dispatcher.
struct Worker {
    dispatch: Dispatch,
    plugin: Arc<str>,
    lanes: Lanes,
    under_way: JoinSet<(plugin_event::Model, Ended)>,
    leased_at: Option<Timestamp>,
    woken: Arc<Notify>,
}

/// How an attempt ended.
#[derive(Clone, Copy)]
enum Ended {
    Handled,
    /// To be tried again.
    Failed,
    /// To be tried again, and this was no attempt: the bot was not called.
    NotNow(Duration),
    /// As that: whoever it is for used up their share of what the bot may do.
    HeldUp(Duration),
    /// Not to be tried again.
    Pointless(&'static str),
}

impl Dispatcher {
    pub(crate) fn new(dispatch: Dispatch) -> Self {
        Self { dispatch, workers: HashMap::new() }
    }

    /// Follows what runs until the stop, then waits for events under way.
    pub(crate) async fn run(mut self, swapped: Arc<Notify>) {
        loop {
            self.start_missing();
            tokio::select! {
                biased;
                () = self.dispatch.stop.cancelled() => break,
                () = swapped.notified() => {}
            }
        }
        for (_, worker) in self.workers {
            if let Err(error) = worker.await {
                tracing::error!(%error, "a bot's dispatcher ended badly");
            }
        }
        let (db, node) = (self.dispatch.grounds.db.writer(), self.dispatch.node);
        if let Err(error) = plugins::release_dispatch(db, None, node).await {
            tracing::warn!(%error, "bots' leases were not given back: they end by themselves");
        }
    }

    fn start_missing(&mut self) {
        self.workers.retain(|_, worker| !worker.is_finished());
        for bot in &self.dispatch.registry.snapshot().bots {
            let start = || {
                let worker = Worker {
                    dispatch: self.dispatch.clone(),
                    plugin: Arc::clone(bot.id()),
                    lanes: Lanes::default(),
                    under_way: JoinSet::new(),
                    leased_at: None,
                    woken: self.dispatch.wakes.of(bot.id()),
                };
                tokio::spawn(worker.run())
            };
            self.workers.entry(Arc::clone(bot.id())).or_insert_with(start);
        }
    }
}

impl Worker {
    async fn run(mut self) {
        while !self.dispatch.stop.is_cancelled() {
            let turned = self.turn().await;
            if let Err(error) = turned {
                tracing::warn!(plugin.id = %self.plugin, %error, "a bot's events wait for the database");
            }
            let pause = self.pause();
            tokio::select! {
                biased;
                () = self.dispatch.stop.cancelled() => break,
                Some(ended) = self.under_way.join_next() => self.settle(ended.ok()).await,
                () = self.woken.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        while let Some(ended) = self.under_way.join_next().await {
            self.settle(ended.ok()).await;
        }
    }

    /// Looks at the queue, and begins what can begin.
    async fn turn(&mut self) -> Result<(), Error> {
        let Some(running) = self.dispatch.registry.current().find(&self.plugin).cloned() else {
            // Disabled or gone: its events wait, and grow old.
            self.lanes.refresh(Vec::new());
            return Ok(());
        };
        if !running.resident.health.would_admit() {
            return self.stand_back().await;
        }
        if running.bot.is_none() || !self.lease().await? {
            self.lanes.refresh(Vec::new());
            return Ok(());
        }
        let db = &self.dispatch.grounds.db;
        let rows = plugin_events::oldest(db.conn(), &self.plugin, None, MOST_WAITING.all).await?;
        self.lanes.refresh(rows);
        self.begin(&running).await
    }

    /// Nothing may be begun here for a while: where this node alone has left the plugin alone, another may go on.
    async fn stand_back(&mut self) -> Result<(), Error> {
        if self.under_way.is_empty() && self.leased_at.take().is_some() {
            let (db, node) = (self.dispatch.grounds.db.writer(), self.dispatch.node);
            plugins::release_dispatch(db, Some(&self.plugin), node).await?;
        }
        Ok(())
    }

    /// Whether this node has the bot to itself.
    async fn lease(&mut self) -> Result<bool, Error> {
        let now = self.dispatch.grounds.clock.now();
        if self.leased_at.is_some_and(|at| now.since(at) < RENEW) {
            return Ok(true);
        }
        let (db, node) = (self.dispatch.grounds.db.writer(), self.dispatch.node);
        let leased = plugins::lease_dispatch(db, &self.plugin, node, now, now + LEASE).await?;
        self.leased_at = leased.then_some(now);
        Ok(leased)
    }

    async fn begin(&mut self, running: &Arc<Running>) -> Result<(), Error> {
        let concurrency = running.bot_hook().map_or(1, |hook| usize::from(hook.concurrency.max(1)));
        let now = self.dispatch.grounds.clock.now();
        let mut begun = Vec::new();
        while self.lanes.under_way() < concurrency && running.resident.health.would_admit() {
            let Some(row) = self.lanes.begin_next(now) else { break };
            if !running.resident.health.admits() {
                self.lanes.retry(row, now);
                break;
            }
            begun.push(row);
        }
        if begun.is_empty() {
            return Ok(());
        }
        // Counted before: an event that kills its node each time must not do so for ever.
        let ids: Vec<String> = begun.iter().map(|row| row.id.clone()).collect();
        let db = &self.dispatch.grounds.db;
        let counted = plugin_events::count_attempt(db.writer(), &self.plugin, self.dispatch.node, &ids).await;
        if !matches!(counted, Ok(count) if count == ids.len() as u64) {
            running.resident.health.abandon();
            begun.into_iter().for_each(|row| self.lanes.retry(row, now));
            // Rows are gone, or another node has the bot by now: the next turn looks.
            self.leased_at = None;
            return counted.map(drop).map_err(Error::from);
        }
        for mut row in begun {
            row.attempts += 1;
            let (grounds, running) = (Arc::clone(&self.dispatch.grounds), Arc::clone(running));
            self.under_way.spawn(async move {
                let ended = attempt(&grounds, &running, &row).await;
                (row, ended)
            });
        }
        Ok(())
    }

    /// Takes up attempts that ended: all that did, so that many rows go in one statement.
    async fn settle(&mut self, first: Option<(plugin_event::Model, Ended)>) {
        let mut ended: Vec<(plugin_event::Model, Ended)> = first.into_iter().collect();
        while let Some(next) = self.under_way.try_join_next() {
            ended.extend(next.ok());
        }
        let mut over = Vec::new();
        for (row, ended) in ended {
            over.extend(self.take_up(row, ended));
        }
        let deleted = plugin_events::delete(self.dispatch.grounds.db.writer(), &self.plugin, &over).await;
        // Not deleted, it is handled once more: by its id, the bot can tell.
        over.iter().for_each(|id| self.lanes.end(id));
        if let Err(error) = deleted {
            tracing::warn!(plugin.id = %self.plugin, %error, "handled events stay in the queue");
        }
    }

    /// Counts how an attempt ended. The event's id when it is over; else it comes again.
    fn take_up(&mut self, row: plugin_event::Model, ended: Ended) -> Option<String> {
        let resident = self.dispatch.registry.resident(&self.plugin);
        let counts = &resident.queue;
        let now = self.dispatch.grounds.clock.now();
        match ended {
            Ended::Handled => counts.handled(),
            Ended::Pointless(why) => {
                tracing::info!(plugin.id = %self.plugin, event.id = row.id, why, "an event was dropped");
                counts.dropped(1);
            }
            Ended::NotNow(wait) => {
                self.lanes.retry(row, now + wait);
                return None;
            }
            Ended::HeldUp(wait) => {
                self.lanes.hold_up(row, now + wait);
                return None;
            }
            Ended::Failed => {
                if let Some(wait) = wait_after(row.attempts) {
                    counts.retried();
                    self.lanes.retry(row, now + wait);
                    return None;
                }
                // Not with what the bot said: it may quote people. That stands in the plugin's own log.
                tracing::warn!(plugin.id = %self.plugin, event.id = row.id, "an event failed too often, and was dropped");
                counts.dropped(1);
            }
        }
        Some(row.id)
    }

    fn pause(&self) -> Duration {
        let now = self.dispatch.grounds.clock.now();
        let rest = self.lanes.rested_at().map_or(LOOK, |at| at.since(now));
        rest.clamp(Duration::from_millis(20), LOOK)
    }
}

/// One attempt at an event.
async fn attempt(grounds: &Grounds, running: &Running, row: &plugin_event::Model) -> Ended {
    let health = &running.resident.health;
    let now = grounds.clock.now();
    let age = now.since(Timestamp::from_millis(row.created_at_ms));
    let event: wit::Event = match serde_json::from_str(&row.event) {
        Ok(event) => event,
        Err(_) => {
            health.abandon();
            return Ended::Pointless("a newer version wrote it, and this one can't read it");
        }
    };
    if age > LONGEST_WAIT {
        health.abandon();
        return Ended::Pointless("it is too old");
    }
    if let wit::Event::Held(holding) = &event {
        match waits_until_kept(grounds, &holding.message).await {
            Ok(true) => {}
            Ok(false) => {
                health.abandon();
                return Ended::Pointless("what was held is not held any more");
            }
            Err(error) => {
                tracing::warn!(plugin.id = %running.id(), %error, "what a bot's event is about can't be read");
                health.abandon();
                return Ended::Failed;
            }
        }
    }
    let id: Arc<str> = row.id.as_str().into();
    let hops = u8::try_from(row.hops).unwrap_or(u8::MAX);
    let party = row.party.map(party::from_stored);
    let terms = CallTerms { party, ..CallTerms::default() };
    let called = running.loaded.handle(&id, &event, hops, &terms).await;
    health.ended(&called, party::blame_of_event(&event, party));
    ended(running, called)
}

fn ended(running: &Running, called: Result<Called<()>, CallFailure>) -> Ended {
    match called {
        Ok(Called { reply: Ok(()), .. }) => Ended::Handled,
        // It did something too often, and was told when it may again: an answer, and no failure.
        Ok(Called { reply: Err(_), cost }) if !cost.held_up.is_zero() => {
            Ended::HeldUp(cost.held_up.clamp(SHORTEST_REST, LONGEST_REST))
        }
        Ok(Called { reply: Err(text), .. }) => {
            running.note_error(Hook::Handle, &text);
            Ended::Failed
        }
        Err(failure) if failure.kind.is_the_plugins_fault() => {
            running.note_failure(Hook::Handle, &failure);
            Ended::Failed
        }
        Err(_) => Ended::NotNow(Duration::from_secs(1)),
    }
}

/// Waits for the row of what a filter held; false when none comes: it was decided meanwhile, or is a repeat of another.
async fn waits_until_kept(grounds: &Grounds, message: &wit::Message) -> Result<bool, teahouse_store::Error> {
    let until = Instant::now() + HELD_WITHIN;
    while !is_kept(grounds, message).await? {
        if Instant::now() > until {
            return Ok(false);
        }
        tokio::time::sleep(HELD_LOOK).await;
    }
    Ok(true)
}

/// Whether a message, or an edit of it, is kept from its room.
async fn is_kept(grounds: &Grounds, message: &wit::Message) -> Result<bool, teahouse_store::Error> {
    let (Ok(id), Ok(room)) = (message.id.parse::<MessageId>(), message.room.parse()) else {
        return Ok(false);
    };
    let conn = grounds.db.conn();
    if let Some(row) = held::find(conn, id).await? {
        return Ok(held::HeldState::WAITING.contains(&held::HeldState::of(&row)));
    }
    Ok(!held::waiting_edits(conn, room, id).await?.is_empty())
}

/// How long to wait after failed attempt number `attempts`, from 1; `None`: it is given up.
fn wait_after(attempts: i16) -> Option<Duration> {
    let nth = usize::try_from(attempts).unwrap_or(usize::MAX);
    WAITS.get(nth.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_tried_five_times() {
        assert_eq!(wait_after(1), Some(Duration::from_secs(1)));
        assert_eq!(wait_after(4), Some(Duration::from_secs(30)));
        assert_eq!(wait_after(5), None);
    }
}
