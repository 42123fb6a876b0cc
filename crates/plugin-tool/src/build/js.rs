//! JavaScript: QuickJS with the plugin's source inside, by componentize-qjs.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{sources, tools, world};
use crate::project::Project;

const NODE: &str = "Install Node.js 20 or newer, with npm (Debian: `apt-get install nodejs npm`).";

pub(super) fn build(project: &Project, component: &Path) -> Result<()> {
    tools::need("node", NODE)?;
    let npm = tools::need("npm", NODE)?;
    let tool = project.folder.join("node_modules/.bin/componentize-qjs");
    tools::once_for(project, "package-lock.json", &tool, || {
        println!("installing what package-lock.json names");
        let mut npm = Command::new(npm);
        npm.current_dir(&project.folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        tools::run(&mut npm)
    })?;
    // In the project's folder: the tool joins paths to its working folder.
    let mut command = Command::new(tool);
    command.current_dir(&project.folder).args(["--wit", "wit", "--world", world(&project.manifest.hooks)]);
    // Without the first the component would ask for WASI; without the second a hook would be an async function.
    command.arg("--js").arg(sources::folder(project)?.join("plugin.js"));
    command.args(["--stub-wasi", "--sync", "--output"]).arg(component);
    tools::run_quietly(&mut command)
}
