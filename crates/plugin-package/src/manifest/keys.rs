//! A table of TOML, taken key by key: what is wrong is noted, and what remains at the end is unknown.

use std::{cell::RefCell, collections::BTreeSet, fmt::Display, ops::RangeInclusive};

use toml::{Table, Value};

use crate::{Problem, words::Word};

/// Where problems are noted.
#[derive(Default)]
pub(super) struct Notes(RefCell<Vec<Problem>>);

impl Notes {
    pub(super) fn add(&self, field: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) {
        self.0.borrow_mut().push(Problem::new(field, en, zh));
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// One table, with the way to it.
pub(super) struct Keys<'n> {
    path: String,
    table: Table,
    known: Vec<&'static str>,
    notes: &'n Notes,
}

impl<'n> Keys<'n> {
    pub(super) fn new(path: impl Into<String>, table: Table, notes: &'n Notes) -> Self {
        Self { path: path.into(), table, known: Vec::new(), notes }
    }

    /// The full name of `key`.
    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a problem with `key`.
    pub(super) fn note(&self, key: &str, en: impl Into<String>, zh: impl Into<String>) {
        self.notes.add(self.path(key), en, zh);
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn wrong_type(&self, key: &str, en: &str, zh: &str) {
        self.note(key, format!("must be {en}"), format!("必须是{zh}"));
    }

    /// Notes that `key` is needed, when it is absent and would not have been noted otherwise.
    pub(super) fn require<T>(
        &mut self,
        key: &'static str,
        take: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let absent = !self.table.contains_key(key);
        let taken = take(self);
        if absent {
            self.note(key, "is required", "是必填项");
        }
        taken
    }

    /// A text of 1 to `most` characters on one line.
    pub(super) fn text(&mut self, key: &'static str, most: usize) -> Option<String> {
        match self.take(key)? {
            Value::String(text) if is_line(&text, most) => Some(text),
            Value::String(_) => {
                self.note(
                    key,
                    format!("must have 1 to {most} characters on one line"),
                    format!("必须是单行文本，1 到 {most} 个字符"),
                );
                None
            }
            _ => {
                self.wrong_type(key, "a text", "文本");
                None
            }
        }
    }

    /// A text that is parsed; its error is told in English with the Chinese `zh` beside it.
    pub(super) fn parsed<T: std::str::FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        zh: &str,
    ) -> Option<T> {
        let text = self.text(key, 256)?;
        self.parse_as(key, &text, zh)
    }

    fn parse_as<T: std::str::FromStr<Err: Display>>(&self, key: &str, text: &str, zh: &str) -> Option<T> {
        text.parse()
            .map_err(|error| self.note(key, format!("{text:?}: {error}"), format!("{text:?}：{zh}")))
            .ok()
    }

    pub(super) fn boolean(&mut self, key: &'static str, default: bool) -> bool {
        match self.take(key) {
            None => default,
            Some(Value::Boolean(value)) => value,
            Some(_) => {
                self.wrong_type(key, "true or false", " true 或 false");
                default
            }
        }
    }

