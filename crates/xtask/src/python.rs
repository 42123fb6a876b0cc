//! Python packages that tests and measurements need, in environments under the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{run, say};

/// The environment of the tools that judge the OpenAPI document.
pub(crate) fn environment(root: &Path, target: &Path) -> Result<PathBuf> {
    environment_of(root, target, "tests/openapi/requirements.txt", "venv")
}

/// Makes the environment `name` from a file of requirements, unless it is already that.
pub(crate) fn environment_of(root: &Path, target: &Path, wanted: &str, name: &str) -> Result<PathBuf> {
    let wanted = root.join(wanted);
    let folder = target.join("test-tools").join(name);
    let made_of = folder.join("requirements.txt");
    let text = std::fs::read_to_string(&wanted).with_context(|| format!("reading {}", wanted.display()))?;
    if std::fs::read_to_string(&made_of).is_ok_and(|made| made == text) {
        return Ok(folder);
    }
    say(&format!("making the Python environment {name}"));
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&wanted))?;
    // Written last: an environment that was left half made is made again.
    std::fs::write(made_of, text)?;
    Ok(folder)
}
