//! A text as a row of glyphs that know where they came from.

use crate::cluster::{Base, Cluster, clusters};
use crate::{Class, Fold};

/// What stood before a glyph, between it and the glyph before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap(u8);

/// The bit of a gap that says: a clause ended in it.
const HARD: u8 = 0x80;
/// The largest count that a gap remembers.
const MOST: u8 = 0x7f;

impl Gap {
    /// How many characters were skipped: signs and spaces, but not what can't be seen. Counts to 127.
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0 & MOST
    }

    /// Whether a comma, full stop or new line was among them.
    #[must_use]
    pub const fn is_hard(self) -> bool {
        self.0 & HARD != 0
    }

    /// Whether the two glyphs touch.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    const fn add(self, class: Class) -> Self {
        let count = if self.count() == MOST { MOST } else { self.count() + 1 };
        Self((self.0 & HARD) | count | if matches!(class, Class::Hard) { HARD } else { 0 })
    }
}

/// One character of a text, as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    /// The letter that it is a form of.
    pub letter: char,
    /// What it has in common with all that looks like it.
    pub key: char,
    /// What sort of letter.
    pub class: Class,
    /// What was skipped before it.
    pub gap: Gap,
    /// Its first byte in the text.
    pub start: u32,
    /// The byte behind it.
    pub end: u32,
}

/// What a digit on a key is read as: `1️⃣`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keycaps {
    /// The digit.
    Digits,
    /// A sign, as other emoji are.
    Signs,
}

/// Reads texts into buffers that are used again.
///
/// A cluster is read as one character (Unicode, *UAX 29: Grapheme Cluster Boundaries*): a letter with whatever marks
/// were put on it, or a sign, however many characters its emoji is made of. A flag is a sign.
#[derive(Debug, Default)]
pub struct Reader {
    glyphs: Vec<Glyph>,
}

impl Reader {
    /// Reads letters, digits and ideographs; signs and spaces become the gaps between them.
    ///
    /// `@`, `$`, `!` and `|` are kept inside a Latin word, where they stand for letters. Keycaps are digits.
    pub fn read_words(&mut self, fold: &Fold, text: &str) {
        self.read_words_and(fold, text, Keycaps::Digits);
    }

    /// As [`Self::read_words`].
    pub fn read_words_and(&mut self, fold: &Fold, text: &str, keycaps: Keycaps) {
        self.glyphs.clear();
        let mut gap = Gap::default();
        let mut last_sign = '\0';
        for cluster in clusters(text) {
            let Some(base) = cluster.base(fold) else { continue };
            let sign = base.is_sign || keycaps == Keycaps::Signs && cluster.is_keycap();
            let class = if sign { Class::Soft } else { Class::of(base.letter) };
            let mut next = || text[cluster.end()..].chars().next().and_then(|next| fold.letter(next));
            if sign || !(class.is_word() || gap.is_none() && self.stands_in(base.letter, &mut next)) {
                // A full stop and a space end a clause; a dot alone is often put into a word.
                let ends = last_sign == '.' && base.letter.is_whitespace();
                gap = gap.add(if ends { Class::Hard } else { class });
                last_sign = base.letter;
                continue;
            }
            last_sign = '\0';
            self.push(fold, &cluster, base, class, gap);
            gap = Gap::default();
        }
    }

    /// Reads all that can be seen, signs and spaces too. The gaps are empty.
    pub fn read_all(&mut self, fold: &Fold, text: &str) {
        self.glyphs.clear();
        for cluster in clusters(text) {
            if let Some(base) = cluster.base(fold) {
                let class = if base.is_sign { Class::Soft } else { Class::of(base.letter) };
                self.push(fold, &cluster, base, class, Gap::default());
            }
        }
    }

    /// What was read last.
    #[must_use]
    pub fn glyphs(&self) -> &[Glyph] {
        &self.glyphs
    }

    /// Whether this sign stands for a letter here, right behind what was read last.
    fn stands_in(&self, sign: char, next: &mut dyn FnMut() -> Option<char>) -> bool {
        let latin = |class| matches!(class, Class::Latin | Class::Digit);
        let Some(last) = self.glyphs.last() else { return false };
        match sign {
            '$' => latin(last.class) || last.letter == '$',
            '@' | '!' | '|' => latin(last.class) && next().is_some_and(|next| latin(Class::of(next))),
            _ => false,
        }
    }

    /// Adds a cluster: one glyph, but for scripts that write letters as marks, where each is one.
    fn push(&mut self, fold: &Fold, cluster: &Cluster<'_>, base: Base, class: Class, gap: Gap) {
        let (start, end) = (cluster.start, cluster.end());
        self.push_one(fold, base.letter, class, gap, start..end);
        if class != Class::Other || base.is_sign {
            return;
        }
        for (at, c) in cluster.text.char_indices().skip(1) {
            let is_letter = cluster.has_letter(c);
            if let Some(letter) = fold.letter(c).filter(|letter| is_letter && Class::of(*letter).is_word()) {
                if let Some(before) = self.glyphs.last_mut() {
                    before.end = u32::try_from(start + at).unwrap_or(before.end);
                }
                self.push_one(fold, letter, Class::of(letter), Gap::default(), start + at..end);
            }
        }
    }

