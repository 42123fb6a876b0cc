//! `build`: the component, by the tools of the plugin's language.

mod js;
mod python;
mod rust;
mod sources;
mod tools;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use teahouse_plugin_host::inspect;
use teahouse_plugin_package::Hooks;

use crate::command::Language;
use crate::project::Project;

/// Builds `plugin.wasm`, and says what comes next.
pub(crate) fn run(project: &Project) -> Result<()> {
    let component = make(project)?;
    let bytes = component.metadata()?.len();
    println!(
        "plugin.wasm: {} KiB. Next: `teahouse plugin check`, `teahouse plugin test`",
        bytes.div_ceil(1024)
    );
    Ok(())
}

/// Builds `plugin.wasm`, and returns its path.
pub(crate) fn make(project: &Project) -> Result<PathBuf> {
    let component = project.component();
    match project.language()? {
        Language::Rust => rust::build(project, &component)?,
        Language::Js => js::build(project, &component)?,
        Language::Python => python::build(project, &component)?,
    }
    let bytes = std::fs::read(&component).with_context(|| format!("reading {}", component.display()))?;
    inspect(&bytes).context("the tools made something that is no component")?;
    Ok(component)
}

/// The world of a plugin with these hooks, for tools that build for one world.
fn world(hooks: &Hooks) -> &'static str {
    match (hooks.filter.is_some(), hooks.gate.is_some(), hooks.bot.is_some()) {
        (false, false, true) => "bot-plugin",
        (_, _, true) => "full-plugin",
        (_, true, false) => "guard-plugin",
        (_, false, false) => "filter-plugin",
    }
}

#[cfg(test)]
mod tests {
    use teahouse_plugin_package::Manifest;

    use super::*;

    #[test]
    fn hooks_decide_on_the_world() {
        for (hooks, expected) in [
            ("[hooks.filter]", "filter-plugin"),
            ("[hooks.gate]", "guard-plugin"),
            ("[hooks.filter]\n[hooks.gate]", "guard-plugin"),
            ("[hooks.bot]\nevents = [\"posted\"]", "bot-plugin"),
            ("[hooks.filter]\n[hooks.bot]\nevents = [\"posted\"]", "full-plugin"),
        ] {
            let text =
                format!("[plugin]\nid = \"a.b\"\nname = \"a\"\nversion = \"1.0.0\"\napi = \"1.0\"\n{hooks}");
            assert_eq!(world(&Manifest::parse(&text).unwrap().hooks), expected);
        }
    }
}
