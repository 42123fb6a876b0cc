//! What REST, the panel and the metrics tell of plugins at work.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use teahouse_chat::Page;
use teahouse_plugin_host::{LogLevel, LogLine, QuarantineState, StatsSnapshot};
use teahouse_plugin_package::PluginId;
use teahouse_protocol::{MessageId, NodeId, RoomId, Timestamp, UserId};
use teahouse_store::entity::plugin_verdict;
use teahouse_store::plugin_verdicts::Filter;
use teahouse_store::{PageSize, plugin_events, plugin_kv, plugin_nodes, plugin_verdicts, plugins};
use uuid::Uuid;

use crate::registry::{LoadProblem, QueueStats, Resident, SILENT, read_state};
use crate::services::Refused;
use crate::{Error, Plugins};

/// What one plugin does on this node, since the node was started where nothing else is said.
#[derive(Clone, Debug)]
pub struct PluginStats {
    /// The plugin's id.
    pub plugin: Arc<str>,
    /// The version that runs here; `None`: none does.
    pub version: Option<Arc<str>>,
    /// Of its package.
    pub digest: Option<String>,
    /// The generation of its settings that runs here, to be compared with the database's.
    pub generation: Option<i64>,
    /// Why the version that is to run does not.
    pub problem: Option<LoadProblem>,
    /// Whether it is left alone, and until when.
    pub quarantine: QuarantineState,
    /// Calls, times, verdicts, failures, refused capabilities, memory.
    pub host: StatsSnapshot,
    /// Warm instances now: of filter and gate, and of bot.
    pub warm: (usize, usize),
    /// Requests to the house that were refused, by capability and reason.
    pub refused: Vec<Refused>,
    /// What became of its events.
    pub queue: QueueStats,
    /// Events that wait now, on all nodes together.
    pub waiting: u64,
    /// What it keeps, on all nodes together.
    pub kv: plugin_kv::Usage,
}

/// What all plugins' records lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordStats {
    /// Verdicts that were not written, because too many waited or the database failed.
    pub verdicts_dropped: u64,
}

/// Which verdicts.
#[derive(Clone, Debug, Default)]
pub struct VerdictFilter {
    /// Of this plugin.
    pub plugin: Option<String>,
    /// In this room.
    pub room: Option<RoomId>,
    /// On what this user did.
    pub user: Option<UserId>,
    /// Since then.
    pub since: Option<Timestamp>,
}

/// A verdict other than allow, as it was recorded: without what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictView {
    /// Its id, as old as the verdict.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// The plugin's id.
    pub plugin: String,
    /// The version that said it.
    pub version: String,
    /// In which hook.
    pub hook: String,
    /// What became of it.
    pub verdict: String,
    /// The plugin's word for why.
    pub code: String,
    /// SHA-256 of what was looked at, in hex.
    pub input_digest: String,
    /// How long the call took.
    pub took: Duration,
    /// Where.
    pub room: Option<RoomId>,
    /// Who did what was looked at.
    pub user: Option<UserId>,
    /// The message.
    pub message: Option<MessageId>,
    /// How many it stands for, of which it is the last.
    pub times: u64,
}

impl From<plugin_verdict::Model> for VerdictView {
    fn from(row: plugin_verdict::Model) -> Self {
        Self {
            id: row.id,
            at: Timestamp::from_millis(row.at_ms),
            plugin: row.plugin_id,
            version: row.version,
            hook: row.hook,
            verdict: row.verdict,
            code: row.code,
            input_digest: row.input_digest,
            took: Duration::from_micros(u64::try_from(row.took_us).unwrap_or_default()),
            room: row.room_id.map(RoomId::from_uuid),
            user: row.user_id.map(UserId::from_uuid),
            message: row.message_id.map(MessageId::from_uuid),
            times: u64::try_from(row.times).unwrap_or(1),
        }
    }
}

/// How a plugin is on this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginState {
    /// It runs.
    Running {
        /// The version.
        version: Arc<str>,
        /// The generation of its settings, to be compared with the database's: a node that lags has a lower one.
        generation: i64,
    },
    /// It runs, and is left alone for a while, or until somebody acts.
    Quarantined(QuarantineState),
    /// The version that is to run does not load.
    Broken(LoadProblem),
    /// It is disabled, not installed, or not looked at yet.
    Resting,
}

/// What of a plugin runs on a node, as that node says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginNode {
    /// Which node. A process that restarts is another.
    pub node: NodeId,
    /// Whether it is this one.
    pub is_this: bool,
    /// The version that runs there; `None`: none does.
    pub version: Option<String>,
    /// The generation that it has seen.
    pub generation: i64,
    /// Whether it has yet to see what was changed last.
    pub lags: bool,
    /// Whether it leaves the plugin alone, and until when.
    pub quarantine: QuarantineState,
    /// Why the version that is to run does not run there.
    pub problem: Option<String>,
    /// When it last said so.
    pub seen_at: Timestamp,
}

