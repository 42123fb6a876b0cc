//! How results of media checks are pushed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When and how often a result is pushed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MediaPlan {
    /// How long a check takes. WeChat's may take half an hour.
    delay_ms: u64,
    /// How often the result is pushed: 0 loses it, 2 repeats it.
    pub(crate) pushes: u32,
    /// Pushes the result before the call is answered.
    pub(crate) before_answer: bool,
}

impl MediaPlan {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

impl Default for MediaPlan {
    fn default() -> Self {
        Self { delay_ms: 200, pushes: 1, before_answer: false }
    }
}