    /// A whole number of `range`.
    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<u32>, default: u32) -> u32 {
        let Some(value) = self.take(key) else { return default };
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                let (least, most) = range.into_inner();
                self.note(
                    key,
                    format!("must be a whole number from {least} to {most}"),
                    format!("必须是 {least} 到 {most} 之间的整数"),
                );
                default
            }
        }
    }

    pub(super) fn word<T: Word>(&mut self, key: &'static str, default: T) -> T {
        match self.take(key) {
            None => default,
            Some(value) => self.as_word(key, &value).unwrap_or(default),
        }
    }

    fn as_word<T: Word>(&self, key: &str, value: &Value) -> Option<T> {
        let found = value.as_str().and_then(T::find);
        if found.is_none() {
            let words: Vec<_> = T::ALL.iter().map(|word| word.as_str()).collect();
            self.note(
                key,
                format!("must be one of: {}", words.join(", ")),
                format!("必须是其中之一：{}", words.join("、")),
            );
        }
        found
    }

    /// A list of words; `None` when the key is absent. An empty list is a problem: to want nothing, leave the key out.
    pub(super) fn words<T: Word + Ord>(&mut self, key: &'static str) -> Option<BTreeSet<T>> {
        let values = self.list(key)?;
        if values.is_empty() {
            self.note(key, "must not be empty", "不能为空");
        }
        Some(
            values
                .iter()
                .enumerate()
                .filter_map(|(index, value)| self.as_word(&format!("{key}[{index}]"), value))
                .collect(),
        )
    }

    /// A list of texts of 1 to `most` characters on one line.
    pub(super) fn texts(&mut self, key: &'static str, most: usize) -> Option<Vec<String>> {
        let values = self.list(key)?;
        let mut texts = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            match value {
                Value::String(text) if is_line(&text, most) => texts.push(text),
                _ => self.note(
                    &format!("{key}[{index}]"),
                    format!("must be a text of 1 to {most} characters on one line"),
                    format!("必须是单行文本，1 到 {most} 个字符"),
                ),
            }
        }
        Some(texts)
    }

    /// A list of texts that are parsed.
    pub(super) fn parsed_list<T: std::str::FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        zh: &str,
    ) -> Option<Vec<T>> {
        let texts = self.texts(key, 300)?;
        let parsed = |(index, text): (usize, &String)| self.parse_as(&format!("{key}[{index}]"), text, zh);
        Some(texts.iter().enumerate().filter_map(parsed).collect())
    }

    fn list(&mut self, key: &'static str) -> Option<Vec<Value>> {
        match self.take(key)? {
            Value::Array(values) => Some(values),
            _ => {
                self.wrong_type(key, "a list", "列表");
                None
            }
        }
    }

    /// A table below this one.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Keys<'n>> {
        match self.take(key)? {
            Value::Table(table) => Some(Keys::new(self.path(key), table, self.notes)),
            _ => {
                self.wrong_type(key, "a table", "表");
                None
            }
        }
    }

    /// A list of at most `most` tables.
    pub(super) fn tables(&mut self, key: &'static str, most: usize) -> Vec<Keys<'n>> {
        if !self.table.contains_key(key) {
            self.known.push(key);
            return Vec::new();
        }
        let values = self.list(key).unwrap_or_default();
        if values.len() > most {
            self.note(key, format!("there may be {most} at most"), format!("最多 {most} 个"));
        }
        let mut tables = Vec::new();
        for (index, value) in values.into_iter().enumerate().take(most) {
            let name = format!("{key}[{index}]");
            match value {
                Value::Table(table) => tables.push(Keys::new(self.path(&name), table, self.notes)),
                _ => self.wrong_type(&name, "a table", "表"),
            }
        }
        tables
    }

    /// Notes each key that nobody took, with the known one that it resembles.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let near = self.known.iter().filter(|known| strsim::damerau_levenshtein(known, key) <= 2).min();
            match near {
                Some(near) => self.note(
                    key,
                    format!("is not a known key; did you mean `{near}`?"),
                    format!("不是已知的键；您是否想写 `{near}`？"),
                ),
                None => self.note(
                    key,
                    format!("is not a known key here; known are: {}", self.known.join(", ")),
                    format!("不是这里已知的键；已知的键：{}", self.known.join("、")),
                ),
            }
        }
    }
}

/// 1 to `most` characters, none of them a control character, and none that ends a line or turns its direction: a name
/// stands within the sentences that an admin agrees to.
pub(super) fn is_line(text: &str, most: usize) -> bool {
    let turns = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    (1..=most).contains(&text.chars().count()) && !text.chars().any(turns) && !text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_in_the_order_it_is_written() {
        for good in ["Word guard", "敏感词", "👩\u{200d}🔧", "می\u{200c}خواهم"] {
            assert!(is_line(good, 64), "{good:?}");
        }
        for bad in [
            "",
            " ",
            "a\nb",
            "a\u{0}",
            "May \u{202e}gnihton od",
            "a\u{2028}b",
            "\u{2067}x\u{2069}",
            "\u{200f}x",
        ] {
            assert!(!is_line(bad, 64), "{bad:?}");
        }
    }
}
