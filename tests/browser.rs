//! The chat page in Chromium: the scripts in `browser/` drive it, and this gives them a server and does what they ask.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use teahouse_tests::{Settings, TestServer, server_test};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use crate::plugins::house::{patient, probe, put_to_work};

/// Two people talk; one is cut off and catches up; the server is killed in mid-conversation.
#[server_test]
async fn two_people_talk_in_the_browser(mut server: TestServer) {
    play("chat.mjs", "browser", &mut server).await;
}

/// A command, a card with buttons, words for one person alone, and messages that are refused, held and changed.
#[server_test(with_the_plugins_that_come_along)]
async fn people_see_what_plugins_bring(mut server: TestServer) {
    let bot = "cn.teahouse.poll-bot";
    for step in [["grant", bot, "--all"].as_slice(), &["enable", bot]] {
        // At the first start plugins are installed beside the service: until then there is nothing to agree to.
        while server.command(&[&["plugin"], step].concat()).await.code != 0 {}
    }
    let ann = server.person("ann").await;
    let commands = format!("/v1/rooms/{}/commands", ann.connect().await.lobby());
    loop {
        let listed = ann.get(&commands).await.text;
        if ["poll", "rules"].iter().all(|name| listed.contains(&format!("\"{name}\""))) {
            break;
        }
    }
    play("plugins.mjs", "browser-plugins", &mut server).await;
}

/// A room's owner decides about what is held, noted, and asked for; its sender sees what became of it, also after a
/// reload. Nothing that a plugin or a person says becomes markup.
#[server_test(patient)]
async fn a_moderator_keeps_order_in_the_browser(mut server: TestServer) {
    let workshop = probe();
    workshop.change(r#"name = "Probe""#, r#"name = "<b>Probe</b>""#);
    workshop.change(
        r#""posted", "edited", "recalled", "reacted", "command", "pressed", "timer", "held""#,
        r#""command""#,
    );
    put_to_work(&server, &server.keeper().await, workshop.pack().await).await;
    play("moderation.mjs", "browser-moderation", &mut server).await;
}

/// Names and texts that run from right to left, or try to turn what follows, leave the page as it is; guests are told apart.
#[server_test]
async fn foreign_words_turn_nothing_around_them_in_the_browser(mut server: TestServer) {
    play("foreign.mjs", "browser-foreign", &mut server).await;
}

fn with_the_plugins_that_come_along(settings: Settings) -> Settings {
    settings.set("plugins.bundled", true)
}

/// Plays a script to its end, and keeps its pictures in a folder of this name.
async fn play(script: &str, pictures: &str, server: &mut TestServer) {
    let mut script = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("browser").join(script))
        .env("BASE_URL", server.url(""))
        .env("OUT_DIR", server.artifacts(pictures))
        .env("CONTROL", "stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts");
    let mut answers = script.stdin.take().expect("its input");
    let mut lines = BufReader::new(script.stdout.take().expect("its output")).lines();
    let mut failed = Vec::new();
    while let Some(line) = lines.next_line().await.expect("text") {
        println!("{line}");
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        if said["ok"] == false {
            failed.push(line);
        }
        if said["ask"] == "restart" {
            server.kill().await;
            server.start_again_at_the_same_address().await;
            let answer = json!({ "done": "restart", "base_url": server.url("") });
            answers.write_all(format!("{answer}\n").as_bytes()).await.expect("the script listens");
        }
    }
    let status = script.wait().await.expect("its status");
    assert!(status.success() && failed.is_empty(), "{status}: {failed:#?}");
}
