//! Invitations: nobody is in a room by a stranger's will. Who is invited sees the room's name and who asks, and answers.

use std::time::Duration;

use teahouse_accounts::Session;
use teahouse_protocol::{Role, RoomId, RoomKind, Timestamp, UserId, UserProfile};
use teahouse_store::entity::{invitation, room};
use teahouse_store::invitations::{self, Invited};
use teahouse_store::writer::ChangeKind;
use teahouse_store::{PageSize, members, rooms};

use crate::access::Member;
use crate::pipeline::Changed;
use crate::views::{MemberView, Page, PageRequest, PutMember};
use crate::{Chat, Error, reason};

/// Who refused an invitation is asked into that room no more for so long.
const REFUSAL_HOLDS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// An invitation that nobody answers lasts so long.
const LASTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// An invitation, as who is invited sees it: nothing of the room but what it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct InvitationView {
    /// Into which room.
    pub room: RoomId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub kind: RoomKind,
    /// Who invites.
    pub invited_by: UserProfile,
    /// What they are to be there.
    pub role: Role,
    /// When they were invited.
    pub invited_at: Timestamp,
}

/// What became of somebody who was to be put into a room.
#[derive(Clone, Debug, PartialEq)]
pub enum Placed {
    /// They are a member.
    Member(MemberView),
    /// They are asked whether they want to be.
    Invited(InvitationView),
}

