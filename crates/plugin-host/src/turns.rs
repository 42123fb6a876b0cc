//! Whose turn it is: so many at once, and whoever waits is served in rounds, one call of each party in a round. A party that
//! makes a thousand calls at once waits for itself; another's call waits for one of them at most.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::party::Party;

#[derive(Debug)]
pub(crate) struct Turns {
    inner: Mutex<Inner>,
    /// So many calls of one party may wait.
    most_of_one: usize,
}

/// A call that waits. Dropped by its caller, it is passed over.
type Waiter = oneshot::Sender<Turn>;

#[derive(Debug)]
struct Inner {
    /// While there are any, nobody waits.
    free: usize,
    waiting: HashMap<Option<Party>, VecDeque<Waiter>>,
    /// Parties that wait, in the order in which they are served.
    round: VecDeque<Option<Party>>,
}

/// The right to make one call. Dropped, it is the next one's.
#[derive(Debug)]
pub(crate) struct Turn(Option<Arc<Turns>>);

impl Turns {
    pub(crate) fn new(at_once: usize, most_of_one: usize) -> Arc<Self> {
        let inner = Inner { free: at_once, waiting: HashMap::new(), round: VecDeque::new() };
        Arc::new(Self { inner: Mutex::new(inner), most_of_one })
    }

    /// A turn, if one is free now.
    pub(crate) fn try_take(self: &Arc<Self>) -> Option<Turn> {
        let mut inner = self.inner.lock();
        inner.free = inner.free.checked_sub(1)?;
        drop(inner);
        Some(Turn(Some(Arc::clone(self))))
    }

    /// Waits for a turn; none when too many of this party's calls wait already.
    pub(crate) async fn take(self: &Arc<Self>, party: Option<Party>) -> Option<Turn> {
        let (tell, told) = oneshot::channel();
        {
            let mut inner = self.inner.lock();
            if inner.free == 0 {
                inner.join(party, tell, self.most_of_one)?;
            } else {
                inner.free -= 1;
                drop(inner);
                return Some(Turn(Some(Arc::clone(self))));
            }
        }
        told.await.ok()
    }

    /// A turn is over: the next one begins, or it is free.
    fn pass_on(self: Arc<Self>) {
        loop {
            let next = {
                let mut inner = self.inner.lock();
                let next = inner.next();
                if next.is_none() {
                    inner.free += 1;
                }
                next
            };
            let Some(waiter) = next else { return };
            match waiter.send(Turn(Some(Arc::clone(&self)))) {
                Ok(()) => return,
                // It waits no more, and what comes back is not a turn that ends.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

impl Inner {
    fn join(&mut self, party: Option<Party>, waiter: Waiter, most: usize) -> Option<()> {
        match self.waiting.entry(party) {
            Entry::Vacant(first) => {
                first.insert(VecDeque::from([waiter]));
                self.round.push_back(party);
            }
            Entry::Occupied(mut others) => {
                let others = others.get_mut();
                if party.is_some() && others.len() >= most {
                    others.retain(|waiter| !waiter.is_closed());
                    if others.len() >= most {
                        return None;
                    }
                }
                others.push_back(waiter);
            }
        }
        Some(())
    }

    fn next(&mut self) -> Option<Waiter> {
        loop {
            let party = self.round.pop_front()?;
            let Entry::Occupied(mut waiting) = self.waiting.entry(party) else { continue };
            let next = waiting.get_mut().pop_front();
            if waiting.get().is_empty() {
                waiting.remove();
            } else {
                self.round.push_back(party);
            }
            if next.is_some() {
                return next;
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;

    use super::*;

    fn party(number: u64) -> Option<Party> {
        Some(Party::new(number))
    }

    /// A call that has begun to wait.
    fn waits(turns: &Arc<Turns>, of: Option<Party>) -> BoxFuture<'static, Option<Turn>> {
        let turns = Arc::clone(turns);
        let mut waiting = async move { turns.take(of).await }.boxed();
        assert!(waiting.as_mut().now_or_never().is_none(), "a turn was free");
        waiting
    }

    #[test]
    fn who_makes_many_calls_waits_for_itself() {
        let turns = Turns::new(1, 100);
        let first = turns.try_take().expect("free");
        let mut crowd: Vec<_> = (0..50).map(|_| waits(&turns, party(1))).collect();
        let mut other = waits(&turns, party(2));
        drop(first);
        let turn = crowd[0].as_mut().now_or_never().flatten().expect("the first who waited");
        assert!(other.as_mut().now_or_never().is_none());
        drop(turn);
        assert!(crowd[1].as_mut().now_or_never().is_none(), "one call of each in a round");
        let turn = other.as_mut().now_or_never().flatten().expect("the other's turn");
        drop(turn);
        assert!(crowd[1].as_mut().now_or_never().flatten().is_some());
    }

    #[test]
    fn so_many_of_one_wait_and_others_still_may() {
        let turns = Turns::new(1, 2);
        let _first = turns.try_take().expect("free");
        let waiting = [waits(&turns, party(1)), waits(&turns, party(1))];
        assert!(turns.take(party(1)).now_or_never().expect("an answer").is_none(), "it is refused");
        let _other = waits(&turns, party(2));
        // Those who went away don't count.
        drop(waiting);
        let _again = waits(&turns, party(1));
    }

    #[test]
    fn a_turn_that_nobody_takes_is_not_lost() {
        let turns = Turns::new(1, 2);
        let first = turns.try_take().expect("free");
        let gone = waits(&turns, party(1));
        let came = waits(&turns, party(2));
        drop(gone);
        drop(first);
        // Given and not taken up, it is free again.
        drop(came);
        assert!(turns.try_take().is_some());
        let inner = turns.inner.lock();
        assert!(inner.waiting.is_empty() && inner.round.is_empty());
    }
}
