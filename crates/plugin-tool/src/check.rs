//! `check`: what a server would refuse, and what is probably not meant.

use anyhow::{Result, bail};
use serde_json::Value;
use teahouse_plugin_host::{COMPONENT_BYTES, Inspection, Metering, inspect};
use teahouse_plugin_package::Package;

use crate::cases::runtime;
use crate::command::{Component, Language};
use crate::project::Project;
use crate::sandbox::{self, Manner, Sandbox};

/// What was found.
#[derive(Default)]
pub(crate) struct Findings {
    /// A server refuses it.
    pub(crate) errors: Vec<String>,
    /// It works, but is probably not meant.
    pub(crate) warnings: Vec<String>,
}

pub(crate) fn run(meant: &Component) -> Result<()> {
    let project = meant.at.project()?;
    let component = project.read_component(meant)?;
    let findings = runtime()?.block_on(all(&project, &component))?;
    for warning in &findings.warnings {
        println!("warning: {warning}");
    }
    for error in &findings.errors {
        println!("error: {error}");
    }
    if !findings.errors.is_empty() {
        bail!("a server would refuse this plugin");
    }
    println!(
        "ok: {} {}, {} KiB. Next: `teahouse plugin test`, `teahouse plugin pack`",
        project.manifest.id,
        project.manifest.version,
        component.len().div_ceil(1024)
    );
    Ok(())
}

/// Looks at everything; the plugin is started once, with its defaults.
pub(crate) async fn all(project: &Project, component: &[u8]) -> Result<Findings> {
    let mut findings = of_files(project, component);
    match inspect(component) {
        Ok(inspection) => {
            of_component(project, &inspection, &mut findings);
            if findings.errors.is_empty() {
                start(project, component, &mut findings).await?;
            }
        }
        Err(error) => findings.errors.push(format!("plugin.wasm: {error}")),
    }
    Ok(findings)
}

/// Manifest, schema, locales and icon, as they will be packed.
fn of_files(project: &Project, component: &[u8]) -> Findings {
    let mut findings = Findings::default();
    if let Err(error) = Package::pack(&project.folder, component.to_vec()) {
        findings.errors.push(error.to_string());
    }
    if component.len() > COMPONENT_BYTES {
        let most = COMPONENT_BYTES / 1024 / 1024;
        findings.errors.push(format!("plugin.wasm is larger than {most} MiB"));
    }
    findings.warnings.extend(project.manifest.doubts().iter().map(|doubt| format!("plugin.toml: {doubt}")));
    findings
}

fn of_component(project: &Project, inspection: &Inspection, findings: &mut Findings) {
    for refused in &inspection.refused {
        findings.errors.push(format!("the component asks for {refused}"));
    }
    if !inspection.setup {
        findings.errors.push("the component doesn't export `setup`, which every plugin needs".into());
    }
    let hooks = &project.manifest.hooks;
    for (name, declared, exported) in [
        ("filter", hooks.filter.is_some(), inspection.exports.filter),
        ("gate", hooks.gate.is_some(), inspection.exports.gate),
        ("bot", hooks.bot.is_some(), inspection.exports.bot),
    ] {
        if declared && !exported {
            findings
                .errors
                .push(format!("plugin.toml has [hooks.{name}], but the component doesn't export `{name}`"));
        }
        if exported && !declared {
            findings.warnings.push(format!(
                "the component exports `{name}`, which is never called: plugin.toml has no [hooks.{name}]"
            ));
        }
    }
    of_imports(project, inspection, findings);
}

/// Capabilities that are asked for against those that are imported. Tools for JavaScript and Python import all that
/// their world has, so only Rust's imports say what is used.
fn of_imports(project: &Project, inspection: &Inspection, findings: &mut Findings) {
    let asked = sandbox::all_asked(&project.manifest);
    for capability in asked.iter().filter(|capability| !inspection.imports.contains(*capability)) {
        findings.warnings.push(format!("plugin.toml asks for `{capability}`, but the component never imports it: don't ask for what isn't used"));
    }
    if matches!(project.language(), Ok(Language::Rust)) {
        for capability in inspection.imports.iter().filter(|capability| !asked.contains(*capability)) {
            findings.warnings.push(format!("the component imports `{capability}`, but plugin.toml doesn't ask for it: calls will answer `denied`"));
        }
    }
}

async fn start(project: &Project, component: &[u8], findings: &mut Findings) -> Result<()> {
    let defaults = project.schema.defaults();
    if !project.schema.validate(&defaults).is_empty() {
        findings.warnings.push("some settings are required and have no default: an admin must configure the plugin before it can be enabled".into());
        return Ok(());
    }
    let sandbox = match Sandbox::open(project, component.to_vec(), Metering::Time).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            findings.errors.push(format!("plugin.wasm: {error:#}"));
            return Ok(());
        }
    };
    sandbox.house.begin(crate::house::START_MS, Vec::new()).await;
    let settings: Value = defaults;
    // At install nothing is granted yet.
    let manner = Manner { fresh: false, patience: 1 };
    if let Err(error) = sandbox.load(project, &settings, teahouse_plugin_host::Grants::none(), manner).await {
        findings.errors.push(sandbox::explained(project, error).to_string());
    }
    Ok(())
}
