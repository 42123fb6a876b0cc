//! Every key of the configuration: what it may hold and what it means. The reference and the error texts
//! are made from this; a test holds it equal to the sections' structs.

mod all;

pub(crate) use self::all::ALL;
use super::kind::Kind;

/// What every environment variable of ours begins with.
pub(crate) const PREFIX: &str = "TEAHOUSE__";

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    /// `section.name`, or `name` at the top.
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
    /// As it is written in a variable; none where the key is unset by default.
    pub(crate) default: Option<&'static str>,
    /// For the reference: what it does, and what a value stands for.
    pub(crate) meaning: &'static str,
}

impl Key {
    /// The key within its section.
    pub(crate) fn name(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, name)| name)
    }

    /// The section, or nothing at the top.
    pub(crate) fn section(&self) -> &'static str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }
}

/// The key at `path`.
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    ALL.iter().find(|key| key.path == path)
}

/// The keys of a section, in the reference's order.
pub(crate) fn in_section(section: &str) -> impl Iterator<Item = &'static Key> {
    ALL.iter().filter(move |key| !key.section().is_empty() && key.section() == section)
}

/// The sections, in the reference's order.
pub(crate) fn sections() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    ALL.iter().map(Key::section).filter(move |section| {
        let is_new = !section.is_empty() && *section != last;
        last = section;
        is_new
    })
}

/// The environment variable of a key.
pub(crate) fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "__").to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_come_once_and_together() {
        let sections: Vec<_> = sections().collect();
        let mut once = sections.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(sections.len(), once.len(), "{sections:?}");
    }

    #[test]
    fn a_variable_is_named_after_its_key() {
        assert_eq!(variable("server.listen"), "TEAHOUSE__SERVER__LISTEN");
        assert_eq!(variable("mode"), "TEAHOUSE__MODE");
    }
}
