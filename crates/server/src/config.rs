//! The configuration: one root whose sections are the structs of the crates that use them, layered from
//! defaults, a file, the environment and flags.

mod environment;
mod file;
mod keys;
mod kind;
mod layer;
mod load;
mod print;
mod problem;
mod reference;
mod rules;
mod sections;

pub(crate) use load::{Loaded, Sources, load};
pub(crate) use print::print;
pub(crate) use problem::Problems;
pub(crate) use reference::document as reference;
pub(crate) use sections::{Config, DataDir, LogConfig, LogFormat, Mode, ServerConfig};
