//! Which refusals an operation knows, so that its document lists just these.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use teahouse_protocol::ErrorCode;

use super::{PROBLEM_JSON, Problem, ProblemDocument, status_of};
use crate::document::{header_of, headers_of_every_answer};

/// Whoever needs a session may find it missing, ended, its user banned, or in too much of a hurry.
pub(crate) const SIGNED_IN: &[ErrorCode] =
    &[ErrorCode::SessionRequired, ErrorCode::SessionExpired, ErrorCode::Banned, ErrorCode::RateLimited];
/// Whoever administers by key may hold the wrong one.
pub(crate) const ADMINISTERING: &[ErrorCode] =
    &[ErrorCode::ApiKeyInvalid, ErrorCode::NotAllowed, ErrorCode::RateLimited];
/// Whoever reads parameters may find one wrong.
pub(crate) const PARAMETERS: &[ErrorCode] = &[ErrorCode::InvalidField];
/// Whoever reads a body may find it wrong in each of these ways.
pub(crate) const BODY: &[ErrorCode] = &[
    ErrorCode::BadJson,
    ErrorCode::UnsupportedMediaType,
    ErrorCode::BodyTooLarge,
    ErrorCode::RequestTimeout,
    ErrorCode::InvalidField,
];
/// Whoever keeps a promise by `Idempotency-Key` may find the key used for something else, or the first of two requests
/// still under way.
pub(crate) const IDEMPOTENT: &[ErrorCode] = &[ErrorCode::IdempotencyConflict, ErrorCode::Conflict];
/// Nobody is safe from these.
const ALWAYS: &[ErrorCode] =
    &[ErrorCode::UnknownParameter, ErrorCode::Internal, ErrorCode::Unavailable, ErrorCode::StorageFull];

/// The refusals that one operation knows.
pub(crate) trait Refusals: Send + Sync + 'static {
    /// The operation's id, for the log.
    const OPERATION: &'static str;
    /// Its codes, in groups that operations share.
    const CODES: &'static [&'static [ErrorCode]];

    /// Every code once.
    fn codes() -> impl Iterator<Item = ErrorCode> {
        let mut codes: Vec<ErrorCode> =
            Self::CODES.iter().copied().flatten().chain(ALWAYS).copied().collect();
        codes.sort_by_key(|code| (status_of(*code).as_u16(), code.as_str()));
        codes.dedup();
        codes.into_iter()
    }
}

/// Names the refusals of an operation: `refusals!(JoinRoom: SIGNED_IN, PARAMETERS, &[RoomNotFound, Banned]);`
macro_rules! refusals {
    ($($name:ident: $($codes:expr),+;)+) => {$(
        pub(crate) struct $name;

        impl $crate::problem::Refusals for $name {
            const OPERATION: &'static str = stringify!($name);
            const CODES: &'static [&'static [teahouse_protocol::ErrorCode]] = {
                #[allow(unused_imports, reason = "some operations know only the shared groups")]
                use teahouse_protocol::ErrorCode::*;
                &[$($codes),+]
            };
        }
    )+};
}
pub(crate) use refusals;

/// A refusal of the operation `R`.
pub(crate) struct Refused<R> {
    problem: Problem,
    operation: PhantomData<fn() -> R>,
}

impl<R: Refusals, P: Into<Problem>> From<P> for Refused<R> {
    fn from(problem: P) -> Self {
        let problem = problem.into();
        if !R::codes().any(|code| code == problem.code()) {
            // The client gets its answer all the same; whoever reads the log mends the list.
            tracing::error!(operation = R::OPERATION, code = %problem.code(), "a refusal that the document does not list");
        }
        Self { problem, operation: PhantomData }
    }
}

impl<R: Refusals> From<Refused<R>> for poem::Error {
    fn from(refused: Refused<R>) -> Self {
        refused.problem.into()
    }
}

impl<R: Refusals> ApiResponse for Refused<R> {
    fn meta() -> MetaResponses {
        let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
        for code in R::codes() {
            by_status.entry(status_of(code).as_u16()).or_default().push(code);
        }
        MetaResponses {
            responses: by_status.into_iter().map(|(status, codes)| response(status, &codes)).collect(),
        }
    }

    fn register(registry: &mut Registry) {
        ProblemDocument::register(registry);
    }
}

fn response(status: u16, codes: &[ErrorCode]) -> MetaResponse {
    let mut headers = headers_of_every_answer();
    if codes.contains(&ErrorCode::RateLimited) || codes.contains(&ErrorCode::Unavailable) {
        headers.push(header_of("Retry-After", "How many seconds to wait."));
    }
    MetaResponse {
        description: description(codes),
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: ProblemDocument::schema_ref() }],
        headers,
    }
}

/// The document wants `'static` text. It is made once a process, so the leak has an end.
fn description(codes: &[ErrorCode]) -> &'static str {
    let lines: Vec<String> = codes.iter().map(|code| format!("`{code}`: {}", code.message_en())).collect();
    lines.join("\n\n").leak()
}
