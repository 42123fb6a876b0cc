//! A request's JSON body, read so that an error names the field.

use std::io::ErrorKind;

use bytes::Bytes;
use poem::error::ReadBodyError;
use poem::http::header;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use teahouse_protocol::{ErrorCode, FieldError};

use crate::door::Door;
use crate::problem::Problem;

const JSON: &str = "application/json";

/// A body that must be there.
pub(crate) struct Body<T> {
    pub(crate) value: T,
    /// As it was sent, for `Idempotency-Key`.
    pub(crate) bytes: Bytes,
}

/// A body whose every field is optional, and so is the body.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(meta(T::schema_ref(), true))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        check_content_type(request)?;
        let bytes = read(request, body, Door::of(request)?.limiters.body_bytes).await?;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(meta(T::schema_ref(), false))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let bytes = read(request, body, Door::of(request)?.limiters.body_bytes).await?;
        if bytes.is_empty() {
            return Ok(Self(parse(b"{}")?));
        }
        check_content_type(request)?;
        Ok(Self(parse(&bytes)?))
    }
}

fn meta(schema: MetaSchemaRef, required: bool) -> MetaRequest {
    let content = vec![MetaMediaType { content_type: JSON, schema }];
    MetaRequest { description: None, content, required }
}

/// `application/json`, or a type that is JSON underneath (RFC 6839 §3.1); parameters such as a charset say nothing,
/// as JSON is UTF-8 (RFC 8259 §8.1).
fn check_content_type(request: &Request) -> Result<(), Problem> {
    let given = request.content_type().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == JSON || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json { Ok(()) } else { Err(Problem::new(ErrorCode::UnsupportedMediaType)) }
}

/// The body as it was sent, if it has at most `limit` bytes.
pub(crate) async fn read(request: &Request, body: &mut RequestBody, limit: usize) -> Result<Bytes, Problem> {
    let announced = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Problem::new(ErrorCode::BodyTooLarge));
    }
    let bytes = async { body.take()?.into_bytes_limit(limit).await }.await;
    bytes.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => Problem::new(ErrorCode::BodyTooLarge),
        ReadBodyError::Io(error) if error.kind() == ErrorKind::TimedOut => {
            Problem::new(ErrorCode::RequestTimeout)
        }
        // The connection broke, or what came over it was no HTTP: whoever sent it will hardly read this.
        ReadBodyError::Io(_) | ReadBodyError::Utf8(_) => Problem::new(ErrorCode::BadJson),
        ReadBodyError::BodyHasBeenTaken => Problem::caused_by(ErrorCode::Internal, error),
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would read an array as the struct's fields in order: only an object is a body.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::new(ErrorCode::BadJson));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| explain(&error))?;
    json.end().map_err(|_| Problem::new(ErrorCode::BadJson))?;
    Ok(value)
}

fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    match error.inner().classify() {
        Category::Data => Problem::field(field_error(&error.path().to_string(), &error.inner().to_string())),
        Category::Io | Category::Syntax | Category::Eof => Problem::new(ErrorCode::BadJson),
    }
}

/// serde's message in terms of the field: a missing or doubled one is named in the message, not in the path.
fn field_error(path: &str, message: &str) -> FieldError {
    let message = message.split(" at line ").next().unwrap_or_default();
    for (prefix, detail) in [("missing field `", "is missing"), ("duplicate field `", "is there twice")] {
        if let Some(name) = message.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('`')) {
            let field = if path == "." { name.to_owned() } else { format!("{path}.{name}") };
            return FieldError::new(field, detail);
        }
    }
    FieldError::new(path, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use teahouse_protocol::{DisplayName, UserId};

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what is refused is looked at")]
    struct Sample {
        name: DisplayName,
        #[serde(default)]
        members: Vec<UserId>,
    }

    #[track_caller]
    fn refused(json: &str) -> (ErrorCode, String) {
        let problem = parse::<Sample>(json.as_bytes()).expect_err(json);
        (problem.code(), problem.to_string_of_field())
    }

    #[test]
    fn a_wrong_field_is_named() {
        let invalid = ErrorCode::InvalidField;
        assert_eq!(refused(r#"{"name":" "}"#), (invalid, "name: must not be empty".into()));
        assert_eq!(refused("{}"), (invalid, "name: is missing".into()));
        assert_eq!(refused(r#"{"name":"a","name":"b"}"#), (invalid, "name: is there twice".into()));
        assert!(refused(r#"{"name":"a","members":["x"]}"#).1.starts_with("members[0]: "));
        assert!(refused(r#"{"name":5}"#).1.starts_with("name: invalid type"));
    }

    #[test]
    fn what_is_no_object_is_bad_json() {
        for json in ["", "5", "null", r#"["a",[]]"#, "{", r#"{"name":"a"} x"#, "{\"name\":\"\u{1}\"}"] {
            assert_eq!(refused(json).0, ErrorCode::BadJson, "{json}");
        }
        assert_eq!(parse::<Sample>(b"{\"name\":\"\xff\"}").unwrap_err().code(), ErrorCode::BadJson);
    }
}
