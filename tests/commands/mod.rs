//! The command line, and what stands around the service.

mod files;

use teahouse_tests::{Answer, Engine, Settings, TestServer, program_output, server_test};

#[server_test]
async fn the_surroundings_answer(server: TestServer) {
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
    server.person("ann").await.connect().await.send("c-1", "count me").await;
    let metrics = server.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.text.contains("# TYPE") && metrics.text.contains("teahouse_"), "{metrics}");
    let page = server.get("/").await;
    assert!(page.header("content-type").starts_with("text/html"), "{page}");
    assert!(server.get("/docs").await.status < 400);
    assert!(server.get("/admin").await.status < 400);
}

/// The first lines say where everything is, and who can sign in.
#[server_test]
async fn the_first_lines_tell_where_things_are(server: TestServer) {
    let log = server.log();
    for word in [server.url(""), "/admin".into(), "/docs".into()] {
        assert!(log.contains(&word), "no {word} in:\n{log}");
    }
}

fn with_an_address_for_operators(settings: Settings) -> Settings {
    settings.set("server.metrics_listen", "127.0.0.1:0")
}

/// What is for operators answers at their address, and nowhere else.
#[server_test(with_an_address_for_operators)]
async fn metrics_have_an_address_of_their_own(server: TestServer) {
    let log = server.log();
    let (_, line) = log.split_once("for operators  http://").expect("where it is");
    let operators = line.split('/').next().expect("an address");
    for path in ["/metrics", "/readyz"] {
        server.get(path).await.refused(404, "not_found");
        let asked = server.http().get(format!("http://{operators}{path}"));
        assert_eq!(Answer::of(asked).await.status, 200, "{path}");
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    let chat = server.http().get(format!("http://{operators}/v1/me"));
    assert_eq!(Answer::of(chat).await.status, 404, "nothing else is there");
}

/// No example of ours opens to the world what is for operators.
#[tokio::test]
async fn no_example_opens_metrics_to_the_world() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let text = std::fs::read_to_string(docs.join("operations.md")).expect("the document");
    let blocks: Vec<_> = text.split("```").skip(1).step_by(2).collect();
    let of = |word: &str| blocks.iter().filter(|block| block.contains(word)).collect::<Vec<_>>();
    for (example, guard) in [
        ("TEAHOUSE__MODE=production", "TEAHOUSE__SERVER__METRICS_LISTEN=127.0.0.1:"),
        ("proxy_pass", "location ~ ^/(metrics|readyz)$ { return 404; }"),
        ("reverse_proxy", "@operators path /metrics /readyz\n    respond @operators 404"),
    ] {
        let examples = of(example);
        assert!(!examples.is_empty(), "{example}");
        assert!(examples.iter().all(|block| block.contains(guard)), "{example} without {guard}");
    }
    let reference = std::fs::read_to_string(docs.join("configuration.md")).expect("the document");
    assert!(reference.contains("metrics_listen = \"127.0.0.1:9464\""));
}

#[server_test]
async fn migrations_are_all_taken(server: TestServer) {
    let status = server.command(&["migrate", "status"]).await;
    assert_eq!(status.code, 0, "{status:?}");
    assert!(!status.printed.contains("pending: 1"), "{status:?}");
    assert_eq!(server.command(&["migrate", "up"]).await.code, 0, "a second time changes nothing");
}

/// SQLite's file belongs to one server: a second one in its folder says so, and the first goes on.
#[tokio::test]
async fn two_servers_never_share_a_folder_of_sqlite() {
    let server = TestServer::start(Engine::Sqlite, Settings::default()).await;
    let second = server.command(&["serve"]).await;
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.errors.contains("another server already uses the folder"), "{second:?}");
    assert_eq!(server.get("/readyz").await.status, 200);
}

/// Secrets are never shown.
#[server_test]
async fn the_printed_configuration_hides_secrets(server: TestServer) {
    let secret = "s3cret-of-the-house";
    let apps = format!(r#"[{{ app_id = "wx0000000000000007", secret = "{secret}" }}]"#);
    let printed = server.command_with(&["config", "print"], &[("TEAHOUSE__WECHAT__APPS", &apps)]).await;
    assert_eq!(printed.code, 0, "{printed:?}");
    assert!(
        printed.printed.contains("wx0000000000000007") && !printed.printed.contains(secret),
        "{printed:?}"
    );
}

/// A wrong configuration ends with 2, and says which key and what would be right.
#[tokio::test]
async fn a_wrong_configuration_is_explained() {
    let output = program_output(&["config", "check"], &[("TEAHOUSE__SERVER__LISTEN", "nowhere")]).await;
    assert_eq!(output.code, 2, "{output:?}");
    let said = format!("{}{}", output.printed, output.errors);
    assert!(said.contains("TEAHOUSE__SERVER__LISTEN") && said.contains("127.0.0.1:8080"), "{said}");
    let output = program_output(&["config", "check"], &[("TEAHOUSE__SERVER__LISTN", "127.0.0.1:0")]).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        format!("{}{}", output.printed, output.errors).contains("TEAHOUSE__SERVER__LISTEN"),
        "{output:?}"
    );
}

/// Production refuses what is unsafe outside of development.
#[tokio::test]
async fn production_refuses_what_is_unsafe() {
    let output = program_output(&["config", "check"], &[("TEAHOUSE__MODE", "production")]).await;
    assert_eq!(output.code, 2, "{output:?}");
    let said = format!("{}{}", output.printed, output.errors);
    assert!(said.contains("secrets.key") || said.contains("TEAHOUSE__SECRETS__KEY"), "{said}");
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    assert_eq!(program_output(&["brew"], &[]).await.code, 2);
    assert_eq!(program_output(&["serve", "--no-such-flag"], &[]).await.code, 2);
    assert_eq!(program_output(&["--help"], &[]).await.code, 0);
}

/// The first administrator comes by a link that works once; there is no default password.
#[server_test]
async fn an_administrator_is_made_with_a_link(server: TestServer) {
    let made = server.command(&["admin", "create", "boss"]).await;
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.printed.contains("http") && made.printed.contains("/admin"), "{made:?}");
    let again = server.command(&["admin", "create", "boss"]).await;
    assert_eq!(again.code, 1, "the name is taken: {again:?}");
    let link = server.command(&["admin", "link", "boss"]).await;
    assert_eq!(link.code, 0, "{link:?}");
    assert_ne!(link.printed, made.printed);
    assert_eq!(server.command(&["admin", "link", "nobody"]).await.code, 1);
}

/// Shells learn the commands from the program itself.
#[tokio::test]
async fn completions_are_printed() {
    let completions = program_output(&["completions", "bash"], &[]).await;
    assert!(completions.code == 0 && completions.printed.contains("teahouse"), "{completions:?}");
}
