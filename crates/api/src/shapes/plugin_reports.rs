//! What plugins did, and how they are.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use teahouse_plugin_host::{LogLevel, LogLine, QuarantineState};
use teahouse_plugins::{PluginState, PluginStats, VerdictView};
use teahouse_protocol::{MessageId, RoomId, Timestamp, UserId};
use uuid::Uuid;

use crate::page::{Cursor, Next};

/// How much a line matters.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum PluginLogLevel {
    /// For the author.
    #[default]
    Debug,
    /// The plugin's life.
    Info,
    /// It coped.
    Warn,
    /// Someone must act.
    Error,
}

/// A line of a plugin's log on this node.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginLogLine {
    /// Grows by one a line; a gap says that older lines made room.
    id: u64,
    at: Timestamp,
    level: PluginLogLevel,
    /// What wrote it.
    hook: String,
    text: String,
}

/// Some lines of a plugin's log, oldest first.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginLog {
    items: Vec<PluginLogLine>,
}

/// How a plugin is on this node.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum PluginCondition {
    /// It runs.
    Running,
    /// It failed too often, and is left alone for a while.
    Quarantined,
    /// It failed too often, and is left alone until somebody acts.
    Blocked,
    /// The version that is to run does not load.
    Broken,
    /// It is disabled.
    Resting,
}

/// Calls of one hook.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginCalls {
    hook: String,
    calls: u64,
    /// Half of the calls took no longer.
    p50_us: u64,
    /// 99 of 100 calls took no longer.
    p99_us: u64,
}

/// How often something happened.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginCount {
    what: String,
    count: u64,
}

/// How a plugin is, and what it did on this node since the node was started.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct PluginHealth {
    plugin: String,
    condition: PluginCondition,
    /// What is wrong, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// The version that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// The generation that runs here; lower than the plugin's: this node lags.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<i64>,
    hooks: Vec<PluginCalls>,
    /// By what the calls ended with.
    outcomes: Vec<PluginCount>,
    /// Calls that ended without an answer, by why.
    failures: Vec<PluginCount>,
    /// Refused host calls, by capability and why.
    refused: Vec<PluginCount>,
    host_calls: u64,
    /// The most memory that one instance had.
    memory_bytes: u64,
    /// Events of its bot: put into the queue, handled, tried again, dropped.
    events: Vec<PluginCount>,
    /// Events that wait now, on all nodes together.
    events_waiting: u64,
    /// What it keeps, on all nodes together.
    kv_bytes: u64,
    kv_keys: u64,
    /// Every node that runs plugins, in the order of their starts.
    nodes: Vec<PluginNode>,
}

/// What of a plugin runs on a node, as that node says.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct PluginNode {
    /// A server's process; one that restarts is another.
    node: Uuid,
    /// Whether it is the one that answers.
    is_this_node: bool,
    condition: PluginCondition,
    /// What is wrong, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// The version that runs there.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// The generation that it has seen.
    generation: i64,
    /// Whether it has yet to see what was changed last.
    lags: bool,
    seen_at: Timestamp,
}

/// A verdict other than allow. What was said is not kept, only its digest.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct PluginVerdict {
    id: Uuid,
    at: Timestamp,
    plugin: String,
    version: String,
    hook: String,
    /// `reject`, `replace`, `flag`, `hold`, `shadow`, `ask`; after a failure `failed_allow` and so on.
    verdict: String,
    /// The plugin's word for why.
    code: String,
    /// SHA-256 of what was looked at.
    input_digest: String,
    took_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<RoomId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageId>,
    /// How many it stands for, of which it is the last. More than one only for `failed_allow`: what a plugin in quarantine
    /// would have looked at is counted, and written once a minute.
    times: u64,
}

/// Verdicts, newest first.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginVerdictPage {
    items: Vec<PluginVerdict>,
    next: Next<Cursor>,
}

impl From<PluginLogLevel> for LogLevel {
    fn from(level: PluginLogLevel) -> Self {
        match level {
            PluginLogLevel::Debug => Self::Debug,
            PluginLogLevel::Info => Self::Info,
            PluginLogLevel::Warn => Self::Warn,
            PluginLogLevel::Error => Self::Error,
        }
    }
}

impl From<LogLevel> for PluginLogLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Warn => Self::Warn,
            LogLevel::Error => Self::Error,
        }
    }
}

impl From<LogLine> for PluginLogLine {
    fn from(line: LogLine) -> Self {
        Self {
            id: line.id,
            at: timestamp(line.at_ms),
            level: line.level.into(),
            hook: line.hook.name().to_owned(),
            text: line.text,
        }
    }
}

impl From<Vec<LogLine>> for PluginLog {
    fn from(lines: Vec<LogLine>) -> Self {
        Self { items: lines.into_iter().map(Into::into).collect() }
    }
}

