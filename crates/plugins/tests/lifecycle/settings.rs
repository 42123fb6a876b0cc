//! Settings, secrets, and what an admin decides.

use std::collections::BTreeMap;

use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::json;
use teahouse_plugin_package::{OnError, Rooms};
use teahouse_plugins::lifecycle::{By, SecretChanges, effective_settings};
use teahouse_plugins::{HookPolicy, LimitPolicy, Policy};
use teahouse_protocol::{ErrorCode, RoomId};
use teahouse_store::entity::room as room_entity;
use zeroize::Zeroizing;

use crate::world::{Draft, World, guard, on_both, secrets_key, version};

const SCHEMA: &str = r#"{"type":"object","properties":{
    "word":{"type":"string","default":"tea","maxLength":10},
    "limits":{"type":"object","properties":{"most":{"type":"integer","default":3,"maximum":9}}}
}}"#;

fn package() -> Vec<u8> {
    Draft { schema: Some(SCHEMA), ..Draft::default() }.pack()
}

fn none() -> SecretChanges {
    SecretChanges::new()
}

fn secret(name: &str, value: Option<&str>) -> SecretChanges {
    BTreeMap::from([(name.to_owned(), value.map(|value| Zeroizing::new(value.to_owned())))])
}

on_both! {
    async fn settings_are_saved_when_schema_and_plugin_agree(world: World) {
        world.run(package()).await;
        let view = world.lifecycle.settings(&guard()).await.unwrap();
        assert_eq!(view.values, json!({"word": "tea", "limits": {"most": 3}}));
        assert_eq!(view.secrets, [("api-key".to_owned(), false)]);
        let (by, before) = (By::operator(), world.row().await.generation);
        world.lifecycle.configure(&guard(), &json!({"word": "cup"}), &none(), &by).await.unwrap();
        let view = world.lifecycle.settings(&guard()).await.unwrap();
        assert_eq!(view.values, json!({"word": "cup", "limits": {"most": 3}}));
        assert_eq!(world.row().await.generation, before + 1);
        assert!(!world.acts().await.last().unwrap().1.to_string().contains("cup"), "values stay out of the log");
    }

    async fn what_is_wrong_stands_beside_its_field_and_nothing_is_saved(world: World) {
        world.run(package()).await;
        let before = world.row().await;
        let attempts = [
            (json!({"word": 7}), none(), "word"),
            (json!({"word": "much too long for it"}), none(), "word"),
            (json!({"limits": {"most": 10}}), none(), "limits.most"),
            (json!({"unknown": 1}), none(), "unknown"),
            (json!({"word": "forbidden"}), none(), "word"),
            (json!([]), none(), ""),
            (json!({}), secret("other-key", Some("x")), "secrets.other-key"),
            (json!({}), secret("api-key", Some("")), "secrets.api-key"),
        ];
        for (values, secrets, field) in attempts {
            let refused = world.lifecycle.configure(&guard(), &values, &secrets, &By::operator()).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::PluginSettingsRefused, "{values}");
            assert_eq!(refused.problems()[0].field, field, "{values}: {refused}");
        }
        let trap = json!({"word": "trap"});
        let refused = world.lifecycle.configure(&guard(), &trap, &none(), &By::operator()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginComponentRefused);
        assert_eq!(world.row().await, before);
    }

    async fn a_secret_is_kept_encrypted_and_never_given_back(world: World) {
        world.run(package()).await;
        let by = By::operator();
        let set = async |changes: &SecretChanges| {
            world.lifecycle.configure(&guard(), &json!({}), changes, &by).await.unwrap();
        };
        set(&secret("api-key", Some("hush-hush"))).await;
        let view = world.lifecycle.settings(&guard()).await.unwrap();
        assert_eq!(view.secrets, [("api-key".to_owned(), true)]);
        assert!(!serde_json::to_string(&view).unwrap().contains("hush"));
        let row = world.row().await;
        let sealed = row.secrets_sealed.clone().unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"hush"));
        assert_eq!(secrets_key().open(&row.id, &sealed).unwrap()["api-key"].as_str(), "hush-hush");
        set(&none()).await;
        assert_eq!(world.row().await.secrets_sealed, Some(sealed), "what is not named stays");
        set(&secret("api-key", None)).await;
        assert_eq!(world.row().await.secrets_sealed, None);
        assert!(!format!("{:?}", world.acts().await).contains("hush"));
    }

    /// The newest settings may hold what an older version does not know.
    async fn a_version_gets_what_it_knows(world: World) {
        let installed = world.install(package()).await;
        let package = world.lifecycle.package(&installed.digest).await.unwrap();
        let stored = json!({"word": "x", "newer": 1, "limits": {"most": 2, "least": 1}}).to_string();
        let expected = json!({"word": "x", "limits": {"most": 2}});
        assert_eq!(effective_settings(package.schema(), &stored), expected);
        let defaults = json!({"word": "tea", "limits": {"most": 3}});
        assert_eq!(effective_settings(package.schema(), "not json"), defaults);
    }

    async fn a_decision_within_its_caps_is_kept_and_one_outside_refused(world: World) {
        world.run(version("1.0.0", "[hooks.filter]\nrooms = \"all\"")).await;
        let by = By::operator();
        let policy = Policy {
            filter: HookPolicy { priority: Some(7), on_error: Some(OnError::Hold) },
            rooms: Some(Rooms::Chosen),
            limits: LimitPolicy { memory_mib: Some(64), ..LimitPolicy::default() },
            ..Policy::default()
        };
        assert_eq!(world.lifecycle.show(&guard()).await.unwrap().works_in, Rooms::All);
        world.lifecycle.set_policy(&guard(), &policy, &by).await.unwrap();
        let view = world.lifecycle.show(&guard()).await.unwrap();
        assert_eq!((view.works_in, view.policy), (Rooms::Chosen, policy));
        let wild = Policy {
            gate: HookPolicy { priority: Some(1_001), on_error: None },
            limits: LimitPolicy { memory_mib: Some(65), filter_running_ms: Some(0), ..LimitPolicy::default() },
            ..Policy::default()
        };
        let refused = world.lifecycle.set_policy(&guard(), &wild, &by).await.unwrap_err();
        let fields: Vec<&str> = refused.problems().iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["gate.priority", "limits.memory_mib", "limits.filter_running_ms"]);
    }

    async fn rooms_are_chosen_and_left(world: World) {
        world.run(version("1.0.0", "[hooks.filter]")).await;
        let (by, room) = (By::operator(), RoomId::generate());
        let refused = world.lifecycle.add_room(&guard(), room, &by).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::RoomNotFound);
        make(&world, room).await;
        assert!(world.lifecycle.add_room(&guard(), room, &by).await.unwrap());
        assert!(!world.lifecycle.add_room(&guard(), room, &by).await.unwrap());
        assert_eq!(world.lifecycle.show(&guard()).await.unwrap().rooms, [room]);
        assert!(world.lifecycle.remove_room(&guard(), room, &by).await.unwrap());
        assert!(!world.lifecycle.remove_room(&guard(), room, &by).await.unwrap());
        let acts = world.act_names().await;
        assert_eq!(acts[acts.len() - 2..], ["plugin.room_added", "plugin.room_removed"]);
    }
}

async fn make(world: &World, room: RoomId) {
    let row = room_entity::Model {
        id: room.uuid(),
        kind: 0,
        visibility: 0,
        name: "a room".to_owned(),
        announcement: String::new(),
        unique_key: None,
        created_by: None,
        created_at_ms: 0,
        last_seq: 0,
        deleted_at_ms: None,
        allowed_reactions: String::new(),
        readers_may_react: false,
    };
    let insert = room_entity::Entity::insert(row.into_active_model());
    insert.exec_without_returning(world.db.writer()).await.unwrap();
}
