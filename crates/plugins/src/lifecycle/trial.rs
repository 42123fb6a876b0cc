//! Trying a version out of the way of messages, before anything is written about it.

mod nowhere;
mod sandbox;

use async_trait::async_trait;
use serde_json::Value;
use teahouse_plugin_package::{Package, Problems};

pub use sandbox::HostTrials;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The package.
    pub package: &'a Package,
    /// The settings that its `init` gets.
    pub settings: &'a Value,
    /// Memory that it may take.
    pub memory_mib: u32,
}

/// What a trial showed.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// It can't be compiled, has other imports or exports than it should, or traps in `init`.
    #[error("{0}")]
    Component(String),
    /// Its `init` refuses the settings.
    #[error("{0}")]
    Settings(Problems),
    /// It could not be tried.
    #[error("{0}")]
    OurSide(String),
}

/// Where versions are tried.
#[async_trait]
pub trait Trials: Send + Sync + 'static {
    /// Compiles the component, looks that it exports the hooks of its manifest, and runs `init` on an instance that is
    /// thrown away. Nothing is granted to it.
    async fn run(&self, trial: Trial<'_>) -> Result<(), TrialError>;
}
