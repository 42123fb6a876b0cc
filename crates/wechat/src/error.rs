//! What can go wrong between us and WeChat. `accounts` matches on it.

use std::{fmt, sync::Arc, time::Duration};

use crate::errcode::Errcode;

/// An operation of WeChat's API did not give its answer. Clones share their cause: callers that waited for one token
/// refresh all get its failure. Neither text nor cause contains a secret, a token or an openid.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// WeChat answered, and said no.
    #[error("WeChat refused {call}: {code}: {message}")]
    Refused {
        /// What was asked. A refusal may be of the token refresh that came before the caller's own call.
        call: Call,
        /// Why.
        code: Errcode,
        /// WeChat's text, cut at 200 characters; for people, never to be compared.
        message: String,
    },
    /// No connection, or it broke before an answer came.
    #[error("WeChat is unreachable for {call}")]
    Unreachable {
        /// What was asked.
        call: Call,
        /// Whether WeChat may have acted on the request.
        sent: Sent,
        /// The transport's error, without the URL.
        source: Arc<reqwest::Error>,
    },
    /// The deadline for the whole operation passed, retries included.
    #[error("WeChat did not answer {call} within {} ms", after.as_millis())]
    TimedOut {
        /// What was asked.
        call: Call,
        /// The deadline.
        after: Duration,
    },
    /// Something answered that isn't WeChat's API, or isn't what its documentation says.
    #[error("nonsense instead of an answer to {call} (HTTP {status}): {reason}")]
    Nonsense {
        /// What was asked.
        call: Call,
        /// The HTTP status, which WeChat itself always leaves at 200.
        status: u16,
        /// What was wrong with the answer; nothing of its content.
        reason: &'static str,
    },
}

/// Whether a request that failed may have been processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// There was no connection to send it on.
    No,
    /// It may have arrived; only its answer is missing.
    Maybe,
}

/// A call of WeChat's server API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `GET /sns/jscode2session`.
    CodeToSession,
    /// `POST /cgi-bin/stable_token`.
    StableToken,
    /// `GET /wxa/checksession`.
    CheckSession,
    /// `GET /wxa/resetusersessionkey`.
    ResetSessionKey,
    /// `POST /wxa/business/getuserphonenumber`.
    PhoneNumber,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client for WeChat's API")]
pub struct BuildError(#[source] pub(crate) reqwest::Error);

impl Error {
    /// The call that failed.
    #[must_use]
    pub fn call(&self) -> Call {
        match self {
            Self::Refused { call, .. }
            | Self::Unreachable { call, .. }
            | Self::TimedOut { call, .. }
            | Self::Nonsense { call, .. } => *call,
        }
    }

    /// Why WeChat refused, where it did.
    #[must_use]
    pub fn errcode(&self) -> Option<Errcode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl Call {
    /// The path below the API's base.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::CodeToSession => "/sns/jscode2session",
            Self::StableToken => "/cgi-bin/stable_token",
            Self::CheckSession => "/wxa/checksession",
            Self::ResetSessionKey => "/wxa/resetusersessionkey",
            Self::PhoneNumber => "/wxa/business/getuserphonenumber",
        }
    }

    /// Whether asking twice does no harm: nothing is used up or replaced by it.
    pub(crate) fn is_repeatable(self) -> bool {
        match self {
            Self::StableToken | Self::CheckSession => true,
            // Codes are single use, and a reset replaces the key that signs the next reset.
            Self::CodeToSession | Self::ResetSessionKey | Self::PhoneNumber => false,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.path())
    }
}
