//! Who should have received what: counts lost, doubled and misordered deliveries without remembering each.

use std::collections::HashSet;

use serde::Serialize;

use crate::stamp::Stamp;

/// What went wrong in a run; all of it must be 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Faults {
    /// Messages that somebody who sat in the room never got, and acknowledgements that never came.
    pub(crate) lost: u64,
    /// Deliveries beyond the first to the same receiver.
    pub(crate) doubled: u64,
    /// Deliveries out of their sender's order, and receivers who saw another order than others of their room.
    pub(crate) misordered: u64,
    /// Deliveries to somebody who should not have had them: the sender, or somebody in another room.
    pub(crate) stray: u64,
    /// Errors that the server answered in place of an acknowledgement.
    pub(crate) refused: u64,
    /// Connections that the server closed.
    pub(crate) closed: u64,
}

impl Faults {
    /// Sums two runs'.
    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.misordered += other.misordered;
        self.stray += other.stray;
        self.refused += other.refused;
        self.closed += other.closed;
    }

    /// All of them together.
    pub(crate) fn total(self) -> u64 {
        self.lost + self.doubled + self.misordered + self.stray + self.refused + self.closed
    }

    /// Whether everything went as promised.
    pub(crate) fn none(self) -> bool {
        self == Self::default()
    }
}

/// Rooms of equal size; the first `senders` members of each room send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Layout {
    pub(crate) rooms: usize,
    pub(crate) members: usize,
    pub(crate) senders: usize,
}

impl Layout {
    pub(crate) fn seats(self) -> usize {
        self.rooms * self.members
    }

    pub(crate) fn all_senders(self) -> usize {
        self.rooms * self.senders
    }

    /// The seat in which sender `sender` sits.
    pub(crate) fn seat_of_sender(self, sender: usize) -> usize {
        sender / self.senders * self.members + sender % self.senders
    }

    /// The sender who sits in `seat`, if one does.
    pub(crate) fn sender_in(self, seat: usize) -> Option<usize> {
        let (room, member) = (seat / self.members, seat % self.members);
        (member < self.senders).then(|| room * self.senders + member)
    }
}

/// The books of one run.
#[derive(Debug)]
pub(crate) struct Ledger {
    layout: Layout,
    /// The number expected next, by seat and then sender of the seat's room.
    next: Vec<u32>,
    /// The same for each sender's acknowledgements.
    next_ack: Vec<u32>,
    /// Skipped so far: (seat, sender, number). Empty in a good run, so its cost doesn't matter.
    missing: HashSet<(usize, usize, u32)>,
    missing_acks: HashSet<(usize, u32)>,
    /// A hash over everything a seat received, in order: members who don't send must all have the same.
    order: Vec<u64>,
    received: u64,
    acked: u64,
    faults: Faults,
}

