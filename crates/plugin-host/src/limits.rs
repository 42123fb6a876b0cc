//! How much a call may take. The figures are the design's defaults; an admin may change them up to the caps.

use std::num::NonZeroUsize;
use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The most that a component may be, whatever the settings say.
pub const COMPONENT_BYTES_CAP: usize = 64 * MIB;
/// A component's largest size by default, looked at before anything is parsed.
pub const COMPONENT_BYTES: usize = 32 * MIB;
/// The most memory that any instance may have: the pool's slots are made for it.
pub const MEMORY_BYTES_CAP: usize = 64 * MIB;
/// Elements of one table.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;
/// Core instances of one component: a plugin in Python is 111.
pub(crate) const CORE_INSTANCES: usize = 200;
/// Tables of one component.
pub(crate) const TABLES: usize = 20;
/// Memories of one component. Its guest has one; tools add small ones of their own. They share one cap of bytes.
pub(crate) const MEMORIES: usize = 10;
/// `env.random` gives no more at once.
pub(crate) const RANDOM_BYTES: u32 = 4096;
/// `setup.init`: both its running and its wall time.
pub const INIT_TIME: Duration = Duration::from_secs(1);

/// A filter's reply: the largest message that there can be, its object as JSON that escapes what it can.
const REPLY_BYTES: usize = 640 * KIB;

/// Whether an instance serves many calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Instances are kept warm between calls.
    #[default]
    Warm,
    /// A fresh instance for each call.
    Call,
}

/// What one call of a hook may take.
#[derive(Debug, Clone, PartialEq)]
pub struct HookLimits {
    /// Time in which the guest really runs, in whole milliseconds. More is a trap.
    pub running: Duration,
    /// Time from start to end, waits in host calls included. More drops the instance.
    pub wall: Duration,
    /// Memory of one instance, over all its memories. Growth past it is refused.
    pub memory_bytes: usize,
    /// Data that the guest hands over in one call: arguments of host calls, and its reply. More is a trap.
    pub data_bytes: usize,
    /// Host calls in one call. More is a trap.
    pub host_calls: u32,
    /// Calls of `kv` in one call. More answers `rate-limited`.
    pub kv_operations: u32,
    /// All text of a reply: a larger one is a failure. It must hold whatever may stand in the place of the largest message.
    pub reply_bytes: usize,
    /// Lines of log in one call. More are dropped and counted.
    pub log_lines: u32,
    /// Instances, and thereby calls at once.
    pub instances: NonZeroUsize,
    /// Calls of one party that may wait for an instance. One more is not made: the host is busy.
    pub waiting_of_one: usize,
}

impl HookLimits {
    /// For filters and gates: 10 ms running, 50 ms in all, 16 MiB, one instance a core up to four.
    #[must_use]
    pub fn filter() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            running: Duration::from_millis(10),
            wall: Duration::from_millis(50),
            memory_bytes: 16 * MIB,
            data_bytes: MIB,
            host_calls: 200,
            kv_operations: 20,
            reply_bytes: REPLY_BYTES,
            log_lines: 20,
            instances: NonZeroUsize::new(cores.min(4)).unwrap_or(NonZeroUsize::MIN),
            waiting_of_one: 16,
        }
    }

    /// For bots: 200 ms running, 10 s in all, 32 MiB, `concurrency` instances.
    #[must_use]
    pub fn bot(concurrency: NonZeroUsize) -> Self {
        Self {
            running: Duration::from_millis(200),
            wall: Duration::from_secs(10),
            memory_bytes: 32 * MIB,
            data_bytes: 4 * MIB,
            host_calls: 2_000,
            // Bots are held by the rate a minute, which is not the host's to count.
            kv_operations: 2_000,
            reply_bytes: 16 * KIB,
            log_lines: 20,
            instances: concurrency,
            waiting_of_one: 16,
        }
    }
}

/// When a warm instance makes room for a fresh one, beside any trap and any timeout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retirement {
    /// After so many calls.
    pub calls: u32,
    /// After so long.
    pub age: Duration,
    /// With more than this part of its memory in use, in percent.
    pub memory_percent: u8,
}

impl Default for Retirement {
    fn default() -> Self {
        Self { calls: 10_000, age: Duration::from_secs(600), memory_percent: 75 }
    }
}

/// The limits of one plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Of `filter` and `gate`.
    pub filter: HookLimits,
    /// Of `bot`.
    pub bot: HookLimits,
    /// Whether instances are kept.
    pub isolation: Isolation,
    /// When they are replaced.
    pub retirement: Retirement,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            filter: HookLimits::filter(),
            bot: HookLimits::bot(NonZeroUsize::new(4).unwrap_or(NonZeroUsize::MIN)),
            isolation: Isolation::default(),
            retirement: Retirement::default(),
        }
    }
}
