//! The document as YAML 1.2: blocks for objects and lists, JSON's own notation for everything in them, which YAML
//! reads as it is.

use serde_json::Value;

pub(super) fn write(document: &Value) -> String {
    let mut text = String::new();
    block(&mut text, document, 0);
    text
}

fn block(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                line(text, depth, &key_of(key), value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                line(text, depth, "-", item);
            }
        }
        flat => {
            indent(text, depth);
            text.push_str(&flat.to_string());
            text.push('\n');
        }
    }
}

fn line(text: &mut String, depth: usize, lead: &str, value: &Value) {
    indent(text, depth);
    text.push_str(lead);
    let nested = matches!(value, Value::Object(object) if !object.is_empty())
        || matches!(value, Value::Array(items) if !items.is_empty());
    if nested {
        text.push('\n');
        block(text, value, depth + 1);
    } else {
        text.push(' ');
        text.push_str(&value.to_string());
        text.push('\n');
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// A plain word stands as it is; whatever else could mean something (`200`, `/v1`, `yes`) is quoted.
fn key_of(key: &str) -> String {
    let plain = key.len() > 3 && key.bytes().all(|byte| byte.is_ascii_alphabetic());
    if plain && !["true", "false", "null"].contains(&key) {
        format!("{key}:")
    } else {
        format!("{}:", Value::from(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_written_in_blocks() {
        let document = json!({"info": {"title": "a: \"b\"\n"}, "paths": {"/v1": {"200": [1, {"x": null}, {}]}}, "tags": []});
        let expected = "info:\n  title: \"a: \\\"b\\\"\\n\"\npaths:\n  \"/v1\":\n    \"200\":\n      - 1\n      -\n        \"x\": null\n      - {}\ntags: []\n";
        assert_eq!(write(&document), expected);
    }
}
