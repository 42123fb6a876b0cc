//! Sends whoever comes by http to the same place by https.

use poem::http::{StatusCode, header};
use poem::{Endpoint, Request, Response};

/// Answers every request with where it should have gone.
pub(crate) struct Redirect {
    /// `https://…`, without a slash at its end.
    base: String,
}

impl Redirect {
    /// To `public_url`: never to what a request calls its host, which is the client's word.
    pub(crate) fn to(public_url: &str) -> Self {
        Self { base: public_url.trim_end_matches('/').to_owned() }
    }
}

impl Endpoint for Redirect {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        Ok(Response::builder()
            // 308: a POST stays a POST.
            .status(StatusCode::PERMANENT_REDIRECT)
            .header(header::LOCATION, format!("{}{path}", self.base))
            .finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_is_sent_to_the_public_address_whatever_its_host_is() {
        let redirect = Redirect::to("https://chat.example.com/");
        let request = Request::builder()
            .uri("/v1/rooms?limit=1".parse().unwrap())
            .header("host", "evil.example")
            .finish();
        let answer = redirect.call(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT);
        assert_eq!(answer.header("location"), Some("https://chat.example.com/v1/rooms?limit=1"));
    }
}
