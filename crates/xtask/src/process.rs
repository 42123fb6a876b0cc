//! Running other programs: each step is announced, and a failure says which program failed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Announces a step.
pub(crate) fn say(step: &str) {
    eprintln!("xtask: {step}");
}

/// Cargo, in the workspace's root: the one that runs us, so that all steps use one toolchain.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Runs to the end, with our own output and no input.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(std::process::Stdio::null())
        .status()
        .with_context(|| format!("could not start {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs to the end, and returns what it printed. Its errors stand in the error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .with_context(|| format!("could not start {}", shown(command)))?;
    if !output.status.success() {
        bail!(
            "{} failed ({}):\n{}{}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed no UTF-8", shown(command)))
}

/// Whether it ran and ended with success. It prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let silent = std::process::Stdio::null;
    command.stdin(silent()).stdout(silent()).stderr(silent()).status().is_ok_and(|status| status.success())
}

/// The program's file, looked up in `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether this process is root. Read from `/proc`, since asking the C library takes unsafe code.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_printed_is_returned() {
        assert_eq!(read(Command::new("echo").arg("tea")).unwrap(), "tea\n");
    }

    #[test]
    fn a_failure_names_the_program_and_shows_its_words() {
        let error =
            read(Command::new("sh").args(["-c", "echo no water >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("sh -c") && error.contains("no water"), "{error}");
    }

    #[test]
    fn a_program_is_found_in_the_path() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-here").is_none());
    }
}
