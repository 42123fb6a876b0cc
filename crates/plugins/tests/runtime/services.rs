//! What a plugin is given when it asks, and what it is not.

use teahouse_accounts::Session;
use teahouse_plugin_package::{CapabilityName, PluginId};
use teahouse_plugins::lifecycle::By;
use teahouse_plugins::{LimitPolicy, Policy};
use teahouse_protocol::RoomId;

use crate::world::{Listener, PROBE, World, on_both};

/// The probe, which keeps something under the key `it`, and who told it to.
struct Kept {
    id: PluginId,
    ann: Session,
    room: RoomId,
    ears: Listener,
}

impl Kept {
    async fn by_the_probe(world: &World) -> Self {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "set it").await.unwrap();
        while ears.bot_says().await["content"] != "Ok(())" {}
        Self { id, ann, room, ears }
    }
}

on_both! {
    async fn what_a_bot_sends_is_counted_by_room(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "flood 50").await.unwrap();
        for _ in 0..3 {
            ears.bot_says().await;
        }
        world.eventually(async || {
            let limited = world.stats(PROBE).await.refused.into_iter().find(|refused| refused.why == "rate_limited");
            limited.filter(|limited| limited.count >= 47)
        }).await;
        assert_eq!(world.count("SELECT count(*) FROM messages WHERE hops = 1").await, 3, "half of what the room takes");
        // What is left is for others.
        let bob = world.person("bob").await;
        world.chat.join(&bob, room).await.unwrap();
        world.say(&bob, room, "flood 50").await.unwrap();
        for _ in 0..2 {
            ears.bot_says().await;
        }
    }

    async fn the_store_has_an_end(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        // Less than what one person may have written at once.
        let limits = LimitPolicy { kv_quota_kib: Some(32), ..LimitPolicy::default() };
        world.set_policy(&id, Policy { limits, ..Policy::default() }).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "fill 100").await.unwrap();
        loop {
            let said = ears.bot_says().await["content"].as_str().unwrap_or_default().to_owned();
            if said.starts_with("kept") {
                assert_eq!(said, "kept 31, then Quota(32768)");
                break;
            }
        }
        world.say(&ann, room, "set ../elsewhere").await.unwrap();
        world.say(&ann, room, "get house.tea.other/key").await.unwrap();
        ears.hears("Ok(())").await;
        ears.hears("Ok(None)").await;
        let stats = world.stats(PROBE).await;
        assert!(stats.kv.bytes <= 32_768 && stats.kv.keys == 32, "{:?}", stats.kv);
    }

    async fn what_an_admin_decides_holds_in_place_of_what_was_agreed_to(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let limits = LimitPolicy { kv_quota_kib: Some(2), ..LimitPolicy::default() };
        world.set_policy(&id, Policy { limits, ..Policy::default() }).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "fill 100").await.unwrap();
        loop {
            let said = ears.bot_says().await["content"].as_str().unwrap_or_default().to_owned();
            if said.starts_with("kept") {
                assert_eq!(said, "kept 1, then Quota(2048)");
                break;
            }
        }
    }

    async fn rooms_of_others_are_not_there(world: World) {
        let id = world.probe(&[]).await;
        let (ann, bob, eve) = (world.person("ann").await, world.person("bob").await, world.person("eve").await);
        let [here, there] = [world.room(&ann, &[&bob]).await, world.room(&ann, &[&eve]).await];
        let (pair, _) = world.chat.open_direct(&ann, bob.user_id()).await.unwrap();
        let chosen = Policy { rooms: Some(teahouse_plugin_package::Rooms::Chosen), ..Policy::default() };
        world.set_policy(&id, chosen).await;
        world.lifecycle.add_room(&id, here, &By::operator()).await.unwrap();
        world.plugins.refresh().await.unwrap();
        let mut ears = world.listener(&ann, here).await;
        world.say(&ann, there, "what nobody there hears").await.unwrap();
        for (order, answer) in [
            (format!("room {here}"), "Ok(\"a room\")"),
            (format!("room {there}"), "Err(NotFound)"),
            (format!("room {}", pair.id), "Err(NotFound)"),
            ("room nonsense".to_owned(), "Err(NotFound)"),
            (format!("history {there}"), "Err(NotFound)"),
            (format!("history {}", pair.id), "Err(NotFound)"),
            (format!("members {there}"), "Err(NotFound)"),
            (format!("members {here}"), "Ok(3)"),
            (format!("who {}", bob.user_id()), "Ok(\"bob\")"),
            (format!("who {}", eve.user_id()), "Err(NotFound)"),
            ("role".to_owned(), "Ok(\"owner\")"),
        ] {
            world.clock.advance(std::time::Duration::from_secs(5));
            world.say(&ann, here, &order).await.unwrap();
            let said = ears.bot_says().await;
            assert_eq!(said["content"], answer, "{order}");
        }
    }

    async fn what_is_revoked_is_denied_at_once(world: World) {
        let Kept { id, ann, room, mut ears } = Kept::by_the_probe(&world).await;
        world.lifecycle.revoke(&id, CapabilityName::Kv, &By::operator()).await.unwrap();
        world.plugins.refresh().await.unwrap();
        world.say(&ann, room, "get it").await.unwrap();
        ears.hears("Err(Denied(\"kv\"))").await;
        let refused = world.stats(PROBE).await.refused;
        assert!(refused.iter().any(|refused| refused.why == "denied"), "{refused:?}");
    }

    async fn what_is_revoked_is_denied_though_the_next_version_does_not_load(world: World) {
        let Kept { id, ann, room, mut ears } = Kept::by_the_probe(&world).await;
        world.configure(&id, serde_json::json!({ "broken": true })).await;
        assert!(world.stats(PROBE).await.problem.is_some_and(|problem| problem.earlier_runs));
        world.lifecycle.revoke(&id, CapabilityName::Kv, &By::operator()).await.unwrap();
        world.plugins.refresh().await.unwrap();
        world.say(&ann, room, "get it").await.unwrap();
        ears.hears("Err(Denied(\"kv\"))").await;
        let audited = "SELECT count(*) FROM audit WHERE action = 'plugin.refused'";
        world.eventually(async || (world.count(audited).await == 1).then_some(())).await;
        world.say(&ann, room, "get it").await.unwrap();
        ears.hears("Err(Denied(\"kv\"))").await;
        assert_eq!(world.count(audited).await, 1, "once in a while, however often it asks");
    }

    async fn what_is_decided_holds_though_the_next_version_does_not_load(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        world.configure(&id, serde_json::json!({ "word": "milk" })).await;
        world.configure(&id, serde_json::json!({ "broken": true })).await;
        assert!(world.say(&ann, room, "with milk").await.is_err());
        let chosen = Policy { rooms: Some(teahouse_plugin_package::Rooms::Chosen), ..Policy::default() };
        world.set_policy(&id, chosen).await;
        world.say(&ann, room, "with milk").await.expect("it works in no room any more");
    }

    async fn moderators_acts_are_those_that_were_granted(world: World) {
        let changes = [("acts = [\"flag\", \"remove\", \"release\", \"mute\"]", "acts = [\"remove\"]")];
        world.probe(&changes).await;
        let (ann, bob) = (world.person("ann").await, world.person("bob").await);
        let room = world.room(&ann, &[&bob]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&bob, room, "remove this").await.unwrap();
        ears.until("recalled").await;
        world.say(&bob, room, "mute me").await.unwrap();
        loop {
            let said = ears.bot_says().await["content"].as_str().unwrap_or_default().to_owned();
            if said.starts_with("Err") {
                assert_eq!(said, "Err(Denied(\"moderation.mute\"))");
                break;
            }
        }
        assert_eq!(world.count("SELECT count(*) FROM audit WHERE action = 'message.removed'").await, 1);
    }

    async fn requests_leave_for_agreed_hosts_alone(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        for url in ["https://elsewhere.example/", "http://api.example.org/", "https://127.0.0.1/"] {
            world.say(&ann, room, &format!("fetch {url}")).await.unwrap();
            loop {
                let said = ears.bot_says().await["content"].as_str().unwrap_or_default().to_owned();
                if said.starts_with("joined") {
                    continue;
                }
                assert!(said.starts_with("Err(Denied("), "{url}: {said}");
                break;
            }
        }
    }
}
