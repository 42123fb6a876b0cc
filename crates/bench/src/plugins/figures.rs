//! What was seen: medians of repetitions, and ratios to the server without filters.

use serde::Serialize;

use super::{calls::Calls, crew::Crew, looks::Proof, start::Start, subject::Subject};
use crate::measure::{Flow, Measure, median};

/// One repetition of one server.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) crew: Crew,
    pub(super) flow: Flow,
    pub(super) proof: Proof,
    /// What a call takes by the server's own clocks.
    pub(super) call_micros: f64,
}

/// One server's figures.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub(super) crew: Crew,
    #[serde(flatten)]
    pub(super) flow: Flow,
    pub(super) proof: Proof,
    /// What a call takes by the server's own clocks.
    pub(super) call_micros: f64,
    /// Against the server without filters; none of that itself.
    pub(super) against: Option<Against>,
}

/// A server's figures as ratios to those of the one without filters: each repetition's own, and their median, because
/// what else the machine does changes from one to the next.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Against {
    /// Deliveries per server CPU-second.
    pub(super) per_cpu_second: Ratio,
    pub(super) p50: Ratio,
    pub(super) p99: Ratio,
    /// Processor time that one filter adds to a message, in microseconds.
    pub(super) micros_a_filter: f64,
}

/// The median of several repetitions' ratios, and how far they lie apart.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Ratio {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// One subject's figures.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    Flow { subject: Subject, title: String, rows: Vec<Row> },
    Calls(Calls),
    Start(Start),
}

impl Outcome {
    /// Whether nothing went wrong.
    pub(super) fn is_clean(&self) -> bool {
        match self {
            Self::Flow { rows, .. } => rows.iter().all(|row| row.flow.faults.none() && row.proof.holds()),
            // Whatever goes wrong there ends the run.
            Self::Calls(_) | Self::Start(_) => true,
        }
    }

    /// The row of `crew` in `subject`, if this is it.
    pub(super) fn row(&self, of: Subject, crew: Crew) -> Option<&Row> {
        match self {
            Self::Flow { subject, rows, .. } if *subject == of => rows.iter().find(|row| row.crew == crew),
            _ => None,
        }
    }
}

/// The figures of a subject in which `crews` took turns.
pub(super) fn flowed(subject: Subject, crews: &[Crew], repetitions: &[Vec<Turn>]) -> Outcome {
    let rows = crews.iter().filter_map(|crew| row(*crew, repetitions)).collect();
    Outcome::Flow { subject, title: subject.title(), rows }
}

fn row(crew: Crew, repetitions: &[Vec<Turn>]) -> Option<Row> {
    let of = |crew: Crew| -> Vec<&Turn> {
        repetitions.iter().filter_map(|turns| turns.iter().find(|turn| turn.crew == crew)).collect()
    };
    let (turns, nobody) = (of(crew), of(Crew::NOBODY));
    let flows: Vec<_> = turns.iter().map(|turn| Measure::Flow(turn.flow.clone())).collect();
    let Some(Measure::Flow(flow)) = Measure::median(&flows) else { return None };
    let mut proof = Proof::default();
    turns.iter().for_each(|turn| proof.add(turn.proof));
    let call_micros = median(turns.iter().map(|turn| turn.call_micros));
    let against = (crew != Crew::NOBODY).then(|| against(crew, &turns, &nobody));
    Some(Row { crew, flow, proof, call_micros, against })
}

fn against(crew: Crew, turns: &[&Turn], nobody: &[&Turn]) -> Against {
    let pairs = || turns.iter().zip(nobody).map(|(turn, nobody)| (&turn.flow, &nobody.flow));
    let ratio = |figure: fn(&Flow) -> f64| Ratio::of(pairs().map(|(own, bare)| figure(own) / figure(bare)));
    let added = pairs().map(|(own, bare)| micros_a_message(own) - micros_a_message(bare));
    Against {
        per_cpu_second: ratio(|flow| flow.per_cpu_second),
        p50: ratio(|flow| flow.p50_ms),
        p99: ratio(|flow| flow.p99_ms),
        micros_a_filter: median(added) / crew.filters() as f64,
    }
}

/// The server's processor time for one message with all its deliveries.
pub(super) fn micros_a_message(flow: &Flow) -> f64 {
    flow.server.process * 1e6 / flow.acks_per_second
}

impl Ratio {
    fn of(ratios: impl Iterator<Item = f64>) -> Self {
        let ratios: Vec<_> = ratios.collect();
        Self {
            median: median(ratios.iter().copied()),
            least: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            most: ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::Faults, measure::Full, meter::Load};

    /// A server that spent `process` of its core on a thousand messages a second to ten people each.
    fn turn(crew: Crew, process: f64, calls: u64) -> Turn {
        let load = Load { process, core: process };
        let flow = Flow {
            deliveries_per_second: 10_000.0,
            acks_per_second: 1_000.0,
            per_cpu_second: 10_000.0 / process,
            server: load,
            client: load,
            full: Full::Neither,
            p50_ms: 1.0 + process,
            p99_ms: 2.0,
            ack_p50_ms: 1.0,
            ack_p99_ms: 1.0,
            faults: Faults::default(),
            first_complaint: None,
        };
        let expected = 500 * crew.filters() as u64;
        let proof = Proof { expected, allowed: calls, otherwise: 0, amiss: expected.abs_diff(calls) };
        Turn { crew, flow, proof, call_micros: 1.0 }
    }

    fn outcome(repetitions: &[Vec<Turn>]) -> Outcome {
        flowed(Subject::ManyRooms, &[Crew::NOBODY, Crew::Noops(3)], repetitions)
    }

    #[test]
    fn a_ratio_is_the_median_of_what_each_repetition_showed() {
        let three = Crew::Noops(3);
        // The machine was half as fast in the second repetition, and the order of turns another.
        let outcome = outcome(&[
            vec![turn(Crew::NOBODY, 0.2, 0), turn(three, 0.25, 1500)],
            vec![turn(three, 0.5, 1500), turn(Crew::NOBODY, 0.4, 0)],
            vec![turn(Crew::NOBODY, 0.2, 0), turn(three, 0.21, 1500)],
        ]);
        assert!(outcome.is_clean());
        assert!(outcome.row(Subject::ManyRooms, Crew::NOBODY).expect("a row").against.is_none());
        let row = outcome.row(Subject::ManyRooms, three).expect("a row");
        let against = row.against.as_ref().expect("ratios");
        assert!((against.per_cpu_second.median - 0.8).abs() < 1e-9);
        assert!((against.per_cpu_second.most - 20.0 / 21.0).abs() < 1e-9);
        assert!((against.per_cpu_second.least - 0.8).abs() < 1e-9);
        // 50, 100 and 10 µs more a message: by three filters.
        assert!((against.micros_a_filter - 50.0 / 3.0).abs() < 1e-9);
        assert_eq!((row.proof.expected, row.proof.allowed), (4500, 4500));
        assert!(outcome.row(Subject::OneRoom, three).is_none());
    }

    #[test]
    fn a_message_that_a_filter_never_saw_spoils_the_run() {
        let outcome = outcome(&[vec![turn(Crew::NOBODY, 0.2, 0), turn(Crew::Noops(3), 0.2, 1499)]]);
        assert!(!outcome.is_clean());
    }
}
