//! What the host answers by itself: `log` and `env`, which every plugin has.

use std::time::Instant;

use crate::limits::RANDOM_BYTES;
use crate::log::{LINE_BYTES, LogLevel, write_line};
use crate::state::{State, millis};
use crate::wit::imports::{env, log, types};
use crate::wit::{Level, Pair};

use super::weight;

impl types::Host for State {}

impl log::Host for State {
    fn write(&mut self, level: Level, line: String, fields: Vec<Pair>) -> wasmtime::Result<()> {
        self.count(line.len() + weight::pairs(&fields))?;
        let Some(left) = self.left.log_lines.checked_sub(1) else {
            self.left.log_dropped += 1;
            return Ok(());
        };
        self.left.log_lines = left;
        let text = write_line(&line, &fields, LINE_BYTES);
        let at_ms = self.shared.services.now_ms();
        self.shared.telemetry.log.write(at_ms, LogLevel::from(level), self.context.hook, text);
        Ok(())
    }
}

impl env::Host for State {
    fn now(&mut self) -> wasmtime::Result<f64> {
        self.count(0)?;
        Ok(self.shared.services.now_ms() as f64)
    }

    fn random(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        self.count(0)?;
        // More than it may have is cut, not refused: the function has no error to give.
        let mut bytes = vec![0; len.min(RANDOM_BYTES) as usize];
        getrandom::fill(&mut bytes).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
        Ok(bytes)
    }

    fn remaining(&mut self) -> wasmtime::Result<u32> {
        self.count(0)?;
        let wall = self.left.deadline.saturating_duration_since(Instant::now());
        let running = self.running.saturating_sub(self.meter.spent());
        // A bot that waits has its wall time; one that computes is cut by its running time first.
        Ok(millis(wall.min(running)))
    }
}

impl State {
    /// Says how many lines the call wrote beyond its share.
    pub(crate) fn tell_dropped_lines(&mut self) {
        let dropped = std::mem::take(&mut self.left.log_dropped);
        if dropped > 0 {
            let at_ms = self.shared.services.now_ms();
            self.shared.telemetry.log.drop_lines(at_ms, self.context.hook, dropped);
        }
    }
}
