//! The tests' own hostile plugin (`tests/components/hostile`), written with the SDK as its authors would: what a few
//! lines of text do in `hostile.rs`, a real guest does here. `cargo xtask test` builds it and says where it is.

use std::path::PathBuf;
use std::sync::Arc;

use teahouse_plugin_host::wit::Event;
use teahouse_plugin_host::{CallTerms, Compile, Exports, FailureKind, LoadError, Loaded, LogLevel};

use crate::guest::host;
use crate::house::{Setting, message};

/// The hostile plugin with these settings; none where nobody built it.
async fn hostile(config: &str) -> Option<Setting> {
    let folder = PathBuf::from(std::env::var_os("TEAHOUSE_TEST_COMPONENTS")?);
    let component = std::fs::read(folder.join("hostile.wasm")).expect("the hostile component");
    let compiled = host().compile(component.into(), &Compile::InProcess).await.expect("compiled");
    let mut setting = Setting::with(compiled, Exports { filter: true, gate: true, bot: true });
    setting.spec.config = config.to_owned();
    Some(setting)
}

async fn attack(plugin: &Loaded, text: &str) -> Result<String, FailureKind> {
    match plugin.check(&message(text), &CallTerms::default()).await {
        Ok(called) => Ok(format!("{:?}", called.reply)),
        Err(failure) => Err(failure.kind),
    }
}

fn told(plugin: &Loaded) -> Vec<String> {
    plugin.telemetry().log.newest(LogLevel::Info, 100).into_iter().map(|line| line.text).collect()
}

#[tokio::test]
async fn each_attack_ends_its_own_call_only() {
    let Some(setting) = hostile("{}").await else { return };
    let plugin = setting.loaded().await;
    let attacks = [
        ("!loop", FailureKind::RunningTime),
        ("!recurse", FailureKind::Stack),
        ("!log-flood", FailureKind::HostCalls),
        ("!kv-flood", FailureKind::HostCalls),
        ("!directory-flood", FailureKind::HostCalls),
        ("!huge-line", FailureKind::Data),
        ("!strings", FailureKind::Data),
        ("!huge-reply", FailureKind::Data),
        ("!large-reply", FailureKind::BadReply),
        ("!trap", FailureKind::Trap),
    ];
    for (text, kind) in attacks {
        assert_eq!(attack(&plugin, text).await, Err(kind), "{text}");
        assert_eq!(
            attack(&plugin, "two cups, please").await.as_deref(),
            Ok("Ok(Verdict::Allow)"),
            "after {text}"
        );
    }
}

#[tokio::test]
async fn what_takes_time_and_memory_is_cut_by_one_of_them() {
    let Some(setting) = hostile("{}").await else { return };
    let plugin = setting.loaded().await;
    for text in ["!memory", "!memory-loop", "!copy", "!random-flood"] {
        let kind = attack(&plugin, text).await.expect_err(text);
        let cut =
            [FailureKind::Trap, FailureKind::RunningTime, FailureKind::WallTime, FailureKind::HostCalls];
        assert!(cut.contains(&kind), "{text}: {kind}");
    }
    assert!(plugin.telemetry().stats.snapshot().memory_high_water_bytes <= 16 << 20);
}

#[tokio::test]
async fn an_attack_in_init_is_never_loaded() {
    for attack in ["loop", "memory", "recurse", "log-flood"] {
        let Some(setting) = hostile(&format!("{{\"init\":\"{attack}\"}}")).await else { return };
        assert!(matches!(setting.load().await, Err(LoadError::Init(_))), "{attack}");
    }
}

#[tokio::test]
async fn a_filter_is_denied_all_that_is_not_for_filters() {
    let Some(setting) = hostile("{}").await else { return };
    let plugin = setting.loaded().await;
    attack(&plugin, "!denied").await.expect("denied is an answer");
    let expected = [
        "messages.send: denied: messages",
        "messages.typing: denied: messages",
        "history.before: denied: history",
        "moderation.remove: denied: moderation",
        "timers.once: denied: timers",
        "http.send: denied: http",
    ];
    assert_eq!(told(&plugin), expected);
    assert_eq!(plugin.telemetry().stats.snapshot().refused.iter().map(|(_, count)| count).sum::<u64>(), 6);
}

#[tokio::test]
async fn forged_lines_are_one_line_each() {
    let Some(setting) = hostile("{}").await else { return };
    let plugin = setting.loaded().await;
    attack(&plugin, "!log-inject").await.expect("it only logs");
    let lines = told(&plugin);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "first\\n2026-01-01T00:00:00Z ERROR server: forged a\\nb=c\\u{1b}[2Jd");
    assert_eq!(lines[1], "\\u{202e}desrever\\u{2066}\\u{200b}");
}

#[tokio::test]
async fn a_bot_without_end_is_cut_and_its_next_event_is_served() {
    let Some(setting) = hostile("{}").await else { return };
    let plugin = setting.loaded().await;
    let id: Arc<str> = "e-1".into();
    let looping = plugin
        .handle(&id, &Event::Posted(message("?loop")), 0, &CallTerms::default())
        .await
        .expect_err("cut");
    assert_eq!(looping.kind, FailureKind::RunningTime);
    plugin.handle(&id, &Event::Posted(message("?twice")), 0, &CallTerms::default()).await.expect("served");
    assert_eq!(told(&plugin), ["twice: one message"]);
}
