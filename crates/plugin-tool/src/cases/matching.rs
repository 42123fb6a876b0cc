//! Whether what came is what was expected: fields that are named must be equal, others may be anything.

use serde_json::Value;

/// What differs, each with its place; empty when `actual` has all that is `expected`. A text alone is the verdict.
pub(super) fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match expected {
        Value::String(_) => compare("verdict", expected, &actual["verdict"], &mut found),
        _ => compare("", expected, actual, &mut found),
    }
    found
}

fn compare(place: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(has)) => {
            for (key, wanted) in wanted {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                compare(&place, wanted, has.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(wanted), Value::Array(has)) if wanted.len() == has.len() => {
            for (index, (wanted, has)) in wanted.iter().zip(has).enumerate() {
                compare(&format!("{place}[{index}]"), wanted, has, found);
            }
        }
        (Value::Array(wanted), Value::Array(has)) => {
            let (wanted, count) = (wanted.len(), has.len());
            found.push(format!("{place}: expected {wanted}, got {count}: {actual}"));
        }
        (Value::Number(wanted), Value::Number(has)) if wanted.as_f64() == has.as_f64() => {}
        (wanted, has) if wanted == has => {}
        (wanted, has) => found.push(format!("{place}: expected {wanted}, got {has}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(expected: &Value, actual: &Value, differs: &[&str]) {
        let found = differences(expected, actual);
        let places: Vec<_> = found.iter().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(places, differs, "{found:?}");
    }

    #[test]
    fn named_fields_must_be_equal_and_others_may_be_anything() {
        let actual = json!({"verdict": "reject", "code": "spam", "n": 1});
        check(&json!("reject"), &actual, &[]);
        check(&json!("allow"), &actual, &["verdict"]);
        check(&json!({"code": "spam", "n": 1.0}), &actual, &[]);
        check(&json!({"code": "ham", "other": 1}), &actual, &["code", "other"]);
        check(&json!({"other": null}), &actual, &[]);
    }

    #[test]
    fn lists_have_the_same_length_and_match_one_by_one() {
        let actual =
            json!({"sent": [{"kind": "card", "buttons": [[{"id": "a", "label": "A"}]]}, {"kind": "text"}]});
        check(&json!({"sent": [{"buttons": [[{"id": "a"}]]}, {}]}), &actual, &[]);
        check(&json!({"sent": [{"kind": "card"}]}), &actual, &["sent"]);
        check(
            &json!({"sent": [{"buttons": [[{"id": "b"}]]}, {"kind": "card"}]}),
            &actual,
            &["sent[0].buttons[0][0].id", "sent[1].kind"],
        );
    }
}
