//! Guests whom the tutorials' doors made. Their clients can keep no token: so that each reconnect does not make another
//! guest, a client that comes again gets one that went from the same place.
//!
//! Only a guest whose socket is gone is given again, so that two people behind one address are two. Such a guest can
//! neither read nor write outside the lobby by these doors, and nobody is told its token.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use teahouse_chat::Dialect;

use crate::listener::counted;

/// Guests who went from one place and may come again; the longest gone are forgotten.
const MOST_FROM_ONE_PLACE: usize = 64;
/// The same from all places; when there are more, those who went long ago are forgotten.
const MOST: usize = 16_384;
/// Characters of a client's description that tell it from others.
const AGENT_CHARS: usize = 256;

/// Where a client comes from, as far as it can be told from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    address: IpAddr,
    agent: String,
    dialect: Dialect,
}

impl Origin {
    /// `agent` is the client's `User-Agent`.
    pub(super) fn new(address: IpAddr, agent: Option<&str>, dialect: Dialect) -> Self {
        let agent = agent.unwrap_or_default().chars().take(AGENT_CHARS).collect();
        Self { address: counted(address), agent, dialect }
    }
}

/// Guests who are gone for now, each by the token `T`. Clones are the same.
#[derive(Clone)]
pub(super) struct Guests<T> {
    /// How long they are kept; zero: not at all.
    kept_for: Duration,
    gone: Arc<Mutex<Gone<T>>>,
}

struct Gone<T> {
    by_origin: HashMap<Origin, Vec<Guest<T>>>,
    number: usize,
}

struct Guest<T> {
    token: T,
    since: Instant,
}

/// A guest who is here. Dropped when the socket ends: then the guest may come again.
pub(super) struct Stay<T: Clone> {
    guests: Guests<T>,
    origin: Origin,
    token: T,
}

impl<T: Clone> Guests<T> {
    pub(super) fn new(kept_for: Duration) -> Self {
        let gone = Gone { by_origin: HashMap::new(), number: 0 };
        Self { kept_for, gone: Arc::new(Mutex::new(gone)) }
    }

    /// The guest who went last from there, if one did.
    pub(super) fn take(&self, origin: &Origin) -> Option<T> {
        let mut gone = self.gone.lock();
        let guests = gone.by_origin.get_mut(origin)?;
        let guest = guests.pop();
        if guests.is_empty() {
            gone.by_origin.remove(origin);
        }
        let guest = guest?;
        gone.number -= 1;
        (guest.since.elapsed() < self.kept_for).then_some(guest.token)
    }

    /// Notes that a guest is here.
    pub(super) fn stay(&self, origin: Origin, token: T) -> Stay<T> {
        Stay { guests: self.clone(), origin, token }
    }

    fn went(&self, origin: Origin, token: T) {
        if self.kept_for.is_zero() {
            return;
        }
        let mut gone = self.gone.lock();
        if gone.number >= MOST {
            gone.forget(self.kept_for);
        }
        if gone.number >= MOST {
            return;
        }
        let guests = gone.by_origin.entry(origin).or_default();
        guests.push(Guest { token, since: Instant::now() });
        if guests.len() > MOST_FROM_ONE_PLACE {
            guests.remove(0);
        } else {
            gone.number += 1;
        }
    }
}

impl<T> Gone<T> {
    /// Forgets who went too long ago.
    fn forget(&mut self, kept_for: Duration) {
        self.by_origin.retain(|_, guests| {
            guests.retain(|guest| guest.since.elapsed() < kept_for);
            !guests.is_empty()
        });
        self.number = self.by_origin.values().map(Vec::len).sum();
    }
}

impl<T: Clone> Drop for Stay<T> {
    fn drop(&mut self) {
        self.guests.went(self.origin.clone(), self.token.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn origin(address: [u8; 4], agent: &str) -> Origin {
        Origin::new(address.into(), Some(agent), Dialect::Wepy)
    }

    #[test]
    fn who_went_comes_again_and_who_is_here_does_not() {
        let guests = Guests::new(HOUR);
        let here = origin([192, 0, 2, 1], "phone");
        let (a, b) = (guests.stay(here.clone(), "a"), guests.stay(here.clone(), "b"));
        assert_eq!(guests.take(&here), None);
        drop(a);
        assert_eq!(guests.take(&origin([192, 0, 2, 2], "phone")), None, "from elsewhere");
        assert_eq!(guests.take(&origin([192, 0, 2, 1], "browser")), None, "another client");
        assert_eq!(guests.take(&here), Some("a"));
        assert_eq!(guests.take(&here), None, "one at a time");
        drop(b);
        assert_eq!(guests.take(&here), Some("b"));
        assert_eq!(guests.gone.lock().number, 0);
        assert!(guests.gone.lock().by_origin.is_empty());
    }

    #[test]
    fn there_is_an_end_to_who_is_remembered() {
        let guests = Guests::new(HOUR);
        let here = origin([192, 0, 2, 1], "phone");
        for _ in 0..MOST_FROM_ONE_PLACE + 5 {
            drop(guests.stay(here.clone(), "a"));
        }
        assert_eq!(guests.gone.lock().number, MOST_FROM_ONE_PLACE);
        for number in 0..u32::try_from(MOST).unwrap() {
            drop(guests.stay(origin(number.to_be_bytes(), "phone"), "a"));
        }
        assert_eq!(guests.gone.lock().number, MOST);
        let none = Guests::new(Duration::ZERO);
        drop(none.stay(here.clone(), "a"));
        assert!(none.take(&here).is_none());
    }
}