impl Chat {
    /// What the caller is invited into, by room.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn invitations(
        &self,
        caller: &Session,
        page: PageRequest,
    ) -> Result<Page<InvitationView>, Error> {
        let size = PageSize::capped(page.limit);
        let rows = invitations::page(self.db().conn(), caller.user_id(), page.after, size.and_one()).await?;
        let page = Page::cut(rows, size.get(), |(row, _)| row.room_id, |row| row);
        let inviters: Vec<UserId> =
            page.items.iter().map(|(row, _)| UserId::from_uuid(row.invited_by)).collect();
        let people = self.full_profiles(&inviters).await?;
        let view = |(row, room): (invitation::Model, room::Model)| {
            let inviter = people.get(&UserId::from_uuid(row.invited_by))?;
            Some(invitation_view(&row, room, inviter.clone()))
        };
        Ok(Page { items: page.items.into_iter().filter_map(view).collect(), next: page.next })
    }

    /// The caller comes into a room that they are invited into. Twice is once.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`] where no invitation waits (any more), also when the room is gone; [`Error::Banned`];
    /// [`Error::RateLimited`]; [`Error::Store`].
    pub async fn accept_invitation(&self, caller: &Session, room: RoomId) -> Result<MemberView, Error> {
        let user = caller.user_id();
        self.count_act(user)?;
        if let Some(row) = invitations::find(self.db().conn(), room, user).await? {
            let by = UserId::from_uuid(row.invited_by);
            if let Changed::Logged(_) = self.change(room, by, ChangeKind::AcceptInvitation { user }).await? {
                self.wake_moderators(room);
                return self.member_view(room, user).await;
            }
            if members::is_banned(self.db().conn(), room, user).await? {
                return Err(Error::Banned);
            }
        }
        match members::find(self.db().conn(), room, user).await? {
            Some(_) => self.member_view(room, user).await,
            None => Err(Error::RoomNotFound),
        }
    }

    /// The caller does not want to come. Nobody is told; whoever asks again within a week learns it.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`] where no invitation waits (any more); [`Error::Store`].
    pub async fn refuse_invitation(&self, caller: &Session, room: RoomId) -> Result<(), Error> {
        self.count_act(caller.user_id())?;
        let refused = invitations::refuse(self.db().writer(), room, caller.user_id(), self.now()).await?;
        if refused { Ok(()) } else { Err(Error::RoomNotFound) }
    }

    /// Those of `users` whom `by` can't just put into a room: all but bots, and users of a business for another of them.
    pub(crate) async fn strangers(&self, by: UserId, users: &[UserId]) -> Result<Vec<UserId>, Error> {
        let people = self.full_profiles(users).await?;
        let is_bot = |user: &UserId| people.get(user).is_some_and(|profile| profile.is_bot);
        let persons: Vec<UserId> = users.iter().copied().filter(|user| !is_bot(user)).collect();
        if persons.is_empty() {
            return Ok(persons);
        }
        let everybody: Vec<UserId> = persons.iter().copied().chain([by]).collect();
        let own = self.accounts().users_of_business(&everybody).await?;
        let is_one_house = |user: &UserId| own.contains(&by) && own.contains(user);
        Ok(persons.into_iter().filter(|user| !is_one_house(user)).collect())
    }

    /// Room in the quotas of `by` for `more` invitations.
    ///
    /// # Errors
    /// [`Error::QuotaReached`], [`Error::Store`].
    pub(crate) async fn require_quota_to_invite(&self, by: UserId, more: usize) -> Result<(), Error> {
        if more == 0 {
            return Ok(());
        }
        let waiting = invitations::count_waiting_of(self.db().conn(), by).await?;
        self.quotas().invite(by, u32::try_from(more).unwrap_or(u32::MAX), waiting)
    }

    /// Asks `user` into the room of `inviter`, who may. Who is asked already is not asked again.
    ///
    /// # Errors
    /// [`Error::QuotaReached`], [`Error::Conflict`] where they refused not long ago, [`Error::Store`].
    pub(crate) async fn invite(
        &self,
        inviter: &Session,
        room: RoomId,
        user: UserId,
        put: PutMember,
    ) -> Result<InvitationView, Error> {
        let row = rooms::find(self.db().conn(), room).await?.ok_or(Error::RoomNotFound)?;
        if let Some(there) = invitations::find(self.db().conn(), room, user).await? {
            return self.shown(&there, row).await;
        }
        self.require_quota_to_invite(inviter.user_id(), 1).await?;
        self.send_invitation(inviter, row, user, put).await
    }

    /// As [`Chat::invite`], with the quotas asked before.
    pub(crate) async fn send_invitation(
        &self,
        inviter: &Session,
        row: room::Model,
        user: UserId,
        put: PutMember,
    ) -> Result<InvitationView, Error> {
        let (room, now) = (RoomId::from_uuid(row.id), self.now());
        let invitation = invitation::Model {
            user_id: user.uuid(),
            room_id: room.uuid(),
            invited_by: inviter.user_id().uuid(),
            role: members::role_number(put.role.unwrap_or(Role::Member)),
            muted_until_ms: put.muted_until.flatten().map(Timestamp::millis),
            invited_at_ms: now.millis(),
            refused_at_ms: None,
        };
        match invitations::put(self.db().writer(), invitation.clone(), now - REFUSAL_HOLDS).await? {
            Invited::Refused(_) => return Err(Error::Conflict(reason::REFUSED_BEFORE)),
            Invited::Before => {}
            Invited::Now => {
                let (name, place) = (&inviter.profile().name, &row.name);
                let text = format!("{name} 邀请你加入 {place} {name} invites you into {place}");
                self.notify(user, "invited", room, Some(inviter.user_id()), text).await;
            }
        }
        Ok(invitation_view(&invitation, row, (*inviter.profile()).clone()))
    }

    /// Takes back what waits for `user`: whoever sent it may, and who keeps order. False where nothing waits.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Store`].
    pub(crate) async fn cancel_invitation(&self, caller: Member, user: UserId) -> Result<bool, Error> {
        let room = caller.room.id;
        let Some(row) = invitations::find(self.db().conn(), room, user).await? else { return Ok(false) };
        if row.invited_by != caller.user.uuid() {
            caller.require_moderator()?;
        }
        Ok(invitations::take(self.db().writer(), room, user).await?.is_some())
    }

    /// Forgets invitations that nobody answered, and refusals that hold no more. To be called now and then.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn sweep_invitations(&self) -> Result<u64, Error> {
        let now = self.now();
        Ok(invitations::delete_old(self.db().writer(), now - REFUSAL_HOLDS, now - LASTS).await?)
    }

    async fn shown(&self, row: &invitation::Model, room: room::Model) -> Result<InvitationView, Error> {
        let inviter = UserId::from_uuid(row.invited_by);
        let profile = self.full_profiles(&[inviter]).await?.remove(&inviter).ok_or(Error::UserNotFound)?;
        Ok(invitation_view(row, room, profile))
    }
}

fn invitation_view(row: &invitation::Model, room: room::Model, invited_by: UserProfile) -> InvitationView {
    InvitationView {
        room: RoomId::from_uuid(row.room_id),
        kind: rooms::kind(&room),
        name: room.name,
        invited_by,
        role: members::role_of_number(row.role),
        invited_at: Timestamp::from_millis(row.invited_at_ms),
    }
}
