//! The configuration sections `sessions`, `guests` and `secrets`.

use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

/// The section `sessions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// How long a session lasts in seconds after it was last used. 30 days by default.
    pub ttl_s: u32,
    /// Whether signing in on one device ends the user's sessions on all others.
    pub one_device: bool,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self { ttl_s: 30 * 24 * 60 * 60, one_device: false }
    }
}

impl SessionsConfig {
    /// A used session's end moves at most this often: each move is a write.
    const LONGEST_STEP: Duration = Duration::from_secs(60 * 60);

    /// How long a session lasts after it was last used; at least a second.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl_s.max(1).into())
    }

    /// How long after its last move the end of a session that is used moves again.
    #[must_use]
    pub fn step(&self) -> Duration {
        Self::LONGEST_STEP.min(self.ttl() / 4)
    }
}

/// The section `guests`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuestsConfig {
    /// Whether people may come in without signing in. The server's development mode says yes unless told otherwise.
    pub allowed: bool,
}

/// The section `secrets`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretsConfig {
    /// The key under which WeChat's session keys are kept: 32 bytes in base64. Serialised, it is masked.
    #[serde(serialize_with = "masked")]
    pub key: Option<SecretString>,
}

fn masked<S: Serializer>(key: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    key.as_ref().map(|_| "***").serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_session_moves_once_an_hour_and_a_short_one_sooner() {
        assert_eq!(SessionsConfig::default().step(), Duration::from_secs(3600));
        assert_eq!(SessionsConfig { ttl_s: 8, one_device: false }.step(), Duration::from_secs(2));
    }

    #[test]
    fn a_printed_key_is_masked() {
        let secrets = SecretsConfig { key: Some("c2VjcmV0".into()) };
        assert_eq!(serde_json::to_string(&secrets).unwrap(), r#"{"key":"***"}"#);
        assert!(!format!("{secrets:?}").contains("c2VjcmV0"));
    }
}
