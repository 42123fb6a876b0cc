//! How common a word of written Chinese is.

use xorf::{BinaryFuse16, BinaryFuse16Ref, DmaSerializable as _, Filter as _, FilterRef as _};

/// The dictionary: what `examples/make_words.rs` made of jieba's and of `data/modern.txt`.
static DATA: &Aligned<[u8]> = &Aligned(*include_bytes!("../data/words.bin"));
/// Bytes in front of the filter's fingerprints that describe it.
const DESCRIPTOR: usize = BinaryFuse16::DESCRIPTOR_LEN;
const _: () = assert!(DESCRIPTOR.is_multiple_of(BinaryFuse16Ref::FINGERPRINT_ALIGNMENT));

/// Begins at an address for numbers of two bytes, as which the filter reads its fingerprints. Included bytes alone begin
/// wherever the compiler puts them.
#[repr(align(2))]
struct Aligned<T: ?Sized>(T);

/// The most letters of a word in the dictionary. Longer ones are put together of shorter ones, and hardly ever decide.
pub const LONGEST: usize = 4;
/// The counts at which the next class begins: words of a class are counted up to four times as often as one another.
const CLASSES: [u32; 7] = [8, 32, 128, 512, 2_048, 8_192, 32_768];

/// How often a word is used, in classes: each about four times as often as the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commonness(u8);

impl Commonness {
    /// Of a word that was counted so often in a text of 60 million words.
    #[must_use]
    pub fn of_count(count: u32) -> Self {
        Self(CLASSES.iter().take_while(|limit| count >= **limit).count() as u8)
    }

    /// The base-2 logarithm of about how often it was counted.
    #[must_use]
    pub fn bits(self) -> i32 {
        2 + 2 * i32::from(self.0)
    }

    /// What the dictionary has for a word of this commonness.
    #[must_use]
    pub fn key(self, word: Hash) -> u64 {
        mix(word.0 ^ (u64::from(self.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// The hash of a word, made letter by letter.
#[derive(Clone, Copy, Debug)]
pub struct Hash(u64);

impl Hash {
    /// No letters yet.
    pub const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// With one letter more (FNV-1a).
    #[must_use]
    pub fn and(self, letter: char) -> Self {
        Self((self.0 ^ u64::from(u32::from(letter))).wrapping_mul(0x0000_0100_0000_01b3))
    }

    /// Of a whole word.
    #[must_use]
    pub fn of(word: &str) -> Self {
        word.chars().fold(Self::EMPTY, Self::and)
    }
}

/// The dictionary: 300 000 words in 690 KiB.
///
/// It is a set of pairs of a word and its commonness, kept as a binary fuse filter: 16 bits and a few more a word,
/// wherever its letters lead. One word in eight thousand that it has not looks as if it had.
#[derive(Debug)]
pub struct Words(BinaryFuse16Ref<'static>);

impl Words {
    /// The dictionary that is built in; nothing is copied.
    #[must_use]
    pub fn new() -> Self {
        let (descriptor, fingerprints) = DATA.0.split_at(DESCRIPTOR);
        Self(BinaryFuse16Ref::from_dma(descriptor, fingerprints))
    }

    /// How common a word is; none: it is no word.
    #[must_use]
    pub fn find(&self, word: Hash) -> Option<Commonness> {
        (0..=CLASSES.len() as u8).map(Commonness).find(|class| self.0.contains(&class.key(word)))
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::new()
    }
}

/// The finish of `SplitMix64`: each bit of the result depends on each bit of the number.
const fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(word: &str) -> Option<i32> {
        Words::new().find(Hash::of(word)).map(Commonness::bits)
    }

    #[test]
    fn words_are_known_by_how_common_they_are() {
        assert_eq!(find("的"), Some(16));
        assert_eq!(find("交流"), Some(12));
        assert_eq!(find("乐器行"), Some(2));
        assert!(find("班级群") > find("乐器行"), "it is not jieba's, but ours");
    }

    #[test]
    fn what_is_no_word_is_not_found() {
        for word in ["流群", "级群", "家乐器", "小姐姐拍照", ""] {
            assert_eq!(find(word), None, "{word}");
        }
    }

    #[test]
    fn one_in_thousands_is_taken_for_a_word_by_mistake() {
        let words = Words::new();
        // Private use: no dictionary has these.
        let mistakes = (0xf_0000..0xf_ffff_u32)
            .step_by(2)
            .filter_map(char::from_u32)
            .filter(|letter| words.find(Hash::EMPTY.and(*letter)).is_some())
            .count();
        assert!(mistakes < 0x7fff / 4_000, "{mistakes} of {}", 0x7fff);
    }

    #[test]
    fn classes_begin_at_their_counts() {
        for (count, bits) in [(0, 2), (7, 2), (8, 4), (31, 4), (32, 6), (32_768, 16), (u32::MAX, 16)] {
            assert_eq!(Commonness::of_count(count).bits(), bits, "{count}");
        }
    }
}
