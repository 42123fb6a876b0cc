//! What surrounds every request: its id, its language, its span in the log, and the promise that whatever goes wrong
//! leaves as a problem document.

mod cors;
mod language;
mod request_id;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures_util::FutureExt;
use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError};
use poem::http::{HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, PathPattern, Request, Response, Result};
use teahouse_protocol::ErrorCode;
use tracing::Instrument;

use crate::door::is_wafer;
use crate::limits::Allowance;
use crate::problem::Problem;

pub use cors::{Cors, CorsEndpoint, Origins};
pub(crate) use language::Language;

/// The header that carries a request's id, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request apart from what it asks for.
#[derive(Debug)]
pub(crate) struct RequestContext {
    id: String,
    language: Language,
    is_wafer: bool,
    allowance: OnceLock<Allowance>,
}

impl RequestContext {
    fn of(request: &Request) -> Self {
        Self {
            id: request_id::of(request.headers()),
            language: Language::of(request.headers()),
            is_wafer: is_wafer(request),
            allowance: OnceLock::new(),
        }
    }

    /// The context that [`framed`] gave this request.
    pub(crate) fn find(request: &Request) -> Option<&Arc<Self>> {
        request.extensions().get()
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) const fn language(&self) -> Language {
        self.language
    }

    /// Whether a wafer SDK asks, which wants to be told of a lost session in its own words.
    pub(crate) const fn is_wafer(&self) -> bool {
        self.is_wafer
    }

    /// Remembers how much the caller may still ask for, for the answer's headers.
    pub(crate) fn set_allowance(&self, allowance: Allowance) {
        let _ = self.allowance.set(allowance);
    }
}

/// Puts `inner` into the frame: every request gets an id (`X-Request-Id`, taken over or made) and a span, every error
/// and every panic becomes a problem document. Framing twice is framing once, so that a whole server may be framed
/// around routes that are framed already.
pub fn framed<E: Endpoint>(inner: E) -> impl Endpoint<Output = Response> {
    Framed(inner)
}

struct Framed<E>(E);

impl<E: Endpoint> Endpoint for Framed<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if let Some(context) = RequestContext::find(&request).cloned() {
            return Ok(self.answer(request, &context).await);
        }
        let context = Arc::new(RequestContext::of(&request));
        request.extensions_mut().insert(Arc::clone(&context));
        let span = tracing::info_span!(
            "request",
            request.id = context.id(),
            http.method = %request.method(),
            // Never the query: a tutorial's client puts its token there.
            http.path = request.uri().path(),
            user.id = tracing::field::Empty,
        );
        Ok(self.answer_and_log(request, &context).instrument(span).await)
    }
}

impl<E: Endpoint> Framed<E> {
    async fn answer_and_log(&self, request: Request, context: &RequestContext) -> Response {
        let started = Instant::now();
        let mut response = self.answer(request, context).await;
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(context.id()) {
            headers.insert(X_REQUEST_ID, id);
        }
        if let Some(allowance) = context.allowance.get() {
            allowance.write(headers);
        }
        tracing::debug!(
            http.status = response.status().as_u16(),
            took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
        response
    }

    async fn answer(&self, request: Request, context: &RequestContext) -> Response {
        // A panic is a fault of ours; the process and the other requests live on.
        match AssertUnwindSafe(self.0.call(request)).catch_unwind().await {
            Ok(Ok(answer)) => answer.into_response(),
            Ok(Err(error)) => {
                // Who counts requests by their route outside of here is to find it on a refusal too.
                let route = error.data::<PathPattern>().cloned();
                let mut response = refuse(error, context);
                if let Some(route) = route {
                    response.set_data(route);
                }
                response
            }
            Err(_) => refuse(Problem::new(ErrorCode::Internal).into(), context),
        }
    }
}

/// The one place where an error becomes an answer, and where its cause is logged.
fn refuse(error: poem::Error, context: &RequestContext) -> Response {
    match Problem::try_from(error) {
        Ok(problem) => {
            if problem.code() == ErrorCode::Internal || problem.code() == ErrorCode::StorageFull {
                tracing::error!(code = %problem.code(), cause = causes(&problem), "a request failed");
            } else if crate::status_of(problem.code()).is_server_error() {
                tracing::warn!(code = %problem.code(), cause = causes(&problem), "a request could not be served");
            }
            problem.respond(context)
        }
        // Made by an endpoint that is none of ours, such as the upgrade to a WebSocket.
        Err(foreign) => foreign.into_response(),
    }
}

/// The chain of sources, from the outside in.
fn causes(error: &dyn std::error::Error) -> String {
    let chain: Vec<String> =
        std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string).collect();
    chain.join(": ")
}

impl TryFrom<poem::Error> for Problem {
    type Error = poem::Error;

    fn try_from(error: poem::Error) -> Result<Self, poem::Error> {
        let error = match error.downcast::<Self>() {
            Ok(problem) => return Ok(problem),
            Err(other) => other,
        };
        if error.is::<NotFoundError>() {
            Ok(Self::new(ErrorCode::NotFound))
        } else if error.is::<MethodNotAllowedError>() {
            Ok(Self::new(ErrorCode::MethodNotAllowed))
        } else if matches!(error.downcast_ref(), Some(ReadBodyError::PayloadTooLarge)) {
            Ok(Self::new(ErrorCode::BodyTooLarge))
        } else if error.status().is_server_error() && !error.is_from_response() {
            Ok(Self::caused_by(ErrorCode::Internal, error.to_string()))
        } else {
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests;
