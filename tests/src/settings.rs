//! How a test's server is configured.

use std::collections::BTreeMap;
use std::fmt::Display;

/// What one user may do.
const LIMITS_OF_A_USER: [&str; 12] = [
    "limits.messages_per_second",
    "limits.message_burst",
    "limits.requests_per_second",
    "limits.requests_at_once",
    "limits.frames_per_second",
    "limits.signals_per_second",
    "limits.reads_per_second",
    "limits.connections_per_user",
    "limits.session_openings_per_minute",
    "limits.user_frames_per_second",
    "limits.rooms_per_day",
    "limits.directs_per_day",
];

/// What may come from one address, and what one test does more of than a person in a year.
const LIMITS_OF_AN_ADDRESS: [&str; 8] = [
    "limits.connections_per_address",
    "limits.sign_ins_per_minute",
    "limits.requests_at_once_per_address",
    "limits.stranger_requests_per_second",
    "limits.strangers_per_minute",
    "limits.address_openings_per_minute",
    "limits.invitations_per_day",
    "limits.invitations_waiting",
];

/// Settings on top of development mode. Rate limits are off unless a test turns one on, and so are the plugins that come
/// with the server: a greeting is no test's subject but their own.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) database_through_proxy: bool,
    pub(crate) small_disk_mib: Option<u32>,
    pub(crate) alone: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let empty = Self {
            environment: BTreeMap::new(),
            database_through_proxy: false,
            small_disk_mib: None,
            alone: false,
        };
        LIMITS_OF_A_USER
            .into_iter()
            .chain(LIMITS_OF_AN_ADDRESS)
            .fold(empty, |settings, key| settings.set(key, 0))
            .set("guests.allowed", true)
            .set("plugins.bundled", false)
    }
}

impl Settings {
    /// Sets a configuration key, such as `limits.frame_bytes`.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Display) -> Self {
        self.environment.insert(variable(key), value.to_string());
        self
    }

    /// Every limit of a user stands as in a configuration that says nothing of it. All people of a test have one address, so
    /// that those of addresses stay off.
    #[must_use]
    pub fn limited_as_by_default(mut self) -> Self {
        for key in LIMITS_OF_A_USER {
            self.environment.remove(&variable(key));
        }
        self
    }

    /// Runs the test while no other that has a server runs: for tests that measure.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Puts a proxy between the server and PostgreSQL, for [`TestServer::database_proxy`](crate::TestServer).
    /// SQLite has none.
    #[must_use]
    pub fn database_through_proxy(mut self) -> Self {
        self.database_through_proxy = true;
        self
    }

    /// Gives the data folder a file system of its own, that holds `mib` mebibytes.
    #[must_use]
    pub fn small_disk(mut self, mib: u32) -> Self {
        self.small_disk_mib = Some(mib);
        self
    }
}

/// The variable that sets a configuration key.
fn variable(key: &str) -> String {
    format!("TEAHOUSE__{}", key.to_uppercase().replace('.', "__"))
}
