//! How slow the other side of an HTTP connection may be: a body that comes, and an answer that is taken, may stand still
//! for a while, and must move on average. Only the time that we wait for the other side counts.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::GatewayConfig;

/// The rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// How long nothing may move; and how much longer than `bytes_per_second` allows all may take. Zero: no limit.
    stall: Duration,
    /// What must move each second, averaged; 0: anything.
    bytes_per_second: u32,
}

impl Progress {
    pub(super) const fn of(config: &GatewayConfig) -> Self {
        Self { stall: config.stall(), bytes_per_second: config.bytes_per_second }
    }
}

/// Waiting for the other side, over the whole of a body or of an answer.
struct Wait {
    progress: Progress,
    timer: Option<Pin<Box<Sleep>>>,
    /// Since when nothing moves.
    since: Option<Instant>,
    /// How long nothing moved before that.
    waited: Duration,
    moved: u64,
}

impl Wait {
    const fn new(progress: Progress) -> Self {
        Self { progress, timer: None, since: None, waited: Duration::ZERO, moved: 0 }
    }

    /// So many bytes moved.
    fn moved(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        self.moved = self.moved.saturating_add(bytes as u64);
    }

    /// All of it moved; what comes next is judged for itself.
    fn done(&mut self) {
        (self.since, self.waited, self.moved) = (None, Duration::ZERO, 0);
    }

    /// Nothing moves now. Ready with an error once that is too long.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.progress.stall.is_zero() {
            return Poll::Pending;
        }
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            let deadline = now + self.allowance();
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(deadline),
                None => self.timer = Some(Box::pin(sleep_until(deadline))),
            }
        }
        if let Some(timer) = &mut self.timer {
            ready!(timer.as_mut().poll(cx));
        }
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the other side is too slow"))
    }

    /// How long nothing may move from now on.
    fn allowance(&self) -> Duration {
        let Progress { stall, bytes_per_second } = self.progress;
        if bytes_per_second == 0 {
            return stall;
        }
        let earned = Duration::from_millis(self.moved.saturating_mul(1000) / u64::from(bytes_per_second));
        stall.min((stall + earned).saturating_sub(self.waited))
    }
}

/// A stream whose other side must take what is written to it.
pub(super) struct PacedStream<S> {
    stream: S,
    wait: Wait,
}

impl<S> PacedStream<S> {
    pub(super) const fn new(stream: S, progress: Progress) -> Self {
        Self { stream, wait: Wait::new(progress) }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    fn judge(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.wait.moved(bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.wait.poll(cx).map(Err),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes when all that it has is written: then the answer is taken, as far as it goes.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(flushed) => {
                self.wait.done();
                Poll::Ready(flushed)
            }
            Poll::Pending => self.wait.poll(cx).map(Err),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A body that must come.
pub(super) struct PacedBody<B> {
    body: B,
    wait: Wait,
}

impl<B> PacedBody<B> {
    pub(super) const fn new(body: B, progress: Progress) -> Self {
        Self { body, wait: Wait::new(progress) }
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Data = Bytes, Error = io::Error> + Unpin,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.wait.moved(frame.data_ref().map_or(0, Bytes::len));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Pending => self.wait.poll(cx).map(|error| Some(Err(error))),
            end => end,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Collected, StreamBody};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const STALL: Duration = Duration::from_secs(10);

    /// Writes all of it to somebody who takes `step` bytes at each `pause`; how long that went on, and how it ended.
    async fn write(
        bytes: usize,
        step: usize,
        pause: Duration,
        progress: Progress,
    ) -> (Duration, io::Result<()>) {
        let (ours, mut theirs) = duplex(64);
        let mut ours = PacedStream::new(ours, progress);
        let began = Instant::now();
        let reading = async {
            let mut buffer = vec![0; step];
            loop {
                tokio::time::sleep(pause).await;
                if theirs.read(&mut buffer).await.unwrap_or(0) == 0 {
                    std::future::pending::<()>().await;
                }
            }
        };
        let writing = async {
            ours.write_all(&vec![0; bytes]).await?;
            ours.flush().await
        };
        let written = tokio::select! {
            written = writing => written,
            () = reading => unreachable!("reading goes on"),
        };
        (began.elapsed(), written)
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_given_up_after_the_stall() {
        let progress = Progress { stall: STALL, bytes_per_second: 10 };
        let (took, written) = write(1000, 1, Duration::from_secs(3600), progress).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!((STALL..2 * STALL).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_a_drop_now_and_then_is_given_up_too() {
        let progress = Progress { stall: STALL, bytes_per_second: 10 };
        let (took, written) = write(10_000, 1, Duration::from_secs(9), progress).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(took < 3 * STALL, "{took:?}");
        // Where only standing still is bounded, drops go on.
        let progress = Progress { stall: STALL, bytes_per_second: 0 };
        assert!(write(100, 1, Duration::from_secs(9), progress).await.1.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_and_steady_gets_all_of_it() {
        let progress = Progress { stall: STALL, bytes_per_second: 10 };
        let (took, written) = write(10_000, 64, Duration::from_secs(5), progress).await;
        assert!(written.is_ok() && took > 20 * STALL, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_anything_goes() {
        let progress = Progress { stall: Duration::ZERO, bytes_per_second: 10 };
        assert!(write(100, 1, Duration::from_secs(3600), progress).await.1.is_ok());
    }

    /// A body that sends a byte at each `pause`, read to the end: how long that went on, and how it ended.
    async fn read(bytes: usize, pause: Duration, progress: Progress) -> (Duration, io::Result<Bytes>) {
        let drops = futures_util::stream::unfold(0, move |sent| async move {
            tokio::time::sleep(pause).await;
            (sent < bytes).then(|| (Ok(Frame::data(Bytes::from_static(b"x"))), sent + 1))
        });
        let began = Instant::now();
        let body = PacedBody::new(Box::pin(StreamBody::new(drops)), progress);
        let read = body.collect().await.map(Collected::to_bytes);
        (began.elapsed(), read)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_or_drips_is_given_up() {
        let progress = Progress { stall: STALL, bytes_per_second: 10 };
        let (took, stopped) = read(10, Duration::from_secs(3600), progress).await;
        assert_eq!(stopped.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!((STALL..2 * STALL).contains(&took), "{took:?}");
        let (took, dripped) = read(100, Duration::from_secs(1), progress).await;
        assert_eq!(dripped.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(took < 2 * STALL, "{took:?}");
        let (_, steady) = read(100, Duration::from_millis(90), progress).await;
        assert_eq!(steady.unwrap().len(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_we_take_ourselves_is_not_the_others() {
        let (mut theirs, ours) = duplex(1024);
        let mut ours = PacedStream::new(ours, Progress { stall: STALL, bytes_per_second: 10 });
        let mut taken = vec![0; 1024];
        for _ in 0..10 {
            ours.write_all(&[0; 1024]).await.unwrap();
            tokio::time::sleep(STALL * 2).await;
            theirs.read_exact(&mut taken).await.unwrap();
        }
    }
}
