//! What can go wrong with the database, as callers need to tell it apart.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr, SqlErr};
use teahouse_protocol::ErrorCode;

/// A database error. Clonable, because one failed transaction answers everybody who was in it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The database does not answer, or is busy: the same call may succeed later.
    #[error("the database does not answer")]
    Unavailable(#[source] DbErr),
    /// No room on the database's disk.
    #[error("the database's disk is full")]
    StorageFull(#[source] DbErr),
    /// A row with this key exists.
    #[error("a row with this key exists")]
    Conflict(#[source] DbErr),
    /// The schema is not the one that this program knows.
    #[error("the database's schema does not fit this program: {0}")]
    Schema(String),
    /// Anything else: a fault of ours.
    #[error("a database statement failed")]
    Database(#[source] DbErr),
}

impl Error {
    /// The stable word for this, for whatever was asked of the database.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::StorageFull(_) => ErrorCode::StorageFull,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::Schema(_) | Self::Database(_) => ErrorCode::Internal,
        }
    }

    /// When to try again, where that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable(_) => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// Whether the transaction was undone only because another stood in its way: it may be repeated at once.
    pub(crate) fn lost_a_race(&self) -> bool {
        let Self::Unavailable(error) = self else { return false };
        let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
        else {
            return false;
        };
        let code = cause.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // PostgreSQL's deadlock and serialization failures; SQLite's codes are numbers without leading digits like these.
        matches!(code.as_deref(), Some("40P01" | "40001"))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            return Self::Conflict(error);
        }
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error),
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                match condition(cause) {
                    Condition::Away => Self::Unavailable(error),
                    Condition::Full => Self::StorageFull(error),
                    Condition::Other => Self::Database(error),
                }
            }
            _ => Self::Database(error),
        }
    }
}

enum Condition {
    Away,
    Full,
    Other,
}

fn condition(cause: &sqlx::Error) -> Condition {
    match cause {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Condition::Away,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                sqlite_condition(&code)
            } else {
                postgres_condition(&code)
            }
        }
        _ => Condition::Other,
    }
}

/// SQLite, *Result and Error Codes*; the low byte of an extended code is its primary code.
fn sqlite_condition(code: &str) -> Condition {
    match code.parse::<u32>().unwrap_or(0) & 0xff {
        // BUSY, LOCKED, CANTOPEN
        5 | 6 | 14 => Condition::Away,
        // IOERR (a write past the file size limit or a quota ends so), FULL
        10 | 13 => Condition::Full,
        _ => Condition::Other,
    }
}

/// PostgreSQL, *Appendix A: Error Codes*.
fn postgres_condition(code: &str) -> Condition {
    match code {
        // disk_full
        "53100" => Condition::Full,
        // Connection exceptions, other insufficient resources, operator intervention, deadlock and
        // serialization failures: a repeat may succeed.
        _ if ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)) => Condition::Away,
        _ => Condition::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_without_connections_is_unavailable() {
        let error = DbErr::Exec(RuntimeErr::SqlxError(std::sync::Arc::new(sqlx::Error::PoolTimedOut)));
        assert!(matches!(Error::from(error), Error::Unavailable(_)));
    }

    #[test]
    fn numbers_are_told_apart() {
        assert!(matches!(sqlite_condition("13"), Condition::Full));
        assert!(matches!(sqlite_condition("778"), Condition::Full));
        assert!(matches!(sqlite_condition("261"), Condition::Away));
        assert!(matches!(postgres_condition("53100"), Condition::Full));
        assert!(matches!(postgres_condition("57P01"), Condition::Away));
        assert!(matches!(postgres_condition("22021"), Condition::Other));
    }
}
