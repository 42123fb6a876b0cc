//! The bus within one process: a bounded queue for each subscriber.

use std::fmt;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc};

/// What can go over a bus.
pub trait Event: Clone + Send + Sync + 'static {}

impl<E: Clone + Send + Sync + 'static> Event for E {}

/// Takes events and hands them to all subscribers. Clones are the same bus.
pub struct Bus<E> {
    shared: Arc<Shared<E>>,
}

struct Shared<E> {
    /// Held while one event is handed out, so that all subscribers see one order. It is fair: events leave in
    /// the order in which `publish` was called.
    turn: Mutex<()>,
    subscribers: SyncMutex<Vec<mpsc::Sender<E>>>,
}

impl<E: Event> Bus<E> {
    /// A bus that ends at this process.
    #[must_use]
    pub fn in_process() -> Self {
        let shared = Shared { turn: Mutex::new(()), subscribers: SyncMutex::new(Vec::new()) };
        Self { shared: Arc::new(shared) }
    }

    /// Hands `event` to every subscriber, and waits while one's queue is full.
    ///
    /// A future dropped while it waits may have reached some subscribers and not others.
    pub async fn publish(&self, event: E) {
        let _turn = self.shared.turn.lock().await;
        for full in self.shared.offer(&event) {
            // An error says that the subscriber has gone meanwhile: nobody to tell.
            let _gone = full.send(event.clone()).await;
        }
    }

    /// A queue of at most `capacity` events (at least one) for a new subscriber, from the next event on.
    #[must_use]
    pub fn subscribe(&self, capacity: usize) -> Subscription<E> {
        let (sender, queue) = mpsc::channel(capacity.max(1));
        self.shared.subscribers().push(sender);
        Subscription { queue }
    }
}

impl<E> Shared<E> {
    fn subscribers(&self) -> std::sync::MutexGuard<'_, Vec<mpsc::Sender<E>>> {
        // The list is whole between any two of its operations.
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Event> Shared<E> {
    /// Gives `event` to those with room for it, forgets those who have gone, and returns the rest.
    fn offer(&self, event: &E) -> Vec<mpsc::Sender<E>> {
        let mut full = Vec::new();
        self.subscribers().retain(|subscriber| match subscriber.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                full.push(subscriber.clone());
                true
            }
            Err(TrySendError::Closed(_)) => false,
        });
        full
    }
}

impl<E> Clone for Bus<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E> fmt::Debug for Bus<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Bus").field("subscribers", &self.shared.subscribers().len()).finish_non_exhaustive()
    }
}

/// A subscriber's queue. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription<E> {
    queue: mpsc::Receiver<E>,
}

impl<E: Event> Subscription<E> {
    /// The next event, in the order of their publishing; `None` once nobody is left who could publish.
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<E> {
        self.queue.recv().await
    }
}

#[cfg(test)]
mod tests;
