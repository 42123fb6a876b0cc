//! The commands of a bot, and how the words behind one are read.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::keys::{Keys, is_line};
use crate::{Text, words::words};

words! {
    /// The least role that may give a command.
    CommandRole {
        /// Everyone who may write in the room.
        Guest = "guest",
        /// Members.
        Member = "member",
        /// The room's admins.
        Admin = "admin",
        /// Its owner.
        Owner = "owner",
    }
}

words! {
    /// What an option takes.
    OptionKind {
        /// A text; as the last option, the rest of the line.
        Text = "text",
        /// A whole number below 2^53.
        Integer = "integer",
        /// A number.
        Number = "number",
        /// Yes or no.
        Boolean = "boolean",
        /// One of some words.
        Choice = "choice",
        /// A user: a name, perhaps with `@`, or an id.
        User = "user",
        /// All that remains, as a list of texts; the last option only.
        Texts = "texts",
    }
}

/// `[[commands]]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Command {
    /// What follows the slash: 1 to 32 letters of any script, digits, `-` and `_`, in lower case.
    pub name: String,
    /// One line, shown beside the completion.
    pub description: String,
    /// Who may give it.
    pub role: CommandRole,
    /// What follows it, at most ten; required ones come first.
    pub options: Vec<CommandOption>,
}

/// One option of a command.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CommandOption {
    /// Its name, as a command's.
    pub name: String,
    /// One line.
    pub description: Option<String>,
    /// What it takes.
    #[serde(rename = "type")]
    pub kind: OptionKind,
    /// The words of a choice.
    pub choices: Vec<String>,
    /// Whether it may be left out.
    pub required: bool,
}

/// The options that somebody gave, by name.
pub type Arguments = Map<String, Value>;

/// Options of a command at most.
const MAX_OPTIONS: usize = 10;
/// Words of a choice at most.
const MAX_CHOICES: usize = 25;

pub(super) fn read(mut keys: Keys<'_>) -> Option<Command> {
    let name = keys.require("name", |keys| name(keys));
    let description = keys.require("description", |keys| keys.text("description", 200));
    let role = keys.word("role", CommandRole::Member);
    let options: Vec<_> = keys.tables("options", MAX_OPTIONS).into_iter().filter_map(option).collect();
    let names: BTreeSet<_> = options.iter().map(|option| &option.name).collect();
    if names.len() < options.len() {
        keys.note("options", "must have different names", "名称不能重复");
    }
    if options.iter().skip_while(|option| option.required).any(|option| option.required) {
        keys.note("options", "required ones must come first", "必填选项必须排在前面");
    }
    if options.iter().rev().skip(1).any(|option| option.kind == OptionKind::Texts) {
        keys.note("options", "only the last one can be of type texts", "只有最后一个选项可以是 texts 类型");
    }
    keys.finish();
    Some(Command { name: name?, description: description?, role, options })
}

fn option(mut keys: Keys<'_>) -> Option<CommandOption> {
    let name = keys.require("name", |keys| name(keys));
    let description = keys.text("description", 200);
    let kind = keys.word("type", OptionKind::Text);
    let choices = keys.texts("choices", 64).unwrap_or_default();
    if (kind == OptionKind::Choice) == choices.is_empty() || choices.len() > MAX_CHOICES {
        keys.note(
            "choices",
            format!("a choice has 1 to {MAX_CHOICES} words, other types have none"),
            format!("choice 类型有 1 到 {MAX_CHOICES} 个可选词，其他类型没有"),
        );
    }
    let required = keys.boolean("required", false);
    keys.finish();
    Some(CommandOption { name: name?, description, kind, choices, required })
}

fn name(keys: &mut Keys<'_>) -> Option<String> {
    let name = keys.text("name", 32)?;
    if is_name(&name) {
        return Some(name);
    }
    keys.note(
        "name",
        "must be letters in lower case, digits, - and _, such as guard or 投票",
        "必须由小写字母（任何文字）、数字、- 和 _ 组成，如 guard 或 投票",
    );
    None
}

/// What a command begins with: a stroke, full-width or not.
const STROKES: [char; 2] = ['/', '／'];

/// A full-width letter or digit as the plain one (Unicode, block "Halfwidth and Fullwidth Forms").
fn half_width(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        other => other,
    }
}

fn is_name(name: &str) -> bool {
    let inner = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    is_line(name, 32) && name.chars().all(inner) && name.to_lowercase() == name
}

impl Command {
    /// The name and the rest of a line that looks like a command: `/guard strict` gives `guard` and `strict`, and so does
    /// ` ／GUARD strict`, as a Chinese keyboard writes it.
    #[must_use]
    pub fn split(text: &str) -> Option<(String, &str)> {
        let line = text.trim_start().strip_prefix(STROKES)?;
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let name = name.chars().map(half_width).flat_map(char::to_lowercase).collect::<String>();
        is_name(&name).then(|| (name, rest.trim()))
    }

