//! Makes `data/words.bin`. `data/README.md` says how, and of what.

use std::collections::BTreeMap;
use std::error::Error;

use guard_text::{Commonness, Fold, Hash, LONGEST};
use xorf::{BinaryFuse16, DmaSerializable as _};

/// Words that jieba's authors counted less often are mostly names and mistakes.
const LEAST: u32 = 3;
/// How common our own words are taken to be.
const MODERN: u32 = 600;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
    let dictionary = std::fs::read_to_string(std::env::args().nth(1).ok_or("where is jieba's dict.txt?")?)?;
    let modern = std::fs::read_to_string(format!("{folder}/modern.txt"))?;
    let fold = Fold::new();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut add = |word: &str, count: u32| {
        // As texts are read: folded. Of two spellings of a word the commoner counts.
        let known =
            counts.entry(word.chars().filter_map(|letter| fold.letter(letter)).collect()).or_default();
        *known = (*known).max(count);
    };
    for line in dictionary.lines() {
        let mut fields = line.split(' ');
        let (Some(word), Some(count)) = (fields.next(), fields.next()) else { continue };
        let count: u32 = count.parse()?;
        let letters = word.chars().count();
        if letters == 1 || count >= LEAST && letters <= LONGEST {
            add(word, count);
        }
    }
    let words = modern.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    words.for_each(|word| add(word, MODERN));
    let keys: Vec<u64> =
        counts.iter().map(|(word, count)| Commonness::of_count(*count).key(Hash::of(word))).collect();
    let filter = BinaryFuse16::try_from_iterator(keys.iter().copied())?;
    let mut bytes = vec![0; BinaryFuse16::DESCRIPTOR_LEN];
    filter.dma_copy_descriptor_to(&mut bytes);
    bytes.extend_from_slice(filter.dma_fingerprints());
    std::fs::write(format!("{folder}/words.bin"), &bytes)?;
    println!("{} words, {} bytes", keys.len(), bytes.len());
    Ok(())
}
