//! The layer of a TOML file.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeTable;
use toml::{Table, Value};

use super::keys;
use super::layer::Layer;
use super::problem::{Origin, Problem, meant};

/// Reads `text`, the content of the file at `path`.
pub(crate) fn layer(path: &Path, text: &str) -> Layer {
    let mut reader = Reader { path, lines: lines(text), layer: Layer::new("configuration file") };
    match toml::from_str::<Table>(text) {
        Ok(table) => reader.root(table),
        Err(error) => reader.refuse_text(text, &error),
    }
    reader.layer
}

struct Reader<'a> {
    path: &'a Path,
    /// The line of each key.
    lines: BTreeMap<String, usize>,
    layer: Layer,
}

impl Reader<'_> {
    fn root(&mut self, table: Table) {
        for (name, value) in table {
            match value {
                Value::Table(section) if keys::in_section(&name).next().is_some() => {
                    self.section(&name, section);
                }
                value if keys::in_section(&name).next().is_some() => self.refuse_flat_section(&name, &value),
                Value::Table(_) => self.refuse_section(&name),
                value => self.key(&name, value),
            }
        }
    }

    fn section(&mut self, section: &str, table: Table) {
        for (name, value) in table {
            self.key(&format!("{section}.{name}"), value);
        }
    }

    fn key(&mut self, path: &str, value: Value) {
        let origin = self.origin(path);
        match keys::find(path) {
            Some(key) => self.layer.set(key, value, origin),
            None => self.layer.refuse_unknown(path, origin),
        }
    }

    fn refuse_section(&mut self, name: &str) {
        let hint = match meant(name, keys::sections()) {
            Some(known) => format!("did you mean [{known}]?"),
            None => format!("the sections are {}", keys::sections().collect::<Vec<_>>().join(", ")),
        };
        let problem = Problem::new(self.origin(name), format!("there is no section [{name}]; {hint}"));
        self.layer.problems.push(problem);
    }

    fn refuse_flat_section(&mut self, name: &str, value: &Value) {
        let text = format!("{name} is {}; it must be a section: write [{name}]", value.type_str());
        self.layer.problems.push(Problem::new(self.origin(name), text));
    }

    fn refuse_text(&mut self, text: &str, error: &toml::de::Error) {
        let line = error.span().map(|span| line_at(text, span.start));
        let origin = Origin::File { path: self.path.to_owned(), line };
        // Not the error's own Display: it shows the line, in which a secret may stand.
        self.layer.problems.push(Problem::new(origin, format!("this is not TOML: {}", error.message())));
    }

    fn origin(&self, key: &str) -> Origin {
        Origin::File { path: self.path.to_owned(), line: self.lines.get(key).copied() }
    }
}

fn lines(text: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    let (root, _) = DeTable::parse_recoverable(text);
    for (name, value) in root.get_ref() {
        lines.insert(name.get_ref().to_string(), line_at(text, name.span().start));
        for (inner, _) in value.get_ref().as_table().into_iter().flatten() {
            lines
                .insert(format!("{}.{}", name.get_ref(), inner.get_ref()), line_at(text, inner.span().start));
        }
    }
    lines
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
