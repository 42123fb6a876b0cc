//! A list as long as operators have.

mod synthetic;

use std::collections::BTreeSet;

use sensitive_words::SensitiveWords;
use serde_json::json;
use teahouse_plugin_sdk::{Filter, Verdict, testkit};

#[test]
fn each_of_ten_thousand_words_is_found() {
    let _host = testkit::Host::new();
    let list = synthetic::words(10_000);
    assert_eq!(list.lines().collect::<BTreeSet<_>>().len(), 10_000);
    let settings = json!({"words": list, "action": "reject"});
    let mut plugin: SensitiveWords = testkit::plugin(&settings).expect("a good list");
    for word in list.lines() {
        let verdict = plugin.check(&testkit::message(&format!("请看 {word} 。"))).expect("a verdict");
        assert!(matches!(verdict, Verdict::Reject(_)), "{word}: {verdict:?}");
    }
}

/// In a development build on a busy machine; in the sandbox, a component takes a few microseconds.
#[test]
fn time_grows_with_the_text_and_not_with_the_words() {
    let _host = testkit::Host::new();
    let mut plugin: SensitiveWords =
        testkit::plugin(&json!({"words": "a\naa\naaa\naaaa\n".to_owned() + &"a".repeat(32)}))
            .expect("a good list");
    let verdict = plugin.check(&testkit::message(&"a ".repeat(2_000))).expect("a verdict");
    assert!(!matches!(verdict, Verdict::Allow));
}
