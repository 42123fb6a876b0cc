//! `config.schema.json`: what a plugin's settings look like. A subset of JSON Schema, so small that a form can always
//! be drawn of it.

mod ordered;
mod parse;
mod validate;

#[cfg(test)]
mod tests;

use regex::Regex;
use serde_json::{Map, Value};

use crate::{Problem, Problems};

/// A schema that uses nothing but the subset. Made by [`Schema::parse`] alone.
#[derive(Debug, Clone)]
pub struct Schema {
    fields: Vec<Field>,
    source: String,
}

/// One setting.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Field {
    /// Its key: 1 to 64 letters of ASCII, digits, `-` and `_`.
    pub name: String,
    /// How it is called on the form.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// What it holds.
    pub shape: Shape,
    /// Its value until someone sets it; it fits the shape.
    pub default: Option<Value>,
}

/// What a setting holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Shape {
    /// `string`.
    Text(TextShape),
    /// `integer`, within ±2^53.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// `number`.
    Number {
        /// The least.
        min: Option<f64>,
        /// The most.
        max: Option<f64>,
    },
    /// `boolean`.
    Boolean,
    /// `array` of strings.
    Texts {
        /// What each is.
        item: TextShape,
        /// How many at least.
        min: usize,
        /// How many at most.
        max: usize,
        /// Whether each may occur once only.
        unique: bool,
    },
    /// `object`: fields of its own, none of them an object.
    Group(Vec<Field>),
}

/// What a string may be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TextShape {
    /// The only values, if there is a list of them.
    pub choices: Vec<String>,
    /// What it must match somewhere; anchors are the author's business, as JSON Schema has it.
    pub pattern: Option<Regex>,
    /// How it is entered.
    pub format: Option<Format>,
    /// Characters at least.
    pub min_length: usize,
    /// Characters at most.
    pub max_length: usize,
}

crate::words::words! {
    /// How a string is entered.
    Format {
        /// Not shown. It still reaches the plugin: what must not is a secret of the manifest.
        Password = "password",
        /// Several lines.
        Multiline = "multiline",
        /// A room's id.
        Room = "room",
        /// A user's id.
        User = "user",
    }
}

impl Schema {
    /// The schema's name in a package.
    pub const FILE: &'static str = "config.schema.json";
    /// Most bytes of a schema.
    pub const MAX_BYTES: usize = 64 * 1024;
    /// Most fields, those inside objects included.
    pub const MAX_FIELDS: usize = 100;
    /// Most bytes of a configuration as JSON.
    pub const MAX_CONFIG_BYTES: usize = 1024 * 1024;

    /// Reads a schema; keywords outside the subset are problems, as nobody could draw a form of them.
    ///
    /// # Errors
    /// [`Problems`]: all that is wrong, each with its place.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        Ok(Self { fields: parse::fields(text)?, source: text.to_owned() })
    }

    /// The schema of a plugin without settings: an empty form.
    #[must_use]
    pub fn empty() -> Self {
        Self { fields: Vec::new(), source: r#"{"type":"object","properties":{}}"#.to_owned() }
    }

    /// The fields, in the order of the file.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The schema as its author wrote it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The settings before anyone has set one. Fields without a default are absent, also required ones.
    #[must_use]
    pub fn defaults(&self) -> Value {
        self.complete(&Value::Null)
    }

    /// `config` with the default of each field that it leaves out; other values stay as they are.
    #[must_use]
    pub fn complete(&self, config: &Value) -> Value {
        complete(&self.fields, config.as_object().cloned().unwrap_or_default())
    }

    /// What is wrong with `config`, each with its field; empty when it fits.
    #[must_use]
    pub fn validate(&self, config: &Value) -> Vec<Problem> {
        validate::config(&self.fields, config)
    }
}

fn complete(fields: &[Field], mut config: Map<String, Value>) -> Value {
    for field in fields {
        let value = match (&field.shape, config.remove(&field.name)) {
            (Shape::Group(inner), None) => Some(complete(inner, Map::new())),
            (Shape::Group(inner), Some(Value::Object(given))) => Some(complete(inner, given)),
            (_, None) => field.default.clone(),
            (_, given) => given,
        };
        if let Some(value) = value {
            config.insert(field.name.clone(), value);
        }
    }
    Value::Object(config)
}
