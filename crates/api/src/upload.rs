//! A request's body that is a file.

use bytes::Bytes;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use teahouse_protocol::ErrorCode;

use crate::body;
use crate::problem::Problem;

const BYTES: &str = "application/octet-stream";

/// The largest file: a plugin's package, whose component may have 64 MiB and is seldom larger once compressed.
const FILE_BYTES: usize = 64 * 1024 * 1024;

/// A file, as it is.
pub(crate) struct Upload(pub(crate) Bytes);

impl<'a> ApiExtractor<'a> for Upload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let content = vec![MetaMediaType { content_type: BYTES, schema }];
        Some(MetaRequest { description: Some("At most 64 MiB."), content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let given = request.content_type().unwrap_or_default();
        if !given.trim().eq_ignore_ascii_case(BYTES) {
            return Err(Problem::new(ErrorCode::UnsupportedMediaType).into());
        }
        Ok(Self(body::read(request, body, FILE_BYTES).await?))
    }
}
