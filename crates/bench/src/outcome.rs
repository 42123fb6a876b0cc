//! What a scenario showed: a measure for each server that took part, and how they compare.

use serde::Serialize;

use crate::{contestant::Name, ledger::Faults, measure::Measure, scenario::Scenario};

/// One scenario's figures.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    pub(crate) scenario: Scenario,
    pub(crate) title: String,
    pub(crate) entries: Vec<Entry>,
}

/// One server's figures, medians of its repetitions.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    pub(crate) server: Name,
    #[serde(flatten)]
    pub(crate) measure: Measure,
}

impl From<(Name, Measure)> for Entry {
    fn from((server, measure): (Name, Measure)) -> Self {
        Self { server, measure }
    }
}

impl Outcome {
    /// What `name` showed, if it took part.
    pub(crate) fn measure_of(&self, name: Name) -> Option<&Measure> {
        self.entries.iter().find(|entry| entry.server == name).map(|entry| &entry.measure)
    }

    /// How many times better `name` is than `other`, if both took part.
    pub(crate) fn ratio(&self, name: Name, other: Name) -> Option<f64> {
        Some(self.measure_of(name)?.score() / self.measure_of(other)?.score())
    }

    /// What went wrong with all servers together.
    pub(crate) fn faults(&self) -> Faults {
        let mut all = Faults::default();
        self.entries.iter().for_each(|entry| all.add(entry.measure.faults()));
        all
    }
}
