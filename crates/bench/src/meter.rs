//! Two looks at the clocks, and what passed between them on either side.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::{cores::Cores, usage};

/// Watches a server's process, this one, and the cores of both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    pub(crate) cores: Cores,
    /// The server's process id.
    pub(crate) server: u32,
}

/// The clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) at: Instant,
    server_cpu: Duration,
    client_cpu: Duration,
    server_core_idle: Duration,
    client_core_idle: Duration,
}

/// What passed between two looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) elapsed: Duration,
    pub(crate) server_cpu: Duration,
    pub(crate) server: Load,
    pub(crate) client: Load,
}

/// How busy a side was: its process, and its core by whomever.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Load {
    /// Processor time of the process, as a share of the time that passed.
    pub(crate) process: f64,
    /// Time that the core was not idle, likewise. Well above `process`: something else ran there.
    pub(crate) core: f64,
}

/// Something else took so much of a core that rates and latencies (not ratios per CPU-second) are too bad.
const DISTURBED: f64 = 0.10;
/// A side that has so little left is the limit.
const FULL: f64 = 0.93;

impl Load {
    /// Whether this side was the limit: its process, or its process and the kernel's work for it beside it. Where
    /// others used the core, its having no idle time says nothing about this side.
    pub(crate) fn is_full(self) -> bool {
        self.process >= FULL || (self.core >= FULL && self.disturbance().is_none())
    }

    /// The share of the core that others took, where it is too large to be overlooked.
    pub(crate) fn disturbance(self) -> Option<f64> {
        Some(self.core - self.process).filter(|others| *others > DISTURBED)
    }
}

impl Meter {
    /// Looks at the clocks.
    pub(crate) fn read(self) -> anyhow::Result<Usage> {
        Ok(Usage {
            server_cpu: usage::cpu_time(self.server)?,
            client_cpu: usage::own_cpu_time()?,
            server_core_idle: usage::core_idle(self.cores.server)?,
            client_core_idle: usage::core_idle(self.cores.client)?,
            at: Instant::now(),
        })
    }
}

impl Usage {
    /// What passed since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Spent {
        let elapsed = self.at - earlier.at;
        let share = |span: Duration| span.as_secs_f64() / elapsed.as_secs_f64();
        let load = |cpu: Duration, idle: Duration| Load {
            process: share(cpu),
            // Ticks are coarse: a core is not less than idle.
            core: (1.0 - share(idle)).clamp(0.0, 1.0),
        };
        let server_cpu = self.server_cpu.saturating_sub(earlier.server_cpu);
        let client_cpu = self.client_cpu.saturating_sub(earlier.client_cpu);
        let server_idle = self.server_core_idle.saturating_sub(earlier.server_core_idle);
        let client_idle = self.client_core_idle.saturating_sub(earlier.client_core_idle);
        Spent {
            elapsed,
            server_cpu,
            server: load(server_cpu, server_idle),
            client: load(client_cpu, client_idle),
        }
    }
}
