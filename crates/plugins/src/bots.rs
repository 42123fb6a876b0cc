//! Bots: what happened becomes events in a durable queue, and each is handled at least once.
//!
//! A batch of the writer, a press and a timer each write rows under ids that are the same at every attempt; so a job that
//! is run again queues nothing twice. One node at a time hands a plugin its events: those of a room in their order,
//! several rooms at once. A row goes when its event was handled, or failed too often.

mod arrivals;
mod dispatch;
mod echoes;
mod ids;
mod lanes;
mod sequence;
mod told;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_store::plugin_events::Room;
use tokio::sync::Notify;

pub(crate) use arrivals::Arrivals;
pub(crate) use dispatch::{Dispatch, Dispatcher};
pub(crate) use echoes::Echoes;
pub(crate) use ids::timer as timer_id;

/// Events of one plugin that wait, in all and of one person's doing. Past it new ones are refused, and counted.
pub(crate) const MOST_WAITING: Room = Room { all: 1_000, of_one: 250 };
/// How long an event waits at most. Past it, it is dropped, and counted.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Wakes who hands a plugin its events.
#[derive(Clone, Default)]
pub(crate) struct Wakes(Arc<Mutex<HashMap<Arc<str>, Arc<Notify>>>>);

impl Wakes {
    /// What waits for events of `plugin`.
    pub(crate) fn of(&self, plugin: &str) -> Arc<Notify> {
        let mut wakes = self.0.lock();
        if let Some(notify) = wakes.get(plugin) {
            return Arc::clone(notify);
        }
        let notify = Arc::new(Notify::new());
        wakes.insert(plugin.into(), Arc::clone(&notify));
        notify
    }

    pub(crate) fn wake(&self, plugin: &str) {
        self.of(plugin).notify_one();
    }
}
