//! Names that come with a sign-in: somebody may have a say in them before they are taken, as in every later change.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use parking_lot::RwLock;
use teahouse_protocol::{DisplayName, UserId, UserProfile};
use teahouse_store::entity::user;
use uuid::Uuid;

use crate::person::profile_of;
use crate::{Accounts, Error};

/// Names remembered that were not taken as they came: they come again with each sign-in. About 300 bytes each.
const REMEMBERED: u64 = 10_000;
/// They are asked about anew after so long: whoever has a say may have changed their mind.
const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// An answer that takes time.
pub type NameAnswer<'a> = Pin<Box<dyn Future<Output = Result<NameAtSignIn, Error>> + Send + 'a>>;

/// Who has a say in the names that people bring.
pub trait NameGate: Send + Sync + 'static {
    /// What becomes of `name`, which `by` wants to go by. Somebody who is seen for the first time has the id that they
    /// will have, and a name that the house gives: nothing of them is written yet.
    fn pass(&self, by: Arc<UserProfile>, name: DisplayName) -> NameAnswer<'_>;
}

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameAtSignIn {
    /// This is taken: the name, or what was put in its place.
    Taken(DisplayName),
    /// It is not.
    Refused(Box<NameRefusal>),
}

/// Why a name was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRefusal {
    /// The name of the plugin that refused it.
    pub by: Arc<str>,
    /// The plugin's id.
    pub plugin: Arc<str>,
    /// The plugin's own stable word.
    pub rule: String,
    /// For the person; may be empty.
    pub reason: String,
}

/// The gate, and what it said of names that come again and again.
pub(crate) struct Naming {
    gate: RwLock<Option<Arc<dyn NameGate>>>,
    /// By person and name; `None`: refused.
    remembered: Cache<(Uuid, DisplayName), Option<DisplayName>>,
}

impl Naming {
    pub(crate) fn new() -> Self {
        let remembered = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        Self { gate: RwLock::new(None), remembered }
    }

    fn gate(&self) -> Option<Arc<dyn NameGate>> {
        self.gate.read().clone()
    }
}

impl Accounts {
    /// Has `gate` asked about names from now on, in place of the one before. Without one every name is taken.
    pub fn set_name_gate(&self, gate: Arc<dyn NameGate>) {
        *self.0.naming.gate.write() = Some(gate);
    }

    /// What to take of the name that a person chose for this sign-in, or asked for: they can choose another.
    ///
    /// # Errors
    /// [`Error::NameRejected`].
    pub(crate) async fn ask_for_name(
        &self,
        by: &user::Model,
        name: DisplayName,
    ) -> Result<DisplayName, Error> {
        let Some(gate) = self.0.naming.gate() else { return Ok(name) };
        match gate.pass(Arc::new(profile_of(by)), name).await? {
            NameAtSignIn::Taken(name) => Ok(name),
            NameAtSignIn::Refused(refusal) => Err(Error::NameRejected(refusal)),
        }
    }

    /// What to take of a name that comes along with a sign-in which must not fail because of it; `None`: nothing, and
    /// `by` keeps the name that they have. What was not taken as it came is not asked about again for a day.
    pub(crate) async fn settle_name(
        &self,
        by: &user::Model,
        name: DisplayName,
    ) -> Result<Option<DisplayName>, Error> {
        let key = (by.id, name.clone());
        if let Some(answer) = self.0.naming.remembered.get(&key) {
            return Ok(answer);
        }
        let answer = match self.ask_for_name(by, name.clone()).await {
            Ok(taken) => Some(taken),
            Err(Error::NameRejected(refusal)) => {
                let user = UserId::from_uuid(by.id);
                tracing::info!(user.id = %user, plugin.id = %refusal.plugin, "a name that came with a sign-in was not taken");
                None
            }
            Err(other) => return Err(other),
        };
        if answer.as_ref() != Some(&name) {
            self.0.naming.remembered.insert(key, answer.clone());
        }
        Ok(answer)
    }
}
