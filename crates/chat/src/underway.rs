//! What is being judged: once at a time under each client id, and to its end, whether or not its client still waits.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use moka::sync::Cache;
use parking_lot::Mutex;
use tokio::sync::watch;

/// How long something is known to have been judged: who lost an ack sends again soon.
const LATELY: Duration = Duration::from_secs(600);
/// How much of it is remembered, about 100 bytes each. What was forgotten is judged again, and then found.
const REMEMBERED: u64 = 50_000;

/// What is being judged now, and what was lately.
pub(crate) struct Underway(Arc<Inner>);

struct Inner {
    hasher: RandomState,
    /// By the digest of its key: of two that share one, the second waits a moment for nothing.
    now: Mutex<HashMap<u64, watch::Receiver<()>>>,
    lately: Cache<u64, ()>,
}

/// The turn of one key. Who has the same waits until it is dropped.
pub(crate) struct Turn {
    key: u64,
    inner: Arc<Inner>,
    is_repeat: bool,
    /// Closed with the turn, which wakes who waits.
    _over: watch::Sender<()>,
}

impl Underway {
    pub(crate) fn new() -> Self {
        let lately = Cache::builder().max_capacity(REMEMBERED).time_to_live(LATELY).build();
        Self(Arc::new(Inner { hasher: RandomState::new(), now: Mutex::default(), lately }))
    }

    /// Waits until nothing else with this key is under way.
    pub(crate) async fn turn(&self, key: impl Hash) -> Turn {
        let key = self.0.hasher.hash_one(key);
        loop {
            let mut other = match self.0.now.lock().entry(key) {
                Entry::Occupied(other) => other.get().clone(),
                Entry::Vacant(free) => {
                    let (over, ends) = watch::channel(());
                    free.insert(ends);
                    let inner = Arc::clone(&self.0);
                    let is_repeat = inner.lately.contains_key(&key);
                    return Turn { key, inner, is_repeat, _over: over };
                }
            };
            // Nothing is ever sent: it ends when the other's turn does.
            let _ended = other.changed().await;
        }
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
        self.inner.lately.insert(self.key, ());
        self.inner.now.lock().remove(&self.key);
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
