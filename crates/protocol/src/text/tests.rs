use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: Result<(), TextError>) {
    assert_eq!(name(text, 32).map(drop), expected, "{text:?}");
}

const FAMILY: &str = "👨\u{200d}👩\u{200d}👧";

#[test]
fn a_name_in_any_script_is_taken_as_it_is() {
    for good in [
        FAMILY,
        "क\u{94d}\u{200d}ष",
        "محمد علي",
        "می\u{200c}خواهم",
        "❤\u{fe0f}",
        "🇨🇳",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "Zoe\u{308}",
        "ภาษาไทย",
        "한글",
        "小明 🍵",
        "\u{200f}שלום",
        // Properly isolated, and properly embedded.
        "Ann \u{2067}עליזה\u{2069}",
        "\u{202b}שלום\u{202c} Ann",
        "\u{2068}a \u{202a}b\u{202c}\u{2069}",
    ] {
        assert_eq!(name(good, 32).as_deref(), Ok(good));
    }
}

#[test]
fn a_name_that_nobody_sees_is_none() {
    for unseen in [
        "\u{200b}",
        "\u{3164}",
        "\u{2800}",
        "\u{ad}",
        "\u{301}",
        "\u{115f}",
        "\u{ffa0}",
        "\u{feff}",
        "\u{2060}",
        "\u{200d}",
        "\u{fe0f}",
        "\u{200e}",
        "\u{20dd}",
        "\u{93e}",
        "\u{fffc}",
        "\u{e0041}",
        "\u{180e}",
        "\u{1d159}",
        "\u{13441}",
        "\u{2067}\u{2069}",
        "\u{2800} \u{3164}\u{200b}",
        "\u{34f}\u{301}",
    ] {
        check(unseen, Err(TextError::Unseen));
    }
    check("", Err(TextError::Empty));
    check(" \u{3000}\u{a0}", Err(TextError::Empty));
}

#[test]
fn a_name_leaves_what_stands_around_it_as_it_is() {
    for turning in [
        "\u{202e}nnA",
        "\u{202d}Ann\u{202c}",
        "\u{2067}Ann",
        "\u{2066}Ann",
        "\u{2068}Ann",
        "\u{202a}Ann",
        "\u{202b}Ann",
        "Ann\u{2069}",
        "Ann\u{202c}",
        // Closed in the wrong order: the one closes with the other, and more than it opened.
        "\u{2068}\u{202a}Ann\u{2069}\u{202c}",
    ] {
        check(turning, Err(TextError::Direction));
    }
    for breaking in [
        "Ann\nadmin",
        "Ann\u{2028}admin",
        "Ann\u{2029}admin",
        "Ann\u{85}admin",
        "a\u{0}b",
        "a\tb",
        "a\u{7f}b",
    ] {
        check(breaking, Err(TextError::Control));
    }
}

#[test]
fn a_names_length_is_counted_as_people_count() {
    assert!(name(&FAMILY.repeat(32), 32).is_ok());
    check(&FAMILY.repeat(33), Err(TextError::TooLong { max: 32 }));
    assert!(name(&"茶".repeat(32), 32).is_ok());
    check(&"茶".repeat(33), Err(TextError::TooLong { max: 32 }));
    // A tower of marks is one character, and still too long.
    check(&format!("Z{}", "\u{301}".repeat(300)), Err(TextError::TooLong { max: 32 }));
}

#[test]
fn a_text_is_cut_between_characters() {
    assert_eq!(cut("你好", 80), "你好");
    assert_eq!(cut(&"茶".repeat(81), 80), "茶".repeat(80));
    assert_eq!(cut(&format!("a{FAMILY}b"), 2), format!("a{FAMILY}"));
    assert_eq!(cut("क\u{94d}\u{200d}षa", 1), "क\u{94d}\u{200d}ष");
    assert_eq!(cut("🇨🇳🇫🇷", 1), "🇨🇳");
    assert_eq!(cut("e\u{301}a", 1), "e\u{301}");
    assert_eq!(cut("a\r\nb", 2), "a\r\n");
    assert_eq!(cut(&format!("a{}", "\u{301}".repeat(100_000)), 80), "");
    assert_eq!(preview("你好", 2), "你好");
    assert_eq!(preview(&format!("a{FAMILY}b"), 2), format!("a{FAMILY}…"));
}

#[test]
fn a_text_is_cut_to_bytes_between_characters() {
    assert_eq!(cut_to_bytes("abc", 3), "abc");
    assert_eq!(cut_to_bytes(&format!("a{FAMILY}"), 10), "a");
    assert_eq!(cut_to_bytes("茶茶", 5), "茶");
    assert_eq!(cut_to_bytes("茶", 2), "");
}

#[test]
fn a_tame_line_is_one_that_shows() {
    assert_eq!(tame_line(" Mozilla\r\n\0(\u{202e}x\u{2069}) ", 200).as_deref(), Some("Mozilla  (x)"));
    assert_eq!(tame_line("\u{200b}\n", 200), None);
    assert_eq!(tame_line(&format!("{FAMILY}b"), 1).as_deref(), Some(FAMILY));
}

proptest! {
    /// Whatever is cut is whole: cutting it again changes nothing, and it is a beginning of what was there.
    #[test]
    fn what_is_cut_is_whole(text in "[a茶\u{301}\u{200d}👩\u{1f3fd}🇨🇳\u{94d}क\r\n]{0,40}", most in 0_usize..20) {
        let kept = cut(&text, most);
        prop_assert!(text.starts_with(kept));
        prop_assert_eq!(cut(kept, most), kept);
        prop_assert!(kept.graphemes(true).count() <= most);
        prop_assert!(text.grapheme_indices(true).any(|(at, _)| at == kept.len()) || kept == text);
    }

    /// A tame line is a line that a name could be, however long.
    #[test]
    fn a_tame_line_is_a_line(text in any::<String>()) {
        if let Some(line) = tame_line(&text, 64) {
            prop_assert_eq!(check_line(&line), Ok(()));
        }
    }
}