impl Plugins {
    /// What of a plugin runs on which node, in the order of their starts. A node that said nothing for half a minute is
    /// left out.
    ///
    /// # Errors
    /// [`Error::NotInstalled`], [`Error::Store`].
    pub async fn nodes(&self, plugin: &PluginId) -> Result<Vec<PluginNode>, Error> {
        let grounds = &self.0.grounds;
        let conn = grounds.db.conn();
        let installed = plugins::find(conn, plugin.as_str()).await?.ok_or(Error::NotInstalled)?;
        let since = grounds.clock.now() - SILENT;
        let rows = plugin_nodes::of_plugin(conn, plugin.as_str(), since).await?;
        let nodes = rows.into_iter().map(|row| PluginNode {
            node: NodeId::from_uuid(row.node_id),
            is_this: row.node_id == grounds.node.uuid(),
            version: row.version,
            generation: row.generation,
            lags: row.generation < installed.generation,
            quarantine: read_state(&row.state),
            problem: row.problem,
            seen_at: Timestamp::from_millis(row.seen_at_ms),
        });
        Ok(nodes.collect())
    }

    /// What every plugin that this node met does, by id.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn all_stats(&self) -> Result<Vec<PluginStats>, Error> {
        let conn = self.0.grounds.db.conn();
        let waiting: HashMap<String, i64> = plugin_events::counts(conn).await?.into_iter().collect();
        let usages: HashMap<String, plugin_kv::Usage> = plugin_kv::usages(conn).await?.into_iter().collect();
        let mut stats: Vec<PluginStats> = self
            .0
            .registry
            .residents()
            .into_iter()
            .map(|(id, resident)| {
                let waiting = waiting.get(&*id).and_then(|count| u64::try_from(*count).ok()).unwrap_or(0);
                let kv = usages.get(&*id).copied().unwrap_or_default();
                self.stats_of(id, &resident, waiting, kv)
            })
            .collect();
        stats.sort_by(|one, other| one.plugin.cmp(&other.plugin));
        Ok(stats)
    }

    /// What one plugin does; `None` when this node never met it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn stats(&self, plugin: &PluginId) -> Result<Option<PluginStats>, Error> {
        let conn = self.0.grounds.db.conn();
        let Some((id, resident)) = self.met(plugin) else { return Ok(None) };
        let waiting = plugin_events::count(conn, plugin.as_str()).await?;
        let kv = plugin_kv::usage(conn, plugin.as_str()).await?;
        Ok(Some(self.stats_of(id, &resident, waiting, kv)))
    }

    /// How a plugin is on this node.
    #[must_use]
    pub fn state(&self, plugin: &PluginId) -> PluginState {
        let Some((_, resident)) = self.met(plugin) else { return PluginState::Resting };
        if let Some(problem) = resident.problem() {
            return PluginState::Broken(problem);
        }
        let snapshot = self.0.registry.current();
        let running = snapshot.find(plugin.as_str()).filter(|running| !running.stands_in);
        let Some(running) = running else { return PluginState::Resting };
        match resident.health.state() {
            QuarantineState::Free => {
                PluginState::Running { version: Arc::clone(&running.version), generation: running.generation }
            }
            left_alone => PluginState::Quarantined(left_alone),
        }
    }

    fn stats_of(
        &self,
        plugin: Arc<str>,
        resident: &Resident,
        waiting: u64,
        kv: plugin_kv::Usage,
    ) -> PluginStats {
        let snapshot = self.0.registry.current();
        let running = snapshot.find(&plugin).filter(|running| !running.stands_in);
        PluginStats {
            version: running.map(|running| Arc::clone(&running.version)),
            digest: running.map(|running| running.digest.clone()),
            generation: running.map(|running| running.generation),
            problem: resident.problem(),
            quarantine: resident.health.state(),
            host: resident.telemetry.stats.snapshot(),
            warm: running.map(|running| running.loaded.warm()).unwrap_or_default(),
            refused: resident.house.refusals(),
            queue: resident.queue.read(),
            waiting,
            kv,
            plugin,
        }
    }

    /// What the records of all plugins lost.
    #[must_use]
    pub fn record_stats(&self) -> RecordStats {
        RecordStats { verdicts_dropped: self.0.verdicts.dropped() }
    }

    /// The lines of a plugin's log on this node after line `after` (`None`: the newest), of `least` and above, at most
    /// `size`; oldest first.
    #[must_use]
    pub fn logs(&self, plugin: &PluginId, after: Option<u64>, least: LogLevel, size: usize) -> Vec<LogLine> {
        let Some((_, resident)) = self.met(plugin) else { return Vec::new() };
        let log = &resident.telemetry.log;
        match after {
            Some(after) => log.after(after, least, size),
            None => log.newest(least, size),
        }
    }

    /// Recorded verdicts before `before` (`None`: the newest), newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn verdicts(
        &self,
        filter: VerdictFilter,
        before: Option<Uuid>,
        size: PageSize,
    ) -> Result<Vec<plugin_verdict::Model>, Error> {
        let VerdictFilter { plugin, room, user, since } = filter;
        let filter = Filter { plugin, room, user, since };
        Ok(plugin_verdicts::page_before(self.0.grounds.db.conn(), &filter, before, size).await?)
    }

    /// As [`Plugins::verdicts`], a page at a time; `next` goes into `before` for the page after it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn verdict_page(
        &self,
        filter: VerdictFilter,
        before: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<VerdictView>, Error> {
        let size = PageSize::capped(limit);
        let mut rows = self.verdicts(filter, before, size.and_one()).await?;
        let more = rows.len() > usize::from(size.get());
        rows.truncate(usize::from(size.get()));
        let next = rows.last().filter(|_| more).map(|row| row.id);
        Ok(Page { items: rows.into_iter().map(Into::into).collect(), next })
    }

    fn met(&self, plugin: &PluginId) -> Option<(Arc<str>, Arc<Resident>)> {
        self.0.registry.residents().into_iter().find(|(id, _)| **id == *plugin.as_str())
    }
}
