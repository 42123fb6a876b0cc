//! One socket: a single future that owns the stream, turns what comes in into frames for the conversation, and
//! writes whatever gathered in the mailbox at once.
//!
//! It is written by hand and not as an `async` block because its size is most of what an idle connection costs, and
//! because reading must pause while a frame's work is pending although writing goes on.

mod conversation;
mod incoming;
mod lent;
mod outgoing;
mod pulse;
mod quota;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use teahouse_protocol::{ClientFrame, CloseCode, ErrorCode, ErrorEvent, ServerEvent, UserId};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use crate::GatewayConfig;
use crate::codec::{self, Decoder};
use crate::dialect::{self, Echo, Heard};
use crate::listener::{SocketEntry, Upgraded, Wire};
use crate::metrics::{Ending, GatewayMetrics};
use crate::pace::Pace;
use crate::refusal::refusal;
use teahouse_chat::{Handled, Mailbox, Taken};

pub(crate) use self::conversation::Conversation;
use self::conversation::{Later, id_of};
use self::outgoing::Outgoing;
use self::pulse::Pulse;
use self::quota::{Excess, Quota};

/// What all sockets share.
pub(crate) struct Rules {
    pub(crate) config: GatewayConfig,
    pub(crate) metrics: Arc<GatewayMetrics>,
    /// Frames of each user, over all of their sockets.
    pub(crate) frames_of_user: Pace<UserId>,
}

impl Rules {
    pub(crate) fn new(config: GatewayConfig, metrics: Arc<GatewayMetrics>) -> Self {
        let frames_of_user = Pace::per_second(config.user_frames_per_second, config.user_frame_burst);
        Self { config, metrics, frames_of_user }
    }
}

/// One socket. Ready when its connection is over.
pub(crate) struct Session<C> {
    stream: Wire,
    mailbox: Arc<Mailbox>,
    /// `None` for a stranger who is only told so, and from the moment on that the connection is being closed.
    conversation: Option<C>,
    /// The work of the last frame, where it takes time. No further frame is read until it is done.
    later: Option<Later>,
    decoder: Decoder,
    /// What was read and not decoded: an incomplete frame, or what waits behind [`Session::later`].
    stash: Vec<u8>,
    /// Whether the stash may hold whole frames. Never with an empty stash.
    backlog: bool,
    outgoing: Outgoing,
    pulse: Pulse,
    quota: Quota,
    echo: Option<Box<Echo>>,
    phase: Phase,
    rules: Arc<Rules>,
    _entry: SocketEntry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Both sides talk.
    Talking,
    /// The client is no longer listened to; what waits for it is still written, and then the close.
    Finishing(Ending),
    /// A close frame is on its way out.
    Closing(Ending),
    /// It is out; the client has a moment to take it and hang up. Hanging up first would, with anything of the
    /// client's unread, let TCP throw the close frame away.
    Leaving(Ending),
}

/// The connection is over.
struct Over(Ending);

impl<C> Session<C> {
    fn ending(&self) -> Ending {
        match self.phase {
            Phase::Talking => Ending::Abrupt,
            Phase::Finishing(ending) | Phase::Closing(ending) | Phase::Leaving(ending) => ending,
        }
    }
}

impl<C: Conversation> Session<C> {
    pub(crate) fn new(
        upgraded: Upgraded,
        mailbox: Arc<Mailbox>,
        conversation: Option<C>,
        echo: Option<Box<Echo>>,
        rules: Arc<Rules>,
    ) -> Self {
        rules.metrics.count_open();
        let entry = upgraded.sockets.enter(&mailbox);
        Self {
            stream: upgraded.stream,
            mailbox,
            conversation,
            later: None,
            decoder: Decoder::new(rules.config.frame_bytes),
            backlog: !upgraded.leftover.is_empty(),
            stash: upgraded.leftover,
            outgoing: Outgoing::default(),
            pulse: Pulse::new(&rules.config),
            quota: Quota::default(),
            echo,
            phase: Phase::Talking,
            rules,
            _entry: entry,
        }
    }

