//! From a token to a proven caller.

use teahouse_protocol::SessionId;
use teahouse_store::sessions;

use super::facts;
use crate::session::Session;
use crate::token::{Token, TokenHash};
use crate::{Accounts, Error};

impl Accounts {
    /// The session that `token` is the secret of. A token used in the last half minute costs no query; a session that
    /// is used lasts longer.
    ///
    /// # Errors
    /// [`Error::SessionExpired`] when the session has ended or never was, whatever the text is;
    /// [`Error::Banned`] when its user is.
    pub async fn authenticate(&self, token: &str) -> Result<Session, Error> {
        let hash = Token::parse(token).ok_or(Error::SessionExpired)?.hash();
        let session = match self.0.cache.find(&hash, self.now()) {
            Some(session) => session,
            None => self.read_session(hash).await?,
        };
        self.require_open(session)
    }

    /// The session of a wafer client: `skey` is the token, `id` the session's id, which one of the two clients sends.
    ///
    /// # Errors
    /// As [`Accounts::authenticate`]; also [`Error::SessionExpired`] when `id` is another session's.
    pub async fn authenticate_wafer(&self, id: Option<&str>, skey: &str) -> Result<Session, Error> {
        let session = self.authenticate(skey).await?;
        match id.map(str::parse::<SessionId>) {
            None => Ok(session),
            Some(Ok(id)) if id == session.id() => Ok(session),
            Some(_) => Err(Error::SessionExpired),
        }
    }

    /// Notes that the session is used, for connections that live long without authenticating again. Costs next to
    /// nothing.
    pub fn touch(&self, session: &Session) {
        self.0.extender.used(session, self.now());
    }

    fn require_open(&self, session: Session) -> Result<Session, Error> {
        let now = self.now();
        if session.has_ended() || session.expires_at() <= now {
            return Err(Error::SessionExpired);
        }
        if session.is_banned(now) {
            return Err(Error::Banned);
        }
        self.0.extender.used(&session, now);
        Ok(session)
    }

    async fn read_session(&self, token: TokenHash) -> Result<Session, Error> {
        loop {
            let (changes, now) = (self.0.live.changes(), self.now());
            let Some((row, user)) = sessions::find_by_token(self.0.db.conn(), token.as_bytes()).await? else {
                self.0.cache.forget(&token);
                return Err(Error::SessionExpired);
            };
            let facts = facts(&row).ok_or(Error::Internal("a session was stored wrongly"))?;
            let session = self.0.live.adopt(facts, &user);
            // Otherwise it may have ended between the reading and the listing, and nobody would have told it.
            if self.0.live.changes() == changes {
                self.0.cache.remember(session.clone(), now);
                return Ok(session);
            }
        }
    }
}
