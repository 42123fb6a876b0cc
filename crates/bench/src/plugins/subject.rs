//! What is measured of plugins.

use clap::ValueEnum;
use serde::Serialize;

use super::crew::Crew;
use crate::{
    ledger::Layout,
    scenario::{Method, Scenario},
    stamp::Prose,
    traffic::Pace,
};

/// Connections at once in any of the subjects.
pub(super) const MOST_CONNECTIONS: usize = 1000;

const UP_TO_TEN: &[Crew] = &[Crew::NOBODY, Crew::Noops(1), Crew::Noops(3), Crew::Noops(10)];
const WITH_WORDS: &[Crew] = &[Crew::NOBODY, Crew::Words];
const UP_TO_THREE: &[Crew] = &[Crew::NOBODY, Crew::Noops(3)];

/// A subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
pub(crate) enum Subject {
    /// Closed loop, 1 room of 100 members: 0, 1, 3 and 10 filters
    #[value(name = "fanout-1x100")]
    #[serde(rename = "fanout-1x100")]
    OneRoom,
    /// Closed loop, 100 rooms of 10 members: 0, 1, 3 and 10 filters
    #[value(name = "fanout-100x10")]
    #[serde(rename = "fanout-100x10")]
    ManyRooms,
    /// Closed loop, 1 room of 100 members, a hundred Chinese characters: without filters and with sensitive-words
    #[value(name = "chinese-1x100")]
    #[serde(rename = "chinese-1x100")]
    Chinese,
    /// 10 000 deliveries a second, 1 room of 100 members: 0 and 3 filters
    #[value(name = "rate-1x100")]
    #[serde(rename = "rate-1x100")]
    RateOneRoom,
    /// 10 000 deliveries a second, 100 rooms of 10 members: 0 and 3 filters
    #[value(name = "rate-100x10")]
    #[serde(rename = "rate-100x10")]
    RateManyRooms,
    /// What a call takes in the sandbox alone, and what an idle plugin keeps
    #[value(name = "calls")]
    #[serde(rename = "calls")]
    Calls,
    /// The server's own start without plugins and with a hundred
    #[value(name = "start")]
    #[serde(rename = "start")]
    Start,
}

/// How a subject is measured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Matter {
    Flow(Situation),
    Calls,
    Start,
}

/// Messages that flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) layout: Layout,
    pub(super) pace: Pace,
    pub(super) prose: Prose,
    /// The servers that take turns; the first is what the others are compared with.
    pub(super) crews: &'static [Crew],
}

impl Subject {
    /// All, in the order in which they run.
    pub(crate) const ALL: [Self; 7] = [
        Self::OneRoom,
        Self::ManyRooms,
        Self::Chinese,
        Self::RateOneRoom,
        Self::RateManyRooms,
        Self::Calls,
        Self::Start,
    ];

    /// How it is measured.
    pub(super) fn matter(self) -> Matter {
        let flow = self.flow().and_then(|(scenario, prose, crews)| match scenario.method() {
            Method::Flow(layout, pace) => Some(Situation { layout, pace, prose, crews }),
            Method::Idle | Method::Connects | Method::Returns { .. } => None,
        });
        match flow {
            Some(situation) => Matter::Flow(situation),
            None if self == Self::Calls => Matter::Calls,
            None => Matter::Start,
        }
    }

    /// The scenario of `bench chat` that it repeats, with which text, by whom.
    fn flow(self) -> Option<(Scenario, Prose, &'static [Crew])> {
        match self {
            Self::OneRoom => Some((Scenario::OneRoom, Prose::English, UP_TO_TEN)),
            Self::ManyRooms => Some((Scenario::ManyRooms, Prose::English, UP_TO_TEN)),
            Self::Chinese => Some((Scenario::OneRoom, Prose::Chinese, WITH_WORDS)),
            Self::RateOneRoom => Some((Scenario::RateOneRoom, Prose::English, UP_TO_THREE)),
            Self::RateManyRooms => Some((Scenario::RateManyRooms, Prose::English, UP_TO_THREE)),
            Self::Calls | Self::Start => None,
        }
    }

    /// What it is, in a line.
    pub(super) fn title(self) -> String {
        match (self, self.flow()) {
            (Self::Chinese, Some((scenario, ..))) => {
                format!("{}; 100 Chinese characters", scenario.title())
            }
            (_, Some((scenario, ..))) => scenario.title(),
            (Self::Calls, _) => "calls of `check` on one core, in the sandbox alone".to_owned(),
            (_, None) => {
                "start of the server, from the compiled cache, to the line that says where it listens"
                    .to_owned()
            }
        }
    }
}
