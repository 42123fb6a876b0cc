//! What a text deserves.

use std::ops::Range;

use guard_text::{Fold, Keycaps, Mask, Reader};

use crate::dictionary::{Dictionary, Hit, Sieve};
use crate::list::Action;

/// The words that a moderator is shown at most.
const SHOWN: usize = 5;

/// Looks for words in texts, in buffers that are used again.
#[derive(Debug)]
pub struct Judge {
    fold: Fold,
    dictionary: Dictionary,
    skip: u8,
    mark: char,
    reader: Reader,
    sieve: Sieve,
    hits: Vec<Hit>,
    found: Vec<Place>,
    mask: Mask,
}

/// A word of the dictionary, and the bytes of a text where it stands.
#[derive(Clone, Debug)]
struct Place {
    word: u32,
    bytes: Range<usize>,
}

/// What was found in one or several texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The strongest of what is done with the words.
    pub action: Action,
    /// The category of the word that it is done for.
    pub category: String,
    /// The first few words, the strongest first, as the lists have them.
    pub words: Vec<String>,
    /// Whether a word is to be flagged, whatever else is done.
    pub flagged: bool,
}

impl Judge {
    /// A judge who knows `dictionary`, made with the same `fold`.
    #[must_use]
    pub fn new(fold: Fold, dictionary: Dictionary, skip: u8, mark: char) -> Self {
        let (reader, sieve, mask) = (Reader::default(), Sieve::default(), Mask::default());
        Self { fold, dictionary, skip, mark, reader, sieve, hits: Vec::new(), found: Vec::new(), mask }
    }

    /// What is to be done with a text; none: nothing.
    pub fn look(&mut self, text: &str) -> Option<Found> {
        self.find(text);
        let action = |place: &Place| self.dictionary.word(place.word).action;
        let strongest = self.found.iter().max_by_key(|place| action(place))?;
        let mut words: Vec<String> = Vec::new();
        let rest = self.found.iter().filter(|place| place.word != strongest.word);
        for place in std::iter::once(strongest).chain(rest) {
            let word: String = self.dictionary.letters(place.word).iter().collect();
            if !words.contains(&word) {
                words.push(word);
            }
            if words.len() == SHOWN {
                break;
            }
        }
        Some(Found {
            action: action(strongest),
            category: self.dictionary.category(strongest.word).to_owned(),
            words,
            flagged: self.found.iter().any(|place| action(place) == Action::Flag),
        })
    }

    /// The text with those words covered that the lists mask; none: there are none. As many characters as before.
    pub fn cover(&mut self, text: &str) -> Option<String> {
        self.find(text);
        self.mask.clear();
        for place in &self.found {
            if self.dictionary.word(place.word).action == Action::Mask {
                self.mask.cover(place.bytes.clone());
            }
        }
        (!self.mask.is_empty()).then(|| self.mask.apply(text, self.mark))
    }

    fn find(&mut self, text: &str) {
        self.found.clear();
        self.find_by(text, Keycaps::Digits);
        // Digits on keys stand for letters, or between letters.
        if text.contains('\u{20e3}') {
            self.find_by(text, Keycaps::Signs);
        }
    }

    fn find_by(&mut self, text: &str, keycaps: Keycaps) {
        self.reader.read_words_and(&self.fold, text, keycaps);
        let glyphs = self.reader.glyphs();
        self.dictionary.find(glyphs, self.skip, &mut self.sieve, &mut self.hits);
        let bytes = |hit: &Hit| {
            let (first, last) = (glyphs.get(hit.from as usize)?, glyphs.get(hit.to as usize - 1)?);
            Some(first.start as usize..last.end as usize)
        };
        let places = self.hits.iter().filter_map(|hit| Some(Place { word: hit.word, bytes: bytes(hit)? }));
        self.found.extend(places);
    }
}

impl Found {
    /// Both together: the stronger leads.
    #[must_use]
    pub fn and(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        let (mut first, second) = if other.action > self.action { (other, self) } else { (self, other) };
        first.flagged |= second.flagged;
        for word in second.words {
            if first.words.len() < SHOWN && !first.words.contains(&word) {
                first.words.push(word);
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;
    use crate::dictionary::Builder;

    const LIST: &str = "[a] mask\n赌博\nmask\n[b] flag\n旗子\n[c] reject\n拒绝\n[d] hold\n暂缓";

    fn judge() -> Judge {
        judge_skipping(2)
    }

    fn judge_skipping(skip: u8) -> Judge {
        let fold = Fold::new();
        let mut builder = Builder::new(&fold);
        builder.add(LIST, Action::Mask, None).expect("a good list");
        let dictionary = builder.build();
        Judge::new(fold, dictionary, skip, '＊')
    }

    #[test]
    fn the_strongest_word_decides() {
        let found = judge().look("赌博、旗子、拒绝、暂缓").expect("found");
        assert_eq!((found.action, found.category.as_str(), found.flagged), (Action::Reject, "c", true));
        assert_eq!(found.words, ["拒绝", "赌博", "旗子", "暂缓"]);
        assert_eq!(judge().look("无事"), None);
    }

    #[test]
    fn only_words_to_mask_are_covered() {
        assert_eq!(judge().cover("去 賭*博 ，旗子").as_deref(), Some("去 ＊＊＊ ，旗子"));
        assert_eq!(judge().cover("Mask it"), Some("＊＊＊＊ it".to_owned()));
        assert_eq!(judge().cover("旗子"), None);
    }

    #[test]
    fn two_texts_are_judged_as_one() {
        let mut judge = judge();
        let weak = judge.look("旗子").expect("found");
        let both = weak.and(judge.look("拒绝"));
        assert_eq!((both.action, both.flagged), (Action::Reject, true));
        assert_eq!(both.words, ["拒绝", "旗子"]);
    }

    #[test]
    fn more_words_than_are_shown_are_found_all_the_same() {
        let fold = Fold::new();
        let mut builder = Builder::new(&fold);
        builder.add("甲\n乙\n丙\n丁\n戊\n己 = reject", Action::Mask, None).expect("a good list");
        let dictionary = builder.build();
        let found = Judge::new(fold, dictionary, 0, '*').look("甲、乙、丙、丁、戊、己").expect("found");
        assert_eq!((found.words.len(), found.words[0].as_str()), (SHOWN, "己"));
    }

    proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

            #[test]
            fn covering_keeps_every_other_character(text in "([a-z赌博賭*＊\u{200b} 一-十]|mask){0,60}") {
                let covered = judge().cover(&text).unwrap_or_else(|| text.clone());
                prop_assert_eq!(covered.chars().count(), text.chars().count());
                prop_assert!(covered.chars().zip(text.chars()).all(|(new, old)| new == old || new == '＊'));
            }

            #[test]
            fn what_was_covered_is_found_no_more(text in "([赌博賭* 一二]){0,40}") {
                // With signs skipped, what stands left and right of a covered word may be one again: 赌＊＊博.
                let mut judge = judge_skipping(0);
                if let Some(covered) = judge.cover(&text) {
                    prop_assert_eq!(judge.look(&covered), None);
                }
            }
        }
}
