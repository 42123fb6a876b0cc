//! What of an answer is not as expected, in words that help.

use serde_json::Value;

use super::matching::differences;

/// What is not as expected; an error that nobody expected is one of it.
pub(super) fn judged(expected: &Value, actual: &Value) -> Vec<String> {
    let names = |key: &str| expected.get(key).is_some();
    let wants_an_error = matches!(verdict(expected), Some("error" | "failure"))
        || names("error")
        || names("failure")
        || names("refused");
    // That the verdict is another one, and lacks each field that was named, says less than the error itself.
    match unexpected(actual) {
        Some(error) if !wants_an_error => vec![error],
        _ => differences(expected, actual),
    }
}

/// What goes wrong without being expected.
pub(crate) fn unexpected(actual: &Value) -> Option<String> {
    let told = |key: &str| actual.get(key).and_then(Value::as_str);
    if let Some(failure) = told("failure") {
        let message = told("message").unwrap_or_default();
        return Some(format!("the call failed ({failure}): {message}"));
    }
    if let Some(error) = told("error") {
        return Some(format!("the call ended with an error: {error}{}", hint(error)));
    }
    told("refused").map(|why| format!("refused: {why}"))
}

/// What to do about it, where that is known.
fn hint(error: &str) -> &'static str {
    if error.contains("denied: ") {
        "\nplugin.toml must ask for it under [capabilities], and a case that has `grants` must name it there; filters and \
         gates may have `kv` and `directory` alone"
    } else {
        ""
    }
}

/// The verdict that is expected: the short form is the word alone.
fn verdict(expected: &Value) -> Option<&str> {
    expected.as_str().or_else(|| expected["verdict"].as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_that_nobody_expected_is_told_in_its_own_words() {
        let actual = json!({"verdict": "error", "error": "HostError: denied: kv"});
        let found = judged(&json!({"verdict": "reject", "code": "word"}), &actual);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("HostError: denied: kv") && found[0].contains("[capabilities]"),
            "{found:?}"
        );
        assert_eq!(judged(&json!("error"), &actual), Vec::<String>::new());
        assert_eq!(judged(&json!({"error": "HostError: denied: kv"}), &actual), Vec::<String>::new());
    }

    #[test]
    fn a_call_that_failed_says_how() {
        let actual = json!({"verdict": "failure", "failure": "trap", "message": "unreachable"});
        assert_eq!(judged(&json!("allow"), &actual), ["the call failed (trap): unreachable"]);
        assert_eq!(judged(&json!({"failure": "trap"}), &actual), Vec::<String>::new());
    }

    #[test]
    fn a_bot_that_fails_is_told_whatever_was_expected_of_what_it_sent() {
        let actual = json!({"sent": [], "error": "no tea"});
        assert_eq!(judged(&json!({"sent": [{}]}), &actual), ["the call ended with an error: no tea"]);
        assert_eq!(judged(&json!({"sent": []}), &json!({"sent": []})), Vec::<String>::new());
        assert_eq!(judged(&json!({}), &json!({"refused": "how many?"})), ["refused: how many?"]);
    }
}
