//! What runs in Node: the client packages that the black-box tests drive, and the web page's own unit tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{run, say};
use crate::tally::Tally;

/// Folders of tests whose scripts import packages from npm.
const FOLDERS: &[&str] = &["tests/wafer", "tests/browser"];

/// Installs what the `package.json` of each folder names (exact versions), unless it is there.
pub(crate) fn install_packages(root: &Path) -> Result<()> {
    for folder in FOLDERS {
        install(&root.join(folder))
            .with_context(|| format!("the packages of {folder} could not be installed"))?;
    }
    Ok(())
}

fn install(folder: &Path) -> Result<()> {
    let wanted = std::fs::read_to_string(folder.join("package.json"))?;
    let made_of = folder.join("node_modules/.installed");
    if std::fs::read_to_string(&made_of).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    say(&format!("installing the packages of {}", folder.display()));
    let how = if folder.join("package-lock.json").is_file() {
        &["ci"][..]
    } else {
        &["install", "--no-package-lock"][..]
    };
    run(Command::new("npm").current_dir(folder).args(how).args(QUIETLY))?;
    // Written last: what was left half made is made again.
    Ok(std::fs::write(made_of, wanted)?)
}

/// No package's own script runs here, and nothing is asked of the registry that is not needed.
const QUIETLY: &[&str] = &["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/// Runs `clients/web/test/*.test.{js,mjs}`.
pub(crate) fn unit_tests(root: &Path) -> Result<Tally> {
    let files = test_files(&root.join("clients/web/test"))?;
    if files.is_empty() {
        return Ok(Tally::default());
    }
    say("running the web page's unit tests in Node");
    let output = Command::new("node")
        .current_dir(root)
        .args(["--test", "--test-reporter=tap"])
        .args(&files)
        .output()
        .context("could not start node")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut tally = tally_of_tap(&printed);
    if !output.status.success() {
        print!("{printed}{}", String::from_utf8_lossy(&output.stderr));
        tally.failed = tally.failed.max(1);
    }
    Ok(tally)
}

fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".test.js") || name.ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The closing lines of Node's TAP reporter: `# pass 12`, `# fail 0`.
fn tally_of_tap(printed: &str) -> Tally {
    let count = |word: &str| {
        let lines = printed.lines().rev();
        lines
            .filter_map(|line| line.strip_prefix(word))
            .find_map(|rest| rest.trim().parse().ok())
            .unwrap_or(0)
    };
    Tally { passed: count("# pass "), failed: count("# fail "), ..Tally::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_node_are_counted() {
        let tally =
            tally_of_tap("ok 1 - pours\n# tests 3\n# suites 0\n# pass 2\n# fail 1\n# duration_ms 3\n");
        assert_eq!((tally.passed, tally.failed), (2, 1));
    }

    #[test]
    fn a_page_without_tests_is_no_failure() {
        assert!(test_files(Path::new("/no/such/folder")).unwrap().is_empty());
    }
}
