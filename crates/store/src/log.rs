//! A room's log: every durable event has the next number. Messages stand in their own table, the rest here.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryOrder, QuerySelect};
use teahouse_protocol::{RoomId, Seq};

use crate::entity::{message, room, room_event};
use crate::{Error, PageSize};

mod detail;

pub use detail::{Detail, EventKind, MemberDetail, ReactionDetail, RoomDetail};

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogRow {
    /// A message, as it is now.
    Message(message::Model),
    /// Any other event.
    Event(room_event::Model),
}

impl LogRow {
    fn seq(&self) -> i64 {
        match self {
            Self::Message(row) => row.seq,
            Self::Event(row) => row.seq,
        }
    }
}

/// The entries of `room` after `after` up to `to`, oldest first, at most `size`. Reads the indexes by (room, seq).
///
/// `to` is a head that was read before: messages and the other events are two looks, and what is committed between them
/// would be found by the second alone, which makes a hole.
pub async fn page_after(
    conn: &impl ConnectionTrait,
    room: RoomId,
    after: Seq,
    to: Seq,
    size: PageSize,
) -> Result<Vec<LogRow>, Error> {
    let messages = message::Entity::find()
        .filter(message::Column::RoomId.eq(room.uuid()))
        .filter(message::Column::Seq.gt(after.get()))
        .filter(message::Column::Seq.lte(to.get()))
        .order_by_asc(message::Column::Seq)
        .limit(size.rows())
        .all(conn)
        .await?;
    let events = room_event::Entity::find()
        .filter(room_event::Column::RoomId.eq(room.uuid()))
        .filter(room_event::Column::Seq.gt(after.get()))
        .filter(room_event::Column::Seq.lte(to.get()))
        .order_by_asc(room_event::Column::Seq)
        .limit(size.rows())
        .all(conn)
        .await?;
    let mut rows: Vec<LogRow> =
        messages.into_iter().map(LogRow::Message).chain(events.into_iter().map(LogRow::Event)).collect();
    rows.sort_unstable_by_key(LogRow::seq);
    rows.truncate(usize::from(size.get()));
    Ok(rows)
}

/// Keeps the logs of `rooms` as they are until the transaction ends: nothing is written to them, changed or recalled.
/// SQLite has one writer anyway.
pub async fn hold(tx: &DatabaseTransaction, rooms: Vec<Uuid>) -> Result<(), Error> {
    if tx.get_database_backend() != sea_orm::DatabaseBackend::Postgres {
        return Ok(());
    }
    // In the order of the batches, which this keeps out.
    let held = room::Entity::find()
        .select_only()
        .column(room::Column::Id)
        .filter(room::Column::Id.is_in(rooms))
        .order_by_asc(room::Column::Id)
        .lock(LockType::KeyShare);
    held.into_tuple::<Uuid>().all(tx).await?;
    Ok(())
}

/// The newest number of each of `rooms` that is there, in order of room id. On PostgreSQL their rows are locked until the
/// transaction ends, so that another node can't hand out the same numbers; SQLite has one writer anyway.
pub(crate) async fn lock_heads(
    conn: &impl ConnectionTrait,
    rooms: Vec<Uuid>,
) -> Result<Vec<(Uuid, i64)>, Error> {
    let mut query = room::Entity::find()
        .select_only()
        .column(room::Column::Id)
        .column(room::Column::LastSeq)
        .filter(room::Column::Id.is_in(rooms))
        .filter(room::Column::DeletedAtMs.is_null())
        .order_by_asc(room::Column::Id);
    if conn.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
        query = query.lock_exclusive();
    }
    Ok(query.into_tuple().all(conn).await?)
}
