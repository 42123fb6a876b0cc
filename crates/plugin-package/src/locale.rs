//! `locales/LANG.json`: a plugin's texts in one language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The texts of one language. All are optional: what lacks is shown as the manifest and the schema have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Locale {
    /// The plugin's name.
    pub name: Option<String>,
    /// What it does, in a line or a few.
    pub description: Option<String>,
    /// The fields of its settings, by name; one inside an object as `object.field`.
    pub fields: BTreeMap<String, Label>,
    /// Its secrets, by name.
    pub secrets: BTreeMap<String, Label>,
    /// Its commands, by name.
    pub commands: BTreeMap<String, CommandText>,
    /// Its reasons for what it asks, by capability.
    pub why: BTreeMap<String, String>,
}

/// How a field is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Label {
    /// Its title.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The words of an enum, by word.
    pub choices: BTreeMap<String, String>,
}

/// A command in another language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CommandText {
    /// One line on what it does.
    pub description: Option<String>,
    /// One line on each option, by name.
    pub options: BTreeMap<String, String>,
}

/// A language tag such as `en`, `zh-CN`, `zh-Hant-TW`.
pub(crate) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let letters =
        |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let more =
        |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.next().is_some_and(letters) && parts.all(more)
}
