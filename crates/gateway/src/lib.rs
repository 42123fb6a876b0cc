#![doc = include_str!("../README.md")]

mod config;
mod metrics;
mod pace;

mod listener;
mod upgrade;

mod codec;
mod session;

mod dialect;
mod encode;
mod refusal;

pub use config::{GatewayConfig, NoNetwork, ProxyHeader, TrustedProxy};
pub use encode::Encoder;
pub use listener::serve;
pub use metrics::GatewayMetrics;
pub use upgrade::{Gateway, GatewayParts, Socket, TutorialDoor};

#[cfg(test)]
mod tests;
