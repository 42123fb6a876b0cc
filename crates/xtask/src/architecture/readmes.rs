//! A crate's README is its documentation: it must exist, and the crate root must include it.

use anyhow::Result;

use super::Finding;
use crate::workspace::{Package, Workspace};

const INCLUDE: &str = r#"#![doc = include_str!("../README.md")]"#;

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    Ok(workspace.packages.iter().flat_map(findings).collect())
}

fn findings(package: &Package) -> Vec<Finding> {
    let mut found = Vec::new();
    if !package.folder.join("README.md").is_file() {
        found.push(Finding::Wrong(format!("{} has no README.md", package.name)));
    }
    let root = package.crate_root.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    if !root.is_some_and(|text| text.lines().any(|line| line == INCLUDE)) {
        found.push(Finding::Wrong(format!("{}'s crate root lacks {INCLUDE}", package.name)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(readme: bool, root: &str) -> (tempfile::TempDir, Package) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        let crate_root = folder.path().join("src/lib.rs");
        std::fs::write(&crate_root, root).unwrap();
        if readme {
            std::fs::write(folder.path().join("README.md"), "# tea").unwrap();
        }
        let package = Package {
            name: "tea".into(),
            folder: folder.path().into(),
            crate_root: Some(crate_root),
            uses: Vec::new(),
        };
        (folder, package)
    }

    #[track_caller]
    fn check(readme: bool, root: &str, expected: usize) {
        let (_folder, package) = package(readme, root);
        assert_eq!(findings(&package).len(), expected);
    }

    #[test]
    fn readme_and_its_inclusion_are_both_needed() {
        check(true, &format!("{INCLUDE}\nmod pot;\n"), 0);
        check(true, "//! Tea.\n", 1);
        check(false, INCLUDE, 1);
        check(false, "", 2);
    }
}
