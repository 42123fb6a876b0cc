//! What goes with a plugin, and for whom the rest is kept.

use teahouse_plugin_package::SecretKey;
use teahouse_plugins::lifecycle::{By, Data};
use teahouse_protocol::{ErrorCode, UserId};
use teahouse_store::entity::{identity, user};
use teahouse_store::plugin_kv::{self, Quota};
use teahouse_store::{identities, users};
use uuid::Uuid;

use crate::world::{GUARD, World, guard, on_both, signed, version};

const KV: &str = "[hooks.filter]\n[capabilities]\nkv = {}";

async fn keep(world: &World, value: &str) {
    let tx = world.db.begin().await.unwrap();
    let quota = Quota { bytes: 1_000, keys: 10 };
    let now = teahouse_protocol::Clock::now(&*world.clock);
    let mut writing = plugin_kv::write(&tx, GUARD, quota, now).await.unwrap();
    writing.set(b"k", value.into(), None).await.unwrap();
    tx.commit().await.unwrap();
}

async fn kept(world: &World) -> bool {
    plugin_kv::usage(world.db.conn(), GUARD).await.unwrap().keys > 0
}

/// As `accounts` makes it when the bot begins to work.
async fn bot(world: &World) -> UserId {
    let id = UserId::generate();
    let row = user::Model {
        id: id.uuid(),
        name: "Guard".to_owned(),
        avatar: None,
        is_bot: true,
        is_guest: false,
        created_at_ms: 0,
        last_seen_at_ms: None,
        banned_at_ms: None,
        banned_until_ms: None,
        ban_reason: None,
        ban_generation: None,
        deactivated_at_ms: None,
    };
    users::insert(world.db.writer(), row).await.unwrap();
    let identity = identity::Model {
        id: Uuid::now_v7(),
        user_id: id.uuid(),
        provider: "plugin".to_owned(),
        app_id: String::new(),
        subject: GUARD.to_owned(),
        unionid: None,
        session_key_sealed: None,
        session_key_at_ms: None,
        created_at_ms: 0,
    };
    identities::insert(world.db.writer(), identity).await.unwrap();
    id
}

async fn is_deactivated(world: &World, user: UserId) -> bool {
    let row = users::find(world.db.conn(), user).await.unwrap().unwrap();
    row.deactivated_at_ms.is_some()
}

/// Whom the plugin will act as.
async fn acts_as(world: &World) -> Option<UserId> {
    let known = identities::find_by_subject(world.db.conn(), "plugin", "", GUARD).await.unwrap();
    known.map(|known| UserId::from_uuid(known.user_id))
}

on_both! {
    /// Else a stranger could speak as a bot that people know, by taking its plugin's id.
    async fn a_bot_s_user_is_for_the_same_publisher_alone(world: World) {
        let by = By::operator();
        let (first, second) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        world.run(signed(&version("1.0.0", KV), &first)).await;
        let user = bot(&world).await;
        for data in [Data::Delete, Data::Keep, Data::Delete] {
            assert!(!is_deactivated(&world, user).await);
            world.lifecycle.uninstall(&guard(), data, &by).await.unwrap();
            assert!(is_deactivated(&world, user).await);
            world.install(signed(&version("1.0.0", KV), &first)).await;
            assert_eq!(acts_as(&world).await, Some(user));
        }
        world.lifecycle.uninstall(&guard(), Data::Delete, &by).await.unwrap();
        world.install(signed(&version("1.0.0", KV), &second)).await;
        assert!(is_deactivated(&world, user).await);
        assert_eq!(acts_as(&world).await, None, "the next one will have a user of its own");
    }

    async fn with_its_data_nothing_is_left(world: World) {
        let by = By::operator();
        world.run(version("1.0.0", KV)).await;
        let before = world.row().await.generation;
        keep(&world, "v").await;
        world.lifecycle.uninstall(&guard(), Data::Delete, &by).await.unwrap();
        assert!(!kept(&world).await);
        assert!(world.lifecycle.list().await.unwrap().is_empty());
        assert_eq!(world.lifecycle.enable(&guard(), &by).await.unwrap_err().code(), ErrorCode::PluginNotFound);
        let refused = world.lifecycle.uninstall(&guard(), Data::Delete, &by).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginNotFound);
        // Anybody may use the name from now on, and nothing that was agreed to counts.
        let stranger = SecretKey::generate().unwrap();
        let installed = world.install(signed(&version("1.0.0", KV), &stranger)).await;
        assert!(installed.is_first && !installed.consent.agreed);
        assert!(world.row().await.generation > before, "a node that looks only now sees that it changed");
    }

    /// Else somebody could read what another's plugin kept, by taking its name.
    async fn data_that_stays_is_for_the_same_publisher_alone(world: World) {
        let by = By::operator();
        let (first, second) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        world.run(signed(&version("1.0.0", KV), &first)).await;
        keep(&world, "v").await;
        world.lifecycle.uninstall(&guard(), Data::Keep, &by).await.unwrap();
        let refused = world.lifecycle.uninstall(&guard(), Data::Keep, &by).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginNotFound);
        for stranger in [version("2.0.0", KV), signed(&version("2.0.0", KV), &second)] {
            let refused = world.lifecycle.install(stranger, &by).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::PluginKeyChanged);
        }
        let again = world.install(signed(&version("1.0.0", KV), &first)).await;
        assert!(again.is_first && !again.consent.agreed);
        assert!(kept(&world).await);
        // What was kept of one that is gone can be thrown out later.
        world.lifecycle.uninstall(&guard(), Data::Keep, &by).await.unwrap();
        world.lifecycle.uninstall(&guard(), Data::Delete, &by).await.unwrap();
        assert!(!kept(&world).await);
        assert!(world.install(signed(&version("2.0.0", KV), &second)).await.is_first);
    }
}
