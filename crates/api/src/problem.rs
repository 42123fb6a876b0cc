//! What went wrong, as RFC 9457 says it: the one form in which the surface refuses.

mod domain;
mod refusals;
mod status;

use std::time::Duration;

use poem::Response;
use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem_openapi::Object;
use serde::Serialize;
use teahouse_chat::Refusal;
use teahouse_protocol::{ErrorCode, FieldError};

use crate::framing::{Language, RequestContext};

pub(crate) use refusals::{
    ADMINISTERING, BODY, IDEMPOTENT, PARAMETERS, Refusals, Refused, SIGNED_IN, refusals,
};
pub use status::status_of;

/// The media type of a problem document (RFC 9457 §3).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal on its way out. The door turns it into a document, because only the door knows the request's id and
/// the caller's language.
#[derive(Debug, thiserror::Error)]
#[error("{code}")]
pub(crate) struct Problem {
    code: ErrorCode,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    allow: Option<Box<HeaderValue>>,
    /// More than the code says.
    detail: Option<Box<Detail>>,
    /// Which filter refused it.
    refusal: Option<Box<Refusal>>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A sentence for a person.
#[derive(Debug)]
struct Detail {
    en: String,
    /// Absent: the code's own words must do.
    zh: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self {
            code,
            fields: Vec::new(),
            retry_after: None,
            allow: None,
            detail: None,
            refusal: None,
            source: None,
        }
    }

    /// A field of the request is missing or wrong.
    pub(crate) fn field(error: FieldError) -> Self {
        Self { fields: vec![error], ..Self::new(ErrorCode::InvalidField) }
    }

    /// Names the fields that are wrong.
    pub(crate) fn with_fields(self, fields: Vec<FieldError>) -> Self {
        Self { fields, ..self }
    }

    /// Something that is nobody's business outside; the log gets `source`.
    pub(crate) fn caused_by(
        code: ErrorCode,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { source: Some(source.into()), ..Self::new(code) }
    }

    pub(crate) fn retry_after(self, wait: Option<Duration>) -> Self {
        Self { retry_after: wait, ..self }
    }

    /// The methods that there are, for a 405 (RFC 9110 §15.5.6).
    pub(crate) fn allow(self, methods: HeaderValue) -> Self {
        Self { allow: Some(Box::new(methods)), ..self }
    }

    /// Says more than the code does; in Chinese, where that is known.
    pub(crate) fn detail(self, en: &impl ToString, zh: Option<String>) -> Self {
        Self { detail: Some(Box::new(Detail { en: en.to_string(), zh })), ..self }
    }

    /// A filter refused it: its own words are what a person is told.
    pub(crate) fn refused_by(refusal: Box<Refusal>) -> Self {
        let problem = Self::new(ErrorCode::Rejected);
        let told = (!refusal.reason.is_empty()).then(|| refusal.reason.clone());
        let detail = told.map(|told| Box::new(Detail { en: told.clone(), zh: Some(told) }));
        Self { detail, refusal: Some(refusal), ..problem }
    }

    pub(crate) const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The document, with the headers that belong to it.
    pub(crate) fn respond(&self, context: &RequestContext) -> Response {
        let status = status_of(self.code);
        let document =
            Told { document: ProblemDocument::new(self, context), wafer: self.wafer_words(context) };
        let mut response = Response::builder()
            .status(status)
            .content_type(PROBLEM_JSON)
            .header(header::CONTENT_LANGUAGE, context.language().tag())
            .body(serde_json::to_string(&document).unwrap_or_default());
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if let Some(methods) = &self.allow {
            headers.insert(header::ALLOW, (**methods).clone());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, self.challenge());
        }
        response
    }

    /// The older wafer SDK looks for these words in the body and at nothing else; the younger goes by the status.
    fn wafer_words(&self, context: &RequestContext) -> Option<WaferWords> {
        let is_lost = matches!(self.code, ErrorCode::SessionRequired | ErrorCode::SessionExpired);
        (is_lost && context.is_wafer()).then(|| WaferWords {
            magic: 1,
            error: "ERR_INVALID_SESSION",
            message: self.detail_in(context.language()),
        })
    }

    fn detail_in(&self, language: Language) -> String {
        let told = self.detail.as_ref().and_then(|detail| match language {
            Language::English => Some(&detail.en),
            Language::Chinese => detail.zh.as_ref(),
        });
        told.cloned().unwrap_or_else(|| language.message_of(self.code).to_owned())
    }

    /// RFC 9110 §11.6.1: a 401 says how to do better.
    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(match self.code {
            ErrorCode::SessionExpired => r#"Bearer error="invalid_token""#,
            ErrorCode::ApiKeyInvalid => "ApiKey",
            _ => "Bearer",
        })
    }
}

/// A refusal of somebody else's, which [`framed`](crate::framed) answers like those of the surface: with `code`, and with
/// what to tell a person in their language.
#[must_use]
pub fn refusal(code: ErrorCode, en: &str, zh: &str) -> poem::Error {
    Problem::new(code).detail(&en, Some(zh.to_owned())).into()
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        status_of(self.code)
    }
}

/// `Retry-After` counts whole seconds; rounding down would invite a second refusal.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A problem document as it is written.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    document: ProblemDocument,
    #[serde(flatten)]
    wafer: Option<WaferWords>,
}

/// What makes the older wafer SDK log in again, as extension members (RFC 9457 §3.2).
#[derive(Serialize)]
struct WaferWords {
    #[serde(rename = "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A")]
    magic: u8,
    error: &'static str,
    message: String,
}

/// A refusal (RFC 9457), with the stable word for what went wrong in `code`.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Problem")]
pub(crate) struct ProblemDocument {
    /// Names the kind of problem, one for each `code`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// The kind of problem in a few words of English.
    title: String,
    /// The HTTP status.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    status: u16,
    /// What to tell the person, in the language of `Accept-Language` (zh or en).
    detail: String,
    /// The stable word, the same as on the socket.
    code: ErrorCode,
    /// The request's id, as in `X-Request-Id` and in the server's log.
    request_id: String,
    /// Which fields are wrong, where fields are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default, skip_serializing_if_is_empty)]
    errors: Vec<FieldError>,
    /// The filter that refused it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    by: Option<String>,
    /// Why it did, for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    reason: Option<String>,
    /// The filter's own stable word for why, such as `spam`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    rule: Option<String>,
}

impl ProblemDocument {
    fn new(problem: &Problem, context: &RequestContext) -> Self {
        let code = problem.code;
        let refusal = problem.refusal.as_deref();
        Self {
            kind: format!("urn:teahouse:problem:{code}"),
            title: code.message_en().trim_end_matches('.').to_owned(),
            status: status_of(code).as_u16(),
            detail: problem.detail_in(context.language()),
            code,
            request_id: context.id().to_owned(),
            errors: problem.fields.clone(),
            by: refusal.map(|refusal| refusal.by.to_string()),
            reason: refusal.map(|refusal| refusal.reason.clone()).filter(|reason| !reason.is_empty()),
            rule: refusal.map(|refusal| refusal.rule.clone()),
        }
    }
}

#[cfg(test)]
impl Problem {
    pub(crate) fn to_string_of_field(&self) -> String {
        self.fields.first().map(ToString::to_string).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::from_millis(2_001)), 3);
    }
}
