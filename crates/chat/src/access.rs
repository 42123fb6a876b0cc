//! Who may do what in a room: decided here, and nowhere else. Rights are values that the acts need.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use teahouse_accounts::Session;
use teahouse_jobs::{EnqueueError, Outbox};
use teahouse_protocol::{Role, RoomId, RoomKind, Seq, Timestamp, UserId, Visibility};
use teahouse_store::entity::room;
use teahouse_store::writer::MemberState;
use teahouse_store::{Db, members, reads, rooms, users};

use crate::cached::Look;
use crate::connection::Seat;
use crate::hooks::{Heard, Hooks};
use crate::hub::RoomFacts;
use crate::{Error, reason};

/// Somebody who may read a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    pub(crate) room: RoomFacts,
    /// What they are in it; `None`: a passer-by in a public room.
    pub(crate) member: Option<MemberState>,
}

/// Somebody who is a member of a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) room: RoomFacts,
    pub(crate) user: UserId,
    pub(crate) state: MemberState,
}

/// A member who may keep order in a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moderator(Member);

impl Reader {
    /// # Errors
    /// [`Error::RoomNotFound`] when the room is not there, or is private and `member` is none.
    pub(crate) fn new(room: Option<RoomFacts>, member: Option<MemberState>) -> Result<Self, Error> {
        let room = room.ok_or(Error::RoomNotFound)?;
        if member.is_none() && room.visibility == Visibility::Private {
            return Err(Error::RoomNotFound);
        }
        Ok(Self { room, member })
    }

    /// # Errors
    /// [`Error::NotAMember`] for a passer-by.
    pub(crate) fn require_member(self, user: UserId) -> Result<Member, Error> {
        let state = self.member.ok_or(Error::NotAMember)?;
        Ok(Member { room: self.room, user, state })
    }
}

impl Member {
    /// # Errors
    /// [`Error::Muted`], or [`Error::NotAllowed`] for a simple member of a channel.
    pub(crate) fn require_writer(self, now: Timestamp) -> Result<Self, Error> {
        if let Some(until) = self.state.muted_until.filter(|until| *until > now) {
            return Err(Error::Muted { until });
        }
        if self.room.kind == RoomKind::Channel && self.state.role < Role::Admin {
            return Err(Error::NotAllowed(reason::CHANNEL_IS_READ_ONLY));
        }
        Ok(self)
    }

    /// Who may write may react; in a channel that allows it, its readers too.
    ///
    /// # Errors
    /// As [`Member::require_writer`].
    pub(crate) fn require_reactor(self, now: Timestamp) -> Result<Self, Error> {
        match self.require_writer(now) {
            Err(Error::NotAllowed(_)) if self.room.readers_may_react => Ok(self),
            other => other,
        }
    }

    /// # Errors
    /// [`Error::NotAllowed`] for a simple member, and in a direct room, which has no order to keep.
    pub(crate) fn require_moderator(self) -> Result<Moderator, Error> {
        if self.room.kind == RoomKind::Direct {
            return Err(Error::NotAllowed(reason::NO_MODERATORS_HERE));
        }
        if self.state.role < Role::Admin {
            return Err(Error::NotAllowed(reason::MODERATORS_ONLY));
        }
        Ok(Moderator(self))
    }

    /// # Errors
    /// [`Error::NotAllowed`] for everybody else.
    pub(crate) fn require_owner(self) -> Result<Self, Error> {
        if self.state.role < Role::Owner {
            return Err(Error::NotAllowed(reason::OWNER_ONLY));
        }
        Ok(self)
    }
}

impl Moderator {
    /// The room and the member.
    pub(crate) const fn member(&self) -> &Member {
        &self.0
    }

    /// # Errors
    /// [`Error::NotAllowed`] when a member of `role` does not stand below this moderator.
    pub(crate) fn require_outranks(&self, role: Role) -> Result<(), Error> {
        if self.0.state.role <= role {
            return Err(Error::NotAllowed(reason::ROLE_NOT_BELOW));
        }
        Ok(())
    }
}

/// The job that follows a first entry into the lobby.
pub(crate) const CAME: &str = "lobby.came";

/// Reads from the database what decides about access.
#[derive(Clone)]
pub(crate) struct Access {
    db: Db,
    lobby: RoomId,
    outbox: Outbox,
    /// Told of who is in the lobby for the first time.
    hooks: Arc<OnceLock<Arc<dyn Hooks>>>,
}

impl Access {
    pub(crate) const fn new(
        db: Db,
        lobby: RoomId,
        outbox: Outbox,
        hooks: Arc<OnceLock<Arc<dyn Hooks>>>,
    ) -> Self {
        Self { db, lobby, outbox, hooks }
    }

    /// What `room` is; `None` when it is not there.
    pub(crate) async fn facts(&self, room: RoomId) -> Result<Option<RoomFacts>, Error> {
        let row = rooms::find(self.db.conn(), room).await?;
        Ok(row.as_ref().map(facts_of))
    }

