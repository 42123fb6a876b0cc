//! Answers from outside that a case has ready.

use serde::Deserialize;
use serde_json::{Value, json};
use teahouse_plugin_host::wit::{Error, HttpRequest, HttpResponse};
use teahouse_plugin_package::{HostPattern, Terms};

/// What a host outside answers. Nothing leaves the machine: a request without an answer is `unavailable`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpAnswer {
    /// Which requests it answers: URLs that begin so.
    url: String,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// A text, or JSON.
    #[serde(default)]
    body: Value,
}

fn ok() -> u16 {
    200
}

/// The first of `answers` that fits, if the terms have the request's host and method.
pub(super) fn answer(
    answers: &[HttpAnswer],
    terms: &Terms,
    request: &HttpRequest,
) -> Result<HttpResponse, Error> {
    if !permits(terms, request) {
        return Err(Error::Denied("http".into()));
    }
    let found = answers.iter().find(|answer| request.url.starts_with(&answer.url));
    let found =
        found.ok_or_else(|| Error::Unavailable(format!("the case has no answer for {}", request.url)))?;
    let body = match &found.body {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        json => json.to_string().into_bytes(),
    };
    Ok(HttpResponse { status: found.status, headers: found.headers.clone(), body })
}

fn permits(terms: &Terms, request: &HttpRequest) -> bool {
    let Terms::Http { hosts, methods } = terms else { return false };
    let after = request.url.find("://").map_or(0, |at| at + 3);
    let end = request.url[after..].find(['/', '?', '#']).map_or(request.url.len(), |at| after + at);
    let Ok(origin) = request.url[..end].parse::<HostPattern>() else { return false };
    let by_method = methods.iter().any(|method| method.as_str() == request.method);
    by_method && !origin.is_below() && hosts.iter().any(|host| host.covers(&origin))
}

/// A request as cases see it.
pub(super) fn shown(request: &HttpRequest) -> Value {
    let body = String::from_utf8_lossy(&request.body);
    let body = serde_json::from_str::<Value>(&body).unwrap_or_else(|_| body.into());
    json!({"method": request.method, "url": request.url, "body": body, "secret": request.secret})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(url: &str, method: &str) -> Result<u16, Error> {
        let terms: Terms = serde_json::from_value(json!({
            "capability": "http", "hosts": ["https://*.example.org"], "methods": ["POST"]
        }))
        .unwrap();
        let ready: Vec<HttpAnswer> =
            serde_json::from_value(json!([{"url": "https://api.example.org/judge", "status": 201}])).unwrap();
        let request = HttpRequest {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            secret: None,
        };
        answer(&ready, &terms, &request).map(|response| response.status)
    }

    #[test]
    fn only_what_was_asked_for_and_is_ready_is_answered() {
        assert_eq!(ask("https://api.example.org/judge?a", "POST").unwrap(), 201);
        assert!(matches!(ask("https://api.example.org/other", "POST"), Err(Error::Unavailable(_))));
        for (url, method) in [
            ("https://api.example.org/judge", "GET"),
            ("https://example.org/judge", "POST"),
            ("http://api.example.org/judge", "POST"),
            ("https://127.0.0.1/", "POST"),
            ("nonsense", "POST"),
        ] {
            assert!(matches!(ask(url, method), Err(Error::Denied(_))), "{url}");
        }
    }
}
