//! Plugins as an operator meets them: packed by the program's own command, installed, agreed to and enabled by others.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use super::{crew::Crew, words};
use crate::{
    args::PluginsArgs,
    contestant::Teahouse,
    place::{self, Place},
};

const NOOP_MANIFEST: &str = r#"[plugin]
id = "ID"
name = "No-op filter"
version = "0.1.0"
api = "1.0"
component = "plugin.wasm"
license = "Apache-2.0"

[hooks.filter]
priority = 500
kinds = ["text"]
rooms = "all"
# A call that failed is seen by the sender, and so in the table.
on-error = "reject"
"#;

const WORDS_ID: &str = "cn.teahouse.sensitive-words";

pub(super) struct Packages {
    program: PathBuf,
    noop: PathBuf,
    bundled: PathBuf,
    /// Where packages are made.
    desk: PathBuf,
}

impl Packages {
    /// Looks whether the components are there.
    pub(super) fn new(args: &PluginsArgs, place: &Place, program: PathBuf) -> anyhow::Result<Self> {
        let noop = args.noop.clone();
        let noop = noop.unwrap_or_else(|| place.target().join("plugins/components/noop-filter.wasm"));
        let packages = Self {
            program,
            noop: place::absolute(&noop)?,
            bundled: place::absolute(&args.bundled)?,
            desk: place.folder().join("packages"),
        };
        for component in [packages.noop(), packages.words()] {
            ensure!(
                component.is_file(),
                "{} is not there: `cargo xtask bench plugins`, in the project's folder, builds all that is needed",
                component.display()
            );
        }
        fs::create_dir_all(&packages.desk).context("a desk for the packages")?;
        Ok(packages)
    }

    /// The component that lets everything through.
    pub(super) fn noop(&self) -> PathBuf {
        self.noop.clone()
    }

    /// The component of `sensitive-words`.
    pub(super) fn words(&self) -> PathBuf {
        self.bundled.join("dist/sensitive-words.wasm")
    }

    /// The program that is measured.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The settings of `sensitive-words`, in a file: a list that refuses each of its words.
    pub(super) fn words_settings(&self) -> anyhow::Result<PathBuf> {
        let file = self.desk.join("words.json");
        let settings = serde_json::json!({"words": words::list(), "action": "reject"});
        fs::write(&file, settings.to_string()).with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    }

    /// Puts all of `crew` to work at a server that has made its database.
    pub(super) fn install(&self, crew: Crew, server: &Teahouse) -> anyhow::Result<()> {
        let operate = |arguments: &[&str]| said(server.command().arg("plugin").args(arguments));
        match crew {
            Crew::Noops(count) => {
                for number in 0..count {
                    let id = format!("cn.teahouse.bench.noop-{number:03}");
                    operate(&["install", path(&self.noop_package(&id)?)?])?;
                    operate(&["grant", &id, "--all"])?;
                    operate(&["enable", &id])?;
                }
            }
            Crew::Words => {
                operate(&["install", path(&self.words_package()?)?])?;
                operate(&["grant", WORDS_ID, "--all"])?;
                operate(&["settings", WORDS_ID, "--from", path(&self.words_settings()?)?])?;
                operate(&["enable", WORDS_ID])?;
            }
        }
        Ok(())
    }

    fn noop_package(&self, id: &str) -> anyhow::Result<PathBuf> {
        self.pack(id, |folder| {
            fs::write(folder.join("plugin.toml"), NOOP_MANIFEST.replace("ID", id))?;
            fs::copy(&self.noop, folder.join("plugin.wasm")).map(drop)
        })
    }

    fn words_package(&self) -> anyhow::Result<PathBuf> {
        let source = self.bundled.join("sensitive-words");
        self.pack(WORDS_ID, |folder| {
            for file in ["plugin.toml", "config.schema.json", "locales/en.json", "locales/zh-CN.json"] {
                let to = folder.join(file);
                if let Some(parent) = to.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::copy(source.join(file), to)?;
            }
            fs::copy(self.words(), folder.join("plugin.wasm")).map(drop)
        })
    }

    /// The package of the plugin whose folder `fill` fills; made once.
    fn pack(&self, id: &str, fill: impl Fn(&Path) -> std::io::Result<()>) -> anyhow::Result<PathBuf> {
        let (folder, out) = (self.desk.join(id), self.desk.join(format!("{id}.out")));
        if !out.is_dir() {
            fs::create_dir_all(&folder)
                .and_then(|()| fill(&folder))
                .with_context(|| format!("filling {id}"))?;
            fs::create_dir_all(&out).with_context(|| format!("creating {}", out.display()))?;
            let mut pack = Command::new(&self.program);
            said(pack.args(["plugin", "pack", "-C"]).arg(&folder).arg("--out").arg(&out))?;
        }
        let package = fs::read_dir(&out)?.next().with_context(|| format!("{id} was packed into nothing"))?;
        Ok(package?.path())
    }
}

fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is no UTF-8", path.display()))
}

/// What the command says; an error with it if it fails.
fn said(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
