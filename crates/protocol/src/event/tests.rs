use super::*;

#[test]
fn a_message_leaves_out_what_is_empty() {
    let message = Message {
        id: MessageId::from_uuid(uuid::Uuid::nil()),
        client_id: None,
        room: RoomId::from_uuid(uuid::Uuid::nil()),
        seq: Seq::new(7).unwrap(),
        sender: Sender {
            id: UserId::from_uuid(uuid::Uuid::nil()),
            name: "小明".into(),
            avatar: None,
            is_bot: false,
            is_guest: false,
        },
        kind: crate::Kind::Text,
        content: Some(Content::Text("你好".into())),
        text: None,
        reply_to: None,
        mentions: Vec::new(),
        reactions: Vec::new(),
        at: Timestamp::from_millis(0),
        edited_at: None,
        recalled_at: None,
        replaced: None,
        cut: false,
    };
    let nil = "00000000-0000-0000-0000-000000000000";
    assert_eq!(
        ServerEvent::Msg(message).to_json(),
        format!(
            r#"{{"type":"msg","id":"{nil}","room":"{nil}","seq":7,"sender":{{"id":"{nil}","name":"小明"}},"kind":"text","content":"你好","at":"1970-01-01T00:00:00.000Z"}}"#
        )
    );
}

#[test]
fn a_held_ack_has_no_place_and_a_replaced_one_says_what_it_is_now() {
    let mut ack = Ack {
        id: ClientId::new("c").ok(),
        message: MessageId::from_uuid(uuid::Uuid::nil()),
        state: AckState::Held,
        seq: None,
        at: Timestamp::from_millis(0),
        replaced: None,
    };
    let nil = "00000000-0000-0000-0000-000000000000";
    let at = "1970-01-01T00:00:00.000Z";
    let held = format!(r#"{{"type":"ack","id":"c","message":"{nil}","state":"held","at":"{at}"}}"#);
    assert_eq!(ServerEvent::Ack(ack.clone()).to_json(), held);
    ack.replaced = Some(Box::new(Replaced {
        by: "Guard".to_owned(),
        note: None,
        kind: crate::Kind::Text,
        content: Content::Text("kind".to_owned()),
        text: None,
    }));
    let json = ServerEvent::Ack(ack).to_json();
    assert!(json.ends_with(r#""replaced":{"by":"Guard","kind":"text","content":"kind"}}"#), "{json}");
    // Hardly any ack has it: it must not make all of them long.
    assert!(size_of::<Ack>() <= 72, "{}", size_of::<Ack>());
}

#[test]
fn an_ack_of_a_tutorials_message_has_a_null_id() {
    let ack = Ack {
        id: None,
        message: MessageId::from_uuid(uuid::Uuid::nil()),
        state: AckState::Sent,
        seq: Seq::new(1),
        at: Timestamp::from_millis(0),
        replaced: None,
    };
    assert!(ServerEvent::Ack(ack).to_json().starts_with(r#"{"type":"ack","id":null,"#));
}
