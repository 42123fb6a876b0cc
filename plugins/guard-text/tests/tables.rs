//! What the tables of `data` say, beside where they come from.

mod confusables;

use guard_text::{Class, Fold};

#[test]
fn what_looks_alike_is_unicodes_table() {
    let kept = include_str!("../data/alike.txt");
    assert_eq!(confusables::table(), kept, "`cargo run -p guard-text --example make_alike` makes it anew");
    assert!(kept.split_whitespace().count() > 40);
}

#[test]
fn letters_of_other_scripts_have_the_key_of_what_they_look_like() {
    let fold = Fold::new();
    let key = |c: char| fold.letter(c).map(|letter| fold.key(letter));
    for (one, other) in [
        ('а', 'a'),
        ('е', 'e'),
        ('о', 'o'),
        ('р', 'p'),
        ('ս', 'u'),
        ('ᴦ', 'r'),
        ('Ꭵ', 'i'),
        ('ロ', '口'),
        ('エ', '工'),
        ('ト', '卜'),
        ('ニ', '二'),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn forms_of_every_region_are_the_simplified_one() {
    let fold = Fold::new();
    for (forms, simplified) in [
        ("操妳媽", "操你妈"),
        ("幹你孃", "干你娘"),
        ("乾妳娘", "干你娘"),
        ("線上賭場", "线上赌场"),
        ("売国", "卖国"),
        ("裏衞爲", "里卫为"),
        ("雞巴", "鸡巴"),
        ("鷄巴", "鸡巴"),
    ] {
        assert_eq!(forms.chars().filter_map(|c| fold.letter(c)).collect::<String>(), simplified);
    }
}

/// What simplified Chinese is written in stays as it is: a table that folds 芸 to 艺 would find words that nobody wrote.
#[test]
fn ordinary_ideographs_are_themselves() {
    let fold = Fold::new();
    for c in "我你他她它们的了是不在有人这中大来上国个到说时要就出会可也对生能子那得于着下自之年过发后作里芸畲坂谷面复".chars() {
        assert_eq!(fold.letter(c), Some(c));
        assert_eq!(Class::of(c), Class::Han);
    }
}
