//! A list of words as long as operators have, made up, the same each time.

use std::collections::BTreeSet;

/// Words in the list.
pub(super) const WORDS: usize = 10_000;

/// Nine of ten words are of two to four ideographs, the others of four to ten Latin letters; one a line.
pub(super) fn list() -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        // Xorshift: what is wanted is variety, not chance.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below) as u32
    };
    let mut words = BTreeSet::new();
    while words.len() < WORDS {
        let (first, letters, length) =
            if next(10) == 0 { ('a', 26, 4 + next(7)) } else { ('一', 3_500, 2 + next(3)) };
        let letter = |number: u32| char::from_u32(u32::from(first) + number).unwrap_or(first);
        words.insert((0..length).map(|_| letter(next(letters))).collect::<String>());
    }
    words.into_iter().map(|word| word + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::Prose;

    #[test]
    fn there_are_as_many_as_are_said_and_none_stands_in_the_measured_text() {
        let list = list();
        assert_eq!(list.lines().collect::<BTreeSet<_>>().len(), WORDS);
        let text: String = Prose::Chinese.text().chars().filter(|c| !"，。".contains(*c)).collect();
        assert_eq!(list.lines().find(|word| text.contains(word)), None);
    }
}
