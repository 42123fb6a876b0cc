//! What is agreed to: no more than was asked, no less than is needed, and taken back at once.

use teahouse_plugin_package::{CapabilityName, Terms};
use teahouse_plugins::lifecycle::{By, Choices, Standing, effective_grants};
use teahouse_protocol::{ErrorCode, UserId};
use teahouse_store::{plugin_grants, users};

use crate::world::{GUARD, World, guard, on_both, version};

const ASKS: &str = "[hooks.bot]\nevents = [\"command\"]\n[capabilities]\nkv = { quota-kib = 64 }\n\
                    messages = { per-minute = 20 }\nhistory = { optional = true, why = \"to look back\" }";

async fn effective(world: &World) -> Vec<Terms> {
    let row = world.row().await;
    let package = world.lifecycle.package(&row.digest.parse().unwrap()).await.unwrap();
    let rows = plugin_grants::of_plugin(world.db.conn(), GUARD).await.unwrap();
    effective_grants(package.manifest(), &rows)
}

on_both! {
    async fn what_is_ticked_is_granted_and_written_down(world: World) {
        let installed = world.install(version("1.0.0", ASKS)).await;
        let standings: Vec<&Standing> = installed.consent.items.iter().map(|item| &item.standing).collect();
        assert_eq!(standings, [&Standing::New; 3]);
        assert!(installed.consent.items.iter().all(|item| !item.sentence.text.zh.is_empty()));
        let ann = UserId::generate();
        users::insert(world.db.writer(), user(ann)).await.unwrap();
        let by = By::admin(ann, "ann");
        let choices = Choices::required(&installed.consent);
        let before = world.row().await.generation;
        world.lifecycle.grant(&guard(), &installed.digest, &choices, &by).await.unwrap();
        assert_eq!(world.row().await.generation, before + 1);
        assert_eq!(effective(&world).await, [Terms::Kv { quota_kib: 64 }, Terms::Messages { per_minute: 20 }]);
        let view = world.lifecycle.show(&guard()).await.unwrap();
        assert!(view.agreed);
        assert_eq!(view.not_granted, [CapabilityName::History]);
        assert_eq!((view.grants[0].by.as_str(), view.grants[0].digest.clone()), ("admin ann", installed.digest.to_string()));
        let acts = world.acts().await;
        assert_eq!((acts[1].0.as_str(), &acts[1].1["by"]), ("plugin.granted", &"admin ann".into()));
        let consent = world.lifecycle.consent(&guard(), None).await.unwrap();
        assert!(consent.agreed);
        assert_eq!(consent.items[2].standing, Standing::Declined);
        assert!(world.lifecycle.enable(&guard(), &by).await.unwrap());
        assert!(!world.lifecycle.enable(&guard(), &by).await.unwrap(), "it works already");
    }

    async fn less_than_is_needed_or_more_than_is_asked_is_refused(world: World) {
        let installed = world.install(version("1.0.0", ASKS)).await;
        let by = By::operator();
        let grant = |choices: Choices| {
            let lifecycle = world.lifecycle.clone();
            let (digest, by) = (installed.digest, by.clone());
            async move { lifecycle.grant(&guard(), &digest, &choices, &by).await }
        };
        let refused = grant(Choices::of([CapabilityName::Kv])).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ConsentRequired);
        let all = Choices::all(&installed.consent);
        let refused = grant(all.clone().with(Terms::Timers { max: 1 })).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginNotAsked);
        let refused = grant(all.clone().with(Terms::Kv { quota_kib: 65 })).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginNotAsked);
        assert!(effective(&world).await.is_empty());
        grant(all.with(Terms::Kv { quota_kib: 8 })).await.unwrap();
        assert_eq!(effective(&world).await[0], Terms::Kv { quota_kib: 8 });
        // What the admin gave less of is not asked again.
        assert_eq!(world.lifecycle.consent(&guard(), None).await.unwrap().items[0].standing, Standing::Granted);
    }

    async fn what_is_revoked_is_gone_while_the_plugin_works_on(world: World) {
        world.run(version("1.0.0", ASKS)).await;
        let mut changes = world.lifecycle.changes();
        changes.mark_unchanged();
        let (before, by) = (world.row().await.generation, By::operator());
        assert!(world.lifecycle.revoke(&guard(), CapabilityName::Messages, &by).await.unwrap());
        assert!(changes.has_changed().unwrap(), "this node need not wait for its next look");
        assert!(!world.lifecycle.revoke(&guard(), CapabilityName::Messages, &by).await.unwrap());
        let row = world.row().await;
        assert!(row.enabled);
        assert_eq!(row.generation, before + 1, "a refusal that changes nothing wakes nobody");
        let names: Vec<CapabilityName> = effective(&world).await.iter().map(Terms::name).collect();
        assert_eq!(names, [CapabilityName::Kv, CapabilityName::History]);
        assert_eq!(world.acts().await.last().unwrap().1["capability"], "messages");
        // An admin's own decision does not keep it from being stopped and started.
        assert!(world.lifecycle.disable(&guard(), &by).await.unwrap());
        assert!(!world.lifecycle.disable(&guard(), &by).await.unwrap());
        assert!(world.lifecycle.enable(&guard(), &by).await.unwrap());
    }

    async fn unticking_takes_back(world: World) {
        let installed = world.run(version("1.0.0", ASKS)).await;
        let choices = Choices::required(&installed.consent);
        world.lifecycle.grant(&guard(), &installed.digest, &choices, &By::operator()).await.unwrap();
        let names: Vec<CapabilityName> = effective(&world).await.iter().map(Terms::name).collect();
        assert_eq!(names, [CapabilityName::Kv, CapabilityName::Messages]);
    }

    /// Hooks are agreed to as well: a filter without any capability reads everything that is said.
    async fn a_plugin_without_capabilities_needs_consent_too(world: World) {
        let installed = world.install(version("1.0.0", "[hooks.filter]")).await;
        let by = By::operator();
        assert_eq!(world.lifecycle.enable(&guard(), &by).await.unwrap_err().code(), ErrorCode::ConsentRequired);
        assert!(!installed.consent.hooks.is_empty());
        world.lifecycle.grant(&guard(), &installed.digest, &Choices::default(), &by).await.unwrap();
        assert!(world.lifecycle.enable(&guard(), &by).await.unwrap());
    }

    async fn of_two_who_change_at_once_none_is_lost(world: World) {
        world.run(version("1.0.0", ASKS)).await;
        let other = world.another_process().await;
        let by = By::operator();
        let (id, policy) = (guard(), teahouse_plugins::Policy::default());
        let (revoked, decided) = tokio::join!(
            world.lifecycle.revoke(&id, CapabilityName::History, &by),
            other.set_policy(&id, &policy, &by)
        );
        let acts = world.act_names().await;
        let done = |name: &str| acts.iter().any(|act| act == name);
        assert_eq!(revoked.is_ok(), done("plugin.revoked"));
        assert_eq!(decided.is_ok(), done("plugin.policy_changed"));
        for error in [revoked.map(drop), decided].into_iter().filter_map(Result::err) {
            assert_eq!(error.code(), ErrorCode::PluginChanged);
        }
    }
}

fn user(id: UserId) -> teahouse_store::entity::user::Model {
    teahouse_store::entity::user::Model {
        id: id.uuid(),
        name: "ann".to_owned(),
        avatar: None,
        is_bot: false,
        is_guest: false,
        created_at_ms: 0,
        last_seen_at_ms: None,
        banned_at_ms: None,
        banned_until_ms: None,
        ban_reason: None,
        ban_generation: None,
        deactivated_at_ms: None,
    }
}
