//! Word lists as plain text.
//!
//! ```text
//! # a comment
//! [fraud] hold          a category, and what is done with its words that say nothing themselves
//! 刷单返利
//! free money = flag     or a tab instead of the sign
//! shag*                 the star: whatever follows
//! ```

/// What is done with a message that has a word. The order is that of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing, and no word inside this one counts either.
    Allow,
    /// Deliver it, and put it up for review.
    Flag,
    /// Cover the word.
    Mask,
    /// Keep it until a moderator lets it through.
    Hold,
    /// Refuse it.
    Reject,
}

impl Action {
    /// The action of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "allow" => Self::Allow,
            "flag" => Self::Flag,
            "mask" => Self::Mask,
            "hold" => Self::Hold,
            "reject" => Self::Reject,
            _ => return None,
        })
    }
}

/// What a line of a list says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// The words that follow are of this category.
    Category(&'a str, Option<Action>),
    /// A word, and what is done with it; none: what its category says.
    Word(&'a str, Option<Action>),
    /// This word of a list before this one no longer counts.
    Off(&'a str),
}

/// Reads a list line by line. Blank lines and comments are left out; an error says what is wrong with its line.
pub fn lines(list: &str) -> impl Iterator<Item = (usize, Result<Line<'_>, String>)> {
    // Lists are often saved with a byte order mark, by editors for Windows.
    let list = list.strip_prefix('\u{feff}').unwrap_or(list);
    list.lines().enumerate().filter_map(|(at, line)| {
        let line = line.trim();
        (!line.is_empty() && !line.starts_with('#')).then(|| (at + 1, read(line)))
    })
}

fn read(line: &str) -> Result<Line<'_>, String> {
    if let Some((name, rest)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
        let action = rest.trim();
        return Ok(Line::Category(
            name.trim(),
            if action.is_empty() { None } else { Some(self::action(action)?) },
        ));
    }
    match line.split_once('\t').or_else(|| line.rsplit_once(" = ")) {
        None => Ok(Line::Word(line, None)),
        Some((word, said)) => match said.trim() {
            "" => Ok(Line::Word(word.trim(), None)),
            "off" => Ok(Line::Off(word.trim())),
            said => Ok(Line::Word(word.trim(), Some(action(said)?))),
        },
    }
}

fn action(name: &str) -> Result<Action, String> {
    Action::named(name).ok_or_else(|| {
        let name: String = name.chars().take(20).collect();
        format!("“{name}” is none of allow, flag, mask, hold, reject, off 不是可用的处理方式")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<Line<'_>, ()>) {
        let read: Vec<_> = lines(line).map(|(_, line)| line.map_err(drop)).collect();
        assert_eq!(read, [expected]);
    }

    #[test]
    fn each_form_of_line_is_read() {
        check("刷单", Ok(Line::Word("刷单", None)));
        check("  刷单 \r\n", Ok(Line::Word("刷单", None)));
        check("\u{feff}刷单", Ok(Line::Word("刷单", None)));
        check("刷单\treject", Ok(Line::Word("刷单", Some(Action::Reject))));
        check("刷单\t", Ok(Line::Word("刷单", None)));
        check("free money = hold", Ok(Line::Word("free money", Some(Action::Hold))));
        check("a=b", Ok(Line::Word("a=b", None)));
        check("刷单 = off", Ok(Line::Off("刷单")));
        check("[fraud]", Ok(Line::Category("fraud", None)));
        check("[诈骗] hold", Ok(Line::Category("诈骗", Some(Action::Hold))));
        check("刷单\tburn", Err(()));
        check("[fraud] burn", Err(()));
    }

    #[test]
    fn comments_and_blank_lines_are_left_out_and_lines_keep_their_number() {
        let numbers: Vec<usize> = lines("# x\n\n a\n   \nb").map(|(number, _)| number).collect();
        assert_eq!(numbers, [3, 5]);
    }
}
