//! Schemas of the subset, and others; configurations that fit, and others.

use serde_json::json;

use super::*;

const SCHEMA: &str = r#"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["mode", "room"],
    "additionalProperties": false,
    "properties": {
        "mode": {"type": "string", "title": "Mode", "enum": ["off", "strict"], "default": "strict"},
        "words": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 8}, "maxItems": 3, "uniqueItems": true, "default": ["tea"]},
        "limit": {"type": "integer", "minimum": 1, "maximum": 10, "default": 5},
        "ratio": {"type": "number", "minimum": 0, "maximum": 1},
        "loud": {"type": "boolean", "default": false},
        "colour": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
        "room": {"type": "string", "format": "room"},
        "greeting": {
            "type": "object",
            "title": "Greeting",
            "required": ["text"],
            "properties": {
                "text": {"type": "string", "format": "multiline", "default": "Hello"},
                "delay": {"type": "integer", "minimum": 0}
            }
        }
    }
}"#;

fn schema() -> Schema {
    Schema::parse(SCHEMA).unwrap()
}

fn good() -> Value {
    json!({"mode": "off", "room": "0192f0c1-2345-7abc-8def-0123456789ab", "greeting": {"text": "Hi\nthere"}})
}

#[test]
fn fields_keep_the_order_of_the_file() {
    let schema = schema();
    let names: Vec<_> = schema.fields().iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["mode", "words", "limit", "ratio", "loud", "colour", "room", "greeting"]);
    assert_eq!(schema.fields()[7].inner()[0].name, "text");
    assert!(schema.fields()[0].required && !schema.fields()[1].required);
}

#[test]
fn defaults_fill_what_is_left_out() {
    assert_eq!(
        schema().defaults(),
        json!({"mode": "strict", "words": ["tea"], "limit": 5, "loud": false, "greeting": {"text": "Hello"}})
    );
    let complete = schema().complete(&good());
    assert_eq!(complete["greeting"], json!({"text": "Hi\nthere"}));
    assert_eq!((&complete["limit"], &complete["mode"]), (&json!(5), &json!("off")));
    assert_eq!(Schema::empty().defaults(), json!({}));
}

#[test]
fn what_fits_has_no_problems() {
    assert_eq!(schema().validate(&good()), []);
    assert_eq!(schema().validate(&schema().complete(&good())), []);
    assert_eq!(Schema::empty().validate(&json!({})), []);
}

/// `field` is the only problem once `value` stands in `key`.
#[track_caller]
fn wrong(key: &str, value: Value, field: &str) {
    let mut config = good();
    config[key] = value;
    let problems = schema().validate(&config);
    assert_eq!(
        problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(),
        [field],
        "{problems:?}"
    );
}

#[test]
fn what_does_not_fit_is_told_with_its_field() {
    wrong("mode", json!("loud"), "mode");
    wrong("mode", json!(1), "mode");
    wrong("words", json!(["a", 1]), "words[1]");
    wrong("words", json!(["a", "much too long"]), "words[1]");
    wrong("words", json!(["a", "a"]), "words");
    wrong("words", json!(["a", "b", "c", "d"]), "words");
    wrong("words", json!("a"), "words");
    wrong("limit", json!(0), "limit");
    wrong("limit", json!(11), "limit");
    wrong("limit", json!(2.5), "limit");
    wrong("limit", json!(1e300), "limit");
    wrong("ratio", json!(1.01), "ratio");
    wrong("loud", json!("yes"), "loud");
    wrong("colour", json!("red"), "colour");
    wrong("colour", json!("#00ff0"), "colour");
    wrong("room", json!("lobby"), "room");
    wrong("greeting", json!({}), "greeting.text");
    wrong("greeting", json!({"text": "a", "delay": -1}), "greeting.delay");
    wrong("greeting", json!({"text": "a", "more": -1}), "greeting.more");
    wrong("greeting", json!([]), "greeting");
    wrong("unknown", json!(1), "unknown");
}

