//! What the operator set.

use std::time::Duration;

use bot_house::Language;
use serde::Deserialize;
use teahouse_plugin_sdk::Problems;

/// No timer waits longer than 49 days; a poll that long is forgotten by all anyway.
const MAX_DAYS: u32 = 31;

/// Who may open a poll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Who {
    /// Every member.
    #[default]
    #[serde(rename = "everyone")]
    Everyone,
    /// The room's owner and admins.
    #[serde(rename = "moderators")]
    Moderators,
}

/// The settings; `config.schema.json` says the same to the panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How long a poll is open whose maker didn't say.
    pub default_minutes: u32,
    /// How long a poll may be open.
    pub max_days: u32,
    /// So many polls may be open in a room at once.
    pub open_per_room: u32,
    /// Who may open one.
    pub who: Who,
    /// Whether the result is said in the room, beside being on the card.
    pub announce: bool,
    /// In which language it speaks.
    pub language: Language,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_minutes: 24 * 60,
            max_days: 7,
            open_per_room: 5,
            who: Who::Everyone,
            announce: true,
            language: Language::Both,
        }
    }
}

impl Settings {
    /// The settings, where they can work.
    ///
    /// # Errors
    /// What is wrong, beside its field.
    pub fn checked(self) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        if !(1..=MAX_DAYS).contains(&self.max_days) {
            problems.add("max_days", format!("1–{MAX_DAYS} 天。 1 to {MAX_DAYS} days."));
        }
        if self.default_minutes == 0 || self.default_length() > self.longest() {
            let text = "至少 1 分钟，不超过最长天数。 At least a minute, and within the longest.".to_owned();
            problems.add("default_minutes", text);
        }
        if self.open_per_room == 0 {
            problems.add("open_per_room", "至少 1 个。 At least one.".to_owned());
        }
        problems.or(self)
    }

    /// See `default_minutes`.
    #[must_use]
    pub fn default_length(&self) -> Duration {
        Duration::from_secs(u64::from(self.default_minutes) * 60)
    }

    /// See `max_days`.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_secs(u64::from(self.max_days) * 86_400)
    }
}
