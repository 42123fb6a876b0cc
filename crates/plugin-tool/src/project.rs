//! A plugin's folder.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use teahouse_plugin_package::{Manifest, Schema};

use crate::Misused;
use crate::command::{Component, Language};

/// A folder with a manifest that could be read.
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) schema: Schema,
}

impl Project {
    /// Opens the plugin in `folder`, or in the nearest folder above that holds one.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let start = std::path::absolute(folder)?;
        let found = start.ancestors().find(|folder| folder.join(Manifest::FILE).is_file());
        let folder = found.map(Path::to_path_buf).ok_or_else(|| {
            Misused::because(format!(
                "there is no plugin.toml in {} or above: go to a plugin's folder, name it with -C, or make one with \
                 `teahouse plugin new NAME`",
                start.display()
            ))
        })?;
        let text = read_text(&folder.join(Manifest::FILE))?;
        let manifest = Manifest::parse(&text).map_err(|problems| wrong(Manifest::FILE, &problems))?;
        let schema = match &manifest.schema {
            Some(file) => {
                let text = read_text(&folder.join(file))?;
                Schema::parse(&text).map_err(|problems| wrong(file, &problems))?
            }
            None => Schema::empty(),
        };
        Ok(Self { folder, manifest, schema })
    }

    /// The language, by the files that its tools need.
    pub(crate) fn language(&self) -> Result<Language> {
        let has = |file: &str| self.folder.join(file).is_file();
        if has("Cargo.toml") {
            Ok(Language::Rust)
        } else if has("package.json") {
            Ok(Language::Js)
        } else if has("requirements.txt") {
            Ok(Language::Python)
        } else {
            Err(Misused::because(format!(
                "{} has neither Cargo.toml nor package.json nor requirements.txt: build plugin.wasm with your own \
                 tools, then go on with `teahouse plugin check`",
                self.folder.display()
            )))
        }
    }

    /// The component that `build` makes.
    pub(crate) fn component(&self) -> PathBuf {
        self.folder.join(Manifest::COMPONENT)
    }

    /// The bytes of the component that is meant. Says so when the sources are newer than the folder's own.
    pub(crate) fn read_component(&self, meant: &Component) -> Result<Vec<u8>> {
        let file = meant.component.clone().unwrap_or_else(|| self.component());
        if !file.is_file() {
            return Err(Misused::because(format!(
                "{} is not there: run `teahouse plugin build` first",
                file.display()
            )));
        }
        if meant.component.is_none() {
            self.warn_of_newer_sources(&file);
        }
        std::fs::read(&file).with_context(|| format!("reading {}", file.display()))
    }

    fn warn_of_newer_sources(&self, component: &Path) {
        let Ok(built) = component.metadata().and_then(|about| about.modified()) else { return };
        if let Some(newer) = newest(&self.folder.join("src")).filter(|(_, at)| *at > built) {
            let newer = newer.0.strip_prefix(&self.folder).unwrap_or(&newer.0).display().to_string();
            eprintln!(
                "warning: {newer} is newer than plugin.wasm: `teahouse plugin build` was not run since"
            );
        }
    }

    /// The tool's own folder inside the project: compiled code, marks. Nothing in it needs to be kept.
    pub(crate) fn scratch(&self) -> Result<PathBuf> {
        let folder = self.folder.join(".teahouse");
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let ignore = folder.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(&ignore, "*\n")?;
        }
        Ok(folder)
    }
}

/// The newest file in a folder and below.
fn newest(folder: &Path) -> Option<(PathBuf, SystemTime)> {
    let entries = std::fs::read_dir(folder).ok()?;
    let of = |entry: std::fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() {
            newest(&path)
        } else {
            let at = entry.metadata().and_then(|about| about.modified()).ok()?;
            Some((path, at))
        }
    };
    entries.flatten().filter_map(of).max_by_key(|(_, at)| *at)
}

/// A file's text.
pub(crate) fn read_text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

fn wrong(file: &str, problems: &teahouse_plugin_package::Problems) -> anyhow::Error {
    let lines: Vec<_> = problems.as_slice().iter().map(|problem| format!("  {problem}")).collect();
    anyhow::anyhow!("{file} is wrong:\n{}", lines.join("\n"))
}
