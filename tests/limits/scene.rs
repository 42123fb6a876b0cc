//! One guest against fifty people who talk: whatever the guest does, what the others say is heard by each of them hardly
//! later than in quiet, and none of it is lost. How that is measured stands in `tests/plugins/hostile.rs`.

use std::time::Duration;

use teahouse_tests::{Settings, TestServer};

use crate::plugins::crowd::{Crowd, bearable, p99};

/// How long an attack goes on at least.
const WINDOW: Duration = Duration::from_millis(500);
/// Windows that an attack is given to be clean in one.
const ATTEMPTS: usize = 8;

/// The people, and what was measured of them.
pub(super) struct Scene {
    pub(super) crowd: Crowd,
    quiet: Vec<Duration>,
}

/// As somebody who attacks a server meets it. Nobody else is at work.
pub(super) fn with_the_usual_limits(settings: Settings) -> Settings {
    settings.limited_as_by_default().alone()
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
            if attacked <= bearable(&self.quiet) {
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
