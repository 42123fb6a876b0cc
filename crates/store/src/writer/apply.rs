//! Changes: what each does to its rows, and the events it leaves in the log.

mod accept;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ConnectionTrait, IntoActiveModel};
use teahouse_protocol::{
    Content, Emoji, MemberChange, MessageId, REACTIONS_COUNTED, Replaced, Role, RoomId, Seq, Timestamp,
    UserId,
};

use super::heads::Heads;
use super::{
    Change, ChangeKind, MemberEdit, MemberState, NewRoom, Outcome, Release, Released, Removal, RoomEdit,
};
use crate::entity::{ban, member, message, room, room_event};
use crate::held::{HeldDecision, HeldState};
use crate::log::{Detail, MemberDetail, ReactionDetail, RoomDetail};
use crate::{
    Error, Fingerprint, audit, held, invitations, join_requests, members, messages, reactions, reads,
    replacements, rooms, standing,
};

/// Carries `change` out. What changes nothing leaves no event and takes no number.
pub(super) async fn change(
    tx: &impl ConnectionTrait,
    change: &Change,
    heads: &mut Heads,
) -> Result<Outcome, Error> {
    if let ChangeKind::CreateRoom(new) = &change.kind {
        create_room(tx, change, new).await?;
        heads.add(change.room);
    } else if !heads.has(change.room) {
        return Ok(Outcome::NoRoom);
    }
    if let ChangeKind::Release(release) = &change.kind {
        return self::release(tx, change, release, heads).await;
    }
    if loses_its_owner(tx, change).await? {
        return Ok(Outcome::LastOwner);
    }
    if let ChangeKind::React { message, emoji } = change.kind
        && reactions::is_one_too_many(tx, message, emoji).await?
    {
        return Ok(Outcome::TooManyKinds);
    }
    let details = details(tx, change, heads.reached(change.room)).await?;
    let mut logged = Vec::with_capacity(details.len());
    for detail in details {
        logged.push(log(tx, change, heads, detail).await?);
    }
    if matches!(change.kind, ChangeKind::DeleteRoom) {
        heads.end(change.room);
    }
    if !logged.is_empty() {
        note(tx, change).await?;
    }
    Ok(if logged.is_empty() { Outcome::Unchanged } else { Outcome::Logged(logged) })
}

async fn note(tx: &impl ConnectionTrait, change: &Change) -> Result<(), Error> {
    match &change.audit {
        Some(act) => audit::append(tx, change.at, (**act).clone()).await,
        None => Ok(()),
    }
}

/// The row decides, in the transaction that the message is written in: of a release and a refusal one is too late.
async fn release(
    tx: &impl ConnectionTrait,
    change: &Change,
    release: &Release,
    heads: &mut Heads,
) -> Result<Outcome, Error> {
    let decision =
        HeldDecision { state: HeldState::Released, by: release.by.clone(), at: change.at, reason: None };
    if !held::decide(tx, release.held, HeldState::WAITING, decision).await? {
        return Ok(Outcome::Unchanged);
    }
    note(tx, change).await?;
    match &release.what {
        Released::Message(message) => {
            let first = match &message.client_id {
                Some(id) => messages::find_by_client_id(tx, id, message.sender, message.room).await?,
                None => None,
            };
            if let Some(first) = &first
                && Fingerprint::same(messages::fingerprint(first), message.fingerprint)
            {
                return Ok(Outcome::Repeated(messages::first_ack(first)));
            }
            let Some(seq) = heads.take_next(change.room) else { return Ok(Outcome::NoRoom) };
            let mut row = messages::row(message, seq);
            if first.is_some() {
                row.client_id = Set(None);
            }
            message::Entity::insert(row).exec_without_returning(tx).await?;
            Ok(Outcome::Written(seq))
        }
        Released::Edit { message, content, mentions, .. } => {
            if edit(tx, *message, content, Some(mentions), None, change.at).await? {
                let row = log(tx, change, heads, Detail::Edited(*message)).await?;
                return Ok(Outcome::Logged(vec![row]));
            }
            Ok(Outcome::Logged(Vec::new()))
        }
    }
}

