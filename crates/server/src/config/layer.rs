//! One layer of the configuration: settings from one place, judged key by key, handed to figment.

use std::fmt;

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::keys::{self, Key};
use super::problem::{Origin, Problem, meant};

/// A key, what it is set to, and where. `Debug` masks what is secret.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) key: &'static Key,
    pub(crate) value: toml::Value,
    pub(crate) origin: Origin,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.key.path, self.key.kind.shown(&self.value), self.origin)
    }
}

/// The settings from one place.
#[derive(Debug)]
pub(crate) struct Layer {
    name: &'static str,
    pub(crate) settings: Vec<Setting>,
    pub(crate) problems: Vec<Problem>,
}

impl Layer {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, settings: Vec::new(), problems: Vec::new() }
    }

    /// Takes the text of a variable or a flag.
    pub(crate) fn read(&mut self, path: &str, text: &str, origin: Origin) {
        match keys::find(path) {
            Some(key) => self.set(key, key.kind.read(text), origin),
            None => self.refuse_unknown(path, origin),
        }
    }

    /// Takes a value, if it is right for its key.
    pub(crate) fn set(&mut self, key: &'static Key, value: toml::Value, origin: Origin) {
        if key.kind.accepts(&value) {
            self.settings.push(Setting { key, value, origin });
        } else {
            let (path, shown, expected) = (key.path, key.kind.shown(&value), key.kind.expected());
            self.problems.push(Problem::new(origin, format!("{path} is {shown}; it must be {expected}")));
        }
    }

    /// Notes that there is no key `path`.
    pub(crate) fn refuse_unknown(&mut self, path: &str, origin: Origin) {
        let hint = match (meant(path, keys::ALL.iter().map(|key| key.path)), &origin) {
            (Some(known), Origin::Variable(_)) => format!("; did you mean {}?", keys::variable(known)),
            (Some(known), _) => format!("; did you mean {known}?"),
            (None, _) => keys_beside(path),
        };
        self.problems.push(Problem::new(origin, format!("there is no key {path}{hint}")));
    }
}

/// What there is in the section of `path`.
fn keys_beside(path: &str) -> String {
    let section = path.split('.').next().unwrap_or(path);
    let beside = keys::in_section(section).map(|key| key.name()).collect::<Vec<_>>();
    if beside.is_empty() {
        let sections = keys::sections().collect::<Vec<_>>().join(", ");
        return format!("; the sections are {sections}");
    }
    format!("; section {section} has {}", beside.join(", "))
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut data = Dict::new();
        for setting in &self.settings {
            let value = Value::serialize(&setting.value)?;
            match setting.key.path.split_once('.') {
                Some((section, name)) => insert_into(&mut data, section, name, value),
                None => drop(data.insert(setting.key.path.to_owned(), value)),
            }
        }
        Ok(Profile::Default.collect(data))
    }
}

fn insert_into(data: &mut Dict, section: &str, name: &str, value: Value) {
    let section = data.entry(section.to_owned()).or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, section) = section {
        section.insert(name.to_owned(), value);
    }
}
