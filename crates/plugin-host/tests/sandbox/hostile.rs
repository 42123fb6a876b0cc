//! Plugins that mean harm, or are broken: each costs its own call only, and the next one is served.

use teahouse_plugin_host::wit::Verdict;
use teahouse_plugin_host::{CallFailure, CallTerms, FailureKind, LoadError, Loaded};

use crate::guest::{Guest, checks, rejects, reply_byte, reply_word};
use crate::house::{Setting, loaded, message};

/// Calls `guest` twice: the second call must meet the same end, on an instance of its own.
async fn ends(guest: &Guest) -> CallFailure {
    let plugin = loaded(guest).await;
    let first = failure(&plugin).await;
    let second = failure(&plugin).await;
    assert_eq!(first.kind, second.kind);
    let counted = plugin.telemetry().stats.snapshot().failures;
    assert_eq!(counted, [(first.kind, 2)]);
    first
}

async fn failure(plugin: &Loaded) -> CallFailure {
    plugin.check(&message("hi"), &CallTerms::default()).await.expect_err("it was expected to fail")
}

#[tokio::test]
async fn an_endless_loop_is_cut_by_its_running_time() {
    let failure = ends(&checks("(loop $again (br $again))")).await;
    assert_eq!(failure.kind, FailureKind::RunningTime, "{failure}");
}

#[tokio::test]
async fn endless_recursion_exhausts_its_own_stack() {
    let failure = ends(&checks("(drop (call $check (local.get 0)))")).await;
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Stack, "call stack exhausted"));
    assert!(failure.backtrace.is_some_and(|frames| frames.lines().count() <= 30));
}

#[tokio::test]
async fn an_instruction_that_traps_ends_the_call() {
    let failure = ends(&checks("unreachable")).await;
    assert_eq!(failure.kind, FailureKind::Trap);
    assert!(failure.message.contains("unreachable"), "{failure}");
    assert_eq!(ends(&checks("(drop (i32.div_u (i32.const 1) (i32.const 0)))")).await.kind, FailureKind::Trap);
    assert_eq!(ends(&checks("(drop (i32.load (i32.const -8)))")).await.kind, FailureKind::Trap);
}

#[tokio::test]
async fn memory_grows_to_its_cap_and_no_further() {
    let grow = "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))";
    let mut setting = Setting::of(&checks(grow)).await;
    setting.spec.limits.filter.memory_bytes = 1 << 20;
    let plugin = setting.loaded().await;
    let called = plugin
        .check(&message("hi"), &CallTerms::default())
        .await
        .expect("growth is refused, the call goes on");
    assert_eq!(called.cost.memory_bytes, 1 << 20);
    assert_eq!(plugin.telemetry().stats.snapshot().memory_high_water_bytes, 1 << 20);
    // With its memory that full it makes room for a fresh one.
    plugin.check(&message("hi"), &CallTerms::default()).await.expect("served");
    assert!(plugin.telemetry().stats.snapshot().instances_made >= 2);
}

#[tokio::test]
async fn more_memory_than_the_cap_is_refused_at_the_start() {
    let mut setting = Setting::of(&checks("").pages(64)).await;
    setting.spec.limits.filter.memory_bytes = 1 << 20;
    assert!(matches!(setting.load().await, Err(LoadError::Misfit(_))));
}

#[tokio::test]
async fn a_table_grows_to_its_cap_and_no_further() {
    let guest = checks(
        "(loop $again (br_if $again
            (i32.ne (table.grow $t (ref.null func) (i32.const 64)) (i32.const -1))))
         (if (i32.gt_u (table.size $t) (i32.const 20000)) (then unreachable))",
    )
    .with("(table $t 1 funcref)");
    let called = loaded(&guest)
        .await
        .check(&message("hi"), &CallTerms::default())
        .await
        .expect("refused, and the call goes on");
    assert_eq!(called.reply, Ok(Verdict::Allow));
}

#[tokio::test]
async fn a_bomb_in_init_is_never_loaded() {
    let guest = checks("").init(
        "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
         (loop $again (br $again))",
    );
    let Err(LoadError::Init(failure)) = Setting::of(&guest).await.load().await else {
        panic!("it was expected to fail");
    };
    // Its one second is up by either measure.
    assert!(matches!(failure.kind, FailureKind::RunningTime | FailureKind::WallTime), "{failure}");
    assert!(failure.cost.memory_bytes <= 16 << 20);
}