/// The place of a message whose mentions `change` has just set, where there are any.
pub(super) async fn mentioned_anew(
    tx: &impl ConnectionTrait,
    change: &Change,
) -> Result<Option<(Uuid, i64)>, Error> {
    let (message, mentions) = match &change.kind {
        ChangeKind::Edit { message, mentions: Some(mentions), .. } => (message, mentions),
        ChangeKind::Release(Release { what: Released::Edit { message, mentions, .. }, .. }) => {
            (message, mentions)
        }
        _ => return Ok(None),
    };
    if mentions.is_empty() {
        return Ok(None);
    }
    Ok(messages::find(tx, *message).await?.map(|row| (row.room_id, row.seq)))
}

/// What a message says that `change` is about to edit, where somebody is to be told.
pub(super) async fn said_before(tx: &impl ConnectionTrait, change: &Change) -> Result<Option<String>, Error> {
    let message = match &change.kind {
        ChangeKind::Edit { message, recounts: true, .. } => message,
        ChangeKind::Release(Release { what: Released::Edit { message, recounts: true, .. }, .. }) => message,
        _ => return Ok(None),
    };
    Ok(messages::find(tx, *message).await?.map(|row| row.content))
}

/// `head` is how far the room's log reaches.
async fn details(tx: &impl ConnectionTrait, change: &Change, head: Seq) -> Result<Vec<Detail>, Error> {
    let (room, at) = (change.room, change.at);
    let one = match &change.kind {
        ChangeKind::CreateRoom(new) => {
            let joined = |(user, role): &(UserId, Role)| Detail::Member(MemberDetail::joined(*user, *role));
            return Ok(new.members.iter().map(joined).collect());
        }
        ChangeKind::Edit { message, content, mentions, replaced, .. } => {
            // An older edit that a moderator lets through later must not undo this one.
            held::withdraw_edits(tx, room, *message, change.actor, at).await?;
            let edited = edit(tx, *message, content, mentions.as_deref(), replaced.as_deref(), at).await?;
            edited.then_some(Detail::Edited(*message))
        }
        ChangeKind::Recall { message } => {
            held::withdraw_edits(tx, room, *message, change.actor, at).await?;
            recall(tx, *message, at).await?.then_some(Detail::Recalled(*message))
        }
        ChangeKind::React { message, emoji } => {
            let is_new = reactions::insert(tx, *message, change.actor, *emoji, at).await?;
            reaction(tx, *message, is_new, emoji.as_str(), false).await?
        }
        ChangeKind::Unreact { message, forms } => {
            let is_gone = reactions::delete(tx, *message, change.actor, forms).await?;
            let emoji = forms.iter().find_map(|form| Emoji::new(form).ok()).map(Emoji::as_str);
            let emoji = emoji.or(forms.first().map(String::as_str)).unwrap_or_default();
            reaction(tx, *message, is_gone, emoji, true).await?
        }
        ChangeKind::AddMember { user, role } => add_member(tx, room, *user, *role, head, at)
            .await?
            .then(|| Detail::Member(MemberDetail::joined(*user, *role))),
        ChangeKind::AcceptJoin { user } => accept_join(tx, room, *user, head, at)
            .await?
            .then(|| Detail::Member(MemberDetail::joined(*user, Role::Member))),
        ChangeKind::AcceptInvitation { user } => {
            return accept::invitation(tx, room, *user, head, at).await;
        }
        ChangeKind::ChangeMember { user, edit } => {
            change_member(tx, room, *user, *edit).await?.map(Detail::Member)
        }
        ChangeKind::RemoveMember { user, removal } => remove_member(tx, change, *user, *removal)
            .await?
            .then(|| Detail::Member(MemberDetail::removed(*user, *removal))),
        ChangeKind::Unban { user } => {
            unban(tx, room, *user).await?.then(|| Detail::Member(MemberDetail::unbanned(*user)))
        }
        ChangeKind::EditRoom(edit) => edit_room(tx, room, edit).await?.map(Detail::Room),
        ChangeKind::DeleteRoom => {
            delete_room(tx, room, at).await?.then(|| Detail::Room(RoomDetail::deleted()))
        }
        // It leaves a message and not only an event: it has a way of its own.
        ChangeKind::Release(_) => None,
    };
    Ok(one.into_iter().collect())
}

