//! Makes text of a guest safe to print: one line, no control sequences, nothing that turns its direction.

use std::fmt::Write;

use crate::wit::Pair;

/// `line` and its `fields` as one line of at most `limit` bytes: `text name=value name=value`.
pub(crate) fn write_line(line: &str, fields: &[Pair], limit: usize) -> String {
    let mut text = Bounded { text: String::with_capacity(line.len().min(limit)), limit };
    text.escape(line);
    for (name, value) in fields {
        if text.is_full() {
            break;
        }
        text.escape(" ");
        text.escape(name);
        text.escape("=");
        text.escape(value);
    }
    text.text
}

/// `text` on one line, of at most `limit` bytes.
pub(crate) fn bounded(text: &str, limit: usize) -> String {
    write_line(text, &[], limit)
}

struct Bounded {
    text: String,
    limit: usize,
}

impl Bounded {
    fn is_full(&self) -> bool {
        self.text.len() >= self.limit
    }

    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            let before = self.text.len();
            match c {
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                c if misleads(c) => {
                    // Writing to a string can't fail.
                    let _ = write!(self.text, "\\u{{{:x}}}", c as u32);
                }
                c => self.text.push(c),
            }
            if self.text.len() > self.limit {
                self.text.truncate(before);
                // Nothing more fits: what follows would look as if it stood here.
                self.limit = before;
                return;
            }
        }
    }
}

/// Control characters, line separators, marks of direction, and what has no width: what makes a line look like
/// another one.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(bounded(text, 1_000), expected);
    }

    #[test]
    fn a_line_stays_one_line() {
        check("two cups, 请", "two cups, 请");
        check("a\nERROR forged", "a\\nERROR forged");
        check("a\r\nb\tc", "a\\r\\nb\\tc");
        check("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m");
        check("\u{202e}gpj.exe", "\\u{202e}gpj.exe");
        check("a\u{2028}b\u{200b}c\u{0}", "a\\u{2028}b\\u{200b}c\\u{0}");
        check("\u{9b}31m", "\\u{9b}31m");
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        assert_eq!(bounded("请两杯茶", 7), "请两");
        assert_eq!(bounded("aaaaaa\nb", 7), "aaaaaa");
        assert_eq!(bounded("abc", 3), "abc");
    }

    #[test]
    fn fields_follow_the_text() {
        let fields = [("room".to_owned(), "a\nb".to_owned()), ("n".to_owned(), "1".to_owned())];
        assert_eq!(write_line("seen", &fields, 100), "seen room=a\\nb n=1");
        assert_eq!(write_line("seen", &fields, 6), "seen r");
    }
}