    /// Does what a client of this dialect would have asked for first, did it know how.
    pub(crate) fn begin_with(mut self, frame: ClientFrame) -> Self {
        self.hand_over(frame);
        self
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), Over> {
        self.settle(cx);
        if self.phase == Phase::Talking {
            self.hear(cx)?;
        }
        // After hearing: a sign of life may have waited for longer than this task.
        self.keep_time(cx)?;
        self.speak(cx)?;
        if self.phase != Phase::Talking {
            self.ignore(cx)?;
        }
        self.pulse.arm(cx);
        Ok(())
    }

    /// Heartbeat, stalled writes, and the end of a close that nobody answers.
    fn keep_time(&mut self, cx: &mut Context<'_>) -> Result<(), Over> {
        if self.pulse.poll_due(cx).is_pending() {
            return Ok(());
        }
        if self.phase != Phase::Talking {
            return Err(Over(self.ending()));
        }
        let now = Instant::now();
        let stalls_at = self.outgoing.stalls_at(self.rules.config.write_stall());
        if stalls_at.is_some_and(|at| at <= now) {
            self.mailbox.close(CloseCode::TooSlow, "too slow");
            self.close(CloseCode::TooSlow, "too slow");
        } else if self.pulse.is_silent(now) {
            self.finish(CloseCode::HeartbeatMissed, "heartbeat missed");
        } else {
            // A client that takes nothing takes no ping either.
            if self.pulse.ping_is_due(now) && self.outgoing.is_idle() {
                self.outgoing.push(codec::ping());
            }
            self.pulse.plan(stalls_at);
        }
        Ok(())
    }

    /// Goes on with the work of the last frame.
    fn settle(&mut self, cx: &mut Context<'_>) {
        let Some(later) = &mut self.later else { return };
        if let Poll::Ready(result) = later.work.as_mut().poll(cx) {
            let id = self.later.take().and_then(|later| later.id);
            if let Err(error) = result {
                self.answer(refusal(&error, id));
            }
        }
    }

    /// One text message of the client's.
    fn take_text(&mut self, text: &str) {
        let heard = dialect::decode(self.mailbox.dialect(), text, self.echo.as_deref_mut());
        let admitted = self.admit_frame();
        match (heard, admitted) {
            (Heard::Nothing, Ok(())) => {}
            (Heard::Frame(frame), Ok(())) => self.hand_over(frame),
            (Heard::Refused(error), Ok(())) => self.refuse(error, CloseCode::Policy, "too many bad frames"),
            (heard, Err(retry_after)) => {
                let id = if let Heard::Frame(frame) = &heard { id_of(frame) } else { None };
                let retry_after_ms = u64::try_from(retry_after.as_millis()).ok();
                let error = ErrorEvent { id, retry_after_ms, ..ErrorEvent::new(ErrorCode::RateLimited) };
                self.refuse(error, CloseCode::TooSlow, "too many frames");
            }
        }
    }

    /// Of this connection first: what one may not send is not counted against the others of its user.
    fn admit_frame(&mut self) -> Result<(), Duration> {
        self.quota.admit_frame(&self.rules.config, self.pulse.last_heard())?;
        self.conversation.as_ref().map_or(Ok(()), Conversation::admit)
    }

    /// A message that the client should not have sent: it is told, and in the end closed with `code`.
    fn refuse(&mut self, error: ErrorEvent, code: CloseCode, reason: &'static str) {
        self.answer(error);
        if self.quota.strike(&self.rules.config, self.pulse.last_heard()) == Excess::PastTheLimit {
            self.finish(code, reason);
        }
    }

    fn hand_over(&mut self, frame: ClientFrame) {
        let Some(conversation) = &mut self.conversation else { return };
        if self.pulse.use_is_news() {
            conversation.used();
        }
        let id = id_of(&frame);
        match conversation.handle(frame) {
            Handled::Done => {}
            Handled::Refused(error) => self.answer(refusal(&error, id)),
            Handled::Later(work) => self.later = Some(Later { id, work }),
        }
    }

    fn answer(&self, error: ErrorEvent) {
        self.mailbox.send(&ServerEvent::Error(error));
    }

