//! The manifest, as the design shows it and as it goes wrong.

use std::time::Duration;

use super::*;

const WHOLE: &str = r#"
[plugin]
id = "org.example.word-guard"
name = "Word guard"
version = "1.4.0"
api = "1.0"
component = "plugin.wasm"
license = "MIT"
languages = ["en", "zh-CN"]

[hooks.filter]
priority = 200
kinds = ["text", "link"]
edits = true
rooms = "chosen"
deadline-ms = 10
on-error = "flag"

[hooks.gate]
names = ["user-name"]
joins = false

[hooks.bot]
events = ["command", "pressed", "timer", "member"]
bots = false
deadline-ms = 5000
concurrency = 4

[capabilities]
kv = { quota-kib = 1024 }
directory = {}
messages = { per-minute = 20 }
history = { optional = true, why = "Show what was removed" }
moderation = { acts = ["flag", "remove", "release"] }
timers = { max = 10 }
http = { hosts = ["https://api.example.org"], methods = ["POST"], why = "Classify held messages" }

[limits]
memory-mib = 16
isolation = "warm"

[config]
schema = "config.schema.json"
secrets = ["api-key"]

[[commands]]
name = "guard"
description = "Word guard settings of this room"
role = "admin"
options = [{ name = "mode", type = "choice", choices = ["off", "flag", "strict"], required = true }]
"#;

const SMALL: &str = r#"
[plugin]
id = "org.example.small"
name = "Small"
version = "0.1.0"
api = "1.0"
[hooks.filter]
"#;

fn small_with(more: &str) -> Result<Manifest, Problems> {
    Manifest::parse(&format!("{SMALL}{more}"))
}

/// The fields of all problems, in order.
#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let problems = Manifest::parse(text).unwrap_err();
    assert!(
        problems.as_slice().iter().all(|problem| !problem.text.zh.is_empty() && !problem.text.en.is_empty())
    );
    problems.as_slice().iter().map(|problem| problem.field.clone()).collect()
}

#[test]
fn the_manifest_of_the_design_is_read() {
    let manifest = Manifest::parse(WHOLE).unwrap();
    assert_eq!(manifest.file_name(), "word-guard-1.4.0.teaplugin");
    let filter = manifest.hooks.filter.as_ref().unwrap();
    assert_eq!((filter.priority, filter.on_error, filter.rooms), (200, OnError::Flag, Rooms::Chosen));
    assert_eq!((filter.running, filter.wall()), (Duration::from_millis(10), Duration::from_millis(50)));
    let bot = manifest.hooks.bot.as_ref().unwrap();
    assert_eq!(
        (bot.wall, bot.running, bot.concurrency),
        (Duration::from_secs(5), BotHook::DEFAULT_RUNNING, 4)
    );
    let asked: Vec<_> = manifest.asks().iter().map(|ask| ask.terms.name().as_str()).collect();
    assert_eq!(asked, ["kv", "directory", "messages", "history", "moderation", "timers", "http"]);
    assert!(manifest.ask(CapabilityName::History).unwrap().optional);
    assert_eq!(manifest.ask(CapabilityName::Http).unwrap().why.as_deref(), Some("Classify held messages"));
    assert_eq!(manifest.secrets, ["api-key"]);
    assert_eq!(manifest.commands[0].usage(), "/guard <mode: off|flag|strict>");
    assert_eq!(manifest.doubts(), []);
}

