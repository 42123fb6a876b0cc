//! Writing: as much as the client takes, in one call; what it does not take is kept in order.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use crate::listener::Wire;
use crate::metrics::GatewayMetrics;

/// Frames that one call writes. More wait for the next: the system takes up to 1024, but each costs room on the stack.
const FRAMES_A_CALL: usize = 64;

/// What a client has not taken yet.
#[derive(Default)]
pub(super) struct Outgoing {
    frames: Vec<Bytes>,
    /// Whether the first of them is written in part: it must be finished, whatever else is dropped.
    begun: bool,
    /// Whether TLS holds something that the client has not taken. Bare TCP never does.
    draining: bool,
    /// Since when the client takes nothing.
    blocked_since: Option<Instant>,
}

impl Outgoing {
    /// Appends a frame, to be written by the next flush.
    pub(super) fn push(&mut self, frame: Bytes) {
        self.frames.push(frame);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.frames.is_empty() && !self.draining
    }

    /// When the client will have taken nothing for `span`; `None` while it takes what it gets.
    pub(super) fn stalls_at(&self, span: Duration) -> Option<Instant> {
        self.blocked_since.map(|since| since + span)
    }

    pub(super) fn keep_only_what_was_begun(&mut self) {
        self.frames.truncate(usize::from(self.begun));
    }

    /// Writes what was kept.
    pub(super) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Wire,
        metrics: &GatewayMetrics,
    ) -> Poll<io::Result<()>> {
        if self.frames.is_empty() {
            return self.poll_drain(cx, stream);
        }
        let mut frames = std::mem::take(&mut self.frames);
        self.poll_write(cx, stream, &mut frames, metrics)
    }

    /// Writes `frames` while nothing is kept, and keeps what the client does not take.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Wire,
        frames: &mut Vec<Bytes>,
        metrics: &GatewayMetrics,
    ) -> Poll<io::Result<()>> {
        let mut done = 0;
        let result = match self.poll_write_from(cx, stream, frames, &mut done, metrics) {
            Poll::Ready(Ok(())) => self.poll_drain(cx, stream),
            other => other,
        };
        if result.is_pending() {
            self.frames = frames.split_off(done);
        }
        result
    }

    /// Has TLS write what it took. For bare TCP there is nothing to do, and no system call.
    fn poll_drain(&mut self, cx: &mut Context<'_>, stream: &mut Wire) -> Poll<io::Result<()>> {
        let drained = Pin::new(stream).poll_flush(cx);
        self.draining = drained.is_pending();
        if self.draining {
            self.blocked_since.get_or_insert_with(Instant::now);
        } else {
            self.blocked_since = None;
        }
        drained
    }

    fn poll_write_from(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Wire,
        frames: &mut [Bytes],
        done: &mut usize,
        metrics: &GatewayMetrics,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = frames.get_mut(*done..).filter(|rest| !rest.is_empty()) {
            let written = match poll_write_once(cx, stream, rest) {
                Poll::Pending => {
                    self.blocked_since.get_or_insert_with(Instant::now);
                    return Poll::Pending;
                }
                Poll::Ready(written) => written?,
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.blocked_since = None;
            let gone = self.take_off(rest, written);
            metrics.count_written(gone, written);
            *done += gone;
        }
        Poll::Ready(Ok(()))
    }

    /// Takes `written` bytes off the front, and says how many frames are whole gone.
    fn take_off(&mut self, frames: &mut [Bytes], mut written: usize) -> usize {
        for (gone, frame) in frames.iter_mut().enumerate() {
            if written < frame.len() {
                self.begun = written > 0 || (gone == 0 && self.begun);
                frame.advance(written);
                return gone;
            }
            written -= frame.len();
        }
        self.begun = false;
        frames.len()
    }
}

fn poll_write_once(cx: &mut Context<'_>, stream: &mut Wire, frames: &[Bytes]) -> Poll<io::Result<usize>> {
    let stream = Pin::new(stream);
    if let [alone] = frames {
        return stream.poll_write(cx, alone);
    }
    let mut slices = [IoSlice::new(&[]); FRAMES_A_CALL];
    let count = frames.len().min(FRAMES_A_CALL);
    for (slice, frame) in slices.iter_mut().zip(frames) {
        *slice = IoSlice::new(frame);
    }
    stream.poll_write_vectored(cx, &slices[..count])
}
