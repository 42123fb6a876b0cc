//! `docs/mini-program.md`: its JavaScript in Node with a `wx` of our own, its table of tutorials' doors, its commands.

use serde_json::{Value, json};
use teahouse_tests::{Socket, TestServer, node, server_test};

use super::{blocks, document, quoted};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mini-program.md");

/// The page's code signs in, connects, sends, is told of filters, comes back after its session ended; and the SDK's calls
/// go where the document says.
#[server_test]
async fn its_javascript_runs(server: TestServer) {
    let url = server.url("");
    let environment =
        [("SERVER", url.as_str()), ("DOCUMENT", DOCUMENT), ("NODE_OPTIONS", "--experimental-websocket")];
    let printed = node("docs/mini_program.cjs", &environment).await;
    let seen: Value = serde_json::from_str(printed.trim()).expect("one line of JSON");
    assert_eq!(seen["ack"]["id"], "a-unique-id", "{seen}");
    assert_eq!(seen["again"], seen["ack"], "sent again it is the same: {seen}");
    assert_eq!(seen["marked"], json!(["m-1", "等待审核"]), "{seen}");
    assert_eq!(seen["shown"], json!(["m-2", "***"]), "{seen}");
    assert_eq!(seen["toast"]["title"], "不可以", "{seen}");
    assert_eq!(seen["press"]["type"], "error", "{seen}");
    assert!(
        !["bad_json", "unknown_type", "invalid_field"]
            .contains(&seen["press"]["code"].as_str().expect("a code"))
    );
    assert_eq!(seen["afterExpiry"], "hello", "{seen}");
    assert_eq!(seen["wafer"]["data"]["userInfo"]["nickName"], "小明", "{seen}");
    let older = seen["older"].as_array().expect("older messages");
    assert!(older.iter().any(|message| message["content"] == "你好"), "{seen}");
}

/// Each door of the table takes the frames that it says, and gives those that it says.
#[server_test]
async fn the_tutorials_doors_are_as_the_table_says(server: TestServer) {
    let text = document("mini-program.md");
    let (_, table) = text.split_once("| door | sends | receives |").expect("the table");
    let rows: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    let mut witness = server.guest("witness").await.connect().await;
    let lobby = witness.lobby();
    witness.join(&lobby).await;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let session = server.person("小明").await;
        let door = quoted(cells[0])[0].split_once("HOST").expect("a host").1.replace("TOKEN", &session.token);
        let headers = wafer_headers(&session, cells[0]).await;
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut client = Socket::open(&door, &server.ws_url(&door), &headers).await.expect("a socket");
        let said = format!("hello from {door}");
        for frame in quoted(cells[1]) {
            client.text(&frame.replace('…', &said)).await;
        }
        witness.find(&said, |event| event["type"] == "msg" && event["content"] == said.as_str()).await;
        let answered = format!("hello to {door}");
        witness.frame(json!({ "type": "msg", "room": lobby, "content": answered })).await;
        let promised = quoted(cells[2])[0].replace('…', &answered);
        let promised = promised.replace(&format!(", {answered}"), "");
        let mut promised: Value = serde_json::from_str(&promised).expect("an event");
        if promised["type"] == "user" {
            // Another's word; one's own comes back as `user`.
            promised["type"] = "remote".into();
        }
        let told = promised.as_object().expect("an object");
        client.find(&answered, |event| told.iter().all(|(name, value)| event.get(name) == Some(value))).await;
    }
}

/// The headers of the wafer room, where the row speaks of them.
async fn wafer_headers(person: &teahouse_tests::Person, cell: &str) -> Vec<(&'static str, String)> {
    if !cell.contains("X-WX-Id") {
        return Vec::new();
    }
    let sessions = person.get("/v1/sessions").await.expect(200);
    let id = sessions["items"][0]["id"].as_str().expect("an id").to_owned();
    vec![("X-WX-Id", id), ("X-WX-Skey", person.token.clone())]
}

#[server_test]
async fn a_business_servers_command_signs_its_user_in(server: TestServer) {
    let folder = tempfile::tempdir().expect("a folder");
    let command = blocks(&document("mini-program.md"), "sh").join("\n");
    let script = format!(
        "set -euo pipefail\ncurl() {{ command curl -s --fail-with-body \"$@\"; }}\n\
         API_KEY=$(teahouse token key shop | grep -o 'teahouse_[A-Za-z0-9_-]*')\n{command}"
    );
    let done =
        server.shell(folder.path(), &script.replace("https://chat.example.com", &server.url(""))).await;
    assert_eq!(done.code, 0, "{}\n{}", done.printed, done.errors);
    let session: Value = serde_json::from_str(done.printed.trim()).expect("a session");
    assert_eq!(session["user"]["name"], "顾客", "{session}");
}
