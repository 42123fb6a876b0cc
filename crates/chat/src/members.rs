//! Members: coming, going, roles, mutes, bans.

use teahouse_accounts::Session;
use teahouse_protocol::{Role, RoomId, RoomKind, Timestamp, UserId};
use teahouse_store::entity::member;
use teahouse_store::writer::{ChangeKind, MemberEdit, MemberState, Removal};
use teahouse_store::{PageSize, join_requests, members};

use crate::access::Member;
use crate::invitations::Placed;
use crate::pipeline::Changed;
use crate::views::{BanView, MemberView, Page, PageRequest, PutMember};
use crate::{Chat, Error, reason};

impl Chat {
    /// The caller becomes a member of a public room; who is one already stays what they are.
    ///
    /// # Errors
    /// As [`Chat::ask_to_join`].
    pub async fn join(&self, caller: &Session, room: RoomId) -> Result<MemberView, Error> {
        self.ask_to_join(caller, room, "").await
    }

    /// Makes `user` a member of `room`, unless they were banned meanwhile.
    pub(crate) async fn add(&self, room: RoomId, by: UserId, user: UserId, role: Role) -> Result<(), Error> {
        let added = self.change(room, by, ChangeKind::AddMember { user, role }).await?;
        let stays_out = matches!(added, Changed::Unchanged)
            && members::find(self.db().conn(), room, user).await?.is_none();
        if stays_out { Err(Error::Banned) } else { Ok(()) }
    }

    /// The caller is no member any more. The last one to leave takes the room along.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`]; [`Error::Conflict`] for the lobby, for a direct room, and
    /// for an owner who leaves others without one; [`Error::Store`].
    pub async fn leave(&self, caller: &Session, room: RoomId) -> Result<(), Error> {
        let user = caller.user_id();
        self.count_act(user)?;
        let member = self.access().require_member(caller, room, self.now()).await?;
        if room == self.lobby() {
            return Err(Error::Conflict(reason::EVERYONE_IS_IN_THE_LOBBY));
        }
        if member.room.kind == RoomKind::Direct {
            return Err(Error::Conflict(reason::DIRECT_STAYS));
        }
        if member.state.role == Role::Owner && !members::has_other_owner(self.db().conn(), room, user).await?
        {
            if members::count(self.db().conn(), room).await? > 1 {
                return Err(Error::Conflict(reason::LAST_OWNER));
            }
            return self.change(room, user, ChangeKind::DeleteRoom).await.map(drop);
        }
        let removal = ChangeKind::RemoveMember { user, removal: Removal::Left };
        self.change(room, user, removal).await.map(drop)
    }

    /// The members of a room, by id.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`] for a passer-by, [`Error::Store`].
    pub async fn members(
        &self,
        caller: &Session,
        room: RoomId,
        page: PageRequest,
    ) -> Result<Page<MemberView>, Error> {
        self.access().require_member(caller, room, self.now()).await?;
        let size = PageSize::capped(page.limit);
        let rows = members::page(self.db().conn(), room, page.after, size.and_one()).await?;
        let page = Page::cut(rows, size.get(), |row| row.user_id, |row| row);
        Ok(Page { items: self.member_views(page.items).await?, next: page.next })
    }

    /// Invites somebody, or changes what a member is. A stranger is asked; a bot, somebody who asks to come in, and a user
    /// of the business that the caller is a user of, is a member at once.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::UserNotFound`],
    /// [`Error::Banned`] when who is invited may not come back, [`Error::QuotaReached`], [`Error::Conflict`] where they
    /// refused not long ago, [`Error::Store`].
    pub async fn put_member(
        &self,
        caller: &Session,
        room: RoomId,
        user: UserId,
        put: PutMember,
    ) -> Result<Placed, Error> {
        self.count_act(caller.user_id())?;
        let member = self.access().require_member(caller, room, self.now()).await?;
        self.require_users(&[user]).await?;
        match self.access().membership(room, user, self.now()).await? {
            None if self.must_ask(member, user, put).await? => {
                return Ok(Placed::Invited(self.invite(caller, room, user, put).await?));
            }
            None => self.bring(member, user, put).await?,
            Some(state) => self.change_member(member, user, state, put).await?,
        }
        Ok(Placed::Member(self.member_view(room, user).await?))
    }

    /// Whether `user`, whom `caller` may bring, has to want it. Any member of a group may bring somebody along; into a
    /// channel its moderators do.
    async fn must_ask(&self, caller: Member, user: UserId, put: PutMember) -> Result<bool, Error> {
        let role = put.role.unwrap_or(Role::Member);
        if caller.room.kind == RoomKind::Direct {
            return Err(Error::NotAllowed(reason::FOR_TWO_ONLY));
        }
        if role != Role::Member {
            caller.require_owner()?;
        }
        if caller.room.kind == RoomKind::Channel || put.muted_until.is_some() {
            caller.require_moderator()?;
        }
        if members::is_banned(self.db().conn(), caller.room.id, user).await? {
            return Err(Error::Banned);
        }
        // A moderator answers a request by it.
        let wants = caller.state.role >= Role::Admin
            && join_requests::find(self.db().conn(), caller.room.id, user).await?.is_some();
        Ok(!wants && !self.strangers(caller.user, &[user]).await?.is_empty())
    }

