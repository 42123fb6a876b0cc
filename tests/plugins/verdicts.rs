//! What a filter may make of a message: refused, held, changed, or seen by its sender alone.

use serde_json::{Value, json};
use teahouse_tests::{Person, Socket, TestServer, contents, server_test};

use super::house::{PROBE, patient, probe, put_to_work, text, with_probe};

/// Nothing of a package works before somebody agreed to what it asks for, and enabled it.
#[server_test(patient)]
async fn a_plugin_works_once_it_is_agreed_to_and_enabled(server: TestServer) {
    let keeper = server.keeper().await;
    let mut ann = server.person("ann").await.connect().await;
    let package = probe().pack().await;
    let installed = keeper.upload("/plugins", package.clone()).await.expect(201);
    assert_eq!((text(&installed, "plugin"), text(&installed, "version")), (PROBE, "1.0.0"));
    assert_eq!(installed["consent"]["is_agreed"], false, "{installed}");
    keeper.act(&format!("/plugins/{PROBE}/enable")).await.refused(409, "consent_required");
    ann.send("1", "reject too early").await;
    put_to_work(&server, &keeper, package).await;
    ann.frame(json!({ "type": "msg", "id": "2", "content": "reject now" })).await;
    ann.refused("rejected").await;
    let shown = keeper.get(&format!("/plugins/{PROBE}")).await.expect(200);
    assert_eq!(shown["is_enabled"], true, "{shown}");
}

