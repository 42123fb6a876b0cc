//! Made-up words.

use std::collections::BTreeSet;

/// A list of `count` different words, the same each time.
pub(crate) fn words(count: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        // Xorshift: what is wanted is variety, not chance.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(state % below).unwrap_or_default()
    };
    let mut words = BTreeSet::new();
    while words.len() < count {
        let (first, letters, length) =
            if next(10) == 0 { ('a', 26, 4 + next(7)) } else { ('一', 3_500, 2 + next(3)) };
        let letter = |number: u32| char::from_u32(u32::from(first) + number).unwrap_or(first);
        words.insert((0..length).map(|_| letter(next(letters))).collect::<String>());
    }
    words.into_iter().map(|word| word + "\n").collect()
}
