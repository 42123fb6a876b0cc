//! What a poll is, as it stands in the store.

use std::time::Duration;

use bot_house::{House, Refusal};
use serde::{Deserialize, Serialize};

/// For how long a closed poll is remembered: a late press is told that it is over.
const AFTERWARDS: Duration = Duration::from_secs(3 * 86_400);

/// A poll; its votes are kept apart (`ballot`), because they change and this doesn't.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Poll {
    /// The id of the message that asked for it: the same command again is the same poll.
    pub(crate) id: String,
    pub(crate) room: String,
    /// Who opened it.
    pub(crate) maker: String,
    pub(crate) maker_name: String,
    pub(crate) question: String,
    pub(crate) options: Vec<String>,
    pub(crate) anonymous: bool,
    pub(crate) length_s: u64,
    /// The message with the buttons; empty until it is sent.
    pub(crate) card: String,
}

impl Poll {
    pub(crate) fn find(house: &impl House, id: &str) -> Result<Option<Self>, Refusal> {
        let bytes = house.get(&key(id))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub(crate) fn write(&self, house: &impl House) -> Result<(), Refusal> {
        let bytes = serde_json::to_vec(self).map_err(|error| Refusal::Invalid(error.to_string()))?;
        house.set(&key(&self.id), &bytes, Some(self.memory()))
    }

    pub(crate) fn forget(&self, house: &impl House) -> Result<(), Refusal> {
        house.delete(&key(&self.id))
    }

    pub(crate) const fn length(&self) -> Duration {
        Duration::from_secs(self.length_s)
    }

    /// How long its values are kept in the store.
    pub(crate) const fn memory(&self) -> Duration {
        self.length().saturating_add(AFTERWARDS)
    }
}

fn key(id: &str) -> String {
    format!("poll/{id}")
}
