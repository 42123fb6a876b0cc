//! What makes a count of unread messages arithmetic: docs/adr/0033.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// What makes a count of unread messages arithmetic: docs/adr/0033.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ordinals(manager).await?;
        own_messages(manager).await?;
        recalled(manager).await
    }
}

/// The how-many-eth event of its room's log that is no message. A log is dense, so that what is left up to any number
/// are the messages. Nodes of the version before leave it out; the next event that a newer one writes counts them.
async fn ordinals(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let ordinal = Table::alter().table("room_events").add_column(big_integer_null("ordinal")).to_owned();
    manager.alter_table(ordinal).await?;
    let number = "UPDATE room_events SET ordinal = numbered.ordinal \
        FROM (SELECT room_id, seq, ROW_NUMBER() OVER (PARTITION BY room_id ORDER BY seq) AS ordinal \
              FROM room_events) AS numbered \
        WHERE room_events.room_id = numbered.room_id AND room_events.seq = numbered.seq";
    manager.get_connection().execute_unprepared(number).await.map(drop)
}

/// How many messages of their own a user wrote after what they have read, and which was the last.
async fn own_messages(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in ["own_messages", "own_seq"] {
        let column = big_integer(column).default(0).take();
        let add = Table::alter().table("read_cursors").add_column(column).to_owned();
        manager.alter_table(add).await?;
    }
    let count = "INSERT INTO read_cursors (room_id, user_id, seq, read_at_ms, own_messages, own_seq) \
        SELECT m.room_id, m.sender_id, 0, 0, COUNT(*), MAX(m.seq) FROM messages AS m \
        JOIN users AS u ON u.id = m.sender_id JOIN rooms AS r ON r.id = m.room_id \
        LEFT JOIN read_cursors AS c ON c.room_id = m.room_id AND c.user_id = m.sender_id \
        WHERE c.seq IS NULL OR m.seq > c.seq GROUP BY m.room_id, m.sender_id \
        ON CONFLICT (room_id, user_id) \
        DO UPDATE SET own_messages = excluded.own_messages, own_seq = excluded.own_seq";
    manager.get_connection().execute_unprepared(count).await.map(drop)
}

/// Recalled messages alone, which are few: an insert of a message never touches it.
async fn recalled(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_index(
            Index::create()
                .name("messages_recalled_by_room_seq")
                .table("messages")
                .col("room_id")
                .col("seq")
                .col("sender_id")
                // All that a count looks at, so that it reads no message.
                .col("recalled_at_ms")
                .and_where(Expr::col("recalled_at_ms").is_not_null())
                .to_owned(),
        )
        .await
}
