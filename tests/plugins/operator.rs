//! The operator's command line beside a running server: what it decides, the server does within a second.

use serde_json::{Value, json};
use teahouse_tests::{Output, TestServer, server_test};

use super::house::{PROBE, patient, runs};
use super::settings::with_a_word;

/// A plugin's whole life, by commands.
#[server_test(patient)]
async fn a_plugin_lives_and_goes_by_commands(server: TestServer) {
    let workshop = with_a_word();
    let file = workshop.path("probe.teaplugin").to_str().expect("a path in UTF-8").to_owned();
    std::fs::write(&file, workshop.pack().await).expect("the package");
    let mut ann = server.person("ann").await.connect().await;

    let installed = done(&server, &["install", &file]).await;
    assert!(installed.contains(PROBE) && installed.contains("grant"), "{installed}");
    assert!(done(&server, &["list"]).await.contains("waits for agreement"));
    let refused = server.command(&["plugin", "enable", PROBE]).await;
    assert!(refused.code == 1 && !refused.errors.is_empty(), "{refused:?}");
    let asked = done(&server, &["grant", PROBE]).await;
    assert!(asked.contains("Nothing was granted") && asked.contains("api.example.org"), "{asked}");
    assert!(done(&server, &["grant", PROBE, "--required"]).await.contains("granted"));
    let lines = server.lines();
    done(&server, &["enable", PROBE]).await;
    runs(&server, lines, PROBE, "1.0.0").await;
    refuses(&mut ann, "1", "reject spam").await;
    assert!(done(&server, &["show", PROBE]).await.contains("enabled    yes"));

    let lines = server.lines();
    done(&server, &["settings", PROBE, "--change", "word=coffee"]).await;
    runs(&server, lines, PROBE, "1.0.0").await;
    refuses(&mut ann, "2", "coffee, please").await;
    let broken = server.command(&["plugin", "settings", PROBE, "--change", "broken=true"]).await;
    assert!(broken.code == 1 && broken.errors.contains("it was told to be"), "{broken:?}");
    assert!(done(&server, &["settings", PROBE]).await.contains("coffee"));

    // What it would have said, had it other settings: shown, and nothing done.
    ann.send("3", "two cups of tea").await;
    let other = workshop.path("other.json").to_str().expect("a path in UTF-8").to_owned();
    std::fs::write(&other, json!({ "word": "cups" }).to_string()).expect("settings");
    let replay = ["plugin", "replay", PROBE, "--since", "1h", "--settings", &other];
    let report = server.command(&[&replay[..], &["--json"]].concat()).await;
    assert_eq!(report.code, 0, "{report:?}");
    let report: Value = serde_json::from_str(&report.printed).expect("JSON on standard output alone");
    assert!(report.to_string().contains("two cups of tea"), "{report}");
    ann.send("4", "two cups more").await;
    progress_is_shown(&server, &replay).await;

    let key = server.command(&["token", "key", "reader", "--admin"]).await.printed;
    ann.send("5", "trap").await;
    let url = server.url("");
    let logs = done(&server, &["logs", PROBE, "--server", &url, "--key", key.trim()]).await;
    assert!(logs.to_lowercase().contains("error"), "{logs}");

    workshop.change("version = \"1.0.0\"", "version = \"1.1.0\"");
    std::fs::write(&file, workshop.pack().await).expect("the package");
    assert!(done(&server, &["install", &file]).await.contains("upgrade"));
    done(&server, &["grant", PROBE, "--required"]).await;
    let lines = server.lines();
    assert!(done(&server, &["upgrade", PROBE]).await.contains("1.1.0 took over from 1.0.0"));
    runs(&server, lines, PROBE, "1.1.0").await;
    let lines = server.lines();
    assert!(done(&server, &["rollback", PROBE]).await.contains("back at 1.0.0"));
    runs(&server, lines, PROBE, "1.0.0").await;
    refuses(&mut ann, "6", "coffee again").await;

    let lines = server.lines();
    let kept = server.command(&["plugin", "uninstall", PROBE]).await;
    assert_eq!(kept.code, 1, "nobody was there to say yes: {kept:?}");
    done(&server, &["uninstall", PROBE, "--yes"]).await;
    server.prints(lines, &["a plugin rests", PROBE]).await;
    ann.send("7", "coffee at last").await;
    assert!(done(&server, &["list"]).await.contains("No plugin is installed"));
}

/// On a terminal, which `script` plays here, the bar counts messages; what is printed stays free of it.
async fn progress_is_shown(server: &TestServer, replay: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let quoted: Vec<String> = replay.iter().map(|word| format!("'{word}'")).collect();
    let command = format!("teahouse {} > report.txt", quoted.join(" "));
    let script = format!("script --quiet --return --command {command:?} /dev/null");
    let played: Output = server.shell(folder.path(), &script).await;
    assert!(played.code == 0 && played.printed.contains("messages,"), "{played:?}");
    let report = std::fs::read_to_string(folder.path().join("report.txt")).expect("the report");
    assert!(report.contains("cups") && !report.contains("left"), "{report}");
}

/// What a command printed; one that fails fails the test.
async fn done(server: &TestServer, arguments: &[&str]) -> String {
    let output = server.command(&[&["plugin"], arguments].concat()).await;
    assert_eq!(output.code, 0, "{arguments:?}: {output:?}");
    output.printed
}

async fn refuses(socket: &mut teahouse_tests::Socket, id: &str, content: &str) {
    socket.frame(json!({ "type": "msg", "id": id, "content": content })).await;
    socket.refused("rejected").await;
}
