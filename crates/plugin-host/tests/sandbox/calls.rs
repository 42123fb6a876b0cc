//! What a well-behaved plugin gets and gives.

use std::sync::Arc;

use teahouse_plugin_host::wit::{Event, Rejection, Timer, Verdict};
use teahouse_plugin_host::{CallTerms, FailureKind, Hook, LoadError, LogLevel, Outcome};

use crate::guest::{checks, fails, rejects, reply_byte, reply_word};
use crate::house::{Setting, loaded, message};

#[tokio::test]
async fn a_verdict_comes_back_with_its_cost() {
    let plugin = loaded(&checks(&rejects(16, 4)).data(16, "spam")).await;
    let called = plugin.check(&message("buy"), &CallTerms::default()).await.expect("called");
    let expected = Verdict::Reject(Rejection { code: String::new(), reason: "spam".to_owned() });
    assert_eq!(called.reply, Ok(expected));
    assert_eq!((called.cost.host_calls, called.cost.memory_bytes), (0, 128 * 1024));
    let stats = plugin.telemetry().stats.snapshot();
    assert_eq!(stats.outcomes, [(Outcome::Reject, 1)]);
    assert!(stats.hooks.iter().any(|hook| hook.hook == Hook::Check && hook.calls == 1));
}

#[tokio::test]
async fn an_error_text_is_a_reply_and_the_instance_lives() {
    let plugin = loaded(&checks(&fails(16, 4)).data(16, "boom")).await;
    for _ in 0..3 {
        let called = plugin.check(&message("hi"), &CallTerms::default()).await.expect("called");
        assert_eq!(called.reply, Err("boom".to_owned()));
    }
    assert_eq!(plugin.telemetry().stats.snapshot().instances_made, 1);
}

#[tokio::test]
async fn a_bot_handles_events_on_instances_of_its_own() {
    let plugin = loaded(&checks("").handles("")).await;
    let timer = Timer { name: "t".to_owned(), payload: String::new(), due: 0.0, missed: 0 };
    let id: Arc<str> = "e-1".into();
    let handled = plugin.handle(&id, &Event::Timer(timer), 0, &CallTerms::default()).await.expect("handled");
    assert_eq!(handled.reply, Ok(()));
    plugin.check(&message("hi"), &CallTerms::default()).await.expect("checked");
    assert_eq!(plugin.warm(), (1, 1));
}

#[tokio::test]
async fn a_hook_that_was_not_declared_is_not_called() {
    let plugin = loaded(&checks("")).await;
    let event = Event::Posted(message("hi"));
    let refused = plugin.handle(&"e-1".into(), &event, 0, &CallTerms::default()).await.expect_err("no bot");
    assert_eq!(refused.kind, FailureKind::NoHook);
    assert!(!refused.kind.is_the_plugins_fault());
}

#[tokio::test]
async fn a_declared_hook_must_be_exported() {
    let guest = checks("");
    let mut setting = Setting::of(&guest).await;
    setting.spec.hooks.gate = true;
    assert!(matches!(setting.load().await, Err(LoadError::MissingExport("gate"))));
}

#[tokio::test]
async fn problems_of_init_name_their_fields() {
    // result: error; a list of one problem at 2048, whose field is "words" and whose text is "empty".
    let init = [
        reply_byte(0, 1),
        reply_word(4, 2048),
        reply_word(8, 1),
        "(i32.store (i32.const 2048) (i32.const 16)) (i32.store (i32.const 2052) (i32.const 5))".to_owned(),
        "(i32.store (i32.const 2056) (i32.const 24)) (i32.store (i32.const 2060) (i32.const 5))".to_owned(),
    ];
    let guest = checks("").init(&init.concat()).data(16, "words").data(24, "empty");
    let Err(LoadError::Problems(problems)) = Setting::of(&guest).await.load().await else {
        panic!("init was expected to refuse");
    };
    assert_eq!((problems[0].field.as_str(), problems[0].text.as_str()), ("words", "empty"));
}

/// They are answered, logged, and kept: 500 of 900 bytes are no more than a form can show.
#[tokio::test]
async fn problems_of_init_have_an_end() {
    let fill = "(func $fill (local $at i32)
        (local.set $at (i32.const 8192))
        (loop $again
            (i32.store (local.get $at) (i32.const 16)) (i32.store offset=4 (local.get $at) (i32.const 5))
            (i32.store offset=8 (local.get $at) (i32.const 20000)) (i32.store offset=12 (local.get $at) (i32.const 900))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (br_if $again (i32.lt_u (local.get $at) (i32.const 16192)))))";
    let init = [reply_byte(0, 1), reply_word(4, 8192), reply_word(8, 500), "(call $fill)".to_owned()];
    let guest = checks("").init(&init.concat()).with(fill).data(16, "a\nb  ").pages(4);
    let Err(LoadError::Problems(problems)) = Setting::of(&guest).await.load().await else {
        panic!("init was expected to refuse");
    };
    assert_eq!(problems.len(), 50);
    assert!(problems.iter().all(|problem| problem.field == "a\\nb  " && problem.text.len() <= 500));
}

#[tokio::test]
async fn log_lines_are_made_harmless() {
    let evil = "ok\n2026 ERROR forged \u{1b}[31m\u{202e}";
    let write = format!(
        "(call $write (i32.const 2) (i32.const 16) (i32.const {}) (i32.const 0) (i32.const 0))",
        evil.len()
    );
    let plugin = loaded(&checks(&write).logging().data(16, evil)).await;
    let called = plugin.check(&message("hi"), &CallTerms::default()).await.expect("called");
    assert_eq!(called.cost.log_lines, 1);
    let lines = plugin.telemetry().log.newest(LogLevel::Debug, 10);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].text, "ok\\n2026 ERROR forged \\u{1b}[31m\\u{202e}");
    assert_eq!((lines[0].level, lines[0].hook), (LogLevel::Warn, Hook::Check));
}

#[tokio::test]
async fn a_call_has_twenty_lines_and_the_rest_is_counted() {
    let write = "(local $n i32)
        (loop $again
            (call $write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 0) (i32.const 0))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 33))))";
    // Locals come before anything else in a function: the body is one of its own.
    let guest = checks("(call $flood)").logging().data(16, "hi").with(&format!("(func $flood {write})"));
    let plugin = loaded(&guest).await;
    plugin.check(&message("hi"), &CallTerms::default()).await.expect("called");
    let lines = plugin.telemetry().log.newest(LogLevel::Debug, 100);
    assert_eq!(lines.len(), 21);
    assert_eq!(lines[20].text, "13 lines dropped");
}
