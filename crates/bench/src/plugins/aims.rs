//! What we want to reach, and whether a run reached it. A run never fails for missing one: machines differ.

use serde::Serialize;

use super::{
    crew::Crew,
    figures::{Against, Outcome},
    subject::Subject,
};

/// An aim and what was seen.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Verdict {
    pub(super) about: String,
    pub(super) aim: String,
    pub(super) seen: String,
    pub(super) met: bool,
}

/// Deliveries per server CPU-second, as a share of those without filters, at least.
const SHARES: [(Subject, Crew, f64); 2] =
    [(Subject::OneRoom, Crew::Noops(1), 0.95), (Subject::ManyRooms, Crew::Noops(1), 0.85)];
/// p99 at a fixed rate, as a multiple of that without filters, at most.
const TIMES: [(Subject, Crew, f64); 2] =
    [(Subject::RateOneRoom, Crew::Noops(3), 1.1), (Subject::RateManyRooms, Crew::Noops(3), 1.1)];
const NOOP_MICROS: f64 = 5.0;
const WORDS_MICROS: f64 = 20.0;
const IDLE_KIB: f64 = 2048.0;
const START_MS: f64 = 2000.0;

/// The aims that this run's outcomes can be held against.
pub(super) fn judge(outcomes: &[Outcome]) -> Vec<Verdict> {
    let against = |subject, crew| outcomes.iter().find_map(|o| o.row(subject, crew)?.against.as_ref());
    let mut verdicts = Vec::new();
    for (subject, crew, least) in SHARES {
        if let Some(Against { per_cpu_second, .. }) = against(subject, crew) {
            verdicts.push(Verdict {
                about: about(subject, crew),
                aim: format!("≥ {least} × deliveries per CPU-second"),
                seen: format!("{:.3} ×", per_cpu_second.median),
                met: per_cpu_second.median >= least,
            });
        }
    }
    for (subject, crew, most) in TIMES {
        if let Some(Against { p99, .. }) = against(subject, crew) {
            verdicts.push(Verdict {
                about: about(subject, crew),
                aim: format!("≤ {most} × p99"),
                seen: format!("{:.2} ×", p99.median),
                met: p99.median <= most,
            });
        }
    }
    outcomes.iter().for_each(|outcome| costs(outcome, &mut verdicts));
    verdicts
}

fn costs(outcome: &Outcome, verdicts: &mut Vec<Verdict>) {
    let mut below = |about: &str, what: &str, most: f64, seen: f64| {
        let (aim, met) = (format!("< {most} {what}"), seen < most);
        verdicts.push(Verdict { about: about.to_owned(), aim, seen: format!("{seen:.2}"), met });
    };
    match outcome {
        Outcome::Flow { .. } => {}
        Outcome::Calls(calls) => {
            let micros = |ns: f64| ns / 1000.0;
            below("calls, no-op", "µs of processor time", NOOP_MICROS, micros(calls.noop.warm.processor_ns));
            let words = micros(calls.words.warm.processor_ns);
            below("calls, sensitive-words", "µs of processor time", WORDS_MICROS, words);
            below("idle no-op, sandbox alone", "KiB", IDLE_KIB, calls.noop.many.kib_each);
            below("100 no-ops, sandbox alone", "ms to start", START_MS, calls.noop.many.took_ms);
        }
        Outcome::Start(start) => {
            below("idle no-op in the server", "KiB", IDLE_KIB, start.kib_each());
            below("server with 100 plugins", "ms to start", START_MS, start.with.wall_ms);
        }
    }
}

fn about(subject: Subject, crew: Crew) -> String {
    let name = serde_json::to_value(subject).ok().and_then(|name| name.as_str().map(str::to_owned));
    format!("{}, {}", name.unwrap_or_default(), crew.title())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::start::{Start, Started};

    #[test]
    fn an_aim_is_met_below_its_bound_and_missed_at_it() {
        let started = |wall_ms| Started { wall_ms, processor_ms: 1.0, resident_kib: 0.0 };
        let met = |wall_ms| {
            let start = Start { plugins: 100, without: started(1.0), with: started(wall_ms) };
            judge(&[Outcome::Start(start)]).iter().map(|verdict| verdict.met).collect::<Vec<_>>()
        };
        assert_eq!((met(1999.9), met(2000.0)), (vec![true, true], vec![true, false]));
    }

    #[test]
    fn an_aim_that_was_not_measured_is_not_judged() {
        assert!(judge(&[]).is_empty());
    }
}
