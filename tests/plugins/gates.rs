//! Names and doors: what a gate makes of a nickname, of a room's name and announcement, and of who wants to come in.

use serde_json::{Value, json};
use teahouse_tests::{Answer, Keeper, Person, TestServer, server_test};

use super::house::{PROBE, patient, runs, text, with_probe};

/// A nickname is taken, changed, refused, or put up for a look; whoever is refused keeps the old one.
#[server_test(patient)]
async fn a_nickname_is_what_the_gate_lets_it_be(server: TestServer) {
    let keeper = with_probe(&server).await;
    let ann = server.person("ann").await;
    let call = async |name: &str| ann.patch("/v1/me", json!({ "name": name })).await;
    assert_eq!(call("annie").await.expect(200)["name"], "annie");
    assert_eq!(call("shout").await.expect(200)["name"], "whisper");
    let refused = call("bad").await.refused(422, "rejected");
    assert_eq!((text(&refused, "by"), text(&refused, "rule")), ("Probe", "bad-name"), "{refused}");
    assert_eq!(call("wait").await.refused(422, "rejected")["rule"], "held");
    assert_eq!(call("odd").await.expect(200)["name"], "odd");
    let names = reviewed(&keeper, "user-name").await;
    assert_eq!(names, ["late-name: somebody should look: wait", "odd-name: hm: odd"]);
    // What a gate puts in its place must be a name; where it is none, nothing is taken, whatever the policy for failures.
    assert_eq!(call("nothing").await.refused(422, "rejected")["rule"], "plugin-failed");
    assert_eq!(call("annie").await.expect(200)["name"], "annie");
    set_policy(&server, &keeper, "reject").await;
    assert_eq!(call("nothing").await.refused(422, "rejected")["rule"], "plugin-failed");
    assert_eq!(call("trap").await.refused(422, "rejected")["rule"], "plugin-failed");
    assert_eq!(ann.get("/v1/me").await.expect(200)["name"], "annie");
}

/// A room's name and announcement likewise; who is in the room hears of what was taken, and of nothing else.
#[server_test(patient)]
async fn a_rooms_name_and_announcement_are_what_the_gate_lets_them_be(server: TestServer) {
    let keeper = with_probe(&server).await;
    let ann = server.person("ann").await;
    let new = |name: &str| json!({ "name": name, "kind": "group", "visibility": "public" });
    ann.post("/v1/rooms", new("bad")).await.refused(422, "rejected");
    let room = ann.post("/v1/rooms", new("shout")).await.expect(201);
    assert_eq!(room["name"], "whisper", "{room}");
    let path = format!("/v1/rooms/{}", text(&room, "id"));
    let mut socket = ann.connect().await;
    socket.join(text(&room, "id")).await;
    let change = async |body: Value| ann.patch(&path, body).await;
    change(json!({ "name": "bad" })).await.refused(422, "rejected");
    change(json!({ "announcement": "bad" })).await.refused(422, "rejected");
    assert_eq!(change(json!({ "announcement": "wait" })).await.refused(422, "rejected")["rule"], "held");
    // One of two is refused: neither is taken.
    change(json!({ "name": "tea", "announcement": "bad" })).await.refused(422, "rejected");
    change(json!({ "announcement": "shout" })).await.expect(200);
    let heard = socket.event("room").await;
    assert_eq!(heard["announcement"], "whisper", "{heard}");
    change(json!({ "name": "odd" })).await.expect(200);
    let heard = socket.event("room").await;
    assert_eq!(heard["name"], "odd", "{heard}");
    assert_eq!(reviewed(&keeper, "announcement").await, ["late-name: somebody should look: wait"]);
    assert_eq!(reviewed(&keeper, "room-name").await, ["odd-name: hm: odd"]);
}

/// Who wants to come in does, does not, or waits for the room's moderators, who hear of it on their sockets.
#[server_test(patient)]
async fn who_comes_in_is_who_the_gate_or_a_moderator_lets_in(server: TestServer) {
    let keeper = with_probe(&server).await;
    let ann = server.person("ann").await;
    let room = ann.public_room("tea").await;
    let mut owner = ann.connect().await;
    owner.join(&room).await;
    let [bob, eve, joe] =
        [server.person("bob").await, server.person("eve").await, server.person("joe").await];
    ask(&bob, &room, "hello").await.expect(200);
    let refused = ask(&eve, &room, "no").await.refused(422, "rejected");
    assert_eq!((text(&refused, "rule"), text(&refused, "reason")), ("no-entry", "not today"), "{refused}");

    let mut waiting = joe.connect().await;
    ask(&joe, &room, "please").await.refused(403, "approval_required");
    let notice = owner.find("a request", |event| event["kind"] == "join_request").await;
    assert_eq!((text(&notice, "room"), text(&notice, "user")), (room.as_str(), joe.id.as_str()), "{notice}");
    let requests = format!("/v1/rooms/{room}/join-requests");
    bob.get(&requests).await.refused(403, "not_allowed");
    let list = ann.get(&requests).await.expect(200);
    assert_eq!(
        (text(&list["items"][0], "word"), text(&list["items"][0], "code")),
        ("please", "asks"),
        "{list}"
    );
    ann.post(&format!("{requests}/{}/accept", joe.id), json!({})).await.expect(204);
    waiting.find("the answer", |event| event["kind"] == "join_accepted").await;
    let came = owner.find("joe", |event| event["type"] == "member" && event["user"]["id"] == *joe.id).await;
    assert_eq!(came["change"], "joined", "{came}");
    joe.say(&room, "here I am").await;
    assert_eq!(ann.get(&requests).await.expect(200)["items"], json!([]));

    // One who fails at the door leaves it to whom the admin said.
    set_policy(&server, &keeper, "hold").await;
    ask(&eve, &room, "trap").await.refused(403, "approval_required");
    ann.post(&format!("{requests}/{}/refuse", eve.id), json!({})).await.expect(204);
    eve.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": "?" }))
        .await
        .refused(403, "not_a_member");
}

async fn ask(person: &Person, room: &str, word: &str) -> Answer {
    person.post(&format!("/v1/rooms/{room}/join"), json!({ "word": word })).await
}

/// Says what a gate that fails means, and waits until it does.
async fn set_policy(server: &TestServer, keeper: &Keeper, on_error: &str) {
    let (lines, policy) = (server.lines(), json!({ "gate_on_error": on_error }));
    keeper.put(&format!("/plugins/{PROBE}/policy"), policy).await.expect(200);
    runs(server, lines, PROBE, "").await;
}

/// What was put up for a look of this subject: the word for why, and the note.
async fn reviewed(keeper: &Keeper, subject: &str) -> Vec<String> {
    let reviews = keeper.get("/reviews").await.expect(200);
    let items = reviews["items"].as_array().expect("items").iter();
    items
        .filter(|review| review["subject"] == subject)
        .map(|review| format!("{}: {}", text(review, "code"), text(review, "note")))
        .collect()
}
