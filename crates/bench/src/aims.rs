//! What we want to reach, and whether a run reached it. A run never fails for missing one: machines differ.

use serde::Serialize;

use crate::{contestant::Name, measure::Measure, outcome::Outcome, scenario::Scenario};

/// A bound on one figure.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// So many times Node's score, at least.
    TimesNode(f64),
    /// Node's p99 and so many milliseconds more, at most.
    NodeP99Plus(f64),
    /// So many KiB a connection, at most.
    Kib(f64),
    /// So many times what history alone costs a delivery, at most.
    TimesHistory(f64),
    /// So many microseconds of the server's processor time a connection, at most.
    Micros(f64),
    /// All in so many seconds, at most.
    Seconds(f64),
}

const AIMS: [(Scenario, Name, Bound); 20] = [
    (Scenario::OneRoom, Name::NoHistory, Bound::TimesNode(8.0)),
    (Scenario::ManyRooms, Name::NoHistory, Bound::TimesNode(3.5)),
    (Scenario::BigRoom, Name::NoHistory, Bound::TimesNode(9.0)),
    (Scenario::OneRoom, Name::History, Bound::TimesNode(5.0)),
    (Scenario::ManyRooms, Name::History, Bound::TimesNode(1.8)),
    (Scenario::BigRoom, Name::History, Bound::TimesNode(8.0)),
    (Scenario::RateOneRoom, Name::History, Bound::NodeP99Plus(5.0)),
    (Scenario::RateManyRooms, Name::History, Bound::NodeP99Plus(5.0)),
    (Scenario::Idle, Name::History, Bound::Kib(6.0)),
    (Scenario::Connects, Name::History, Bound::TimesNode(1.5)),
    (Scenario::OneRoom, Name::Default, Bound::TimesHistory(1.2)),
    (Scenario::ManyRooms, Name::Default, Bound::TimesHistory(1.2)),
    (Scenario::BigRoom, Name::Default, Bound::TimesHistory(1.2)),
    (Scenario::Lone, Name::Default, Bound::TimesHistory(1.2)),
    (Scenario::RateOneRoom, Name::Default, Bound::TimesHistory(1.2)),
    (Scenario::RateManyRooms, Name::Default, Bound::TimesHistory(1.2)),
    (Scenario::Durable, Name::Default, Bound::TimesHistory(1.2)),
    (Scenario::DurableLone, Name::Default, Bound::TimesHistory(1.2)),
    (Scenario::Joins, Name::History, Bound::Micros(100.0)),
    (Scenario::Storm, Name::History, Bound::Seconds(10.0)),
];

/// An aim and what was seen.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verdict {
    pub(crate) scenario: Scenario,
    pub(crate) server: Name,
    pub(crate) aim: String,
    pub(crate) seen: String,
    pub(crate) met: bool,
}

/// The aims that this run's outcomes can be held against.
pub(crate) fn judge(outcomes: &[Outcome]) -> Vec<Verdict> {
    AIMS.into_iter()
        .filter_map(|(scenario, server, bound)| verdict(outcomes, scenario, server, bound))
        .collect()
}

fn verdict(outcomes: &[Outcome], scenario: Scenario, server: Name, bound: Bound) -> Option<Verdict> {
    let outcome = outcomes.iter().find(|outcome| outcome.scenario == scenario)?;
    let ours = outcome.measure_of(server)?;
    let (aim, seen, met) = match bound {
        Bound::TimesNode(least) => {
            let times = outcome.ratio(server, Name::Node)?;
            (format!("≥ {least} × Node"), format!("{times:.1} ×"), times >= least)
        }
        Bound::NodeP99Plus(extra) => {
            let most = p99(outcome.measure_of(Name::Node)?)? + extra;
            let seen = p99(ours)?;
            (format!("p99 ≤ Node's + {extra} ms = {most:.2} ms"), format!("{seen:.2} ms"), seen <= most)
        }
        Bound::Kib(most) => {
            let Measure::Idle(idle) = ours else { return None };
            let seen = idle.kib_per_connection;
            (format!("≤ {most} KiB a connection"), format!("{seen:.1} KiB"), seen <= most)
        }
        Bound::TimesHistory(most) => {
            let times = outcome.ratio(Name::History, server)?;
            (format!("≤ {most} × history alone"), format!("{times:.2} ×"), times <= most)
        }
        Bound::Micros(most) => {
            let Measure::Connects(connects) = ours else { return None };
            let seen = connects.server_cpu_micros_each;
            (format!("≤ {most} µs CPU a connection"), format!("{seen:.0} µs"), seen <= most)
        }
        Bound::Seconds(most) => {
            let Measure::Connects(connects) = ours else { return None };
            let seen = connects.connects as f64 / connects.connects_per_second;
            (format!("{} in ≤ {most} s", connects.connects), format!("{seen:.1} s"), seen <= most)
        }
    };
    Some(Verdict { scenario, server, aim, seen, met })
}

fn p99(measure: &Measure) -> Option<f64> {
    if let Measure::Flow(flow) = measure { Some(flow.p99_ms) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Idle;

    fn idle(kib: u64) -> Outcome {
        let measure = Measure::Idle(Idle::of(1, 0, kib * 1024));
        Outcome {
            scenario: Scenario::Idle,
            title: String::new(),
            entries: vec![(Name::History, measure).into()],
        }
    }

    #[test]
    fn an_aim_is_met_at_its_bound_and_missed_past_it() {
        let met = |kib| judge(&[idle(kib)]).iter().map(|verdict| verdict.met).collect::<Vec<_>>();
        assert_eq!((met(6), met(7)), (vec![true], vec![false]));
    }

    #[test]
    fn an_aim_that_was_not_measured_is_not_judged() {
        assert!(judge(&[]).is_empty());
    }
}
