//! `docs/protocol.md`: its conversation, frame by frame, and its table of frames.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use teahouse_tests::{Settings, Socket, TestServer, server_test};

use super::{blocks, document, quoted};

/// What `$words` stand for, once they were seen.
type Known = BTreeMap<String, Value>;

#[server_test]
async fn the_conversation_goes_as_it_is_told(server: TestServer) {
    let document = document("protocol.md");
    let conversation = &blocks(&document, "text")[0];
    let token = server.person("ann").await.token;
    let url = server.ws_url(&format!("/ws?token={token}"));
    let mut socket = Socket::open("the document's client", &url, &[]).await.expect("a socket");
    let (mut known, mut sent) = (Known::new(), BTreeSet::new());
    for line in conversation.lines() {
        let (direction, json) = line.split_once(' ').expect("a direction");
        let told: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{line}: {error}"));
        if direction == ">" {
            sent.insert(told["type"].as_str().expect("a type").to_owned());
            socket.frame(filled(&told, &known)).await;
        } else {
            let event = socket.find(line, |event| fits(&told, event, &mut known.clone())).await;
            assert!(fits(&told, &event, &mut known));
        }
    }
    let table = rows(&document, "## Client to server");
    let frames: BTreeSet<String> =
        table.iter().flat_map(|row| quoted(&row[0])).map(ToOwned::to_owned).collect();
    assert_eq!(sent, frames, "the conversation shows each frame of the table, and no others");
}

fn patient_with_mistakes(settings: Settings) -> Settings {
    settings.set("limits.bad_frames_per_minute", 0)
}

/// A frame of the table with one of its fields in another shape is answered by that field's name: so the names are right.
#[server_test(patient_with_mistakes)]
async fn the_fields_of_the_table_are_those_that_the_server_reads(server: TestServer) {
    let document = document("protocol.md");
    let mut socket = server.person("ann").await.connect().await;
    let room = socket.lobby();
    let right = |name: &str| match name {
        "room" => Value::from(room.clone()),
        "rooms" => "all".into(),
        "message" | "reply_to" => "01900000-0000-7000-8000-000000000000".into(),
        "users" | "mentions" => Value::Array(Vec::new()),
        "since" | "seq" | "limit" => 1.into(),
        "emoji" => "🍵".into(),
        "kind" => "text".into(),
        _ => "words".into(),
    };
    let mut looked_at = 0;
    for row in rows(&document, "## Client to server") {
        let fields: Vec<&str> = quoted(&row[1]).into_iter().filter(|word| is_name(word)).collect();
        for frame in quoted(&row[0]) {
            // The ids' own field can't be asked for: an error names the frame by it.
            for wrong in fields.iter().filter(|name| **name != "id" && **name != "text") {
                let mut asked = serde_json::json!({ "type": frame });
                fields.iter().filter(|name| **name != "text").for_each(|name| asked[*name] = right(name));
                asked[*wrong] = serde_json::json!({ "neither": "text nor number" });
                // What a message is changed to may have any shape: that depends on the message.
                if frame != "msg" && *wrong == "content" {
                    continue;
                }
                let text = asked.to_string();
                socket.frame(asked).await;
                let error = socket.find(&text, |event| event["type"] == "error").await;
                assert_eq!(
                    (&error["code"], &error["field"]),
                    (&"invalid_field".into(), &(*wrong).into()),
                    "{text}"
                );
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 15, "only {looked_at} fields are looked at");
}

/// The cells of the table below a heading.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = document.split_once(heading).expect("the heading");
    let lines = section.lines().skip_while(|line| !line.starts_with("| --- ")).skip(1);
    let lines = lines.take_while(|line| line.starts_with('|'));
    lines
        .map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

fn is_name(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The frame with what the words in it stand for.
fn filled(told: &Value, known: &Known) -> Value {
    match told {
        Value::String(word) if word.starts_with('$') => {
            known.get(word).unwrap_or_else(|| panic!("{word} was not seen yet")).clone()
        }
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), filled(value, known))).collect()
        }
        Value::Array(items) => items.iter().map(|item| filled(item, known)).collect(),
        other => other.clone(),
    }
}

/// Whether an event has all that is told of it; words that are new stand for what they met.
fn fits(told: &Value, event: &Value, known: &mut Known) -> bool {
    match (told, event) {
        (Value::String(word), met) if word.starts_with('$') => {
            known.entry(word.clone()).or_insert_with(|| met.clone()) == met
        }
        (Value::Object(fields), Value::Object(met)) => {
            fields.iter().all(|(name, value)| met.get(name).is_some_and(|met| fits(value, met, known)))
        }
        (Value::Array(items), Value::Array(met)) => {
            items.len() == met.len() && items.iter().zip(met).all(|(item, met)| fits(item, met, known))
        }
        (told, met) => told == met,
    }
}
