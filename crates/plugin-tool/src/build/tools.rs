//! Programs that others made: finding them, running them, and telling what to do where they lack.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::Misused;
use crate::project::Project;

/// Where `program` is, if it is on the path.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// `program`, or an error that says how to get it.
pub(super) fn need(program: &str, how: &str) -> Result<PathBuf> {
    find(program).ok_or_else(|| Misused::because(format!("`{program}` is not installed here. {how}")))
}

/// Runs `command`; what it says goes to the terminal.
pub(super) fn run(command: &mut Command) -> Result<()> {
    let name = name_of(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("starting {name}"))?;
    if !status.success() {
        bail!("{name} failed ({status}); what it said stands above");
    }
    Ok(())
}

/// Runs `command`; what it says is shown only when it fails.
pub(super) fn run_quietly(command: &mut Command) -> Result<()> {
    let name = name_of(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("starting {name}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{name} failed ({}):\n{}", output.status, String::from_utf8_lossy(&said).trim());
    }
    Ok(())
}

fn name_of(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What `command` prints.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("starting {name}"))?;
    if !output.status.success() {
        bail!("{name} failed ({})", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs `install` unless it was run for this very text of `list` before and left `result` there.
pub(super) fn once_for(
    project: &Project,
    list: &str,
    result: &Path,
    install: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let wanted = std::fs::read(project.folder.join(list)).map_err(|_| {
        Misused::because(format!("{list} is not there: it says which tools build the plugin"))
    })?;
    let mark = project.scratch()?.join(format!("installed-{list}"));
    if result.exists() && std::fs::read(&mark).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    install()?;
    std::fs::write(&mark, wanted).with_context(|| format!("writing {}", mark.display()))
}