async fn log(
    tx: &impl ConnectionTrait,
    change: &Change,
    heads: &mut Heads,
    detail: Detail,
) -> Result<room_event::Model, Error> {
    let seq = heads
        .take_next(change.room)
        .ok_or_else(|| Error::Database(DbErr::RecordNotFound(change.room.to_string())))?;
    let ordinal = match heads.events(change.room) {
        Some(events) => events + 1,
        None => standing::count_events(tx, change.room).await? + 1,
    };
    heads.set_events(change.room, ordinal);
    let row = room_event::Model {
        room_id: change.room.uuid(),
        seq: seq.get(),
        kind: detail.kind().number(),
        message_id: detail.message().map(MessageId::uuid),
        actor_id: change.actor.uuid(),
        detail: detail.to_stored(),
        at_ms: change.at.millis(),
        ordinal: Some(ordinal),
    };
    room_event::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
    Ok(row)
}

async fn create_room(tx: &impl ConnectionTrait, change: &Change, new: &NewRoom) -> Result<(), Error> {
    let row = room::ActiveModel {
        id: Set(change.room.uuid()),
        kind: Set(rooms::kind_number(new.kind)),
        visibility: Set(rooms::visibility_number(new.visibility)),
        name: Set(new.name.clone()),
        announcement: Set(String::new()),
        unique_key: Set(new.unique_key.clone()),
        created_by: Set(Some(change.actor.uuid())),
        created_at_ms: Set(change.at.millis()),
        last_seq: Set(0),
        deleted_at_ms: Set(None),
        allowed_reactions: Set(String::new()),
        readers_may_react: Set(false),
    };
    room::Entity::insert(row).exec_without_returning(tx).await?;
    for (user, role) in &new.members {
        members::insert(tx, change.room, *user, *role, change.at).await?;
    }
    Ok(())
}

/// True when the message says something else now. What is noted of a filter's doing is of what it says: the note comes
/// and goes with the edit.
async fn edit(
    tx: &impl ConnectionTrait,
    id: MessageId,
    content: &Content,
    mentions: Option<&[UserId]>,
    replaced: Option<&Replaced>,
    at: Timestamp,
) -> Result<bool, Error> {
    let Some(row) = messages::find(tx, id).await?.filter(|row| row.recalled_at_ms.is_none()) else {
        return Ok(false);
    };
    // One that says it already may say it by another's will from now on.
    replacements::settle(tx, id, replaced).await?;
    let content = content.to_stored();
    let meant = match mentions {
        Some(mentions) => messages::mentions_to_stored(mentions),
        None => row.mentions.clone(),
    };
    if row.content == content && row.mentions == meant {
        return Ok(false);
    }
    message::Entity::update_many()
        .col_expr(message::Column::Content, Expr::value(content))
        .col_expr(message::Column::Mentions, Expr::value(meant))
        .col_expr(message::Column::EditedAtMs, Expr::value(at.millis()))
        .filter(message::Column::Id.eq(id.uuid()))
        .exec(tx)
        .await?;
    if let Some(mentions) = mentions {
        let gone = messages::mentions(&row).into_iter().filter(|user| !mentions.contains(user));
        reads::delete_mentions(tx, &row, &gone.collect::<Vec<_>>()).await?;
    }
    Ok(true)
}

