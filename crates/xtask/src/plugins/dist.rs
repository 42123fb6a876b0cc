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

/// SHA-256 in hexadecimal digits, by the plugin's name.
type Components = BTreeMap<String, String>;

/// `DIGESTS.toml`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Digests {
    /// What built the kept components: by another compiler, the same sources make other bytes.
    toolchain: String,
    components: Components,
    /// What other toolchains make of the same sources, so that a machine that has another can compare too.
    others: BTreeMap<String, Components>,
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
        }
        if digests.toolchain != toolchain && !digests.components.is_empty() {
            if !all {
                bail!(
                    "the kept components were built with {}, this is {toolchain}; build all of them",
                    digests.toolchain
                );
            }
            digests.turn_to(toolchain);
        }
        std::fs::create_dir_all(&self.folder)?;
        digests.toolchain = toolchain.to_owned();
        for member in bundled {
            let bytes = read(&member.component(fresh))?;
            std::fs::write(member.component(&self.folder), &bytes)?;
            say(&format!("kept {} ({} KiB)", member.package, bytes.len().div_ceil(1024)));
            digests.keep(&member.package, digest(&bytes));
        }
        self.write(&digests)
    }

    /// Notes what another toolchain makes of the sources that the kept components were built from.
    pub(super) fn record(&self, toolchain: &str, fresh: &Path, bundled: &[&Member]) -> Result<()> {
        let mut digests = self.read()?;
        if digests.toolchain == toolchain {
            bail!("{toolchain} built the kept components: there is nothing to record beside them");
        }
        let noted = digests.others.entry(toolchain.to_owned()).or_default();
        for member in bundled {
            noted.insert(member.package.clone(), digest(&read(&member.component(fresh))?));
        }
        say(&format!("recorded what {toolchain} makes of {} plugins", bundled.len()));
        self.write(&digests)
    }

    /// What is wrong: a kept file that is not what the list says, a plugin that is not kept, and, with a toolchain
    /// whose digests are known, a fresh component that is another.
    pub(super) fn compare(
        &self,
        toolchain: &str,
        fresh: &Path,
        bundled: &[&Member],
        all: bool,
    ) -> Result<Vec<String>> {
        let digests = self.read()?;
        let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
        for member in bundled {
            let name = &member.package;
            let Some(listed) = digests.components.get(name) else {
                wrong.push(format!("{name} is not in plugins/dist"));
                continue;
            };
            if digest(&read(&member.component(&self.folder))?) != *listed {
                wrong.push(format!("plugins/dist/{name}.wasm is not what DIGESTS.toml says"));
            }
            match digests.of(toolchain, name) {
                Some(known) if digest(&read(&member.component(fresh))?) != *known => {
                    wrong.push(format!("plugins/dist/{name}.wasm is not what its sources make now"));
                }
                Some(_) => {}
                None => unknown.push(name.as_str()),
            }
        }
        if !unknown.is_empty() {
            say(&format!(
                "not compared, as their digests by {toolchain} are unknown: {}",
                unknown.join(", ")
            ));
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
        let is_plugin = |name: &String| bundled.iter().any(|one| one.package == *name);
        for name in digests.components.keys().filter(|name| !is_plugin(name)) {
            let file = self.folder.join(format!("{name}.wasm"));
            if file.is_file() {
                std::fs::remove_file(file)?;
            }
        }
        let lists = std::iter::once(&mut digests.components).chain(digests.others.values_mut());
        lists.for_each(|list| list.retain(|name, _| is_plugin(name)));
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

    fn write(&self, digests: &Digests) -> Result<()> {
        let file = self.list();
        std::fs::write(&file, digests.text()).with_context(|| format!("writing {}", file.display()))
    }
}

impl Digests {
    /// What `toolchain` makes of a plugin, if that is known.
    fn of(&self, toolchain: &str, name: &str) -> Option<&String> {
        let list =
            if self.toolchain == toolchain { Some(&self.components) } else { self.others.get(toolchain) };
        list?.get(name)
    }

    /// From now on `toolchain` builds what is kept; what is kept now becomes a record beside it.
    fn turn_to(&mut self, toolchain: &str) {
        let known = self.others.remove(toolchain).unwrap_or_default();
        let before = std::mem::replace(&mut self.components, known);
        self.others.insert(std::mem::replace(&mut self.toolchain, toolchain.to_owned()), before);
    }

    /// A fresh component. Another than before comes of other sources, which makes the other toolchains' digests of it
    /// worthless.
    fn keep(&mut self, name: &str, digest: String) {
        if self.components.get(name) != Some(&digest) {
            self.others.values_mut().for_each(|list| drop(list.remove(name)));
            self.others.retain(|_, list| !list.is_empty());
        }
        self.components.insert(name.to_owned(), digest);
    }

    fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse()?;
        let toolchain = table.get("toolchain").and_then(toml::Value::as_str).context("no toolchain")?;
        let components = table.get("components").and_then(toml::Value::as_table).context("no components")?;
        let others = table.get("others").and_then(toml::Value::as_table).into_iter().flatten();
        let others = others.filter_map(|(name, list)| Some((name.clone(), components_of(list.as_table()?))));
        Ok(Self {
            toolchain: toolchain.to_owned(),
            components: components_of(components),
            others: others.collect(),
        })
    }

    fn text(&self) -> String {
        let mut text = format!(
            "# Made by `cargo xtask plugins`: what built the components in this folder, and their SHA-256.\n\
             toolchain = {:?}\n\n[components]\n",
            self.toolchain
        );
        let list = |text: &mut String, components: &Components| {
            for (name, digest) in components {
                let _ = writeln!(text, "{name} = {digest:?}");
            }
        };
        list(&mut text, &self.components);
        for (toolchain, components) in &self.others {
            let _ =
                writeln!(text, "\n# Made of the same sources by another toolchain (`--record`); not kept.");
            let _ = writeln!(text, "[others.{toolchain:?}]");
            list(&mut text, components);
        }
        text
    }
}

