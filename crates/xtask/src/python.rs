//! The Python tools that judge the OpenAPI document, in an environment under the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{run, say};

/// Makes the environment from `tests/openapi/requirements.txt`, unless it is already that.
pub(crate) fn environment(root: &Path, target: &Path) -> Result<PathBuf> {
    let wanted = root.join("tests/openapi/requirements.txt");
    let folder = target.join("test-tools/venv");
    let made_of = folder.join("requirements.txt");
    let text = std::fs::read_to_string(&wanted).with_context(|| format!("reading {}", wanted.display()))?;
    if std::fs::read_to_string(&made_of).is_ok_and(|made| made == text) {
        return Ok(folder);
    }
    say("making the Python environment of the OpenAPI tests");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&wanted))?;
    // Written last: an environment that was left half made is made again.
    std::fs::write(made_of, text)?;
    Ok(folder)
}
