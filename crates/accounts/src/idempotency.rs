//! Requests that make something, and may come twice: the second gets the first one's answer.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use teahouse_protocol::{FieldError, Timestamp, UserId};
use teahouse_store::entity::idempotency_key;
use teahouse_store::idempotency::{self, UNANSWERED};

use crate::{Accounts, Error, Session};

/// How long an answer is kept. Later the same key makes the thing again.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Whoever has not answered for so long has died, and another may take the request over.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(60);

/// A client's `Idempotency-Key`: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// What a request is, so that the same key with another request is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHash([u8; 32]);

/// How a request with a key goes on.
#[derive(Debug)]
pub enum Begun {
    /// It is new: act, then [`Accounts::answer_request`]; or [`Accounts::abandon_request`] if it failed so that a
    /// repeat may succeed.
    New(Claim),
    /// It was answered before: answer so again.
    Answered(Answer),
}

/// The right to act on a request. It lapses a minute after it was given.
#[derive(Debug)]
pub struct Claim {
    user: UserId,
    key: IdempotencyKey,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

impl IdempotencyKey {
    const MAX_CHARS: usize = 128;

    /// Takes `text` as the key.
    ///
    /// # Errors
    /// A [`FieldError`] that names `Idempotency-Key`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_key =
            (1..=Self::MAX_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key {
            Ok(Self(text.to_owned()))
        } else {
            let rule = format!("must be 1 to {} visible ASCII characters", Self::MAX_CHARS);
            Err(FieldError::new("Idempotency-Key", rule))
        }
    }
}

impl RequestHash {
    /// The hash of a request to `path` with `body`.
    #[must_use]
    pub fn of(method: &str, path: &str, body: &[u8]) -> Self {
        let head = format!("{method} {path}\n");
        Self(Sha256::new().chain_update(head).chain_update(body).finalize().into())
    }
}

impl Accounts {
    /// Begins a request of `caller` with this key.
    ///
    /// # Errors
    /// [`Error::IdempotencyConflict`] when the key was used for another request; [`Error::RequestInProgress`] when the
    /// first of two is not answered yet.
    pub async fn begin_request(
        &self,
        caller: &Session,
        key: &IdempotencyKey,
        request: RequestHash,
    ) -> Result<Begun, Error> {
        let (user, now) = (caller.user_id(), self.now());
        let row = idempotency_key::Model {
            user_id: user.uuid(),
            key: key.0.clone(),
            request_hash: request.0.to_vec(),
            status: UNANSWERED,
            body: String::new(),
            created_at_ms: now.millis(),
        };
        let claim = || Begun::New(Claim { user, key: key.clone() });
        let writer = self.0.db.writer();
        if idempotency::try_insert(writer, row).await? {
            return Ok(claim());
        }
        let Some(first) = idempotency::find(writer, user, &key.0).await? else {
            // It was given up between the two statements.
            return Err(Error::RequestInProgress);
        };
        if first.request_hash != request.0 {
            return Err(Error::IdempotencyConflict);
        }
        if first.status != UNANSWERED {
            return Ok(Begun::Answered(Answer {
                status: u16::try_from(first.status).unwrap_or_default(),
                body: first.body,
            }));
        }
        let begun_at = Timestamp::from_millis(first.created_at_ms);
        if now.since(begun_at) >= GIVEN_UP_AFTER
            && idempotency::take_over(writer, user, &key.0, begun_at, now).await?
        {
            return Ok(claim());
        }
        Err(Error::RequestInProgress)
    }

    /// Keeps the answer for those who ask again.
    ///
    /// # Errors
    /// [`Error::Store`]; what was made is made, and the request's answer stands.
    pub async fn answer_request(&self, claim: Claim, answer: &Answer) -> Result<(), Error> {
        let status = i16::try_from(answer.status).map_err(|_| Error::Internal("no HTTP status"))?;
        idempotency::answer(self.0.db.writer(), claim.user, &claim.key.0, status, &answer.body).await?;
        Ok(())
    }

    /// Gives the key free again.
    ///
    /// # Errors
    /// [`Error::Store`]; then it gives itself free after a minute.
    pub async fn abandon_request(&self, claim: Claim) -> Result<(), Error> {
        idempotency::delete_unanswered(self.0.db.writer(), claim.user, &claim.key.0).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_and_bounded() {
        assert!(IdempotencyKey::parse(&"k".repeat(128)).is_ok());
        for bad in ["", "a b", "a\n", "键", &"k".repeat(129)] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_request_is_its_method_path_and_body() {
        let request = RequestHash::of("POST", "/v1/rooms", b"{}");
        assert_eq!(request, RequestHash::of("POST", "/v1/rooms", b"{}"));
        assert_ne!(request, RequestHash::of("POST", "/v1/rooms", b"{} "));
        assert_ne!(request, RequestHash::of("POST", "/v1/directs", b"{}"));
    }
}
