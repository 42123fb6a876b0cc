//! Which characters are the same, and which only look it.

const EXACT: &str = include_str!("../data/exact.txt");
const TRADITIONAL: &str = include_str!("../data/traditional.txt");
const ALIKE: &str = include_str!("../data/alike.txt");

/// What stands for a letter among signs and digits. `i` reads as `l`, because `1` stands for both.
const STAND_INS: &str = "o0 li1|! e3 a4@ s5$ t7 b8 g9";

/// Zero-width characters, direction marks, controls, tags, and marks that sit on the character before.
const INVISIBLE: [(u32, u32); 26] = [
    (0x00, 0x08),
    (0x0b, 0x0c),
    (0x0e, 0x1f),
    (0x7f, 0x84),
    (0x86, 0x9f),
    (0xad, 0xad),
    (0x300, 0x36f),
    (0x483, 0x489),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x1ab0, 0x1aff),
    (0x1dc0, 0x1dff),
    (0x200b, 0x200f),
    (0x202a, 0x202e),
    (0x2060, 0x206f),
    (0x20d0, 0x20ff),
    (0x3099, 0x309a),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfe20, 0xfe2f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff9, 0xfffb),
    (0xe0000, 0xe0fff),
];

/// No entry: the character stands for itself.
const SAME: u16 = 0;
/// The entry of an invisible character. U+0001 is one itself, so that no letter folds to it.
const DROPPED: u16 = 1;
const PAGE: usize = 256;
/// Pages up to U+1FFFF: no folded character is beyond, but for the tags in plane 14, which have a check of their own.
const PAGES: usize = 0x200;

/// Tables of characters that are the same.
///
/// Made once for an instance, in well under a millisecond; about 100 KiB.
#[derive(Debug)]
pub struct Fold {
    letters: Table,
    keys: Table,
}

impl Fold {
    /// Reads the tables.
    #[must_use]
    pub fn new() -> Self {
        let mut traditional = Table::default();
        for (target, source) in pairs(TRADITIONAL) {
            traditional.set(source, target as u32);
        }
        let mut letters = Table::default();
        for (target, source) in pairs(EXACT) {
            letters.set(source, traditional.get(target) as u32);
        }
        for (target, source) in pairs(TRADITIONAL) {
            letters.set(source, target as u32);
        }
        for (first, last) in INVISIBLE {
            for c in (first..=last).filter(|c| *c < (PAGES * PAGE) as u32).filter_map(char::from_u32) {
                letters.set(c, u32::from(DROPPED));
            }
        }
        let mut keys = Table::default();
        for (target, source) in pairs(STAND_INS) {
            keys.set(source, target as u32);
        }
        // `i` reads as `l`, and `3` as `e`, so what looks like one does too.
        for (target, source) in pairs(ALIKE) {
            keys.set(source, keys.get(target) as u32);
        }
        Self { letters, keys }
    }

    /// The letter that `c` is a form of; none for what can't be seen.
    #[must_use]
    pub fn letter(&self, c: char) -> Option<char> {
        match self.letters.get(c) {
            '\u{1}' => None,
            _ if ('\u{e0000}'..='\u{e0fff}').contains(&c) => None,
            letter => Some(letter),
        }
    }

    /// What all that looks like `letter` has in common; `letter` is folded already.
    #[must_use]
    pub fn key(&self, letter: char) -> char {
        self.keys.get(letter)
    }
}

impl Default for Fold {
    fn default() -> Self {
        Self::new()
    }
}

fn pairs(table: &str) -> impl Iterator<Item = (char, char)> {
    table.split_ascii_whitespace().flat_map(|entry| {
        let mut characters = entry.chars();
        let target = characters.next().unwrap_or('\0');
        characters.map(move |source| (target, source))
    })
}

/// From a character to another of the Basic Multilingual Plane: pages only where there is something to say.
#[derive(Debug)]
struct Table {
    index: [u8; PAGES],
    pages: Vec<[u16; PAGE]>,
}

impl Default for Table {
    fn default() -> Self {
        // Page 0 is empty, and stands for all that nothing was said of.
        Self { index: [0; PAGES], pages: vec![[SAME; PAGE]] }
    }
}

impl Table {
    fn set(&mut self, from: char, to: u32) {
        let (page, place) = (from as usize / PAGE, from as usize % PAGE);
        let (Some(index), Ok(to)) = (self.index.get_mut(page), u16::try_from(to)) else { return };
        if *index == 0 {
            // There are fewer than 255 pages with entries in our own tables.
            let Ok(new) = u8::try_from(self.pages.len()) else { return };
            *index = new;
            self.pages.push([SAME; PAGE]);
        }
        self.pages[usize::from(*index)][place] = to;
    }

    #[inline]
    fn get(&self, from: char) -> char {
        let Some(index) = self.index.get(from as usize / PAGE) else { return from };
        match self.pages[usize::from(*index)][from as usize % PAGE] {
            SAME => from,
            to => char::from_u32(u32::from(to)).unwrap_or(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str) {
        let fold = Fold::new();
        assert_eq!(from.chars().filter_map(|c| fold.letter(c)).collect::<String>(), to, "from {from}");
    }

    #[test]
    fn forms_of_a_letter_are_the_letter() {
        check("ＡbＣ", "abc");
        check("①❷⓪０", "1200");
        check("ⓐ🄱🅲🅳🇪", "abcde");
        check("𝐇𝒆𝓵𝔩𝕠", "hello");
        check("éÜñ", "eun");
        check("e\u{301}", "e");
        check("賭場發財", "赌场发财");
        check("㊀⼀", "一一");
        check("！，：．", "!,:.");
    }

    #[test]
    fn what_cannot_be_seen_is_dropped() {
        check("a\u{200b}b\u{feff}c\u{202e}d\u{e0041}e\u{fe0f}", "abcde");
        check("1\u{fe0f}\u{20e3}", "1");
    }

    #[test]
    fn lines_and_spaces_stay() {
        check("a\tb\nc d", "a\tb\nc d");
    }

    #[test]
    fn what_looks_alike_has_one_key() {
        let fold = Fold::new();
        for (a, b) in [('o', '0'), ('l', '1'), ('i', '1'), ('а', 'a'), ('ο', 'о'), ('і', 'l'), ('$', 's')]
        {
            assert_eq!(fold.key(a), fold.key(b), "{a} {b}");
        }
        assert_ne!(fold.key('六'), fold.key('6'));
    }

    #[test]
    fn folding_again_changes_nothing() {
        let fold = Fold::new();
        for c in (0..0x20000).filter_map(char::from_u32) {
            if let Some(letter) = fold.letter(c) {
                assert_eq!(fold.letter(letter), Some(letter), "{c} {letter}");
                let key = fold.key(letter);
                assert_eq!(fold.key(key), key, "{c} {key}");
            }
        }
    }

    #[test]
    fn every_entry_has_room() {
        let fold = Fold::new();
        assert!(fold.letters.pages.len() < 200 && fold.keys.pages.len() < 200);
        assert!(pairs(TRADITIONAL).count() > 2_500);
        assert!(pairs(TRADITIONAL).all(|(_, source)| fold.letter(source) != Some(source)));
    }
}
