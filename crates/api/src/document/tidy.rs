//! What is put right in the derived document.

use serde_json::{Map, Number, Value, json};

/// The version of OpenAPI whose rules the document follows; poem-openapi writes the first of its line.
const OPENAPI: &str = "3.0.3";

/// What describes a value without restricting it: beside `allOf` it needs no member of its own.
const ANNOTATIONS: &[&str] = &["description", "title", "default", "deprecated", "example", "nullable"];

pub(super) fn tidy(document: &mut Value) {
    if let Some(version) = document.get_mut("openapi") {
        *version = Value::from(OPENAPI);
    }
    walk(document);
    share_headers(document);
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

fn walk(value: &mut Value) {
    match value {
        Value::Object(object) => {
            untype_union(object);
            merge_annotations(object);
            object.values_mut().for_each(walk);
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Number(number) => make_whole(number),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
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

/// Bounds are kept as floats, and `200.0` is no bound for an integer in some generators' eyes.
fn make_whole(number: &mut Number) {
    if let Some(float) = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0) {
        *number = Number::from(float as i64);
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
        let mut document = json!({
            "paths": {"/v1/me": {"get": {"responses": {"200": {"headers": {"X": header}}, "204": {}}}}},
            "components": {},
        });
        tidy(&mut document);
        assert_eq!(document["components"]["headers"]["X"], header);
        let reference = &document["paths"]["/v1/me"]["get"]["responses"]["200"]["headers"]["X"]["$ref"];
        assert_eq!(reference, "#/components/headers/X");
    }

    #[test]
    fn a_whole_bound_is_an_integer() {
        check(
            json!({"maximum": 9_007_199_254_740_991.0_f64}),
            &json!({"maximum": 9_007_199_254_740_991_i64}),
        );
        check(json!({"maximum": 0.5}), &json!({"maximum": 0.5}));
    }
}
