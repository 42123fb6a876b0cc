//! Values in the store that several instances may change at once.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{House, Refusal};

/// How often a change is tried against others who change the same; a ninth is a queue that stands still.
const TRIES: usize = 8;

/// A value as it was read, and what has to be unchanged when it is written back.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    key: String,
    read: Option<Vec<u8>>,
    /// The value; its default where there was none, or where nobody can read it any more.
    pub value: T,
}

impl<T: DeserializeOwned + Serialize + Default> Entry<T> {
    /// Reads `key`.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn read(house: &impl House, key: &str) -> Result<Self, Refusal> {
        let read = house.get(key)?;
        let value = read.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        Ok(Self { key: key.to_owned(), read, value })
    }

    /// Whether there was such a key.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.read.is_some()
    }

    /// Writes the value, unless another wrote in between.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] then, and the others.
    pub fn write(&self, house: &impl House, ttl: Option<Duration>) -> Result<(), Refusal> {
        let bytes = serde_json::to_vec(&self.value).map_err(|error| Refusal::Invalid(error.to_string()))?;
        house.swap(&self.key, self.read.as_deref(), &bytes, ttl)
    }
}

/// Changes the value of `key`, again from the start whenever another was quicker; answers what `change` did last.
///
/// # Errors
/// [`Refusal::Conflict`] after several tries, and the others.
pub fn update<T, R>(
    house: &impl House,
    key: &str,
    ttl: Option<Duration>,
    mut change: impl FnMut(&mut T) -> R,
) -> Result<R, Refusal>
where
    T: DeserializeOwned + Serialize + Default,
{
    for _ in 0..TRIES {
        let mut entry = Entry::<T>::read(house, key)?;
        let answer = change(&mut entry.value);
        match entry.write(house, ttl) {
            Err(Refusal::Conflict) => {}
            other => return other.map(|()| answer),
        }
    }
    Err(Refusal::Conflict)
}
