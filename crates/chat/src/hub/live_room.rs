//! A room that somebody on this node listens to: its listeners, and what is known of it and of its members.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use teahouse_protocol::{CloseCode, RoomId, RoomKind, Seq, UserId, Visibility};
use teahouse_store::writer::MemberState;

use super::{ConnectionId, Frames, MailboxLimits};
use crate::cached::Cached;
use crate::connection::Core;

/// What of a room decides who may read and write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoomFacts {
    pub(crate) id: RoomId,
    pub(crate) kind: RoomKind,
    pub(crate) visibility: Visibility,
    /// Whether members who only read may react.
    pub(crate) readers_may_react: bool,
}

/// What somebody is in a room; `None`: no member.
pub(crate) type Membership = Cached<Option<MemberState>>;

/// A room that somebody on this node listens to.
pub(crate) struct LiveRoom {
    id: RoomId,
    /// `None` inside: no such room.
    pub(crate) facts: Cached<Option<RoomFacts>>,
    memberships: Mutex<HashMap<UserId, Weak<Membership>>>,
    listeners: RwLock<Listeners>,
}

#[derive(Default)]
struct Listeners {
    list: Vec<Listener>,
    /// Where in the list each connection is.
    places: HashMap<ConnectionId, usize>,
    /// How many listeners each user has.
    users: HashMap<UserId, u32>,
}

/// What waits while one listener reads the past: events in order, with their numbers where they have one.
#[derive(Default)]
struct HeldBack {
    frames: Vec<(Option<Seq>, Bytes)>,
    bytes: usize,
}

impl HeldBack {
    /// Keeps `frame` for later; false: more than `limits` would wait.
    fn push(&mut self, seq: Option<Seq>, frame: Bytes, limits: MailboxLimits) -> bool {
        let fits = self.frames.len() < limits.frames && self.bytes + frame.len() <= limits.bytes;
        if fits {
            self.bytes += frame.len();
            self.frames.push((seq, frame));
        }
        fits
    }
}

struct Listener {
    core: Arc<Core>,
    /// Events up to here came, or will come, from the log.
    after: i64,
    /// While the past is being read, what is new waits here, to come after it.
    held_back: Option<Box<HeldBack>>,
}

impl LiveRoom {
    pub(super) fn new(id: RoomId) -> Self {
        Self { id, facts: Cached::empty(), memberships: Mutex::default(), listeners: RwLock::default() }
    }

    pub(crate) const fn id(&self) -> RoomId {
        self.id
    }

    /// What `user` is here, shared by all who ask.
    pub(crate) fn membership(&self, user: UserId) -> Arc<Membership> {
        let mut memberships = self.memberships.lock();
        if let Some(shared) = memberships.get(&user).and_then(Weak::upgrade) {
            return shared;
        }
        if memberships.len() == memberships.capacity() {
            memberships.retain(|_, shared| shared.strong_count() > 0);
        }
        let fresh = Arc::new(Membership::empty());
        memberships.insert(user, Arc::downgrade(&fresh));
        fresh
    }

    /// An event said that what `user` is here changed.
    pub(crate) fn forget_membership(&self, user: UserId) {
        if let Some(shared) = self.memberships.lock().get(&user).and_then(Weak::upgrade) {
            shared.forget();
        }
    }

    /// Begins to listen: whatever is new from now on is held back until [`LiveRoom::go_live`].
    pub(crate) fn add_listener(&self, core: &Arc<Core>) {
        let mut listeners = self.listeners.write();
        listeners.remove(core);
        listeners.add(Listener { core: Arc::clone(core), after: 0, held_back: Some(Box::default()) });
    }

    /// Begins to hear everything after `after` as it comes, unless `core` listens already or is about to.
    pub(crate) fn add_live_listener(&self, core: &Arc<Core>, after: Seq) {
        let mut listeners = self.listeners.write();
        if !listeners.places.contains_key(&core.id()) {
            listeners.add(Listener { core: Arc::clone(core), after: after.get(), held_back: None });
        }
    }

