//! One guest against fifty people who talk: whatever the guest does, what the others say is heard by each of them in twice the
//! time that it takes in quiet, and none of it is lost. How that is measured stands in `tests/plugins/hostile.rs`.

use std::time::Duration;

use teahouse_tests::{Settings, TestServer};

use crate::plugins::crowd::{Crowd, p99};

/// How long an attack goes on at least.
const WINDOW: Duration = Duration::from_millis(500);
/// Windows that an attack is given to be clean in one.
const ATTEMPTS: usize = 8;
/// Up to here any 99th percentile is fine.
const FLOOR: Duration = Duration::from_millis(40);

/// The people, and what was measured of them.
pub(super) struct Scene {
    pub(super) crowd: Crowd,
    quiet: Vec<Duration>,
}

/// The limits that stand in the configuration unless written, but for how many frames there may be: those that come by
/// are to be borne by what they ask for. Nobody else is at work.
pub(super) fn with_the_usual_limits(settings: Settings) -> Settings {
    settings
        .set("limits.messages_per_second", 20)
        .set("limits.message_burst", 60)
        .set("limits.signals_per_second", 30)
        .set("limits.signal_burst", 300)
        .set("limits.connections_per_user", 32)
        .set("limits.session_openings_per_minute", 60)
        .alone()
}

impl Scene {
    /// The people come in, and have talked for a while.
    pub(super) async fn begin(server: &TestServer) -> Self {
        let mut crowd = Crowd::gather(server).await;
        // The first words pay for what is made once.
        crowd.alone(WINDOW * 2).await;
        let quiet = crowd.alone(WINDOW * 2).await;
        Self { crowd, quiet }
    }

    /// Makes an attack again and again; the people must have one window in which it does not disturb them.
    pub(super) async fn endure(&mut self, name: &str, mut attack: impl AsyncFnMut()) {
        let mut complaints = Vec::new();
        loop {
            let from = self.crowd.now();
            while self.crowd.now() - from < WINDOW {
                attack().await;
            }
            let latencies = self.crowd.latencies(from..self.crowd.now()).await;
            let quiet = self.crowd.alone(WINDOW).await;
            self.quiet.extend(quiet);
            let (attacked, quiet) = (p99(&latencies), p99(&self.quiet));
            if attacked <= FLOOR.max(2 * quiet) {
                println!("{name}: p99 {attacked:?}, in quiet {quiet:?}");
                return;
            }
            complaints.push(format!("p99 {attacked:?}, in quiet {quiet:?}"));
            assert!(complaints.len() < ATTEMPTS, "{name}:\n{}", complaints.join("\n"));
        }
    }

    /// They stop; nothing that they said was lost, doubled or overtaken.
    pub(super) async fn end(self) {
        self.crowd.part().await;
    }
}
