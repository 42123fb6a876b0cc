//! Text for comparing, and for narrow places.

/// Text as it is compared: lower case, full-width forms as the plain ones, white space as single spaces.
#[must_use]
pub fn normal(text: &str) -> String {
    let plain = text.chars().map(half_width).flat_map(char::to_lowercase);
    let mut normal = String::with_capacity(text.len());
    for character in plain {
        match character.is_whitespace() {
            true if normal.is_empty() || normal.ends_with(' ') => {}
            true => normal.push(' '),
            false => normal.push(character),
        }
    }
    normal.truncate(normal.trim_end().len());
    normal
}

/// A full-width form as the character that it is a form of (Unicode, block "Halfwidth and Fullwidth Forms").
fn half_width(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        other => other,
    }
}

/// About how wide a text is: a Chinese character takes two places.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().map(|character| if (character as u32) < 0x1100 { 1 } else { 2 }).sum()
}

/// The text, or as much of it as `most` characters hold, with an ellipsis then.
#[must_use]
pub fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_compares_equal() {
        assert_eq!(normal("  ＨＥＬＬＯ　 World！\n"), "hello world!");
        assert_eq!(normal("发货　时间"), "发货 时间");
        assert_eq!(normal(" \n "), "");
    }

    #[test]
    fn a_clipped_text_keeps_within_its_place() {
        assert_eq!(clipped("茶馆", 2), "茶馆");
        assert_eq!(clipped("茶馆开门", 3), "茶馆…");
        assert_eq!(width("茶a"), 3);
    }
}
