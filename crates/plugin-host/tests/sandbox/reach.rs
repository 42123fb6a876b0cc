//! What a plugin reaches: nothing that was not granted, nothing in a filter that is not for filters, never for longer
//! than its time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use teahouse_plugin_host::wit::{Event, Verdict};
use teahouse_plugin_host::{CallTerms, Capability, FailureKind, Grants};

use crate::guest::{Guest, checks, rejects};
use crate::house::{Setting, message};

/// `kv.get("key")`, its result at 512.
const GET: &str = "(call $get (i32.const 16) (i32.const 3) (i32.const 512))";
/// `messages.typing("key")`, its result at 512.
const TYPING: &str = "(call $typing (i32.const 16) (i32.const 3) (i32.const 512))";

fn gets() -> Guest {
    // An error answer becomes a rejection, so that the test sees it.
    let check = format!("{GET} (if (i32.load8_u (i32.const 512)) (then {}))", rejects(16, 3));
    checks(&check).importing("kv", "get", "(param i32 i32 i32)").data(16, "key")
}

fn types() -> Guest {
    let check = format!("{TYPING} (if (i32.load8_u (i32.const 512)) (then {}))", rejects(16, 3));
    checks(&check).handles(TYPING).importing("messages", "typing", "(param i32 i32 i32)").data(16, "key")
}

fn was_refused(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Reject(_))
}

#[tokio::test]
async fn what_was_not_granted_is_denied_and_counted() {
    let mut setting = Setting::of(&gets()).await;
    setting.spec.grants = Grants::none();
    let plugin = setting.loaded().await;
    let called =
        plugin.check(&message("hi"), &CallTerms::default()).await.expect("denied is an answer, not a trap");
    assert!(was_refused(&called.reply.expect("a verdict")));
    assert_eq!(setting.house.gets.load(Ordering::Relaxed), 0);
    assert_eq!(setting.house.audited.load(Ordering::Relaxed), 1);
    assert_eq!(plugin.telemetry().stats.snapshot().refused, [(Capability::Kv, 1)]);
}

#[tokio::test]
async fn a_revoked_grant_is_gone_at_once() {
    let setting = Setting::of(&gets()).await;
    let plugin = setting.loaded().await;
    let called = plugin.check(&message("hi"), &CallTerms::default()).await.expect("granted");
    assert_eq!(called.reply, Ok(Verdict::Allow));
    plugin.set_grants(plugin.grants().without(Capability::Kv));
    let called = plugin.check(&message("hi"), &CallTerms::default()).await.expect("denied");
    assert!(was_refused(&called.reply.expect("a verdict")));
    assert_eq!(plugin.telemetry().stats.snapshot().instances_made, 1);
}

#[tokio::test]
async fn a_filter_sends_nothing_even_where_the_bot_may() {
    let setting = Setting::of(&types()).await;
    let plugin = setting.loaded().await;
    let called = plugin.check(&message("hi"), &CallTerms::default()).await.expect("denied");
    assert!(was_refused(&called.reply.expect("a verdict")));
    assert_eq!(setting.house.sent.load(Ordering::Relaxed), 0);
    plugin
        .handle(&"e-1".into(), &Event::Posted(message("hi")), 0, &CallTerms::default())
        .await
        .expect("handled");
    assert_eq!(setting.house.sent.load(Ordering::Relaxed), 1);
}

/// The house does not answer: that is the house's fault, and the call is the host's to make again.
#[tokio::test]
async fn a_wait_in_the_house_ends_with_the_call_and_is_the_hosts() {
    let mut setting = Setting::of(&gets()).await;
    setting.spec.limits.filter.wall = Duration::from_millis(50);
    setting.house.stalls.store(true, Ordering::Relaxed);
    let plugin = setting.loaded().await;
    let failure = plugin.check(&message("hi"), &CallTerms::default()).await.expect_err("cut");
    assert_eq!(failure.kind, FailureKind::Busy);
    setting.house.stalls.store(false, Ordering::Relaxed);
    plugin.check(&message("hi"), &CallTerms::default()).await.expect("the next call is served");
}

#[tokio::test]
async fn a_caller_with_less_time_cuts_sooner() {
    let setting = Setting::of(&gets()).await;
    setting.house.stalls.store(true, Ordering::Relaxed);
    let plugin = setting.loaded().await;
    let terms = CallTerms { within: Some(Duration::from_millis(5)), ..CallTerms::default() };
    let failure = plugin.check(&message("hi"), &terms).await.expect_err("cut");
    assert_eq!(failure.kind, FailureKind::Busy);
}

#[tokio::test]
async fn time_spent_waiting_is_not_running_time() {
    let setting = Setting::of(&gets()).await;
    setting.house.pauses.store(true, Ordering::Relaxed);
    let plugin = setting.loaded().await;
    let house = setting.house.clone();
    let waiting = tokio::spawn(async move { plugin.check(&message("hi"), &CallTerms::default()).await });
    house.asked.notified().await;
    // Three times its running time: the machine's clock has to move, so this one waits.
    tokio::task::spawn_blocking(|| std::thread::park_timeout(Duration::from_millis(30)))
        .await
        .expect("waited");
    house.released.notify_waiters();
    waiting.await.expect("no panic").expect("it ran for microseconds only");
}

#[tokio::test]
async fn a_call_has_twenty_operations_on_its_store() {
    let loop_get = format!("(loop $again {GET} (br_if $again (i32.eqz (i32.load8_u (i32.const 512)))))");
    let guest = checks(&loop_get).importing("kv", "get", "(param i32 i32 i32)").data(16, "key").pages(4);
    let setting = Setting::of(&guest).await;
    let called = setting
        .loaded()
        .await
        .check(&message("hi"), &CallTerms::default())
        .await
        .expect("rate-limited is an answer");
    assert_eq!(called.cost.host_calls, 21);
    assert_eq!(setting.house.gets.load(Ordering::Relaxed), 20);
}

#[tokio::test]
async fn randomness_is_capped() {
    // random(1 MiB) at 512: address and length; its length must be 4096.
    let check = "(call $random (i32.const 1048576) (i32.const 512))
        (if (i32.ne (i32.load (i32.const 516)) (i32.const 4096)) (then unreachable))";
    let guest = checks(check).importing("env", "random", "(param i32 i32)").pages(4);
    Setting::of(&guest)
        .await
        .loaded()
        .await
        .check(&message("hi"), &CallTerms::default())
        .await
        .expect("capped");
}
