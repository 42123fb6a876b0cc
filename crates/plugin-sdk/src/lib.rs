#![doc = include_str!("../README.md")]

#[doc(hidden)]
pub mod bindings;
mod draft;
mod error;
mod event;
#[doc(hidden)]
pub mod export;
mod hooks;
mod host;
mod problem;
#[cfg(not(target_arch = "wasm32"))]
pub mod testkit;
mod verdict;

pub use bindings::host::types::{
    Admission, Button, Command, Draft, Edit, Event, Holding, Membership, Message, OtherEvent, Press,
    Reaction, Rejection, Replacement, Review, Room, Timer, User, Verdict,
};
/// For a plugin without settings: takes whatever comes.
pub use serde::de::IgnoredAny as NoConfig;

pub use crate::error::{Error, Failure, Outcome};
pub use crate::event::{extra, find_extra};
pub use crate::hooks::{Bot, Filter, Gate, NameCheck, Setup};
pub use crate::host::{directory, env, history, http, kv, log, messages, moderation, timers};
pub use crate::problem::{Problem, Problems};
