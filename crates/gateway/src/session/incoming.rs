//! Reading: out of the socket into a buffer that the thread lends, out of the buffer into frames.

use std::pin::Pin;
use std::task::{Context, Poll};

use teahouse_protocol::{CloseCode, ErrorCode, ErrorEvent};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use super::{Conversation, Over, Phase, Session, lent};
use crate::codec::{self, Item, Violation};

/// Frames of one client that are handled before others have their turn.
const FRAMES_A_TURN: usize = 64;

/// Why decoding stopped.
enum Pause {
    /// The rest is an incomplete frame.
    NeedsMore,
    /// There may be whole frames left, but now is not their time.
    Later,
}

impl<C: Conversation> Session<C> {
    /// Reads and handles frames until there are no more, or one takes time, or others should have their turn.
    pub(super) fn hear(&mut self, cx: &mut Context<'_>) -> Result<(), Over> {
        if self.later.is_some() {
            return Ok(());
        }
        // With an incomplete frame in the stash, only new bytes are worth copying it for.
        if !self.stash.is_empty() && !self.backlog && self.stream.poll_read_ready(cx).is_pending() {
            return Ok(());
        }
        let longest = self.rules.config.frame_bytes.max(self.stash.len());
        lent::read_buffer(longest, |buffer| self.hear_into(buffer, cx))
    }

    fn hear_into(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) -> Result<(), Over> {
        let mut filled = self.stash.len();
        buffer[..filled].copy_from_slice(&self.stash);
        // Only what is decoded below says whether something is left: with an empty stash nothing is.
        self.backlog = false;
        let mut turn = FRAMES_A_TURN;
        let mut heard = Ok(());
        loop {
            if filled > 0 {
                let mut at = 0;
                let pause = self.decode(&mut buffer[..filled], &mut at, &mut turn);
                buffer.copy_within(at..filled, 0);
                filled -= at;
                if self.phase != Phase::Talking {
                    return Ok(());
                }
                // Work that takes time must have been asked once before it can say when it is done.
                if self.later.is_some() {
                    self.settle(cx);
                    if self.later.is_none() {
                        continue;
                    }
                }
                if matches!(pause, Pause::Later) {
                    self.backlog = filled > 0;
                    break;
                }
            }
            match self.poll_read(&mut buffer[filled..], cx) {
                Poll::Ready(Ok(read)) => filled += read,
                Poll::Ready(Err(over)) => {
                    heard = Err(over);
                    break;
                }
                Poll::Pending => break,
            }
        }
        // Nothing else wakes this task for what is read already, nor for what it did not get to ask the socket for.
        if turn == 0 && self.later.is_none() {
            cx.waker().wake_by_ref();
        }
        self.keep(&buffer[..filled]);
        heard
    }

    /// Keeps what is not decoded, in no more memory than it needs.
    fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() {
            self.stash = Vec::new();
        } else {
            self.stash.clear();
            self.stash.reserve_exact(rest.len());
            self.stash.extend_from_slice(rest);
        }
    }

    fn poll_read(&mut self, space: &mut [u8], cx: &mut Context<'_>) -> Poll<Result<usize, Over>> {
        let mut space = ReadBuf::new(space);
        match Pin::new(&mut self.stream).poll_read(cx, &mut space) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(_)) => Poll::Ready(Err(Over(self.ending()))),
            Poll::Ready(Ok(())) if space.filled().is_empty() => Poll::Ready(Err(Over(self.ending()))),
            Poll::Ready(Ok(())) => {
                let read = space.filled().len();
                self.pulse.heard(Instant::now());
                self.rules.metrics.count_read(read);
                Poll::Ready(Ok(read))
            }
        }
    }

    fn decode(&mut self, bytes: &mut [u8], at: &mut usize, turn: &mut usize) -> Pause {
        // Answers that arise here leave at the end of this turn: they need not wake the task for another one.
        self.mailbox.attend();
        while *turn > 0 {
            match self.decoder.next(bytes, at) {
                Ok(Some(item)) => self.take(&item),
                Ok(None) => return Pause::NeedsMore,
                Err(violation) => self.violated(violation),
            }
            if self.phase != Phase::Talking || self.later.is_some() {
                return Pause::Later;
            }
            *turn -= 1;
        }
        Pause::Later
    }

    fn take(&mut self, item: &Item<'_>) {
        match item {
            Item::Text(text) => {
                self.rules.metrics.count_message();
                self.take_text(text);
            }
            Item::Binary => {
                self.rules.metrics.count_message();
                let error = ErrorEvent::new(ErrorCode::BinaryNotSupported);
                self.refuse(error, CloseCode::Policy, "too many bad frames");
            }
            Item::Ping(payload) => self.mailbox.push(codec::pong(payload)),
            Item::Part | Item::Pong => {}
            Item::Close(code) => self.close_back(*code),
        }
    }

    /// The client's bytes can't be trusted any more.
    fn violated(&mut self, violation: Violation) {
        let code = violation.close_code();
        if code == CloseCode::TooLarge {
            self.answer(ErrorEvent::new(ErrorCode::FrameTooLarge));
        }
        self.finish(code, violation.reason());
    }

    /// While the connection is closed only its end is of interest.
    pub(super) fn ignore(&mut self, cx: &mut Context<'_>) -> Result<(), Over> {
        lent::read_buffer(0, |buffer| {
            loop {
                match self.poll_read(buffer, cx) {
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(over)) => return Err(over),
                    Poll::Pending => return Ok(()),
                }
            }
        })
    }
}
