//! What each plugin must say to what, by the tool that authors use: `teahouse plugin test` in its folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{run, say, succeeds};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Runs the cases of every plugin, with the fresh components in `fresh`; those that are not Rust are built first.
pub(super) fn run_all(workspace: &Workspace, fresh: &Path) -> Result<Tally> {
    let teahouse = workspace.target.join("debug/teahouse");
    let mut tally = Tally::default();
    for folder in folders(&workspace.root.join("plugins"))? {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        say(&format!("running the cases of {name}"));
        let result = test(&teahouse, &folder, &fresh.join(format!("{name}.wasm")));
        if let Err(error) = &result {
            println!("  wrong: {error:#}");
        }
        println!("check plugins/{name} ... {}", if result.is_ok() { "ok" } else { "FAILED" });
        tally.passed += u32::from(result.is_ok());
        tally.failed += u32::from(result.is_err());
    }
    Ok(tally)
}

fn test(teahouse: &Path, folder: &Path, fresh: &Path) -> Result<()> {
    let plugin = |command: &str| {
        let mut tool = Command::new(teahouse);
        tool.current_dir(folder).args(["plugin", command]);
        tool
    };
    if folder.join("Cargo.toml").is_file() {
        return run(plugin("test").arg("--component").arg(fresh));
    }
    if folder.join("requirements.txt").is_file() {
        let mut unit_tests = Command::new("python3");
        unit_tests.current_dir(folder).args(["-m", "unittest", "--quiet"]);
        if !succeeds(&mut unit_tests) {
            bail!("`python3 -m unittest` fails in {}", folder.display());
        }
    }
    run(&mut plugin("build"))?;
    run(&mut plugin("test"))
}

/// Each folder with a manifest and cases, by name.
fn folders(plugins: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(plugins).with_context(|| format!("reading {}", plugins.display()))?;
    let mut folders = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    folders.retain(|folder| folder.join("plugin.toml").is_file() && folder.join("cases.jsonl").is_file());
    folders.sort();
    Ok(folders)
}
