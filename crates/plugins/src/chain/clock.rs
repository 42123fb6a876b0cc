//! The time of one message in its chain: what its filters take, and what it waits for them, which is not theirs.

use std::time::Duration;

use teahouse_plugin_host::{CallTerms, Cost, Party};

/// How long a message may be in the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spans {
    /// All calls together.
    pub(crate) budget: Duration,
    /// All waits for filters that others use, and for a host that has other things to do, together.
    pub(crate) wait: Duration,
}

/// What is left of them.
pub(super) struct Clock(Spans);

impl Clock {
    pub(super) const fn new(spans: Spans) -> Self {
        Self(spans)
    }

    /// The terms of the next call; none when there is no time for it: filters before it took that.
    pub(super) fn terms(&self, party: Party) -> Option<CallTerms> {
        let Spans { budget, wait } = self.0;
        (!budget.is_zero()).then_some(CallTerms {
            party: Some(party),
            wait: Some(wait),
            within: Some(budget),
        })
    }

    /// A call ended.
    pub(super) fn count(&mut self, cost: &Cost) {
        self.0.budget = self.0.budget.saturating_sub(cost.own);
        self.0.wait = self.0.wait.saturating_sub(cost.waited + cost.took.saturating_sub(cost.own));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_takes_nothing_from_the_calls() {
        let ms = Duration::from_millis;
        let mut clock = Clock::new(Spans { budget: ms(100), wait: ms(1_000) });
        clock.count(&Cost { waited: ms(800), took: ms(140), own: ms(40), ..Cost::default() });
        let terms = clock.terms(Party::new(1)).expect("time is left");
        assert_eq!((terms.within, terms.wait), (Some(ms(60)), Some(ms(100))));
        clock.count(&Cost { waited: ms(900), took: ms(60), own: ms(60), ..Cost::default() });
        assert_eq!(clock.terms(Party::new(1)), None);
    }
}