/// What was recalled is gone: no later reader of the log or of the history finds it.
async fn recall(tx: &impl ConnectionTrait, id: MessageId, at: Timestamp) -> Result<bool, Error> {
    let Some(row) = messages::find(tx, id).await? else { return Ok(false) };
    let done = message::Entity::update_many()
        .col_expr(message::Column::Content, Expr::value(""))
        .col_expr(message::Column::Mentions, Expr::value(None::<String>))
        // By it, somebody could try out what was said.
        .col_expr(message::Column::Fingerprint, Expr::value(None::<i64>))
        .col_expr(message::Column::RecalledAtMs, Expr::value(at.millis()))
        .filter(message::Column::Id.eq(id.uuid()))
        .filter(message::Column::RecalledAtMs.is_null())
        .exec(tx)
        .await?;
    reads::delete_mentions(tx, &row, &messages::mentions(&row)).await?;
    Ok(done.rows_affected > 0)
}

/// What the log says of a reaction, where something changed: with how many there are now, so that nobody needs to know
/// who put each.
async fn reaction(
    tx: &impl ConnectionTrait,
    message: MessageId,
    changed: bool,
    emoji: &str,
    removed: bool,
) -> Result<Option<Detail>, Error> {
    if !changed {
        return Ok(None);
    }
    let count = reactions::count(tx, message, emoji, REACTIONS_COUNTED).await?;
    let detail = ReactionDetail { emoji: emoji.to_owned(), removed, count: Some(count) };
    Ok(Some(Detail::Reaction(message, detail)))
}

/// Whether `change` would leave its room without an owner. Asked here, because two owners may step down at once.
async fn loses_its_owner(tx: &impl ConnectionTrait, change: &Change) -> Result<bool, Error> {
    let user = match &change.kind {
        ChangeKind::ChangeMember { user, edit } if edit.role.is_some_and(|role| role < Role::Owner) => *user,
        ChangeKind::RemoveMember { user, removal: Removal::Left } => *user,
        _ => return Ok(false),
    };
    let row = members::find(tx, change.room, user).await?;
    let is_owner = row.is_some_and(|row| members::role(&row) == Role::Owner);
    Ok(is_owner && !members::has_other_owner(tx, change.room, user).await?)
}

/// Who was banned meanwhile is not added: a ban that was answered holds.
async fn add_member(
    tx: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    role: Role,
    head: Seq,
    at: Timestamp,
) -> Result<bool, Error> {
    if members::is_banned(tx, room, user).await? {
        return Ok(false);
    }
    // Whichever way somebody comes in, they ask no more, and are asked no more.
    join_requests::take(tx, room, user).await?;
    invitations::take(tx, room, user).await?;
    let is_new = members::insert(tx, room, user, role, at).await?;
    if is_new {
        reads::begin(tx, room, user, head, at).await?;
    }
    Ok(is_new)
}

/// The request decides, in the transaction that lets them in: of two who answer it, one is too late.
async fn accept_join(
    tx: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    head: Seq,
    at: Timestamp,
) -> Result<bool, Error> {
    if members::is_banned(tx, room, user).await? || !join_requests::take(tx, room, user).await? {
        return Ok(false);
    }
    invitations::take(tx, room, user).await?;
    let is_new = members::insert(tx, room, user, Role::Member, at).await?;
    if is_new {
        reads::begin(tx, room, user, head, at).await?;
    }
    Ok(is_new)
}

async fn change_member(
    tx: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    edit: MemberEdit,
) -> Result<Option<MemberDetail>, Error> {
    let Some(row) = members::find(tx, room, user).await? else { return Ok(None) };
    let before = members::state(&row);
    let state = MemberState {
        role: edit.role.unwrap_or(before.role),
        muted_until: edit.muted_until.unwrap_or(before.muted_until),
    };
    if before == state {
        return Ok(None);
    }
    let mut row = row.into_active_model();
    row.role = Set(members::role_number(state.role));
    row.muted_until_ms = Set(state.muted_until.map(Timestamp::millis));
    row.update(tx).await?;
    let change = match state.muted_until {
        _ if before.role != state.role => MemberChange::Role,
        Some(_) => MemberChange::Muted,
        None => MemberChange::Unmuted,
    };
    Ok(Some(MemberDetail { user, change, role: Some(state.role), muted_until: state.muted_until }))
}

