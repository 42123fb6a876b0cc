//! Which of the words that were found stand between borders of words, where writing has no spaces.
//!
//! 群交 in 进群交流 is the end of one word and the beginning of another. Only the clause around a hit is cut into words,
//! and hits are seldom. Signs that somebody put into a word don't hide it: a word of the dictionary reaches across
//! them at a price, a word that only the list has for nothing.

use guard_text::{Borders, Class, Glyph, Guess};

use super::{Dictionary, Hit, OPEN_END, OPEN_START};
use crate::list::Action;

/// How much likelier a word of a list is than its pieces side by side, as a power of two: enough for 傻逼|真的 against
/// 傻|逼真|的, and not enough for 时时彩|排 against 时时|彩排.
const WORD: i32 = 3;
/// An allowed phrase was written down for just the place where it stands.
const ALLOWED: i32 = 20;

/// Sifts hits, in buffers that are used again.
#[derive(Debug, Default)]
pub struct Sieve {
    borders: Borders,
    guesses: Vec<Guess>,
}

impl Sieve {
    /// Leaves the hits that count, in order of their beginnings.
    pub(super) fn sift(&mut self, dictionary: &Dictionary, glyphs: &[Glyph], hits: &mut Vec<Hit>) {
        hits.sort_unstable_by_key(|hit| (hit.from, std::cmp::Reverse(hit.to)));
        let mut kept = 0;
        let mut at = 0;
        while at < hits.len() {
            let clause = clause(glyphs, hits[at].from as usize);
            let behind = hits[at..].iter().position(|hit| hit.from as usize >= clause.end);
            let next = behind.map_or(hits.len(), |behind| at + behind);
            self.sift_clause(dictionary, &glyphs[clause.clone()], clause.start as u32, &mut hits[at..next]);
            for from in at..next {
                if hits[from].from < hits[from].to {
                    hits[kept] = hits[from];
                    kept += 1;
                }
            }
            at = next;
        }
        hits.truncate(kept);
    }

    /// Makes those empty that don't count.
    fn sift_clause(&mut self, dictionary: &Dictionary, clause: &[Glyph], start: u32, hits: &mut [Hit]) {
        let place = |hit: &Hit| (hit.from - start) as usize..(hit.to - start) as usize;
        // A word that reaches out of its clause is cut everywhere, by commas too: nobody writes so by chance.
        let is_inside = |hit: &Hit| place(hit).end <= clause.len();
        let free = |hit: &Hit| free_ends(clause, place(hit), dictionary.word(hit.word));
        if hits.iter().filter(|hit| is_inside(hit)).all(|hit| free(hit) == (true, true)) {
            return;
        }
        self.guesses.clear();
        for hit in hits.iter().filter(|hit| is_inside(hit)) {
            let place = place(hit);
            let bonus = if dictionary.word(hit.word).action == Action::Allow { ALLOWED } else { WORD };
            match self.guesses.last_mut() {
                // One guess a beginning, the longest but for allowed phrases, so that time grows with the text alone.
                Some(last) if last.from == place.start => {
                    if bonus > last.bonus {
                        *last = Guess { from: place.start, to: place.end, bonus };
                    }
                }
                _ => self.guesses.push(Guess { from: place.start, to: place.end, bonus }),
            }
        }
        self.borders.read(clause, &self.guesses);
        for hit in hits.iter_mut().filter(|hit| is_inside(hit)) {
            let (starts, ends) = free(hit);
            let place = place(hit);
            if !((starts || self.borders.is_at(place.start)) && (ends || self.borders.is_at(place.end))) {
                hit.to = hit.from;
            }
        }
    }
}

/// The clause around a glyph: up to the comma, full stop or new line on either side.
fn clause(glyphs: &[Glyph], at: usize) -> std::ops::Range<usize> {
    let start = (0..=at).rev().find(|at| glyphs[*at].gap.is_hard()).unwrap_or(0);
    let end = (at + 1..glyphs.len()).find(|at| glyphs[*at].gap.is_hard()).unwrap_or(glyphs.len());
    start..end
}

/// Whether a word needs no border of words at its start, and at its end: a star lifts it, nothing is there, no ideograph
/// is beside it, or a space is there that was not put into the word too.
fn free_ends(clause: &[Glyph], place: std::ops::Range<usize>, word: &super::Word) -> (bool, bool) {
    let is_whole = clause[place.start + 1..place.end].iter().all(|glyph| glyph.gap.is_none());
    let is_free = |at: usize| {
        let beside = [&clause[at - 1], &clause[at]];
        beside.iter().all(|glyph| glyph.class != Class::Han) || is_whole && !clause[at].gap.is_none()
    };
    let starts = word.is_open(OPEN_START) || place.start == 0 || is_free(place.start);
    let ends = word.is_open(OPEN_END) || place.end == clause.len() || is_free(place.end);
    (starts, ends)
}
