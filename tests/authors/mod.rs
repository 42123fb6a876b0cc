//! A stranger's path: what docs/plugins/tutorial.md says, typed to the letter, in each language, up to a plugin that
//! works in a running server.

mod dev;
mod fuel;
mod tutorial;

use std::time::Duration;

use serde_json::{Value, json};
use teahouse_tests::{Engine, Settings, Socket, TestServer};

use tutorial::Tutorial;

/// The tools of the languages are installed, and a Rust plugin's dependencies are built, on two cores.
const DEADLINE: Duration = Duration::from_secs(900);

/// How many messages may pass before the server has noticed the new plugin, which takes it about a second.
const MESSAGES: usize = 10_000;

#[tokio::test]
async fn the_tutorial_leads_to_a_working_filter_in_rust() {
    follow("In Rust").await;
}

#[tokio::test]
async fn the_tutorial_leads_to_a_working_filter_in_javascript() {
    follow("In JavaScript").await;
}

#[tokio::test]
async fn the_tutorial_leads_to_a_working_filter_in_python() {
    follow("In Python").await;
}

async fn follow(language: &str) {
    let server = TestServer::start(Engine::Sqlite, Settings::default()).await;
    let tutorial = Tutorial::read();
    let script =
        tutorial.script(&[language, "Ask for the store, and say what you expect", "Put it into a server"]);
    let desk = tempfile::tempdir().expect("a folder");
    let typed = server.shell(desk.path(), &script);
    let output = tokio::time::timeout(DEADLINE, typed).await.expect("the tutorial hangs");
    assert_eq!(output.code, 0, "{language}:\n{}\n{}", output.printed, output.errors);
    refuses_spam(&server).await;
}

/// Ann's word is refused with the plugin's reason, and Bob sees nothing of it.
async fn refuses_spam(server: &TestServer) {
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let refusal = first_refusal(&mut ann).await;
    assert_eq!(refusal["code"], "rejected", "{refusal}");
    assert_eq!(refusal["by"], "Word guard", "{refusal}");
    assert_eq!(refusal["rule"], "word", "{refusal}");
    assert_eq!(refusal["reason"], "请换个说法。Please say it in other words.", "{refusal}");
    let last = ann.send("last", "two cups, please").await;
    let seen =
        bob.find("the last message", |event| event["type"] == "msg" && event["id"] == last["message"]).await;
    assert_eq!(seen["content"], "two cups, please");
}

/// Sends the word until the server has noticed the plugin: each message is answered before the next.
async fn first_refusal(ann: &mut Socket) -> Value {
    for number in 0..MESSAGES {
        let id = format!("spam-{number}");
        ann.frame(json!({ "type": "msg", "id": id, "content": "this is spam" })).await;
        let answer = ann.find("an answer", |event| event["id"] == id.as_str()).await;
        if answer["type"] == "error" {
            return answer;
        }
    }
    panic!("{MESSAGES} messages passed, and the plugin looked at none")
}

/// A heading that was renamed, or a box that lost its mark, must not empty the tests above.
#[test]
fn every_chapter_of_the_tutorial_has_something_to_type() {
    let tutorial = Tutorial::read();
    for chapter in ["In Rust", "In JavaScript", "In Python"] {
        let script = tutorial.script(&[chapter]);
        for word in ["teahouse plugin new word-guard", "teahouse plugin test", "cat > src/"] {
            assert!(script.contains(word), "{chapter} lacks {word}:\n{script}");
        }
    }
}