/// Who is refused is told by whom, why, and by which rule; nobody else learns of it.
#[server_test(patient)]
async fn a_refused_message_says_by_whom_and_why(server: TestServer) {
    let _keeper = with_probe(&server).await;
    let ann = server.person("ann").await;
    let (mut socket, mut bob) = (ann.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    socket.frame(json!({ "type": "msg", "id": "1", "content": "reject spam" })).await;
    let refusal = socket.refused("rejected").await;
    let path = format!("/v1/rooms/{lobby}/messages");
    let problem = ann.post(&path, json!({ "content": "reject spam" })).await.refused(422, "rejected");
    for refused in [&refusal, &problem] {
        assert_eq!(refused["by"], "Probe", "{refused}");
        assert_eq!(refused["reason"], "you asked for it", "{refused}");
        assert_eq!(refused["rule"], "spam", "{refused}");
    }
    socket.send("2", "tea").await;
    bob.sees(["tea"]).await;
}

/// What is held waits for a moderator; it comes into the room when they let it through, under the id that it had.
#[server_test(patient)]
async fn a_held_message_waits_for_a_moderator(server: TestServer) {
    let keeper = with_probe(&server).await;
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let held = ann.send("1", "hold one").await;
    assert_eq!(held["state"], "held", "{held}");
    assert!(held["seq"].is_null(), "{held}");
    let other = ann.send("2", "hold two").await;
    let waiting = keeper.get("/held").await.expect(200);
    let items = waiting["items"].as_array().expect("items");
    assert_eq!(items.len(), 2, "{waiting}");
    assert_eq!((&items[0]["id"], text(&items[0], "code")), (&held["message"], "one"), "{waiting}");
    assert_eq!((text(&items[0], "plugin"), text(&items[0], "note")), (PROBE, "wait for it"), "{waiting}");
    assert!(!says(&bob.until_now().await, "hold one"), "what is held was shown");

    keeper.act(&format!("/held/{}/release", text(&held, "message"))).await.expect(204);
    let seen = sees(&mut bob, "hold one").await;
    assert_eq!(seen["id"], held["message"], "{seen}");
    let notice = notice(&mut ann, "held_released").await;
    assert_eq!(notice["message"], held["message"], "{notice}");

    let refusal = json!({ "reason": "not here" });
    keeper.post(&format!("/held/{}/refuse", text(&other, "message")), refusal).await.expect(204);
    let notice = self::notice(&mut ann, "held_refused").await;
    assert_eq!(notice["message"], other["message"], "{notice}");
    assert!(!says(&bob.until_now().await, "hold two"), "what was refused was shown");
    let waiting = keeper.get("/held").await.expect(200);
    assert_eq!(waiting["items"], json!([]), "{waiting}");
}

/// A filter changes the words: the room gets the new ones, and the sender is told in the ack.
#[server_test(patient)]
async fn a_replaced_message_is_the_new_one_for_everybody(server: TestServer) {
    let _keeper = with_probe(&server).await;
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let ack = ann.send("1", "replace green tea").await;
    let replaced = &ack["replaced"];
    assert_eq!((text(replaced, "by"), text(replaced, "note")), ("Probe", "as you wished"), "{ack}");
    assert_eq!(replaced["content"], "green tea", "{ack}");
    let seen = sees(&mut bob, "green tea").await;
    assert!(seen["replaced"].is_null(), "not the others' to know: {seen}");
    assert_eq!(ann.send("1", "replace green tea").await["message"], ack["message"]);
}

/// The note is there when the sender's page is loaded again; others read what the room reads, and no more.
#[server_test(patient)]
async fn a_senders_history_says_what_was_replaced(server: TestServer) {
    let _keeper = with_probe(&server).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("tea").await;
    bob.join(&room).await;
    let sent =
        bob.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": "replace green tea" })).await;
    let id = text(&sent.expect(201), "id").to_owned();
    let of_reader = async |reader: &Person| {
        let all = reader.history(&room).await;
        all.into_iter().find(|message| message["id"] == *id).expect("the message")
    };
    let noted = json!({ "by": "Probe", "note": "as you wished" });
    assert_eq!(of_reader(&bob).await["replaced"], noted);
    assert_eq!(bob.get(&format!("/v1/messages/{id}")).await.expect(200)["replaced"], noted);
    assert!(of_reader(&ann).await["replaced"].is_null());
    assert_eq!(of_reader(&ann).await["content"], "green tea");
}

/// A room's owner hears that something waits, and who sent it finds it again: what it says, and what became of it, but
/// not what is noted for moderators.
#[server_test(patient)]
async fn what_waits_is_known_to_those_whom_it_concerns(server: TestServer) {
    let _keeper = with_probe(&server).await;
    let (ann, bob, eve) =
        (server.person("ann").await, server.person("bob").await, server.person("eve").await);
    let room = ann.public_room("tea").await;
    bob.join(&room).await;
    let (mut owner, mut sender) = (ann.connect().await, bob.connect().await);
    let held = sender.send_to(&room, "1", "hold one").await;
    let hint = owner.find("waiting", |event| event["type"] == "waiting").await;
    assert_eq!(hint["room"], *room);
    sender.send_to(&room, "2", "shadow two").await;
    let mine = format!("/v1/rooms/{room}/held/mine");
    let known = bob.get(&mine).await.expect(200);
    assert_eq!(known["items"].as_array().map(Vec::len), Some(1), "a shadow is not betrayed: {known}");
    let item = &known["items"][0];
    assert_eq!((&item["id"], text(item, "state"), text(item, "client_id")), (&held["message"], "held", "1"));
    assert_eq!(text(item, "content"), "hold one");
    assert!(["note", "code", "plugin", "severity"].iter().all(|field| item[field].is_null()), "{item}");
    assert_eq!(eve.get(&mine).await.expect(200)["items"], json!([]));
    let waiting = ann.get(&format!("/v1/rooms/{room}/held")).await.expect(200);
    assert_eq!((text(&waiting["items"][0], "by"), text(&waiting["items"][0], "plugin")), ("Probe", PROBE));

    let refuse = format!("/v1/held/{}/refuse", text(&held, "message"));
    ann.post(&refuse, json!({ "reason": "not here" })).await.expect(204);
    notice(&mut sender, "held_refused").await;
    let known = bob.get(&mine).await.expect(200);
    let item = &known["items"][0];
    assert_eq!((text(item, "state"), text(item, "reason")), ("refused", "not here"), "{known}");
    assert!(item["decided_by"].is_null(), "{item}");
    assert!(!sender.until_now().await.iter().any(|event| event["type"] == "waiting"), "no moderator");
}

/// A shadowed message looks sent to its sender, on every device, and is there for nobody else.
#[server_test(patient)]
async fn a_shadowed_message_is_seen_by_its_sender_alone(server: TestServer) {
    let keeper = with_probe(&server).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (mut phone, mut desk, mut other) = (ann.connect().await, ann.connect().await, bob.connect().await);
    let lobby = other.lobby();
    desk.join(&lobby).await;
    other.join(&lobby).await;
    let ack = phone.send("1", "shadow me").await;
    assert!(ack["state"] == "sent" && ack["seq"].is_u64(), "it shows: {ack}");
    sees(&mut desk, "shadow me").await;
    phone.send("2", "tea").await;
    other.sees(["tea"]).await;
    assert!(contents(&ann.history(&lobby).await).contains(&"shadow me"));
    assert!(!contents(&bob.history(&lobby).await).contains(&"shadow me"));
    let waiting = keeper.get("/held").await.expect(200);
    assert_eq!(waiting["items"][0]["state"], "shadowed", "{waiting}");
}

async fn sees(socket: &mut Socket, content: &str) -> Value {
    socket.find(content, |event| event["type"] == "msg" && event["content"] == content).await
}

async fn notice(socket: &mut Socket, kind: &str) -> Value {
    socket.find(kind, |event| event["type"] == "notice" && event["kind"] == kind).await
}

fn says(events: &[Value], content: &str) -> bool {
    events.iter().any(|event| event["type"] == "msg" && event["content"] == content)
}
