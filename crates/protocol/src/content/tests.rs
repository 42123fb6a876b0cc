use super::*;

#[track_caller]
fn refused(kind: Kind, json: &str, field: &str) {
    let error = Content::from_json(kind, json).expect_err(json);
    assert_eq!(error.field, field, "{error}");
}

#[test]
fn text_must_be_a_string_that_says_something() {
    refused(Kind::Text, "5", "content");
    refused(Kind::Text, "{}", "content");
    refused(Kind::Text, "\"  \"", "content");
    refused(Kind::Text, "\"a\\u0000b\"", "content");
}

#[test]
fn text_has_at_most_its_limit_of_characters() {
    let at = serde_json::to_string(&"茶".repeat(MAX_TEXT_CHARS)).unwrap();
    let past = serde_json::to_string(&"茶".repeat(MAX_TEXT_CHARS + 1)).unwrap();
    assert!(Content::from_json(Kind::Text, &at).is_ok());
    refused(Kind::Text, &past, "content");
}

#[test]
fn an_address_never_runs_anything() {
    refused(Kind::Image, r#"{"url":"javascript:alert(1)"}"#, "content.url");
    refused(Kind::Link, r#"{"url":"data:text/html,x"}"#, "content.url");
    refused(Kind::Image, "{}", "content.url");
    assert!(Content::from_json(Kind::Image, r#"{"url":"https://example.com/a.png"}"#).is_ok());
}

#[test]
fn a_place_is_on_earth() {
    refused(Kind::Location, r#"{"latitude":91,"longitude":0}"#, "content.latitude");
    refused(Kind::Location, r#"{"latitude":0,"longitude":181}"#, "content.longitude");
}

#[test]
fn an_unknown_field_is_an_error() {
    refused(Kind::Image, r#"{"url":"https://example.com/a.png","evil":1}"#, "content");
}

#[test]
fn a_buttons_value_has_at_most_a_kibibyte() {
    let card = |value: &str| {
        format!(
            r#"{{"title":"t","buttons":[{{"id":"a","label":"b","style":"danger","value":"{value}","row":2}}]}}"#
        )
    };
    assert!(Content::from_json(Kind::Card, &card(&"x".repeat(1024))).is_ok());
    refused(Kind::Card, &card(&"x".repeat(1025)), "content.buttons.value");
    refused(Kind::Card, r#"{"title":"t","buttons":[{"id":"a","label":"b","style":"neon"}]}"#, "content");
}

#[test]
fn what_is_stored_is_read_again() {
    for (kind, json) in [
        (Kind::Text, r#""{\"a\":1}""#),
        (Kind::Card, r#"{"title":"问题","buttons":[{"id":"a","label":"是"}]}"#),
        (
            Kind::Card,
            r#"{"title":"t","buttons":[{"id":"a","label":"b","style":"primary","value":"1","row":0}]}"#,
        ),
        (Kind::File, r#"{"url":"https://example.com/a.pdf","name":"a.pdf","size_bytes":12}"#),
    ] {
        let content = Content::from_json(kind, json).unwrap();
        assert_eq!(content.kind(), kind);
        assert_eq!(Content::from_stored(kind, content.to_stored()), Some(content));
        assert_eq!(Kind::from_number(kind.number()), Some(kind));
        assert_eq!(Kind::from_word(kind.as_str()), Some(kind));
    }
}

/// Whoever makes room for the largest content makes room for this one: each text as long as it may be, of characters that JSON
/// writes in six bytes.
#[test]
fn no_content_is_larger_than_the_largest() {
    let text = "\u{1}".repeat(MAX_TEXT_CHARS);
    let button = || Button {
        id: text.replace('\u{1}', "\u{2}").replacen('\u{2}', "a", 1),
        label: text.replacen('\u{1}', "a", 1),
        style: Some(ButtonStyle::Default),
        value: Some("\u{1}".repeat(MAX_BUTTON_VALUE_BYTES)),
        row: Some(255),
    };
    let url = format!("https://{}", "\\".repeat(MAX_TEXT_CHARS - 8));
    let card = Content::Card(CardContent {
        title: text.replacen('\u{1}', "a", 1),
        text: Some(text.clone()),
        image_url: Some(url),
        buttons: Some((0..MAX_BUTTONS).map(|_| button()).collect()),
    });
    card.check().expect("every text is within its limit");
    let bytes = card.to_stored().len();
    assert!(bytes > Content::MAX_JSON_BYTES * 9 / 10 && bytes <= Content::MAX_JSON_BYTES, "{bytes}");
}
