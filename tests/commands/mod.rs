//! The command line, and what stands around the service.

mod files;

use teahouse_tests::{Engine, Settings, TestServer, program_output, server_test};

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
