//! What waits to be written to one connection: frames that are ready to leave, and at most one close after them.
//!
//! The hub pushes from whatever task it runs in and never waits; the connection's own task takes everything that
//! gathered meanwhile and writes it at once. A mailbox that is full closes itself: a slow reader holds nobody back.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;
use teahouse_protocol::{CloseCode, ServerEvent};

/// Which wire format a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Teahouse's own protocol.
    Native,
    /// The uni-app tutorial's JSON, at `/?token=…`.
    UniApp,
    /// The WePY tutorial's JSON, at `/`.
    Wepy,
    /// The wafer chat room's JSON, at `/ws` with `X-WX-*`.
    WaferRoom,
}

impl Dialect {
    /// How many there are.
    pub(crate) const COUNT: usize = 4;

    /// A place in a table of [`Dialect::COUNT`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// Turns events into what goes over the wire; the one thing that the hub must not know.
pub trait Encode: Send + Sync + 'static {
    /// A whole WebSocket frame, header and payload; `None` when the dialect has no word for the event.
    fn encode(&self, dialect: Dialect, event: &ServerEvent) -> Option<Bytes>;
}

/// How much may wait for one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxLimits {
    /// The most frames.
    pub frames: usize,
    /// The most bytes, over all frames.
    pub bytes: usize,
}

/// What [`Mailbox::poll_take`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// At least one frame, oldest first.
    Frames,
    /// Every frame was taken before, and the connection is to be closed. Comes again on every further call.
    Closed(CloseCode, &'static str),
}

/// What waits for one connection. Shared by the hub, which fills it, and the connection's task, which empties it.
pub struct Mailbox {
    dialect: Dialect,
    encoder: Arc<dyn Encode>,
    limits: MailboxLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    // A plain vector, because it is always taken whole; it holds no memory while it is empty, as most are.
    frames: Vec<Bytes>,
    bytes: usize,
    closing: Option<(CloseCode, &'static str)>,
    // There only while the connection's task waits, so that a second frame wakes nobody.
    waker: Option<Waker>,
    // Whether the task waits for a close alone.
    frames_may_wait: bool,
}

impl Mailbox {
    /// An empty mailbox.
    #[must_use]
    pub fn new(dialect: Dialect, encoder: Arc<dyn Encode>, limits: MailboxLimits) -> Arc<Self> {
        Arc::new(Self { dialect, encoder, limits, state: Mutex::default() })
    }

    /// What the connection speaks: frames encoded for another dialect must not be pushed.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How much may wait in it.
    pub(super) const fn limits(&self) -> MailboxLimits {
        self.limits
    }

    /// Encodes an event for this connection alone and pushes it, unless the dialect has no word for it.
    pub fn send(&self, event: &ServerEvent) {
        if let Some(frame) = self.encoder.encode(self.dialect, event) {
            self.push(frame);
        }
    }

    /// Pushes a ready frame. After [`Mailbox::close`] it is dropped; past a limit it closes the connection with
    /// [`CloseCode::TooSlow`], and what waited is dropped too: the client comes back and resumes from what it has.
    pub fn push(&self, frame: Bytes) {
        let mut state = self.state.lock();
        if state.closing.is_some() {
            return;
        }
        if state.frames.len() >= self.limits.frames || state.bytes + frame.len() > self.limits.bytes {
            state.overflow();
            wake(state);
        } else {
            state.bytes += frame.len();
            state.frames.push(frame);
            if !state.frames_may_wait {
                wake(state);
            }
        }
    }

    /// Closes after what was pushed before. The first close counts.
    pub fn close(&self, code: CloseCode, reason: &'static str) {
        let mut state = self.state.lock();
        if state.closing.is_some() {
            return;
        }
        state.closing = Some((code, reason));
        wake(state);
    }

    /// The connection's task runs, and looks before it waits again: until then nothing wakes it. Without this, an
    /// answer given while a frame is handled would cost a second turn of the task.
    pub fn attend(&self) {
        self.state.lock().waker = None;
    }

    /// Appends every waiting frame to `into`, or says that the connection is to be closed, or waits.
    /// One task at a time: the last one to wait is the one that is woken.
    pub fn poll_take(&self, cx: &mut Context<'_>, into: &mut Vec<Bytes>) -> Poll<Taken> {
        let mut state = self.state.lock();
        if !state.frames.is_empty() {
            let mut frames = std::mem::take(&mut state.frames);
            state.bytes = 0;
            drop(state);
            into.append(&mut frames);
            return Poll::Ready(Taken::Frames);
        }
        if let Some((code, reason)) = state.closing {
            return Poll::Ready(Taken::Closed(code, reason));
        }
        state.frames_may_wait = false;
        state.wait(cx);
        Poll::Pending
    }

    /// For a task that can take no frames now: ready once the connection is to be closed, whatever waits before that.
    /// Frames don't wake it.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<(CloseCode, &'static str)> {
        let mut state = self.state.lock();
        if let Some(close) = state.closing {
            return Poll::Ready(close);
        }
        state.frames_may_wait = true;
        state.wait(cx);
        Poll::Pending
    }
}

impl State {
    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    fn overflow(&mut self) {
        self.frames = Vec::new();
        self.bytes = 0;
        self.closing = Some((CloseCode::TooSlow, "too slow"));
    }
}

/// Wakes after the lock is gone, so that the woken task does not run into it.
fn wake(mut state: parking_lot::MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
