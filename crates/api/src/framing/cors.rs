//! Cross-origin requests (Fetch standard, *CORS protocol*): which web pages may read the answers.
//!
//! poem's own middleware refuses a request whose origin is not listed; that would refuse the page that the server
//! itself serves, because a browser names the origin of a same-origin POST too. Here an unlisted origin just gets no
//! permission, and the browser does the refusing.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str =
    "Authorization, Content-Type, Accept-Language, Idempotency-Key, X-Request-Id, X-Api-Key";
const EXPOSED_HEADERS: &str = "X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Allow";
/// How long a browser may remember a permission; Chromium caps it at two hours.
const MAX_AGE_S: u16 = 7_200;

/// The origins whose pages may read the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every page. Nothing here goes by cookies, so a page gains only what its script holds a token for.
    Any,
    /// These, such as `https://chat.example.com`.
    Listed(Vec<String>),
}

impl Origins {
    /// From the configuration's list, in which `*` stands for every page.
    #[must_use]
    pub fn from_list(origins: &[String]) -> Self {
        if origins.iter().any(|origin| origin == "*") { Self::Any } else { Self::Listed(origins.to_vec()) }
    }

    fn permit(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(origins) => origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes()),
        }
    }
}

/// Gives the pages of some origins permission to read the answers.
#[derive(Clone, Debug)]
pub struct Cors(Arc<Origins>);

impl Cors {
    /// Gives the pages of `origins` permission.
    #[must_use]
    pub fn new(origins: Origins) -> Self {
        Self(Arc::new(origins))
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, inner: E) -> CorsEndpoint<E> {
        CorsEndpoint { inner, origins: Arc::clone(&self.0) }
    }
}

/// What [`Cors`] makes of an endpoint.
pub struct CorsEndpoint<E> {
    inner: E,
    origins: Arc<Origins>,
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let origin = request.headers().get(header::ORIGIN);
        let Some(origin) = origin.filter(|origin| self.origins.permit(origin)).cloned() else {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        };
        let mut response = if is_preflight(&request) {
            permission_to_ask()
        } else {
            self.inner
                .call(request)
                .await
                .map_or_else(poem::Error::into_response, IntoResponse::into_response)
        };
        allow(response.headers_mut(), origin);
        Ok(response)
    }
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn permission_to_ask() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS)
        .header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S)
        .finish()
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::EndpointExt;
    use poem::endpoint::make_sync;

    fn request(method: Method, origin: &str) -> Request {
        Request::builder()
            .method(method)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .finish()
    }

    async fn ask(method: Method, origin: &str) -> Response {
        let page = "https://chat.example.com".to_owned();
        let cors = Cors::new(Origins::from_list(&[page]));
        make_sync(|_| "content").with(cors).call(request(method, origin)).await.unwrap()
    }

    #[tokio::test]
    async fn a_listed_page_may_read_the_answer() {
        let response = ask(Method::GET, "https://chat.example.com").await;
        assert_eq!(response.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), Some("https://chat.example.com"));
        assert_eq!(response.into_body().into_string().await.unwrap(), "content");
    }

    #[tokio::test]
    async fn a_listed_page_may_ask_first() {
        let response = ask(Method::OPTIONS, "https://chat.example.com").await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert!(response.header(header::ACCESS_CONTROL_ALLOW_HEADERS).unwrap().contains("Idempotency-Key"));
    }

    #[tokio::test]
    async fn an_unlisted_page_is_served_but_gets_no_permission() {
        let response = ask(Method::GET, "https://evil.example.com").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), None);
    }

    #[test]
    fn a_star_permits_every_page() {
        assert_eq!(Origins::from_list(&["*".to_owned()]), Origins::Any);
    }
}
