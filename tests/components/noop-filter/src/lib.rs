//! Lets everything through: the benchmarks measure with it what a call costs by itself.

use teahouse_plugin_sdk::{Filter, Message, NoConfig, Outcome, Problems, Setup, Verdict};

/// Has no settings and no opinion.
#[derive(Debug)]
pub struct Noop;

impl Setup for Noop {
    type Config = NoConfig;

    fn init(_: NoConfig) -> Result<Self, Problems> {
        Ok(Self)
    }
}

impl Filter for Noop {
    fn check(&mut self, _: &Message) -> Outcome<Verdict> {
        Ok(Verdict::Allow)
    }
}

teahouse_plugin_sdk::export!(Noop with filter);
