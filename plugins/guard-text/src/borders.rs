//! Where words of written Chinese begin and end, which has no spaces between them.

use crate::words::{Commonness, Hash, LONGEST, Words};
use crate::{Class, Glyph};

/// The base-2 logarithm of how many words the dictionary's counts were made of: what each word of a path costs, less
/// what it is common.
const ALL: i32 = 26;
/// A run of Latin letters or digits, and a number with its measure, is a word as common as this.
const RUN: i32 = 10;
/// A letter that is no word by itself costs as much as one that was counted once.
const UNKNOWN: i32 = 0;
/// What it costs a word of the dictionary to reach across a space or sign: people put them between words.
const ACROSS: i32 = 5;
/// What stands behind a number: 12月, 5日, 3号.
const MEASURES: &str = "年月日号点时分秒元块个人次天周岁期路楼";

/// Something that may be a word here, whatever the dictionary says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// Its first glyph.
    pub from: usize,
    /// The glyph behind its last.
    pub to: usize,
    /// How much more likely it is than its pieces side by side, as a power of two.
    pub bonus: i32,
}

/// Finds borders of words, in buffers that are used again.
///
/// The best path is the one whose words are most common together: the product of how often each is used, as jieba has
/// it (without its guesses at unknown words).
#[derive(Debug, Default)]
pub struct Borders {
    words: Words,
    /// For each glyph: what the words of one letter, two, three … that begin there cost.
    prices: Vec<[i32; LONGEST]>,
    /// For each glyph: the end of the run that begins there; 0: none.
    runs: Vec<u32>,
    /// For each place: the best sum of a path up to it, and where its last word begins.
    best: Vec<(i32, u32)>,
    /// Likewise, for the pieces of a guess.
    pieces: Vec<(i32, u32)>,
    is_border: Vec<bool>,
}

/// What the rarest words cost: many of the dictionary are so rare only because somebody thought of them.
const LEAST: i32 = 2 - ALL;
/// There is no such word.
const NONE: i32 = i32::MIN;

impl Borders {
    /// Reads a clause. `guesses`: sorted by where they begin.
    pub fn read(&mut self, glyphs: &[Glyph], guesses: &[Guess]) {
        self.look_up(glyphs);
        let mut best = std::mem::take(&mut self.best);
        start(&mut best, glyphs.len());
        let mut guesses = guesses.iter().peekable();
        for from in 0..glyphs.len() {
            let mut guessed = [false; LONGEST + 1];
            while let Some(guess) = guesses.next_if(|guess| guess.from <= from) {
                let letters = guess.to - guess.from;
                let cuts = glyphs[from + 1..guess.to].iter().filter(|glyph| !glyph.gap.is_none()).count();
                let known = self.prices[from].get(letters - 1).copied().filter(|price| *price != NONE);
                let price = match known.filter(|price| price + ACROSS * cuts as i32 > LEAST) {
                    // The dictionary knows how likely it is, also across spaces.
                    Some(known) => known,
                    None => self.price_of_pieces(guess.from, guess.to).saturating_add(guess.bonus),
                };
                if let Some(guessed) = guessed.get_mut(letters).filter(|_| letters > 1) {
                    *guessed = true;
                }
                step(&mut best, from, guess.to, price);
            }
            self.each_word(from, |to, price| {
                if !guessed.get(to - from).is_some_and(|guessed| *guessed) {
                    step(&mut best, from, to, price);
                }
            });
        }
        self.is_border.clear();
        self.is_border.resize(glyphs.len() + 1, false);
        let mut at = glyphs.len();
        while at > 0 {
            self.is_border[at] = true;
            at = best[at].1 as usize;
        }
        self.is_border[0] = true;
        self.best = best;
    }

    /// Whether a word begins or ends before the glyph `at` of the clause that was read.
    #[must_use]
    pub fn is_at(&self, at: usize) -> bool {
        self.is_border.get(at).is_some_and(|is| *is)
    }

    /// Fills in what each word of the clause costs, so that each is looked up once.
    fn look_up(&mut self, glyphs: &[Glyph]) {
        self.prices.clear();
        self.runs.clear();
        for from in 0..glyphs.len() {
            let mut prices = [NONE; LONGEST];
            let (mut hash, mut across) = (Hash::EMPTY, 0);
            for (offset, glyph) in glyphs[from..].iter().take(LONGEST).enumerate() {
                across += if offset > 0 && !glyph.gap.is_none() { ACROSS } else { 0 };
                hash = hash.and(glyph.letter);
                let known = self.words.find(hash).map(Commonness::bits);
                if let Some(bits) = known.or((offset == 0).then_some(UNKNOWN)) {
                    prices[offset] = bits - ALL - across;
                }
            }
            self.prices.push(prices);
            self.runs.push(run(glyphs, from).unwrap_or(0) as u32);
        }
    }

