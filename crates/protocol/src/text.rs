//! What people see of a text: its characters as they count them, whether anything shows, and which way it runs.
//!
//! A character here is a grapheme cluster (UAX #29): `👨‍👩‍👧` and `क्‍ष` are one each, however many code points they take.

use std::borrow::Cow;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_segmentation::UnicodeSegmentation;

use crate::TextError;

/// Code points that a limit of one character allows on average. The longest emoji in use have ten, a letter with its
/// marks hardly more than four: the bound is for letters under towers of marks.
const CODE_POINTS_A_CHARACTER: usize = 8;

/// Drawn as nothing by design, though no property of Unicode's says so: the empty Braille pattern, the note without a
/// head, the two blanks of Egyptian hieroglyphs, and what stands for an object that is not there.
const BLANK: [char; 5] = ['\u{2800}', '\u{1d159}', '\u{13441}', '\u{13442}', '\u{fffc}'];

const MARKS: GeneralCategoryGroup = GeneralCategoryGroup::Mark;
/// Formatting, white space, and what ends lines and paragraphs.
const FORMATS: GeneralCategoryGroup =
    GeneralCategoryGroup::Separator.union(GeneralCategoryGroup::Control).union(GeneralCategoryGroup::Format);

/// The most code points of a text of at most `characters` characters.
#[must_use]
pub(crate) const fn most_code_points(characters: usize) -> usize {
    characters * CODE_POINTS_A_CHARACTER
}

/// The beginning of `text`: at most `most` characters, none of them in part. Every place that shortens a text for people
/// shortens it by this. It never has more than eight times as many code points, whatever is piled up in it.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    // A cluster has at least one byte.
    if text.len() <= most {
        return text;
    }
    let mut left = most_code_points(most);
    let mut end = 0;
    for (start, cluster) in text.grapheme_indices(true).take(most) {
        // Counted no further than matters.
        match left.checked_sub(cluster.chars().take(left + 1).count()) {
            Some(rest) => left = rest,
            None => break,
        }
        end = start + cluster.len();
    }
    &text[..end]
}

/// As [`cut`], with an ellipsis where something is missing.
#[must_use]
pub fn preview(text: &str, most: usize) -> Cow<'_, str> {
    let kept = cut(text, most);
    if kept.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(format!("{kept}…")) }
}

/// As [`cut`], for a place that is measured in bytes.
#[must_use]
pub fn cut_to_bytes(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    // What begins after the limit is no concern of the clusters before it, but for the one that it cuts.
    let fits = |(start, cluster): &(usize, &str)| start + cluster.len() <= most;
    let end = text
        .grapheme_indices(true)
        .take_while(fits)
        .last()
        .map_or(0, |(start, cluster)| start + cluster.len());
    &text[..end]
}

/// One line of a text that comes along with something that must not fail by it, such as what a device calls itself: without
/// control characters and those that set the direction, and [`cut`]. `None` when nothing of it can be seen.
#[must_use]
pub fn tame_line(text: &str, most: usize) -> Option<String> {
    let spaced = |c: char| if c.is_whitespace() { ' ' } else { c };
    let kept: String = text.chars().map(spaced).filter(|c| !c.is_control() && !is_directive(*c)).collect();
    let line = cut(kept.trim(), most).trim_end();
    shows_letters(line).then(|| line.to_owned())
}

/// Whether anything of `text` leaves a trace on a screen.
pub(crate) fn shows_anything(text: &str) -> bool {
    text.chars().any(|c| !is_blank(c))
}

/// Whether there is something in `text` for marks to stand on: more than blanks and lone marks.
fn shows_letters(text: &str) -> bool {
    let is_letter = |c: char| !is_blank(c) && !MARKS.contains(category(c));
    text.chars().any(is_letter)
}

fn is_blank(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_graphic();
    }
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || FORMATS.contains(category(c))
        || BLANK.contains(&c)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Whether `c` opens or closes a run of its own direction (UAX #9, explicit formatting characters).
const fn is_directive(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether `text` keeps its direction to itself: it overrides none, and closes what it opens in the paragraph where it
/// opens it.
///
/// # Errors
/// [`TextError::Direction`].
pub(crate) fn check_direction(text: &str) -> Result<(), TextError> {
    /// What closes the run that was opened last.
    const PDF: char = '\u{202c}';
    const PDI: char = '\u{2069}';
    let mut open = Vec::new();
    for c in text.chars().filter(|c| is_directive(*c) || ends_paragraph(*c)) {
        match c {
            '\u{202a}' | '\u{202b}' => open.push(PDF),
            '\u{2066}'..='\u{2068}' => open.push(PDI),
            PDF | PDI if open.pop() == Some(c) => {}
            // Its end closes all that is open, so that nothing may be.
            _ if ends_paragraph(c) && open.is_empty() => {}
            _ => return Err(TextError::Direction),
        }
    }
    if open.is_empty() { Ok(()) } else { Err(TextError::Direction) }
}

/// Of bidirectional class B.
const fn ends_paragraph(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2029}')
}

/// Whether `text`, which stands among others in a line, can be seen there and leaves them as they are: the rule that names
/// and labels share.
///
/// # Errors
/// [`TextError::Control`], [`TextError::Direction`], [`TextError::Unseen`].
pub(crate) fn check_line(text: &str) -> Result<(), TextError> {
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(TextError::Control);
    }
    check_direction(text)?;
    if shows_letters(text) { Ok(()) } else { Err(TextError::Unseen) }
}

/// A name from outside, trimmed.
///
/// # Errors
/// [`TextError::Empty`], [`TextError::TooLong`], and as [`check_line`].
pub(crate) fn name(text: &str, max: usize) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if cut(text, max).len() < text.len() {
        return Err(TextError::TooLong { max });
    }
    check_line(text)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
