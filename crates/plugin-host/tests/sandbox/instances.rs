//! Warm instances: how many, how long, and what happens to calls while a plugin is replaced.

use std::sync::atomic::Ordering;
use std::time::Duration;

use teahouse_plugin_host::wit::Verdict;
use teahouse_plugin_host::{CallTerms, FailureKind, Isolation, Party};

use crate::guest::{Guest, checks, rejects};
use crate::house::{Setting, message};

/// Rejects from its third call on: it remembers.
fn remembers() -> Guest {
    let check = format!(
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
         (if (i32.ge_u (global.get $calls) (i32.const 3)) (then {}))",
        rejects(0, 0)
    );
    checks(&check).with("(global $calls (mut i32) (i32.const 0))")
}

async fn verdicts(setting: &Setting, calls: usize) -> Vec<bool> {
    let plugin = setting.loaded().await;
    let mut rejected = Vec::new();
    for _ in 0..calls {
        let called = plugin.check(&message("hi"), &CallTerms::default()).await.expect("called");
        rejected.push(called.reply.expect("a verdict") != Verdict::Allow);
    }
    rejected
}

#[tokio::test]
async fn a_warm_instance_serves_many_calls() {
    let setting = Setting::of(&remembers()).await;
    assert_eq!(verdicts(&setting, 4).await, [false, false, true, true]);
    assert_eq!(setting.spec.telemetry.stats.snapshot().instances_made, 1);
}

#[tokio::test]
async fn an_isolated_plugin_starts_anew_each_call() {
    let mut setting = Setting::of(&remembers()).await;
    setting.spec.limits.isolation = Isolation::Call;
    assert_eq!(verdicts(&setting, 4).await, [false; 4]);
    assert_eq!(setting.loaded().await.warm(), (0, 0));
}

#[tokio::test]
async fn an_instance_is_replaced_when_it_has_served_enough() {
    let mut setting = Setting::of(&remembers()).await.instances(1);
    setting.spec.limits.retirement.calls = 2;
    assert_eq!(verdicts(&setting, 6).await, [false; 6]);
}

#[tokio::test]
async fn calls_wait_for_an_instance_when_all_are_in_use() {
    let guest = checks("(call $get (i32.const 16) (i32.const 3) (i32.const 512))").importing(
        "kv",
        "get",
        "(param i32 i32 i32)",
    );
    let setting = Setting::of(&guest).await.instances(1);
    setting.house.pauses.store(true, Ordering::Relaxed);
    let plugin = setting.loaded().await;
    let first = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.check(&message("first"), &CallTerms::default()).await }
    });
    setting.house.asked.notified().await;
    let terms = CallTerms { wait: Some(Duration::from_millis(5)), ..CallTerms::default() };
    let busy = plugin.check(&message("second"), &terms).await.expect_err("nobody is free");
    assert_eq!(busy.kind, FailureKind::Busy);
    setting.house.pauses.store(false, Ordering::Relaxed);
    let third = tokio::spawn(async move { plugin.check(&message("third"), &CallTerms::default()).await });
    setting.house.released.notify_waiters();
    first.await.expect("no panic").expect("served");
    third.await.expect("no panic").expect("served after it");
}

#[tokio::test]
async fn calls_in_flight_finish_on_the_version_they_began_on() {
    let guest =
        checks(&format!("(call $get (i32.const 16) (i32.const 3) (i32.const 512)) {}", rejects(0, 0)))
            .importing("kv", "get", "(param i32 i32 i32)");
    let setting = Setting::of(&guest).await;
    setting.house.pauses.store(true, Ordering::Relaxed);
    let old = setting.loaded().await;
    let call = tokio::spawn(async move { old.check(&message("hi"), &CallTerms::default()).await });
    setting.house.asked.notified().await;
    // The registry's own handle is `old`, moved away above: only the call holds the old version now.
    let mut newer = Setting::of(&checks("")).await;
    newer.spec.version = "2.0.0".into();
    newer.spec.telemetry = setting.spec.telemetry.clone();
    let new = newer.loaded().await;
    assert_eq!(
        new.check(&message("hi"), &CallTerms::default()).await.expect("served").reply,
        Ok(Verdict::Allow)
    );
    setting.house.released.notify_waiters();
    let called = call.await.expect("no panic").expect("finished");
    assert!(matches!(called.reply, Ok(Verdict::Reject(_))));
}

