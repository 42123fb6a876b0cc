//! How far each user has read each room's log, and where they were mentioned.

use std::collections::HashSet;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ConnectionTrait, IntoActiveModel};
use teahouse_protocol::{RoomId, Seq, Timestamp, UserId};

use crate::Error;
use crate::entity::{mention, message, read_cursor};
use crate::statements::{self, ROWS_A_STATEMENT};

/// Mentions a statement: 4 values each stay far below what the engines take.
const MENTIONS_A_STATEMENT: usize = 1_000;

/// How far somebody has read a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMark {
    /// The room.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// The last event read.
    pub seq: Seq,
}

/// So many log entries after a mark that moves, own messages are counted.
const OWN_COUNTED: i64 = 1_000;

/// How far `user` has read `room`; [`Seq::ZERO`] when nothing.
pub async fn find(conn: &impl ConnectionTrait, room: RoomId, user: UserId) -> Result<Seq, Error> {
    let row = read_cursor::Entity::find_by_id((room.uuid(), user.uuid())).one(conn).await?;
    Ok(row.and_then(|row| Seq::new(row.seq)).unwrap_or_default())
}

/// Moves the cursor of `user` in `room` forward to `seq`; never back, so that two devices can't undo each other.
/// False when it stood there or further already.
pub async fn advance(
    conn: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    seq: Seq,
    at: Timestamp,
) -> Result<bool, Error> {
    let row = read_cursor::ActiveModel {
        room_id: Set(room.uuid()),
        user_id: Set(user.uuid()),
        seq: Set(seq.get()),
        read_at_ms: Set(at.millis()),
        own_messages: NotSet,
        own_seq: NotSet,
    };
    let behind = Expr::col((read_cursor::Entity, read_cursor::Column::Seq)).lt(seq.get());
    let moved = read_cursor::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([read_cursor::Column::RoomId, read_cursor::Column::UserId])
                .update_columns([read_cursor::Column::Seq, read_cursor::Column::ReadAtMs])
                .value(read_cursor::Column::OwnMessages, own_after())
                .action_and_where(behind)
                .to_owned(),
        )
        .exec_without_returning(conn)
        .await?;
    Ok(moved > 0)
}

/// As [`advance`], for many cursors, of which no two are of the same user in the same room. Returns those that moved.
pub async fn advance_many(
    conn: &impl ConnectionTrait,
    marks: &[ReadMark],
    at: Timestamp,
) -> Result<Vec<ReadMark>, Error> {
    let mut moved = Vec::new();
    for some in marks.chunks(ROWS_A_STATEMENT) {
        let rows = some.iter().map(|mark| read_cursor::ActiveModel {
            room_id: Set(mark.room.uuid()),
            user_id: Set(mark.user.uuid()),
            seq: Set(mark.seq.get()),
            read_at_ms: Set(at.millis()),
            own_messages: NotSet,
            own_seq: NotSet,
        });
        let behind = Expr::col((read_cursor::Entity, read_cursor::Column::Seq))
            .lt(Expr::col(("excluded", read_cursor::Column::Seq)));
        let rows = read_cursor::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([read_cursor::Column::RoomId, read_cursor::Column::UserId])
                    .update_columns([read_cursor::Column::Seq, read_cursor::Column::ReadAtMs])
                    .value(read_cursor::Column::OwnMessages, own_after())
                    .action_and_where(behind)
                    .to_owned(),
            )
            .exec_with_returning(conn)
            .await?;
        moved.extend(rows.into_iter().map(|row| ReadMark {
            room: RoomId::from_uuid(row.room_id),
            user: UserId::from_uuid(row.user_id),
            seq: Seq::new(row.seq).unwrap_or_default(),
        }));
    }
    Ok(moved)
}

/// `user`, who is new in `room`, has read all up to `seq`: they begin with nothing unread. A cursor that is there stays.
pub async fn begin(
    conn: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    seq: Seq,
    at: Timestamp,
) -> Result<(), Error> {
    let row = read_cursor::ActiveModel {
        room_id: Set(room.uuid()),
        user_id: Set(user.uuid()),
        seq: Set(seq.get()),
        read_at_ms: Set(at.millis()),
        own_messages: NotSet,
        own_seq: NotSet,
    };
    read_cursor::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Forgets how far `user` had read `room`.
pub async fn forget(conn: &impl ConnectionTrait, room: RoomId, user: UserId) -> Result<(), Error> {
    read_cursor::Entity::delete_by_id((room.uuid(), user.uuid())).exec(conn).await?;
    Ok(())
}

/// Remembers who is meant where; again is the same as once.
pub async fn insert_mentions(
    conn: &impl ConnectionTrait,
    mentions: Vec<mention::Model>,
) -> Result<(), Error> {
    for some in mentions.chunks(MENTIONS_A_STATEMENT) {
        mention::Entity::insert_many(some.iter().cloned().map(IntoActiveModel::into_active_model))
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(conn)
            .await?;
    }
    Ok(())
}

/// Those of `wanted` that are noted as mentioned there: room, number, who. Reads the primary key.
pub async fn mentioned(
    conn: &impl ConnectionTrait,
    wanted: &[(Uuid, i64, Uuid)],
) -> Result<HashSet<(Uuid, i64, Uuid)>, Error> {
    let mut found = HashSet::new();
    for some in wanted.chunks(MENTIONS_A_STATEMENT) {
        let values = some.iter().map(|(room, seq, user)| vec![(*user).into(), (*room).into(), (*seq).into()]);
        let columns = ["user_id", "room_id", "seq"];
        let statement = statements::pick(conn, "mentions", &columns, values.collect());
        let rows = mention::Entity::find().from_raw_sql(statement).all(conn).await?;
        found.extend(rows.into_iter().map(|row| (row.room_id, row.seq, row.user_id)));
    }
    Ok(found)
}

/// `users` are meant in the message `row` no more. Reads the primary key.
pub(crate) async fn delete_mentions(
    conn: &impl ConnectionTrait,
    row: &message::Model,
    users: &[UserId],
) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    mention::Entity::delete_many()
        .filter(mention::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
        .filter(mention::Column::RoomId.eq(row.room_id))
        .filter(mention::Column::Seq.eq(row.seq))
        .exec(conn)
        .await?;
    Ok(())
}

/// How many own messages come after the mark that a statement inserts: a tally may reach further than it.
fn own_after() -> Expr {
    use read_cursor::Column::{OwnSeq, RoomId, Seq, UserId};
    let marked = |column| Expr::col(("excluded", column));
    let said = |column| Expr::col((message::Entity, column));
    let count = Query::select()
        .expr(said(message::Column::Id).count())
        .from(message::Entity)
        .and_where(said(message::Column::RoomId).eq(marked(RoomId)))
        .and_where(said(message::Column::SenderId).eq(marked(UserId)))
        .and_where(said(message::Column::Seq).gt(marked(Seq)))
        .and_where(said(message::Column::Seq).lte(marked(Seq).add(OWN_COUNTED)))
        .and_where(said(message::Column::Seq).lte(Expr::col((read_cursor::Entity, OwnSeq))))
        .to_owned();
    Expr::SubQuery(None, Box::new(count.into()))
}