    /// What `user` is in `room`. Everyone is a member of the lobby: who was never there is put in now, if there is such a user.
    pub(crate) async fn membership(
        &self,
        room: RoomId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<MemberState>, Error> {
        let mut row = members::find(self.db.conn(), room, user).await?;
        if row.is_none() && room == self.lobby && self.may_enter_lobby(user).await? {
            self.enter_lobby(user, now).await?;
            row = members::find(self.db.conn(), room, user).await?;
        }
        Ok(row.as_ref().map(members::state))
    }

    /// What those of `users` are in `room` who are members there, by as few looks as they fit into. The lobby's too: here
    /// nobody is put in.
    pub(crate) async fn members_among(
        &self,
        room: RoomId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Role>, Error> {
        /// The engines bound how many values a statement may have.
        const A_LOOK: usize = 10_000;
        let mut members = HashMap::new();
        for some in users.chunks(A_LOOK) {
            members.extend(members::roles_of(self.db.conn(), room, some).await?);
        }
        Ok(members)
    }

    /// Whether there is such a user, and no moderator keeps them out.
    async fn may_enter_lobby(&self, user: UserId) -> Result<bool, Error> {
        Ok(!members::is_banned(self.db.conn(), self.lobby, user).await?
            && users::find(self.db.conn(), user).await?.is_some())
    }

    /// Puts `user` into the lobby, and in the same transaction has plugins told of it, if there are any.
    async fn enter_lobby(&self, user: UserId, now: Timestamp) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        let is_new = members::insert(&tx, self.lobby, user, Role::Member, now).await?;
        let lobby = rooms::find(&tx, self.lobby).await?;
        if let Some(head) = lobby.filter(|_| is_new).and_then(|row| Seq::new(row.last_seq)) {
            reads::begin(&tx, self.lobby, user, head, now).await?;
        }
        if is_new && self.hooks.get().is_some_and(|hooks| hooks.hears(self.lobby, Heard::Member)) {
            self.outbox.enqueue(&tx, CAME, &user, now).await.map_err(|error| match error {
                EnqueueError::Store(error) => Error::from(error),
                EnqueueError::Payload(_) => Error::Busy,
            })?;
        }
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        self.outbox.wake();
        Ok(())
    }

    /// # Errors
    /// [`Error::RoomNotFound`] when the room is not there or hidden from the caller.
    pub(crate) async fn require_reader(
        &self,
        caller: &Session,
        room: RoomId,
        now: Timestamp,
    ) -> Result<Reader, Error> {
        let facts = self.facts(room).await?;
        let member = self.membership(room, caller.user_id(), now).await?;
        Reader::new(facts, member)
    }

    /// # Errors
    /// As [`Access::require_reader`], and [`Error::NotAMember`].
    pub(crate) async fn require_member(
        &self,
        caller: &Session,
        room: RoomId,
        now: Timestamp,
    ) -> Result<Member, Error> {
        self.require_reader(caller, room, now).await?.require_member(caller.user_id())
    }

    /// # Errors
    /// As [`Access::require_member`], and [`Error::NotAllowed`].
    pub(crate) async fn require_moderator(
        &self,
        caller: &Session,
        room: RoomId,
        now: Timestamp,
    ) -> Result<Moderator, Error> {
        self.require_member(caller, room, now).await?.require_moderator()
    }

    /// Loads what decides about access to many live rooms, where no copy is kept: by two queries, however many. What an
    /// event makes stale meanwhile is loaded again by who asks for it.
    pub(crate) async fn preload(&self, seats: &[Seat], user: UserId) -> Result<(), Error> {
        let unknown = |seat: &&Seat| seat.room.facts.get().is_none() || seat.membership.get().is_none();
        let looks: Vec<_> = seats
            .iter()
            .filter(unknown)
            .map(|seat| (seat, seat.room.facts.look(), seat.membership.look()))
            .collect();
        if looks.is_empty() {
            return Ok(());
        }
        let ids: Vec<RoomId> = looks.iter().map(|(seat, ..)| seat.room.id()).collect();
        let rows = rooms::find_many(self.db.conn(), &ids).await?;
        let there: HashMap<RoomId, RoomFacts> =
            rows.iter().map(facts_of).map(|facts| (facts.id, facts)).collect();
        let member = members::of_user_in(self.db.conn(), user, &ids).await?;
        for (seat, facts, membership) in looks {
            let room = seat.room.id();
            if let Look::Load(load) = facts {
                seat.room.facts.keep(load, &there.get(&room).copied());
            }
            let state = member.get(&room).copied();
            // Who was never in the lobby is put in by a look of its own.
            if let Look::Load(load) = membership
                && (state.is_some() || room != self.lobby)
            {
                seat.membership.keep(load, &state);
            }
        }
        Ok(())
    }

    /// As [`Access::require_reader`], from the copies that a live room keeps.
    pub(crate) async fn require_live_reader(
        &self,
        seat: &Seat,
        user: UserId,
        now: Timestamp,
    ) -> Result<Reader, Error> {
        let facts = loop {
            match seat.room.facts.look() {
                Look::Known(facts) => break facts,
                Look::Load(load) => {
                    let facts = self.facts(seat.room.id()).await?;
                    if seat.room.facts.keep(load, &facts) {
                        break facts;
                    }
                }
            }
        };
        let member = loop {
            match seat.membership.look() {
                Look::Known(member) => break member,
                Look::Load(load) => {
                    let member = self.membership(seat.room.id(), user, now).await?;
                    if seat.membership.keep(load, &member) {
                        break member;
                    }
                }
            }
        };
        Reader::new(facts, member)
    }
}

fn facts_of(row: &room::Model) -> RoomFacts {
    RoomFacts {
        id: RoomId::from_uuid(row.id),
        kind: rooms::kind(row),
        visibility: rooms::visibility(row),
        readers_may_react: row.readers_may_react,
    }
}