async fn remove_member(
    tx: &impl ConnectionTrait,
    change: &Change,
    user: UserId,
    removal: Removal,
) -> Result<bool, Error> {
    let key = (change.room.uuid(), user.uuid());
    let removed = member::Entity::delete_by_id(key).exec(tx).await?.rows_affected > 0;
    // Should they come back, they begin anew.
    reads::forget(tx, change.room, user).await?;
    invitations::cancel_of(tx, change.room, user).await?;
    if removal != Removal::Banned {
        return Ok(removed);
    }
    join_requests::take(tx, change.room, user).await?;
    invitations::take(tx, change.room, user).await?;
    let row = ban::ActiveModel {
        room_id: Set(change.room.uuid()),
        user_id: Set(user.uuid()),
        banned_by: Set(change.actor.uuid()),
        banned_at_ms: Set(change.at.millis()),
    };
    let banned = ban::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(removed || banned > 0)
}

async fn unban(tx: &impl ConnectionTrait, room: RoomId, user: UserId) -> Result<bool, Error> {
    Ok(ban::Entity::delete_by_id((room.uuid(), user.uuid())).exec(tx).await?.rows_affected > 0)
}

async fn edit_room(
    tx: &impl ConnectionTrait,
    id: RoomId,
    edit: &RoomEdit,
) -> Result<Option<RoomDetail>, Error> {
    let Some(row) = rooms::find(tx, id).await? else { return Ok(None) };
    let detail = RoomDetail {
        name: edit.name.clone().filter(|name| *name != row.name),
        announcement: edit.announcement.clone().filter(|text| *text != row.announcement),
        visibility: edit.visibility.filter(|v| rooms::visibility_number(*v) != row.visibility),
        allowed_reactions: edit
            .allowed_reactions
            .as_ref()
            .filter(|allowed| **allowed != rooms::allowed_reactions(&row))
            .map(|allowed| allowed.iter().map(|emoji| emoji.as_str().to_owned()).collect()),
        readers_may_react: edit.readers_may_react.filter(|may| *may != row.readers_may_react),
        deleted: false,
    };
    if detail == RoomDetail::default() {
        return Ok(None);
    }
    let mut row = row.into_active_model();
    if let Some(name) = &detail.name {
        row.name = Set(name.clone());
    }
    if let Some(announcement) = &detail.announcement {
        row.announcement = Set(announcement.clone());
    }
    if let Some(visibility) = detail.visibility {
        row.visibility = Set(rooms::visibility_number(visibility));
    }
    if let (Some(_), Some(allowed)) = (&detail.allowed_reactions, &edit.allowed_reactions) {
        row.allowed_reactions = Set(rooms::stored_reactions(allowed));
    }
    if let Some(may) = detail.readers_may_react {
        row.readers_may_react = Set(may);
    }
    // The head is the batch's to write: here it still shows where it stood before.
    row.last_seq = sea_orm::ActiveValue::NotSet;
    row.update(tx).await?;
    Ok(Some(detail))
}

async fn delete_room(tx: &impl ConnectionTrait, room: RoomId, at: Timestamp) -> Result<bool, Error> {
    let done = room::Entity::update_many()
        .col_expr(room::Column::DeletedAtMs, Expr::value(at.millis()))
        // A pair may begin anew.
        .col_expr(room::Column::UniqueKey, Expr::value(None::<String>))
        .filter(room::Column::Id.eq(room.uuid()))
        .filter(room::Column::DeletedAtMs.is_null())
        .exec(tx)
        .await?;
    invitations::delete_of_room(tx, room).await?;
    Ok(done.rows_affected > 0)
}
