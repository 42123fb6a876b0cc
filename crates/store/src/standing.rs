//! Where a user stands in rooms: how far each log reaches, how far they have read it, and what of it is unread.
//!
//! One statement for all of the rooms, and its cost does not grow with a room's history (docs/adr/0033): a log is dense
//! and counts its events that are no messages, so that the messages between two numbers are a difference. Own messages
//! are taken off by a tally, or one by one where there can't be many; recalled ones by an index of them alone.

use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ConnectionTrait, FromQueryResult, Statement, Value};
use teahouse_protocol::{RoomId, Seq, UserId};
use uuid::Uuid;

use crate::Error;
use crate::entity::read_cursor;
use crate::statements::ROWS_A_STATEMENT;

/// Of so many log entries after what was read, own messages are counted one by one: a tally may lag behind.
const COUNTED_ONE_BY_ONE: i64 = 100;

/// Where a user stands in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest number of the room's log.
    pub last_seq: Seq,
    /// How far the user has read it.
    pub read_seq: Seq,
    /// How often they are mentioned after that.
    pub mentions: u32,
    /// The newest message.
    pub last: Option<Uuid>,
    unread: i64,
    is_tallied: bool,
}

impl Standing {
    /// Others' messages after what was read, recalled ones left out, where `waiting` of the user's own messages wait to
    /// be tallied.
    #[must_use]
    pub fn unread(&self, waiting: u32) -> u32 {
        let waiting = if self.is_tallied { i64::from(waiting) } else { 0 };
        u32::try_from(Ord::max(self.unread - waiting, 0)).unwrap_or(u32::MAX)
    }
}

#[derive(FromQueryResult)]
struct Row {
    room_id: Uuid,
    last_seq: i64,
    read_seq: i64,
    events: i64,
    events_read: i64,
    own: i64,
    recalled: i64,
    mentions: i64,
    last_id: Option<Uuid>,
}

impl Row {
    fn standing(&self) -> Standing {
        let entries = self.last_seq - self.read_seq;
        Standing {
            last_seq: Seq::new(self.last_seq).unwrap_or_default(),
            read_seq: Seq::new(self.read_seq).unwrap_or_default(),
            mentions: u32::try_from(self.mentions).unwrap_or(u32::MAX),
            last: self.last_id,
            unread: entries - (self.events - self.events_read) - self.own - self.recalled,
            is_tallied: entries > COUNTED_ONE_BY_ONE,
        }
    }
}

/// Where `user` stands in those of `rooms` that are there. Recalled messages and mentions are counted up to 1000.
pub async fn find(
    conn: &impl ConnectionTrait,
    user: UserId,
    rooms: &[RoomId],
) -> Result<HashMap<RoomId, Standing>, Error> {
    let mut standings = HashMap::with_capacity(rooms.len());
    for rooms in rooms.chunks(ROWS_A_STATEMENT) {
        for row in Row::find_by_statement(statement(conn, user, rooms)).all(conn).await? {
            standings.insert(RoomId::from_uuid(row.room_id), row.standing());
        }
    }
    Ok(standings)
}

fn statement(conn: &impl ConnectionTrait, user: UserId, rooms: &[RoomId]) -> Statement {
    const READ: &str = "COALESCE(c.seq, 0)";
    let places: Vec<String> = (2..).take(rooms.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT r.id AS room_id, r.last_seq, {READ} AS read_seq, \
         {events} AS events, {events_read} AS events_read, \
         CASE WHEN r.last_seq - {READ} <= {COUNTED_ONE_BY_ONE} THEN \
           (SELECT COUNT(*) FROM messages AS m \
            WHERE m.room_id = r.id AND m.seq > {READ} AND m.sender_id = $1) \
         WHEN c.own_seq > c.seq THEN c.own_messages ELSE 0 END AS own, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM messages AS m \
            WHERE m.room_id = r.id AND m.seq > {READ} AND m.recalled_at_ms IS NOT NULL \
            AND m.sender_id <> $1 LIMIT 1000) AS few) AS recalled, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM mentions AS n \
            WHERE n.user_id = $1 AND n.room_id = r.id AND n.seq > {READ} LIMIT 1000) AS few) AS mentions, \
         (SELECT m.id FROM messages AS m WHERE m.room_id = r.id ORDER BY m.seq DESC LIMIT 1) AS last_id \
         FROM rooms AS r LEFT JOIN read_cursors AS c ON c.room_id = r.id AND c.user_id = $1 \
         WHERE r.id IN ({places}) AND r.deleted_at_ms IS NULL",
        events = events_up_to("r.id", "r.last_seq"),
        events_read = events_up_to("r.id", READ),
        places = places.join(", "),
    );
    let ids = std::iter::once(user.uuid()).chain(rooms.iter().map(|room| room.uuid()));
    Statement::from_sql_and_values(conn.get_database_backend(), sql, ids.map(Value::from))
}

/// How many events that are no messages stand in the log of `room` up to `seq`, both SQL: the ordinal of the last one.
/// Those that a node of an older version wrote have none, and are counted.
fn events_up_to(room: &str, seq: &str) -> String {
    format!(
        "COALESCE((SELECT e.ordinal + (SELECT COUNT(*) FROM room_events AS n \
           WHERE n.room_id = {room} AND n.seq > e.seq AND n.seq <= {seq}) FROM room_events AS e \
           WHERE e.room_id = {room} AND e.seq <= {seq} AND e.ordinal IS NOT NULL ORDER BY e.seq DESC LIMIT 1), \
         (SELECT COUNT(*) FROM room_events AS n WHERE n.room_id = {room} AND n.seq <= {seq}))"
    )
}

/// How many events that are no messages stand in the log of `room` so far.
pub(crate) async fn count_events(conn: &impl ConnectionTrait, room: RoomId) -> Result<i64, Error> {
    let sql = format!("SELECT {}", events_up_to("$1", "$2"));
    let values = [Value::from(room.uuid()), Value::from(i64::MAX)];
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let row = conn.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// Messages that a user wrote in a room since the last tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnMessages {
    /// The room.
    pub room: RoomId,
    /// The user.
    pub user: UserId,
    /// How many.
    pub count: u32,
    /// The number of the last.
    pub last: Seq,
}

/// Adds to the tallies of users' own messages after what they have read. A tally whose messages were all read since
/// begins anew.
pub async fn tally_own(conn: &impl ConnectionTrait, own: &[OwnMessages]) -> Result<(), Error> {
    use read_cursor::Column::{OwnMessages, OwnSeq, RoomId, Seq as ReadSeq, UserId};
    for own in own.chunks(ROWS_A_STATEMENT) {
        let rows = own.iter().map(|own| read_cursor::ActiveModel {
            room_id: Set(own.room.uuid()),
            user_id: Set(own.user.uuid()),
            seq: Set(0),
            read_at_ms: Set(0),
            own_messages: Set(own.count.into()),
            own_seq: Set(own.last.get()),
        });
        let standing = |column| Expr::col((read_cursor::Entity, column));
        let before = Expr::case(standing(OwnSeq).gt(standing(ReadSeq)), standing(OwnMessages)).finally(0);
        let added = Expr::expr(before).add(Expr::col(("excluded", OwnMessages)));
        let on_conflict =
            OnConflict::columns([RoomId, UserId]).value(OwnMessages, added).update_column(OwnSeq).to_owned();
        read_cursor::Entity::insert_many(rows).on_conflict(on_conflict).exec_without_returning(conn).await?;
    }
    Ok(())
}
