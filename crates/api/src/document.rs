//! The OpenAPI document: what poem-openapi derives, put right where it says too much or too little.

mod tidy;
mod yaml;

use poem_openapi::registry::{MetaHeader, MetaSchema, MetaSchemaRef};
use poem_openapi::{LicenseObject, OpenApi, OpenApiService};

/// The document's three forms.
pub(crate) struct Document {
    pub(crate) json: String,
    pub(crate) yaml: String,
    /// The interactive page: one file, nothing fetched from elsewhere.
    pub(crate) page: String,
}

impl Document {
    pub(crate) fn of<Api: OpenApi>(service: &OpenApiService<Api, ()>) -> Self {
        let derived = service.spec();
        let document = tidy::tidy(&derived);
        let json = serde_json::to_string_pretty(&document).unwrap_or_default();
        let page = service.swagger_ui_html().replacen(&derived, &json, 1).replacen(
            "<title>Swagger UI</title>",
            "<title>Teahouse API</title>\n    <meta name=\"viewport\" content=\"width=device-width\">",
            1,
        );
        Self { yaml: yaml::write(&document), page: format!("<!doctype html>{page}"), json }
    }
}

/// What stands above the operations.
pub(crate) fn describe<Api>(api: Api) -> OpenApiService<Api, ()> {
    OpenApiService::new(api, "Teahouse", env!("CARGO_PKG_VERSION"))
        .description(include_str!("document/introduction.md"))
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .server("/")
}

/// Every answer, good or bad, carries these.
pub(crate) fn headers_of_every_answer() -> Vec<MetaHeader> {
    vec![
        header_of("X-Request-Id", "The request's id: the one that was sent, or a new one."),
        header_of(
            "RateLimit-Policy",
            "The limit that counts here, such as `\"requests\";q=50;w=1`; absent: none.",
        ),
        header_of("RateLimit", "What is left of it, such as `\"requests\";r=49;t=1`; absent: no limit."),
    ]
}

pub(crate) fn header_of(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: false,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    }
}
