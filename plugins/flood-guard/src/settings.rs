//! The settings, as `config.schema.json` describes them.

use std::time::Duration;

use serde::Deserialize;
use teahouse_plugin_sdk::Problems;

/// The longest window.
const MAX_WINDOW_S: u32 = 3_600;

/// What is done with what is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Deliver it, and put it up for review.
    Flag,
    /// Keep it until a moderator lets it through.
    Hold,
    /// Refuse it, and say how long to wait.
    Reject,
}

/// How much is too much.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// So much is all right; 0: the rule is off.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Within so many seconds of the first.
    #[serde(default)]
    pub window_s: Option<u32>,
    /// What is done with what is beyond.
    #[serde(default)]
    pub action: Option<Action>,
}

/// What an admin set; what lacks is as the schema has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Messages of one person in a room.
    pub person: Rule,
    /// Messages of all in a room.
    pub room: Rule,
    /// The same text by one person in a room.
    pub repeats: Rule,
    /// The same text by several people in a room.
    pub raid: Rule,
    /// One character in a row.
    pub runs: Rule,
    /// People mentioned by one person in a room.
    pub mentions: Rule,
    /// People who come into a room.
    pub joins: Rule,
    /// Letters from which on the same text by several people is suspicious.
    pub raid_letters: usize,
    /// Roles that may do as they like.
    pub exempt_roles: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let rule = Rule { limit: None, window_s: None, action: None };
        Self {
            person: rule,
            room: rule,
            repeats: rule,
            raid: rule,
            runs: rule,
            mentions: rule,
            joins: rule,
            raid_letters: 8,
            exempt_roles: ["owner", "admin", "bot"].map(str::to_owned).to_vec(),
        }
    }
}

/// A rule with nothing left open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) limit: u32,
    pub(crate) window: Duration,
    pub(crate) action: Action,
}

/// All rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) person: Limit,
    pub(crate) room: Limit,
    pub(crate) repeats: Limit,
    pub(crate) raid: Limit,
    pub(crate) runs: Limit,
    pub(crate) mentions: Limit,
    pub(crate) joins: Limit,
}

impl Limits {
    /// Closes what the settings leave open.
    pub(crate) fn of(settings: &Settings, problems: &mut Problems) -> Self {
        let mut close = |field: &str, rule: Rule, limit, window_s, action| {
            let window_s = rule.window_s.unwrap_or(window_s);
            if !(1..=MAX_WINDOW_S).contains(&window_s) {
                problems.add(format!("{field}.window-s"), format!("1 … {MAX_WINDOW_S}"));
            }
            Limit {
                limit: rule.limit.unwrap_or(limit),
                window: Duration::from_secs(window_s.into()),
                action: rule.action.unwrap_or(action),
            }
        };
        Self {
            person: close("person", settings.person, 10, 10, Action::Reject),
            room: close("room", settings.room, 100, 10, Action::Reject),
            repeats: close("repeats", settings.repeats, 3, 60, Action::Reject),
            raid: close("raid", settings.raid, 4, 60, Action::Hold),
            runs: close("runs", settings.runs, 60, 60, Action::Reject),
            mentions: close("mentions", settings.mentions, 20, 60, Action::Reject),
            joins: close("joins", settings.joins, 20, 60, Action::Hold),
        }
    }
}

impl Limit {
    pub(crate) const fn is_on(&self) -> bool {
        self.limit > 0
    }

    pub(crate) const fn is_over(&self, count: u32) -> bool {
        self.is_on() && count > self.limit
    }
}
