//! What two texts have in common that are the same but for what was changed to hide it.

use guard_text::{Class, Fold, Glyph, Reader};

/// Letters that must remain for digits to be left out: "order 12" and "order 13" differ in nothing else.
const LETTERS_WITHOUT_DIGITS: usize = 6;
/// Letters from which on a sketch says something.
const LETTERS_FOR_SKETCH: usize = 16;
/// Letters of a piece of which sketches are made.
const PIECE: usize = 2;
/// Letters of a wish at most.
const LETTERS_OF_WISH: usize = 60;
/// Latin letters and digits in a row that may be an account or a link.
const RUN_OUT: usize = 5;
/// What wishes, thanks and condolences are known by.
const WISHES: [&str; 36] = [
    "祝",
    "快乐",
    "新年",
    "新春",
    "恭喜",
    "恭贺",
    "发财",
    "如意",
    "吉祥",
    "幸福",
    "安康",
    "平安",
    "健康",
    "顺利",
    "大吉",
    "拜年",
    "过年好",
    "生日",
    "节日",
    "晚安",
    "早安",
    "早上好",
    "晚上好",
    "辛苦",
    "谢谢",
    "感谢",
    "收到",
    "加油",
    "欢迎",
    "一路走好",
    "节哀",
    "happy",
    "merry",
    "congrat",
    "thank",
    "welcome",
];
/// Letters that are looked at.
const LETTERS: usize = 4_000;

/// What is kept of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// The same for texts that differ in width, case, signs, spaces, emoji, digits and how often a letter is repeated.
    pub(crate) exact: u64,
    /// The same for most longer texts that differ in a few letters.
    pub(crate) sketch: Option<u64>,
    /// Letters that it was made of.
    pub(crate) letters: usize,
    /// Whether it is a wish or thanks, which many people write alike, and nothing that could lead out of the room.
    pub(crate) is_wish: bool,
}

/// Takes fingerprints, in buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    fold: Fold,
    reader: Reader,
    letters: Vec<char>,
}

impl Scanner {
    /// The fingerprint of a text; none if there is nothing to see in it.
    pub(crate) fn fingerprint(&mut self, text: &str) -> Option<Fingerprint> {
        self.reader.read_words(&self.fold, text);
        let glyphs = self.reader.glyphs();
        let digits = glyphs.iter().filter(|glyph| glyph.class == Class::Digit).count();
        let without_digits = glyphs.len() - digits >= LETTERS_WITHOUT_DIGITS;
        self.letters.clear();
        let kept = glyphs.iter().filter(|glyph| !(without_digits && glyph.class == Class::Digit));
        self.letters.extend(kept.map(|glyph| glyph.key).take(LETTERS));
        if self.letters.is_empty() {
            // Signs and emoji alone.
            self.letters.extend(
                text.chars().filter(|c| !c.is_whitespace()).filter_map(|c| self.fold.letter(c)).take(LETTERS),
            );
        }
        self.letters.dedup();
        if self.letters.is_empty() {
            return None;
        }
        let sketch = (self.letters.len() >= LETTERS_FOR_SKETCH).then(|| sketch(&self.letters));
        let is_wish = is_wish(self.reader.glyphs());
        Some(Fingerprint { exact: hash(0, &self.letters), sketch, letters: self.letters.len(), is_wish })
    }

    /// How often the character that is repeated most is repeated at once. Invisible characters don't interrupt.
    pub(crate) fn longest_run(&mut self, text: &str) -> usize {
        let (mut longest, mut run, mut last) = (0, 0, None);
        for c in text.chars().filter(|c| !c.is_whitespace()).filter_map(|c| self.fold.letter(c)) {
            run = if last == Some(c) { run + 1 } else { 1 };
            last = Some(c);
            longest = longest.max(run);
        }
        longest
    }
}

