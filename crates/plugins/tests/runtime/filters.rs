//! What filters and gates make of messages, names and joins.

use std::time::Duration;

use teahouse_chat::Error;
use teahouse_plugin_host::QuarantineState;
use teahouse_plugin_package::{OnError, Rooms};
use teahouse_plugins::{HookPolicy, Policy, VerdictFilter};
use teahouse_protocol::{Content, ErrorCode};
use teahouse_store::PageSize;

use crate::world::{PROBE, World, on_both};

fn on_error(on_error: OnError) -> Policy {
    Policy { filter: HookPolicy { priority: None, on_error: Some(on_error) }, ..Policy::default() }
}

on_both! {
    async fn every_verdict_works_to_its_end_and_is_recorded(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let fine = world.say(&ann, room, "tea?").await.unwrap();
        assert_eq!(fine.message.content, Some(Content::Text("tea?".to_owned())));
        let refused = world.say(&ann, room, "reject spam").await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Rejected, "{refused}");
        let changed = world.say(&ann, room, "replace milk").await.unwrap();
        assert_eq!(changed.message.content, Some(Content::Text("milk".to_owned())));
        world.say(&ann, room, "flag odd").await.unwrap();
        world.say(&ann, room, "hold maybe").await.unwrap();
        world.say(&ann, room, "shadow quiet").await.unwrap();
        assert_eq!(world.count("SELECT count(*) FROM reviews").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM held_messages").await, 2);
        assert_eq!(world.count("SELECT count(*) FROM messages WHERE hops = 0").await, 3);
        let verdicts = world.eventually(async || {
            let all = VerdictFilter { plugin: Some(PROBE.to_owned()), ..VerdictFilter::default() };
            let page = world.plugins.verdicts(all, None, PageSize::capped(100)).await.unwrap();
            (page.len() == 5).then_some(page)
        }).await;
        let words: Vec<(&str, &str)> =
            verdicts.iter().rev().map(|row| (row.verdict.as_str(), row.code.as_str())).collect();
        assert_eq!(words, [("reject", "spam"), ("replace", ""), ("flag", "odd"), ("hold", "maybe"), ("shadow", "quiet")]);
        assert!(verdicts.iter().all(|row| row.input_digest.len() == 64 && row.user_id == Some(ann.user_id().uuid())));
    }

    /// What a plugin calls its reason goes into a row beside others': its form is the house's.
    async fn a_code_that_is_no_word_is_not_recorded(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        for code in ["Not A Word", &"x".repeat(2_000)] {
            world.say(&ann, room, &format!("reject {code}")).await.unwrap_err();
        }
        let verdicts = world.eventually(async || {
            let page = world.plugins.verdicts(VerdictFilter::default(), None, PageSize::capped(100)).await.unwrap();
            (page.len() == 2).then_some(page)
        }).await;
        assert!(verdicts.iter().all(|row| row.code == "unnamed"), "{verdicts:?}");
    }

    async fn an_error_is_what_the_policy_says(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        // What it answers and nobody can use is no failure to look: it never passes.
        for (policy, fails, unusable_fails, held) in [
            (OnError::Allow, false, true, 0),
            (OnError::Flag, false, true, 0),
            (OnError::Hold, false, false, 2),
            (OnError::Reject, true, true, 2),
        ] {
            world.set_policy(&id, on_error(policy)).await;
            for (text, fails) in [("err x", fails), ("replace-badly x", unusable_fails)] {
                let said = world.say(&ann, room, &format!("{text} {policy}")).await;
                assert_eq!(said.is_err(), fails, "{text} {policy}: {said:?}");
            }
            assert_eq!(world.count("SELECT count(*) FROM held_messages").await, held, "{policy}");
        }
        assert_eq!(world.count("SELECT count(*) FROM reviews").await, 1);
    }

    async fn a_filter_that_never_ends_costs_its_own_call_only(world: World) {
        let id = world.probe(&[]).await;
        world.set_policy(&id, on_error(OnError::Allow)).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        world.say(&ann, room, "spin round").await.unwrap();
        world.say(&ann, room, "trap now").await.unwrap();
        let refused = world.say(&ann, room, "reject still-here").await;
        assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
        let stats = world.stats(PROBE).await;
        assert_eq!(stats.host.failures.iter().map(|(_, count)| count).sum::<u64>(), 2);
        let log = world.plugins.logs(&id, None, teahouse_plugin_host::LogLevel::Error, 10);
        // On a machine that has no time for it, the one limit may be met before the other.
        for words in [["running_time", "wall_time"], ["panicked", "panicked"], ["trap", "trap"]] {
            let told = log.iter().any(|line| words.iter().any(|word| line.text.starts_with(word)));
            assert!(told, "{words:?}: {log:?}");
        }
    }

    async fn who_fails_too_often_is_left_alone_and_tried_again(world: World) {
        let id = world.probe(&[]).await;
        world.set_policy(&id, on_error(OnError::Allow)).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        for number in 0..20 {
            world.say(&ann, room, &format!("trap {number}")).await.unwrap();
        }
        assert!(matches!(world.stats(PROBE).await.quarantine, QuarantineState::Free), "one person is one failure");
        for name in ["bob", "cat", "dan", "eve"] {
            let person = world.person(name).await;
            world.chat.join(&person, room).await.unwrap();
            world.say(&person, room, "trap it").await.unwrap();
        }
        let passed = world.say(&ann, room, "reject nobody-looks").await;
        assert!(passed.is_ok(), "its policy lets it pass without a call");
        assert!(matches!(world.stats(PROBE).await.quarantine, QuarantineState::Quarantined { .. }));
        world.eventually(async || {
            let stored = world.count("SELECT count(*) FROM plugins WHERE state LIKE '%quarantined%'").await;
            (stored == 1).then_some(())
        }).await;
        // A restart does not forget it.
        let world = world.restarted().await;
        assert!(matches!(world.stats(PROBE).await.quarantine, QuarantineState::Quarantined { .. }));
        let ann = world.person("ann").await;
        assert!(world.say(&ann, room, "reject nobody-looks").await.is_ok());
        world.advance(Duration::from_secs(31));
        assert!(world.say(&ann, room, "reject it-looks-again").await.is_err());
        assert!(matches!(world.stats(PROBE).await.quarantine, QuarantineState::Free));
    }

    async fn rooms_that_were_not_chosen_are_not_looked_at(world: World) {
        let id = world.probe(&[]).await;
        let ann = world.person("ann").await;
        let [here, there] = [world.room(&ann, &[]).await, world.room(&ann, &[]).await];
        world.set_policy(&id, Policy { rooms: Some(Rooms::Chosen), ..Policy::default() }).await;
        assert!(world.say(&ann, here, "reject it").await.is_ok());
        world.lifecycle.add_room(&id, here, &teahouse_plugins::lifecycle::By::operator()).await.unwrap();
        world.plugins.refresh().await.unwrap();
        assert!(world.say(&ann, here, "reject it").await.is_err());
        assert!(world.say(&ann, there, "reject it").await.is_ok());
    }

    async fn what_filters_count_is_counted_once_and_kept(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        for number in 1..=10 {
            let Err(Error::Rejected(refusal)) = world.say(&ann, room, "count me").await else { panic!() };
            assert_eq!(refusal.rule, format!("n{number}"));
        }
        world.eventually(async || {
            let kept = world.count("SELECT count(*) FROM plugin_kv").await;
            (kept == 1).then_some(())
        }).await;
        let world = world.restarted().await;
        let ann = world.person("ann").await;
        let Err(Error::Rejected(refusal)) = world.say(&ann, room, "count me").await else { panic!() };
        assert_eq!(refusal.rule, "n11");
        // What was counted before is written before the window ends.
        let world = world.restarted().await;
        let ann = world.person("ann").await;
        world.advance(Duration::from_secs(60));
        let Err(Error::Rejected(refusal)) = world.say(&ann, room, "count me").await else { panic!() };
        assert_eq!(refusal.rule, "n1", "its window is over");
    }
}
