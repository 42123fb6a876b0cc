//! From bytes to a plugin: what is refused, what is kept, and what happens to who tampers with it.

use std::path::PathBuf;
use std::time::Duration;

use teahouse_plugin_host::{CallTerms, Compile, CompileError, Exports, Host, HostConfig, LoadError, inspect};

use crate::guest::{checks, component_for, host, shared};
use crate::house::{Setting, message};

/// A guest of one function; its interface is the test's own.
const OTHER: &str = "(module
    (import \"IMPORT\" \"get\" (func $get (param i32)))
    (memory (export \"memory\") 1)
    (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export \"run\") (call $get (i32.const 0))))";

fn child() -> Compile {
    Compile::Child(PathBuf::from(env!("CARGO_BIN_EXE_plugin-host-compiler")))
}

async fn refused(bytes: &[u8]) -> CompileError {
    match host().compile(shared(bytes), &Compile::InProcess).await {
        Ok(_) => panic!("it was expected to be refused"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    assert!(matches!(refused(b"").await, CompileError::Invalid(_)));
    let noise: Vec<u8> = (0..4_096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(matches!(refused(&noise).await, CompileError::Invalid(_)));
    let module = wat::parse_str("(module)").expect("a module");
    assert!(matches!(refused(&module).await, CompileError::Invalid(_)));
}

#[tokio::test]
async fn a_component_cut_short_is_refused() {
    let component = checks("").component();
    let mut whole = 0;
    for part in 1..40 {
        let cut = component.len() * part / 40;
        match host().compile(shared(&component[..cut]), &Compile::InProcess).await {
            Err(CompileError::Invalid(_)) => {}
            Err(error) => panic!("cut at {cut}: {error}"),
            // Cut between two sections, what is left is a component of its own right, with less in it.
            Ok(_) => whole += 1,
        }
    }
    assert!(whole <= 3, "{whole} of 39 were taken");
}

#[tokio::test]
async fn a_component_with_a_byte_changed_is_refused_or_contained() {
    let component = checks("").component();
    for at in (8..component.len()).step_by(component.len() / 60) {
        let mut changed = component.clone();
        changed[at] ^= 0x55;
        // Whatever it is now: it is refused, or it is loaded and called like any other.
        let Ok(compiled) = host().compile(changed.into(), &Compile::InProcess).await else { continue };
        let hooks = Exports { filter: true, ..Exports::default() };
        if let Ok(plugin) = Setting::with(compiled, hooks).load().await {
            let _ = plugin.check(&message("hi"), &CallTerms::default()).await;
        }
    }
}

#[tokio::test]
async fn too_large_a_component_is_refused_unread() {
    let host =
        Host::new(&HostConfig { slots: 1, component_bytes: 100, ..HostConfig::default() }).expect("a host");
    let refused = host.compile(shared(&[0; 101]), &Compile::InProcess).await;
    assert!(matches!(refused, Err(CompileError::TooLarge { size: 101, limit: 100 })));
}

#[tokio::test]
async fn imports_that_no_plugin_is_given_are_refused_with_advice() {
    let wit = "package wasi:clocks@0.2.0; interface wall { get: func() -> string; }
               world w { import wall; export run: func(); }";
    let component = component_for(&OTHER.replace("IMPORT", "wasi:clocks/wall@0.2.0"), wit, "w");
    let CompileError::Imports(imports) = refused(&component).await else { panic!("imports were expected") };
    assert_eq!(imports[0].name, "wasi:clocks/wall@0.2.0");
    assert!(imports[0].hint.contains("--stub-wasi"));
}

#[tokio::test]
async fn an_import_with_another_signature_is_refused() {
    let wit = "package teahouse:plugin@1.0.0; interface kv { get: func() -> string; }
               world w { import kv; export run: func(); }";
    let component = component_for(&OTHER.replace("IMPORT", "teahouse:plugin/kv@1.0.0"), wit, "w");
    let compiled = host().compile(component.into(), &Compile::InProcess).await.expect("the name is right");
    let loaded = Setting::with(compiled, Exports::default()).load().await;
    assert!(matches!(loaded, Err(LoadError::Misfit(_))));
}

#[tokio::test]
async fn an_export_with_another_signature_is_refused() {
    let wit = "package teahouse:plugin@1.0.0; interface setup { init: func(config: u32) -> u32; }
               world w { export setup; }";
    let wat = "(module (func (export \"teahouse:plugin/setup@1.0.0#init\") (param i32) (result i32) (i32.const 0)))";
    let compiled =
        host().compile(component_for(wat, wit, "w").into(), &Compile::InProcess).await.expect("compiled");
    let loaded = Setting::with(compiled, Exports::default()).load().await;
    assert!(matches!(loaded, Err(LoadError::Misfit(_))));
}

#[tokio::test]
async fn a_plugin_of_a_later_minor_version_is_linked() {
    let wit = "package teahouse:plugin@1.3.0;
               interface env { now: func() -> f64; }
               interface setup { record problem { field: string, text: string }
                   init: func(config: string) -> result<_, list<problem>>; }
               world w { import env; export setup; }";
    let wat = "(module
        (import \"teahouse:plugin/env@1.3.0\" \"now\" (func $now (result f64)))
        (memory (export \"memory\") 1)
        (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
        (func (export \"teahouse:plugin/setup@1.3.0#init\") (param i32 i32) (result i32)
            (drop (call $now)) (i32.const 1024)))";
    let compiled =
        host().compile(component_for(wat, wit, "w").into(), &Compile::InProcess).await.expect("compiled");
    assert!(compiled.inspection.setup);
    Setting::with(compiled, Exports::default()).load().await.expect("1.3 is 1");
}

#[tokio::test]
async fn the_outline_names_exports_and_capabilities() {
    let guest = checks("").handles("").importing("messages", "typing", "(param i32 i32 i32)");
    let outline = inspect(&guest.component()).expect("a component");
    assert!(outline.setup && outline.exports.filter && outline.exports.bot && !outline.exports.gate);
    assert_eq!(outline.imports.iter().map(|it| it.name()).collect::<Vec<_>>(), ["messages"]);
    assert!(outline.refused.is_empty());
}

#[tokio::test]
async fn compiled_code_is_kept_and_a_forged_file_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let config =
        HostConfig { slots: 2, cache: Some(folder.path().join("compiled")), ..HostConfig::default() };
    let component = checks("").component();
    // A program that is none: the second time nothing is compiled.
    let nobody = Compile::Child(PathBuf::from("/nonexistent"));
    let host = Host::new(&config).expect("a host");
    host.compile(shared(&component), &Compile::InProcess).await.expect("compiled");
    let again = Host::new(&config).expect("a host");
    again.compile(shared(&component), &nobody).await.expect("kept");

    let code = std::fs::read_dir(folder.path().join("compiled"))
        .expect("the cache")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .expect("the code");
    let mut forged = std::fs::read(&code).expect("read");
    let middle = forged.len() / 2;
    forged[middle] ^= 1;
    std::fs::write(&code, forged).expect("forged");
    assert!(again.compile(shared(&component), &nobody).await.is_err(), "it must be compiled anew");
    again.compile(shared(&component), &Compile::InProcess).await.expect("compiled anew");
    again.compile(shared(&component), &nobody).await.expect("and kept");
}

#[tokio::test]
async fn a_child_compiles_what_is_then_called() {
    let compiled = host().compile(checks("").component().into(), &child()).await.expect("compiled");
    let hooks = Exports { filter: true, ..Exports::default() };
    let plugin = Setting::with(compiled, hooks).load().await.expect("loaded");
    plugin.check(&message("hi"), &CallTerms::default()).await.expect("called");
}

#[tokio::test]
async fn a_child_says_what_is_wrong_with_a_component() {
    // Its outline is fine; its code is not valid.
    let mut component = checks("(loop $again (br $again))").component();
    let code = component.windows(3).position(|bytes| bytes == [0x03, 0x40, 0x0c]).expect("the loop");
    component[code + 2] = 0xff;
    let refused = host().compile(component.into(), &child()).await;
    assert!(matches!(refused, Err(CompileError::Invalid(_))), "{:?}", refused.err());
}

#[tokio::test]
async fn a_compile_bomb_costs_no_more_than_its_child() {
    // Loops over a thousand variables: what the compiler keeps of them grows with their product.
    let loops: String = (0..20_000_u32)
        .map(|n| {
            let [to, from, until] = [17, 31, 57].map(|step| n.wrapping_mul(step) % 1_000);
            format!(
                "(loop (local.set {to} (i32.add (local.get {to}) (local.get {from}))) (br_if 0 (local.get {until})))\n"
            )
        })
        .collect();
    let bomb = format!("(func (local {}) {loops})", "i32 ".repeat(1_000));
    let component = checks("").with(&bomb).component();
    let config = HostConfig { slots: 1, compile_time: Duration::from_secs(2), ..HostConfig::default() };
    let host = Host::new(&config).expect("a host");
    let ended = host.compile(component.into(), &child()).await;
    assert!(matches!(ended, Err(CompileError::TooSlow { seconds: 2 })), "{:?}", ended.err());
    host.compile(checks("").component().into(), &child()).await.expect("the next one is compiled");
}
