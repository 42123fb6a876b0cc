//! Covers parts of a text.

use std::ops::Range;

/// Parts of a text to cover. Parts may overlap and come in any order.
#[derive(Debug, Default)]
pub struct Mask {
    parts: Vec<Range<usize>>,
}

impl Mask {
    /// Covers these bytes, which must begin and end on characters of the text.
    pub fn cover(&mut self, part: Range<usize>) {
        self.parts.push(part);
    }

    /// Whether nothing is covered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Forgets all parts, and keeps the buffer.
    pub fn clear(&mut self) {
        self.parts.clear();
    }

    /// `text` with each covered character replaced by `mark`: as many characters as before.
    pub fn apply(&mut self, text: &str, mark: char) -> String {
        self.parts.sort_unstable_by_key(|part| part.start);
        let mut masked = String::with_capacity(text.len() + text.len() / 2);
        let mut done = 0;
        for part in &self.parts {
            let start = part.start.max(done);
            if start >= part.end {
                continue;
            }
            let (Some(before), Some(covered)) = (text.get(done..start), text.get(start..part.end)) else {
                continue;
            };
            masked.push_str(before);
            masked.extend(covered.chars().map(|_| mark));
            done = part.end;
        }
        masked.push_str(text.get(done..).unwrap_or_default());
        masked
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    #[test]
    fn overlapping_parts_are_covered_once() {
        let mut mask = Mask::default();
        mask.cover(3..9);
        mask.cover(0..6);
        assert_eq!(mask.apply("一二三四", '＊'), "＊＊＊四");
    }

    #[test]
    fn a_part_inside_a_character_is_left_out() {
        let mut mask = Mask::default();
        mask.cover(1..2);
        assert_eq!(mask.apply("一二", '*'), "一二");
    }

    proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

            #[test]
            fn a_mask_keeps_the_number_of_characters(text in ".{0,80}", parts in proptest::collection::vec((0_usize..300, 0_usize..300), 0..6)) {
                let mut mask = Mask::default();
                parts.iter().for_each(|(from, to)| mask.cover(*from..*to));
                prop_assert_eq!(mask.apply(&text, '＊').chars().count(), text.chars().count());
            }
        }
}
