use super::*;

const ROOM: &str = "0199aa00-0000-7000-8000-000000000001";

#[track_caller]
fn wrong_field(json: &str, field: &str) {
    match ClientFrame::parse(json) {
        Err(FrameError::Field { error, .. }) => assert_eq!(error.field, field, "{error}"),
        other => panic!("{json}: {other:?}"),
    }
}

#[test]
fn the_tutorials_frames_are_understood() {
    assert_eq!(ClientFrame::parse(r#"{"type":"ping"}"#), Ok(ClientFrame::Ping { id: None }));
    let Ok(ClientFrame::Msg(draft)) = ClientFrame::parse(r#"{"type":"msg","content":"hi"}"#) else {
        panic!("a msg");
    };
    assert_eq!(draft.content, Content::Text("hi".to_owned()));
    assert_eq!((draft.client_id, draft.room), (None, None));
}

#[test]
fn unknown_fields_are_ignored_and_unknown_types_named() {
    assert!(ClientFrame::parse(r#"{"type":"ping","later":[1,2]}"#).is_ok());
    assert_eq!(ClientFrame::parse(r#"{"type":"shout"}"#), Err(FrameError::UnknownType("shout".to_owned())));
    assert!(matches!(ClientFrame::parse("{}"), Err(FrameError::UnknownType(_))));
    assert!(matches!(ClientFrame::parse(r#"{"type":5}"#), Err(FrameError::UnknownType(_))));
}

#[test]
fn what_is_no_object_is_bad_json() {
    for text in
        ["", "5", "null", "[]", r#"["ping"]"#, "{", r#"{"type":"ping"} x"#, r#"{"type":"a","type":"b"}"#]
    {
        assert!(matches!(ClientFrame::parse(text), Err(FrameError::BadJson(_))), "{text}");
    }
}

#[test]
fn an_error_names_the_field() {
    wrong_field(r#"{"type":"msg"}"#, "content");
    wrong_field(r#"{"type":"msg","content":5}"#, "content");
    wrong_field(r#"{"type":"msg","content":"a","kind":"smell"}"#, "kind");
    wrong_field(r#"{"type":"msg","content":"a","room":"lobby"}"#, "room");
    wrong_field(r#"{"type":"msg","content":"a","id":5}"#, "id");
    wrong_field(r#"{"type":"msg","content":"a","mentions":"me"}"#, "mentions");
    wrong_field(r#"{"type":"join"}"#, "room");
    wrong_field(&format!(r#"{{"type":"join","room":"{ROOM}","since":-1}}"#), "since");
    wrong_field(&format!(r#"{{"type":"join","room":"{ROOM}","limit":501}}"#), "limit");
    wrong_field(r#"{"type":"listen","rooms":"some"}"#, "rooms");
    wrong_field(&format!(r#"{{"type":"react","message":"{ROOM}","emoji":" "}}"#), "emoji");
}

#[test]
fn an_error_carries_the_frames_id() {
    let Err(FrameError::Field { id, .. }) = ClientFrame::parse(r#"{"type":"msg","id":"c-1"}"#) else {
        panic!("an error");
    };
    assert_eq!(id.unwrap().as_str(), "c-1");
}

#[test]
fn a_join_brings_at_most_what_it_asked_for() {
    let json = format!(r#"{{"type":"join","room":"{ROOM}","since":7,"limit":20}}"#);
    let Ok(ClientFrame::Join(join)) = ClientFrame::parse(&json) else { panic!("a join") };
    assert_eq!((join.since.map(Seq::get), join.limit), (Some(7), 20));
}

#[test]
fn escapes_in_a_type_are_read() {
    assert_eq!(ClientFrame::parse(r#"{"type":"pin\u0067"}"#), Ok(ClientFrame::Ping { id: None }));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        let _ = ClientFrame::parse(&text);
    }

    #[test]
    fn every_text_message_survives(content in "[^\\x00]{0,199}") {
        // Something can be seen of it.
        let content = format!("茶{content}");
        let json = serde_json::json!({"type": "msg", "content": content}).to_string();
        match ClientFrame::parse(&json) {
            Ok(ClientFrame::Msg(draft)) => proptest::prop_assert_eq!(draft.content, Content::Text(content)),
            other => proptest::prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn a_press_names_a_message_and_a_button() {
    let json = format!(r#"{{"type":"press","id":"p-1","message":"{ROOM}","button":"yes"}}"#);
    let Ok(ClientFrame::Press { id, message, button }) = ClientFrame::parse(&json) else { panic!("a press") };
    assert_eq!(id, ClientId::new("p-1").ok());
    assert_eq!((message.to_string().as_str(), button.as_str()), (ROOM, "yes"));
    wrong_field(&format!(r#"{{"type":"press","message":"{ROOM}"}}"#), "button");
    wrong_field(&format!(r#"{{"type":"press","message":"{ROOM}","button":""}}"#), "button");
    wrong_field(r#"{"type":"press","button":"yes"}"#, "message");
}