    /// How the command is given: `/guard <mode: off|flag|strict> [reason]`.
    #[must_use]
    pub fn usage(&self) -> String {
        let mut usage = format!("/{}", self.name);
        for option in &self.options {
            let choices = if option.choices.is_empty() {
                String::new()
            } else {
                format!(": {}", option.choices.join("|"))
            };
            let more = if option.kind == OptionKind::Texts { "…" } else { "" };
            let (open, close) = if option.required { ('<', '>') } else { ('[', ']') };
            usage.push_str(&format!(" {open}{}{choices}{more}{close}", option.name));
        }
        usage
    }

    /// Reads what follows the name. Options are given in their order, or as `name=value`; a value with spaces stands
    /// in quotes; a last text takes the rest of the line. A command without options takes anything and reads nothing.
    ///
    /// # Errors
    /// A text for who typed it, with the usage.
    pub fn read(&self, line: &str) -> Result<Arguments, Text> {
        let mut given = Arguments::new();
        if self.options.is_empty() {
            return Ok(given);
        }
        let mut rest = line.trim();
        while !rest.is_empty() {
            let (option, value) = match self.named(rest) {
                Some(found) => found,
                None => {
                    let next = self.options.iter().find(|option| !given.contains_key(&option.name));
                    (next.ok_or_else(|| self.wrong("too many words", "参数过多"))?, rest)
                }
            };
            let last = self.options.last().is_some_and(|last| last.name == option.name);
            let (value, after) = match option.kind {
                OptionKind::Text if last => (Value::from(unquoted(value)), ""),
                OptionKind::Texts => (words_of(value).into(), ""),
                _ => {
                    let (word, after) = word(value);
                    (self.value(option, &word)?, after)
                }
            };
            given.insert(option.name.clone(), value);
            rest = after.trim_start();
        }
        match self.options.iter().find(|option| option.required && !given.contains_key(&option.name)) {
            Some(missing) => {
                let name = &missing.name;
                Err(self.wrong(&format!("{name} is missing"), &format!("缺少 {name}")))
            }
            None => Ok(given),
        }
    }

    /// The option that `rest` names, and what follows its `=`.
    fn named<'r>(&self, rest: &'r str) -> Option<(&CommandOption, &'r str)> {
        let (name, value) = rest.split_once('=')?;
        self.options.iter().find(|option| option.name == name).map(|option| (option, value))
    }

    fn value(&self, option: &CommandOption, word: &str) -> Result<Value, Text> {
        let read = match option.kind {
            OptionKind::Text | OptionKind::Texts => Some(Value::from(word)),
            OptionKind::User => Some(Value::from(word.strip_prefix('@').unwrap_or(word))),
            OptionKind::Choice => option
                .choices
                .iter()
                .find(|choice| choice.eq_ignore_ascii_case(word))
                .map(|choice| choice.as_str().into()),
            OptionKind::Integer => {
                word.parse::<i64>().ok().filter(|n| n.unsigned_abs() < 1 << 53).map(Value::from)
            }
            OptionKind::Number => {
                word.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from)
            }
            OptionKind::Boolean => match word.to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" | "是" | "开" => Some(true.into()),
                "false" | "no" | "off" | "0" | "否" | "关" => Some(false.into()),
                _ => None,
            },
        };
        let name = &option.name;
        read.ok_or_else(|| self.wrong(&format!("{name} can't be that"), &format!("{name} 的值不对")))
    }

    fn wrong(&self, en: &str, zh: &str) -> Text {
        let usage = self.usage();
        Text::new(format!("{en}. Usage: {usage}"), format!("{zh}。用法：{usage}"))
    }
}

/// The first word, or what stands in quotes, and the rest. A quote that never ends is a letter like others.
fn word(text: &str) -> (String, &str) {
    for (open, close) in [('"', '"'), ('“', '”'), ('「', '」')] {
        let quoted = text.strip_prefix(open).and_then(|inner| inner.split_once(close));
        if let Some((inner, rest)) = quoted {
            return (inner.to_owned(), rest);
        }
    }
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word.to_owned(), rest)
}

fn words_of(mut text: &str) -> Vec<String> {
    let mut words = Vec::new();
    while !text.trim_start().is_empty() {
        let (next, rest) = word(text.trim_start());
        words.push(next);
        text = rest;
    }
    words
}

/// A last text, without the quotes that surround all of it.
fn unquoted(text: &str) -> String {
    let (word, rest) = word(text);
    if rest.trim().is_empty() { word } else { text.to_owned() }
}
