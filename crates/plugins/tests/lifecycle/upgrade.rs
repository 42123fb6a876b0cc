//! One version after another, and back.

use teahouse_plugin_package::{CapabilityName, Terms};
use teahouse_plugins::Policy;
use teahouse_plugins::lifecycle::{By, Choices, Standing, effective_grants};
use teahouse_protocol::ErrorCode;
use teahouse_store::plugin_grants;

use crate::world::{Draft, GUARD, World, guard, on_both, version};

const KV: &str = "[hooks.filter]\n[capabilities]\nkv = { quota-kib = 64 }";
const MORE_KV: &str = "[hooks.filter]\n[capabilities]\nkv = { quota-kib = 128 }";
const NEW_HOOK: &str = "[hooks.filter]\n[hooks.gate]\n[capabilities]\nkv = { quota-kib = 64 }";
const LESS: &str = "[hooks.filter]";

on_both! {
    async fn a_version_that_asks_for_nothing_new_takes_over(world: World) {
        world.run(version("1.0.0", KV)).await;
        let next = world.install(version("1.1.0", KV)).await;
        assert!(next.consent.agreed && !next.is_current);
        assert_eq!(world.lifecycle.show(&guard()).await.unwrap().version, "1.0.0", "installing is not upgrading");
        let before = world.row().await.generation;
        let upgraded = world.lifecycle.upgrade(&guard(), &next.digest, None, &By::operator()).await.unwrap();
        assert_eq!((upgraded.from.as_str(), upgraded.to.as_str()), ("1.0.0", "1.1.0"));
        let row = world.row().await;
        assert!(row.enabled);
        assert_eq!((row.digest, row.generation), (next.digest.to_string(), before + 1));
        assert_eq!(world.act_names().await.last().unwrap(), "plugin.upgraded");
    }

    async fn anything_new_is_a_new_consent_shown_as_a_difference(world: World) {
        world.run(version("1.0.0", KV)).await;
        let by = By::operator();
        for (number, manifest) in [("1.1.0", MORE_KV), ("1.2.0", NEW_HOOK)] {
            let next = world.install(version(number, manifest)).await;
            assert!(!next.consent.agreed);
            let refused = world.lifecycle.upgrade(&guard(), &next.digest, None, &by).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::ConsentRequired);
            assert_eq!(world.lifecycle.show(&guard()).await.unwrap().version, "1.0.0");
        }
        let view = world.lifecycle.show(&guard()).await.unwrap();
        let consent = world.lifecycle.consent(&guard(), Some(&view.versions[1].digest)).await.unwrap();
        let before = Terms::Kv { quota_kib: 64 };
        assert_eq!(consent.items[0].standing, Standing::Grown { before });
        let consent = world.lifecycle.consent(&guard(), Some(&view.versions[0].digest)).await.unwrap();
        assert_eq!(consent.new_hooks[0].hook, "gate");
        // Agreeing and upgrading are one act.
        let choices = Choices::all(&consent);
        world.lifecycle.upgrade(&guard(), &consent.digest, Some(&choices), &by).await.unwrap();
        let view = world.lifecycle.show(&guard()).await.unwrap();
        assert!(view.agreed && view.enabled);
        assert_eq!(view.version, "1.2.0");
    }

    /// A version must not get by a detour what an earlier one had: less, then the same again, is new.
    async fn what_was_dropped_is_asked_again(world: World) {
        world.run(version("1.0.0", KV)).await;
        let by = By::operator();
        let less = world.install(version("1.1.0", LESS)).await;
        assert_eq!(less.consent.dropped, [Terms::Kv { quota_kib: 64 }]);
        world.lifecycle.upgrade(&guard(), &less.digest, None, &by).await.unwrap();
        let rows = plugin_grants::of_plugin(world.db.conn(), GUARD).await.unwrap();
        let package = world.lifecycle.package(&less.digest).await.unwrap();
        assert!(effective_grants(package.manifest(), &rows).is_empty());
        let again = world.install(version("1.2.0", KV)).await;
        let refused = world.lifecycle.upgrade(&guard(), &again.digest, None, &by).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ConsentRequired);
    }

    async fn a_bad_new_version_leaves_the_old_one_running(world: World) {
        let schema = r#"{"type":"object","properties":{"word":{"type":"string","default":"tea"}}}"#;
        let good = Draft { schema: Some(schema), ..Draft::default() };
        world.run(good.pack()).await;
        let by = By::operator();
        let broken = Draft { version: "1.1.0", component: "broken", ..good.clone() };
        assert_eq!(world.lifecycle.install(broken.pack(), &by).await.unwrap_err().code(), ErrorCode::PluginComponentRefused);
        // One that was good when it came, and is not any more with what was set since.
        let fussy = Draft {
            version: "1.2.0",
            schema: Some(r#"{"type":"object","properties":{"word":{"type":"string","maxLength":4}}}"#),
            ..good
        };
        let fussy = world.install(fussy.pack()).await;
        let settings = serde_json::json!({"word": "a longer one"});
        world.lifecycle.configure(&guard(), &settings, &Default::default(), &by).await.unwrap();
        let before = world.row().await;
        let refused = world.lifecycle.upgrade(&guard(), &fussy.digest, None, &by).await.unwrap_err();
        assert_eq!((refused.code(), refused.problems()[0].field.as_str()), (ErrorCode::PluginSettingsRefused, "word"));
        assert_eq!(world.row().await, before);
    }

    async fn rollback_goes_back_a_version_at_a_time(world: World) {
        world.run(version("1.0.0", KV)).await;
        let by = By::operator();
        assert_eq!(world.lifecycle.rollback(&guard(), &by).await.unwrap_err().code(), ErrorCode::PluginNoEarlierVersion);
        for (number, manifest) in [("1.1.0", MORE_KV), ("1.2.0", MORE_KV)] {
            let next = world.install(version(number, manifest)).await;
            let choices = Choices::all(&next.consent);
            world.lifecycle.upgrade(&guard(), &next.digest, Some(&choices), &by).await.unwrap();
        }
        for number in ["1.1.0", "1.0.0"] {
            assert_eq!(world.lifecycle.rollback(&guard(), &by).await.unwrap().to, number);
        }
        assert!(world.row().await.enabled);
        assert_eq!(world.act_names().await.last().unwrap(), "plugin.rolled_back");
        // And forward again: it was agreed to then.
        let view = world.lifecycle.show(&guard()).await.unwrap();
        world.lifecycle.upgrade(&guard(), &view.versions[0].digest, None, &by).await.unwrap();
        assert_eq!(world.lifecycle.show(&guard()).await.unwrap().version, "1.2.0");
    }

    async fn a_plugin_that_nobody_agreed_to_changes_its_version_and_still_waits(world: World) {
        world.install(version("1.0.0", KV)).await;
        let next = world.install(version("1.1.0", NEW_HOOK)).await;
        let by = By::operator();
        world.lifecycle.upgrade(&guard(), &next.digest, None, &by).await.unwrap();
        assert_eq!(world.lifecycle.enable(&guard(), &by).await.unwrap_err().code(), ErrorCode::ConsentRequired);
    }

    async fn an_automatic_upgrade_happens_when_nothing_new_is_asked(world: World) {
        world.run(version("1.0.0", KV)).await;
        let policy = Policy { automatic_upgrade: true, ..Policy::default() };
        world.lifecycle.set_policy(&guard(), &policy, &By::operator()).await.unwrap();
        assert!(world.install(version("1.1.0", KV)).await.is_current);
        assert!(!world.install(version("1.2.0", MORE_KV)).await.is_current);
        assert!(!world.install(version("1.0.9", KV)).await.is_current, "an older version is no upgrade");
        assert_eq!(world.lifecycle.show(&guard()).await.unwrap().version, "1.1.0");
    }

    async fn a_quarantine_ends_by_hand_and_with_another_version(world: World) {
        world.run(version("1.0.0", KV)).await;
        let ill = async || {
            let state = world.row().await.state;
            assert!(teahouse_store::plugins::replace_state(world.db.writer(), GUARD, &state, "{\"ill\":1}").await.unwrap());
        };
        ill().await;
        world.lifecycle.end_quarantine(&guard(), &By::operator()).await.unwrap();
        assert_eq!(world.row().await.state, "{}");
        ill().await;
        let next = world.install(version("1.1.0", KV)).await;
        world.lifecycle.upgrade(&guard(), &next.digest, None, &By::operator()).await.unwrap();
        assert_eq!(world.row().await.state, "{}");
    }

    async fn a_version_of_another_plugin_or_of_none_is_not_found(world: World) {
        world.run(version("1.0.0", KV)).await;
        let by = By::operator();
        let nothing = teahouse_plugin_package::Digest::of(b"nothing");
        let refused = world.lifecycle.upgrade(&guard(), &nothing, None, &by).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginVersionNotFound);
        let nobody = teahouse_plugin_package::PluginId::parse("org.example.nobody").unwrap();
        assert_eq!(world.lifecycle.rollback(&nobody, &by).await.unwrap_err().code(), ErrorCode::PluginNotFound);
        let refused = world.lifecycle.revoke(&nobody, CapabilityName::Kv, &by).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginNotFound);
    }
}