    /// Writes what waits, until nothing does or the client takes no more.
    fn speak(&mut self, cx: &mut Context<'_>) -> Result<(), Over> {
        match self.poll_speak(cx) {
            Poll::Ready(Ok(over)) => Err(over),
            Poll::Ready(Err(_)) => Err(Over(self.ending())),
            Poll::Pending => {
                if self.phase == Phase::Talking {
                    self.pulse.not_later_than(self.outgoing.stalls_at(self.rules.config.write_stall()));
                }
                Ok(())
            }
        }
    }

    fn poll_speak(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Over>> {
        loop {
            if self.outgoing.poll_flush(cx, &mut self.stream, &self.rules.metrics)?.is_pending() {
                self.heed_close(cx);
                return Poll::Pending;
            }
            match self.phase {
                Phase::Talking | Phase::Finishing(_) => match ready!(self.poll_mailbox(cx))? {
                    Taken::Frames => {}
                    Taken::Closed(code, reason) => self.close(code, reason),
                },
                // The client said goodbye first and waits for nothing more (RFC 6455 §7.1.1).
                Phase::Closing(Ending::ByClient) => return Poll::Ready(Ok(Over(Ending::ByClient))),
                Phase::Closing(ending) => {
                    ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
                    self.phase = Phase::Leaving(ending);
                }
                Phase::Leaving(_) => return Poll::Pending,
            }
        }
    }

    /// The client takes nothing just now; a close does not wait for that longer than it must.
    fn heed_close(&mut self, cx: &mut Context<'_>) {
        if self.phase == Phase::Talking
            && let Poll::Ready((code, reason)) = self.mailbox.poll_closed(cx)
        {
            match code {
                CloseCode::TooSlow => self.close(code, reason),
                _ => self.fall_silent(Phase::Finishing(Ending::ByServer(code))),
            }
        }
    }

    /// Takes everything that waits and writes it in as few calls as the system allows: mostly one.
    fn poll_mailbox(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Taken>> {
        lent::frames(|frames| {
            let taken = ready!(self.mailbox.poll_take(cx, frames));
            if let Some(echo) = &mut self.echo {
                echo.fill_in(frames);
            }
            let written = self.outgoing.poll_write(cx, &mut self.stream, frames, &self.rules.metrics);
            Poll::Ready(match written {
                Poll::Ready(Err(error)) => Err(error),
                // What could not be written is kept, and the next flush waits for it.
                Poll::Ready(Ok(())) | Poll::Pending => Ok(taken),
            })
        })
    }

    /// Listens no more; what waits for the client is written, then the close.
    fn finish(&mut self, code: CloseCode, reason: &'static str) {
        self.mailbox.close(code, reason);
        self.fall_silent(Phase::Finishing(Ending::ByServer(code)));
    }

    /// Sends a close frame of ours. Who is too slow gets only what was begun and the close.
    fn close(&mut self, code: CloseCode, reason: &str) {
        if code == CloseCode::TooSlow {
            self.outgoing.keep_only_what_was_begun();
        }
        self.part(codec::close(Some(code.get()), reason), Ending::ByServer(code));
    }

    /// Answers the client's close frame.
    fn close_back(&mut self, code: Option<u16>) {
        self.mailbox.close(CloseCode::Done, "");
        self.part(codec::close(code, ""), Ending::ByClient);
    }

    fn part(&mut self, close: Bytes, ending: Ending) {
        self.outgoing.push(close);
        self.fall_silent(Phase::Closing(ending));
    }

    /// The conversation is over, and out of the hub at once: what would come from it could not be written any more.
    fn fall_silent(&mut self, phase: Phase) {
        self.conversation = None;
        self.later = None;
        self.stash = Vec::new();
        self.backlog = false;
        self.phase = phase;
        self.pulse.end_in(self.rules.config.close());
    }
}

impl<C: Conversation> Future for Session<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let session = self.get_mut();
        match session.turn(cx) {
            Ok(()) => Poll::Pending,
            Err(Over(ending)) => {
                session.phase = Phase::Leaving(ending);
                Poll::Ready(())
            }
        }
    }
}

impl<C> Drop for Session<C> {
    fn drop(&mut self) {
        self.rules.metrics.count_end(self.ending());
    }
}
