//! What people see as one character.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::{Class, Fold};

/// A cluster of a text (Unicode, *UAX 29: Grapheme Cluster Boundaries*).
pub(crate) struct Cluster<'a> {
    /// Its first byte in the text.
    pub(crate) start: usize,
    pub(crate) text: &'a str,
}

/// What a cluster is read as.
#[derive(Clone, Copy)]
pub(crate) struct Base {
    pub(crate) letter: char,
    /// Whether it is a sign, whatever its first character would be alone.
    pub(crate) is_sign: bool,
}

/// The clusters of a text, in order.
pub(crate) fn clusters(text: &str) -> impl Iterator<Item = Cluster<'_>> {
    // Hardly any text has something that joins; looking for clusters takes ten times as long as taking characters.
    let simple = text.chars().all(stands_alone);
    let characters = simple.then(|| text.char_indices()).into_iter().flatten();
    let characters = characters.map(|(start, c)| Cluster { start, text: &text[start..start + c.len_utf8()] });
    let joined = (!simple).then(|| text.grapheme_indices(true)).into_iter().flatten();
    characters.chain(joined.map(|(start, text)| Cluster { start, text }))
}

impl Cluster<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// The letter or sign that the cluster is; none for what can't be seen, such as a mark on nothing.
    pub(crate) fn base(&self, fold: &Fold) -> Option<Base> {
        let first = self.text.chars().next()?;
        if stands_alone(first) {
            return Some(Base { letter: fold.letter(first)?, is_sign: false });
        }
        if joins(first) {
            return None;
        }
        let is_sign = is_half_flag(first) && self.text.chars().nth(1).is_some_and(is_half_flag);
        Some(Base { letter: if is_sign { first } else { fold.letter(first)? }, is_sign })
    }

    /// Whether it is a digit on a key.
    pub(crate) fn is_keycap(&self) -> bool {
        self.text.len() > 1 && self.text.ends_with('\u{20e3}')
    }

    /// Whether `c`, of this cluster, is a letter beside the first: of Hangul or of a conjunct, or one that its script
    /// writes as a mark. Such scripts have blocks of 128 characters; a mark of another block is decoration.
    pub(crate) fn has_letter(&self, c: char) -> bool {
        let block = |c: char| u32::from(c) >> 7;
        !joins(c) || self.text.chars().next().is_some_and(|first| block(first) == block(c))
    }
}

/// Whether `c` is never part of a cluster with others: what nearly all texts are made of.
const fn stands_alone(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{a8}'
            | '\u{aa}'..='\u{ad}'
            | '\u{af}'..='\u{2ff}'
            | '\u{2010}'..='\u{2027}'
            | '\u{3001}'..='\u{3029}'
            | '\u{3031}'..='\u{303c}'
            | '\u{3041}'..='\u{3096}'
            | '\u{309d}'..='\u{3296}'
            | '\u{3400}'..='\u{a48c}'
            | '\u{ff01}'..='\u{ff9d}'
    ) && c != '\r'
}

/// Whether `c` becomes part of the letter before it.
fn joins(c: char) -> bool {
    if stands_alone(c) || matches!(Class::of(c), Class::Han | Class::Latin | Class::Digit) {
        return false;
    }
    let mut buffer = [0; 5];
    buffer[0] = b'a';
    let length = 1 + c.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..length]).is_ok_and(|pair| pair.graphemes(true).count() == 1)
}

const fn is_half_flag(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}
