//! What is the same for everybody: bytes that all answers share, compressed once, with a tag by which somebody who has
//! them already is told so.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response, Result};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

/// Below it a packet carries the content as it is.
const WORTH_PACKING: usize = 1024;
/// Bytes of the digest that a tag shows.
const TAG_BYTES: usize = 16;

/// A file to be served. Clones share it.
#[derive(Clone)]
pub struct Asset(Arc<Inner>);

struct Inner {
    headers: HeaderMap,
    content: Bytes,
    /// Hexadecimal, without quotes.
    tag: String,
    /// Absent where it would be no smaller.
    packed: OnceCell<Option<Bytes>>,
}

impl Asset {
    /// `content`, served as `content_type`.
    #[must_use]
    pub fn new(content_type: &str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let mut headers = HeaderMap::new();
        if let Ok(content_type) = HeaderValue::from_str(content_type) {
            headers.insert(header::CONTENT_TYPE, content_type);
        }
        let digest = Sha256::digest(&content);
        let tag = digest.iter().take(TAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Self(Arc::new(Inner { headers, content, tag, packed: OnceCell::new() }))
    }

    /// The same with one more header on each answer.
    #[must_use]
    pub fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        let Inner { mut headers, content, tag, packed } = match Arc::try_unwrap(self.0) {
            Ok(inner) => inner,
            Err(shared) => Inner {
                headers: shared.headers.clone(),
                content: shared.content.clone(),
                tag: shared.tag.clone(),
                packed: OnceCell::new(),
            },
        };
        headers.insert(name, value);
        Self(Arc::new(Inner { headers, content, tag, packed }))
    }

    /// The answer to somebody who asks with these headers: the content, compressed where they take that, or 304.
    pub async fn answer(&self, asked: &HeaderMap) -> Response {
        let packed = if takes_gzip(asked) { self.packed().await } else { None };
        let tag = match packed {
            // Another representation is another tag (RFC 9110 §8.8.3).
            Some(_) => format!("\"{}-gzip\"", self.0.tag),
            None => format!("\"{}\"", self.0.tag),
        };
        let mut response = Response::builder()
            // Asked for again each time, so that files of two builds are never mixed; the tag makes that cheap.
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::VARY, "Accept-Encoding")
            .header(header::ETAG, &tag);
        if is_known(asked, &tag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        if packed.is_some() {
            response = response.header(header::CONTENT_ENCODING, "gzip");
        }
        let body = packed.unwrap_or(&self.0.content).clone();
        // Said here, because the answer to HEAD has it too, and no body to count.
        let mut response = response.header(header::CONTENT_LENGTH, body.len()).body(body);
        for (name, value) in &self.0.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }

    async fn packed(&self) -> Option<&Bytes> {
        if self.0.content.len() < WORTH_PACKING {
            return None;
        }
        let pack = || async {
            let content = self.0.content.clone();
            // Megabytes take a while, and others wait for this thread.
            let packed =
                tokio::task::spawn_blocking(move || gzip(&content).map(|packed| (packed, content.len())));
            let (packed, whole) = packed.await.ok()?.ok()?;
            (packed.len() < whole).then(|| packed.into())
        };
        self.0.packed.get_or_init(pack).await.as_ref()
    }
}

impl Endpoint for Asset {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(self.answer(request.headers()).await)
    }
}

fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

/// RFC 9110 §12.5.3: named, or meant by `*`, with a weight above 0.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let wishes = asked.get_all(header::ACCEPT_ENCODING).into_iter();
    let wishes = wishes.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut by_star = false;
    for wish in wishes {
        let (coding, weight) = wish.split_once(';').unwrap_or((wish, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).unwrap_or(0.0);
        match coding.trim() {
            "gzip" | "x-gzip" => return weight > 0.0,
            "*" => by_star = weight > 0.0,
            _ => {}
        }
    }
    by_star
}

/// RFC 9110 §13.1.2; a proxy that compresses may have made the tag weak.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get_all(header::IF_NONE_MATCH).into_iter();
    known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn asked(headers: &[(HeaderName, &str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    async fn body(response: Response) -> Vec<u8> {
        response.into_body().into_bytes().await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn the_content_is_shared_and_packed_once() {
        let content = Bytes::from("tea and more tea. ".repeat(1000));
        let asset = Asset::new("text/plain", content.clone());
        let wish = asked(&[(header::ACCEPT_ENCODING, "br, gzip")]);
        let (first, second) = (asset.answer(&wish).await, asset.answer(&wish).await);
        assert_eq!(first.header("content-encoding"), Some("gzip"));
        assert_eq!(first.header("vary"), Some("Accept-Encoding"));
        assert_eq!(first.header("cache-control"), Some("no-cache"));
        let (first, second) =
            (first.into_body().into_bytes().await.unwrap(), second.into_body().into_bytes().await.unwrap());
        assert_eq!(first.as_ptr(), second.as_ptr(), "one copy for all");
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*first).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, content);
        let as_it_is = asset.answer(&HeaderMap::new()).await;
        assert_eq!(as_it_is.header("content-encoding"), None);
        assert_eq!(as_it_is.into_body().into_bytes().await.unwrap().as_ptr(), content.as_ptr());
    }

    #[tokio::test]
    async fn who_has_it_is_told_so() {
        let asset = Asset::new("text/plain", "tea ".repeat(1000));
        for wish in ["gzip", "identity"] {
            let wish = (header::ACCEPT_ENCODING, wish);
            let tag =
                asset.answer(&asked(std::slice::from_ref(&wish))).await.header("etag").unwrap().to_owned();
            for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
                let again =
                    asset.answer(&asked(&[wish.clone(), (header::IF_NONE_MATCH, known.as_str())])).await;
                assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
                assert_eq!(
                    (again.header("etag"), again.header("vary")),
                    (Some(&*tag), Some("Accept-Encoding"))
                );
                assert!(body(again).await.is_empty());
            }
            let other = asset.answer(&asked(&[wish, (header::IF_NONE_MATCH, "\"other\"")])).await;
            assert_eq!(other.status(), StatusCode::OK);
        }
        let tag = |wish| async move {
            let asset = Asset::new("text/plain", "tea ".repeat(1000));
            asset.answer(&asked(&[(header::ACCEPT_ENCODING, wish)])).await.header("etag").unwrap().to_owned()
        };
        assert_ne!(tag("gzip").await, tag("identity").await, "two representations have two tags");
    }

    #[tokio::test]
    async fn what_packing_does_not_help_stays_as_it_is() {
        let noise: Vec<u8> = (0..4096_u32).flat_map(|n| Sha256::digest(n.to_be_bytes())).collect();
        let wish = asked(&[(header::ACCEPT_ENCODING, "gzip")]);
        for content in [noise, b"short".to_vec()] {
            let answer = Asset::new("application/wasm", content.clone()).answer(&wish).await;
            assert_eq!(answer.header("content-encoding"), None);
            assert_eq!(body(answer).await, content);
        }
    }

    #[test]
    fn gzip_is_taken_where_it_is_named() {
        let takes = |wish: &str| takes_gzip(&asked(&[(header::ACCEPT_ENCODING, wish)]));
        for wish in ["gzip", "br, gzip;q=0.5", "*", "deflate, *;q=0.1", "x-gzip"] {
            assert!(takes(wish), "{wish}");
        }
        for wish in ["", "br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "identity", "gzip;q=lots"] {
            assert!(!takes(wish), "{wish}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