fn components_of(table: &toml::Table) -> Components {
    let pair = |(name, digest): (&String, &toml::Value)| Some((name.clone(), digest.as_str()?.to_owned()));
    table.iter().filter_map(pair).collect()
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
    fn what_another_toolchain_makes_is_compared_once_it_is_recorded() {
        let (folder, dist) = folders("leaves");
        let tea = tea();
        dist.keep("one", folder.path(), &[&tea], true).unwrap();
        std::fs::write(folder.path().join("tea.wasm"), "steamed leaves").unwrap();
        dist.record("two", folder.path(), &[&tea]).unwrap();
        assert!(dist.record("one", folder.path(), &[&tea]).is_err());
        check(&dist, "two", folder.path(), &[&tea], 0);
        check(&dist, "one", folder.path(), &[&tea], 1);
        std::fs::write(folder.path().join("tea.wasm"), "cold leaves").unwrap();
        check(&dist, "two", folder.path(), &[&tea], 1);
    }

    #[test]
    fn other_sources_make_the_records_of_others_worthless() {
        let (folder, dist) = folders("leaves");
        let tea = tea();
        dist.keep("one", folder.path(), &[&tea], true).unwrap();
        dist.record("two", folder.path(), &[&tea]).unwrap();
        dist.keep("one", folder.path(), &[&tea], true).unwrap();
        assert!(dist.read().unwrap().of("two", "tea").is_some());
        std::fs::write(folder.path().join("tea.wasm"), "other leaves").unwrap();
        dist.keep("one", folder.path(), &[&tea], true).unwrap();
        assert_eq!(dist.read().unwrap().of("two", "tea"), None);
    }

    #[test]
    fn a_toolchain_that_takes_over_leaves_a_record_of_the_one_before() {
        let (folder, dist) = folders("leaves");
        let tea = tea();
        dist.keep("one", folder.path(), &[&tea], true).unwrap();
        let one = dist.read().unwrap().of("one", "tea").cloned();
        std::fs::write(folder.path().join("tea.wasm"), "steamed leaves").unwrap();
        dist.record("two", folder.path(), &[&tea]).unwrap();
        dist.keep("two", folder.path(), &[&tea], true).unwrap();
        let digests = dist.read().unwrap();
        assert_eq!(digests.toolchain, "two");
        assert_eq!(digests.of("one", "tea").cloned(), one);
        // Of sources that nobody has compared, nothing is known of the one before.
        dist.keep("three", folder.path(), &[&tea], true).unwrap();
        assert_eq!(dist.read().unwrap().of("one", "tea"), None);
    }

    #[test]
    fn one_list_has_one_toolchain() {
        let (folder, dist) = folders("leaves");
        dist.keep("one", folder.path(), &[&tea()], true).unwrap();
        assert!(dist.keep("two", folder.path(), &[&tea()], false).is_err());
    }
}
