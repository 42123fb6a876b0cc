//! What a component says about itself, before anything of it is compiled.

use wasmparser::{Parser, Payload};

use crate::error::{CompileError, RefusedImport};
use crate::grants::{Capability, Grants};
use crate::loaded::Exports;

/// The interfaces a component may import, all of version 1.
const IMPORTS: [&str; 10] =
    ["types", "log", "env", "kv", "directory", "messages", "history", "moderation", "timers", "http"];
const PACKAGE: &str = "teahouse:plugin/";

/// Names that a component imports or exports at most. The tools' have some fifty; this runs in the server, and each
/// name costs more here than in the component.
const MOST_NAMES: usize = 1_000;
/// Components and modules inside each other at most.
const DEEPEST: u32 = 100;
/// Refused imports that are told: the first ones say what is wrong.
const MOST_REFUSED: usize = 20;

/// A component's imports and exports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    /// Its bytes.
    pub size: usize,
    /// Whether it exports `setup`, as each must.
    pub setup: bool,
    /// Hook interfaces that it exports.
    pub exports: Exports,
    /// Other names that it exports: ignored.
    pub other_exports: Vec<String>,
    /// Capabilities that it imports. Some tools import all of them, used or not.
    pub imports: Grants,
    /// What it imports and no plugin is given. With any of these it can't be loaded.
    pub refused: Vec<RefusedImport>,
}

/// Reads the outline of a component: its names, not its code.
///
/// # Errors
/// [`CompileError::Invalid`], when it is none.
pub fn inspect(component: &[u8]) -> Result<Inspection, CompileError> {
    let mut inspection = Inspection { size: component.len(), ..Inspection::default() };
    if !Parser::is_component(component) {
        let what = if Parser::is_core_wasm(component) {
            "it is a core module: make a component of it first (`teahouse plugin build` does)"
        } else {
            "it doesn't begin as one"
        };
        return Err(CompileError::Invalid(what.to_owned()));
    }
    // Sections of nested components and modules are read too; only the outermost say what the whole wants.
    let mut depth = 0_u32;
    let mut names = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| invalid(&error))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth += 1;
                if depth > DEEPEST {
                    return Err(CompileError::Invalid("its components are nested too deeply".to_owned()));
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    count(&mut names)?;
                    inspection.import(import.map_err(|error| invalid(&error))?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    count(&mut names)?;
                    inspection.export(export.map_err(|error| invalid(&error))?.name.name);
                }
            }
            _ => {}
        }
    }
    Ok(inspection)
}

fn count(names: &mut usize) -> Result<(), CompileError> {
    *names += 1;
    if *names > MOST_NAMES {
        return Err(CompileError::Invalid(format!("it has more than {MOST_NAMES} imports and exports")));
    }
    Ok(())
}

fn invalid(error: &wasmparser::BinaryReaderError) -> CompileError {
    CompileError::Invalid(error.to_string())
}

impl Inspection {
    fn import(&mut self, name: &str) {
        if let Some(hint) = hint(name) {
            if self.refused.len() == MOST_REFUSED {
                return;
            }
            self.refused.push(RefusedImport { name: crate::log::bounded(name, 200), hint });
            return;
        }
        let capability = interface(name).and_then(|(interface, _)| Capability::find(interface));
        if let Some(capability) = capability {
            self.imports = self.imports.with(capability);
        }
    }

    fn export(&mut self, name: &str) {
        match interface(name) {
            Some(("setup", 1)) => self.setup = true,
            Some(("filter", 1)) => self.exports.filter = true,
            Some(("gate", 1)) => self.exports.gate = true,
            Some(("bot", 1)) => self.exports.bot = true,
            _ => self.other_exports.push(crate::log::bounded(name, 200)),
        }
    }
}

/// The interface and its major version, of a name like `teahouse:plugin/filter@1.2.0`.
fn interface(name: &str) -> Option<(&str, u32)> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    Some((interface, version.split('.').next()?.parse().ok()?))
}

/// Why an import is refused, as advice; none when it is not.
fn hint(name: &str) -> Option<String> {
    let hint = match interface(name) {
        Some((interface, 1)) if IMPORTS.contains(&interface) => return None,
        Some((_, 1)) => "this server has no such interface: the plugin is made for a newer one",
        Some(_) => "this server speaks version 1 of the interface",
        None if name.starts_with("wasi:") => {
            "plugins have no WASI. Rust: build for wasm32-unknown-unknown. JavaScript: componentize with \
             --backend-qjs-stub-wasi (QuickJS), or -d stdio random clocks http fetch-event (SpiderMonkey). Python: \
             componentize with --stub-wasi"
        }
        None => "plugins are given only what teahouse:plugin names",
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_within_one_are_the_same_interface() {
        assert_eq!(interface("teahouse:plugin/filter@1.7.2"), Some(("filter", 1)));
        assert_eq!(hint("teahouse:plugin/kv@1.1.0"), None);
        assert!(hint("teahouse:plugin/kv@2.0.0").is_some_and(|hint| hint.contains("version 1")));
        assert!(hint("teahouse:plugin/teleport@1.0.0").is_some_and(|hint| hint.contains("newer")));
    }

    #[test]
    fn wasi_is_refused_with_the_tools_flag() {
        assert!(hint("wasi:clocks/wall-clock@0.2.0").is_some_and(|hint| hint.contains("--stub-wasi")));
        assert!(hint("run").is_some());
    }

    fn importing(names: usize) -> Vec<u8> {
        let imports: String = (0..names).map(|n| format!("(import \"a{n}\" (func))")).collect();
        wat::parse_str(format!("(component {imports})")).expect("a component")
    }

    /// It is looked at in the server: what it says about itself must not become larger than it is.
    #[test]
    fn a_component_of_nothing_but_names_is_refused_before_it_grows() {
        let inspection = inspect(&importing(MOST_NAMES)).expect("read");
        assert_eq!(inspection.refused.len(), MOST_REFUSED);
        assert!(matches!(inspect(&importing(MOST_NAMES + 1)), Err(CompileError::Invalid(_))));
    }

    #[test]
    fn a_component_of_nothing_but_components_is_refused() {
        let nested = |depth: usize| {
            let outline = b"\0asm\x0d\0\x01\0";
            let mut component = outline.to_vec();
            for _ in 0..depth {
                // A section of the kind "component"; its size in five bytes, as LEB128 allows.
                let size = component.len() as u32;
                let leb = (0..5).map(|n| (size >> (7 * n)) as u8 & 0x7f | if n < 4 { 0x80 } else { 0 });
                component = [outline.as_slice(), &[4], &leb.collect::<Vec<u8>>(), &component].concat();
            }
            inspect(&component)
        };
        assert!(nested(20).is_ok());
        assert!(matches!(nested(DEEPEST as usize + 1), Err(CompileError::Invalid(_))));
    }

    #[test]
    fn what_is_no_component_is_said_to_be_none() {
        assert!(matches!(inspect(b"not wasm at all"), Err(CompileError::Invalid(_))));
        let module = b"\0asm\x01\0\0\0";
        assert!(inspect(module).is_err_and(|error| error.to_string().contains("core module")));
    }
}
