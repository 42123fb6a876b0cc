//! Unicode's table of confusable characters, as the crate `unicode-security` has it, for characters that we fold.

use std::collections::BTreeMap;

use guard_text::{Class, Fold};
use unicode_security::skeleton;

/// `data/alike.txt`: a letter, digit or ideograph, followed by all characters of other scripts that look like it.
pub(crate) fn table() -> String {
    let fold = Fold::new();
    let mut groups: BTreeMap<char, String> = BTreeMap::new();
    for c in (0x80..0x20000).filter_map(char::from_u32) {
        // What is a form of another character is read as that before it is compared.
        if fold.letter(c) != Some(c) || matches!(Class::of(c), Class::Latin | Class::Digit | Class::Hard) {
            continue;
        }
        let Some(target) = looks_like(&fold, c).filter(|target| *target != c) else { continue };
        let fits = match Class::of(target) {
            // An ideograph is no Latin letter, however it looks: 丫 is no y in a Chinese text.
            Class::Latin | Class::Digit => Class::of(c) != Class::Han || c == '〇',
            // Katakana and radicals.
            Class::Han => Class::of(c) != Class::Han,
            _ => false,
        };
        if fits {
            groups.entry(target).or_default().push(c);
        }
    }
    let mut text = String::new();
    let mut line = 0;
    for (target, sources) in groups {
        let entry = sources.chars().count() + 2;
        text.push_str(if line == 0 {
            ""
        } else if line + entry > 100 {
            "\n"
        } else {
            " "
        });
        line = if line + entry > 100 { entry } else { line + entry };
        text.push(target);
        text.push_str(&sources);
    }
    text + "\n"
}

/// The one letter that stands for all that look like `c`, folded.
fn looks_like(fold: &Fold, c: char) -> Option<char> {
    let mut skeleton = skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<_>>().into_iter();
    let (first, None) = (skeleton.next()?, skeleton.next()) else { return None };
    fold.letter(first)
}