#[test]
fn a_filter_looks_at_everything_unless_it_says_otherwise() {
    let manifest = Manifest::parse(SMALL).unwrap();
    let filter = manifest.hooks.filter.unwrap();
    assert_eq!(filter.kinds.len(), 8);
    assert!(filter.edits);
    assert_eq!((filter.rooms, filter.on_error, filter.priority), (Rooms::Chosen, OnError::Hold, 500));
    assert_eq!(manifest.limits, Limits { memory_mib: 16, isolation: Isolation::Warm });
    let bot = small_with("[hooks.bot]\nevents = [\"posted\"]").unwrap();
    assert_eq!(bot.limits.memory_mib, 32);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = r#"
        [plugin]
        id = "Word Guard"
        name = ""
        version = "1.4"
        api = "1.9"
        component = "other.wasm"
        licence = "MIT"
        languages = ["en", "en"]
        [hooks.filter]
        priority = 1001
        kinds = ["text", "txt"]
        deadline-ms = 51
        on-error = "ignore"
        [hooks.bot]
        events = []
        concurrency = 0
        [capabilities]
        kv = { quota-kib = 65537 }
        moderation = {}
        http = { hosts = ["http://127.0.0.1"] }
        camera = {}
        [limits]
        memory-mib = 65
        [config]
        schema = "../x.json"
        secrets = ["a b"]
        [[commands]]
        name = "Guard Me"
        description = "x"
    "#;
    assert_eq!(
        problems(text),
        [
            "plugin.id",
            "plugin.name",
            "plugin.version",
            "plugin.api",
            "plugin.component",
            "plugin.languages",
            "plugin.licence",
            "hooks.filter.priority",
            "hooks.filter.kinds[1]",
            "hooks.filter.deadline-ms",
            "hooks.filter.on-error",
            "hooks.bot.events",
            "hooks.bot.concurrency",
            "capabilities.kv.quota-kib",
            "capabilities.moderation.acts",
            "capabilities.http.hosts[0]",
            "capabilities.camera",
            "limits.memory-mib",
            "config.schema",
            "config.secrets",
            "commands[0].name",
        ]
    );
    let told = Manifest::parse(text).unwrap_err().to_string();
    assert!(told.contains("plugin.licence: is not a known key; did you mean `license`?"), "{told}");
}

#[test]
fn what_is_needed_is_missed() {
    assert_eq!(problems(""), ["plugin", "hooks"]);
    assert_eq!(
        problems("[plugin]\n[hooks]\n"),
        ["plugin.id", "plugin.name", "plugin.version", "plugin.api", "hooks.filter"]
    );
    assert_eq!(problems("not toml"), [""]);
    assert_eq!(problems(&" ".repeat(Manifest::MAX_BYTES + 1)), [""]);
    assert_eq!(problems(&format!("{SMALL}[[commands]]\nname = \"a\"\ndescription = \"b\"")), ["commands"]);
}

#[test]
fn each_limit_holds_at_its_cap_and_not_one_past_it() {
    for (at, past) in [
        (
            "[hooks.bot]\nevents = [\"timer\"]\ndeadline-ms = 30000",
            "[hooks.bot]\nevents = [\"timer\"]\ndeadline-ms = 30001",
        ),
        (
            "[hooks.bot]\nevents = [\"timer\"]\nrunning-ms = 2000",
            "[hooks.bot]\nevents = [\"timer\"]\nrunning-ms = 2001",
        ),
        (
            "[hooks.bot]\nevents = [\"timer\"]\nconcurrency = 16",
            "[hooks.bot]\nevents = [\"timer\"]\nconcurrency = 17",
        ),
        ("[hooks.gate]\ndeadline-ms = 50", "[hooks.gate]\ndeadline-ms = 51"),
        ("[limits]\nmemory-mib = 64", "[limits]\nmemory-mib = 65"),
        ("[capabilities.kv]\nquota-kib = 65536", "[capabilities.kv]\nquota-kib = 65537"),
        ("[capabilities.timers]\nmax = 100", "[capabilities.timers]\nmax = 101"),
        ("[capabilities.messages]\nper-minute = 600", "[capabilities.messages]\nper-minute = 601"),
    ] {
        assert!(small_with(at).is_ok(), "{at}");
        assert!(small_with(past).is_err(), "{past}");
    }
    for negative in [
        "[capabilities.kv]\nquota-kib = -1",
        "[capabilities.kv]\nquota-kib = 0",
        "[limits]\nmemory-mib = 1.5",
    ] {
        assert!(small_with(negative).is_err(), "{negative}");
    }
}

