//! A request's id: the client's, where it is fit for a log line, else a new one.

use poem::http::HeaderMap;
use uuid::Uuid;

/// Enough for a UUID, a trace id or an id of a proxy; more would only fill the log.
const MAX_LENGTH: usize = 128;

pub(super) fn of(headers: &HeaderMap) -> String {
    headers
        .get(super::X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| is_fit(id))
        .map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

fn is_fit(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_LENGTH
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_over_only_where_it_is_fit_for_a_log_line() {
        assert!(is_fit("0199aa00-0000-7000-8000-000000000001"));
        assert!(is_fit("req_1.2:3"));
        assert!(!is_fit(""));
        assert!(!is_fit("a b"));
        assert!(!is_fit("a\"b"));
        assert!(is_fit(&"a".repeat(MAX_LENGTH)));
        assert!(!is_fit(&"a".repeat(MAX_LENGTH + 1)));
    }
}
