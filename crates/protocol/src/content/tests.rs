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
/// writes in six bytes where it may hold such, and of four where it is a name.
#[test]
fn no_content_is_larger_than_the_largest() {
    let text = "\u{1}".repeat(MAX_TEXT_CHARS);
    let button = || Button {
        id: text.replace('\u{1}', "\u{2}").replacen('\u{2}', "a", 1),
        label: "𠮷".repeat(MAX_TEXT_CHARS),
        style: Some(ButtonStyle::Default),
        value: Some("\u{1}".repeat(MAX_BUTTON_VALUE_BYTES)),
        row: Some(255),
    };
    let url = format!("https://{}", "\\".repeat(MAX_TEXT_CHARS - 8));
    let card = Content::Card(CardContent {
        title: "𠮷".repeat(MAX_TEXT_CHARS),
        text: Some(text.clone()),
        image_url: Some(url),
        buttons: Some((0..MAX_BUTTONS).map(|_| button()).collect()),
    });
    card.check().expect("every text is within its limit");
    let bytes = card.to_stored().len();
    assert!(bytes > Content::MAX_JSON_BYTES * 8 / 10 && bytes <= Content::MAX_JSON_BYTES, "{bytes}");
}

#[test]
fn a_text_of_which_nothing_shows_is_none() {
    for unseen in ["\u{200b}", "\u{3164} \u{2800}\n", "\u{ad}", "\u{2067}\u{2069}"] {
        assert_eq!(Content::Text(unseen.to_owned()).check().unwrap_err().field, "content", "{unseen:?}");
    }
    // A lesson in Hindi may be about one vowel sign.
    for seen in ["\u{93e}", "\u{202e}abc", "👨\u{200d}👩\u{200d}👧"] {
        assert!(Content::Text(seen.to_owned()).check().is_ok(), "{seen:?}");
    }
}

fn card(title: &str, label: &str) -> Content {
    let button = Button { id: "a".to_owned(), label: label.to_owned(), style: None, value: None, row: None };
    Content::Card(CardContent {
        title: title.to_owned(),
        text: None,
        image_url: None,
        buttons: Some(vec![button]),
    })
}

fn file(name: &str) -> Content {
    let url = Some("https://example.com/a".to_owned());
    Content::File(FileContent { url, media: None, name: name.to_owned(), size_bytes: None })
}

#[test]
fn a_name_within_a_content_keeps_the_rules_of_names() {
    #[track_caller]
    fn check(content: &Content, field: &str) {
        assert_eq!(content.check().unwrap_err().field, field);
        assert_eq!(content.clone().with_tame_names().check(), Ok(()), "{content:?}");
        // Those that were sent before the rule are still there to be read.
        let stored = Content::from_stored(content.kind(), content.to_stored());
        assert_eq!(stored.as_ref(), Some(content));
    }
    for bad in ["\u{202e}gpj.exe", "\u{2067}a", "\u{3164}", "a\u{2028}b", "a\nb"] {
        check(&file(bad), "content.name");
        check(&card(bad, "yes"), "content.title");
        check(&card("Lunch?", bad), "content.buttons.label");
    }
    let url = "https://example.com/a".to_owned();
    let title = Some("\u{202e}x".to_owned());
    check(&Content::Link(LinkContent { url, title, description: None, image_url: None }), "content.title");
    let place =
        LocationContent { latitude: 0.0, longitude: 0.0, name: Some("\u{202e}x".to_owned()), address: None };
    check(&Content::Location(place), "content.name");
    assert!(card("تناول الغداء؟", "👨\u{200d}👩\u{200d}👧").check().is_ok());
    assert!(card("Lunch?", " ").with_tame_names().check().is_err(), "an empty label is its bot's mistake");
}
