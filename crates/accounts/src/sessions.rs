//! Sessions: begun by a sign-in, proven by a token, refreshed, listed and ended.

mod authenticate;

use sea_orm::DatabaseTransaction;
use teahouse_protocol::{SessionId, Timestamp, UserId};
use teahouse_store::entity::{session, user};
use teahouse_store::sessions;
use uuid::Uuid;

use crate::ban::is_banned;
use crate::person::profile_of;
use crate::session::{Facts, NewSession, Session};
use crate::token::Token;
use crate::{AccountEvent, Accounts, Device, Error, SessionEnd};

/// A list of devices ends here. Who has more sees the newest.
const MOST_LISTED: u64 = 200;

/// One of a user's sessions, as the list of devices shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Which session.
    pub id: SessionId,
    /// What the device said of itself.
    pub device: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last seen, to within an hour.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// A session in a transaction that is yet to be committed.
pub(crate) struct Issued {
    token: Token,
    row: session::Model,
    user: user::Model,
    /// The user's other sessions, where the policy is one device.
    ended: Vec<SessionId>,
}

impl Accounts {
    /// Gives the session another token; the old one is void from here on. The session's connections stay.
    ///
    /// # Errors
    /// [`Error::SessionExpired`] when it has ended, or was refreshed by another: of two at once, one wins.
    pub async fn refresh(&self, session: &Session) -> Result<NewSession, Error> {
        let (token, old_hash, now) = (Token::generate(), session.proof(), self.now());
        let expires_at = now + self.0.sessions.ttl();
        let replaced = sessions::replace_token(
            self.0.db.writer(),
            session.id(),
            old_hash.as_bytes(),
            token.hash().as_bytes(),
            now,
            expires_at,
        )
        .await?;
        if !replaced {
            return Err(Error::SessionExpired);
        }
        self.0.live.note_change();
        self.0.cache.forget(&old_hash);
        let session = session.renewed(token.hash(), now, expires_at);
        self.0.cache.remember(session.clone(), now);
        self.0.events.publish(AccountEvent::SessionRenewed { session: session.id(), expires_at }).await;
        Ok(NewSession { token, expires_at, user: session.user(), session })
    }

    /// Ends the caller's own session.
    ///
    /// # Errors
    /// [`Error::Store`] alone: a session that has ended already has ended.
    pub async fn logout(&self, session: &Session) -> Result<(), Error> {
        sessions::delete(self.0.db.writer(), session.user_id(), session.id()).await?;
        self.announce_end(session.user_id(), &[session.id()], SessionEnd::LoggedOut).await;
        Ok(())
    }

    /// The caller's sessions, newest first; at most 200.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn sessions(&self, caller: &Session) -> Result<Vec<SessionInfo>, Error> {
        let mut sessions = self.sessions_of(caller.user_id()).await?;
        for session in &mut sessions {
            session.is_current = session.id == caller.id();
        }
        Ok(sessions)
    }

    /// The sessions of `user`, newest first; at most 200. None of them asks.
    pub(crate) async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionInfo>, Error> {
        let rows = sessions::newest_of_user(self.0.db.conn(), user, self.now(), MOST_LISTED).await?;
        Ok(rows.into_iter().map(info).collect())
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`Error::SessionNotFound`] when the caller has no such session.
    pub async fn end_session(&self, caller: &Session, session: SessionId) -> Result<(), Error> {
        if !sessions::delete(self.0.db.writer(), caller.user_id(), session).await? {
            return Err(Error::SessionNotFound);
        }
        self.announce_end(caller.user_id(), &[session], SessionEnd::LoggedOut).await;
        Ok(())
    }

    /// Begins a session of `user` in `tx`; under the policy of one device, the user's others end with it.
    ///
    /// # Errors
    /// [`Error::Banned`] when the user is.
    pub(crate) async fn issue(
        &self,
        tx: &DatabaseTransaction,
        user: user::Model,
        identity_id: Option<Uuid>,
        device: &Device,
    ) -> Result<Issued, Error> {
        let (token, now) = (Token::generate(), self.now());
        if is_banned(&user, now) {
            return Err(Error::Banned);
        }
        let row = session::Model {
            id: SessionId::generate().uuid(),
            user_id: user.id,
            identity_id,
            token_hash: token.hash().to_stored(),
            device: device.agent().map(str::to_owned),
            created_at_ms: now.millis(),
            last_seen_at_ms: now.millis(),
            expires_at_ms: (now + self.0.sessions.ttl()).millis(),
        };
        sessions::insert(tx, row.clone()).await?;
        let keep = Some(SessionId::from_uuid(row.id));
        let ended = if self.0.sessions.one_device {
            sessions::delete_of_user(tx, UserId::from_uuid(user.id), keep).await?
        } else {
            Vec::new()
        };
        Ok(Issued { token, row, user, ended })
    }

    /// Makes an issued session known, after its commit.
    pub(crate) async fn admit(&self, issued: Issued) -> Result<NewSession, Error> {
        let Issued { token, row, user, ended } = issued;
        self.announce_end(UserId::from_uuid(user.id), &ended, SessionEnd::SignedInElsewhere).await;
        let facts = facts(&row).ok_or(Error::Internal("a session was stored wrongly"))?;
        let session = self.0.live.adopt(facts, &user);
        self.0.cache.remember(session.clone(), self.now());
        Ok(NewSession { token, expires_at: facts.expires_at, user: profile_of(&user), session })
    }
}

/// `None` when the row is not one that we wrote.
fn facts(row: &session::Model) -> Option<Facts> {
    Some(Facts {
        id: SessionId::from_uuid(row.id),
        user_id: UserId::from_uuid(row.user_id),
        identity_id: row.identity_id,
        token_hash: crate::token::TokenHash::from_stored(&row.token_hash)?,
        extended_at: Timestamp::from_millis(row.last_seen_at_ms),
        expires_at: Timestamp::from_millis(row.expires_at_ms),
    })
}

fn info(row: session::Model) -> SessionInfo {
    SessionInfo {
        id: SessionId::from_uuid(row.id),
        device: row.device,
        created_at: Timestamp::from_millis(row.created_at_ms),
        last_seen_at: Timestamp::from_millis(row.last_seen_at_ms),
        expires_at: Timestamp::from_millis(row.expires_at_ms),
        is_current: false,
    }
}
