//! A plugin's log: a ring of lines, each made harmless, and no more a minute than a reader can bear.

mod escape;

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::services::Hook;
use crate::wit::Level;
pub(crate) use escape::{bounded, write_line};

/// Lines that are kept of each plugin; older ones make room.
pub const RING_LINES: usize = 1_000;
/// Lines that a plugin may write in a minute.
pub const LINES_PER_MINUTE: u32 = 600;
/// A line with its fields is cut here.
pub const LINE_BYTES: usize = 2 * 1024;

const MINUTE_MS: u64 = 60_000;

/// How much a line matters, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// The plugin's life.
    Info,
    /// It coped.
    Warn,
    /// Someone must act.
    Error,
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Grows by one a line; a gap says that older lines made room.
    pub id: u64,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// How much it matters.
    pub level: LogLevel,
    /// What wrote it.
    pub hook: Hook,
    /// One line of text: control characters, line ends and marks of direction are escaped.
    pub text: String,
}

/// The last lines of one plugin.
#[derive(Debug, Default)]
pub struct LogRing {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    lines: VecDeque<LogLine>,
    last_id: u64,
    minute: u64,
    this_minute: u32,
    dropped: u32,
}

impl LogRing {
    /// Writes a line that is already harmless; over the rate it is counted only.
    pub(crate) fn write(&self, at_ms: u64, level: LogLevel, hook: Hook, text: String) {
        let mut inner = self.inner.lock();
        inner.turn_minute(at_ms, hook);
        if inner.this_minute >= LINES_PER_MINUTE {
            inner.dropped = inner.dropped.saturating_add(1);
            return;
        }
        inner.this_minute += 1;
        inner.push(at_ms, level, hook, text);
    }

    /// Counts lines that a call wrote beyond its share.
    pub(crate) fn drop_lines(&self, at_ms: u64, hook: Hook, lines: u32) {
        let mut inner = self.inner.lock();
        inner.turn_minute(at_ms, hook);
        inner.dropped = inner.dropped.saturating_add(lines);
        // Within the rate it is said at once, else when the minute is over.
        if inner.this_minute < LINES_PER_MINUTE {
            inner.this_minute += 1;
            inner.tell_dropped(at_ms, hook);
        }
    }

    /// Writes what the host itself has to say about the plugin: a failure, a new version. Made harmless here; not
    /// counted against the plugin's rate.
    pub fn note(&self, at_ms: u64, level: LogLevel, hook: Hook, text: &str) {
        let text = write_line(text, &[], LINE_BYTES);
        self.inner.lock().push(at_ms, level, hook, text);
    }

    /// At most `size` lines after line `id` (0: from the oldest that is kept) that matter at least as much as
    /// `least`, oldest first.
    #[must_use]
    pub fn after(&self, id: u64, least: LogLevel, size: usize) -> Vec<LogLine> {
        let inner = self.inner.lock();
        inner.lines.iter().filter(|line| line.id > id && line.level >= least).take(size).cloned().collect()
    }

    /// The newest `size` lines that matter at least as much as `least`, oldest first.
    #[must_use]
    pub fn newest(&self, least: LogLevel, size: usize) -> Vec<LogLine> {
        let inner = self.inner.lock();
        let mut lines: Vec<LogLine> =
            inner.lines.iter().rev().filter(|line| line.level >= least).take(size).cloned().collect();
        lines.reverse();
        lines
    }
}

impl Inner {
    fn turn_minute(&mut self, at_ms: u64, hook: Hook) {
        let minute = at_ms / MINUTE_MS;
        if minute != self.minute {
            self.tell_dropped(at_ms, hook);
            self.minute = minute;
            self.this_minute = 0;
        }
    }

    fn tell_dropped(&mut self, at_ms: u64, hook: Hook) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let lines = if dropped == 1 { "line" } else { "lines" };
            self.push(at_ms, LogLevel::Warn, hook, format!("{dropped} {lines} dropped"));
        }
    }

    fn push(&mut self, at_ms: u64, level: LogLevel, hook: Hook, text: String) {
        if self.lines.len() == RING_LINES {
            self.lines.pop_front();
        }
        self.last_id += 1;
        self.lines.push_back(LogLine { id: self.last_id, at_ms, level, hook, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn lines_are_read_after_an_id_and_by_level() {
        let ring = LogRing::default();
        for (level, text) in [(LogLevel::Debug, "a"), (LogLevel::Error, "b"), (LogLevel::Info, "c")] {
            ring.write(1, level, Hook::Check, text.to_owned());
        }
        assert_eq!(texts(&ring.after(0, LogLevel::Debug, 10)), ["a", "b", "c"]);
        assert_eq!(texts(&ring.after(1, LogLevel::Debug, 1)), ["b"]);
        assert_eq!(texts(&ring.after(0, LogLevel::Warn, 10)), ["b"]);
        assert_eq!(texts(&ring.newest(LogLevel::Info, 1)), ["c"]);
    }

    #[test]
    fn old_lines_make_room() {
        let ring = LogRing::default();
        for n in 0..RING_LINES + 5 {
            ring.note(n as u64, LogLevel::Info, Hook::Check, "line");
        }
        let lines = ring.after(0, LogLevel::Debug, usize::MAX);
        assert_eq!((lines.len(), lines[0].id), (RING_LINES, 6));
    }

    #[test]
    fn a_minute_has_its_share_and_the_rest_is_counted() {
        let ring = LogRing::default();
        for _ in 0..LINES_PER_MINUTE + 7 {
            ring.write(0, LogLevel::Info, Hook::Check, "line".to_owned());
        }
        assert_eq!(ring.after(0, LogLevel::Debug, usize::MAX).len(), LINES_PER_MINUTE as usize);
        ring.write(MINUTE_MS, LogLevel::Info, Hook::Check, "next".to_owned());
        assert_eq!(texts(&ring.newest(LogLevel::Debug, 2)), ["7 lines dropped", "next"]);
    }

    #[test]
    fn what_a_call_wrote_beyond_its_share_is_said_at_once() {
        let ring = LogRing::default();
        ring.drop_lines(5, Hook::Handle, 1);
        assert_eq!(texts(&ring.newest(LogLevel::Warn, 2)), ["1 line dropped"]);
    }
}
