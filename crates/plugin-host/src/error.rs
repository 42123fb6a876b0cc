//! What can go wrong, by who has to act on it: the operator ([`HostError`]), whoever brings a component
//! ([`CompileError`], [`LoadError`]), or the caller of one hook ([`CallFailure`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stats::Cost;
use crate::wit::Problem;

/// The sandbox can't be set up here.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// wasmtime refuses the machine or its address space.
    #[error("the sandbox can't start: {0}")]
    Engine(String),
    /// The cache's folder can't be made, or is open to others.
    #[error("the folder for compiled plugins is not usable: {0}")]
    Cache(#[source] std::io::Error),
    /// The thread that counts time can't be started.
    #[error("the clock of the sandbox can't start: {0}")]
    Ticker(#[source] std::io::Error),
}

/// A component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Too large to look at.
    #[error("the component has {size} bytes, {limit} are allowed")]
    TooLarge {
        /// Its bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Not a component, or not a valid one.
    #[error("this is not a valid component: {0}")]
    Invalid(String),
    /// It imports what no plugin is given.
    #[error("the component asks for what plugins are not given: {}", join(.0))]
    Imports(Vec<RefusedImport>),
    /// It took longer than allowed.
    #[error("compiling took longer than {seconds} s")]
    TooSlow {
        /// The limit.
        seconds: u64,
    },
    /// The compiler ended early: out of memory, or a fault of its own.
    #[error("the compiler gave up: {0}")]
    Compiler(String),
    /// Reading or writing failed on our side.
    #[error("compiling failed on our side")]
    Io(#[from] std::io::Error),
}

/// An import outside `teahouse:plugin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedImport {
    /// As the component writes it.
    pub name: String,
    /// What its author can do about it.
    pub hint: String,
}

impl fmt::Display for RefusedImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.hint)
    }
}

fn join(imports: &[RefusedImport]) -> String {
    imports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A compiled component doesn't become a plugin that can be called.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// An export is missing that was declared.
    #[error("the component doesn't export {0}")]
    MissingExport(&'static str),
    /// An import or an export has another signature than the interface.
    #[error("the component doesn't fit the interface: {0}")]
    Misfit(String),
    /// `init` refuses the settings.
    #[error("the plugin refuses its settings")]
    Problems(Vec<Problem>),
    /// `init` trapped, or took too much.
    #[error("the plugin can't be started: {0}")]
    Init(#[source] CallFailure),
    /// The host has no place for another instance.
    #[error("no place for another instance")]
    Full,
}

/// Why a call ended without a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// It ran into an instruction that ends it: a panic, a division by zero, a read out of bounds.
    Trap,
    /// It ran longer than its running time.
    RunningTime,
    /// It took longer than its wall time, and would have on a host that has nothing else to do.
    WallTime,
    /// Its call stack is exhausted.
    Stack,
    /// It handed over too much data.
    Data,
    /// It called the host too often.
    HostCalls,
    /// Its reply is too large, or not what the interface says.
    BadReply,
    /// A new instance refused its settings or failed to start.
    Init,
    /// No instance was free in time, or the host had no time for a call that it began. No fault of the plugin, and no answer
    /// of its either: who can try again later does so.
    Busy,
    /// The plugin has no such hook. No fault of the plugin.
    NoHook,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Trap,
        Self::RunningTime,
        Self::WallTime,
        Self::Stack,
        Self::Data,
        Self::HostCalls,
        Self::BadReply,
        Self::Init,
        Self::Busy,
        Self::NoHook,
    ];

    /// The name in metrics and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::RunningTime => "running_time",
            Self::WallTime => "wall_time",
            Self::Stack => "stack",
            Self::Data => "data",
            Self::HostCalls => "host_calls",
            Self::BadReply => "bad_reply",
            Self::Init => "init",
            Self::Busy => "busy",
            Self::NoHook => "no_hook",
        }
    }

    /// Whether it counts towards quarantine.
    #[must_use]
    pub const fn is_the_plugins_fault(self) -> bool {
        !matches!(self, Self::Busy | Self::NoHook)
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A call that ended without a reply. The instance is gone; the next call gets another.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct CallFailure {
    /// Why.
    pub kind: FailureKind,
    /// The same in words, for the panel and the author.
    pub message: String,
    /// Where in the guest, one frame a line, when it is known.
    pub backtrace: Option<String>,
    /// What it took until then. Boxed: a failure is seldom, and its size is every result's.
    pub cost: Box<Cost>,
}
