#![doc = include_str!("../README.md")]

mod address;
mod allow;
mod origin;
mod resolve;

mod error;
mod request;
mod send;

pub use address::is_public;
pub use allow::{Allow, InvalidNetwork, Network};
pub use error::{Error, Refusal};
pub use origin::{InvalidOrigin, Origin};
pub use request::{Limits, Permit, Request, Response};
pub use resolve::{Resolve, Resolving, SystemNames};
pub use send::Outbound;
