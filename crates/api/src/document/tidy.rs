//! What is put right in the derived document.

use serde_json::{Map, Value, json};

/// The version of OpenAPI whose rules the document follows; poem-openapi writes the first of its line.
const OPENAPI: &str = "3.0.3";

/// The groups of operations, in reading order.
const TAGS: [&str; 7] = ["Sign-in", "People", "Rooms", "Members", "Messages", "Order", "Plugins"];

/// What describes a value without restricting it: beside `allOf` it needs no member of its own.
const ANNOTATIONS: &[&str] = &["description", "title", "default", "deprecated", "example", "nullable"];

/// The derived document as a value, put right.
pub(super) fn tidy(derived: &str) -> Value {
    let mut document: Value = serde_json::from_str(&whole_bounds(derived)).unwrap_or_default();
    if let Some(version) = document.get_mut("openapi") {
        *version = Value::from(OPENAPI);
    }
    walk(&mut document);
    share_headers(&mut document);
    order_tags(&mut document);
    document
}

/// As a reader wants them: derived, they are sorted by name.
fn order_tags(document: &mut Value) {
    let place = |tag: &Value| TAGS.iter().position(|name| tag["name"] == *name);
    if let Some(Value::Array(tags)) = document.get_mut("tags") {
        tags.sort_by_key(place);
    }
}

/// Bounds are derived as floats. `200.0` is no bound of an integer in some generators' eyes, and what is near 2^53
/// would be rounded when it is read, so that this is done to the text.
fn whole_bounds(derived: &str) -> String {
    let whole = |line: &str| {
        let is_bound =
            ["\"maximum\": ", "\"minimum\": "].iter().any(|word| line.trim_start().starts_with(word));
        if is_bound { line.replacen(".0", "", 1) } else { line.to_owned() }
    };
    derived.lines().map(whole).collect::<Vec<_>>().join("\n")
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(object) => {
            untype_union(object);
            merge_annotations(object);
            name_format(object);
            describe_scalar(object);
            leave_out_defaults(object);
            object.values_mut().for_each(walk);
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Every answer carries the same headers: they are described once, and referred to.
fn share_headers(document: &mut Value) {
    let mut shared = Map::new();
    let operations = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for operation in operations {
        let responses = operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut);
        for (name, header) in
            responses.filter_map(|response| response["headers"].as_object_mut()).flat_map(Map::iter_mut)
        {
            let reference = json!({ "$ref": format!("#/components/headers/{name}") });
            shared.insert(name.clone(), std::mem::replace(header, reference));
        }
    }
    document["components"]["headers"] = Value::Object(shared);
}

/// A union is declared an object whatever its members are; a message's content may be a string.
fn untype_union(object: &mut Map<String, Value>) {
    if object.contains_key("anyOf") || object.contains_key("oneOf") {
        object.remove("type");
    }
}

/// A described reference becomes `allOf` of the reference and of its description, which generators take for a type
/// of its own. The description stands beside `allOf` as well, so the member can go.
fn merge_annotations(object: &mut Map<String, Value>) {
    if let Some(Value::Array(members)) = object.get_mut("allOf") {
        members.retain(|member| !is_annotation(member));
    }
}

fn is_annotation(member: &Value) -> bool {
    member.as_object().is_some_and(|it| it.keys().all(|key| ANNOTATIONS.contains(&key.as_str())))
}

/// OpenAPI knows signed integers alone; an unsigned one is a wider signed one from 0 on.
fn name_format(object: &mut Map<String, Value>) {
    let format = match object.get("format").and_then(Value::as_str) {
        Some("uint8" | "uint16") => "int32",
        Some("uint32" | "uint64") => "int64",
        _ => return,
    };
    object.insert("format".to_owned(), format.into());
    object.entry("minimum").or_insert(0.into());
}

/// A title is what generators call a type; on a string or a number it is a description.
fn describe_scalar(object: &mut Map<String, Value>) {
    let is_scalar = object.get("type").is_some_and(|kind| kind == "string" || kind == "integer");
    if is_scalar && let Some(title) = object.remove("title") {
        object.entry("description").or_insert(title);
    }
}

/// What OpenAPI takes for granted.
fn leave_out_defaults(object: &mut Map<String, Value>) {
    if object.get("deprecated") == Some(&Value::Bool(false)) {
        object.remove("deprecated");
    }
    if object.contains_key("in") {
        object.remove("explode");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mut derived: Value, expected: &Value) {
        walk(&mut derived);
        assert_eq!(&derived, expected);
    }

    #[test]
    fn a_union_is_not_only_an_object() {
        let string = json!({"type": "string"});
        check(json!({"type": "object", "anyOf": [string]}), &json!({"anyOf": [string]}));
    }

    #[test]
    fn a_described_reference_stays_one_reference() {
        let reference = json!({"$ref": "#/x"});
        check(
            json!({"allOf": [reference, {"description": "d"}], "description": "d"}),
            &json!({"allOf": [reference], "description": "d"}),
        );
    }

    #[test]
    fn a_header_is_described_once() {
        let header = json!({"schema": {"type": "string"}});
        let derived = json!({
            "paths": {"/v1/me": {"get": {"responses": {"200": {"headers": {"X": header}}, "204": {}}}}},
            "components": {},
        });
        let document = tidy(&derived.to_string());
        assert_eq!(document["components"]["headers"]["X"], header);
        let reference = &document["paths"]["/v1/me"]["get"]["responses"]["200"]["headers"]["X"]["$ref"];
        assert_eq!(reference, "#/components/headers/X");
    }

    #[test]
    fn a_bound_is_whole_and_exact() {
        let derived = "{\n  \"maximum\": 9007199254740991.0,\n  \"minimum\": -90.5\n}";
        let bounds: Value = serde_json::from_str(&whole_bounds(derived)).unwrap();
        assert_eq!(bounds, json!({"maximum": 9_007_199_254_740_991_i64, "minimum": -90.5}));
    }

    #[test]
    fn an_unsigned_integer_is_a_signed_one_from_0_on() {
        check(
            json!({"type": "integer", "format": "uint32"}),
            &json!({"type": "integer", "format": "int64", "minimum": 0}),
        );
    }

    #[test]
    fn a_scalars_title_is_its_description() {
        check(json!({"type": "string", "title": "t"}), &json!({"type": "string", "description": "t"}));
        check(json!({"type": "object", "title": "T"}), &json!({"type": "object", "title": "T"}));
    }
}
