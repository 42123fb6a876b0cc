//! The documents that explain the tree must name files that are there.

use std::path::Path;

use anyhow::Result;

use super::Finding;
use crate::workspace::Workspace;

const DOCUMENTS: &[&str] = &["ARCHITECTURE.md", "README.md"];

/// Something in backticks that begins with one of these is a path in this repository.
const TOP_FOLDERS: &[&str] =
    &["crates", "plugins", "web-admin", "migrations", "tests", "clients", "docs", ".ci", ".config", ".cargo"];

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for document in DOCUMENTS {
        match std::fs::read_to_string(workspace.root.join(document)) {
            Ok(text) => found.extend(missing(&workspace.root, document, &text)),
            Err(error) => found.push(Finding::Wrong(format!("{document} can't be read: {error}"))),
        }
    }
    Ok(found)
}

fn missing(root: &Path, document: &str, text: &str) -> Vec<Finding> {
    named_paths(text)
        .into_iter()
        .filter(|path| !root.join(path).exists())
        .map(|path| Finding::Wrong(format!("{document} names {path}, which does not exist")))
        .collect()
}

/// The paths in backticks, a file's line or item (`src/lib.rs:12`, `src/lib.rs::Hub`) cut off. A pattern
/// (`crates/*`) or a placeholder (`tests/CAPABILITY…`) names nothing in particular.
fn named_paths(text: &str) -> Vec<&str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|span| span.split_once('/').is_some_and(|(top, _)| TOP_FOLDERS.contains(&top)))
        .map(|span| span.split(':').next().unwrap_or(span))
        .filter(|span| span.chars().all(|sign| sign.is_ascii_alphanumeric() || "_-./".contains(sign)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_other_words() {
        let text = "The hub (`crates/chat/src/hub.rs:12`) of `cargo run`, `and/or`, `crates/*`, `docs/adr/`.";
        assert_eq!(named_paths(text), ["crates/chat/src/hub.rs", "docs/adr/"]);
    }

    #[test]
    fn a_path_that_is_not_there_is_wrong() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("docs")).unwrap();
        std::fs::write(root.path().join("docs/a.md"), "").unwrap();
        let found = missing(root.path(), "README.md", "`docs/a.md` and `docs/b.md`");
        assert_eq!(found, [Finding::Wrong("README.md names docs/b.md, which does not exist".into())]);
    }
}
