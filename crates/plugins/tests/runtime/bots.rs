//! What bots hear and say.

use std::time::Duration;

use teahouse_jobs::Company;
use teahouse_plugins::lifecycle::By;
use teahouse_protocol::{Emoji, ErrorCode, Locale, NodeId};
use teahouse_store::nodes::Presence;

use crate::world::{PROBE, World, on_both};

on_both! {
    async fn a_bot_hears_what_is_said_and_answers_as_its_own_user(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "echo hello").await.unwrap();
        let said = ears.bot_says().await;
        assert_eq!((said["content"].as_str(), said["sender"]["name"].as_str()), (Some("hello"), Some("Probe")));
        world.say(&ann, room, "twice once").await.unwrap();
        ears.hears("once").await;
        // Of what a room sees no person takes more than half.
        world.clock.advance(Duration::from_secs(30));
        world.say(&ann, room, "echo end").await.unwrap();
        ears.hears("end").await;
        world.eventually(async || (world.stats(PROBE).await.waiting == 0).then_some(())).await;
    }

    async fn a_killed_server_loses_no_event(world: World) {
        world.probe(&[("per-minute = 20", "per-minute = 600")]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        // Nobody takes events from the queue until after the restart.
        world.hold_events().await;
        let world = world.restarted().await;
        let ann2 = world.person("ann").await;
        for number in 0..20 {
            world.say(&ann2, room, &format!("echo {number}")).await.unwrap();
        }
        world.eventually(async || (world.stats(PROBE).await.waiting == 20).then_some(())).await;
        let world = world.restarted().await;
        let free = "UPDATE plugins SET dispatch_node = NULL, dispatch_until_ms = NULL";
        let ann = world.person("ann").await;
        let mut ears = world.listener(&ann, room).await;
        world.execute(free).await;
        for number in 0..20 {
            world.clock.advance(Duration::from_secs(3));
            ears.hears(&number.to_string()).await;
        }
    }

    /// As after `kill -9`: its lease would hold for a quarter of an hour, and nobody waits for it.
    async fn what_a_killed_node_left_the_next_hands_out_at_once(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let now = teahouse_protocol::Clock::now(&*world.clock);
        let killed = Presence::enter(&world.db, NodeId::generate(), Company::Others, now).await.unwrap();
        let id = killed.id();
        world.execute(&format!(
            "UPDATE plugins SET dispatch_node = '{id}', dispatch_until_ms = {}",
            (now + Duration::from_secs(900)).millis()
        ))
        .await;
        world.say(&ann, room, "echo at once").await.unwrap();
        drop(killed);
        let world = if world.db.is_sqlite() { world.restarted_in(Company::Alone).await } else { world };
        world.eventually(async || {
            let said = "SELECT count(*) FROM messages WHERE content = 'at once'";
            (world.count(said).await == 1).then_some(())
        }).await;
    }

    async fn what_failed_is_tried_again_and_what_keeps_failing_is_dropped(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "hesitate").await.unwrap();
        world.eventually(async || (world.stats(PROBE).await.queue.retried == 1).then_some(())).await;
        world.advance(Duration::from_secs(1));
        ears.hears("at last").await;
        world.say(&ann, room, "poison").await.unwrap();
        for attempt in 2..=5 {
            world.eventually(async || (world.stats(PROBE).await.queue.retried == attempt).then_some(())).await;
            world.advance(Duration::from_secs(31));
        }
        world.eventually(async || (world.stats(PROBE).await.queue.dropped == 1).then_some(())).await;
        let left = async || (world.count("SELECT count(*) FROM plugin_events").await == 0).then_some(());
        world.eventually(left).await;
    }

    async fn two_bots_who_hear_each_other_come_to_an_end(world: World) {
        world.probe(&[]).await;
        world.probe(&[(PROBE, "house.tea.test.other"), ("name = \"Probe\"", "name = \"Other\"")]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "ping 1").await.unwrap();
        // Two answers to a person, each answered by the other once, and these once more: then the limit is reached.
        let mut heard = Vec::new();
        for _ in 0..6 {
            heard.push(ears.bot_says().await["content"].as_str().unwrap().to_owned());
        }
        heard.sort_unstable();
        assert_eq!(heard, ["ping 2", "ping 2", "ping 3", "ping 3", "ping 4", "ping 4"]);
        for id in [PROBE, "house.tea.test.other"] {
            world.eventually(async || (world.stats(id).await.waiting == 0).then_some(())).await;
        }
        world.say(&ann, room, "echo end").await.unwrap();
        ears.hears("end").await;
    }

    async fn a_command_is_its_bots_and_a_press_comes_back_to_it(world: World) {
        world.probe(&[]).await;
        let (ann, bob) = (world.person("ann").await, world.person("bob").await);
        let room = world.room(&ann, &[&bob]).await;
        let mut ears = world.listener(&bob, room).await;
        let wrong = world.say(&bob, room, "/probe").await.unwrap_err();
        assert_eq!(wrong.code(), ErrorCode::InvalidField, "{wrong}");
        let lower = world.say(&bob, room, "/rule").await.unwrap_err();
        assert_eq!(lower.code(), ErrorCode::NotAllowed, "{lower}");
        let full_width = world.say(&bob, room, " ／RULE").await.unwrap_err();
        assert_eq!(full_width.code(), ErrorCode::NotAllowed, "{full_width}");
        for typed in [" /PROBE leaf", "／probe leaf", "\u{3000}／Ｐrobe\u{3000}leaf"] {
            world.clock.advance(Duration::from_secs(30));
            world.say(&bob, room, typed).await.unwrap();
            let card = ears.bot_says().await;
            assert_eq!(card["content"]["text"], r#"{"word":"leaf"}"#, "{typed}: {card}");
        }
        world.clock.advance(Duration::from_secs(30));
        world.say(&bob, room, "/nobody knows it").await.unwrap();
        world.say(&bob, room, "/probe tea time").await.unwrap();
        let card = ears.bot_says().await;
        assert_eq!(card["content"]["text"], r#"{"word":"tea time"}"#, "{card}");
        let message = card["id"].as_str().unwrap().parse().unwrap();
        world.chat.press(&bob, message, "go", None).await.unwrap();
        ears.hears("pressed go=42 by bob").await;
        let names: Vec<String> =
            world.chat.commands(&bob, room).await.unwrap().into_iter().map(|command| command.name).collect();
        assert_eq!(names, ["probe"]);
        assert_eq!(world.chat.commands(&ann, room).await.unwrap().len(), 2);
    }

    async fn a_bot_is_told_the_language_of_who_asks(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let (in_chinese, in_english) = (
            ann.clone().speaking(Locale::parse("zh-CN")),
            ann.clone().speaking(Locale::preferred("en-GB,en;q=0.9")),
        );
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "/probe tea").await.unwrap();
        let card = ears.bot_says().await["id"].as_str().unwrap().parse().unwrap();
        world.hold_events().await;
        world.say(&in_chinese, room, "／PROBE milk").await.unwrap();
        world.say(&in_chinese, room, "a text that is no command").await.unwrap();
        world.chat.press(&in_english, card, "go", None).await.unwrap();
        for (kind, locale) in [("command", "zh-CN"), ("pressed", "en-GB")] {
            let told = format!(
                "SELECT count(*) FROM plugin_events WHERE kind = '{kind}' AND event LIKE '%\"locale\":\"{locale}\"%'"
            );
            world.eventually(async || (world.count(&told).await == 1).then_some(())).await;
        }
    }

    async fn edits_recalls_reactions_and_members_are_told(world: World) {
        world.probe(&[("\"reacted\", ", "\"reacted\", \"member\", ")]).await;
        let (ann, bob) = (world.person("ann").await, world.person("bob").await);
        let room = world.room(&ann, &[]).await;
        world.eventually(async || (world.stats(PROBE).await.queue.handled == 1).then_some(())).await;
        let mut ears = world.listener(&ann, room).await;
        let said = world.say(&ann, room, "tea").await.unwrap().message.id;
        world.chat.edit(&ann, said, "\"milk\"").await.unwrap();
        ears.hears("edited: milk").await;
        world.chat.react(&ann, said, Emoji::new("👍").unwrap()).await.unwrap();
        ears.hears("reacted: 👍").await;
        world.clock.advance(Duration::from_secs(30));
        world.chat.recall(&ann, said).await.unwrap();
        ears.hears("recalled: []").await;
        world.clock.advance(Duration::from_secs(30));
        world.chat.join(&bob, room).await.unwrap();
        ears.hears("joined: bob").await;
    }

    /// What was said before is told once, and kept nowhere after.
    async fn an_edit_is_told_with_what_was_said_before(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let said = world.say(&ann, room, "green tea").await.unwrap().message.id;
        world.hold_events().await;
        world.chat.edit(&ann, said, "\"black tea\"").await.unwrap();
        world.chat.edit(&ann, said, "\"no tea\"").await.unwrap();
        world.eventually(async || (world.count("SELECT count(*) FROM outbox").await == 0).then_some(())).await;
        for before in ["green tea", "black tea"] {
            let told = format!(
                "SELECT count(*) FROM plugin_events WHERE kind = 'edited' AND event LIKE '%\"before\"%\"text\":\"{before}\"%\"after\"%'"
            );
            assert_eq!(world.count(&told).await, 1, "{before}");
        }
        world.execute("DELETE FROM plugin_events").await;
        let kept = "SELECT (SELECT count(*) FROM messages WHERE content LIKE '%green%') \
                    + (SELECT count(*) FROM room_events WHERE detail LIKE '%green%')";
        assert_eq!(world.count(kept).await, 0);
    }

    async fn what_its_filter_holds_its_bot_half_hears_of_and_lets_through(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "hold release").await.unwrap();
        loop {
            if ears.until("msg").await["content"] == "hold release" {
                break;
            }
        }
        world.say(&ann, room, "hold refuse").await.unwrap();
        world.eventually(async || {
            let refused = world.count("SELECT count(*) FROM held_messages WHERE state = 3").await;
            (refused == 1).then_some(())
        }).await;
    }

    async fn who_is_disabled_or_elsewhere_hears_nothing(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        world.eventually(async || (world.stats(PROBE).await.waiting == 0).then_some(())).await;
        world.lifecycle.disable(&id, &By::operator()).await.unwrap();
        world.plugins.refresh().await.unwrap();
        world.say(&ann, room, "echo nothing").await.unwrap();
        world.say(&ann, room, "reject nothing").await.unwrap();
        world.eventually(async || (world.count("SELECT count(*) FROM outbox").await == 0).then_some(())).await;
        assert_eq!(world.count("SELECT count(*) FROM plugin_events").await, 0);
        let direct = world.person("bob").await;
        let (pair, _) = world.chat.open_direct(&ann, direct.user_id()).await.unwrap();
        world.lifecycle.enable(&id, &By::operator()).await.unwrap();
        world.plugins.refresh().await.unwrap();
        world.say(&ann, pair.id, "echo a conversation of two").await.unwrap();
        world.eventually(async || (world.count("SELECT count(*) FROM outbox").await == 0).then_some(())).await;
        assert_eq!(world.count("SELECT count(*) FROM plugin_events").await, 0);
    }
}
