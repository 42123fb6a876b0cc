//! Which messages say what a filter made of them.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Statement};
use teahouse_protocol::{MessageId, Replaced, ReplacedBy};
use uuid::Uuid;

use crate::entity::replacement;
use crate::writer::NewMessage;
use crate::{Error, statements};

/// Rows a statement: 3 columns each stay far below SQLite's 32 766 variables and PostgreSQL's 65 535.
const ROWS_A_STATEMENT: usize = 512;

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

/// What is noted of `message` as it comes into the log.
pub(crate) fn row(message: &NewMessage) -> Option<replacement::ActiveModel> {
    let ReplacedBy { by, note } = &**message.replaced.as_ref()?;
    let row = replacement::Model { message_id: message.id.uuid(), by_name: by.clone(), note: note.clone() };
    Some(row.into_active_model())
}

/// The statements that write `rows`, many a statement.
pub(crate) fn insert_many(
    tx: &impl ConnectionTrait,
    mut rows: Vec<replacement::ActiveModel>,
) -> Vec<Statement> {
    let mut inserts = Vec::new();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_A_STATEMENT));
        inserts.push(statements::build(tx, &replacement::Entity::insert_many(rows)));
        rows = rest;
    }
    inserts
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