#[test]
fn terms_survive_as_json() {
    for ask in Manifest::parse(WHOLE).unwrap().asks() {
        let json = serde_json::to_string(&ask.terms).unwrap();
        assert_eq!(serde_json::from_str::<Terms>(&json).unwrap(), ask.terms, "{json}");
    }
    let terms: Terms = serde_json::from_str(r#"{"capability":"kv","quota-kib":7}"#).unwrap();
    assert_eq!(terms, Terms::Kv { quota_kib: 7 });
    assert!(serde_json::from_str::<Terms>(r#"{"capability":"kv","quota-kib":7,"more":1}"#).is_err());
}

#[test]
fn anything_new_is_new() {
    let before = Manifest::parse(WHOLE).unwrap();
    assert!(before.difference(&before).asks_nothing_new());
    let changed = |from: &str, to: &str| {
        assert!(WHOLE.contains(from));
        Manifest::parse(&WHOLE.replace(from, to)).unwrap().difference(&before)
    };
    let more = changed("quota-kib = 1024", "quota-kib = 1025");
    assert_eq!(more.capabilities.len(), 1);
    assert_eq!(more.capabilities[0].before, Some(Terms::Kv { quota_kib: 1024 }));
    assert!(changed("quota-kib = 1024", "quota-kib = 1023").asks_nothing_new());
    assert!(!changed("\"release\"", "\"mute\"").asks_nothing_new());
    assert!(!changed("api.example.org", "*.example.org").asks_nothing_new());
    assert!(!changed("[\"POST\"]", "[\"POST\", \"GET\"]").asks_nothing_new());
    let gone = changed("timers = { max = 10 }", "");
    assert!(gone.asks_nothing_new());
    assert_eq!(gone.dropped, [Terms::Timers { max: 10 }]);
    let wider = changed("rooms = \"chosen\"", "rooms = \"all\"");
    assert_eq!(wider.hooks.iter().map(|change| change.hook).collect::<Vec<_>>(), ["filter"]);
    assert!(!changed("joins = false", "joins = true").asks_nothing_new());
    assert!(!changed("\"member\"]", "\"member\", \"posted\"]").asks_nothing_new());
    // What was granted may be less than what was asked before: an optional capability that was left out.
    let granted: Vec<_> =
        before.asks().iter().filter(|ask| !ask.optional).map(|ask| ask.terms.clone()).collect();
    let missing = Difference::from_granted(&granted, &before);
    assert_eq!(missing.capabilities.len(), 1);
    assert_eq!(missing.capabilities[0].asked.terms, Terms::History {});
}

#[test]
fn consent_is_asked_in_plain_sentences() {
    let manifest = Manifest::parse(WHOLE).unwrap();
    let sentences: Vec<_> = manifest.asks().iter().map(|ask| ask.sentence(&manifest.name)).collect();
    let english: Vec<_> = sentences.iter().map(|sentence| sentence.text.en.as_str()).collect();
    assert_eq!(
        english,
        [
            "May keep data of its own, up to 1 MiB",
            "May see the rooms where it is installed, and their members",
            "May send messages as «Word guard», up to 20 a minute in a room",
            "May read everything that was said before in the rooms where it is installed",
            "May act as a moderator: put messages up for review, remove messages of others, let held messages through",
            "May wake itself up later, with up to 10 timers",
            "May talk to api.example.org (POST)",
        ]
    );
    let red: Vec<_> = sentences.iter().map(|sentence| sentence.severity == Severity::Red).collect();
    assert_eq!(red, [false, false, false, true, true, false, true]);
    assert_eq!(sentences[6].text.zh, "可以访问 api.example.org（POST）");
    let hooks = manifest.hook_sentences();
    assert_eq!(hooks.len(), 3);
    assert!(
        hooks[0].text.en.starts_with("Looks at each message and each edit (text, link)"),
        "{}",
        hooks[0].text.en
    );
}

#[test]
fn a_plain_host_is_shown_as_what_it_is() {
    let manifest = small_with("[capabilities.http]\nhosts = [\"http://old.example.org\"]").unwrap();
    let sentence = manifest.asks()[0].sentence("Small").text;
    assert_eq!(sentence.en, "May talk to http://old.example.org (GET), partly without encryption");
    assert_eq!(manifest.doubts()[0].field, "capabilities.http");
}

fn poll() -> Command {
    let text = r#"
        [hooks.bot]
        events = ["command"]
        [[commands]]
        name = "投票"
        description = "Ask the room"
        options = [
            { name = "question", required = true },
            { name = "minutes", type = "integer" },
            { name = "mode", type = "choice", choices = ["open", "secret"] },
            { name = "answers", type = "texts" },
        ]
    "#;
    small_with(text).unwrap().commands.remove(0)
}

#[test]
fn a_line_is_split_into_command_and_rest() {
    let guard = Some(("guard".to_owned(), "strict now"));
    // As phones and Chinese keyboards write it: a space before, a capital, full-width forms, an ideographic space behind.
    for line in [
        "/guard  strict now ",
        " /guard strict now",
        "\u{3000}／guard strict now",
        "/Guard strict now",
        "／ＧＵＡＲＤ\u{3000}strict now",
        "\n/GUARD\nstrict now",
    ] {
        assert_eq!(Command::split(line), guard, "{line}");
    }
    assert_eq!(Command::split("/投票"), Some(("投票".to_owned(), "")));
    assert_eq!(Command::split("/Guard Strict"), Some(("guard".to_owned(), "Strict")));
    for other in ["guard", "/", "/ guard", "//x", "／／x", "/a/b", "a /b", "÷poll", ""] {
        assert_eq!(Command::split(other), None, "{other}");
    }
}

#[test]
fn words_become_options() {
    let command = poll();
    assert_eq!(command.usage(), "/投票 <question> [minutes] [mode: open|secret] [answers…]");
    let read = |line: &str| serde_json::Value::from(command.read(line).unwrap()).to_string();
    assert_eq!(read("\"Which tea?\""), r#"{"question":"Which tea?"}"#);
    assert_eq!(
        read("“哪种茶？” 5 SECRET green \"black tea\" 乌龙"),
        r#"{"answers":["green","black tea","乌龙"],"minutes":5,"mode":"secret","question":"哪种茶？"}"#
    );
    assert_eq!(read("Tea? answers=yes no"), r#"{"answers":["yes","no"],"question":"Tea?"}"#);
    assert_eq!(read("mode=open Tea?"), r#"{"mode":"open","question":"Tea?"}"#);
}

#[test]
fn wrong_words_are_answered_with_the_usage() {
    for line in ["", "Tea? five", "Tea? mode=closed", "Tea? 9007199254740993"] {
        let told = poll().read(line).unwrap_err();
        assert!(
            told.en.contains("Usage: /投票 <question>") && told.zh.contains("用法"),
            "{line}: {}",
            told.en
        );
    }
    let mut command = poll();
    command.options.pop();
    assert!(command.read("Tea? 1 open more").is_err());
    command.options.clear();
    assert_eq!(command.read("whatever it is").unwrap().len(), 0);
}

#[test]
fn a_last_text_takes_the_rest_of_the_line() {
    let mut command = poll();
    command.options.truncate(1);
    let read = |line: &str| command.read(line).unwrap()["question"].clone();
    assert_eq!(read("Which tea shall we \"have\"?"), "Which tea shall we \"have\"?");
    assert_eq!(read("\"in quotes\""), "in quotes");
    assert_eq!(read("\"half quoted"), "\"half quoted");
}

#[test]
fn options_that_make_no_sense_are_problems() {
    let with = |options: &str| {
        let text = format!(
            "[hooks.bot]\nevents = [\"command\"]\n[[commands]]\nname = \"a\"\ndescription = \"b\"\noptions = [{options}]"
        );
        small_with(&text).is_ok()
    };
    assert!(with("{ name = \"a\" }, { name = \"b\" }"));
    assert!(!with("{ name = \"a\" }, { name = \"a\" }"));
    assert!(!with("{ name = \"a\" }, { name = \"b\", required = true }"));
    assert!(!with("{ name = \"a\", type = \"choice\" }"));
    assert!(!with("{ name = \"a\", choices = [\"b\"] }"));
    assert!(!with("{ name = \"a\", type = \"texts\" }, { name = \"b\" }"));
    assert!(!with("1"));
}
