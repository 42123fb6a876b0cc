//! The commands as they are typed, on the plugins of this repository.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::path::{Path, PathBuf};

use clap::Parser;
use teahouse_plugin_package::Package;
use teahouse_plugin_tool::{AuthorCommand, Misused};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: AuthorCommand,
}

fn run(words: &[&str]) -> anyhow::Result<()> {
    Line::try_parse_from([&["plugin"], words].concat())?.command.run()
}

fn misused(words: &[&str]) -> String {
    let error = run(words).unwrap_err();
    assert!(error.is::<Misused>(), "{error:#}");
    error.to_string()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A bundled plugin's folder with its kept component as `plugin.wasm`, apart from the repository.
struct Copied(tempfile::TempDir);

impl Copied {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = repository().join("plugins").join(name);
        for file in ["plugin.toml", "config.schema.json", "cases.jsonl", "README.md"] {
            std::fs::copy(source.join(file), folder.path().join(file)).unwrap();
        }
        std::fs::create_dir(folder.path().join("locales")).unwrap();
        for locale in std::fs::read_dir(source.join("locales")).unwrap().flatten() {
            std::fs::copy(locale.path(), folder.path().join("locales").join(locale.file_name())).unwrap();
        }
        let component = repository().join("plugins/dist").join(format!("{name}.wasm"));
        std::fs::copy(component, folder.path().join("plugin.wasm")).unwrap();
        Self(folder)
    }

    fn path(&self, file: &str) -> String {
        self.0.path().join(file).to_str().unwrap().to_owned()
    }

    fn folder(&self) -> String {
        self.path("")
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.path().join(file), text).unwrap();
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.0.path().join(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, &text.replace(from, to));
    }
}

#[test]
fn the_welcome_bot_passes_its_cases_warm_and_fresh() {
    let plugin = Copied::of("welcome-bot");
    run(&["test", "-C", &plugin.folder()]).unwrap();
    run(&["test", "-C", &plugin.folder(), "--fresh"]).unwrap();
}

#[test]
fn the_faq_bot_passes_its_cases() {
    run(&["test", "-C", &Copied::of("faq-bot").folder()]).unwrap();
}

#[test]
fn the_poll_bot_passes_its_cases() {
    run(&["test", "-C", &Copied::of("poll-bot").folder()]).unwrap();
}

