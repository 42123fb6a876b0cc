//! Guests: people who come in without signing in, where that is allowed.

use teahouse_protocol::DisplayName;
use teahouse_store::{identities, users};

use crate::accounts::commit;
use crate::newcomer::{Provider, new_identity, new_user, numbered_name};
use crate::{Accounts, Device, Error, NewSession};

impl Accounts {
    /// Lets a guest in; one without a name is called 游客 and a number. Each call makes a new user, who is gone for its
    /// owner when the session is.
    ///
    /// # Errors
    /// [`Error::GuestsNotAllowed`] where they aren't; [`Error::RateLimited`]; [`Error::NameRejected`], and nobody was
    /// made: the guest may choose another.
    pub async fn sign_in_guest(
        &self,
        name: Option<DisplayName>,
        device: &Device,
    ) -> Result<NewSession, Error> {
        if !self.0.guests.allowed {
            return Err(Error::GuestsNotAllowed);
        }
        self.0.sign_in_limit.check(device.address())?;
        let mut user = new_user(numbered_name("游客"), None, Provider::Guest, self.now());
        if let Some(name) = name {
            user.name = self.ask_for_name(&user, name).await?.into_string();
        }
        let identity = new_identity(user.id, Provider::Guest, "", &user.id.to_string(), self.now());
        let tx = self.0.db.begin().await?;
        users::insert(&tx, user.clone()).await?;
        let identity_id = Some(identity.id);
        identities::insert(&tx, identity).await?;
        let issued = self.issue(&tx, user, identity_id, device).await?;
        commit(tx).await?;
        self.admit(issued).await
    }
}
