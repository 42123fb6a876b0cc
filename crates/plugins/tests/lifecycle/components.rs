//! Real components in the real sandbox: what can't run doesn't come in, and what runs says itself what it is set to.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use teahouse_plugin_host::{Compile, HostConfig};
use teahouse_plugins::lifecycle::{By, Choices, HostTrials, Lifecycle, bundled_plugins};
use teahouse_protocol::ErrorCode;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::world::{World, guard, on_both, version_of};

/// Refuses settings of more than 20 bytes, and says at which field.
const FUSSY: &str = r#"
    (if (i32.gt_u (local.get 1) (i32.const 20)) (then
        (i32.store8 (i32.const 1024) (i32.const 1))
        (i32.store (i32.const 1028) (i32.const 1100))
        (i32.store (i32.const 1032) (i32.const 1))
        (i32.store (i32.const 1100) (i32.const 1200))
        (i32.store (i32.const 1104) (i32.const 4))
        (i32.store (i32.const 1108) (i32.const 1204))
        (i32.store (i32.const 1112) (i32.const 8))))
"#;
const SCHEMA: &str = r#"{"type":"object","properties":{"word":{"type":"string"}}}"#;
const FILTER: &str = "[hooks.filter]";

/// A filter that lets everything through, and whose `init` does `init`: arguments are the settings' place and length, and
/// zeros in the reply at 1024 say that all is well.
fn filter(init: &str) -> Vec<u8> {
    let module = format!(
        r#"(module
            (memory (export "memory") 2)
            (global $next (mut i32) (i32.const 4096))
            (data (i32.const 1200) "wordtoo long")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (global.get $next)
                (global.set $next (i32.add (global.get $next) (local.get 3))))
            (func (export "teahouse:plugin/setup@1.0.0#init") (param i32 i32) (result i32)
                {init} (i32.const 1024))
            (func (export "teahouse:plugin/filter@1.0.0#check") (param i32) (result i32) (i32.const 1024))
            (func (export "teahouse:plugin/filter@1.0.0#check-edit") (param i32) (result i32) (i32.const 1024)))"#
    );
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/wit");
    let (package, _) = resolve.push_path(wit).unwrap();
    let world = resolve.select_world(&[package], Some("filter-plugin")).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

fn sandboxed(world: &World) -> Lifecycle {
    let trials = HostTrials::alone(HostConfig::default(), Compile::InProcess).unwrap();
    world.trying(Arc::new(trials))
}

on_both! {
    async fn a_filter_is_installed_enabled_and_asked_about_its_settings(world: World) {
        let (house, by) = (sandboxed(&world), By::operator());
        let installed = house.install(version_of("1.0.0", FILTER, Some(SCHEMA), &filter(FUSSY)), &by).await.unwrap();
        house.grant(&guard(), &installed.digest, &Choices::default(), &by).await.unwrap();
        assert!(house.enable(&guard(), &by).await.unwrap());
        house.configure(&guard(), &json!({"word": "short"}), &Default::default(), &by).await.unwrap();
        let before = world.row().await;
        let long = json!({"word": "so long that it does not like it"});
        let refused = house.configure(&guard(), &long, &Default::default(), &by).await.unwrap_err();
        let [problem] = refused.problems() else { panic!("{refused:?}") };
        assert_eq!((problem.field.as_str(), problem.text.zh.as_str()), ("word", "too long"));
        assert_eq!(world.row().await, before);
        // A newer one that is worse leaves it as it was.
        let trap = version_of("1.1.0", FILTER, Some(SCHEMA), &filter("(unreachable)"));
        assert_eq!(house.install(trap, &by).await.unwrap_err().code(), ErrorCode::PluginComponentRefused);
        assert_eq!(world.row().await, before);
    }

    async fn what_can_not_run_does_not_come_in(world: World) {
        let (house, by) = (sandboxed(&world), By::operator());
        let good = filter("");
        let bad: [(&str, &str, Vec<u8>); 5] = [
            ("random bytes", FILTER, b"\0asm not really".to_vec()),
            ("cut short", FILTER, good[..good.len() / 2].to_vec()),
            ("traps in init", FILTER, filter("(unreachable)")),
            ("never ends in init", FILTER, filter("(loop $for_ever (br $for_ever))")),
            ("lacks a hook of its manifest", "[hooks.gate]", good.clone()),
        ];
        for (what, manifest, component) in bad {
            let refused = house.install(version_of("1.0.0", manifest, None, &component), &by).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::PluginComponentRefused, "{what}: {refused}");
        }
        assert!(house.list().await.unwrap().is_empty());
        assert!(house.install(version_of("1.0.0", FILTER, None, &good), &by).await.unwrap().is_first);
    }

    /// As `cargo run` does at its first start.
    async fn what_comes_with_the_server_is_installed_and_its_first_ones_work(world: World) {
        let house = sandboxed(&world);
        let bundled = bundled_plugins();
        house.install_bundled(&bundled).await;
        let installed = house.list().await.unwrap();
        assert_eq!(installed.len(), bundled.len(), "{installed:?}");
        let working = installed.iter().filter(|plugin| plugin.enabled).count();
        assert_eq!(working, bundled.iter().filter(|plugin| plugin.enabled).count());
        let acts = world.act_names().await;
        house.install_bundled(&bundled_plugins()).await;
        assert_eq!(world.act_names().await, acts, "a second start does nothing");
    }
}
