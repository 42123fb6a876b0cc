//! Owner, admin, member; muted.

use serde_json::json;
use teahouse_tests::{Person, TestServer, server_test};

async fn set(by: &Person, room: &str, who: &Person, what: serde_json::Value) -> teahouse_tests::Answer {
    by.put(&format!("/v1/rooms/{room}/members/{}", who.id), what).await
}

#[server_test]
async fn roles_are_given_from_above(server: TestServer) {
    let (ann, bob, eve) =
        (server.person("ann").await, server.person("bob").await, server.person("eve").await);
    let room = ann.public_room("garden").await;
    bob.join(&room).await;
    eve.join(&room).await;
    set(&bob, &room, &eve, json!({ "role": "admin" })).await.refused(403, "not_allowed");
    assert_eq!(set(&ann, &room, &bob, json!({ "role": "admin" })).await.expect(200)["role"], "admin");
    // An admin mutes a member, and neither the owner nor makes admins.
    set(&bob, &room, &eve, json!({ "muted_until": "2999-01-01T00:00:00.000Z" })).await.expect(200);
    set(&bob, &room, &ann, json!({ "muted_until": "2999-01-01T00:00:00.000Z" }))
        .await
        .refused(403, "not_allowed");
    set(&bob, &room, &eve, json!({ "role": "admin" })).await.refused(403, "not_allowed");
}

/// A muted member reads, but can't write, by whichever door.
#[server_test]
async fn a_muted_member_reads_and_does_not_write(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    bob.join(&room).await;
    let mut at_bob = bob.connect().await;
    at_bob.join(&room).await;
    set(&ann, &room, &bob, json!({ "muted_until": "2999-01-01T00:00:00.000Z" })).await.expect(200);
    assert_eq!(at_bob.event("member").await["change"], "muted");
    at_bob.frame(json!({ "type": "msg", "id": "c-1", "content": "mmh" })).await;
    at_bob.refused("muted").await;
    bob.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": "mmh" })).await.refused(403, "muted");
    ann.say(&room, "quiet, isn't it").await;
    at_bob.sees(["quiet, isn't it"]).await;
    set(&ann, &room, &bob, json!({ "muted_until": null })).await.expect(200);
    at_bob.send("c-1", "ah").await;
}

/// In a channel, owner and admins write, and members read.
#[server_test]
async fn members_of_a_channel_only_read(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("news", "channel", "public").await;
    bob.join(&room).await;
    bob.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": "me too" }))
        .await
        .refused(403, "not_allowed");
    ann.say(&room, "we open at eight").await;
    assert_eq!(bob.history(&room).await.len(), 1);
}
