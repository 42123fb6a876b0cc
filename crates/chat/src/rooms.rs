//! Rooms: finding, making, changing and ending them.

use std::collections::HashMap;

use teahouse_accounts::Session;
use teahouse_protocol::{
    Announcement, FieldError, Head, MAX_ALLOWED_REACTIONS, Role, RoomId, RoomKind, RoomName, Seq, Timestamp,
    UserId, UserProfile, Visibility,
};
use teahouse_store::entity::room;
use teahouse_store::rooms::{self, direct_key};
use teahouse_store::writer::{ChangeKind, NewRoom, RoomEdit};
use teahouse_store::{PageSize, members, messages, reads};

use crate::hooks::{NameSubject, RoomBrief, RoomDetails};
use crate::views::{CreateRoom, Page, PageRequest, PutMember, RoomChange, RoomSummary, RoomView};
use crate::{Chat, Error, reason};

/// Unread messages are counted up to this: past it a number tells nobody anything.
pub(crate) const UNREAD_COUNTED: u16 = 1_000;
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
        let mut items = Vec::with_capacity(page.items.len());
        for (member, row) in page.items {
            let head = self.head_of(user, &row).await?;
            let mentions = reads::count_mentions(self.db().conn(), head.room, user, head.read_seq).await?;
            let room = self.view(caller, row, Some(members::role(&member))).await?;
            items.push(RoomSummary {
                room,
                unread: head.unread,
                mentions,
                read_seq: head.read_seq,
                last: head.last,
            });
        }
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
        let mut items = Vec::with_capacity(page.items.len());
        for row in page.items {
            let id = RoomId::from_uuid(row.id);
            let member = self.access().membership(id, caller.user_id(), self.now()).await?;
            items.push(self.view(caller, row, member.map(|member| member.role)).await?);
        }
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

    /// Where `row` stands for `user`.
    pub(crate) async fn head_of(&self, user: UserId, row: &room::Model) -> Result<Head, Error> {
        let room = RoomId::from_uuid(row.id);
        let read_seq = reads::find(self.db().conn(), room, user).await?;
        let last = messages::newest(self.db().conn(), room).await?;
        Ok(Head {
            room,
            last_seq: Seq::new(row.last_seq).unwrap_or_default(),
            read_seq,
            unread: messages::count_unread(self.db().conn(), room, user, read_seq, UNREAD_COUNTED).await?,
            last: self.messages_of(last.into_iter().collect()).await?.pop(),
        })
    }

    pub(crate) async fn view(
        &self,
        caller: &Session,
        row: room::Model,
        role: Option<Role>,
    ) -> Result<RoomView, Error> {
        let id = RoomId::from_uuid(row.id);
        let kind = rooms::kind(&row);
        let peer = match kind {
            RoomKind::Direct => self.peer(caller, id).await?,
            RoomKind::Group | RoomKind::Channel => None,
        };
        Ok(RoomView {
            id,
            kind,
            visibility: rooms::visibility(&row),
            allowed_reactions: rooms::allowed_reactions(&row),
            readers_may_react: row.readers_may_react,
            name: peer.as_ref().map_or(row.name, |peer| peer.name.clone()),
            announcement: row.announcement,
            created_at: Timestamp::from_millis(row.created_at_ms),
            last_seq: Seq::new(row.last_seq).unwrap_or_default(),
            role,
            peer,
        })
    }

    async fn peer(&self, caller: &Session, room: RoomId) -> Result<Option<UserProfile>, Error> {
        let pair = members::page(self.db().conn(), room, None, PageSize::capped(2)).await?;
        let other = pair.iter().map(|row| UserId::from_uuid(row.user_id)).find(|id| *id != caller.user_id());
        let Some(other) = other else { return Ok(None) };
        Ok(self.full_profiles(&[other]).await?.remove(&other))
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
