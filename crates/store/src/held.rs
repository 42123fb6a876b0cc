//! Messages and edits that filters kept from their rooms. Of two moderators who decide at once, one does.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::{ClientId, MessageId, RoomId, Seq, Timestamp, UserId};
use uuid::Uuid;

use crate::entity::held_message;
use crate::statements::ROWS_A_STATEMENT;
use crate::{Error, Fingerprint, PageSize};

/// What became of what a filter kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldState {
    /// It waits, and its sender knows.
    Held,
    /// It waits, and its sender sees it sent.
    Shadowed,
    /// A moderator let it through.
    Released,
    /// A moderator refused it.
    Refused,
    /// A moderator refused it, and its sender, who never knew that it waited, sees it sent for good.
    Discarded,
}

impl HeldState {
    /// Those that wait for a moderator.
    pub const WAITING: &[Self] = &[Self::Held, Self::Shadowed];

    /// Those that a moderator refused.
    pub const REFUSED: &[Self] = &[Self::Refused, Self::Discarded];

    /// Its number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::Held => 0,
            Self::Shadowed => 1,
            Self::Released => 2,
            Self::Refused => 3,
            Self::Discarded => 4,
        }
    }

    /// Those that their senders see sent, and nobody else sees.
    pub const UNSEEN: &[Self] = &[Self::Shadowed, Self::Discarded];

    /// Whether its sender sees it sent, and nobody else does.
    #[must_use]
    pub fn is_unseen(self) -> bool {
        Self::UNSEEN.contains(&self)
    }

    /// The state of `row`.
    #[must_use]
    pub const fn of(row: &held_message::Model) -> Self {
        match row.state {
            0 => Self::Held,
            1 => Self::Shadowed,
            2 => Self::Released,
            4 => Self::Discarded,
            _ => Self::Refused,
        }
    }
}

/// What a moderator decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDecision {
    /// What it becomes.
    pub state: HeldState,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
}