#[test]
fn a_case_that_expects_something_else_fails() {
    let plugin = Copied::of("welcome-bot");
    plugin.write(
        "cases.jsonl",
        r#"{"calls":[{"handle":{"member":{"change":"left"}},"expect":{"sent":[{}]}}]}"#,
    );
    let error = run(&["test", "-C", &plugin.folder()]).unwrap_err();
    assert_eq!(error.to_string(), "1 of 1 cases failed");
    assert!(!error.is::<Misused>());
    // What is not granted is denied, and a bot that answers so is an error that nobody expected.
    plugin.write("cases.jsonl", r#"{"grants":[],"calls":[{"handle":{"command":{"name":"rules"}}}]}"#);
    run(&["test", "-C", &plugin.folder()]).unwrap_err();
    misused(&["test", "-C", &plugin.folder(), "no such case"]);
    plugin.write("cases.jsonl", "nonsense");
    assert!(misused(&["test", "-C", &plugin.folder()]).starts_with("line 1"));
}

#[test]
fn a_call_may_be_given_a_limit_of_fuel() {
    let plugin = Copied::of("welcome-bot");
    run(&["test", "-C", &plugin.folder(), "--max-fuel", "1000000000"]).unwrap();
    let error = run(&["test", "-C", &plugin.folder(), "--max-fuel", "1"]).unwrap_err();
    assert!(error.to_string().contains("cases failed"), "{error}");
    assert!(run(&["test", "-C", &plugin.folder(), "--max-fuel", "0"]).is_err());
}

#[test]
fn a_plugin_is_checked_tried_packed_signed_and_verified() {
    let plugin = Copied::of("welcome-bot");
    run(&["check", "-C", &plugin.folder()]).unwrap();
    run(&["try", "-C", &plugin.folder(), "/rules"]).unwrap();
    run(&["bench", "-C", &plugin.folder(), "--calls", "20"]).unwrap();
    let (mine, other) = (plugin.path("mine.key"), plugin.path("other.key"));
    run(&["key", &mine]).unwrap();
    run(&["key", &other]).unwrap();
    assert!(misused(&["key", &mine]).contains("never written over"));
    run(&["pack", "-C", &plugin.folder()]).unwrap();
    let package = plugin.path("welcome-bot-1.0.0.teaplugin");
    let read = || Package::read(&std::fs::read(&package).unwrap()).unwrap();
    let unsigned = read().digest();
    run(&["verify", &package]).unwrap();
    run(&["sign", &package, "--key", &mine]).unwrap();
    let public = read().signer(&[]).key().unwrap().to_string();
    run(&["verify", &package, "--trusted", &public]).unwrap();
    run(&["sign", &package, "--key", &other]).unwrap();
    run(&["verify", &package, "--trusted", &public]).unwrap_err();
    run(&["pack", "-C", &plugin.folder()]).unwrap();
    assert_eq!(read().digest(), unsigned, "the same folder gives the same package");
    assert!(misused(&["sign", &package, "--key", "/no/such.key"]).contains("teahouse plugin key"));
    let mut bytes = std::fs::read(&package).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&package, bytes).unwrap();
    run(&["verify", &package]).unwrap_err();
}

#[test]
fn what_a_server_would_refuse_is_found() {
    let plugin = Copied::of("welcome-bot");
    plugin.replace("plugin.toml", "[hooks.bot]", "[hooks.filter]\n[hooks.bot]");
    let error = run(&["check", "-C", &plugin.folder()]).unwrap_err();
    assert!(!error.is::<Misused>());
    run(&["pack", "-C", &plugin.folder()]).unwrap_err();

    let plugin = Copied::of("welcome-bot");
    plugin.write("plugin.wasm", "no component");
    run(&["check", "-C", &plugin.folder()]).unwrap_err();

    let plugin = Copied::of("welcome-bot");
    plugin.replace("plugin.toml", "version =", "verison =");
    let error = run(&["check", "-C", &plugin.folder()]).unwrap_err().to_string();
    assert!(error.contains("did you mean `version`?"), "{error}");
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    let at = empty.path().to_str().unwrap();
    assert!(misused(&["check", "-C", at]).contains("teahouse plugin new"));
    let plugin = Copied::of("welcome-bot");
    std::fs::remove_file(plugin.path("plugin.wasm")).unwrap();
    assert!(misused(&["test", "-C", &plugin.folder()]).contains("teahouse plugin build"));
    assert!(misused(&["build", "-C", &plugin.folder()]).contains("Cargo.toml"));
    assert!(misused(&["dev", "-C", &plugin.folder()]).contains("teahouse token key NAME --admin"));
    assert!(misused(&["verify", "/no/such.teaplugin"]).contains("teahouse plugin pack"));
    assert!(misused(&["new", "Word Guard"]).contains("such as word-guard"));
    assert!(misused(&["new", "敏感词"]).contains("locales/"));
    assert!(misused(&["new", "tea", "--id", "tea"]).contains("reverse DNS"));
}

/// A manifest's hosts are read by one crate and reached by another: they must mean the same by the same text.
#[test]
fn a_host_of_a_manifest_is_an_origin_of_who_sends() {
    for text in ["https://api.example.org", "https://*.example.org:8443", "http://a.example"] {
        let asked: teahouse_plugin_package::HostPattern = text.parse().unwrap();
        let sent: teahouse_outbound::Origin = text.parse().unwrap();
        assert_eq!(asked.to_string(), sent.to_string());
    }
}
