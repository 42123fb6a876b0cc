//! A bot whose plugin was uninstalled leaves its rooms. A direct room stays: it is the other one's, too.

use serde::Deserialize;
use teahouse_jobs::{Failure, Job, JobKind};
use teahouse_protocol::{RoomId, RoomKind, UserId};
use teahouse_store::writer::{ChangeKind, Removal};
use teahouse_store::{members, rooms};

use super::retry;
use crate::{Chat, Error};

/// Follows [`teahouse_accounts::deactivate_bot`].
pub(super) struct BotsLeave(pub(super) Chat);

/// Who goes.
#[derive(Deserialize)]
pub(super) struct Gone {
    user: UserId,
}

impl JobKind for BotsLeave {
    const NAME: &'static str = teahouse_accounts::BOT_DEACTIVATED;
    type Payload = Gone;

    async fn run(&self, job: Job<Gone>) -> Result<(), Failure> {
        let user = job.payload.user;
        let now = self.0.accounts().look_again(user).await.map_err(retry)?;
        // Installed again meanwhile: it stays where it is.
        if now.is_none_or(|profile| !profile.is_deactivated) {
            return Ok(());
        }
        for room in members::rooms_of(self.0.db().conn(), user).await.map_err(retry)? {
            self.0.take_out(room, user).await.map_err(retry)?;
        }
        Ok(())
    }
}

impl Chat {
    /// A repeat changes nothing.
    async fn take_out(&self, room: RoomId, user: UserId) -> Result<(), Error> {
        let row = rooms::find(self.db().conn(), room).await?;
        if row.is_none_or(|row| row.deleted_at_ms.is_some() || rooms::kind(&row) == RoomKind::Direct) {
            return Ok(());
        }
        let removal = ChangeKind::RemoveMember { user, removal: Removal::Left };
        self.change(room, user, removal).await.map(drop)
    }
}
