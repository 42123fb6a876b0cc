//! Who hears what: buttons and commands reach the bot that has business there, and nobody else.

use serde_json::{Value, json};
use teahouse_tests::{Person, Socket, TestServer, server_test};

use super::house::{PROBE, patient, text, with_probe};

/// A press is heard or refused, and never acknowledged for nothing: a bot that was taken out of the room, or disabled, has
/// left its cards behind.
#[server_test(patient)]
async fn a_press_that_nobody_hears_is_refused(server: TestServer) {
    let keeper = with_probe(&server).await;
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    let lobby = socket.lobby();
    socket.join(&lobby).await;
    socket.send("1", "/probe tea").await;
    let card = socket.find("the card", |event| event["type"] == "msg" && event["kind"] == "card").await;
    let press = async |socket: &mut Socket, id: &str| {
        socket.frame(json!({ "type": "press", "id": id, "message": card["id"], "button": "go" })).await;
    };
    press(&mut socket, "p-1").await;
    socket.answer("p-1").await;
    let heard = from_the_bot(&mut socket).await;
    assert_eq!(text(&heard, "content"), "pressed go=42 by ann", "{heard}");

    let lines = server.lines();
    let elsewhere = json!({ "rooms": "chosen" });
    keeper.put(&format!("/plugins/{PROBE}/policy"), elsewhere).await.expect(200);
    server.prints(lines, &["a plugin runs", PROBE]).await;
    press(&mut socket, "p-2").await;
    socket.refused("conflict").await;

    let lines = server.lines();
    keeper.put(&format!("/plugins/{PROBE}/policy"), json!({ "rooms": "all" })).await.expect(200);
    server.prints(lines, &["a plugin runs", PROBE]).await;
    press(&mut socket, "p-3").await;
    socket.answer("p-3").await;
    from_the_bot(&mut socket).await;

    keeper.act(&format!("/plugins/{PROBE}/disable")).await.expect(200);
    server.prints(lines, &["a plugin rests", PROBE]).await;
    let path = format!("/v1/messages/{}/press", text(&card, "id"));
    ann.post(&path, json!({ "button": "go" })).await.refused(409, "conflict");
}

/// A command for a room's admins stays theirs, also where a filter makes one of what somebody else said.
#[server_test(patient)]
async fn a_filter_makes_nobody_an_admin(server: TestServer) {
    let _keeper = with_probe(&server).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("tea").await;
    bob.join(&room).await;
    let mut owner = ann.connect().await;
    owner.join(&room).await;
    bob.post(&messages(&room), json!({ "content": "/rule now" })).await.refused(403, "not_allowed");
    bob.say(&room, "replace /rule now").await;
    bob.say(&room, "echo nothing came of it").await;
    let first = from_the_bot(&mut owner).await;
    assert_eq!(first["content"], "nothing came of it", "{first}");
    ann.say(&room, "replace /rule now").await;
    assert_eq!(from_the_bot(&mut owner).await["kind"], "card");
}

/// A bot that a room's owner banned does not listen there any more.
#[server_test(patient)]
async fn a_banned_bot_hears_nothing(server: TestServer) {
    let _keeper = with_probe(&server).await;
    let ann = server.person("ann").await;
    let room = ann.public_room("tea").await;
    let mut socket = ann.connect().await;
    let lobby = socket.lobby();
    socket.join(&room).await;
    socket.join(&lobby).await;
    ann.say(&room, "echo hello").await;
    let bot = from_the_bot(&mut socket).await;
    ban(&ann, &room, text(&bot["sender"], "id")).await;
    ann.say(&room, "set heard").await;
    ann.say(&lobby, "echo later").await;
    assert_eq!(from_the_bot(&mut socket).await["content"], "later");
    ann.say(&lobby, "get heard").await;
    assert_eq!(from_the_bot(&mut socket).await["content"], "Ok(None)");
}

async fn ban(owner: &Person, room: &str, user: &str) {
    owner.put(&format!("/v1/rooms/{room}/bans/{user}"), json!({})).await.expect(204);
}

fn messages(room: &str) -> String {
    format!("/v1/rooms/{room}/messages")
}

async fn from_the_bot(socket: &mut Socket) -> Value {
    socket.find("the bot", |event| event["type"] == "msg" && event["sender"]["is_bot"] == true).await
}
