//! The lists that come with the plugin, and the plugin with its defaults.

use guard_text::Fold;
use sensitive_words::SensitiveWords;
use sensitive_words::list::{Action, Line, lines};
use sensitive_words::settings::Settings;
use serde_json::json;
use teahouse_plugin_sdk::{Filter, Gate, NameCheck, Verdict, testkit};

const LISTS: [&str; 4] = [
    include_str!("../words/abuse.txt"),
    include_str!("../words/adult.txt"),
    include_str!("../words/fraud.txt"),
    include_str!("../words/gambling.txt"),
];

/// What people say who mean no harm, each beside some word of the lists.
const INNOCENT: &str = include_str!("innocent.txt");
/// Insults, threats and advertisements.
const REAL: &str = include_str!("real.txt");

fn plugin() -> SensitiveWords {
    testkit::plugin(&json!({})).expect("the defaults are good")
}

#[test]
fn every_listed_word_does_what_its_list_says() {
    let _host = testkit::Host::new();
    let mut plugin = plugin();
    for list in LISTS {
        let mut usual = Action::Mask;
        for (number, line) in lines(list) {
            let (word, action) = match line.expect("a good line") {
                Line::Category(_, action) => {
                    usual = action.expect("the category's action");
                    continue;
                }
                Line::Word(_, Some(Action::Allow)) => continue,
                Line::Word(word, action) => (word.trim_matches('*'), action.unwrap_or(usual)),
                Line::Off(word) => panic!("{word} is off"),
            };
            let verdict = plugin.check(&testkit::message(&format!("好, {word} !"))).expect("a verdict");
            let strongest = match verdict {
                Verdict::Reject(_) => Action::Reject,
                Verdict::Flag(review) if review.hold => Action::Hold,
                Verdict::Replace(_) => Action::Mask,
                Verdict::Flag(_) => Action::Flag,
                _ => Action::Allow,
            };
            // A word inside it may be stronger.
            assert!(strongest >= action, "line {number}: {word} is {strongest:?}");
        }
    }
}

#[test]
fn the_lists_have_some_hundred_words() {
    let count = Settings::default().dictionary(&Fold::new()).expect("good lists").len();
    assert!((500..2_500).contains(&count), "{count}");
}

#[test]
fn innocent_sentences_pass() {
    let _host = testkit::Host::new();
    let mut plugin = plugin();
    for line in INNOCENT.lines().filter(|line| !line.is_empty()) {
        let verdict = plugin.check(&testkit::message(line)).expect("a verdict");
        assert!(matches!(verdict, Verdict::Allow), "{line}: {verdict:?}");
    }
}

/// Names and announcements pass the same matcher.
#[test]
fn innocent_names_pass() {
    let _host = testkit::Host::new();
    let mut plugin = plugin();
    let by = testkit::user("Ann");
    for text in INNOCENT.lines().filter(|line| !line.is_empty()) {
        for subject in ["user-name", "room-name", "announcement"] {
            let verdict =
                plugin.check_name(NameCheck { subject, text, by: &by, room: None }).expect("a verdict");
            assert!(matches!(verdict, Verdict::Allow), "{subject} {text}: {verdict:?}");
        }
    }
}

/// What is meant, in sentences as people write them.
#[test]
fn real_sentences_are_found() {
    let _host = testkit::Host::new();
    let mut plugin = plugin();
    for line in REAL.lines().filter(|line| !line.is_empty()) {
        let verdict = plugin.check(&testkit::message(line)).expect("a verdict");
        assert!(!matches!(verdict, Verdict::Allow), "{line}");
    }
}

#[test]
fn keycaps_hide_no_word() {
    let _host = testkit::Host::new();
    let mut plugin = plugin();
    for (text, covered) in [
        ("傻1\u{fe0f}\u{20e3}逼", "＊＊＊＊＊"),
        ("f1\u{fe0f}\u{20e3}u1\u{fe0f}\u{20e3}c1\u{fe0f}\u{20e3}k", "＊＊＊＊＊＊＊＊＊＊＊＊＊"),
        ("sh1\u{fe0f}\u{20e3}t", "＊＊＊＊＊＊"),
    ] {
        let verdict = plugin.check(&testkit::message(text)).expect("a verdict");
        let Verdict::Replace(replacement) = verdict else { panic!("{text}: {verdict:?}") };
        assert_eq!(replacement.text, covered);
    }
}

#[test]
fn settings_that_cannot_be_are_named_beside_their_field() {
    let _host = testkit::Host::new();
    for (settings, field) in [
        (json!({"words": "好 = burn"}), "words"),
        (json!({"mark": ""}), "mark"),
        (json!({"mark": "**"}), "mark"),
        (json!({"skip": 9}), "skip"),
    ] {
        let problems = testkit::plugin::<SensitiveWords>(&settings).expect_err("a problem");
        assert_eq!(problems.as_slice()[0].field, field);
    }
}

#[test]
fn a_longest_message_is_judged() {
    let _host = testkit::Host::new();
    let verdict = plugin().check(&testkit::message(&"傻逼".repeat(2_000))).expect("a verdict");
    let Verdict::Replace(replacement) = verdict else { panic!("{verdict:?}") };
    assert_eq!(replacement.text, "＊".repeat(4_000));
    assert!(replacement.text.len() < 16 * 1024 && replacement.note.chars().count() <= 500);
}
