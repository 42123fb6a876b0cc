//! What stays of a plugin that was uninstalled: what its bot said, and the bot itself, for when the plugin is back.

use serde_json::json;
use teahouse_tests::{TestServer, server_test};

use super::house::{PROBE, patient, probe, put_to_work, text};

/// The bot leaves its rooms and is out of reach; its words stay under its name; installed again, it is the same one.
#[server_test(patient)]
async fn a_bot_goes_with_its_plugin_and_comes_back_with_it(server: TestServer) {
    let keeper = server.keeper().await;
    let workshop = probe();
    let package = workshop.pack().await;
    put_to_work(&server, &keeper, package.clone()).await;
    let [ann, bob] = [server.person("ann").await, server.person("bob").await];
    let room = ann.public_room("tea").await;
    let mut socket = ann.connect().await;
    socket.join(&room).await;
    socket.send_to(&room, "1", "echo good morning").await;
    let said = socket.find("an echo", |event| event["content"] == "good morning").await;
    let bot = text(&said["sender"], "id").to_owned();
    let members = format!("/v1/rooms/{room}/members");
    let is_member = async || {
        let page = ann.get(&members).await.expect(200);
        page["items"].as_array().expect("members").iter().any(|member| member["user"]["id"] == *bot)
    };
    assert!(is_member().await);
    let profile = format!("/v1/users/{bot}");
    assert_eq!(ann.get(&profile).await.expect(200).get("is_deactivated"), None);

    let gone = keeper.request(reqwest::Method::DELETE, &format!("/plugins/{PROBE}"));
    teahouse_tests::Answer::of(gone).await.expect(204);
    let left = socket.find("its leaving", |event| event["change"] == "left").await;
    assert_eq!(left["user"]["id"], *bot, "{left}");
    assert!(!is_member().await);
    let seen = ann.get(&profile).await.expect(200);
    assert_eq!((&seen["is_deactivated"], &seen["name"]), (&json!(true), &json!("Probe")), "{seen}");
    let history = ann.history(&room).await;
    let mut mornings = history.iter().filter(|message| message["content"] == "good morning");
    assert!(mornings.any(|message| message["sender"]["name"] == "Probe"), "{history:?}");
    ann.put(&format!("{members}/{bot}"), json!({})).await.refused(404, "user_not_found");
    bob.post("/v1/directs", json!({ "user": bot })).await.refused(404, "user_not_found");

    put_to_work(&server, &keeper, package).await;
    socket.send_to(&room, "2", "echo good evening").await;
    let said = socket.find("an echo", |event| event["content"] == "good evening").await;
    assert_eq!(said["sender"]["id"], *bot, "the same user");
    assert!(is_member().await);
    let seen = ann.get(&profile).await.expect(200);
    assert_eq!(seen.get("is_deactivated"), None, "{seen}");
}
