//! The chat page and its files, embedded from `clients/web`.

use poem::http::{HeaderMap, StatusCode, header};
use poem::{Endpoint, Request, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../clients/web"]
#[exclude = "test/*"]
#[exclude = "*.md"]
#[exclude = "package*.json"]
struct Files;

/// What the browser may load: our own files and sockets, and pictures by https (avatars come from WeChat's servers).
pub(super) const CONTENT_POLICY: &str = "default-src 'self'; img-src 'self' https: data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The route of the files: whatever no other route takes.
pub(super) const FILES: &str = "/*file";

/// The root itself, where tutorials' clients ask for sockets too, and the files below it. One endpoint, because a
/// wildcard at the root takes the root as well.
pub(super) struct Root<D> {
    pub(super) door: D,
}

impl<D: Endpoint<Output = Response>> Endpoint for Root<D> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if request.uri().path() == "/" { self.door.call(request).await } else { Page.call(request).await }
    }
}

/// Serves the page at the root, and its files by their path.
pub(super) struct Page;

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let name = match request.uri().path().trim_start_matches('/') {
            "" => "index.html",
            name => name,
        };
        let file = Files::get(name).ok_or(poem::error::NotFoundError)?;
        Ok(answer(file, request.headers()))
    }
}

fn answer(file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag = etag(&file);
    let response = Response::builder()
        // Asked for again each time, so that modules of two builds are never mixed; the tag makes that cheap.
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::ETAG, &tag);
    if is_known(asked, &tag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(content_type(&file)).body(file.data.into_owned())
}

/// RFC 9110 §13.1.2; a proxy that compresses may have made the tag weak.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known
        .split(',')
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let shown: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{shown}\"")
}

fn content_type(file: &EmbeddedFile) -> String {
    let kind = file.metadata.mimetype();
    if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}