fn timestamp(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn micros(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

impl PluginHealth {
    pub(crate) fn new(
        plugin: String,
        state: PluginState,
        stats: Option<PluginStats>,
        nodes: Vec<teahouse_plugins::PluginNode>,
    ) -> Self {
        let (condition, reason, until) = condition(state);
        let bare = Self {
            plugin,
            condition,
            reason,
            until,
            version: None,
            generation: None,
            hooks: Vec::new(),
            outcomes: Vec::new(),
            failures: Vec::new(),
            refused: Vec::new(),
            host_calls: 0,
            memory_bytes: 0,
            events: Vec::new(),
            events_waiting: 0,
            kv_bytes: 0,
            kv_keys: 0,
            nodes: nodes.into_iter().map(Into::into).collect(),
        };
        match stats {
            Some(stats) => bare.counted(stats),
            None => bare,
        }
    }

    fn counted(self, stats: PluginStats) -> Self {
        let count = |what: &str, count: u64| PluginCount { what: what.to_owned(), count };
        let hooks = stats.host.hooks.iter().map(|hook| PluginCalls {
            hook: hook.hook.name().to_owned(),
            calls: hook.calls,
            p50_us: micros(hook.p50),
            p99_us: micros(hook.p99),
        });
        let refused = stats
            .refused
            .iter()
            .map(|refused| count(&format!("{} {}", refused.capability.name(), refused.why), refused.count));
        Self {
            version: stats.version.map(|version| version.to_string()),
            generation: stats.generation,
            hooks: hooks.collect(),
            outcomes: stats.host.outcomes.iter().map(|(what, number)| count(what.name(), *number)).collect(),
            failures: stats.host.failures.iter().map(|(what, number)| count(what.name(), *number)).collect(),
            refused: refused.collect(),
            host_calls: stats.host.host_calls,
            memory_bytes: stats.host.memory_high_water_bytes as u64,
            events: vec![
                count("queued", stats.queue.queued),
                count("handled", stats.queue.handled),
                count("retried", stats.queue.retried),
                count("dropped", stats.queue.dropped),
            ],
            events_waiting: stats.waiting,
            kv_bytes: stats.kv.bytes,
            kv_keys: stats.kv.keys,
            ..self
        }
    }
}

fn condition(state: PluginState) -> (PluginCondition, Option<String>, Option<Timestamp>) {
    match state {
        PluginState::Running { .. } => (PluginCondition::Running, None, None),
        PluginState::Resting => (PluginCondition::Resting, None, None),
        PluginState::Broken(problem) => (PluginCondition::Broken, Some(problem.text), None),
        PluginState::Quarantined(state) => left_alone(state),
    }
}

fn left_alone(state: QuarantineState) -> (PluginCondition, Option<String>, Option<Timestamp>) {
    match state {
        QuarantineState::Free => (PluginCondition::Running, None, None),
        QuarantineState::Quarantined { until_ms, reason } => {
            (PluginCondition::Quarantined, Some(reason), Some(timestamp(until_ms)))
        }
        QuarantineState::Trial { reason, .. } => (PluginCondition::Quarantined, Some(reason), None),
        QuarantineState::Blocked { reason } => (PluginCondition::Blocked, Some(reason), None),
    }
}

impl From<teahouse_plugins::PluginNode> for PluginNode {
    fn from(node: teahouse_plugins::PluginNode) -> Self {
        let (condition, reason, until) = match (node.problem, &node.version) {
            (Some(problem), _) => (PluginCondition::Broken, Some(problem), None),
            (None, None) => (PluginCondition::Resting, None, None),
            (None, Some(_)) => left_alone(node.quarantine),
        };
        Self {
            node: node.node.uuid(),
            is_this_node: node.is_this,
            condition,
            reason,
            until,
            version: node.version,
            generation: node.generation,
            lags: node.lags,
            seen_at: node.seen_at,
        }
    }
}

impl From<VerdictView> for PluginVerdict {
    fn from(verdict: VerdictView) -> Self {
        Self {
            id: verdict.id,
            at: verdict.at,
            plugin: verdict.plugin,
            version: verdict.version,
            hook: verdict.hook,
            verdict: verdict.verdict,
            code: verdict.code,
            input_digest: verdict.input_digest,
            took_us: micros(verdict.took),
            room: verdict.room,
            user: verdict.user,
            message: verdict.message,
            times: verdict.times,
        }
    }
}

impl PluginVerdictPage {
    pub(crate) fn new(verdicts: Vec<VerdictView>, next: Option<Uuid>) -> Self {
        Self { items: verdicts.into_iter().map(Into::into).collect(), next: Next(next.map(Cursor)) }
    }
}