    async fn bring(&self, caller: Member, user: UserId, put: PutMember) -> Result<(), Error> {
        self.add(caller.room.id, caller.user, user, put.role.unwrap_or(Role::Member)).await?;
        if put.muted_until.is_some_and(|until| until.is_some()) {
            let edit = MemberEdit { role: None, muted_until: put.muted_until };
            self.change(caller.room.id, caller.user, ChangeKind::ChangeMember { user, edit }).await?;
        }
        Ok(())
    }

    async fn change_member(
        &self,
        caller: Member,
        user: UserId,
        before: MemberState,
        put: PutMember,
    ) -> Result<(), Error> {
        let state = MemberState {
            role: put.role.unwrap_or(before.role),
            muted_until: put.muted_until.unwrap_or(before.muted_until),
        };
        if state == before {
            return Ok(());
        }
        if state.role != before.role {
            caller.require_owner()?;
            if user == caller.user
                && !members::has_other_owner(self.db().conn(), caller.room.id, user).await?
            {
                return Err(Error::Conflict(reason::LAST_OWNER));
            }
        }
        if state.muted_until != before.muted_until {
            caller.require_moderator()?.require_outranks(before.role)?;
        }
        // Only what was asked for: what another moderator changes meanwhile stays.
        let edit = MemberEdit { role: put.role, muted_until: put.muted_until };
        let change = ChangeKind::ChangeMember { user, edit };
        self.change(caller.room.id, caller.user, change).await.map(drop)
    }

    /// Puts a member out; with `ban` they may not come back. Of who is invited, without a ban, it takes the invitation
    /// back: whoever sent it may do that too.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::UserNotFound`] when `user`
    /// is no member, [`Error::Store`].
    pub async fn remove_member(
        &self,
        caller: &Session,
        room: RoomId,
        user: UserId,
        ban: bool,
    ) -> Result<(), Error> {
        self.count_act(caller.user_id())?;
        let now = self.now();
        let member = self.access().require_member(caller, room, now).await?;
        let target = self.access().membership(room, user, now).await?;
        if target.is_none() && !ban && self.cancel_invitation(member, user).await? {
            return Ok(());
        }
        let moderator = member.require_moderator()?;
        match target {
            Some(state) => moderator.require_outranks(state.role)?,
            None if ban => self.require_users(&[user]).await?,
            None => return Err(Error::UserNotFound),
        }
        let removal = if ban { Removal::Banned } else { Removal::Kicked };
        let change = ChangeKind::RemoveMember { user, removal };
        self.change(room, caller.user_id(), change).await.map(drop)
    }

    /// Who may not come into a room, by id.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::Store`].
    pub async fn bans(
        &self,
        caller: &Session,
        room: RoomId,
        page: PageRequest,
    ) -> Result<Page<BanView>, Error> {
        self.access().require_moderator(caller, room, self.now()).await?;
        let size = PageSize::capped(page.limit);
        let rows = members::page_banned(self.db().conn(), room, page.after, size.and_one()).await?;
        let page = Page::cut(rows, size.get(), |row| row.user_id, |row| row);
        let ids: Vec<UserId> = page.items.iter().map(|row| UserId::from_uuid(row.user_id)).collect();
        let mut profiles = self.full_profiles(&ids).await?;
        let view = |row: teahouse_store::entity::ban::Model| {
            Some(BanView {
                user: profiles.remove(&UserId::from_uuid(row.user_id))?,
                banned_by: UserId::from_uuid(row.banned_by),
                banned_at: Timestamp::from_millis(row.banned_at_ms),
            })
        };
        Ok(Page { items: page.items.into_iter().filter_map(view).collect(), next: page.next })
    }

    /// Lets a banned user come back.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::Store`].
    pub async fn unban(&self, caller: &Session, room: RoomId, user: UserId) -> Result<(), Error> {
        self.count_act(caller.user_id())?;
        self.access().require_moderator(caller, room, self.now()).await?;
        self.change(room, caller.user_id(), ChangeKind::Unban { user }).await.map(drop)
    }

    pub(crate) async fn member_view(&self, room: RoomId, user: UserId) -> Result<MemberView, Error> {
        let row = members::find(self.db().conn(), room, user).await?.ok_or(Error::UserNotFound)?;
        self.member_views(vec![row]).await?.pop().ok_or(Error::UserNotFound)
    }

    async fn member_views(&self, rows: Vec<member::Model>) -> Result<Vec<MemberView>, Error> {
        let ids: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.user_id)).collect();
        let mut profiles = self.full_profiles(&ids).await?;
        let view = |row: member::Model| {
            Some(MemberView {
                user: profiles.remove(&UserId::from_uuid(row.user_id))?,
                role: members::role(&row),
                joined_at: Timestamp::from_millis(row.joined_at_ms),
                muted_until: row.muted_until_ms.map(Timestamp::from_millis),
            })
        };
        Ok(rows.into_iter().filter_map(view).collect())
    }
}
