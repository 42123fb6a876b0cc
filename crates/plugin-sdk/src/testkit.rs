//! A host that is not there, for unit tests: plugin logic that uses `kv`, `messages` or any other host function runs
//! under plain `cargo test`, on the author's own machine, without a component.
//!
//! ```
//! use teahouse_plugin_sdk::{kv, testkit};
//!
//! let host = testkit::Host::new();
//! kv::increment("seen", 2, None).unwrap();
//! assert_eq!(kv::get_count("seen").unwrap(), 2);
//! host.deny("kv");
//! assert!(kv::get_count("seen").is_err());
//! ```

mod people;
pub(crate) mod raw;
mod state;

use std::rc::Rc;

use serde_json::Value;

pub use self::people::{command, message, press, room, user};
use self::state::State;
pub use self::state::{Act, Reply, Request, Sent, TimerSet};
use crate::export::{Slot, init};
use crate::{Event, Message, Problems, Room, Setup, User};

/// The host of this thread. A new one forgets all that was; every capability is granted at first.
#[derive(Debug)]
pub struct Host {
    // Of one thread: so is what it stands for.
    _thread: Rc<()>,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A new one, at noon of 2026-01-01 in UTC.
    #[must_use]
    pub fn new() -> Self {
        State::with(|state| *state = State::default());
        Self { _thread: Rc::default() }
    }

    /// Revokes a capability, such as `kv`.
    pub fn deny(&self, capability: &str) {
        State::with(|state| state.denied.insert(capability.to_owned()));
    }

    /// Grants it again.
    pub fn grant(&self, capability: &str) {
        State::with(|state| state.denied.remove(capability));
    }

    /// Lets time pass, and gives the timers that fall due, as events, in their order.
    #[must_use]
    pub fn advance(&self, span: std::time::Duration) -> Vec<Event> {
        State::with(|state| state.advance(span).into_iter().map(Event::Timer).collect())
    }

    /// Adds a room to the directory.
    pub fn add_room(&self, room: Room) {
        State::with(|state| state.rooms.insert(room.id.clone(), room));
    }

    /// Adds a member to the directory.
    pub fn add_member(&self, room: &str, user: User, role: &str) {
        State::with(|state| {
            state.members.insert((room.to_owned(), user.id.clone()), (user, role.to_owned()))
        });
    }

    /// Adds a message to the history.
    pub fn add_message(&self, message: Message) {
        State::with(|state| state.history.push(message));
    }

    /// What the next call to the network brings; without one, calls fail as unavailable.
    pub fn reply(&self, reply: Reply) {
        State::with(|state| state.replies.push_back(reply));
    }

    /// What the plugin sent, edited included, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        State::with(|state| state.sent.clone())
    }

    /// What else it did to messages and members, in order.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        State::with(|state| state.acts.clone())
    }

    /// The timers that are set, by name.
    #[must_use]
    pub fn timers(&self) -> Vec<TimerSet> {
        State::with(|state| state.timers.values().cloned().collect())
    }

    /// Its calls to the network, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        State::with(|state| state.requests.clone())
    }

    /// The lines it wrote, each as `level line name=value …`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        State::with(|state| state.lines.clone())
    }
}

/// A plugin with these settings, made as the host makes it.
///
/// # Errors
/// What the plugin finds wrong with them.
pub fn plugin<P: Setup>(config: &Value) -> Result<P, Problems> {
    let slot = Slot::<P>::new(None);
    if let Err(found) = init(&slot, &config.to_string()) {
        let mut problems = Problems::new();
        found.into_iter().for_each(|problem| problems.add(problem.field, problem.text));
        return Err(problems);
    }
    slot.into_inner().ok_or_else(|| Problems::at("", "init made no plugin"))
}
