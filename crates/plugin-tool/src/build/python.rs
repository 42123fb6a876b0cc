//! Python: the interpreter with the plugin's source inside, by componentize-py.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{sources, tools, world};
use crate::project::Project;

const PYTHON: &str =
    "Install Python 3.10 or newer, with venv (Debian: `apt-get install python3 python3-venv`).";

pub(super) fn build(project: &Project, component: &Path) -> Result<()> {
    let python = tools::need("python3", PYTHON)?;
    let environment = project.folder.join(".venv");
    let tool = environment.join("bin/componentize-py");
    tools::once_for(project, "requirements.txt", &tool, || {
        println!("installing what requirements.txt names");
        tools::run(Command::new(python).args(["-m", "venv"]).arg(&environment))?;
        let mut pip = Command::new(environment.join("bin/pip"));
        pip.current_dir(&project.folder).args(["install", "--quiet", "--disable-pip-version-check", "-r"]);
        tools::run(pip.arg("requirements.txt"))
    })?;
    let mut command = Command::new(tool);
    command.current_dir(&project.folder).args([
        "-d",
        "wit",
        "-w",
        world(&project.manifest.hooks),
        "componentize",
    ]);
    // Without this the component would ask for 25 interfaces of WASI, sockets and files among them.
    command.args(["--stub-wasi", "-p"]).arg(sources::folder(project)?);
    command.args(["app", "-o"]).arg(component);
    tools::run_quietly(&mut command)
}
