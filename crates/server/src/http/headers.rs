//! Headers that a browser keeps us safer by, on every answer that does not set its own.

use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use super::page::CONTENT_POLICY;

/// The interactive documentation is one page with its scripts and styles inside.
const DOCUMENTATION: &str = "/docs";
const DOCUMENTATION_POLICY: &str = "default-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Some addresses hold a token in their query.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// Puts the headers on what `inner` answers.
pub(super) struct Guarded<E>(pub(super) E);

impl<E: Endpoint> Endpoint for Guarded<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let policy = policy_of(request.uri().path());
        let mut response = self.0.call(request).await?.into_response();
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            guard(&mut response, policy);
        }
        Ok(response)
    }
}

fn policy_of(path: &str) -> HeaderValue {
    HeaderValue::from_static(if path == DOCUMENTATION { DOCUMENTATION_POLICY } else { CONTENT_POLICY })
}

fn guard(response: &mut Response, policy: HeaderValue) {
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;

    use super::*;

    async fn answer(path: &str, status: StatusCode) -> Response {
        let endpoint = Guarded(make_sync(move |_| status.into_response()));
        endpoint.call(Request::builder().uri(path.parse().unwrap()).finish()).await.unwrap()
    }

    #[tokio::test]
    async fn a_page_may_load_our_own_files_alone() {
        let answer = answer("/", StatusCode::OK).await;
        assert_eq!(answer.header("content-security-policy"), Some(CONTENT_POLICY));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }

    #[tokio::test]
    async fn the_documentation_may_use_its_inline_script() {
        let answer = answer(DOCUMENTATION, StatusCode::OK).await;
        assert_eq!(answer.header("content-security-policy"), Some(DOCUMENTATION_POLICY));
    }

    #[tokio::test]
    async fn an_upgrade_stays_as_short_as_it_is() {
        assert!(answer("/ws", StatusCode::SWITCHING_PROTOCOLS).await.headers().is_empty());
    }
}
