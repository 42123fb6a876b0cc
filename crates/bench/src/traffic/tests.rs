//! The books against a server that keeps to the protocol, and against ones that don't.

use super::*;
use crate::{
    contestant::arrange,
    cores::Cores,
    dialect::Native,
    fake::{Fake, Whim},
};

const LAYOUT: Layout = Layout { rooms: 2, members: 4, senders: 2 };

fn tally(whim: Whim, pace: Pace, layout: Layout) -> Tally {
    let fake = Fake::start(whim);
    let seats = arrange(fake.address, layout.rooms, layout.members).expect("the fake takes everybody in");
    assert_eq!(fake.room_sizes(), vec![layout.members; layout.rooms]);
    let mut dialect = Native::default();
    let mut crowd = Crowd::new(fake.address).expect("an epoll");
    crowd.seat_all(&seats, &dialect).expect("everybody is seated");
    let short = Duration::from_millis(60);
    let meter = Meter { cores: Cores { server: 0, client: 0 }, server: std::process::id() };
    run(Plan { layout, pace, warm_up: short, window: short }, crowd, &seats, &mut dialect, meter)
        .expect("a run")
}

#[track_caller]
fn faults_of(whim: Whim) -> Faults {
    tally(whim, Pace::Closed { in_flight: 4 }, LAYOUT).faults
}

#[test]
fn an_honest_server_has_no_faults_at_any_pace() {
    let paces = [Pace::Closed { in_flight: 8 }, Pace::Open { messages_per_second: 500.0 }];
    for pace in paces {
        let tally = tally(Whim::Honest, pace, LAYOUT);
        assert_eq!(tally.faults, Faults::default(), "{pace:?}: {:?}", tally.first_complaint);
        assert!(tally.deliveries > 0 && tally.acked > 0, "{pace:?}");
        assert!(tally.delivery.quantile(0.5).is_some_and(|micros| micros < 10_000_000), "{pace:?}");
    }
}

#[test]
fn in_lockstep_a_message_leaves_when_all_have_the_last() {
    let one_sender = Layout { rooms: 1, members: 4, senders: 1 };
    let tally = tally(Whim::Honest, Pace::Lockstep, one_sender);
    assert_eq!(tally.faults, Faults::default());
    // The window may cut a message in two, on either side.
    assert!(tally.deliveries.abs_diff(tally.acked * 3) <= 6, "{} for {}", tally.deliveries, tally.acked);
}

#[test]
fn alone_in_a_room_only_acknowledgements_come() {
    let alone = Layout { rooms: 3, members: 1, senders: 1 };
    let tally = tally(Whim::Honest, Pace::Closed { in_flight: 2 }, alone);
    assert_eq!((tally.faults, tally.deliveries), (Faults::default(), 0));
    assert!(tally.acked > 0);
}

#[test]
fn what_is_lost_is_counted() {
    let faults = faults_of(Whim::LosesADelivery);
    assert!(faults.lost > 0);
    assert_eq!(Faults { lost: 0, ..faults }, Faults::default());
}

#[test]
fn what_is_doubled_is_counted() {
    let faults = faults_of(Whim::DoublesADelivery);
    assert!(faults.doubled > 0);
    assert_eq!(Faults { doubled: 0, ..faults }, Faults::default());
}

#[test]
fn what_comes_late_is_misordered() {
    let faults = faults_of(Whim::DeliversLate);
    assert!(faults.misordered > 0, "{faults:?}");
    assert_eq!((faults.doubled, faults.stray), (0, 0));
}

#[test]
fn ones_own_message_is_stray() {
    let faults = faults_of(Whim::DeliversToTheSender);
    assert!(faults.stray > 0);
    assert_eq!(Faults { stray: 0, ..faults }, Faults::default());
}

#[test]
fn an_acknowledgement_that_never_comes_is_lost() {
    let faults = faults_of(Whim::LosesAnAck);
    assert!(faults.lost > 0, "{faults:?}");
}

#[test]
fn a_refusal_is_counted_and_quoted() {
    let tally = tally(Whim::Refuses, Pace::Closed { in_flight: 4 }, LAYOUT);
    assert!(tally.faults.refused > 0);
    assert_eq!(tally.first_complaint.as_deref(), Some("rejected: no"));
}

#[test]
fn a_closed_connection_is_counted_and_quoted() {
    let tally = tally(Whim::ClosesAListener, Pace::Closed { in_flight: 4 }, LAYOUT);
    assert_eq!(tally.faults.closed, 1);
    assert!(tally.faults.lost > 0);
    assert_eq!(tally.first_complaint.as_deref(), Some("connection closed: 4029 slow"));
}
