//! Statements by the bundle: where the engines differ in what a statement costs.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, DatabaseBackend, QueryTrait, Statement, Value};
use uuid::Uuid;

use crate::Error;

/// Runs `statements` in their order. SQLite gets them in one piece: each hop to its thread costs as much CPU as
/// writing several rows. PostgreSQL takes one at a time.
pub(crate) async fn run_all(tx: &impl ConnectionTrait, statements: Vec<Statement>) -> Result<(), Error> {
    match tx.get_database_backend() {
        DatabaseBackend::Sqlite => {
            if let Some(joined) = join(statements) {
                tx.execute_raw(joined).await?;
            }
        }
        _ => {
            for statement in statements {
                tx.execute_raw(statement).await?;
            }
        }
    }
    Ok(())
}

/// The text of a statement for the engine of `tx`.
pub(crate) fn build(tx: &impl ConnectionTrait, query: &impl QueryTrait) -> Statement {
    query.build(tx.get_database_backend())
}

fn join(statements: Vec<Statement>) -> Option<Statement> {
    let mut statements = statements.into_iter();
    let mut joined = statements.next()?;
    for next in statements {
        joined.sql.push(';');
        joined.sql.push_str(&next.sql);
        match (&mut joined.values, next.values) {
            (Some(values), Some(more)) => values.0.extend(more.0),
            (none, more) => *none = more,
        }
    }
    Some(joined)
}

/// `sql` with its question marks as `backend` writes them.
pub(crate) fn numbered(backend: DatabaseBackend, sql: &str) -> String {
    if backend != DatabaseBackend::Postgres {
        return sql.to_owned();
    }
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (place, part) in (1..).zip(parts) {
        text.push_str(&format!("${place}{part}"));
    }
    text
}

/// Rows that one statement writes: the engines bound how many values it may have, and a text is kept for each number of
/// them.
pub(crate) const ROWS_A_STATEMENT: usize = 500;

/// Writes how far the logs of rooms reach now.
pub(crate) fn set_heads(backend: DatabaseBackend, heads: &[(Uuid, i64)]) -> Statement {
    set_each(backend, "rooms", "last_seq", heads)
}

/// Writes when users were last seen.
pub(crate) fn set_last_seen(backend: DatabaseBackend, seen: &[(Uuid, i64)]) -> Statement {
    set_each(backend, "users", "last_seen_at_ms", seen)
}

/// Writes a number of each row. A join with a list of values, because a `CASE` would be walked through for each row.
fn set_each(backend: DatabaseBackend, table: &str, column: &str, numbers: &[(Uuid, i64)]) -> Statement {
    let rows = places(backend, numbers.len(), 2);
    let values = numbers.iter().flat_map(|(id, number)| [Value::from(*id), Value::from(*number)]);
    let sql = format!(
        "UPDATE {table} SET {column} = given.column2 FROM (VALUES {rows}) AS given WHERE {table}.id = given.column1"
    );
    Statement::from_sql_and_values(backend, sql, values)
}

/// The rows of `table` whose `columns` hold one of `wanted`: a walk through that list with one look into their index for
/// each. A cross join, because SQLite then keeps that order.
pub(crate) fn pick(
    conn: &impl ConnectionTrait,
    table: &str,
    columns: &[&str],
    wanted: Vec<Vec<Value>>,
) -> Statement {
    let backend = conn.get_database_backend();
    let rows = places(backend, wanted.len(), columns.len());
    let equal = |(place, column): (usize, &&str)| format!("{table}.{column} = wanted.column{}", place + 1);
    let equal: Vec<String> = columns.iter().enumerate().map(equal).collect();
    let sql = format!(
        "SELECT {table}.* FROM (VALUES {rows}) AS wanted CROSS JOIN {table} WHERE {}",
        equal.join(" AND ")
    );
    Statement::from_sql_and_values(backend, sql, wanted.into_iter().flatten())
}

/// The places for the values of `rows` rows of `columns` each: `(?,?),(?,?)`.
fn places(backend: DatabaseBackend, rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * (columns * 5 + 3));
    for place in 0..rows * columns {
        text.push_str(match place {
            0 => "(",
            _ if place.is_multiple_of(columns) => "),(",
            _ => ",",
        });
        match backend {
            DatabaseBackend::Postgres => _ = write!(text, "${}", place + 1),
            _ => text.push('?'),
        }
    }
    text.push(')');
    text
}
