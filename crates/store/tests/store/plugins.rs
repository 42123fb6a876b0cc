//! Plugins as they are installed: what changes is seen, and of two who change at once neither is lost.

use teahouse_protocol::{NodeId, RoomId, Timestamp};
use teahouse_store::entity::{plugin, plugin_grant, plugin_version};
use teahouse_store::plugins::{self, PluginEdit};
use teahouse_store::{Db, Error, plugin_grants, plugin_rooms, plugin_versions};

use crate::world::{World, at, on_both};

pub(crate) const PLUGIN: &str = "org.example.guard";

pub(crate) fn row(id: &str) -> plugin::Model {
    plugin::Model {
        id: id.to_owned(),
        enabled: false,
        digest: "d1".to_owned(),
        generation: 1,
        bot_user_id: None,
        settings: "{}".to_owned(),
        secrets_sealed: None,
        policy: "{}".to_owned(),
        state: "{}".to_owned(),
        installed_at_ms: at().millis(),
        updated_at_ms: at().millis(),
        dispatch_node: None,
        dispatch_until_ms: None,
    }
}

pub(crate) async fn install(db: &Db, id: &str) {
    plugins::insert(db.writer(), row(id)).await.unwrap();
}

fn later(ms: i64) -> Timestamp {
    Timestamp::from_millis(at().millis() + ms)
}

fn version(digest: &str, installed_at: Timestamp) -> plugin_version::Model {
    plugin_version::Model {
        digest: digest.to_owned(),
        plugin_id: PLUGIN.to_owned(),
        version: "1.0.0".to_owned(),
        component_digest: format!("c-{digest}"),
        signer: None,
        package: vec![0, 255, 7],
        installed_at_ms: installed_at.millis(),
        installed_by: "ann".to_owned(),
    }
}

