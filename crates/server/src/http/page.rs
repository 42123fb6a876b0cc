//! The chat page and its files, embedded from `clients/web`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use poem::{Endpoint, Request, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use teahouse_api::Asset;

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
    pub(super) files: Page,
}

impl<D: Endpoint<Output = Response>> Endpoint for Root<D> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if request.uri().path() == "/" {
            self.door.call(request).await
        } else {
            self.files.call(request).await
        }
    }
}

/// A file's answer, and the digest of what it was made of.
type Known = ([u8; 32], Asset);

/// Serves the page at the root, and its files by their path. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Page {
    /// What was asked for already, with its digest: a build for development reads files anew, as they are edited.
    known: Arc<Mutex<HashMap<String, Known>>>,
}

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let name = match request.uri().path().trim_start_matches('/') {
            "" => "index.html",
            name => name,
        };
        let file = Files::get(name).ok_or(poem::error::NotFoundError)?;
        Ok(self.asset(name, file).answer(request.headers()).await)
    }
}

impl Page {
    /// Only names of files come this far, so that there is an end to them.
    fn asset(&self, name: &str, file: EmbeddedFile) -> Asset {
        let digest = file.metadata.sha256_hash();
        let mut known = self.known.lock();
        if let Some((_, asset)) = known.get(name).filter(|(of, _)| *of == digest) {
            return asset.clone();
        }
        let kind = content_type(&file);
        let asset = match file.data {
            Cow::Borrowed(embedded) => Asset::new(&kind, embedded),
            Cow::Owned(read) => Asset::new(&kind, read),
        };
        known.insert(name.to_owned(), (digest, asset.clone()));
        asset
    }
}

fn content_type(file: &EmbeddedFile) -> String {
    let kind = file.metadata.mimetype();
    if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}
