//! Which messages say what a filter made of them.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use teahouse_protocol::{MessageId, Replaced};
use uuid::Uuid;

use crate::Error;
use crate::entity::replacement;

/// Notes what a filter made of `message`, where one did; the last one to change it has the word. A note may be there
/// before its message, and one without a message is never read.
pub async fn note(
    conn: &impl ConnectionTrait,
    message: MessageId,
    replaced: Option<&Replaced>,
) -> Result<(), Error> {
    let Some(Replaced { by, note, .. }) = replaced else { return Ok(()) };
    let row = replacement::Model { message_id: message.uuid(), by_name: by.clone(), note: note.clone() };
    let newer = OnConflict::column(replacement::Column::MessageId)
        .update_columns([replacement::Column::ByName, replacement::Column::Note])
        .to_owned();
    replacement::Entity::insert(row.into_active_model())
        .on_conflict(newer)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// What is noted of `message` from now on: what a filter made of it, or that it says what its sender wrote. Where there is
/// nothing to forget, nothing is written.
pub(crate) async fn settle(
    tx: &impl ConnectionTrait,
    message: MessageId,
    replaced: Option<&Replaced>,
) -> Result<(), Error> {
    if replaced.is_none() {
        replacement::Entity::delete_by_id(message.uuid()).exec(tx).await?;
        return Ok(());
    }
    note(tx, message, replaced).await
}

/// What is noted of each of `ids`. Reads the primary key.
pub async fn of(
    conn: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, replacement::Model>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = replacement::Entity::find()
        .filter(replacement::Column::MessageId.is_in(ids.iter().copied()))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.message_id, row)).collect())
}
