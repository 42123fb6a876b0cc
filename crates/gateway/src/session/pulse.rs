//! Whether the client is alive, and when to look again: one timer a socket, moved only when it has gone off.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::GatewayConfig;

/// Any frame is a sign of life; after twice the heartbeat without one the client is gone.
const SILENT_HEARTBEATS: u32 = 2;
/// That a session is used is told at most this often.
const USE_IS_NEWS_AFTER: Duration = Duration::from_secs(1);

pub(super) struct Pulse {
    heartbeat: Duration,
    last_heard: Instant,
    next_ping: Instant,
    /// The first ping since something was heard.
    unanswered: Option<Instant>,
    use_told: Instant,
    timer: Pin<Box<Sleep>>,
    /// Whether the timer was moved and has to learn anew whom to wake.
    moved: bool,
}

impl Pulse {
    pub(super) fn new(config: &GatewayConfig) -> Self {
        let now = Instant::now();
        let next_ping = now + config.heartbeat();
        let timer = Box::pin(sleep_until(next_ping));
        Self {
            heartbeat: config.heartbeat(),
            last_heard: now,
            next_ping,
            unanswered: None,
            use_told: now,
            timer,
            moved: true,
        }
    }

    /// Ready when there is something to look after.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.as_mut().poll(cx)
    }

    pub(super) fn heard(&mut self, now: Instant) {
        self.last_heard = now;
        self.unanswered = None;
    }

    pub(super) const fn last_heard(&self) -> Instant {
        self.last_heard
    }

    /// Whether what the client does now is worth telling; if so, it counts as told.
    pub(super) fn use_is_news(&mut self) -> bool {
        let news = self.last_heard.duration_since(self.use_told) >= USE_IS_NEWS_AFTER;
        if news {
            self.use_told = self.last_heard;
        }
        news
    }

    pub(super) fn is_silent(&self, now: Instant) -> bool {
        self.silent_at().is_some_and(|at| now >= at)
    }

    /// When the client will have been silent for too long. Only a ping makes it so: after the server itself stood
    /// still, everybody has been silent, and nobody was asked.
    fn silent_at(&self) -> Option<Instant> {
        let asked = self.unanswered? + self.heartbeat;
        Some(asked.max(self.last_heard + self.heartbeat * SILENT_HEARTBEATS))
    }

    /// Whether it is time for a ping; if so, the next one is a heartbeat away.
    pub(super) fn ping_is_due(&mut self, now: Instant) -> bool {
        let due = now >= self.next_ping;
        if due {
            self.next_ping = now + self.heartbeat;
            self.unanswered.get_or_insert(now);
        }
        due
    }

    /// Goes off when the next thing is due.
    pub(super) fn plan(&mut self, stalls_at: Option<Instant>) {
        self.go_off_at(self.next_ping);
        self.not_later_than(self.silent_at());
        self.not_later_than(stalls_at);
    }

    pub(super) fn not_later_than(&mut self, at: Option<Instant>) {
        if let Some(at) = at.filter(|at| *at < self.timer.deadline()) {
            self.go_off_at(at);
        }
    }

    /// Goes off after `span` and for nothing else: the connection is being closed.
    pub(super) fn end_in(&mut self, span: Duration) {
        self.go_off_at(Instant::now() + span);
    }

    /// To be called at the end of a turn: wakes this task when the timer goes off, wherever it was moved to.
    pub(super) fn arm(&mut self, cx: &mut Context<'_>) {
        if std::mem::take(&mut self.moved) && self.timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    fn go_off_at(&mut self, at: Instant) {
        self.timer.as_mut().reset(at);
        self.moved = true;
    }
}
