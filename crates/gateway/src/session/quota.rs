//! How many frames, and how many bad ones, a client may send.

use std::time::Duration;

use tokio::time::Instant;

use crate::GatewayConfig;

const MINUTE: Duration = Duration::from_secs(60);

/// What one client has used. Small: there is one for each connection.
#[derive(Default)]
pub(super) struct Quota {
    /// When all frames so far would have come at exactly the allowed rate (the generic cell rate algorithm).
    paid_until: Option<Instant>,
    strikes: u32,
    strikes_since: Option<Instant>,
}

/// Whether there were too many strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    Bearable,
    PastTheLimit,
}

impl Quota {
    /// One more frame; refused with the time until it would be admitted.
    pub(super) fn admit_frame(&mut self, config: &GatewayConfig, now: Instant) -> Result<(), Duration> {
        if config.frames_per_second == 0 {
            return Ok(());
        }
        let price = Duration::from_secs(1) / config.frames_per_second;
        let credit = price * config.frame_burst.max(1);
        let paid_until = self.paid_until.map_or(now, |at| at.max(now)) + price;
        let ahead = paid_until - now;
        if ahead > credit {
            return Err(ahead - credit);
        }
        self.paid_until = Some(paid_until);
        Ok(())
    }

    /// One more bad frame.
    pub(super) fn strike(&mut self, config: &GatewayConfig, now: Instant) -> Excess {
        let since = *self.strikes_since.get_or_insert(now);
        if now.duration_since(since) > MINUTE {
            self.strikes = 0;
            self.strikes_since = Some(now);
        }
        self.strikes += 1;
        let limit = config.bad_frames_per_minute;
        if limit > 0 && self.strikes > limit { Excess::PastTheLimit } else { Excess::Bearable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> GatewayConfig {
        GatewayConfig {
            frames_per_second: 10,
            frame_burst: 3,
            bad_frames_per_minute: 2,
            ..Default::default()
        }
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let mut quota = Quota::default();
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(quota.admit_frame(&config(), start), Ok(()));
        }
        let wait = Duration::from_millis(100);
        assert_eq!(quota.admit_frame(&config(), start), Err(wait));
        assert_eq!(quota.admit_frame(&config(), start + wait), Ok(()));
        assert_eq!(quota.admit_frame(&config(), start + wait), Err(wait));
    }

    #[test]
    fn strikes_are_forgotten_after_a_minute() {
        let mut quota = Quota::default();
        let start = Instant::now();
        for _ in 0..2 {
            assert_eq!(quota.strike(&config(), start), Excess::Bearable, "at the limit");
        }
        assert_eq!(quota.strike(&config(), start), Excess::PastTheLimit);
        assert_eq!(quota.strike(&config(), start + MINUTE * 2), Excess::Bearable);
    }

    #[test]
    fn no_limit_is_no_limit() {
        let none = GatewayConfig { frames_per_second: 0, bad_frames_per_minute: 0, ..config() };
        let mut quota = Quota::default();
        let now = Instant::now();
        for _ in 0..1000 {
            assert_eq!(quota.admit_frame(&none, now), Ok(()));
            assert_eq!(quota.strike(&none, now), Excess::Bearable);
        }
    }
}