/// Whether these are a short wish, without what may be an account, a number or a link.
fn is_wish(glyphs: &[Glyph]) -> bool {
    if glyphs.len() > LETTERS_OF_WISH {
        return false;
    }
    let text: String = glyphs.iter().map(|glyph| glyph.letter).collect();
    let known = WISHES.iter().find(|wish| text.contains(**wish));
    let mut run = 0;
    let leads_out = glyphs.iter().any(|glyph| {
        let latin = matches!(glyph.class, Class::Latin | Class::Digit);
        run = if !latin {
            0
        } else if glyph.gap.is_none() {
            run + 1
        } else {
            1
        };
        run >= RUN_OUT
    });
    // An English wish is made of nothing but such runs, and has no digits; in a Chinese one, they are no part of it.
    let has_digits = glyphs.iter().any(|glyph| glyph.class == Class::Digit);
    known.is_some_and(|wish| if wish.is_ascii() { !has_digits } else { !leads_out })
}

/// The smallest hash of a piece, by two ways of hashing, in one number: of two texts of which a share `s` of all pieces
/// is in both, they are the same in a share `s²` of cases.
fn sketch(letters: &[char]) -> u64 {
    let smallest = |seed| letters.windows(PIECE).map(|piece| hash(seed, piece)).min().unwrap_or_default();
    smallest(1).rotate_left(32) ^ smallest(2)
}

/// FNV-1a with a last mix, as the smallest of its results would else be of the smallest letters.
fn hash(seed: u64, letters: &[char]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for letter in letters {
        hash = (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn fingerprint(text: &str) -> Option<Fingerprint> {
        Scanner::default().fingerprint(text)
    }

    #[test]
    fn what_is_changed_to_hide_a_copy_changes_nothing() {
        let one = fingerprint("加入我们的群领取福利 Join");
        for other in [
            "加入我們的群，領取福利！join",
            "加入我们的群领取福利JOIN 8731",
            "🎁加 入我们的群领取福利joiiiin🎁🎁",
        ] {
            assert_eq!(fingerprint(other), one, "{other}");
        }
        assert_ne!(fingerprint("加入他们的群领取福利 Join"), one);
        assert_ne!(fingerprint("价格 12"), fingerprint("价格 13"));
    }

    #[test]
    fn a_few_other_letters_leave_most_sketches_alone() {
        let text = "各位老师好，今天下午三点在二楼会议室开会，请大家准时参加，不要迟到，带好笔记本和笔";
        let sketch = |text: &str| fingerprint(text).and_then(|print| print.sketch).expect("a sketch");
        let changed = (0..text.chars().count()).map(|at| {
            text.chars().enumerate().map(|(place, c)| if place == at { '某' } else { c }).collect::<String>()
        });
        let same = changed.filter(|changed| sketch(changed) == sketch(text)).count();
        assert!(same * 3 > text.chars().count() * 2, "{same}");
        assert_ne!(sketch("完全不同的一句话，说的是昨天晚上的电影好不好看"), sketch(text));
    }

    #[test]
    fn emoji_are_something_and_blanks_nothing() {
        assert_ne!(fingerprint("🎲🎲"), fingerprint("🎁"));
        assert_eq!(fingerprint("🎲🎲"), fingerprint("🎲 🎲 🎲"));
        assert_eq!(fingerprint(" \u{200b}\n"), None);
    }

    #[test]
    fn runs_are_counted() {
        let mut scanner = Scanner::default();
        for (text, run) in
            [("", 0), ("好", 1), ("啊啊啊", 3), ("AaＡ\u{200b}a b", 4), ("哈 哈 哈", 3), ("abab", 1)]
        {
            assert_eq!(scanner.longest_run(text), run, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]
        #[test]
        fn any_text_is_taken(text in ".{0,200}") {
            let mut scanner = Scanner::default();
            let _ = scanner.fingerprint(&text);
            prop_assert!(scanner.longest_run(&text) <= text.chars().count());
        }
    }
}
