//! When a plugin that fails is left alone, and for how long: a state machine without a clock of its own.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many failures in [`SHORT`] ...
const SHORT_TENTHS: u32 = 50;
/// Failures further apart than this are counted by the hour.
const SHORT: Duration = Duration::from_secs(60);
/// ... or so many in [`LONG`]. A failure is ten tenths, an error text is one.
const LONG_TENTHS: u32 = 200;
/// Failures further back don't count; and after so long without quarantine the next one is short again.
const LONG: Duration = Duration::from_secs(3_600);
/// How long each quarantine lasts. After the last, an admin has to act.
const SPANS: [Duration; 3] = [Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600)];
/// A trial that never reports (its node died) is given up after this; longer than any call.
const TRIAL: Duration = Duration::from_secs(60);
/// Failures that are remembered. An hour of error texts below the limit is no more than this.
const REMEMBERED: usize = 200;

/// How bad the end of a call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blow {
    /// A trap, a limit, a bad reply.
    Failure,
    /// The guest answered with an error text: a tenth of a failure.
    ErrorText,
}

/// Whether a plugin is called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum QuarantineState {
    /// It is.
    #[default]
    Free,
    /// It is left alone until then; the next call is a trial.
    Quarantined {
        /// Milliseconds since 1970.
        until_ms: u64,
        /// What it was for.
        reason: String,
    },
    /// One call is on its way, and its end decides.
    Trial {
        /// When that call began.
        since_ms: u64,
        /// What the quarantine was for.
        reason: String,
    },
    /// It is left alone until an admin acts.
    Blocked {
        /// What it was for.
        reason: String,
    },
}

/// Whether to call now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Yes.
    Call,
    /// Yes, once: this is the trial. Its end must be reported.
    Trial,
    /// No: the hook's on-error policy applies, events wait.
    No,
}

/// A step that must be told: to the database, the log, the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuarantineChange {
    /// Left alone for a while.
    Quarantined {
        /// Until then, in milliseconds since 1970.
        until_ms: u64,
    },
    /// Left alone until an admin acts.
    Blocked,
    /// Called again.
    Freed,
}

/// One plugin's record of failures. Serialisable as it is, so that a restart doesn't forget it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Quarantine {
    #[serde(flatten)]
    state: QuarantineState,
    /// When each blow fell, oldest first, in tenths of a failure.
    blows: VecDeque<(u64, u32)>,
    /// Quarantines before this one, each longer than the last.
    level: usize,
    /// When the last one ended.
    freed_at_ms: u64,
}

impl Quarantine {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> &QuarantineState {
        &self.state
    }

    /// Whether calls need no permission now: the quick question.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.state == QuarantineState::Free
    }

    /// Asks for a call. A [`Permission::Trial`] is given once.
    pub fn ask(&mut self, now_ms: u64) -> Permission {
        match &self.state {
            QuarantineState::Free => Permission::Call,
            QuarantineState::Quarantined { until_ms, reason } if *until_ms <= now_ms => {
                self.state = QuarantineState::Trial { since_ms: now_ms, reason: reason.clone() };
                Permission::Trial
            }
            QuarantineState::Trial { since_ms, reason } if since_ms.saturating_add(ms(TRIAL)) <= now_ms => {
                self.state = QuarantineState::Trial { since_ms: now_ms, reason: reason.clone() };
                Permission::Trial
            }
            QuarantineState::Quarantined { .. }
            | QuarantineState::Trial { .. }
            | QuarantineState::Blocked { .. } => Permission::No,
        }
    }

    /// A call ended well.
    pub fn succeeded(&mut self, now_ms: u64) -> Option<QuarantineChange> {
        matches!(self.state, QuarantineState::Trial { .. }).then(|| self.free(now_ms))
    }

    /// A call ended badly.
    pub fn failed(&mut self, now_ms: u64, blow: Blow, reason: &str) -> Option<QuarantineChange> {
        match (&self.state, blow) {
            (QuarantineState::Free, _) => {
                self.remember(now_ms, blow);
                self.is_too_much(now_ms).then(|| self.quarantine(now_ms, reason))
            }
            (QuarantineState::Trial { .. }, Blow::Failure) => Some(self.quarantine(now_ms, reason)),
            // It answered, if only with an error: it is not broken as it was.
            (QuarantineState::Trial { .. }, Blow::ErrorText) => Some(self.free(now_ms)),
            // A call that began before the quarantine: it has been judged.
            (QuarantineState::Quarantined { .. } | QuarantineState::Blocked { .. }, _) => None,
        }
    }

    /// An admin asks for the trial now.
    pub fn try_now(&mut self, now_ms: u64) {
        if let QuarantineState::Quarantined { reason, .. }
        | QuarantineState::Blocked { reason }
        | QuarantineState::Trial { reason, .. } = &self.state
        {
            self.state = QuarantineState::Quarantined { until_ms: now_ms, reason: reason.clone() };
        }
    }

    fn remember(&mut self, now_ms: u64, blow: Blow) {
        let tenths = match blow {
            Blow::Failure => 10,
            Blow::ErrorText => 1,
        };
        self.blows.retain(|(at_ms, _)| at_ms.saturating_add(ms(LONG)) > now_ms);
        if self.blows.len() == REMEMBERED {
            self.blows.pop_front();
        }
        self.blows.push_back((now_ms, tenths));
    }

    fn is_too_much(&self, now_ms: u64) -> bool {
        let within = |span: Duration| -> u32 {
            let recent = |at_ms: u64| at_ms.saturating_add(ms(span)) > now_ms;
            self.blows.iter().filter(|(at_ms, _)| recent(*at_ms)).map(|(_, tenths)| tenths).sum()
        };
        within(SHORT) >= SHORT_TENTHS || within(LONG) >= LONG_TENTHS
    }

    fn quarantine(&mut self, now_ms: u64, reason: &str) -> QuarantineChange {
        let was_free = self.is_free();
        self.blows.clear();
        // It did well for an hour: this is a new story.
        if was_free && self.freed_at_ms.saturating_add(ms(LONG)) <= now_ms {
            self.level = 0;
        }
        let reason = reason.to_owned();
        let Some(span) = SPANS.get(self.level) else {
            self.state = QuarantineState::Blocked { reason };
            return QuarantineChange::Blocked;
        };
        self.level += 1;
        let until_ms = now_ms.saturating_add(ms(*span));
        self.state = QuarantineState::Quarantined { until_ms, reason };
        QuarantineChange::Quarantined { until_ms }
    }

    fn free(&mut self, now_ms: u64) -> QuarantineChange {
        self.state = QuarantineState::Free;
        self.blows.clear();
        self.freed_at_ms = now_ms;
        QuarantineChange::Freed
    }
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
