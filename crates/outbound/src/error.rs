//! Why there is no answer.

use std::time::Duration;

/// Why a request was not sent. `Display` is fit for who asked: it names no address that only we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not an address of the web as they are meant to be written.
    #[error("the URL is refused: {0}")]
    Url(&'static str),
    /// Not one of the origins that were permitted.
    #[error("{0} is not among the permitted hosts")]
    Origin(String),
    /// Not one of the methods that were permitted.
    #[error("the method {0} is not permitted")]
    Method(String),
    /// `http://`, which nobody allowed.
    #[error("only https is allowed")]
    Plain,
    /// A header that is the house's to set, or none at all.
    #[error("the header {0:?} is refused")]
    Header(String),
    /// The name leads to an address that is not of the public internet.
    #[error("{0} leads to an address that is not public")]
    Address(String),
}

/// There is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It may not be sent. Nothing left the house.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request or the answer is larger than allowed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What: "the request", "the answer", "the answer's headers".
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The whole took longer than allowed.
    #[error("no answer within {} ms", after.as_millis())]
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// The name has no address, nobody listens there, or the connection broke.
    #[error("the host can't be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The client could not be made: no trusted certificates, most likely.
    #[error("outgoing connections can't be made")]
    Client(#[source] reqwest::Error),
}
