//! What the other crates count, copied into Prometheus' form when it is asked for.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use teahouse_chat::Chat;
use teahouse_gateway::GatewayMetrics;
use teahouse_plugins::{PluginStats, Plugins};
use teahouse_store::Db;

use super::plugins;

/// A scrape must not hang while the database is away.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whom to ask.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) db: Db,
    pub(crate) chat: Chat,
    pub(crate) gateway: Arc<GatewayMetrics>,
    pub(crate) plugins: Plugins,
}

/// The copies.
pub(super) struct House {
    sources: Sources,
    /// Two scrapes at once must not both add what is new.
    copies: Mutex<Copies>,
    jobs: IntGaugeVec,
    plugins: Mutex<Vec<PluginStats>>,
}

struct Copies {
    connections: IntGauge,
    opened: IntCounter,
    frames: IntCounterVec,
    bytes: IntCounterVec,
    closes: IntCounterVec,
    deliveries: IntCounter,
    batches: IntCounter,
    entries: IntCounter,
    queued: IntGauge,
    database: IntGaugeVec,
}

impl House {
    pub(super) fn new(registry: &Registry, sources: Sources) -> prometheus::Result<Self> {
        let jobs =
            gauges(registry, "teahouse_jobs", "Durable jobs that wait, and that were given up.", "state")?;
        Ok(Self { sources, copies: Mutex::new(Copies::new(registry)?), jobs, plugins: Mutex::default() })
    }

    /// Brings the copies up to date. Where the database does not answer, jobs and plugins stay as they were.
    pub(super) async fn refresh(&self) {
        let jobs = tokio::time::timeout(PATIENCE, teahouse_jobs::counts(&self.sources.db));
        let plugins = tokio::time::timeout(PATIENCE, self.sources.plugins.all_stats());
        let (counted, plugins) = tokio::join!(jobs, plugins);
        if let Ok(Ok(stats)) = plugins {
            *self.plugins.lock() = stats;
        }
        if let Ok(Ok(counts)) = counted {
            self.jobs.with_label_values(&["waiting"]).set(counts.waiting.cast_signed());
            self.jobs.with_label_values(&["dead"]).set(counts.dead.cast_signed());
        }
        self.copies.lock().copy(&self.sources);
    }

    /// What plugins did, as the last refresh found it.
    pub(super) fn plugins(&self) -> Vec<MetricFamily> {
        plugins::families(&self.plugins.lock(), self.sources.plugins.record_stats())
    }
}

impl Copies {
    fn new(registry: &Registry) -> prometheus::Result<Self> {
        let direction = "direction";
        Ok(Self {
            connections: gauge(registry, "teahouse_connections", "Sockets open now.")?,
            opened: counter(registry, "teahouse_connections_total", "Sockets opened.")?,
            frames: counters(registry, "teahouse_frames_total", "WebSocket frames.", direction)?,
            bytes: counters(registry, "teahouse_socket_bytes_total", "Bytes over sockets.", direction)?,
            closes: counters(registry, "teahouse_closes_total", "How sockets ended.", "code")?,
            deliveries: counter(registry, "teahouse_deliveries_total", "Events put before a connection.")?,
            batches: counter(registry, "teahouse_batches_total", "Transactions of the batch writer.")?,
            entries: counter(
                registry,
                "teahouse_committed_total",
                "Messages and changes committed in batches.",
            )?,
            queued: gauge(
                registry,
                "teahouse_writer_queue",
                "Messages and changes that wait for the writer.",
            )?,
            database: gauges(
                registry,
                "teahouse_database_connections",
                "Connections of the reading pool.",
                "state",
            )?,
        })
    }

    fn copy(&self, Sources { db, chat, gateway, .. }: &Sources) {
        self.connections.set(gateway.open().cast_signed());
        catch_up(&self.opened, gateway.opened());
        catch_up(&self.frames.with_label_values(&["in"]), gateway.frames_in());
        catch_up(&self.frames.with_label_values(&["out"]), gateway.frames_out());
        catch_up(&self.bytes.with_label_values(&["in"]), gateway.bytes_in());
        catch_up(&self.bytes.with_label_values(&["out"]), gateway.bytes_out());
        for (code, count) in gateway.closes() {
            catch_up(&self.closes.with_label_values(&[&code]), count);
        }
        catch_up(&self.deliveries, chat.deliveries());
        catch_up(&self.batches, chat.metrics().batches());
        catch_up(&self.entries, chat.metrics().entries());
        self.queued.set(i64::try_from(chat.queued()).unwrap_or(i64::MAX));
        let (open, idle) = pool(db);
        self.database.with_label_values(&["open"]).set(open);
        self.database.with_label_values(&["idle"]).set(idle);
    }
}

/// A counter that stands where its source stands.
fn catch_up(counter: &IntCounter, count: u64) {
    counter.inc_by(count.saturating_sub(counter.get()));
}

/// How many connections the reading pool holds, and how many of them are idle.
fn pool(db: &Db) -> (i64, i64) {
    let (open, idle) = if db.is_sqlite() {
        let pool = db.conn().get_sqlite_connection_pool();
        (pool.size(), pool.num_idle())
    } else {
        let pool = db.conn().get_postgres_connection_pool();
        (pool.size(), pool.num_idle())
    };
    (open.into(), i64::try_from(idle).unwrap_or(i64::MAX))
}

fn counter(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntCounter> {
    let counter = IntCounter::new(name, help)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn counters(registry: &Registry, name: &str, help: &str, label: &str) -> prometheus::Result<IntCounterVec> {
    let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(counters.clone()))?;
    Ok(counters)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntGauge> {
    let gauge = IntGauge::new(name, help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

fn gauges(registry: &Registry, name: &str, help: &str, label: &str) -> prometheus::Result<IntGaugeVec> {
    let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(gauges.clone()))?;
    Ok(gauges)
}
