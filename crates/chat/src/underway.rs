//! What is being judged: once at a time under each client id, and to its end, whether or not its client still waits.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// How much of what was judged lately is remembered at least, some 10 bytes each: who lost an ack sends again soon. What
/// was forgotten is judged again, and then found.
const REMEMBERED: usize = 25_000;

/// What is being judged now, and what was lately.
pub(crate) struct Underway(Arc<Inner>);

struct Inner {
    hasher: RandomState,
    turns: Mutex<Turns>,
}

/// All by the digest of a key: of two that share one, the second waits a moment for nothing.
#[derive(Default)]
struct Turns {
    /// With what ends when the turn does, once somebody waits for it.
    now: HashMap<u64, Option<CancellationToken>>,
    lately: HashSet<u64>,
    /// What was lately when [`Turns::lately`] began.
    before: HashSet<u64>,
}

/// The turn of one key. Who has the same waits until it is dropped.
pub(crate) struct Turn {
    key: u64,
    inner: Arc<Inner>,
    is_repeat: bool,
}

impl Underway {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { hasher: RandomState::new(), turns: Mutex::default() }))
    }

    /// Waits until nothing else with this key is under way.
    pub(crate) async fn turn(&self, key: impl Hash) -> Turn {
        let key = self.0.hasher.hash_one(key);
        loop {
            let over = match self.0.turns.lock().begin(key) {
                Ok(is_repeat) => return Turn { key, inner: Arc::clone(&self.0), is_repeat },
                Err(over) => over,
            };
            over.cancelled().await;
        }
    }
}

impl Turns {
    /// Whether it was under way lately; or, while it is, what ends with it.
    fn begin(&mut self, key: u64) -> Result<bool, CancellationToken> {
        match self.now.entry(key) {
            Entry::Occupied(mut other) => Err(other.get_mut().get_or_insert_default().clone()),
            Entry::Vacant(free) => {
                free.insert(None);
                Ok(self.lately.contains(&key) || self.before.contains(&key))
            }
        }
    }

    fn end(&mut self, key: u64) -> Option<CancellationToken> {
        if self.lately.len() >= REMEMBERED {
            self.before = std::mem::take(&mut self.lately);
        }
        self.lately.insert(key);
        self.now.remove(&key).flatten()
    }
}

impl Turn {
    /// Whether something with this key was under way lately: worth a look what became of it.
    pub(crate) const fn is_repeat(&self) -> bool {
        self.is_repeat
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let over = self.inner.turns.lock().end(self.key);
        if let Some(over) = over {
            over.cancel();
        }
    }
}

/// Does `work` as part of who waits for it. Where they go away in the middle, because their client hung up, it goes on by
/// itself: what a plugin has begun to judge is judged once, and found by who sends it again.
pub(crate) fn finished<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Finished<T> {
    Finished(Some(Box::pin(work)))
}

/// Work that is finished whether or not somebody waits for it.
pub(crate) struct Finished<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> Future for Finished<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // Polled after its end, it stays pending, as a future may.
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let polled = work.as_mut().poll(cx);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Finished<T> {
    fn drop(&mut self) {
        let Some(work) = self.0.take() else { return };
        // A panic came out of it, or the runtime is gone: then there is nothing to go on with.
        if std::thread::panicking() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { drop(work.await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_key_has_one_turn_at_a_time() {
        let underway = Arc::new(Underway::new());
        let first = underway.turn(("ann", 1)).await;
        assert!(!first.is_repeat());
        assert!(!underway.turn(("ann", 2)).await.is_repeat());
        let second = tokio::spawn({
            let underway = Arc::clone(&underway);
            async move { underway.turn(("ann", 1)).await.is_repeat() }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        assert!(second.await.unwrap());
    }

    #[tokio::test]
    async fn what_was_lately_is_known_and_in_the_end_forgotten() {
        let underway = Underway::new();
        drop(underway.turn("first").await);
        for number in 0..REMEMBERED {
            drop(underway.turn(number).await);
        }
        assert!(underway.turn("first").await.is_repeat());
        for number in 0..2 * REMEMBERED {
            drop(underway.turn(("another", number)).await);
        }
        assert!(!underway.turn(1_usize).await.is_repeat());
        let turns = underway.0.turns.lock();
        assert!(turns.now.is_empty() && turns.lately.len() + turns.before.len() <= 2 * REMEMBERED);
    }

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let mut work = finished(async move {
            begun.await.unwrap();
            tell.send(7).unwrap();
        });
        let once = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut work).poll(cx).is_pending()));
        assert!(once.await);
        drop(work);
        begin.send(()).unwrap();
        assert_eq!(told.await, Ok(7));
    }
}
