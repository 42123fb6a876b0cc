//! Versions and settings are changed under traffic; a bad one leaves the old one running.

use serde_json::json;
use teahouse_chat::Error;
use teahouse_plugin_package::OnError;
use teahouse_plugins::lifecycle::By;
use teahouse_plugins::{HookPolicy, Policy};

use crate::world::{PROBE, World, on_both};

on_both! {
    async fn settings_take_effect_and_bad_ones_leave_the_old_ones(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        world.configure(&id, json!({ "word": "milk" })).await;
        assert!(matches!(world.say(&ann, room, "with milk").await, Err(Error::Rejected(_))));
        world.configure(&id, json!({ "word": "sugar", "broken": true })).await;
        let stats = world.stats(PROBE).await;
        let problem = stats.problem.expect("a problem");
        assert!(problem.earlier_runs && problem.text.contains("told to be"), "{problem:?}");
        assert!(world.say(&ann, room, "with milk").await.is_err(), "the old settings still work");
        assert!(world.say(&ann, room, "with sugar").await.is_ok());
        world.configure(&id, json!({ "word": "sugar" })).await;
        assert!(world.say(&ann, room, "with sugar").await.is_err());
        assert_eq!(world.stats(PROBE).await.problem, None);
    }

    /// A guard that is broken is passed only where that was decided.
    async fn the_policy_of_a_filter_that_does_not_load_speaks_for_it(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let strict = HookPolicy { priority: None, on_error: Some(OnError::Reject) };
        world.set_policy(&id, Policy { filter: strict, ..Policy::default() }).await;
        world.say(&ann, room, "tea").await.expect("it works");
        world.configure(&id, json!({ "broken": true })).await;
        world.say(&ann, room, "tea").await.expect("the old settings still work");
        // After a restart nothing of it runs.
        let world = world.restarted().await;
        let ann = world.person("ann").await;
        let problem = world.stats(PROBE).await.problem.expect("a problem");
        assert!(!problem.earlier_runs && world.stats(PROBE).await.version.is_none());
        assert!(matches!(world.say(&ann, room, "tea").await, Err(Error::Rejected(_))));
        world.set_policy(&id, Policy::default()).await;
        world.say(&ann, room, "tea").await.expect("its failures mean nothing now");
        world.configure(&id, json!({})).await;
        assert!(world.say(&ann, room, "reject it").await.is_err(), "it loads again");
    }

    async fn a_version_is_swapped_under_messages_and_none_is_lost(world: World) {
        let id = world.probe(&[("\"posted\", ", "")]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let sending = async {
            for number in 0..200 {
                let said = world.say(&ann, room, &format!("replace {number}")).await.unwrap();
                assert!(said.message.content.is_some());
            }
        };
        let switching = async {
            for minor in 1..=5 {
                // Versions are told apart by when they were installed.
                world.advance(std::time::Duration::from_secs(1));
                let version = format!("version = \"1.{minor}.0\"");
                world.upgrade(&id, &[("\"posted\", ", ""), ("version = \"1.0.0\"", &version)]).await;
            }
        };
        tokio::join!(sending, switching);
        let replaced = "SELECT count(*) FROM messages WHERE content NOT LIKE 'replace%' AND hops = 0";
        assert_eq!(world.count(replaced).await, 200);
        assert_eq!(world.stats(PROBE).await.version.as_deref(), Some("1.5.0"));
        world.lifecycle.rollback(&id, &By::operator()).await.unwrap();
        world.plugins.refresh().await.unwrap();
        assert_eq!(world.stats(PROBE).await.version.as_deref(), Some("1.4.0"));
    }

    async fn another_process_is_heard_within_a_second(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        assert!(world.say(&ann, room, "reject it").await.is_err());
        // As the command line does it, beside a running server: rows alone.
        let edit = teahouse_store::plugins::PluginEdit { enabled: Some(false), ..Default::default() };
        teahouse_store::plugins::update(world.db.writer(), id.as_str(), None, edit, teahouse_protocol::Clock::now(&*world.clock))
            .await
            .unwrap();
        world.eventually(async || world.say(&ann, room, "reject it").await.ok().map(drop)).await;
    }
}
