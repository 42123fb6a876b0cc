//! What plugins' work refuses, and why.

/// Why something about a plugin was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No plugin of this id is installed.
    #[error("no such plugin is installed")]
    NotInstalled,
    /// The plugin is installed, but not running here; the text says why.
    #[error("the plugin is not running: {0}")]
    NotRunning(String),
    /// The conversation refused.
    #[error(transparent)]
    Chat(#[from] teahouse_chat::Error),
    /// Its user could not be made.
    #[error(transparent)]
    Accounts(#[from] teahouse_accounts::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] teahouse_store::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}
