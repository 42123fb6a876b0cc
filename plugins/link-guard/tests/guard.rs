//! The plugin with its defaults and with settings.

use link_guard::LinkGuard;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;
use teahouse_plugin_sdk::{Filter, Message, Verdict, testkit};

fn plugin(settings: &serde_json::Value) -> LinkGuard {
    testkit::plugin(settings).expect("good settings")
}

fn check(settings: &serde_json::Value, message: &Message) -> String {
    let verdict = plugin(settings).check(message).expect("a verdict");
    match verdict {
        Verdict::Allow => "allow".to_owned(),
        Verdict::Reject(rejection) => format!("reject {}", rejection.code),
        Verdict::Replace(replacement) => format!("replace {}", replacement.text),
        Verdict::Flag(review) => {
            format!("{} {}: {}", if review.hold { "hold" } else { "flag" }, review.code, review.note)
        }
        Verdict::Shadow(_) => "shadow".to_owned(),
    }
}

#[track_caller]
fn says(settings: &serde_json::Value, text: &str, expected: &str) {
    assert_eq!(check(settings, &testkit::message(text)), expected, "{text}");
}

#[test]
fn the_defaults() {
    let defaults = json!({});
    says(&defaults, "喝茶吗？三点见，老地方。", "allow");
    says(&defaults, "看 https://example.com/a", "flag link: example.com");
    says(
        &defaults,
        "加微信：tea_88，电话13812345678",
        "replace 加微信：＊＊＊＊＊＊，电话＊＊＊＊＊＊＊＊＊＊＊",
    );
    says(&defaults, "扣扣 12345678", "replace 扣扣 ＊＊＊＊＊＊＊＊");
    says(&defaults, "https://u.wechat.com/abc", "hold qr: u.wechat.com");
    says(&defaults, "wxp://f2f0abc", "hold qr: f2f0abc");
    says(&defaults, "https://example.com/13812345678", "flag link: example.com");
}

#[test]
fn domains_are_allowed_and_denied() {
    let settings = json!({"allow-domains": ["example.com"], "deny-domains": ["evil.net"], "links": "hold"});
    says(&settings, "https://a.example.com", "allow");
    says(&settings, "a.evil.net/x", "reject denied-domain");
    says(&settings, "evi1.net", "reject denied-domain");
    says(&settings, "https://exаmple.com", "reject look-alike");
    says(&settings, "https://other.org", "hold link: other.org");
    says(&settings, "https://example.com@evil.net/", "reject denied-domain");
    says(&settings, "https://evil.net@example.com/", "allow");
}

#[test]
fn the_strongest_decides_and_flags_go_with_a_mask() {
    says(&json!({"deny-domains": ["evil.net"]}), "evil.net 13812345678", "reject denied-domain");
    let verdict = plugin(&json!({})).check(&testkit::message("a.com 13812345678")).expect("a verdict");
    let Verdict::Replace(replacement) = verdict else { panic!("{verdict:?}") };
    assert_eq!(replacement.review.expect("a review").code, "link");
}

#[test]
fn cards_and_links_are_looked_into() {
    let mut message = testkit::message("[链接] 好东西");
    message.kind = "link".to_owned();
    message.content = Some(json!({"url": "https://evil.net/x", "title": "电话13812345678"}).to_string());
    assert_eq!(check(&json!({"deny-domains": ["evil.net"]}), &message), "reject denied-domain");
    assert_eq!(check(&json!({"links": "mask"}), &message), "hold link: evil.net, phone");
    let verdict = plugin(&json!({"links": "allow"})).check(&message).expect("a verdict");
    let Verdict::Replace(replacement) = verdict else { panic!("{verdict:?}") };
    assert!(replacement.content.expect("content").contains("电话＊＊＊＊＊＊＊＊＊＊＊"));
}

#[test]
fn moderators_may_post_what_they_like() {
    let mut message = testkit::message("13812345678");
    message.role = "admin".to_owned();
    assert_eq!(check(&json!({}), &message), "allow");
}

#[test]
fn settings_that_cannot_be_are_named_beside_their_field() {
    for (settings, field) in [
        (json!({"allow-domains": ["a b"]}), "allow-domains"),
        (json!({"deny-domains": ["a b"]}), "deny-domains"),
        (json!({"mark": ""}), "mark"),
    ] {
        let problems = testkit::plugin::<LinkGuard>(&settings).expect_err("a problem");
        assert_eq!(problems.as_slice()[0].field, field);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]
    #[test]
    fn a_mask_keeps_the_number_of_characters(text in "(微信:?|[a-z0-9_]{1,8}|\\.com|138|12345678|[ 。+]|.){0,30}") {
        let settings = json!({"links": "mask", "qr": "mask"});
        if let Verdict::Replace(replacement) = plugin(&settings).check(&testkit::message(&text)).expect("a verdict") {
            prop_assert_eq!(replacement.text.chars().count(), text.chars().count());
        }
    }
}