    fn push_one(&mut self, fold: &Fold, letter: char, class: Class, gap: Gap, place: std::ops::Range<usize>) {
        // Messages have some kilobytes; of a text beyond 4 GiB the rest is not read.
        let (Ok(start), Ok(end)) = (u32::try_from(place.start), u32::try_from(place.end)) else { return };
        self.glyphs.push(Glyph { letter, key: fold.key(letter), class, gap, start, end });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    #[track_caller]
    fn check(text: &str, letters: &str, gaps: &[u8]) {
        let mut reader = Reader::default();
        reader.read_words(&Fold::new(), text);
        let read: String = reader.glyphs().iter().map(|glyph| glyph.letter).collect();
        assert_eq!(read, letters);
        let counted: Vec<u8> = reader.glyphs().iter().map(|glyph| glyph.gap.count()).collect();
        assert_eq!(counted, gaps);
    }

    #[test]
    fn what_is_put_between_is_counted() {
        check("赌 *博", "赌博", &[0, 2]);
        check("赌\u{200b}博", "赌博", &[0, 0]);
        check("a.b", "ab", &[0, 1]);
        check("🎲赌🎲博", "赌博", &[1, 1]);
    }

    #[test]
    fn a_cluster_is_one_character() {
        // A family, a flag, a flag of tags, a thumb of some colour, and a heart.
        for sign in ["👨\u{200d}👩\u{200d}👧", "🇨🇳", "🏴\u{e0067}\u{e0062}\u{e007f}", "👍🏽", "❤\u{fe0f}"]
        {
            check(&format!("赌{sign}博"), "赌博", &[0, 1]);
            check(&format!("赌{sign}{sign}博"), "赌博", &[0, 2]);
        }
        // Arabic, Hebrew, Thai, Devanagari and Cyrillic marks, and several at once.
        for mark in
            ["\u{64e}", "\u{5b8}", "\u{e34}", "\u{93f}", "\u{484}", "\u{a66f}", "\u{301}\u{93f}\u{e34}"]
        {
            check(&format!("赌{mark}博{mark}"), "赌博", &[0, 0]);
            check(&format!("s{mark}h{mark}it"), "shit", &[0, 0, 0, 0]);
            check(&format!("赌 {mark}博"), "赌博", &[0, 1]);
            check(&format!("赌\u{200b}{mark}博"), "赌博", &[0, 0]);
        }
    }

    #[test]
    fn a_flag_is_no_letters_and_half_a_flag_is_one() {
        check("🇸🇭🇮🇹", "", &[]);
        check("🇸 🇭 🇮 🇹", "shit", &[0, 1, 1, 1]);
    }

    #[test]
    fn letters_written_as_marks_are_letters_of_their_own_script() {
        check("किताब", "किताब", &[0; 5]);
        check("ดีมาก", "ดีมาก", &[0; 5]);
        check("क्\u{200d}ष", "कष", &[0; 2]);
        check("각", "각", &[0]);
        check("к\u{e34}от", "кот", &[0; 3]);
    }

    #[test]
    fn a_keycap_is_a_digit_or_a_sign() {
        let mut reader = Reader::default();
        for (keycaps, letters) in [(Keycaps::Digits, "赌1博"), (Keycaps::Signs, "赌博")] {
            reader.read_words_and(&Fold::new(), "赌1\u{fe0f}\u{20e3}博", keycaps);
            assert_eq!(reader.glyphs().iter().map(|glyph| glyph.letter).collect::<String>(), letters);
        }
    }

    #[test]
    fn signs_stand_for_letters_inside_a_latin_word_only() {
        check("a$$", "a$$", &[0, 0, 0]);
        check("sh!t", "sh!t", &[0, 0, 0, 0]);
        check("hit! me", "hitme", &[0, 0, 0, 2, 0]);
        check("赌@博", "赌博", &[0, 1]);
        check("$5", "5", &[1]);
    }

    #[test]
    fn a_comma_and_a_full_stop_are_hard_and_a_star_is_not() {
        let mut reader = Reader::default();
        reader.read_words(&Fold::new(), "去，博*一. 二.三");
        let hard: Vec<bool> = reader.glyphs().iter().map(|glyph| glyph.gap.is_hard()).collect();
        assert_eq!(hard, [false, true, false, true, false]);
    }

    proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

            #[test]
            fn glyphs_lie_on_characters_in_order(text in ".{0,200}") {
                let mut reader = Reader::default();
                let fold = Fold::new();
                for words in [true, false] {
                    if words { reader.read_words(&fold, &text) } else { reader.read_all(&fold, &text) }
                    let mut last = 0;
                    for glyph in reader.glyphs() {
                        prop_assert!(glyph.start >= last && glyph.end > glyph.start);
                        prop_assert!(text.get(glyph.start as usize..glyph.end as usize).is_some());
                        last = glyph.end;
                    }
                }
            }
        }
}
