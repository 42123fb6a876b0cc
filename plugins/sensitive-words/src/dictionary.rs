//! All words that count, folded, sorted and ready to be found.

mod sieve;

use guard_text::{Class, Fold, Glyph, Reader};

pub use self::sieve::Sieve;
use crate::automaton::{Automaton, ROOT};
use crate::list::{Action, Line, lines};

/// The most letters of a word: a bit for each says where a space may stand.
pub const MAX_LETTERS: usize = 32;
/// The most words. 60 000 take about 5 MiB of the 16 that a plugin has.
pub const MAX_WORDS: usize = 60_000;
/// A star at a word's end: what follows may be a letter.
const OPEN_END: u8 = 1;
/// A star before a word.
const OPEN_START: u8 = 2;

/// A word, or phrase, to look for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    first: u32,
    /// Bit n: between letters n - 1 and n the list has a space.
    spaces: u32,
    len: u8,
    open: u8,
    pub(crate) action: Action,
    pub(crate) category: u8,
    /// Whether the word behind it, in sorted order, looks the same.
    same: bool,
}

/// A word in a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) word: u32,
    /// Its first glyph.
    pub(crate) from: u32,
    /// The glyph behind its last.
    pub(crate) to: u32,
}

/// Collects words from lists.
#[derive(Debug)]
pub struct Builder<'a> {
    fold: &'a Fold,
    reader: Reader,
    words: Vec<Word>,
    letters: Vec<char>,
    keys: Vec<char>,
    categories: Vec<String>,
}

impl<'a> Builder<'a> {
    /// No words yet.
    #[must_use]
    pub fn new(fold: &'a Fold) -> Self {
        let (words, letters, keys) = (Vec::new(), Vec::new(), Vec::new());
        Self { fold, reader: Reader::default(), words, letters, keys, categories: Vec::new() }
    }

    /// Adds the words of a list. `action` is for those that have none, neither their own nor their category's;
    /// `all` overrides what the list says. A later list overrides an earlier one word by word.
    ///
    /// # Errors
    /// What is wrong with which line; the other lines are taken.
    pub fn add(&mut self, list: &str, action: Action, all: Option<Action>) -> Result<(), Vec<String>> {
        let mut problems = Vec::new();
        let mut category = self.category("words");
        let mut usual = action;
        for (number, line) in lines(list) {
            let added = line.and_then(|line| match line {
                Line::Category(name, of_category) => {
                    category = self.category(name);
                    usual = of_category.unwrap_or(action);
                    Ok(())
                }
                Line::Word(word, own) => self.word(word, all.or(own).unwrap_or(usual), category, true),
                Line::Off(word) => self.word(word, Action::Allow, category, false),
            });
            if let Err(problem) = added {
                problems.push(format!("line {number}: {problem}"));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Sorts the words, and makes them findable.
    #[must_use]
    pub fn build(mut self) -> Dictionary {
        let key = |word: &Word| &self.keys[word.range()];
        let letters = |word: &Word| &self.letters[word.range()];
        // Stable: of the same word twice, the later one stands behind.
        self.words.sort_by(|a, b| (key(a), letters(a), a.spaces).cmp(&(key(b), letters(b), b.spaces)));
        let mut words: Vec<Word> = Vec::with_capacity(self.words.len());
        for word in self.words {
            match words.last_mut() {
                Some(last) if letters(last) == letters(&word) && last.spaces == word.spaces => *last = word,
                _ => words.push(word),
            }
        }
        words.retain(|word| word.len > 0 && !word.is_off());
        for at in 1..words.len() {
            words[at - 1].same = key(&words[at - 1]) == key(&words[at]);
        }
        let automaton = Automaton::build(words.len() as u32, |at| key(&words[at as usize]));
        Dictionary { automaton, words, letters: self.letters, categories: self.categories }
    }

    fn category(&mut self, name: &str) -> u8 {
        let known = self.categories.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            // Beyond 255 categories, the rest are of the last.
            if self.categories.len() < usize::from(u8::MAX) {
                self.categories.push(name.to_owned());
            }
            self.categories.len() - 1
        });
        at as u8
    }

    fn word(&mut self, text: &str, action: Action, category: u8, on: bool) -> Result<(), String> {
        if self.words.len() >= MAX_WORDS {
            return Err(format!("more than {MAX_WORDS} words 词条过多"));
        }
        let (text, end) = text.strip_suffix('*').map_or((text, 0), |text| (text, OPEN_END));
        let (text, start) = text.strip_prefix('*').map_or((text, 0), |text| (text, OPEN_START));
        self.reader.read_words(self.fold, text);
        let glyphs = self.reader.glyphs();
        if glyphs.is_empty() {
            return Err("no letter in it 没有文字".to_owned());
        }
        if glyphs.len() > MAX_LETTERS {
            return Err(format!("more than {MAX_LETTERS} letters 词条过长"));
        }
        let spaced = glyphs.iter().enumerate().skip(1).filter(|(_, glyph)| !glyph.gap.is_none());
        self.words.push(Word {
            first: self.letters.len() as u32,
            spaces: spaced.fold(0, |spaces, (at, _)| spaces | 1 << at),
            len: glyphs.len() as u8,
            open: start | end | if on { 0 } else { OFF },
            action,
            category,
            same: false,
        });
        self.letters.extend(glyphs.iter().map(|glyph| glyph.letter));
        self.keys.extend(glyphs.iter().map(|glyph| glyph.key));
        Ok(())
    }
}

/// The mark of a word that takes one of an earlier list away.
const OFF: u8 = 0x80;

impl Word {
    fn range(&self) -> std::ops::Range<usize> {
        let first = self.first as usize;
        first..first + usize::from(self.len)
    }

