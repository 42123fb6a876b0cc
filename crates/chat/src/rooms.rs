//! Rooms: finding, making, changing and ending them.

use std::collections::HashMap;

use teahouse_accounts::Session;
use teahouse_protocol::{
    Announcement, FieldError, MAX_ALLOWED_REACTIONS, Role, RoomId, RoomKind, RoomName, Seq, Timestamp,
    UserId, UserProfile, Visibility,
};
use teahouse_store::entity::room;
use teahouse_store::rooms::{self, direct_key};
use teahouse_store::writer::{ChangeKind, NewRoom, RoomEdit};
use teahouse_store::{PageSize, members};

use crate::heads::Place;
use crate::hooks::{NameSubject, RoomBrief, RoomDetails};
use crate::views::{CreateRoom, Page, PageRequest, PutMember, RoomChange, RoomSummary, RoomView};
use crate::{Chat, Error, reason};

const MAX_FIRST_MEMBERS: usize = 200;

impl Chat {
    /// The caller's rooms, by age.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn rooms(&self, caller: &Session, page: PageRequest) -> Result<Page<RoomSummary>, Error> {
        let user = caller.user_id();
        let turn = self.turns().take(user).await;
        self.gathered().written(user).await?;
        self.access().membership(self.lobby(), user, self.now()).await?;
        let size = PageSize::capped(page.limit);
        let rows = rooms::page_of_member(self.db().conn(), user, page.after, size.and_one()).await?;
        let page = Page::cut(rows, size.get(), |(_, room)| room.id, |row| row);
        let ids: Vec<RoomId> = page.items.iter().map(|(_, row)| RoomId::from_uuid(row.id)).collect();
        let mut places = self.places_with_last(user, &ids).await?;
        let rows = page.items.into_iter().map(|(member, row)| (row, Some(members::role(&member))));
        let summaries = self.views(caller, rows.collect()).await?.into_iter().filter_map(|mut room| {
            // Deleted since the page was read.
            let Place { head, mentions } = places.remove(&room.id)?;
            room.last_seq = head.last_seq;
            Some(RoomSummary {
                room,
                unread: head.unread,
                mentions,
                read_seq: head.read_seq,
                last: head.last,
            })
        });
        let items: Vec<RoomSummary> = summaries.collect();
        turn.has_read(items.len()).await;
        Ok(Page { items, next: page.next })
    }

    /// The rooms that anyone may join, by age.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn public_rooms(&self, caller: &Session, page: PageRequest) -> Result<Page<RoomView>, Error> {
        let turn = self.turns().take(caller.user_id()).await;
        let size = PageSize::capped(page.limit);
        let rows = rooms::page_public(self.db().conn(), page.after, size.and_one()).await?;
        let page = Page::cut(rows, size.get(), |row| row.id, |row| row);
        // The lobby may be among them: everyone is a member there.
        self.access().membership(self.lobby(), caller.user_id(), self.now()).await?;
        let ids: Vec<RoomId> = page.items.iter().map(|row| RoomId::from_uuid(row.id)).collect();
        let member = members::of_user_in(self.db().conn(), caller.user_id(), &ids).await?;
        let role = |row: &room::Model| member.get(&RoomId::from_uuid(row.id)).map(|state| state.role);
        let rows = page.items.into_iter().map(|row| (role(&row), row)).map(|(role, row)| (row, role));
        let items = self.views(caller, rows.collect()).await?;
        turn.has_read(items.len()).await;
        Ok(Page { items, next: page.next })
    }

    /// One room.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Store`].
    pub async fn room(&self, caller: &Session, room: RoomId) -> Result<RoomView, Error> {
        let reader = self.access().require_reader(caller, room, self.now()).await?;
        let row = rooms::find(self.db().conn(), room).await?.ok_or(Error::RoomNotFound)?;
        self.view(caller, row, reader.member.map(|member| member.role)).await
    }

    /// Makes a room that the caller owns. Of its first members strangers are invited, as by [`Chat::put_member`].
    ///
    /// # Errors
    /// [`Error::Field`], [`Error::UserNotFound`] for one of the first members, [`Error::Rejected`] for its name,
    /// [`Error::QuotaReached`], [`Error::Store`].
    pub async fn create_room(&self, caller: &Session, new: CreateRoom) -> Result<RoomView, Error> {
        if new.kind == RoomKind::Direct {
            return Err(field("kind", "must be `group` or `channel`: a direct room is opened with a person"));
        }
        self.count_act(caller.user_id())?;
        if new.members.len() > MAX_FIRST_MEMBERS {
            return Err(field("members", format!("must be at most {MAX_FIRST_MEMBERS}")));
        }
        let mut first = vec![(caller.user_id(), Role::Owner)];
        for user in new.members {
            if first.iter().all(|(other, _)| *other != user) {
                first.push((user, Role::Member));
            }
        }
        let others: Vec<UserId> = first.iter().skip(1).map(|(user, _)| *user).collect();
        self.require_users(&others).await?;
        let asked = self.strangers(caller.user_id(), &others).await?;
        self.quotas().make_room(caller.user_id())?;
        self.require_quota_to_invite(caller.user_id(), asked.len()).await?;
        first.retain(|(user, _)| !asked.contains(user));
        let room = RoomId::generate();
        let details = RoomDetails {
            brief: RoomBrief { id: room, kind: new.kind, visibility: new.visibility, is_lobby: false },
            name: new.name.as_str().to_owned(),
            announcement: String::new(),
            members: 0,
        };
        let new = NewRoom {
            kind: new.kind,
            visibility: new.visibility,
            name: self.pass_room_name(caller, new.name, details).await?,
            unique_key: None,
            members: first,
        };
        self.change(room, caller.user_id(), ChangeKind::CreateRoom(new)).await?;
        let row = rooms::find(self.db().conn(), room).await?.ok_or(Error::RoomNotFound)?;
        for user in asked {
            self.send_invitation(caller, row.clone(), user, PutMember::default()).await?;
        }
        self.view(caller, row, Some(Role::Owner)).await
    }

    /// The room of the caller and `user`; true when it is made now.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::Conflict`] with oneself, [`Error::QuotaReached`] for one with a stranger,
    /// [`Error::Store`].
    pub async fn open_direct(&self, caller: &Session, user: UserId) -> Result<(RoomView, bool), Error> {
        if user == caller.user_id() {
            return Err(Error::Conflict(reason::WITH_ONESELF));
        }
        let key = direct_key(caller.user_id(), user);
        if let Some(row) = rooms::find_by_key(self.db().conn(), &key).await? {
            return Ok((self.view(caller, row, Some(Role::Member)).await?, false));
        }
        self.count_act(caller.user_id())?;
        self.require_users(&[user]).await?;
        if !self.strangers(caller.user_id(), &[user]).await?.is_empty() {
            self.quotas().open_direct(caller.user_id())?;
        }
        let room = RoomId::generate();
        let new = NewRoom {
            kind: RoomKind::Direct,
            visibility: Visibility::Private,
            name: String::new(),
            unique_key: Some(key.clone()),
            members: vec![(caller.user_id(), Role::Member), (user, Role::Member)],
        };
        match self.change(room, caller.user_id(), ChangeKind::CreateRoom(new)).await {
            Ok(_) => Ok((self.room(caller, room).await?, true)),
            // The other opened it at the same moment.
            Err(Error::Store(teahouse_store::Error::Conflict(error))) => {
                let row = rooms::find_by_key(self.db().conn(), &key).await?;
                let row = row.ok_or(Error::Store(teahouse_store::Error::Conflict(error)))?;
                Ok((self.view(caller, row, Some(Role::Member)).await?, false))
            }
            Err(error) => Err(error),
        }
    }

    /// Changes a room's name, announcement, what of reactions it allows (moderators), or visibility (owner).
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::Field`], [`Error::Rejected`],
    /// [`Error::Store`].
    pub async fn update_room(
        &self,
        caller: &Session,
        room: RoomId,
        change: RoomChange,
    ) -> Result<RoomView, Error> {
        self.count_act(caller.user_id())?;
        let moderator = self.access().require_moderator(caller, room, self.now()).await?;
        if change.visibility.is_some() {
            moderator.member().require_owner()?;
        }
        if change.allowed_reactions.as_ref().is_some_and(|allowed| allowed.len() > MAX_ALLOWED_REACTIONS) {
            return Err(field("allowed_reactions", format!("must be at most {MAX_ALLOWED_REACTIONS}")));
        }
        let edit = self.pass_room_edit(caller, room, change.name, change.announcement).await?;
        let edit = RoomEdit {
            visibility: change.visibility,
            allowed_reactions: change.allowed_reactions,
            readers_may_react: change.readers_may_react,
            ..edit
        };
        self.change(room, caller.user_id(), ChangeKind::EditRoom(edit)).await?;
        self.room(caller, room).await
    }

    /// A room's new name and announcement past the plugins.
    async fn pass_room_edit(
        &self,
        caller: &Session,
        room: RoomId,
        name: Option<RoomName>,
        announced: Option<Announcement>,
    ) -> Result<RoomEdit, Error> {
        if self.hooks().is_none() || (name.is_none() && announced.is_none()) {
            return Ok(RoomEdit {
                name: name.map(RoomName::into_string),
                announcement: announced.map(Announcement::into_string),
                ..RoomEdit::default()
            });
        }
        let details = self.read_room(room).await?;
        let mut edit = RoomEdit::default();
        if let Some(name) = name {
            edit.name = Some(self.pass_room_name(caller, name, details.clone()).await?);
        }
        match announced {
            Some(text) if !text.is_empty() => {
                let subject = NameSubject::Announcement;
                let text = text.into_string();
                let text = self.pass_name(caller.profile(), subject, text, Some(details)).await?;
                let text = Announcement::new(&text).map_err(|error| field("announcement", error))?;
                edit.announcement = Some(text.into_string());
            }
            // Taking it away says nothing.
            other => edit.announcement = other.map(Announcement::into_string),
        }
        Ok(edit)
    }

    /// Ends a room for everybody.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`] for all but the owner,
    /// [`Error::Conflict`] for the lobby, [`Error::Store`].
    pub async fn delete_room(&self, caller: &Session, room: RoomId) -> Result<(), Error> {
        self.count_act(caller.user_id())?;
        let member = self.access().require_member(caller, room, self.now()).await?;
        if room == self.lobby() {
            return Err(Error::Conflict(reason::LOBBY_STAYS));
        }
        member.require_owner()?;
        self.change(room, caller.user_id(), ChangeKind::DeleteRoom).await.map(drop)
    }

    pub(crate) async fn view(
        &self,
        caller: &Session,
        row: room::Model,
        role: Option<Role>,
    ) -> Result<RoomView, Error> {
        self.views(caller, vec![(row, role)]).await?.pop().ok_or(Error::RoomNotFound)
    }

    /// Rooms as `caller` sees them, each with what they are in it. A fixed number of queries, however many.
    async fn views(
        &self,
        caller: &Session,
        rows: Vec<(room::Model, Option<Role>)>,
    ) -> Result<Vec<RoomView>, Error> {
        let direct = rows.iter().filter(|(row, _)| rooms::kind(row) == RoomKind::Direct);
        let mut peers =
            self.peers(caller, direct.map(|(row, _)| RoomId::from_uuid(row.id)).collect()).await?;
        let view = |(row, role): (room::Model, Option<Role>)| {
            let id = RoomId::from_uuid(row.id);
            let peer = peers.remove(&id);
            RoomView {
                id,
                kind: rooms::kind(&row),
                visibility: rooms::visibility(&row),
                allowed_reactions: rooms::allowed_reactions(&row),
                readers_may_react: row.readers_may_react,
                name: peer.as_ref().map_or(row.name, |peer| peer.name.clone()),
                announcement: row.announcement,
                created_at: Timestamp::from_millis(row.created_at_ms),
                last_seq: Seq::new(row.last_seq).unwrap_or_default(),
                role,
                peer,
            }
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// The others of direct rooms.
    async fn peers(
        &self,
        caller: &Session,
        rooms: Vec<RoomId>,
    ) -> Result<HashMap<RoomId, UserProfile>, Error> {
        if rooms.is_empty() {
            return Ok(HashMap::new());
        }
        let pairs = members::pairs_of(self.db().conn(), &rooms).await?;
        let others = pairs.into_iter().filter_map(|(room, pair)| {
            Some((room, pair.into_iter().find(|user| *user != caller.user_id())?))
        });
        let others: Vec<(RoomId, UserId)> = others.collect();
        let ids: Vec<UserId> = others.iter().map(|(_, user)| *user).collect();
        let people = self.full_profiles(&ids).await?;
        Ok(others.into_iter().filter_map(|(room, user)| Some((room, people.get(&user)?.clone()))).collect())
    }

    /// The profiles of those of `ids` who are there.
    pub(crate) async fn full_profiles(&self, ids: &[UserId]) -> Result<HashMap<UserId, UserProfile>, Error> {
        Ok(self.accounts().full_profiles(ids).await?)
    }

    /// # Errors
    /// [`Error::UserNotFound`] unless all of `ids` are there, and somebody is behind each.
    pub(crate) async fn require_users(&self, ids: &[UserId]) -> Result<(), Error> {
        let known = self.full_profiles(ids).await?;
        let is_there = |id| known.get(id).is_some_and(|profile| !profile.is_deactivated);
        if ids.iter().all(is_there) { Ok(()) } else { Err(Error::UserNotFound) }
    }
}

fn field(name: &str, detail: impl std::fmt::Display) -> Error {
    Error::Field(FieldError::new(name, detail))
}
