//! What the operator set.

use std::time::Duration;

use bot_house::Language;
use serde::Deserialize;
use teahouse_plugin_sdk::Problems;

use crate::template;

/// The longest text of a message; the house's own limit.
const MAX_CHARS: usize = 4_000;

/// The settings; `config.schema.json` says the same to the panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The greeting, with `{name}` and `{room}`.
    pub greeting: String,
    /// The house rules; empty: none.
    pub rules: String,
    /// Whether people are greeted in the lobby.
    pub lobby: bool,
    /// Whether guests are greeted.
    pub guests: bool,
    /// Whether people are greeted in channels, where only a few write.
    pub channels: bool,
    /// At most one greeting a room in this time; who comes in between is greeted together.
    pub gap_s: u32,
    /// For how long somebody who leaves and comes again isn't greeted again.
    pub remember_days: u32,
    /// In which language buttons and answers are.
    pub language: Language,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            greeting: "🍵 欢迎 {name} 来到「{room}」，请坐，喝杯茶。\nWelcome to {room}, {name}. Take a seat, have a cup of tea.".to_owned(),
            rules: "1. 友善待人，不骂人，不刷屏。 Be kind; no insults, no flooding.\n2. 不发广告，不索要转账。 No advertising, never ask anyone for money.\n3. 保护隐私，别公开手机号和住址。 Keep phone numbers and addresses private.\n4. 有问题找管理员。 If something is wrong, tell a moderator.".to_owned(),
            lobby: true,
            guests: true,
            channels: false,
            gap_s: 60,
            remember_days: 90,
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
        if self.greeting.trim().is_empty() {
            problems.add("greeting", "写一句欢迎词。 Write a greeting.");
        }
        if let Some(unknown) = template::unknown(&self.greeting) {
            let text = format!(
                "没有 {{{unknown}}}，只有 {{name}} 和 {{room}}。 There is no {{{unknown}}}, only {{name}} and {{room}}."
            );
            problems.add("greeting", text);
        }
        for (field, text) in [("greeting", &self.greeting), ("rules", &self.rules)] {
            if text.chars().count() > MAX_CHARS / 2 {
                problems.add(field, "最多 2000 字。 At most 2000 characters.");
            }
        }
        problems.or(self)
    }

    /// See `gap_s`; no timer waits less than ten seconds.
    #[must_use]
    pub fn gap(&self) -> Duration {
        Duration::from_secs(u64::from(self.gap_s.max(10)))
    }

    /// For how long a greeting is remembered. A guest's account doesn't come back, and guests are many.
    #[must_use]
    pub fn memory(&self, is_guest: bool) -> Duration {
        const DAY: u64 = 86_400;
        let days = if is_guest { 1 } else { self.remember_days.clamp(1, 366) };
        Duration::from_secs(u64::from(days) * DAY)
    }

    /// Whether the house has rules.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        !self.rules.trim().is_empty()
    }
}