    const fn is_off(&self) -> bool {
        self.open & OFF != 0
    }

    /// Whether a star lifts its border at the end, or at the start.
    const fn is_open(&self, which: u8) -> bool {
        self.open & which != 0
    }
}

/// Words ready to be found.
#[derive(Debug)]
pub struct Dictionary {
    automaton: Automaton,
    words: Vec<Word>,
    letters: Vec<char>,
    categories: Vec<String>,
}

impl Dictionary {
    /// How many words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Writes all words in what was read to `hits`: those that stand between borders of words, and don't share a letter
    /// with an allowed phrase. `skip`: how many signs may stand between two letters of a word.
    pub(crate) fn find(&self, glyphs: &[Glyph], skip: u8, sieve: &mut Sieve, hits: &mut Vec<Hit>) {
        hits.clear();
        let mut state = ROOT;
        for (at, glyph) in glyphs.iter().enumerate() {
            // A wide gap begins anew: no word reaches across it. One sign always may, as between English words.
            if glyph.gap.count() > skip.max(1) {
                state = ROOT;
            }
            state = self.automaton.step(state, glyph.key);
            for first in self.automaton.ending_at(state) {
                let mut number = first;
                while let Some(word) = self.words.get(number as usize) {
                    let from = at + 1 - usize::from(word.len);
                    if self.is_word(word, glyphs, from, skip) {
                        hits.push(Hit { word: number, from: from as u32, to: at as u32 + 1 });
                    }
                    if !word.same {
                        break;
                    }
                    number += 1;
                }
            }
        }
        if !hits.is_empty() {
            sieve.sift(self, glyphs, hits);
            self.leave_out_allowed(hits);
        }
    }

    pub(crate) fn word(&self, number: u32) -> &Word {
        &self.words[number as usize]
    }

    pub(crate) fn category(&self, number: u32) -> &str {
        &self.categories[usize::from(self.word(number).category)]
    }

    /// The word as it was read from its list: folded, without spaces.
    pub(crate) fn letters(&self, number: u32) -> &[char] {
        &self.letters[self.word(number).range()]
    }

    /// Takes away the allowed phrases, and whatever shares a letter with one. The hits are in order of their beginnings.
    fn leave_out_allowed(&self, hits: &mut Vec<Hit>) {
        let is_allowed = |hit: &Hit| self.word(hit.word).action == Action::Allow;
        if !hits.iter().any(is_allowed) {
            return;
        }
        let mut next_allowed = u32::MAX;
        let mut protected: Vec<bool> = Vec::with_capacity(hits.len());
        for hit in hits.iter().rev() {
            protected.push(next_allowed < hit.to);
            if is_allowed(hit) {
                next_allowed = hit.from;
            }
        }
        let mut allowed_to = 0;
        hits.retain(|hit| {
            let goes = protected.pop().unwrap_or_default() || hit.from < allowed_to;
            if is_allowed(hit) {
                allowed_to = allowed_to.max(hit.to);
                return false;
            }
            !goes
        });
    }

    /// Whether what looks like `word` from the glyph `from` on is it: by its letters, what was put between them, and
    /// what stands beside it.
    fn is_word(&self, word: &Word, glyphs: &[Glyph], from: usize, skip: u8) -> bool {
        let to = from + usize::from(word.len);
        let inside = &glyphs[from..to];
        let Some(spelled) = spelling(inside, word.spaces, skip) else { return false };
        let (before, after) = (from.checked_sub(1).map(|at| glyphs[at]), glyphs.get(to));
        let starts = word.is_open(OPEN_START) || begins(before.as_ref(), glyphs, from, spelled);
        let ends = word.is_open(OPEN_END) || stops(after, glyphs, to, spelled);
        starts && ends && is_spelled(&self.letters[word.range()], inside)
    }
}

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// As in the list.
    Plain,
    /// Letter by letter, as in "s p a m".
    Apart,
}