#[tokio::test]
async fn a_loop_before_init_is_never_loaded() {
    let guest = checks("").with("(func $start (loop $again (br $again))) (start $start)");
    assert!(matches!(Setting::of(&guest).await.load().await, Err(LoadError::Init(_))));
}

#[tokio::test]
async fn a_flood_of_host_calls_is_cut() {
    let flood = "(loop $again
        (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (br $again))";
    let failure = ends(&checks(flood).logging()).await;
    assert_eq!((failure.kind, failure.cost.host_calls), (FailureKind::HostCalls, 200));
    assert_eq!(failure.cost.log_lines, 20);
}

#[tokio::test]
async fn a_huge_text_is_refused_before_it_is_copied() {
    let write = "(call $write (i32.const 1) (i32.const 0) (i32.const 2000000) (i32.const 0) (i32.const 0))";
    assert_eq!(ends(&checks(write).logging().pages(40)).await.kind, FailureKind::Data);
}

#[tokio::test]
async fn one_text_named_many_times_counts_each_time() {
    // 64 pairs at 192 KiB, each naming the same 64 KiB of zeros as its value.
    let fill = "(local $n i32)
        (loop $again
            (i32.store (i32.add (i32.const 196616) (i32.mul (local.get $n) (i32.const 16))) (i32.const 65536))
            (i32.store (i32.add (i32.const 196620) (i32.mul (local.get $n) (i32.const 16))) (i32.const 65536))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 64))))";
    let guest = checks(
        "(call $fill) (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 196608) (i32.const 64))",
    )
    .logging()
    .with(&format!("(func $fill {fill})"))
    .pages(4);
    assert_eq!(ends(&guest).await.kind, FailureKind::Data);
}

#[tokio::test]
async fn data_of_all_host_calls_of_a_call_is_one_sum() {
    // 100 KiB a time: each is fine by itself, the eleventh is too much.
    let write = "(loop $again
        (call $write (i32.const 1) (i32.const 65536) (i32.const 102400) (i32.const 0) (i32.const 0)) (br $again))";
    let failure = ends(&checks(write).logging().pages(4)).await;
    assert_eq!((failure.kind, failure.cost.host_calls), (FailureKind::Data, 11));
}

#[tokio::test]
async fn a_huge_reply_is_refused_before_it_is_copied() {
    let failure = ends(&checks(&rejects(0, 8 << 20)).pages(129)).await;
    assert_eq!(failure.kind, FailureKind::Data, "{failure}");
}

#[tokio::test]
async fn a_large_reply_is_a_bad_one() {
    const LIMIT: u32 = 640 * 1024;
    let failure = ends(&checks(&rejects(0, LIMIT + 1)).pages(16)).await;
    assert_eq!(failure.kind, FailureKind::BadReply, "{failure}");
    let allowed = loaded(&checks(&rejects(32768, LIMIT)).pages(16)).await;
    allowed.check(&message("hi"), &CallTerms::default()).await.expect("at the limit");
}

#[tokio::test]
async fn a_reply_that_is_none_is_a_bad_one() {
    // Text that is not UTF-8, a verdict that there is not, an address outside.
    let not_text = checks(&rejects(16, 2)).with("(data (i32.const 16) \"\\ff\\fe\")");
    let no_verdict = checks(&reply_byte(4, 9));
    let outside = checks(&[reply_byte(4, 1), reply_word(16, u32::MAX - 8), reply_word(20, 4)].concat());
    for guest in [not_text, no_verdict, outside] {
        let failure = ends(&guest).await;
        assert_eq!(failure.kind, FailureKind::BadReply, "{failure}");
    }
}

#[tokio::test]
async fn a_poisoned_message_costs_only_its_own_call() {
    // Traps when the message's id begins with 'x'; the record of a message begins with its id's address.
    let guest =
        checks("(if (i32.eq (i32.load8_u (i32.load (local.get 0))) (i32.const 120)) (then unreachable))");
    let plugin = loaded(&guest).await;
    let mut poison = message("hi");
    poison.id = "x".to_owned();
    for _ in 0..3 {
        assert_eq!(
            plugin.check(&poison, &CallTerms::default()).await.expect_err("poison").kind,
            FailureKind::Trap
        );
        let called = plugin.check(&message("hi"), &CallTerms::default()).await.expect("served");
        assert_eq!(called.reply, Ok(Verdict::Allow));
    }
}
