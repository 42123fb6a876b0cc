#![doc = include_str!("../README.md")]

mod call;
mod compile;
mod engine;
mod error;
mod failure;
mod grants;
mod host;
mod imports;
mod inspect;
mod instance;
mod limits;
mod loaded;
mod log;
mod party;
mod pool;
mod quarantine;
mod services;
mod state;
mod stats;
mod ticker;
mod turns;
pub mod wit;

pub use compile::{COMPILE_MEMORY_BYTES, COMPILE_TIME, Compile, Compiled, compile_child};
pub use engine::Metering;
pub use error::{CallFailure, CompileError, FailureKind, HostError, LoadError, RefusedImport};
pub use grants::{Capability, Grants};
pub use host::{Host, HostConfig};
pub use inspect::{Inspection, inspect};
pub use limits::{
    COMPONENT_BYTES, COMPONENT_BYTES_CAP, HookLimits, INIT_TIME, Isolation, Limits, MEMORY_BYTES_CAP,
    Retirement,
};
pub use loaded::{Called, ERROR_TEXT_BYTES, Exports, Loaded, PluginSpec, Telemetry};
pub use log::{LINE_BYTES, LINES_PER_MINUTE, LogLevel, LogLine, LogRing, RING_LINES};
pub use party::{CallTerms, Party};
pub use quarantine::{Blow, Permission, Quarantine, QuarantineChange, QuarantineState};
pub use services::{CallContext, Hook, Services};
pub use stats::{Cost, HookStats, Outcome, Stats, StatsSnapshot};
