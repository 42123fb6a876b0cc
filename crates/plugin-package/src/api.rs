//! The version of the interface between host and plugin.

use std::{fmt, str::FromStr};

/// A version of `teahouse:plugin`, major and minor. A plugin made for 1.2 runs on hosts from 1.2 on, below 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Api {
    /// Breaks with the one before.
    pub major: u16,
    /// Adds to the one before.
    pub minor: u16,
}

/// What this release's host offers.
pub const HOST_API: Api = Api { major: 1, minor: 0 };

/// Not a version of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a version of the interface is two numbers, such as 1.0")]
pub struct InvalidApi;

impl Api {
    /// Whether a plugin made for this version runs on `host`.
    #[must_use]
    pub fn runs_on(self, host: Self) -> bool {
        self.major == host.major && self.minor <= host.minor
    }
}

impl fmt::Display for Api {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Api {
    type Err = InvalidApi;

    fn from_str(text: &str) -> Result<Self, InvalidApi> {
        let (major, minor) = text.split_once('.').ok_or(InvalidApi)?;
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            if plain { digits.parse::<u16>().map_err(|_| InvalidApi) } else { Err(InvalidApi) }
        };
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_runs_on_its_own_minor_and_later_ones() {
        let api = |text: &str| text.parse::<Api>().unwrap();
        assert!(api("1.0").runs_on(api("1.0")) && api("1.0").runs_on(api("1.7")));
        assert!(
            !api("1.1").runs_on(api("1.0"))
                && !api("2.0").runs_on(api("1.9"))
                && !api("1.0").runs_on(api("2.0"))
        );
        for bad in ["1", "1.0.0", "", "1.", ".0", "-1.0", "+1.0", "a.b", "1.99999"] {
            assert!(bad.parse::<Api>().is_err(), "{bad}");
        }
    }
}