    /// What the best path from one glyph to another costs that is not one word.
    fn price_of_pieces(&mut self, from: usize, to: usize) -> i32 {
        let mut best = std::mem::take(&mut self.pieces);
        let length = to - from;
        start(&mut best, length);
        for at in 0..length {
            self.each_word(from + at, |end, price| {
                if end <= to && (end - from - at < length || length == 1) {
                    step(&mut best, at, end - from, price);
                }
            });
        }
        let price = best[length].0;
        self.pieces = best;
        price
    }

    /// Hands on each word that begins at `from`: its end, and its price.
    fn each_word(&self, from: usize, mut word: impl FnMut(usize, i32)) {
        if self.runs[from] > 0 {
            word(self.runs[from] as usize, RUN - ALL);
        }
        for (offset, price) in self.prices[from].iter().enumerate().filter(|(_, price)| **price != NONE) {
            word(from + offset + 1, *price);
        }
    }
}

fn start(best: &mut Vec<(i32, u32)>, length: usize) {
    best.clear();
    best.resize(length + 1, (NONE, 0));
    best[0] = (0, 0);
}

fn step(best: &mut [(i32, u32)], from: usize, to: usize, price: i32) {
    let sum = best[from].0.saturating_add(price);
    if best[from].0 != NONE && sum > best[to].0 {
        best[to] = (sum, from as u32);
    }
}

/// The end of the run of Latin letters or of digits that begins at `from`; a measure behind digits belongs to them.
fn run(glyphs: &[Glyph], from: usize) -> Option<usize> {
    let class = glyphs[from].class;
    if !matches!(class, Class::Latin | Class::Digit) || from > 0 && touches(glyphs, from, class) {
        return None;
    }
    let mut end = from + 1;
    while end < glyphs.len() && glyphs[end].class == class && glyphs[end].gap.is_none() {
        end += 1;
    }
    let measured = class == Class::Digit
        && glyphs.get(end).is_some_and(|next| next.gap.is_none() && MEASURES.contains(next.letter));
    Some(end + usize::from(measured))
}

/// Whether the glyph before is of the same sort, with nothing between.
fn touches(glyphs: &[Glyph], at: usize, class: Class) -> bool {
    glyphs[at - 1].class == class && glyphs[at].gap.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fold, Reader};

    /// `text` cut at the borders; `guesses` are found in it.
    fn cut(text: &str, guesses: &[&str]) -> String {
        let (fold, mut reader) = (Fold::new(), Reader::default());
        reader.read_words(&fold, text);
        let letters: Vec<char> = reader.glyphs().iter().map(|glyph| glyph.letter).collect();
        let mut found: Vec<Guess> = Vec::new();
        for guess in guesses {
            let guess: Vec<char> = guess.chars().collect();
            let places = letters.windows(guess.len()).enumerate().filter(|(_, part)| *part == guess);
            found.extend(places.map(|(from, _)| Guess { from, to: from + guess.len(), bonus: 3 }));
        }
        found.sort_by_key(|guess| guess.from);
        let mut borders = Borders::default();
        borders.read(reader.glyphs(), &found);
        let mut cut = String::new();
        for (at, letter) in letters.iter().enumerate() {
            if at > 0 && borders.is_at(at) {
                cut.push('|');
            }
            cut.push(*letter);
        }
        cut
    }

    #[track_caller]
    fn check(text: &str, guesses: &[&str], expected: &str) {
        assert_eq!(cut(text, guesses), expected);
    }

    #[test]
    fn a_clause_is_cut_into_its_words() {
        check("进群交流", &[], "进|群|交流");
        check("上百家乐器行", &[], "上|百家|乐器行");
        check("周日你妈妈有空吗", &[], "周日|你妈妈|有空|吗");
        check("", &[], "");
    }

    #[test]
    fn a_guess_is_a_word_where_nothing_speaks_against_it() {
        check("时时彩排", &["时时彩"], "时时|彩排");
        check("玩时时彩", &["时时彩"], "玩|时时彩");
        check("你是傻逼真的", &["傻逼"], "你|是|傻逼|真的");
        check("你妈b超结果", &["你妈b"], "你|妈|b超|结果");
    }

    #[test]
    fn numbers_have_their_measure_and_latin_runs_are_words() {
        check("12月5日你妈过生日", &["日你妈"], "12月|5日|你|妈|过生日");
        check("用Android手机", &[], "用|android|手机");
    }

    #[test]
    fn a_space_parts_words_unless_they_make_no_sense_so() {
        check("赌 博客", &["赌博"], "赌|博客");
        check("去 赌 博 吧", &[], "去|赌博|吧");
    }
}