/// Looks at what was put between the letters; none: nobody reads these as one word.
fn spelling(inside: &[Glyph], spaces: u32, skip: u8) -> Option<Spelling> {
    let (mut pairs, mut apart, mut gaps, mut hard) = (0, 0, 0, false);
    for (at, two) in inside.windows(2).enumerate() {
        let gap = two[1].gap;
        let spaced = spaces & 1 << (at + 1) != 0;
        let both = is_alphabetic(&two[0]) && is_alphabetic(&two[1]);
        pairs += u32::from(both && !spaced);
        if gap.is_none() {
            continue;
        }
        if gap.count() > if spaced { skip.max(1) } else { skip } {
            return None;
        }
        gaps += 1;
        hard |= gap.is_hard();
        apart += u32::from(both && !spaced);
    }
    // "who re-enters": between letters of a Latin word either everywhere or nowhere; two letters alone say too little.
    if apart != 0 && (apart != pairs || pairs < 2) {
        return None;
    }
    // "他去赌，博一笑": across a comma only if it is cut everywhere, and longer than two.
    if hard && (inside.len() < 3 || gaps != inside.len() - 1) {
        return None;
    }
    Some(if apart == 0 { Spelling::Plain } else { Spelling::Apart })
}

/// Whether a word may begin at `from`: the one before is no letter of the same word.
fn begins(before: Option<&Glyph>, glyphs: &[Glyph], from: usize, spelled: Spelling) -> bool {
    let (Some(before), first) = (before, &glyphs[from]) else { return true };
    if !is_alphabetic(first) || !is_alphabetic(before) {
        return true;
    }
    if first.gap.is_none() {
        return sort(before) != sort(first) && !is_inside_letters(glyphs, from - 1);
    }
    spelled == Spelling::Plain || !is_lone(glyphs, from - 1)
}

/// Whether a word may end before `to`.
fn stops(after: Option<&Glyph>, glyphs: &[Glyph], to: usize, spelled: Spelling) -> bool {
    let (Some(after), last) = (after, &glyphs[to - 1]) else { return true };
    if !is_alphabetic(last) || !is_alphabetic(after) {
        return true;
    }
    if after.gap.is_none() {
        return sort(after) != sort(last) && !is_inside_letters(glyphs, to);
    }
    spelled == Spelling::Plain || !is_lone(glyphs, to)
}

/// Whether the digit at `at` stands for a letter, between two others.
fn is_inside_letters(glyphs: &[Glyph], at: usize) -> bool {
    let letter = |glyph: Option<&Glyph>| {
        glyph.is_some_and(|glyph| is_alphabetic(glyph) && glyph.class != Class::Digit)
    };
    let after = glyphs.get(at + 1).filter(|glyph| glyph.gap.is_none());
    let before = at.checked_sub(1).map(|before| &glyphs[before]).filter(|_| glyphs[at].gap.is_none());
    glyphs[at].class == Class::Digit && letter(before) && letter(after)
}

/// Whether the letter at `at` stands alone, as in "b a s s", and is no word by itself.
fn is_lone(glyphs: &[Glyph], at: usize) -> bool {
    let apart_before = at == 0 || !glyphs[at].gap.is_none();
    let apart_after = glyphs.get(at + 1).is_none_or(|after| !after.gap.is_none());
    apart_before && apart_after && !matches!(glyphs[at].letter, 'i' | 'a' | 'u')
}

/// Whether the letters are those of the word. What only looks like one counts against the word: "a55" and "455" are no
/// oaths, "a5s" is.
fn is_spelled(word: &[char], inside: &[Glyph]) -> bool {
    let mut alike = 0;
    for (letter, glyph) in word.iter().zip(inside) {
        if *letter == glyph.letter {
            continue;
        }
        // `i` and `l` look like `1`, and not like each other.
        if letter.is_ascii_lowercase() && glyph.class == Class::Latin {
            return false;
        }
        alike += 1;
    }
    alike * 2 <= inside.len()
}

/// Whether words of this script are parted by spaces.
fn is_alphabetic(glyph: &Glyph) -> bool {
    matches!(glyph.class, Class::Latin | Class::Digit)
        || matches!(glyph.letter, '\u{370}'..='\u{52f}' | '$' | '@' | '!' | '|')
}

fn sort(glyph: &Glyph) -> bool {
    glyph.class == Class::Digit
}

#[cfg(test)]
mod tests;
