//! Who makes a change.

use std::fmt;

use teahouse_protocol::UserId;

/// Who makes a change, as the audit log and the records of grants name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By(Who);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Admin(UserId, String),
    ApiKey(String),
    Operator,
    Bundled,
}

impl By {
    /// An admin of the panel.
    #[must_use]
    pub fn admin(user: UserId, name: &str) -> Self {
        Self(Who::Admin(user, name.to_owned()))
    }

    /// A business's server with an API key that may.
    #[must_use]
    pub fn api_key(name: &str) -> Self {
        Self(Who::ApiKey(name.to_owned()))
    }

    /// Whoever sits at the command line.
    #[must_use]
    pub const fn operator() -> Self {
        Self(Who::Operator)
    }

    /// The server itself, for the plugins that come with it.
    #[must_use]
    pub const fn bundled() -> Self {
        Self(Who::Bundled)
    }

    /// The user, if it is one.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match &self.0 {
            Who::Admin(user, _) => Some(*user),
            Who::ApiKey(_) | Who::Operator | Who::Bundled => None,
        }
    }
}

/// As it is kept: the sort comes first, so that no admin's name can be taken for the server's own.
impl fmt::Display for By {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Who::Admin(_, name) => write!(out, "admin {name}"),
            Who::ApiKey(name) => write!(out, "key {name}"),
            Who::Operator => out.write_str("operator"),
            Who::Bundled => out.write_str("bundled"),
        }
    }
}
