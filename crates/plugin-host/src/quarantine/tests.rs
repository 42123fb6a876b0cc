use super::*;

const S: u64 = 1_000;

/// Five failures within a second, from `at_ms` on.
#[track_caller]
fn break_it(quarantine: &mut Quarantine, at_ms: u64) -> Option<QuarantineChange> {
    for n in 0..4 {
        assert_eq!(quarantine.failed(at_ms + n, Blow::Failure, None, "trap"), None);
    }
    quarantine.failed(at_ms + 4, Blow::Failure, None, "trap")
}

#[test]
fn the_fifth_failure_in_a_minute_quarantines() {
    let mut quarantine = Quarantine::default();
    assert_eq!(quarantine.ask(0), Permission::Call);
    assert_eq!(break_it(&mut quarantine, 0), Some(QuarantineChange::Quarantined { until_ms: 30 * S + 4 }));
    assert_eq!(quarantine.ask(5 * S), Permission::No);
}

#[test]
fn failures_apart_count_by_the_hour() {
    let mut quarantine = Quarantine::default();
    for n in 0..19 {
        assert_eq!(quarantine.failed(n * 100 * S, Blow::Failure, None, "trap"), None);
    }
    assert!(quarantine.failed(1_900 * S, Blow::Failure, None, "trap").is_some());
}

#[test]
fn failures_of_an_hour_ago_are_forgotten() {
    let mut quarantine = Quarantine::default();
    for n in 0..100 {
        assert_eq!(quarantine.failed(n * 200 * S, Blow::Failure, None, "trap"), None, "at {n}");
    }
}

#[test]
fn an_error_text_is_a_tenth_of_a_failure() {
    let mut quarantine = Quarantine::default();
    for n in 0..49 {
        assert_eq!(quarantine.failed(n, Blow::ErrorText, None, "no word list"), None);
    }
    assert!(quarantine.failed(49, Blow::ErrorText, None, "no word list").is_some());
}

#[test]
fn after_its_time_one_call_is_tried() {
    let mut quarantine = Quarantine::default();
    break_it(&mut quarantine, 0);
    assert_eq!(quarantine.ask(31 * S), Permission::Trial);
    assert_eq!(quarantine.ask(31 * S), Permission::No);
    assert_eq!(quarantine.succeeded(31 * S), Some(QuarantineChange::Freed));
    assert_eq!(quarantine.ask(31 * S), Permission::Call);
}

#[test]
fn each_failed_trial_waits_longer_and_the_last_for_an_admin() {
    let mut quarantine = Quarantine::default();
    break_it(&mut quarantine, 0);
    let mut now = 31 * S;
    for seconds in [120, 600] {
        assert_eq!(quarantine.ask(now), Permission::Trial);
        let until_ms = now + seconds * S;
        assert_eq!(
            quarantine.failed(now, Blow::Failure, None, "trap"),
            Some(QuarantineChange::Quarantined { until_ms })
        );
        now = until_ms;
    }
    assert_eq!(quarantine.ask(now), Permission::Trial);
    assert_eq!(quarantine.failed(now, Blow::Failure, None, "trap"), Some(QuarantineChange::Blocked));
    assert_eq!(quarantine.ask(now + 86_400 * S), Permission::No);
    quarantine.try_now(now + 1);
    assert_eq!(quarantine.ask(now + 1), Permission::Trial);
    assert_eq!(quarantine.succeeded(now + 1), Some(QuarantineChange::Freed));
}

#[test]
fn breaking_again_soon_after_is_held_against_it() {
    let mut quarantine = Quarantine::default();
    break_it(&mut quarantine, 0);
    quarantine.ask(31 * S);
    quarantine.succeeded(31 * S);
    let again = 40 * S;
    let until_ms = again + 4 + 120 * S;
    assert_eq!(break_it(&mut quarantine, again), Some(QuarantineChange::Quarantined { until_ms }));
}

#[test]
fn an_hour_without_quarantine_is_a_new_story() {
    let mut quarantine = Quarantine::default();
    break_it(&mut quarantine, 0);
    quarantine.ask(31 * S);
    quarantine.succeeded(31 * S);
    let later = 31 * S + 3_600 * S;
    let until_ms = later + 4 + 30 * S;
    assert_eq!(break_it(&mut quarantine, later), Some(QuarantineChange::Quarantined { until_ms }));
}

