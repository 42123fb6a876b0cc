//! People without an account.

use serde_json::json;
use teahouse_tests::{Settings, TestServer, server_test};

/// A guest may talk in the lobby, and everybody sees that it is a guest.
#[server_test]
async fn a_guest_talks_in_the_lobby(server: TestServer) {
    let (guest, ann) = (server.guest("过客").await, server.person("ann").await);
    let (mut at_guest, mut at_ann) = (guest.connect().await, ann.connect().await);
    let lobby = at_ann.lobby();
    at_ann.join(&lobby).await;
    at_guest.send("c-1", "路过").await;
    at_ann.sees(["路过"]).await;
    let profile = ann.get(&format!("/v1/users/{}", guest.id)).await.expect(200);
    assert_eq!((&profile["is_guest"], &profile["name"]), (&json!(true), &json!("过客")));
}

/// A guest who gives no name gets one, and two guests are two users.
#[server_test]
async fn a_guest_without_a_name_gets_one(server: TestServer) {
    let first = server.post("/v1/auth/guest", json!({})).await.expect(200);
    let second = server.post("/v1/auth/guest", json!({})).await.expect(200);
    assert_ne!(first["user"]["id"], second["user"]["id"]);
    assert!(!first["user"]["name"].as_str().expect("a name").is_empty());
}

/// Names have limits, the same at every door.
#[server_test]
async fn a_name_that_breaks_the_rules_is_refused(server: TestServer) {
    let long = "茶".repeat(33);
    for name in ["   ", "a\u{0}b", "a\nb", long.as_str()] {
        let answer = server.post("/v1/auth/guest", json!({ "name": name })).await;
        assert!(matches!(answer.status, 400 | 422), "{name:?}: {answer}");
        let problem = answer.refused(answer.status, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "name", "{problem}");
    }
}

fn without_guests(settings: Settings) -> Settings {
    settings.set("guests.allowed", false)
}

#[server_test(without_guests)]
async fn guests_are_refused_where_they_are_not_allowed(server: TestServer) {
    server.post("/v1/auth/guest", json!({})).await.refused(403, "guests_not_allowed");
    let mut socket = server.open("/ws", &[]).await;
    socket.refused("session_required").await;
    assert_eq!(socket.closes().await, Some(4001));
}

/// A name shows something, is one line, and turns nothing around it; scripts and emoji stay whole.
#[server_test]
async fn a_name_is_what_everybody_sees(server: TestServer) {
    let unfit = [
        "\u{200b}",
        "\u{3164}",
        "\u{2800}",
        "\u{ad}",
        "\u{301}",
        "\u{202e}nimda",
        "\u{2067}admin",
        "a\u{2028}b",
        "a\nb",
    ];
    let ann = server.person("ann").await;
    let room = ann.public_room("garden").await;
    for name in unfit {
        let guest = server.post("/v1/auth/guest", json!({ "name": name })).await;
        assert_eq!(guest.refused(422, "invalid_field")["errors"][0]["field"], "name", "{name:?}");
        for path in ["/v1/me".to_owned(), format!("/v1/rooms/{room}")] {
            let renamed = ann.patch(&path, json!({ "name": name })).await;
            assert_eq!(renamed.refused(422, "invalid_field")["errors"][0]["field"], "name", "{name:?}");
        }
    }
    let family = "👨\u{200d}👩\u{200d}👧".repeat(32);
    for name in [family.as_str(), "क\u{94d}\u{200d}ष", "محمد علي"] {
        let guest = server.guest(name).await;
        let said = guest.say(&guest.connect().await.lobby(), "hello").await;
        assert_eq!((&said["sender"]["name"], &said["sender"]["is_guest"]), (&json!(name), &json!(true)));
    }
    // WeChat's own are no reason to keep somebody out: they come without one.
    let nameless = server.person("\u{202e}\u{3164}").await;
    let me = nameless.get("/v1/me").await.expect(200);
    assert_eq!((&me["name"], &me["is_guest"]), (&json!("微信用户"), &json!(false)));
    assert!(
        nameless.say(&nameless.public_room("own").await, "hello").await["sender"].get("is_guest").is_none()
    );
}
