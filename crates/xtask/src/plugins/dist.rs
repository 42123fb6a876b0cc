//! The kept components, and the list of their digests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::members::Member;
use super::read;
use crate::process::say;

/// The folder `plugins/dist`.
pub(super) struct Dist {
    folder: PathBuf,
}

/// `DIGESTS.toml`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Digests {
    /// What built them: by another compiler, the same sources make other bytes.
    toolchain: String,
    /// SHA-256 in hexadecimal digits, by the plugin's name.
    components: BTreeMap<String, String>,
}

impl Dist {
    /// That of the plugins' workspace in `folder`.
    pub(super) fn at(folder: &Path) -> Self {
        Self { folder: folder.join("dist") }
    }

    /// Takes the fresh components of `bundled`; `all`: and forgets what is not among them.
    pub(super) fn keep(&self, toolchain: &str, fresh: &Path, bundled: &[&Member], all: bool) -> Result<()> {
        let mut digests = self.read()?;
        if all {
            self.forget(&mut digests, bundled)?;
        } else if !digests.components.is_empty() && digests.toolchain != toolchain {
            bail!(
                "the kept components were built with {}, this is {toolchain}; build all of them",
                digests.toolchain
            );
        }
        std::fs::create_dir_all(&self.folder)?;
        digests.toolchain = toolchain.to_owned();
        for member in bundled {
            let bytes = read(&member.component(fresh))?;
            std::fs::write(member.component(&self.folder), &bytes)?;
            say(&format!("kept {} ({} KiB)", member.package, bytes.len().div_ceil(1024)));
            digests.components.insert(member.package.clone(), digest(&bytes));
        }
        Ok(std::fs::write(self.list(), digests.text())?)
    }

    /// What is wrong: a kept file that is not what the list says, a plugin that is not kept, and, with the toolchain
    /// that built them, a fresh component that is another.
    pub(super) fn compare(
        &self,
        toolchain: &str,
        fresh: &Path,
        bundled: &[&Member],
        all: bool,
    ) -> Result<Vec<String>> {
        let digests = self.read()?;
        let same_toolchain = digests.toolchain == toolchain;
        if !same_toolchain && !digests.components.is_empty() {
            say(&format!(
                "the kept components were built with {}, this is {toolchain}: fresh ones are not compared",
                digests.toolchain
            ));
        }
        let mut wrong = Vec::new();
        for member in bundled {
            let name = &member.package;
            let Some(listed) = digests.components.get(name) else {
                wrong.push(format!("{name} is not in plugins/dist"));
                continue;
            };
            if digest(&read(&member.component(&self.folder))?) != *listed {
                wrong.push(format!("plugins/dist/{name}.wasm is not what DIGESTS.toml says"));
            }
            if same_toolchain && digest(&read(&member.component(fresh))?) != *listed {
                wrong.push(format!("plugins/dist/{name}.wasm is not what its sources make now"));
            }
        }
        if all {
            let gone =
                digests.components.keys().filter(|name| bundled.iter().all(|one| one.package != **name));
            wrong.extend(gone.map(|name| format!("{name} is in plugins/dist, but no plugin any more")));
        }
        Ok(wrong)
    }

    /// Drops what is no plugin any more.
    fn forget(&self, digests: &mut Digests, bundled: &[&Member]) -> Result<()> {
        for (name, _) in std::mem::take(&mut digests.components) {
            let file = self.folder.join(format!("{name}.wasm"));
            if bundled.iter().all(|one| one.package != name) && file.is_file() {
                std::fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    fn list(&self) -> PathBuf {
        self.folder.join("DIGESTS.toml")
    }

    fn read(&self) -> Result<Digests> {
        match std::fs::read_to_string(self.list()) {
            Ok(text) => Digests::parse(&text).with_context(|| format!("in {}", self.list().display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Digests::default()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Digests {
    fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse()?;
        let toolchain = table.get("toolchain").and_then(toml::Value::as_str).context("no toolchain")?;
        let components = table.get("components").and_then(toml::Value::as_table).context("no components")?;
        let pair =
            |(name, digest): (&String, &toml::Value)| Some((name.clone(), digest.as_str()?.to_owned()));
        Ok(Self { toolchain: toolchain.to_owned(), components: components.iter().filter_map(pair).collect() })
    }

    fn text(&self) -> String {
        let mut text = format!(
            "# Made by `cargo xtask plugins`: what built the components in this folder, and their SHA-256.\n\
             toolchain = {:?}\n\n[components]\n",
            self.toolchain
        );
        for (name, digest) in &self.components {
            let _ = writeln!(text, "{name} = {digest:?}");
        }
        text
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tea() -> Member {
        Member { package: "tea".into(), bundled: true }
    }

    /// A workspace's folder, and fresh components beside it.
    fn folders(bytes: &str) -> (tempfile::TempDir, Dist) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tea.wasm"), bytes).unwrap();
        let dist = Dist::at(folder.path());
        (folder, dist)
    }

    #[track_caller]
    fn check(dist: &Dist, toolchain: &str, fresh: &Path, bundled: &[&Member], expected: usize) {
        let found = dist.compare(toolchain, fresh, bundled, true).unwrap();
        assert_eq!(found.len(), expected, "{found:?}");
    }

    #[test]
    fn what_was_kept_is_compared_with_what_is_made_by_the_same_toolchain() {
        let (folder, dist) = folders("leaves");
        let tea = tea();
        check(&dist, "one", folder.path(), &[&tea], 1);
        dist.keep("one", folder.path(), &[&tea], true).unwrap();
        check(&dist, "one", folder.path(), &[&tea], 0);
        std::fs::write(folder.path().join("tea.wasm"), "other leaves").unwrap();
        check(&dist, "one", folder.path(), &[&tea], 1);
        check(&dist, "two", folder.path(), &[&tea], 0);
    }

    #[test]
    fn a_kept_file_that_was_changed_is_found_with_any_toolchain() {
        let (folder, dist) = folders("leaves");
        dist.keep("one", folder.path(), &[&tea()], true).unwrap();
        std::fs::write(folder.path().join("dist/tea.wasm"), "poison").unwrap();
        check(&dist, "two", folder.path(), &[&tea()], 1);
    }

    #[test]
    fn a_plugin_that_is_gone_is_found_and_then_forgotten() {
        let (folder, dist) = folders("leaves");
        dist.keep("one", folder.path(), &[&tea()], true).unwrap();
        check(&dist, "one", folder.path(), &[], 1);
        dist.keep("one", folder.path(), &[], true).unwrap();
        check(&dist, "one", folder.path(), &[], 0);
        assert!(!folder.path().join("dist/tea.wasm").exists());
    }

    #[test]
    fn one_list_has_one_toolchain() {
        let (folder, dist) = folders("leaves");
        dist.keep("one", folder.path(), &[&tea()], true).unwrap();
        assert!(dist.keep("two", folder.path(), &[&tea()], false).is_err());
    }
}
