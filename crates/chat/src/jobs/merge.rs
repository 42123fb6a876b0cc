//! Two users turned out to be one person: who stays takes over the other's places in rooms and how far they had read.

use serde::Deserialize;
use teahouse_jobs::{Failure, Job, JobKind};
use teahouse_protocol::{RoomId, UserId};
use teahouse_store::writer::{ChangeKind, MemberEdit, Removal};
use teahouse_store::{invitations, members, reads, rooms};

use super::retry;
use crate::{Chat, Error};

/// Follows [`teahouse_accounts::AccountEvent::UsersMerged`].
pub(super) struct MergeMemberships(pub(super) Chat);

/// Who went, and who stays.
#[derive(Deserialize)]
pub(super) struct Merged {
    from: UserId,
    into: UserId,
}

impl JobKind for MergeMemberships {
    const NAME: &'static str = teahouse_accounts::USERS_MERGED;
    type Payload = Merged;

    async fn run(&self, job: Job<Merged>) -> Result<(), Failure> {
        let Merged { from, into } = job.payload;
        // Before the memberships: who leaves a room takes back whom they invited.
        invitations::reassign(self.0.db().writer(), from, into).await.map_err(retry)?;
        for room in members::rooms_of(self.0.db().conn(), from).await.map_err(retry)? {
            self.0.move_member(room, from, into).await.map_err(retry)?;
        }
        Ok(())
    }
}

impl Chat {
    /// Each step may have been done before: a repeat changes nothing.
    async fn move_member(&self, room: RoomId, from: UserId, into: UserId) -> Result<(), Error> {
        let Some(row) = members::find(self.db().conn(), room, from).await? else { return Ok(()) };
        let read = reads::find(self.db().conn(), room, from).await?;
        reads::advance(self.db().writer(), room, into, read, self.now()).await?;
        rooms::move_direct(self.db().writer(), room, from, into).await?;
        let role = members::role(&row);
        self.change(room, into, ChangeKind::AddMember { user: into, role }).await?;
        // Who was in the room as both keeps the higher role: it may be the only owner's.
        let stays = members::find(self.db().conn(), room, into).await?;
        if stays.is_some_and(|stays| members::role(&stays) < role) {
            let edit = MemberEdit { role: Some(role), ..MemberEdit::default() };
            self.change(room, into, ChangeKind::ChangeMember { user: into, edit }).await?;
        }
        let removal = ChangeKind::RemoveMember { user: from, removal: Removal::Left };
        self.change(room, from, removal).await.map(drop)
    }
}