#[test]
fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
    let mut config = good();
    config["limit"] = json!(3.0);
    assert_eq!(schema().validate(&config), []);
}

#[test]
fn what_is_no_object_is_one_problem() {
    for other in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(schema().validate(&other).len(), 1);
    }
    assert_eq!(schema().validate(&json!({})).len(), 2);
    let large = json!({"mode": "x".repeat(Schema::MAX_CONFIG_BYTES)});
    assert_eq!(schema().validate(&large)[0].field, "");
}

/// A schema with one property `a` is refused, for `field`.
#[track_caller]
fn refused(property: &str, field: &str) {
    let text = format!(r#"{{"type":"object","properties":{{"a":{property}}}}}"#);
    let problems = Schema::parse(&text).unwrap_err();
    let fields: Vec<_> = problems.as_slice().iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, [field], "{problems}");
}

#[test]
fn what_is_outside_the_subset_is_refused() {
    refused(r#"{"type":"string","format":"email"}"#, "properties.a.format");
    refused(r#"{"type":"string","minimum":1}"#, "properties.a.minimum");
    refused(r#"{"$ref":"x","type":"string"}"#, "properties.a.$ref");
    refused(r#"{"anyOf":[]}"#, "properties.a.type");
    refused(r#"{"type":["string","null"]}"#, "properties.a.type");
    refused(r#"{"type":"null"}"#, "properties.a.type");
    refused(r#"{"type":"array","items":{"type":"integer"}}"#, "properties.a.items.type");
    refused(r#"{"type":"array"}"#, "properties.a.items");
    refused(
        r#"{"type":"object","properties":{"b":{"type":"object","properties":{}}}}"#,
        "properties.a.properties.b.type",
    );
    refused(
        r#"{"type":"object","properties":{},"additionalProperties":true}"#,
        "properties.a.additionalProperties",
    );
    refused(r#"{"type":"object","properties":{},"required":["b"]}"#, "properties.a.required");
    refused(r#"{"type":"string","pattern":"("}"#, "properties.a.pattern");
    refused(r#"{"type":"string","pattern":"(a{1000}){1000}"}"#, "properties.a.pattern");
    refused(r#"{"type":"string","enum":[]}"#, "properties.a.enum");
    refused(r#"{"type":"string","maxLength":-1}"#, "properties.a.maxLength");
    refused(r#"{"type":"integer","minimum":2,"maximum":1}"#, "properties.a");
    refused(r#"{"type":"integer","default":"1"}"#, "properties.a.default");
    refused(r#"{"type":"string","enum":["b"],"default":"c"}"#, "properties.a.default");
    refused("true", "properties.a");
}

#[test]
fn a_schema_as_a_whole_has_its_limits_too() {
    for bad in ["", "[]", "{", r#"{"type":"object"}"#, r#"{"type":"array","properties":{}}"#] {
        assert!(Schema::parse(bad).is_err(), "{bad}");
    }
    let twice = r#"{"type":"object","properties":{"a":{"type":"string"},"a":{"type":"string"}}}"#;
    assert!(Schema::parse(twice).unwrap_err().to_string().contains("occurs twice"));
    let fields = |count: usize| {
        let fields: Vec<_> = (0..count).map(|n| format!(r#""f{n}":{{"type":"boolean"}}"#)).collect();
        Schema::parse(&format!(r#"{{"type":"object","properties":{{{}}}}}"#, fields.join(",")))
    };
    assert!(fields(Schema::MAX_FIELDS).is_ok() && fields(Schema::MAX_FIELDS + 1).is_err());
    assert!(Schema::parse(&"[".repeat(Schema::MAX_BYTES)).is_err());
    assert!(Schema::parse(&" ".repeat(Schema::MAX_BYTES + 1)).is_err());
    let name = r#"{"type":"object","properties":{"a.b":{"type":"string"}}}"#;
    assert!(Schema::parse(name).is_err());
}
