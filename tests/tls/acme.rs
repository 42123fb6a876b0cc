//! Certificates by ACME, from Pebble: the authority that Let's Encrypt's makers test clients with.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::json;
use teahouse_tests::{Engine, PATIENCE, Settings, TestServer};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::authority::{Authority, Files};
use super::client::{self, Client};

/// The authority looks for its clients by the machine's own resolver.
const DOMAIN: &str = "localhost";

/// Pebble, which ends with the test.
struct Pebble {
    directory: u16,
    management: u16,
    /// Signs what Pebble itself speaks TLS with.
    authority: Authority,
    folder: TempDir,
    process: Option<Child>,
}

impl Pebble {
    /// Where it will be, once it is started.
    fn new() -> Self {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
        std::fs::write(folder.path().join("root.pem"), &authority.root).expect("its root");
        let [directory, management] = free_ports();
        Self { directory, management, authority, folder, process: None }
    }

    fn settings(&self) -> Settings {
        Settings::default()
            .set("tls.acme_domains", DOMAIN)
            .set("tls.acme_contact", "ann@example.com")
            .set("tls.acme_directory", format!("https://localhost:{}/dir", self.directory))
            .set("tls.acme_root", self.folder.path().join("root.pem").display())
    }

    /// Starts it; it looks for its clients at `port`, as others do at 443.
    fn start(&mut self, port: u16) {
        let files = Files::new();
        files.write(&self.authority.certificate(DOMAIN));
        let own = |name: &str| self.folder.path().join(name);
        std::fs::copy(&files.certificate, own("own.pem")).expect("its certificate");
        std::fs::copy(&files.key, own("own.key")).expect("its key");
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.directory),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": own("own.pem"),
            "privateKey": own("own.key"),
            "httpPort": 1,
            "tlsPort": port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        std::fs::write(own("pebble.json"), config.to_string()).expect("its configuration");
        let mut command = Command::new("pebble");
        command.arg("-config").arg(own("pebble.json"));
        // It would wait up to 15 s before each look, and refuse every twentieth request for no reason.
        command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_WFE_NONCEREJECT", "0");
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        self.process = Some(command.spawn().expect("pebble (`cargo xtask test` installs it)"));
    }

    /// Ends it. Its files stay, of which the server reads one at its start.
    fn stop(&mut self) {
        self.process = None;
    }

    /// The root of what it signs, made anew at each start.
    async fn root(&self) -> String {
        let own = reqwest::Certificate::from_pem(self.authority.root.as_bytes()).expect("PEM");
        let client = reqwest::Client::builder().tls_certs_only([own]).build().expect("a client");
        let url = format!("https://localhost:{}/roots/0", self.management);
        let asking = async {
            loop {
                if let Ok(answer) = client.get(&url).send().await {
                    return answer.text().await.expect("a body");
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("Pebble answers")
    }
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}

/// The authority is away at first: the server serves, says what is wrong, and tries again. The certificate comes, is
/// kept for the next start, and is nobody else's to read.
#[tokio::test]
async fn a_certificate_comes_by_acme_and_is_kept() {
    let mut pebble = Pebble::new();
    let mut server = TestServer::start(Engine::Sqlite, pebble.settings()).await;
    server.prints(0, &["no TLS certificate came by ACME"]).await;
    pebble.start(server.address().port());
    server.prints(0, &["a new TLS certificate is in use"]).await;
    let client = Client::trusting_root(&pebble.root().await);
    let mut stream = client.connect(server.address(), DOMAIN).await.expect("a handshake");
    let answer = client::get(&mut stream, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    client.socket(server.address(), DOMAIN).await;
    let kept = server.data_folder().join("acme");
    let modes: Vec<_> = std::fs::read_dir(&kept)
        .expect("the folder")
        .map(|entry| entry.expect("a file").metadata().expect("its mode").permissions().mode() & 0o777)
        .collect();
    assert_eq!(modes, [0o600, 0o600], "the account and the certificate");
    pebble.stop();
    server.kill().await;
    let from = server.lines();
    server.start_again().await;
    server.prints(from, &["the kept TLS certificate is in use"]).await;
    client.connect(server.address(), DOMAIN).await.expect("without the authority");
}