    /// The past up to `after` is in the mailbox: what was held back follows, then everything as it comes. False when
    /// `core` does not listen any more.
    pub(crate) fn go_live(&self, core: &Core, after: Seq) -> bool {
        let mut listeners = self.listeners.write();
        let Some(listener) = listeners.find_mut(core) else { return false };
        listener.after = after.get();
        for (seq, frame) in listener.held_back.take().into_iter().flat_map(|held| held.frames) {
            if seq.is_none_or(|seq| seq > after) {
                core.mailbox().push(frame);
            }
        }
        true
    }

    pub(crate) fn remove_listener(&self, core: &Core) {
        self.listeners.write().remove(core);
    }

    /// Ends everybody's listening: the room is gone.
    pub(crate) fn remove_all_listeners(&self) -> Vec<Arc<Core>> {
        let gone = std::mem::take(&mut *self.listeners.write());
        gone.list.into_iter().map(|listener| listener.core).collect()
    }

    /// The connections that listen here.
    pub(crate) fn listening(&self) -> Vec<Arc<Core>> {
        self.listeners.read().list.iter().map(|listener| Arc::clone(&listener.core)).collect()
    }

    /// How many different users listen here.
    pub(crate) fn users_online(&self) -> usize {
        self.listeners.read().users.len()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.listeners.read().list.is_empty()
    }

    /// Puts an event into every listener's mailbox; says into how many.
    pub(super) fn deliver(
        &self,
        seq: Option<Seq>,
        except: Option<ConnectionId>,
        frames: &mut Frames<'_>,
    ) -> u64 {
        let listeners = self.listeners.upgradable_read();
        let mut delivered = 0;
        let mut joining = false;
        for listener in &listeners.list {
            if listener.held_back.is_some() {
                joining = true;
                continue;
            }
            if Some(listener.core.id()) == except || seq.is_some_and(|seq| seq.get() <= listener.after) {
                continue;
            }
            if let Some(frame) = frames.get(listener.core.mailbox().dialect()) {
                listener.core.mailbox().push(frame);
                delivered += 1;
            }
        }
        if joining {
            let mut listeners = parking_lot::RwLockUpgradableReadGuard::upgrade(listeners);
            listeners.hold_back(seq, except, frames);
        }
        delivered
    }
}

impl Listeners {
    fn add(&mut self, listener: Listener) {
        *self.users.entry(listener.core.user_id()).or_default() += 1;
        self.places.insert(listener.core.id(), self.list.len());
        self.list.push(listener);
    }

    fn find_mut(&mut self, core: &Core) -> Option<&mut Listener> {
        self.places.get(&core.id()).and_then(|place| self.list.get_mut(*place))
    }

    fn remove(&mut self, core: &Core) {
        let Some(place) = self.places.remove(&core.id()) else { return };
        self.list.swap_remove(place);
        if let Some(moved) = self.list.get(place) {
            self.places.insert(moved.core.id(), place);
        }
        if let Some(count) = self.users.get_mut(&core.user_id()) {
            *count -= 1;
            if *count == 0 {
                self.users.remove(&core.user_id());
            }
        }
    }

    /// Keeps an event for those who read the past. It will wait in their mailboxes, so that it counts as if it did: who
    /// would get too much is closed with 4029, and resumes.
    fn hold_back(&mut self, seq: Option<Seq>, except: Option<ConnectionId>, frames: &mut Frames<'_>) {
        for listener in &mut self.list {
            let Some(held_back) = &mut listener.held_back else { continue };
            if Some(listener.core.id()) == except {
                continue;
            }
            let mailbox = listener.core.mailbox();
            let Some(frame) = frames.get(mailbox.dialect()) else { continue };
            if !held_back.push(seq, frame, mailbox.limits()) {
                **held_back = HeldBack::default();
                mailbox.close(CloseCode::TooSlow, "too slow");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_the_past_is_bounded_in_number_and_in_bytes() {
        let limits = MailboxLimits { frames: 3, bytes: 10 };
        let mut held_back = HeldBack::default();
        let mut push = |text: &'static str| held_back.push(None, Bytes::from_static(text.as_bytes()), limits);
        assert!(push("12345"));
        assert!(!push("123456"));
        assert!(push("1234"));
        assert!(push("1"));
        assert!(!push(""));
    }
}
