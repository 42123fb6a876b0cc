//! `new`: a plugin's folder from a template, with all that it needs to be built anywhere.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rust_embed::{EmbeddedFile, RustEmbed};
use teahouse_plugin_package::PluginId;

use crate::Misused;
use crate::command::{Language, New};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../plugin-sdk/templates"]
struct Templates;

/// The SDK itself. It is in no registry: each project has its own copy of what it needs, and builds wherever it stands.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../plugin-sdk"]
#[include = "Cargo.toml"]
#[include = "README.md"]
#[include = "src/*"]
#[include = "wit/*"]
#[include = "js/*"]
#[include = "python/*"]
struct Sdk;

/// What stands in templates for what the author names.
struct Names {
    id: PluginId,
    /// For people: "Word guard".
    name: String,
}

pub(crate) fn run(new: &New) -> Result<()> {
    let names = Names::of(new)?;
    let folder = Path::new(names.id.slug());
    if folder.exists() {
        return Err(Misused::because(format!(
            "{} is there already: take another name, or remove it",
            folder.display()
        )));
    }
    create(folder, new.lang, new.bot, &names)?;
    let kind = if new.bot { "bot" } else { "filter" };
    let slug = names.id.slug();
    println!("{slug}: a {kind} with the id {}. Next:\n", names.id);
    println!("  cd {slug}");
    println!("  teahouse plugin build   # makes plugin.wasm");
    println!("  teahouse plugin test    # runs cases.jsonl in the server's own sandbox");
    println!("  teahouse plugin pack    # makes the file that an operator installs");
    Ok(())
}

impl Names {
    fn of(new: &New) -> Result<Self> {
        let id = new.id.clone().unwrap_or_else(|| format!("org.example.{}", new.name));
        let id = PluginId::parse(&id).map_err(|error| match new.id {
            Some(_) => Misused::because(format!("{id:?}: {error}")),
            None => Misused::because(format!(
                "{:?} can't be a folder and part of an id: take a-z, 0-9 and inner hyphens, such as word-guard. What \
                 people read, in any script, is the name in plugin.toml and locales/",
                new.name
            )),
        })?;
        if new.name != id.slug() {
            return Err(Misused::because(format!(
                "the name is the last label of the id: call it {}, or take another id",
                id.slug()
            )));
        }
        let words = id.slug().replace('-', " ");
        let mut letters = words.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        Ok(Self { name: first + letters.as_str(), id })
    }

    fn fill(&self, template: &str) -> String {
        template
            .replace("{{id}}", self.id.as_str())
            .replace("{{name}}", &self.name)
            .replace("{{slug}}", self.id.slug())
    }
}

fn create(folder: &Path, language: Language, bot: bool, names: &Names) -> Result<()> {
    let template = match (language, bot) {
        (Language::Rust, false) => "rust/",
        (Language::Rust, true) => "rust-bot/",
        (Language::Js, false) => "js/",
        (Language::Js, true) => "js-bot/",
        (Language::Python, false) => "python/",
        (Language::Python, true) => "python-bot/",
    };
    for path in Templates::iter() {
        let (Some(inner), Some(file)) = (path.strip_prefix(template), Templates::get(&path)) else {
            continue;
        };
        write(&folder.join(inner), names.fill(&text(&file)?).as_bytes())?;
    }
    for path in Sdk::iter() {
        if let (Some(to), Some(file)) = (place_of(&path, language, bot), Sdk::get(&path)) {
            write(&folder.join(to), &file.data)?;
        }
    }
    Ok(())
}

/// Where a file of the SDK stands in a project; `None`: it is of no use there.
fn place_of(path: &str, language: Language, bot: bool) -> Option<PathBuf> {
    let (ours, of_bots) = match language {
        Language::Rust => {
            let other = path.starts_with("js/") || path.starts_with("python/");
            return (!other).then(|| Path::new("sdk").join(path));
        }
        Language::Js => ("js/", "teahouse-bot.js"),
        Language::Python => ("python/", "teahouse_bot.py"),
    };
    if path == "wit/plugin.wit" {
        return Some(PathBuf::from(path));
    }
    let name = path.strip_prefix(ours)?;
    (bot || name != of_bots).then(|| Path::new("src").join(name))
}

fn text(file: &EmbeddedFile) -> Result<String> {
    String::from_utf8(file.data.to_vec()).context("a template is not UTF-8")
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
    }
    std::fs::write(file, bytes).with_context(|| format!("writing {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    fn new(name: &str, id: Option<&str>) -> New {
        New { name: name.into(), lang: Language::Rust, bot: false, id: id.map(str::to_owned) }
    }

    #[test]
    fn names_follow_from_the_name() {
        let names = Names::of(&new("word-guard", None)).unwrap();
        assert_eq!((names.id.as_str(), names.name.as_str()), ("org.example.word-guard", "Word guard"));
        let own = Names::of(&new("tea", Some("cn.shop.tea"))).unwrap();
        assert_eq!((own.id.as_str(), own.name.as_str()), ("cn.shop.tea", "Tea"));
        for (name, id) in [("Word Guard", None), ("../x", None), ("", None), ("tea", Some("cn.shop.other"))] {
            assert!(Names::of(&new(name, id)).is_err(), "{name}");
        }
    }

    #[test]
    fn each_language_has_a_filter_and_a_bot_whose_manifest_is_right() {
        for language in [Language::Rust, Language::Js, Language::Python] {
            for bot in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                let folder = folder.path().join("word-guard");
                create(&folder, language, bot, &Names::of(&new("word-guard", None)).unwrap()).unwrap();
                let project = Project::open(&folder).unwrap();
                assert_eq!(project.manifest.id.as_str(), "org.example.word-guard");
                assert_eq!(project.manifest.hooks.bot.is_some(), bot, "{language:?}");
                assert_eq!(project.language().unwrap(), language);
                assert!(folder.join("cases.jsonl").is_file(), "{language:?} {bot}");
                let wit = if language == Language::Rust { "sdk/wit/plugin.wit" } else { "wit/plugin.wit" };
                assert!(folder.join(wit).is_file(), "{language:?} {bot}");
                for (file, for_all) in [("teahouse", true), ("teahouse-bot", false), ("teahouse_bot", false)]
                {
                    let extension = if language == Language::Js { "js" } else { "py" };
                    let wanted = language != Language::Rust
                        && (for_all || bot && file.contains('-') == (language == Language::Js));
                    let there = folder.join(format!("src/{file}.{extension}")).is_file();
                    assert_eq!(there, wanted, "{language:?} {bot}: {file}");
                }
                assert!(!left_over(&folder), "{language:?} {bot}: a placeholder was not filled");
            }
        }
    }

    /// Whether a file of the author's own still has a placeholder.
    fn left_over(folder: &Path) -> bool {
        std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
            let path = entry.path();
            match path.is_dir() {
                true => !path.ends_with("sdk") && left_over(&path),
                false => ["{{id}}", "{{name}}", "{{slug}}"].iter().any(|placeholder| {
                    std::fs::read_to_string(&path).unwrap_or_default().contains(placeholder)
                }),
            }
        })
    }
}
