//! What happens to accounts, for those who hold connections or caches.

use teahouse_protocol::{SessionId, Timestamp, UserId};

/// Something happened to a session or a user. Published after its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// The session is over: its connections close.
    SessionEnded {
        /// Which session.
        session: SessionId,
        /// Whose it was.
        user: UserId,
        /// Why it ended.
        why: SessionEnd,
    },
    /// The session lasts longer than it did.
    SessionRenewed {
        /// Which session.
        session: SessionId,
        /// Its new end.
        expires_at: Timestamp,
    },
    /// The user's name or picture changed.
    UserChanged {
        /// Which user.
        user: UserId,
    },
    /// The user may not be here any more: all their connections close.
    UserBanned {
        /// Which user.
        user: UserId,
    },
    /// Two users turned out to be one person: from now on `into` is who they are.
    UsersMerged {
        /// The user who nobody signs in as any more.
        from: UserId,
        /// The user who stays.
        into: UserId,
    },
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// Its user logged out, here or from another device.
    LoggedOut,
    /// Its user signed in elsewhere, and may have one device only.
    SignedInElsewhere,
    /// Its user turned out to be another user's person; a new sign-in finds them.
    Merged,
}
