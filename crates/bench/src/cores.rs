//! Which processor core serves and which one loads, so that neither takes the other's time.

use std::process::{Child, Command};

use anyhow::{Context as _, ensure};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use serde::Serialize;

/// The two cores of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) client: usize,
}

impl Cores {
    /// The cores asked for; else the last two of those allowed, because the first ones take most interrupts.
    pub(crate) fn choose(server: Option<usize>, client: Option<usize>) -> anyhow::Result<Self> {
        let allowed = allowed_cores()?;
        let pick = |wanted: Option<usize>, other: Option<usize>| {
            wanted.or_else(|| allowed.iter().rev().copied().find(|core| Some(*core) != other))
        };
        let client = pick(client, server).context("no second core for the load: a benchmark needs two")?;
        let server =
            pick(server, Some(client)).context("no second core for the load: a benchmark needs two")?;
        ensure!(server != client, "the server and the load need a core each; both were given core {server}");
        ensure!(
            allowed.contains(&server) && allowed.contains(&client),
            "cores {server} and {client} are not both among those allowed: {allowed:?}"
        );
        Ok(Self { server, client })
    }

    /// Keeps the calling thread on the client's core.
    pub(crate) fn stay(self) -> anyhow::Result<()> {
        pin(self.client)
    }

    /// Starts `command` on the server's core. A child inherits its parent's core, which is therefore changed for
    /// the moment of the start; nothing has to run between fork and exec for that.
    pub(crate) fn spawn_server(self, command: &mut Command) -> anyhow::Result<Child> {
        pin(self.server)?;
        let child = command.spawn();
        pin(self.client)?;
        child.with_context(|| format!("starting {}", command.get_program().display()))
    }
}

fn allowed_cores() -> anyhow::Result<Vec<usize>> {
    let set = sched_getaffinity(Pid::from_raw(0)).context("sched_getaffinity")?;
    Ok((0..CpuSet::count()).filter(|core| set.is_set(*core).unwrap_or(false)).collect())
}

fn pin(core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core).with_context(|| format!("core {core} is beyond what a CPU set holds"))?;
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("staying on core {core}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_for_both_is_refused() {
        let error = Cores::choose(Some(0), Some(0)).expect_err("they would share");
        assert!(error.to_string().contains("a core each"), "{error}");
    }

    #[test]
    fn a_core_that_does_not_exist_is_refused() {
        assert!(Cores::choose(Some(1000), None).is_err());
    }
}
