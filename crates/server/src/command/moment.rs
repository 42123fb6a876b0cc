//! Moments as they are written on a command line: a span from now, a day, or a time.

use std::str::FromStr;
use std::time::Duration;

use teahouse_protocol::Timestamp;

/// A moment, told from now or by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// So far from now.
    Span(Duration),
    /// Then.
    At(Timestamp),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(span) = span(text) {
            return Ok(Self::Span(span));
        }
        let at = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
        at.map(Self::At).map_err(|_| "write a span (90m, 2h, 7d), a day (2026-11-20) or a time".to_owned())
    }
}

impl Moment {
    /// The moment, where a span leads back from `now`.
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Span(span) => now - span,
            Self::At(at) => at,
        }
    }

    /// The moment, where a span leads on from `now`.
    pub(super) fn after(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Span(span) => now + span,
            Self::At(at) => at,
        }
    }
}

/// A count and its unit.
fn span(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let count: u64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_counts_from_now_and_a_day_begins_at_midnight() {
        assert_eq!("2h".parse(), Ok(Moment::Span(Duration::from_secs(7_200))));
        assert_eq!("7d".parse(), Ok(Moment::Span(Duration::from_secs(604_800))));
        let day = "2026-11-20T00:00:00Z".parse::<Timestamp>().unwrap();
        assert_eq!("2026-11-20".parse(), Ok(Moment::At(day)));
        assert_eq!("2026-11-20T08:00:00+08:00".parse(), Ok(Moment::At(day)));
        for wrong in ["", "2", "h", "2y", "-1h", "茶", "yesterday", "99999999999999999999d"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
        let hour = Moment::Span(Duration::from_secs(3600));
        assert_eq!(hour.after(hour.before(day)), day);
    }
}
