//! Headers that a browser keeps us safer by, on every answer that does not set its own.

use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use super::page::CONTENT_POLICY;

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
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
        let mut response = self.0.call(request).await?.into_response();
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            guard(&mut response);
        }
        Ok(response)
    }
}

fn guard(response: &mut Response) {
    let headers = response.headers_mut();
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
    async fn what_sets_its_own_policy_keeps_it() {
        let own = make_sync(|_| Response::builder().header("content-security-policy", "sandbox").finish());
        let answer = Guarded(own).call(Request::default()).await.unwrap();
        assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
    }

    #[tokio::test]
    async fn an_upgrade_stays_as_short_as_it_is() {
        assert!(answer("/ws", StatusCode::SWITCHING_PROTOCOLS).await.headers().is_empty());
    }
}