#[test]
fn a_trial_that_never_ends_is_given_to_another() {
    let mut quarantine = Quarantine::default();
    break_it(&mut quarantine, 0);
    assert_eq!(quarantine.ask(31 * S), Permission::Trial);
    assert_eq!(quarantine.ask(60 * S), Permission::No);
    assert_eq!(quarantine.ask(92 * S), Permission::Trial);
}

#[test]
fn calls_that_began_before_change_nothing() {
    let mut quarantine = Quarantine::default();
    break_it(&mut quarantine, 0);
    let before = quarantine.clone();
    assert_eq!(quarantine.failed(S, Blow::Failure, None, "trap"), None);
    assert_eq!(quarantine.succeeded(S), None);
    assert_eq!(quarantine, before);
}

#[test]
fn it_survives_being_written_down() {
    let mut quarantine = Quarantine::default();
    break_it(&mut quarantine, 0);
    let text = serde_json::to_string(&quarantine).expect("JSON");
    assert_eq!(serde_json::from_str::<Quarantine>(&text).expect("read"), quarantine);
}

fn party(number: u64) -> Option<Party> {
    Some(Party::new(number))
}

#[test]
fn what_fails_for_one_again_and_again_counts_once() {
    let mut quarantine = Quarantine::default();
    for n in 0..1_000 {
        assert_eq!(quarantine.failed(n, Blow::Failure, party(1), "trap"), None, "at {n}");
    }
    for n in 2..5 {
        assert_eq!(quarantine.failed(1_000, Blow::Failure, party(n), "trap"), None, "four in all");
    }
    assert!(quarantine.failed(1_000, Blow::Failure, party(5), "trap").is_some(), "the fifth");
}

#[test]
fn one_who_fails_it_for_hours_counts_once_in_each() {
    let mut quarantine = Quarantine::default();
    for n in 0..10_000 {
        assert_eq!(quarantine.failed(n * 10 * S, Blow::Failure, party(1), "trap"), None, "at {n}");
    }
}

#[test]
fn nobody_makes_the_others_forget() {
    let mut quarantine = Quarantine::default();
    for n in 1..5 {
        assert_eq!(quarantine.failed(0, Blow::Failure, party(n), "trap"), None);
    }
    for n in 0..1_000 {
        assert_eq!(quarantine.failed(n, Blow::ErrorText, party(1), "no word list"), None);
    }
    assert!(quarantine.failed(S, Blow::Failure, party(5), "trap").is_some());
}

#[test]
fn who_failed_it_before_decides_no_trial() {
    let mut quarantine = Quarantine::default();
    for n in 1..=5 {
        quarantine.failed(0, Blow::Failure, party(n), "trap");
    }
    for n in 0..100 {
        assert_eq!(quarantine.ask(31 * S + n), Permission::Trial, "it is tried again at once");
        assert_eq!(quarantine.failed(31 * S + n, Blow::Failure, party(n % 5 + 1), "trap"), None);
    }
    assert_eq!(quarantine.ask(32 * S), Permission::Trial);
    let until_ms = 32 * S + 120 * S;
    let longer = Some(QuarantineChange::Quarantined { until_ms });
    assert_eq!(quarantine.failed(32 * S, Blow::Failure, party(6), "trap"), longer, "somebody else's decides");
    assert_eq!(quarantine.ask(until_ms), Permission::Trial);
    assert_eq!(quarantine.failed(until_ms, Blow::Failure, party(6), "trap"), None);
    assert_eq!(quarantine.ask(until_ms), Permission::Trial);
    assert_eq!(quarantine.succeeded(until_ms), Some(QuarantineChange::Freed));
}

#[test]
fn what_an_older_node_wrote_is_read() {
    let text = r#"{"state":"free","blows":[[0,10],[1,10],[2,10],[3,10]],"level":0,"freed_at_ms":0}"#;
    let mut quarantine: Quarantine = serde_json::from_str(text).expect("read");
    assert!(quarantine.failed(4, Blow::Failure, party(1), "trap").is_some());
}
