//! How far each user has read each room's log, and where they were mentioned.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ConnectionTrait, PaginatorTrait};
use teahouse_protocol::{MessageId, RoomId, Seq, Timestamp, UserId};

use crate::Error;
use crate::entity::{mention, read_cursor};
use crate::statements::ROWS_A_STATEMENT;

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
    };
    let behind = Expr::col((read_cursor::Entity, read_cursor::Column::Seq)).lt(seq.get());
    let moved = read_cursor::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([read_cursor::Column::RoomId, read_cursor::Column::UserId])
                .update_columns([read_cursor::Column::Seq, read_cursor::Column::ReadAtMs])
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
        });
        let behind = Expr::col((read_cursor::Entity, read_cursor::Column::Seq))
            .lt(Expr::col(("excluded", read_cursor::Column::Seq)));
        let rows = read_cursor::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([read_cursor::Column::RoomId, read_cursor::Column::UserId])
                    .update_columns([read_cursor::Column::Seq, read_cursor::Column::ReadAtMs])
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

/// Remembers that `users` are meant in `message`; again is the same as once.
pub async fn insert_mentions(
    conn: &impl ConnectionTrait,
    room: RoomId,
    seq: Seq,
    message: MessageId,
    users: &[UserId],
) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let rows = users.iter().map(|user| mention::ActiveModel {
        user_id: Set(user.uuid()),
        room_id: Set(room.uuid()),
        seq: Set(seq.get()),
        message_id: Set(message.uuid()),
    });
    mention::Entity::insert_many(rows)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Who of `users` is noted as mentioned by the message `seq` of `room`. Reads the primary key.
pub async fn mentioned(
    conn: &impl ConnectionTrait,
    room: RoomId,
    seq: Seq,
    users: &[UserId],
) -> Result<Vec<UserId>, Error> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let rows = mention::Entity::find()
        .filter(mention::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
        .filter(mention::Column::RoomId.eq(room.uuid()))
        .filter(mention::Column::Seq.eq(seq.get()))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| UserId::from_uuid(row.user_id)).collect())
}

/// How often `user` is mentioned in `room` after `read`.
pub async fn count_mentions(
    conn: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    read: Seq,
) -> Result<u32, Error> {
    let count = mention::Entity::find()
        .filter(mention::Column::UserId.eq(user.uuid()))
        .filter(mention::Column::RoomId.eq(room.uuid()))
        .filter(mention::Column::Seq.gt(read.get()))
        .count(conn)
        .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