/// Who is meant in `row`.
#[must_use]
pub fn mentions(row: &held_message::Model) -> Vec<UserId> {
    row.mentions.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// What was sent when `row` came first, where that was noted.
#[must_use]
pub fn fingerprint(row: &held_message::Model) -> Option<Fingerprint> {
    row.fingerprint.map(Fingerprint::from_stored)
}

/// Keeps a message from its room; false when the sender has one under the same client id there.
pub async fn insert(conn: &impl ConnectionTrait, row: held_message::Model) -> Result<bool, Error> {
    let inserted = held_message::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(inserted > 0)
}

/// The held message, or held edit, with this id of its own.
pub async fn find(conn: &impl ConnectionTrait, id: MessageId) -> Result<Option<held_message::Model>, Error> {
    Ok(held_message::Entity::find_by_id(id.uuid()).one(conn).await?)
}

/// Those of `ids` that are there, in no order.
pub async fn find_many(
    conn: &impl ConnectionTrait,
    ids: &[MessageId],
) -> Result<Vec<held_message::Model>, Error> {
    let mut found = Vec::new();
    for ids in ids.chunks(ROWS_A_STATEMENT) {
        let ids = ids.iter().map(|id| id.uuid());
        let rows = held_message::Entity::find().filter(held_message::Column::Id.is_in(ids));
        found.extend(rows.all(conn).await?);
    }
    Ok(found)
}

/// What `sender` sent to `room` under `client_id`, if a filter kept it. Reads the index `(room, sender, client id)`.
pub async fn find_by_client_id(
    conn: &impl ConnectionTrait,
    client_id: &ClientId,
    sender: UserId,
    room: RoomId,
) -> Result<Option<held_message::Model>, Error> {
    Ok(held_message::Entity::find()
        .filter(held_message::Column::RoomId.eq(room.uuid()))
        .filter(held_message::Column::SenderId.eq(sender.uuid()))
        .filter(held_message::Column::ClientId.eq(client_id.as_str()))
        .one(conn)
        .await?)
}

/// Moves `id` from one of the states `from` to the decided one. False: it is in another by now, or not there.
pub async fn decide(
    conn: &impl ConnectionTrait,
    id: MessageId,
    from: &[HeldState],
    decision: HeldDecision,
) -> Result<bool, Error> {
    let updated = held_message::Entity::update_many()
        .col_expr(held_message::Column::State, decision.state.number().into())
        .col_expr(held_message::Column::DecidedBy, Expr::val(Some(decision.by)))
        .col_expr(held_message::Column::DecidedAtMs, Expr::val(Some(decision.at.millis())))
        .col_expr(held_message::Column::Reason, Expr::val(decision.reason))
        .filter(held_message::Column::Id.eq(id.uuid()))
        .filter(held_message::Column::State.is_in(from.iter().map(|state| state.number())))
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Takes a decision back that could not be carried out: `id` waits again as `to`. False: it is not in `from`.
pub async fn reopen(
    conn: &impl ConnectionTrait,
    id: MessageId,
    from: HeldState,
    to: HeldState,
) -> Result<bool, Error> {
    let updated = held_message::Entity::update_many()
        .col_expr(held_message::Column::State, to.number().into())
        .col_expr(held_message::Column::DecidedBy, Expr::val(None::<String>))
        .col_expr(held_message::Column::DecidedAtMs, Expr::val(None::<i64>))
        .col_expr(held_message::Column::Reason, Expr::val(None::<String>))
        .filter(held_message::Column::Id.eq(id.uuid()))
        .filter(held_message::Column::State.eq(from.number()))
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// What is in one of `states`, in `room` or anywhere, oldest first, after `after`, at most `size`. Reads the indexes
/// `(state, id)` and `(room_id, state, id)`.
pub async fn page(
    conn: &impl ConnectionTrait,
    room: Option<RoomId>,
    states: &[HeldState],
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<held_message::Model>, Error> {
    let mut page = held_message::Entity::find()
        .filter(held_message::Column::State.is_in(states.iter().map(|state| state.number())));
    if let Some(room) = room {
        page = page.filter(held_message::Column::RoomId.eq(room.uuid()));
    }
    if let Some(after) = after {
        page = page.filter(held_message::Column::Id.gt(after));
    }
    Ok(page.order_by_asc(held_message::Column::Id).limit(size.rows()).all(conn).await?)
}

/// What `sender` believes to have sent to `room` while its log reached from `from` to `to`, both included, oldest
/// first, at most `size`. Reads the index `(room, sender, client id)`.
pub async fn shadowed_of(
    conn: &impl ConnectionTrait,
    room: RoomId,
    sender: UserId,
    from: Seq,
    to: Seq,
    size: PageSize,
) -> Result<Vec<held_message::Model>, Error> {
    use held_message::Column;
    Ok(held_message::Entity::find()
        .filter(Column::RoomId.eq(room.uuid()))
        .filter(Column::SenderId.eq(sender.uuid()))
        .filter(Column::State.is_in(HeldState::UNSEEN.iter().map(|state| state.number())))
        .filter(Column::EditOf.is_null())
        .filter(Column::AfterSeq.gte(from.get()))
        .filter(Column::AfterSeq.lte(to.get()))
        .order_by_asc(Column::AfterSeq)
        .order_by_asc(Column::Id)
        .limit(size.rows())
        .all(conn)
        .await?)
}

/// What `sender` believes that their `messages` in `room` say since an edit that nobody else sees, oldest first. Reads the
/// index `(room, sender, client id)`.
pub async fn shadowed_edits(
    conn: &impl ConnectionTrait,
    room: RoomId,
    sender: UserId,
    messages: &[MessageId],
) -> Result<Vec<held_message::Model>, Error> {
    use held_message::Column;
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    Ok(held_message::Entity::find()
        .filter(Column::RoomId.eq(room.uuid()))
        .filter(Column::SenderId.eq(sender.uuid()))
        .filter(Column::State.is_in(HeldState::UNSEEN.iter().map(|state| state.number())))
        .filter(Column::EditOf.is_in(messages.iter().map(|id| id.uuid())))
        .order_by_asc(Column::Id)
        .all(conn)
        .await?)
}

/// What of `sender` in `room` waits or was refused, as far as they know of it, newest first, at most `size`. Reads the
/// index `(room, sender, client id)`.
pub async fn known_to(
    conn: &impl ConnectionTrait,
    room: RoomId,
    sender: UserId,
    size: PageSize,
) -> Result<Vec<held_message::Model>, Error> {
    use held_message::Column;
    Ok(held_message::Entity::find()
        .filter(Column::RoomId.eq(room.uuid()))
        .filter(Column::SenderId.eq(sender.uuid()))
        .filter(Column::State.is_in([HeldState::Held.number(), HeldState::Refused.number()]))
        .order_by_desc(Column::Id)
        .limit(size.rows())
        .all(conn)
        .await?)
}

/// The edits of `message` that wait are waited for no more: it was edited anew, or taken back. Reads the index
/// `(room_id, state, id)`.
pub async fn withdraw_edits(
    conn: &impl ConnectionTrait,
    room: RoomId,
    message: MessageId,
    by: UserId,
    at: Timestamp,
) -> Result<(), Error> {
    use held_message::Column;
    // A discarded one is what its author still reads.
    let shown = [HeldState::Held, HeldState::Shadowed, HeldState::Discarded];
    held_message::Entity::update_many()
        .col_expr(Column::State, HeldState::Refused.number().into())
        .col_expr(Column::DecidedBy, Expr::val(Some(format!("user:{by}"))))
        .col_expr(Column::DecidedAtMs, Expr::val(Some(at.millis())))
        .filter(Column::RoomId.eq(room.uuid()))
        .filter(Column::State.is_in(shown.map(HeldState::number)))
        .filter(Column::EditOf.eq(message.uuid()))
        .exec(conn)
        .await?;
    Ok(())
}

/// The edits of `message` that wait, oldest first.
pub async fn waiting_edits(
    conn: &impl ConnectionTrait,
    room: RoomId,
    message: MessageId,
) -> Result<Vec<held_message::Model>, Error> {
    Ok(held_message::Entity::find()
        .filter(held_message::Column::RoomId.eq(room.uuid()))
        .filter(held_message::Column::State.is_in(HeldState::WAITING.iter().map(|state| state.number())))
        .filter(held_message::Column::EditOf.eq(message.uuid()))
        .order_by_asc(held_message::Column::Id)
        .all(conn)
        .await?)
}

/// Forgets what was decided before `time`, and returns how many. Reads the index `(state, id)`.
pub async fn delete_decided_before(conn: &impl ConnectionTrait, time: Timestamp) -> Result<u64, Error> {
    // What its sender sees sent for good stays: forgotten, it would vanish before their eyes.
    let decided = [HeldState::Released.number(), HeldState::Refused.number()];
    let deleted = held_message::Entity::delete_many()
        .filter(held_message::Column::State.is_in(decided))
        .filter(held_message::Column::DecidedAtMs.lt(time.millis()))
        .exec(conn)
        .await?;
    Ok(deleted.rows_affected)
}

/// Whether filters kept anything of `sender` from `room`. Reads the index `(room, sender, client id)`.
pub async fn any_of(conn: &impl ConnectionTrait, room: RoomId, sender: UserId) -> Result<bool, Error> {
    let first: Option<Uuid> = held_message::Entity::find()
        .select_only()
        .column(held_message::Column::Id)
        .filter(held_message::Column::RoomId.eq(room.uuid()))
        .filter(held_message::Column::SenderId.eq(sender.uuid()))
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok(first.is_some())
}