on_both! {
    async fn an_edit_changes_what_it_names_and_grows_the_generation(world: World) {
        let db = &world.db;
        install(db, PLUGIN).await;
        assert!(matches!(plugins::insert(db.writer(), row(PLUGIN)).await, Err(Error::Conflict(_))));
        let bot = world.person().await;
        let edit = PluginEdit {
            enabled: Some(true),
            secrets_sealed: Some(Some(vec![1, 2])),
            bot_user: Some(bot),
            ..PluginEdit::default()
        };
        assert!(plugins::update(db.writer(), PLUGIN, Some(1), edit, later(5)).await.unwrap());
        let expected = plugin::Model {
            enabled: true,
            generation: 2,
            secrets_sealed: Some(vec![1, 2]),
            bot_user_id: Some(bot.uuid()),
            updated_at_ms: later(5).millis(),
            ..row(PLUGIN)
        };
        assert_eq!(plugins::find(db.conn(), PLUGIN).await.unwrap().unwrap(), expected);
        assert_eq!(plugins::find_by_bot_user(db.conn(), bot.uuid()).await.unwrap().unwrap(), expected);
        assert!(plugins::bump(db.writer(), PLUGIN, at()).await.unwrap());
        let edit = PluginEdit { secrets_sealed: Some(None), ..PluginEdit::default() };
        assert!(plugins::update(db.writer(), PLUGIN, None, edit, at()).await.unwrap());
        assert_eq!(plugins::find(db.conn(), PLUGIN).await.unwrap().unwrap().secrets_sealed, None);
        let heads = plugins::heads(db.conn()).await.unwrap();
        assert_eq!((heads.len(), heads[0].generation), (1, 4));
        assert!(!plugins::bump(db.writer(), "nobody", at()).await.unwrap());
        assert!(plugins::delete(db.writer(), PLUGIN).await.unwrap());
        assert!(!plugins::delete(db.writer(), PLUGIN).await.unwrap());
    }

    async fn of_two_edits_from_one_generation_one_is_refused(world: World) {
        install(&world.db, PLUGIN).await;
        let nodes = [world.db.clone(), world.another_node().await];
        let editing = nodes.map(|db| {
            tokio::spawn(async move {
                let edit = PluginEdit { settings: Some("{\"a\":1}".to_owned()), ..PluginEdit::default() };
                plugins::update(db.writer(), PLUGIN, Some(1), edit, at()).await.unwrap()
            })
        });
        let mut done = 0;
        for one in editing {
            done += usize::from(one.await.unwrap());
        }
        assert_eq!(done, 1);
    }

    async fn a_quarantine_is_replaced_only_by_who_saw_it(world: World) {
        let db = &world.db;
        install(db, PLUGIN).await;
        assert!(plugins::replace_state(db.writer(), PLUGIN, "{}", "{\"n\":1}").await.unwrap());
        assert!(!plugins::replace_state(db.writer(), PLUGIN, "{}", "{\"n\":2}").await.unwrap());
        let row = plugins::find(db.conn(), PLUGIN).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.generation), ("{\"n\":1}", 1));
    }

    async fn one_node_hands_out_events_until_its_lease_ends(world: World) {
        let db = &world.db;
        install(db, PLUGIN).await;
        let [a, b] = [NodeId::generate(), NodeId::generate()];
        let lease = |node: NodeId, now: i64, until: i64| {
            let db = db.clone();
            async move {
                plugins::lease_dispatch(db.writer(), PLUGIN, node, later(now), later(until)).await.unwrap()
            }
        };
        assert!(lease(a, 0, 100).await);
        assert!(!lease(b, 99, 200).await);
        assert!(lease(a, 99, 200).await, "the holder keeps it");
        assert!(!lease(b, 150, 300).await);
        assert!(lease(b, 200, 300).await, "its end came");
        plugins::release_dispatch(db.writer(), None, a).await.unwrap();
        assert!(!lease(a, 210, 400).await, "nobody gives up what is another's");
        plugins::release_dispatch(db.writer(), Some(PLUGIN), b).await.unwrap();
        assert!(lease(a, 220, 400).await);
        assert_eq!(plugins::find(db.conn(), PLUGIN).await.unwrap().unwrap().generation, 1);
    }

    async fn of_many_nodes_at_once_one_gets_the_lease(world: World) {
        install(&world.db, PLUGIN).await;
        let leasing: Vec<_> = (0..10)
            .map(|_| {
                let db = world.db.clone();
                tokio::spawn(async move {
                    let node = NodeId::generate();
                    plugins::lease_dispatch(db.writer(), PLUGIN, node, at(), later(100)).await.unwrap()
                })
            })
            .collect();
        let mut leased = 0;
        for one in leasing {
            leased += usize::from(one.await.unwrap());
        }
        assert_eq!(leased, 1);
    }

    async fn versions_are_kept_once_and_listed_newest_first(world: World) {
        let db = &world.db;
        assert!(plugin_versions::insert(db.writer(), version("d1", at())).await.unwrap());
        assert!(plugin_versions::insert(db.writer(), version("d2", later(5))).await.unwrap());
        assert!(!plugin_versions::insert(db.writer(), version("d1", later(9))).await.unwrap());
        assert_eq!(plugin_versions::find(db.conn(), "d1").await.unwrap().unwrap(), version("d1", at()));
        let listed = plugin_versions::of_plugin(db.conn(), PLUGIN).await.unwrap();
        let digests: Vec<&str> = listed.iter().map(|version| version.digest.as_str()).collect();
        assert_eq!(digests, ["d2", "d1"]);
        assert_eq!(plugin_versions::all(db.conn()).await.unwrap(), listed);
        plugin_versions::delete(db.writer(), &["d1".to_owned()]).await.unwrap();
        assert!(plugin_versions::find(db.conn(), "d1").await.unwrap().is_none());
        plugin_versions::delete_of_plugin(db.writer(), PLUGIN).await.unwrap();
        assert!(plugin_versions::all(db.conn()).await.unwrap().is_empty());
    }

    async fn a_grant_takes_the_place_of_an_earlier_one(world: World) {
        let db = &world.db;
        let grant = |terms: &str| plugin_grant::Model {
            plugin_id: PLUGIN.to_owned(),
            capability: "kv".to_owned(),
            terms: terms.to_owned(),
            digest: "d1".to_owned(),
            granted_by: "ann".to_owned(),
            granted_at_ms: at().millis(),
        };
        plugin_grants::put(db.writer(), grant("1")).await.unwrap();
        plugin_grants::put(db.writer(), grant("2")).await.unwrap();
        assert_eq!(plugin_grants::of_plugin(db.conn(), PLUGIN).await.unwrap(), [grant("2")]);
        assert_eq!(plugin_grants::all(db.conn()).await.unwrap(), [grant("2")]);
        assert!(plugin_grants::delete(db.writer(), PLUGIN, "kv").await.unwrap());
        assert!(!plugin_grants::delete(db.writer(), PLUGIN, "kv").await.unwrap());
    }

    async fn a_room_is_chosen_once(world: World) {
        let db = &world.db;
        let ann = world.person().await;
        let room = world.room(ann).await;
        assert!(plugin_rooms::insert(db.writer(), PLUGIN, room).await.unwrap());
        assert!(!plugin_rooms::insert(db.writer(), PLUGIN, room).await.unwrap());
        assert!(plugin_rooms::insert(db.writer(), PLUGIN, RoomId::generate()).await.is_err(), "no such room");
        assert_eq!(plugin_rooms::of_plugin(db.conn(), PLUGIN).await.unwrap(), [room]);
        assert!(plugin_rooms::delete(db.writer(), PLUGIN, room).await.unwrap());
        assert!(plugin_rooms::all(db.conn()).await.unwrap().is_empty());
    }
}
