//! When a plugin that fails is left alone, and for how long: a state machine without a clock of its own.
//!
//! Failures are counted by the parties on whose behalf the plugin was called: what fails for one of them again and again, such
//! as on a message that somebody made for it, counts once. So nobody gets a plugin left alone by themselves.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::party::Party;

/// What one party's failures count within a span, however many there are: as one.
const SHARE_TENTHS: u32 = 10;
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
    /// For whom, blow by blow, as far as it is known; of those that led to a quarantine, until it ends. What an older node
    /// wrote says nothing of them.
    #[serde(default)]
    parties: VecDeque<Option<Party>>,
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

    /// A call ended badly that was made on behalf of `party`.
    pub fn failed(
        &mut self,
        now_ms: u64,
        blow: Blow,
        party: Option<Party>,
        reason: &str,
    ) -> Option<QuarantineChange> {
        match (&self.state, blow) {
            (QuarantineState::Free, _) => {
                self.remember(now_ms, blow, party);
                self.is_too_much(now_ms).then(|| self.quarantine(now_ms, reason))
            }
            // Those for whom it failed before have had their share: somebody else's call is the trial.
            (QuarantineState::Trial { .. }, Blow::Failure) if self.knows(party) => {
                self.try_now(now_ms);
                None
            }
            (QuarantineState::Trial { .. }, Blow::Failure) => {
                self.parties.push_back(party);
                Some(self.quarantine(now_ms, reason))
            }
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

    /// Whether it failed on behalf of this one before.
    fn knows(&self, party: Option<Party>) -> bool {
        party.is_some() && self.parties.contains(&party)
    }

    fn remember(&mut self, now_ms: u64, blow: Blow, party: Option<Party>) {
        let tenths = match blow {
            Blow::Failure => 10,
            Blow::ErrorText => 1,
        };
        // An older node may have written blows beside which nobody stands.
        self.parties.resize(self.blows.len(), None);
        let is_recent = |at_ms: u64| at_ms.saturating_add(ms(LONG)) > now_ms;
        while self.blows.len() >= REMEMBERED
            || self.blows.front().is_some_and(|(at_ms, _)| !is_recent(*at_ms))
        {
            self.blows.pop_front();
            self.parties.pop_front();
        }
        // Of one party its newest are kept, up to its share: it pushes out nothing but its own.
        while party.is_some() && self.tenths_of(party) + tenths > SHARE_TENTHS {
            if let Some(oldest) = self.parties.iter().position(|of| *of == party) {
                self.blows.remove(oldest);
                self.parties.remove(oldest);
            }
        }
        self.blows.push_back((now_ms, tenths));
        self.parties.push_back(party);
    }

    fn is_too_much(&self, now_ms: u64) -> bool {
        self.tenths(now_ms, SHORT) >= SHORT_TENTHS || self.tenths(now_ms, LONG) >= LONG_TENTHS
    }

    /// The blows of the last `span`, of each party no more than its share.
    fn tenths(&self, now_ms: u64, span: Duration) -> u32 {
        let mut shares: HashMap<Party, u32> = HashMap::new();
        let mut all = 0_u32;
        for (tenths, party) in self.recent(now_ms, span) {
            let counted = match party {
                None => tenths,
                Some(party) => {
                    let share = shares.entry(party).or_default();
                    let left = SHARE_TENTHS.saturating_sub(*share).min(tenths);
                    *share += left;
                    left
                }
            };
            all = all.saturating_add(counted);
        }
        all
    }

    fn tenths_of(&self, party: Option<Party>) -> u32 {
        let blows = self.blows.iter().zip(&self.parties);
        blows.filter(|(_, of)| **of == party).map(|((_, tenths), _)| tenths).sum()
    }

    fn recent(&self, now_ms: u64, span: Duration) -> impl Iterator<Item = (u32, Option<Party>)> {
        let parties = self.parties.iter().copied().chain(std::iter::repeat(None));
        let is_recent = move |at_ms: u64| at_ms.saturating_add(ms(span)) > now_ms;
        self.blows
            .iter()
            .zip(parties)
            .filter(move |((at_ms, _), _)| is_recent(*at_ms))
            .map(|((_, tenths), party)| (*tenths, party))
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
        self.parties.clear();
        self.freed_at_ms = now_ms;
        QuarantineChange::Freed
    }
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