#[tokio::test]
async fn a_call_that_its_caller_gives_up_leaves_nothing_behind() {
    let guest = checks("(call $get (i32.const 16) (i32.const 3) (i32.const 512))").importing(
        "kv",
        "get",
        "(param i32 i32 i32)",
    );
    let setting = Setting::of(&guest).await.instances(1);
    setting.house.pauses.store(true, Ordering::Relaxed);
    let plugin = setting.loaded().await;
    let given_up = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.check(&message("hi"), &CallTerms::default()).await }
    });
    setting.house.asked.notified().await;
    given_up.abort();
    assert!(given_up.await.is_err_and(|error| error.is_cancelled()));
    setting.house.pauses.store(false, Ordering::Relaxed);
    plugin.check(&message("hi"), &CallTerms::default()).await.expect("the next call is served");
}

/// Whoever waited for an instance has all the time for its call that there is: nothing of it went while it waited.
#[tokio::test]
async fn a_wait_for_an_instance_takes_nothing_from_the_call() {
    let guest = checks("(call $get (i32.const 16) (i32.const 3) (i32.const 512))").importing(
        "kv",
        "get",
        "(param i32 i32 i32)",
    );
    let setting = Setting::of(&guest).await.instances(1);
    setting.house.pauses.store(true, Ordering::Relaxed);
    let plugin = setting.loaded().await;
    let call = |wait, within| {
        let (plugin, terms) =
            (plugin.clone(), CallTerms { party: None, wait: Some(wait), within: Some(within) });
        tokio::spawn(async move { plugin.check(&message("hi"), &terms).await })
    };
    let (short, long) = (Duration::from_millis(1), Duration::from_secs(10));
    let first = call(long, long);
    setting.house.asked.notified().await;
    // Its own time is as short as any; it waits longer than that.
    let second = call(long, long);
    assert!(
        call(short, long).await.expect("no panic").is_err_and(|failure| failure.kind == FailureKind::Busy)
    );
    setting.house.pauses.store(false, Ordering::Relaxed);
    setting.house.released.notify_waiters();
    first.await.expect("no panic").expect("served");
    let served = second.await.expect("no panic").expect("served after it");
    assert!(served.cost.waited >= short && served.cost.took < served.cost.waited + long, "{:?}", served.cost);
    assert!(
        !plugin.telemetry().stats.snapshot().failures.iter().any(|(kind, _)| *kind == FailureKind::WallTime)
    );
}

/// One of a thousand calls of the same party is made at a time, and sixteen wait; the others are told at once.
#[tokio::test]
async fn calls_of_one_party_have_an_end() {
    let guest = checks("(call $get (i32.const 16) (i32.const 3) (i32.const 512))").importing(
        "kv",
        "get",
        "(param i32 i32 i32)",
    );
    let setting = Setting::of(&guest).await.instances(1);
    setting.house.pauses.store(true, Ordering::Relaxed);
    let plugin = setting.loaded().await;
    let call = |party| {
        let plugin = plugin.clone();
        let terms = CallTerms { party: Some(Party::new(party)), ..CallTerms::default() };
        tokio::spawn(async move { plugin.check(&message("hi"), &terms).await })
    };
    let first = call(1);
    setting.house.asked.notified().await;
    let flood: Vec<_> = (0..1_000).map(|_| call(1)).collect();
    let other = call(2);
    setting.house.pauses.store(false, Ordering::Relaxed);
    // All have begun to wait, or were told, when the runtime's one thread comes back here.
    tokio::task::yield_now().await;
    setting.house.released.notify_waiters();
    first.await.expect("no panic").expect("served");
    other.await.expect("no panic").expect("served");
    let mut served = 0;
    for call in flood {
        match call.await.expect("no panic") {
            Ok(_) => served += 1,
            Err(failure) => assert_eq!(failure.kind, FailureKind::Busy),
        }
    }
    assert_eq!(served, 16);
}
