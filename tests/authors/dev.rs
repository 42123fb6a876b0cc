//! `teahouse plugin dev`: an author edits, and the running server does as the source says; what does not build, or is
//! no plugin, changes nothing there.

use std::path::Path;

use serde_json::{Value, json};
use teahouse_tests::{Engine, Settings, Socket, TestServer};

/// How many messages may pass until the server has noticed a version, which takes it about a second.
const MESSAGES: usize = 10_000;
/// A name that no other test builds: they share a target folder, and would find each other's module there.
const NAME: &str = "tea-guard";

#[tokio::test]
async fn an_edit_is_at_work_in_the_chat_and_a_broken_one_is_not() {
    let server = TestServer::start(Engine::Sqlite, Settings::default()).await;
    let desk = tempfile::tempdir().expect("a folder");
    let made = server.shell(desk.path(), &format!("teahouse plugin new {NAME} --lang rust")).await;
    assert_eq!(made.code, 0, "{made:?}");
    let project = desk.path().join(NAME);
    let source = project.join("src/lib.rs");
    let key = server.command(&["token", "key", "author", "--admin"]).await.printed;
    let mut ann = server.person("ann").await.connect().await;

    let command = format!("teahouse plugin dev --server {}", server.url(""));
    let mut dev =
        server.start_in_shell(&project, &format!("TEAHOUSE_ADMIN_KEY={} exec {command}", key.trim()));
    dev.says(&["watching"]).await;
    dev.says(&["loaded Tea guard 0.1.0"]).await;
    until_rule(&mut ann, "word").await;

    replace(&source, "reject(\"word\"", "reject(\"second\"");
    dev.says(&["loaded Tea guard 0.1.0"]).await;
    until_rule(&mut ann, "second").await;

    // Rust's own words stand in the terminal, and what ran goes on.
    replace(&source, "Ok(match", "Ok(nonsense match");
    dev.says(&["error", "nonsense"]).await;
    dev.says(&["not loaded"]).await;
    assert_eq!(answer(&mut ann).await["rule"], "second");

    let line = "teahouse_plugin_sdk::info!(\"looked at {}\", message.text.len());\n        Ok(match";
    replace(&source, "Ok(nonsense match", line);
    replace(&source, "reject(\"second\"", "reject(\"third\"");
    dev.says(&["loaded Tea guard 0.1.0"]).await;
    until_rule(&mut ann, "third").await;
    dev.says(&["log info", "looked at 12"]).await;

    let manifest = project.join("plugin.toml");
    replace(&manifest, "priority =", "priorty =");
    dev.says(&["did you mean `priority`?"]).await;
    assert_eq!(answer(&mut ann).await["rule"], "third");
    replace(&manifest, "priorty =", "priority =");
    dev.says(&["loaded Tea guard 0.1.0"]).await;
    assert_eq!(answer(&mut ann).await["rule"], "third");
}

/// What is missing is told before anything is built.
#[tokio::test]
async fn without_a_key_or_a_server_it_says_what_to_do() {
    let server = TestServer::start(Engine::Sqlite, Settings::default()).await;
    let desk = tempfile::tempdir().expect("a folder");
    let new = server.shell(desk.path(), &format!("teahouse plugin new {NAME} --lang js")).await;
    assert_eq!(new.code, 0, "{new:?}");
    let project = desk.path().join(NAME);
    let dev = async |arguments: String| {
        let command = format!("teahouse plugin dev {arguments}");
        let output = server.shell(&project, &command).await;
        assert_ne!(output.code, 0, "{output:?}");
        output.errors
    };
    let errors = dev(String::new()).await;
    assert!(errors.contains("teahouse token key NAME --admin"), "{errors}");
    let errors = dev(format!("--server {} --key nonsense", server.url(""))).await;
    assert!(errors.contains("refuses the key") && errors.contains("teahouse token key"), "{errors}");
    let errors = dev("--server http://127.0.0.1:1 --key nonsense".to_owned()).await;
    assert!(errors.contains("no server answers at http://127.0.0.1:1"), "{errors}");
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("the file");
    assert!(text.contains(from), "{from} is not in {}", file.display());
    std::fs::write(file, text.replace(from, to)).expect("written");
}

/// Sends the word until the plugin refuses it by this rule; each message is answered before the next.
async fn until_rule(ann: &mut Socket, rule: &str) {
    for _ in 0..MESSAGES {
        if answer(ann).await["rule"] == rule {
            return;
        }
    }
    panic!("{MESSAGES} messages passed, and {rule} refused none")
}

/// Says what the plugin looks for; an acknowledgement or an error.
async fn answer(ann: &mut Socket) -> Value {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let id = format!("spam-{number}");
    ann.frame(json!({ "type": "msg", "id": id, "content": "this is spam" })).await;
    ann.find("an answer", |event| event["id"] == id.as_str()).await
}
