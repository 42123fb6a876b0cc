//! What comes with the server: there from the first start, and never in an admin's way.

use teahouse_plugins::lifecycle::{BundledPlugin, By, Data, SignerView, bundled_plugins};
use teahouse_protocol::ErrorCode;

use crate::world::{Draft, House, World, guard, on_both, version};

const KV: &str = "[hooks.filter]\n[capabilities]\nkv = { quota-kib = 64 }";
const MORE: &str = "[hooks.filter]\n[capabilities]\nkv = { quota-kib = 128 }";

fn bundled(number: &'static str, manifest: &'static str) -> [BundledPlugin; 1] {
    [BundledPlugin { name: "guard".to_owned(), package: version(number, manifest), enabled: true }]
}

async fn in_use(world: &World) -> String {
    world.lifecycle.show(&guard()).await.unwrap().version
}

on_both! {
    async fn a_first_start_installs_and_enables_it(world: World) {
        // The server's own need no signature: who could change them could change the server.
        let strict = world.under(House { require_signature: true, ..House::default() });
        strict.install_bundled(&bundled("1.0.0", KV)).await;
        let view = world.lifecycle.show(&guard()).await.unwrap();
        assert!(view.enabled && view.agreed);
        assert_eq!((view.signer, view.grants[0].by.as_str()), (SignerView::Bundled, "bundled"));
        let acts = world.act_names().await;
        strict.install_bundled(&bundled("1.0.0", KV)).await;
        assert_eq!(world.act_names().await, acts, "a second start does nothing");
        assert_eq!(acts, ["plugin.installed", "plugin.granted", "plugin.enabled"]);
    }

    async fn one_that_is_not_enabled_waits(world: World) {
        let [mut plugin] = bundled("1.0.0", KV);
        plugin.enabled = false;
        world.lifecycle.install_bundled(&[plugin]).await;
        let view = world.lifecycle.show(&guard()).await.unwrap();
        assert!(!view.enabled && !view.agreed);
    }

    /// The server was killed between installing and enabling.
    async fn a_first_start_that_ended_too_early_is_ended_by_the_next(world: World) {
        let [mut plugin] = bundled("1.0.0", KV);
        plugin.enabled = false;
        world.lifecycle.install_bundled(&[plugin]).await;
        world.lifecycle.install_bundled(&bundled("1.0.0", KV)).await;
        assert!(world.row().await.enabled);
    }

    async fn a_release_upgrades_it_when_nothing_new_is_asked(world: World) {
        world.lifecycle.install_bundled(&bundled("1.0.0", KV)).await;
        world.clock.advance(std::time::Duration::from_secs(1));
        world.lifecycle.install_bundled(&bundled("1.1.0", KV)).await;
        assert_eq!(in_use(&world).await, "1.1.0");
        world.clock.advance(std::time::Duration::from_secs(1));
        world.lifecycle.install_bundled(&bundled("1.2.0", MORE)).await;
        assert_eq!(in_use(&world).await, "1.1.0", "it asks for more, and waits");
        // A node with the older release that starts beside the newer ones.
        world.lifecycle.install_bundled(&bundled("1.0.5", KV)).await;
        assert_eq!(in_use(&world).await, "1.1.0");
    }

    async fn what_an_admin_changed_stays_changed(world: World) {
        let by = By::operator();
        world.lifecycle.install_bundled(&bundled("1.0.0", KV)).await;
        world.lifecycle.disable(&guard(), &by).await.unwrap();
        world.clock.advance(std::time::Duration::from_secs(1));
        world.lifecycle.install_bundled(&bundled("1.1.0", KV)).await;
        let view = world.lifecycle.show(&guard()).await.unwrap();
        assert!(!view.enabled);
        assert_eq!(view.version, "1.1.0");
        world.lifecycle.rollback(&guard(), &by).await.unwrap();
        world.lifecycle.install_bundled(&bundled("1.1.0", KV)).await;
        assert_eq!(in_use(&world).await, "1.0.0");
        for data in [Data::Keep, Data::Delete] {
            world.lifecycle.uninstall(&guard(), data, &by).await.unwrap();
            world.lifecycle.install_bundled(&bundled("1.1.0", KV)).await;
            assert!(world.lifecycle.list().await.unwrap().is_empty(), "what was thrown out stays out");
        }
    }

    async fn nobody_else_takes_its_name(world: World) {
        world.lifecycle.install_bundled(&bundled("1.0.0", KV)).await;
        let refused = world.lifecycle.install(version("9.0.0", KV), &By::operator()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginKeyChanged);
    }

    async fn one_that_is_broken_costs_the_others_nothing(world: World) {
        let broken = Draft { component: "broken", ..Draft::default() }.pack();
        let [good] = bundled("1.0.0", KV);
        let bad = BundledPlugin { package: broken, ..good.clone() };
        world.lifecycle.install_bundled(&[bad, good]).await;
        assert_eq!(in_use(&world).await, "1.0.0");
    }

    async fn two_nodes_that_start_at_once_install_one(world: World) {
        let other = world.another_process().await;
        let bundled = bundled("1.0.0", KV);
        tokio::join!(world.lifecycle.install_bundled(&bundled), other.install_bundled(&bundled));
        let view = world.lifecycle.show(&guard()).await.unwrap();
        assert!(view.enabled);
        assert_eq!(view.versions.len(), 1);
    }
}

/// Whatever lies in `plugins/dist` can be packed, and names itself as no other does.
#[test]
fn what_comes_with_this_build_can_be_packed() {
    let plugins = bundled_plugins();
    let mut ids: Vec<String> = plugins
        .iter()
        .map(|plugin| {
            teahouse_plugin_package::Package::read(&plugin.package).unwrap().manifest().id.to_string()
        })
        .collect();
    ids.sort();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    assert_eq!(plugins, bundled_plugins(), "the same program gives the same bytes");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/dist");
    let kept = std::fs::read_dir(folder).unwrap().filter(|entry| {
        entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "wasm")
    });
    assert_eq!(plugins.len(), kept.count(), "each component has all that its package needs");
}