impl Ledger {
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            next: vec![0; layout.seats() * layout.senders],
            next_ack: vec![0; layout.all_senders()],
            missing: HashSet::new(),
            missing_acks: HashSet::new(),
            order: vec![0; layout.seats()],
            received: 0,
            acked: 0,
            faults: Faults::default(),
        }
    }

    /// Books one delivery to `seat`; `false` where it was not this seat's to have, or had been there before.
    #[inline]
    pub(crate) fn delivered(&mut self, seat: usize, stamp: Stamp) -> bool {
        let sender = stamp.sender as usize;
        let (room, column) = (sender / self.layout.senders, sender % self.layout.senders);
        if room != seat / self.layout.members || seat == self.layout.seat_of_sender(sender) {
            self.faults.stray += 1;
            return false;
        }
        let entry = u64::from(stamp.sender) << 32 | u64::from(stamp.number);
        self.order[seat] = (self.order[seat] ^ entry).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
        let next = &mut self.next[seat * self.layout.senders + column];
        if stamp.number == *next {
            *next += 1;
        } else if !self.out_of_turn(seat, column, stamp) {
            return false;
        }
        self.received += 1;
        true
    }

    #[cold]
    fn out_of_turn(&mut self, seat: usize, column: usize, stamp: Stamp) -> bool {
        let sender = stamp.sender as usize;
        let next = &mut self.next[seat * self.layout.senders + column];
        if stamp.number > *next {
            self.missing.extend((*next..stamp.number).map(|number| (seat, sender, number)));
            *next = stamp.number + 1;
            return true;
        }
        let late = self.missing.remove(&(seat, sender, stamp.number));
        if late {
            self.faults.misordered += 1;
        } else {
            self.faults.doubled += 1;
        }
        late
    }

    /// Books an acknowledgement to `sender`; without a number it is taken for the oldest outstanding.
    pub(crate) fn acknowledged(&mut self, sender: usize, number: Option<u32>) -> bool {
        let next = &mut self.next_ack[sender];
        match number {
            Some(number) if number > *next => {
                self.missing_acks.extend((*next..number).map(|skipped| (sender, skipped)));
                *next = number + 1;
            }
            Some(number) if number < *next => {
                if !self.missing_acks.remove(&(sender, number)) {
                    self.faults.doubled += 1;
                    return false;
                }
                self.faults.misordered += 1;
            }
            _ => *next += 1,
        }
        self.acked += 1;
        true
    }

    /// Books an error that the server answered.
    pub(crate) fn refused(&mut self) {
        self.faults.refused += 1;
    }

    /// Books a connection that the server closed.
    pub(crate) fn closed(&mut self) {
        self.faults.closed += 1;
    }

    /// Deliveries so far, each counted once.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Acknowledgements so far.
    pub(crate) fn acked(&self) -> u64 {
        self.acked
    }

    /// Whether all of what was sent has arrived everywhere and been acknowledged.
    pub(crate) fn complete(&self, sent: u64) -> bool {
        self.acked >= sent && self.received >= sent * (self.layout.members as u64 - 1)
    }

    /// Closes the books: `sent` messages of each sender went out.
    pub(crate) fn close(mut self, sent: &[u32]) -> Faults {
        self.faults.lost += (self.missing.len() + self.missing_acks.len()) as u64;
        for (sender, &sent) in sent.iter().enumerate() {
            let (room, column) = (sender / self.layout.senders, sender % self.layout.senders);
            let sits_in = self.layout.seat_of_sender(sender);
            for seat in room * self.layout.members..(room + 1) * self.layout.members {
                if seat != sits_in {
                    let next = self.next[seat * self.layout.senders + column];
                    self.faults.lost += u64::from(sent.saturating_sub(next));
                }
            }
            self.faults.lost += u64::from(sent.saturating_sub(self.next_ack[sender]));
        }
        self.compare_orders();
        self.faults
    }

    /// Two senders' messages must interleave alike for everybody. Compared only where nothing else went wrong,
    /// because a lost or doubled delivery changes the hash as well.
    fn compare_orders(&mut self) {
        if !self.faults.none() {
            return;
        }
        for room in self.order.chunks(self.layout.members) {
            let listeners = &room[self.layout.senders..];
            self.faults.misordered += listeners.iter().filter(|order| **order != listeners[0]).count() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout { rooms: 2, members: 4, senders: 2 };

    /// Everybody's deliveries of one message each by the four senders, as (seat, sender, number).
    fn one_each() -> Vec<(usize, u32, u32)> {
        let mut all = Vec::new();
        for sender in 0..LAYOUT.all_senders() {
            let room = sender / LAYOUT.senders;
            let seats = room * LAYOUT.members..(room + 1) * LAYOUT.members;
            all.extend(seats.filter(|s| *s != LAYOUT.seat_of_sender(sender)).map(|s| (s, sender as u32, 0)));
        }
        all
    }

    #[track_caller]
    fn check(deliveries: &[(usize, u32, u32)], sent: u32, expected: Faults) {
        let mut ledger = Ledger::new(LAYOUT);
        for &(seat, sender, number) in deliveries {
            ledger.delivered(seat, Stamp { sender, number, micros: 0 });
        }
        for sender in 0..LAYOUT.all_senders() {
            (0..sent).for_each(|number| assert!(ledger.acknowledged(sender, Some(number))));
        }
        assert_eq!(ledger.close(&[sent; 4]), expected);
    }

    #[test]
    fn a_clean_run_has_no_faults() {
        check(&one_each(), 1, Faults::default());
    }

    #[test]
    fn a_missing_delivery_is_lost_at_the_end_and_in_the_middle() {
        let mut cut = one_each();
        cut.remove(0);
        check(&cut, 1, Faults { lost: 1, ..Faults::default() });
        let again: Vec<_> = one_each().into_iter().map(|(seat, sender, _)| (seat, sender, 1)).collect();
        cut.extend(again);
        check(&cut, 2, Faults { lost: 1, ..Faults::default() });
    }

    #[test]
    fn a_second_delivery_is_doubled() {
        let mut twice = one_each();
        twice.push(twice[0]);
        check(&twice, 1, Faults { doubled: 1, ..Faults::default() });
    }

    #[test]
    fn a_late_delivery_is_misordered_and_not_lost() {
        let mut swapped = one_each();
        let (seat, sender, _) = swapped.remove(0);
        swapped.push((seat, sender, 1));
        swapped.push((seat, sender, 0));
        let others: Vec<_> = one_each()[1..].iter().map(|(seat, sender, _)| (*seat, *sender, 1)).collect();
        swapped.extend(others);
        check(&swapped, 2, Faults { misordered: 1, ..Faults::default() });
    }

    #[test]
    fn two_listeners_who_saw_two_senders_in_another_order_are_misordered() {
        let mut crossed = one_each();
        let first = crossed.iter().position(|d| *d == (2, 0, 0)).expect("seat 2 listens");
        let delivery = crossed.remove(first);
        crossed.push(delivery);
        check(&crossed, 1, Faults { misordered: 1, ..Faults::default() });
    }

    #[test]
    fn a_delivery_to_its_sender_or_another_room_is_stray() {
        let mut stray = one_each();
        stray.push((0, 0, 0));
        stray.push((5, 0, 0));
        check(&stray, 1, Faults { stray: 2, ..Faults::default() });
    }

    #[test]
    fn an_acknowledgement_that_never_came_is_lost() {
        let mut ledger = Ledger::new(Layout { rooms: 1, members: 1, senders: 1 });
        assert!(ledger.acknowledged(0, None));
        assert!(ledger.acknowledged(0, Some(2)));
        assert!(!ledger.acknowledged(0, Some(0)));
        assert_eq!(ledger.close(&[4]), Faults { lost: 2, doubled: 1, ..Faults::default() });
    }
}
