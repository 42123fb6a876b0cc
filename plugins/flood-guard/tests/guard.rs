//! The plugin's rules, as rooms meet them.

use std::time::Duration;

use flood_guard::FloodGuard;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use teahouse_plugin_sdk::testkit::{self, Host};
use teahouse_plugin_sdk::{Admission, Filter, Gate, Message, Verdict};

fn plugin(settings: &Value) -> FloodGuard {
    testkit::plugin(settings).expect("good settings")
}

fn by(name: &str, text: &str) -> Message {
    let mut message = testkit::message(text);
    message.sender = testkit::user(name);
    message
}

fn code(plugin: &mut FloodGuard, message: &Message) -> String {
    match plugin.check(message).expect("a verdict") {
        Verdict::Allow => "allow".to_owned(),
        Verdict::Reject(rejection) => rejection.code,
        Verdict::Flag(review) if review.hold => format!("hold {}", review.code),
        Verdict::Flag(review) => format!("flag {}", review.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_burst_ends_when_its_window_does() {
    let host = Host::new();
    let mut plugin = plugin(&json!({}));
    for number in 0..10 {
        assert_eq!(
            code(
                &mut plugin,
                &by("Ann", &format!("第{}句", "一二三四五六七八九十".chars().nth(number).expect("a digit")))
            ),
            "allow"
        );
    }
    assert_eq!(code(&mut plugin, &by("Ann", "又一句")), "burst");
    assert_eq!(code(&mut plugin, &by("Bob", "我只说一句")), "allow");
    let _ = host.advance(Duration::from_secs(11));
    assert_eq!(code(&mut plugin, &by("Ann", "好了")), "allow");
}

#[test]
fn instances_count_together() {
    let _host = Host::new();
    let settings = json!({"person": {"limit": 1}});
    assert_eq!(code(&mut plugin(&settings), &by("Ann", "一")), "allow");
    assert_eq!(code(&mut plugin(&settings), &by("Ann", "二")), "burst");
}

#[test]
fn people_who_paste_the_same_text_are_held() {
    let _host = Host::new();
    let mut plugin = plugin(&json!({}));
    let text = "各位老师好，今天下午三点在二楼会议室开会，请大家准时参加";
    for name in ["A", "B", "C", "D"] {
        assert_eq!(code(&mut plugin, &by(name, &format!("{text} {name}"))), "allow");
    }
    assert_eq!(code(&mut plugin, &by("E", text)), "hold raid");
}

#[test]
fn one_who_repeats_is_not_several_people() {
    let _host = Host::new();
    let mut plugin = plugin(&json!({"raid": {"limit": 2}, "repeats": {"limit": 100}}));
    for _ in 0..5 {
        assert_eq!(code(&mut plugin, &by("Ann", "大家快来看看这个新茶馆")), "allow");
    }
}

#[test]
fn greetings_are_no_raid() {
    let _host = Host::new();
    let mut plugin = plugin(&json!({}));
    for name in 0..20 {
        assert_eq!(code(&mut plugin, &by(&name.to_string(), "早上好")), "allow");
    }
}

/// Many people who say the same short wish are no flood; what leads out of the room is, whatever it wishes.
#[test]
fn wishes_and_thanks_are_no_raid() {
    let _host = Host::new();
    let mut plugin = plugin(&json!({"room": {"limit": 0}}));
    for wish in [
        "新年快乐，万事如意！",
        "祝大家龙年大吉，身体健康，阖家幸福",
        "收到，谢谢老师，老师辛苦了",
        "生日快乐，越来越漂亮🎂🎂",
        "节哀顺变，一路走好，愿天堂没有病痛",
        "Happy New Year everybody",
        "恭喜发财，红包拿来",
    ] {
        for name in 0..20 {
            assert_eq!(code(&mut plugin, &by(&format!("{name}{wish}"), wish)), "allow", "{wish}");
        }
    }
    for advert in [
        "新年快乐，加微信 tea88888 领红包",
        "祝大家发财，进群 123456789 有福利",
        "加入我们的群领取大额优惠券",
    ] {
        for name in 0..4 {
            assert_eq!(code(&mut plugin, &by(&format!("{name}{advert}"), advert)), "allow", "{advert}");
        }
        assert_eq!(code(&mut plugin, &by("E", advert)), "hold raid", "{advert}");
    }
}

#[test]
fn the_same_picture_again_is_a_repeat() {
    let _host = Host::new();
    let mut plugin = plugin(&json!({"repeats": {"limit": 1}}));
    let mut picture = by("Ann", "[图片]");
    picture.kind = "image".to_owned();
    picture.content = Some(json!({"media": "a"}).to_string());
    assert_eq!(code(&mut plugin, &picture), "allow");
    assert_eq!(code(&mut plugin, &picture), "repeat");
    picture.content = Some(json!({"media": "b"}).to_string());
    assert_eq!(code(&mut plugin, &picture), "allow");
}

#[test]
fn mentions_add_up() {
    let _host = Host::new();
    let mut plugin = plugin(&json!({"mentions": {"limit": 3}}));
    let mut message = by("Ann", "看这里");
    message.mentions = vec!["b".to_owned(), "c".to_owned()];
    assert_eq!(code(&mut plugin, &message), "allow");
    message.text = "还有这里".to_owned();
    assert_eq!(code(&mut plugin, &message), "mentions");
}

#[test]
fn a_busy_room_slows_all() {
    let _host = Host::new();
    let mut plugin = plugin(&json!({"room": {"limit": 2}}));
    assert_eq!(code(&mut plugin, &by("A", "一")), "allow");
    assert_eq!(code(&mut plugin, &by("B", "二")), "allow");
    assert_eq!(code(&mut plugin, &by("C", "三")), "room-burst");
}

#[test]
fn without_the_store_one_instance_still_counts() {
    let host = Host::new();
    host.deny("kv");
    let mut plugin = plugin(&json!({"repeats": {"limit": 1}}));
    assert_eq!(code(&mut plugin, &by("Ann", "再说一遍")), "allow");
    assert_eq!(code(&mut plugin, &by("Ann", "再说一遍")), "repeat");
}

#[test]
fn all_rules_can_be_off() {
    let _host = Host::new();
    let off = json!({"limit": 0});
    let mut plugin = plugin(
        &json!({"person": off, "room": off, "repeats": off, "raid": off, "runs": off, "mentions": off, "joins": off}),
    );
    for _ in 0..200 {
        assert_eq!(code(&mut plugin, &by("Ann", &"啊".repeat(200))), "allow");
    }
}

#[test]
fn a_crowd_at_the_door_asks() {
    let _host = Host::new();
    let mut plugin = plugin(&json!({"joins": {"limit": 1}}));
    let mut come = |name: &str| {
        plugin.check_join(&testkit::room("Lobby"), &testkit::user(name), "").expect("an admission")
    };
    assert!(matches!(come("A"), Admission::Allow));
    assert!(matches!(come("B"), Admission::Ask(_)));
}

#[test]
fn settings_that_cannot_be_are_named_beside_their_field() {
    for window in [0, 3_601] {
        let problems =
            testkit::plugin::<FloodGuard>(&json!({"person": {"window-s": window}})).expect_err("a problem");
        assert_eq!(problems.as_slice()[0].field, "person.window-s");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]
    #[test]
    fn any_text_has_a_verdict(text in ".{0,200}", kind in prop::sample::select(vec!["text", "card"])) {
        let _host = Host::new();
        let mut message = by("Ann", &text);
        message.kind = kind.to_owned();
        message.content = (kind == "card").then(|| text.clone());
        let mut plugin = plugin(&json!({}));
        prop_assert_eq!(code(&mut plugin, &message), "allow".to_owned());
    }
}
