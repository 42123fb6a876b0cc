//! What another version would have said, without anything being said.

use serde_json::json;
use teahouse_plugin_host::Compile;
use teahouse_plugin_package::Package;
use teahouse_plugins::{Candidate, PluginsConfig, Replay};
use teahouse_protocol::Timestamp;

use crate::world::{World, host, on_both, package};

on_both! {
    async fn a_replay_says_what_would_change_and_touches_nothing(world: World) {
        world.probe(&[("\"posted\", ", "")]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        for text in ["tea", "with milk", "flag odd", "more milk"] {
            world.say(&ann, room, text).await.unwrap();
        }
        let before = [
            world.count("SELECT count(*) FROM messages").await,
            world.count("SELECT count(*) FROM plugin_kv").await,
            world.count("SELECT count(*) FROM reviews").await,
        ];
        let replay = Replay {
            db: world.db.clone(),
            host: host(),
            compile: Compile::InProcess,
            config: PluginsConfig::default(),
        };
        let bytes = package(&[("version = \"1.0.0\"", "version = \"1.1.0\"")]);
        let candidate = Candidate {
            package: Package::read(&bytes).unwrap(),
            settings: Some(json!({ "word": "milk" })),
        };
        let mut told = Vec::new();
        let report = replay.run(&candidate, Timestamp::from_millis(0), |progress| told.push(progress)).await.unwrap();
        assert_eq!(report.changed, 2, "{report:?}");
        let changes: Vec<(&str, &str)> =
            report.changes.iter().map(|change| (change.text.as_str(), change.after.verdict.as_str())).collect();
        assert_eq!(changes, [("with milk", "reject"), ("more milk", "reject")]);
        assert_eq!((report.before["flag"], report.after["flag"], report.after["reject"]), (1, 1, 2));
        assert_eq!(told.last().map(|progress| progress.done), Some(told.last().unwrap().of));
        let after = [
            world.count("SELECT count(*) FROM messages").await,
            world.count("SELECT count(*) FROM plugin_kv").await,
            world.count("SELECT count(*) FROM reviews").await,
        ];
        assert_eq!(before, after);
        let later = teahouse_protocol::Clock::now(&*world.clock) + std::time::Duration::from_secs(60);
        assert_eq!(replay.run(&candidate, later, |_| {}).await.unwrap().looked_at, 0);
    }
}
