//! One concept a file: a long file is asked whether there are two, a very long one is wrong.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Finding;
use crate::workspace::Workspace;

/// From here on it is worth a look.
const LONG_LINES: usize = 400;
/// Past this it is to be split.
const MAX_LINES: usize = 500;

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in rust_files(&workspace.root)? {
        let lines = std::fs::read_to_string(&file)?.lines().count();
        let shown = file.strip_prefix(&workspace.root).unwrap_or(&file).display().to_string();
        found.extend(judge(&shown, lines));
    }
    Ok(found)
}

fn judge(file: &str, lines: usize) -> Option<Finding> {
    match lines {
        0..LONG_LINES => None,
        LONG_LINES..=MAX_LINES => Some(Finding::Doubtful(format!("{file} has {lines} lines"))),
        _ => Some(Finding::Wrong(format!("{file} has {lines} lines, {MAX_LINES} at most"))),
    }
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // Not through links: what they lead to is read where it stands.
        if entry.file_type()?.is_dir() && !is_foreign(name) {
            files.extend(rust_files(&path)?);
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Folders of builds, data and other people's code.
fn is_foreign(folder: &str) -> bool {
    folder.starts_with("target") || matches!(folder, ".git" | "node_modules" | "data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_judged_at_its_two_limits() {
        assert_eq!(judge("a.rs", LONG_LINES - 1), None);
        assert!(matches!(judge("a.rs", LONG_LINES), Some(Finding::Doubtful(_))));
        assert!(matches!(judge("a.rs", MAX_LINES), Some(Finding::Doubtful(_))));
        assert!(matches!(judge("a.rs", MAX_LINES + 1), Some(Finding::Wrong(_))));
    }

    #[test]
    fn only_our_own_rust_files_are_read() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["src", "target-two", "node_modules"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
            std::fs::write(root.path().join(folder).join("a.rs"), "").unwrap();
        }
        std::fs::write(root.path().join("src/a.txt"), "").unwrap();
        assert_eq!(rust_files(root.path()).unwrap(), [root.path().join("src/a.rs")]);
    }
}
