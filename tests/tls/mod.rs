//! TLS at the server's own port: `https` and `wss`, certificates that are renewed, and handshakes that never end.

mod acme;
mod authority;
mod client;

use teahouse_tests::{Engine, Settings, TestServer, program_output, server_test};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use authority::{Authority, Files};
use client::Client;

const DOMAIN: &str = "chat.example.com";

/// A server with a certificate of `authority`, whose files are `files`.
async fn start(files: &Files, authority: &Authority, settings: Settings) -> TestServer {
    files.write(&authority.certificate(DOMAIN));
    let settings =
        settings.set("tls.certificate", files.certificate.display()).set("tls.key", files.key.display());
    // Development answers to its own names alone.
    let settings = settings.set("server.development_hosts", DOMAIN);
    TestServer::start(Engine::Sqlite, settings).await
}

#[tokio::test]
async fn https_and_wss_share_one_port() {
    let (files, authority) = (Files::new(), Authority::new());
    let server = start(&files, &authority, Settings::default()).await;
    let client = Client::trusting(&authority);
    let mut stream = client.connect(server.address(), DOMAIN).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let answer = client::get(&mut stream, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut ann = client.socket(server.address(), DOMAIN).await;
    let mut bob = client.socket(server.address(), DOMAIN).await;
    // Larger than a TLS record, and than what TLS keeps of what the client has not taken.
    let long = "茶".repeat(2_000);
    for number in 0..40 {
        client::say(&mut ann, &format!("c-{number}"), &long).await;
    }
    for number in 0..40 {
        assert_eq!(client::ack(&mut ann, &format!("c-{number}")).await["type"], "ack");
    }
    client::hears(&mut bob, 40, &long).await;
    // Without TLS there is nothing to talk about.
    assert!(server.http().get(format!("http://{}/healthz", server.address())).send().await.is_err());
}

#[tokio::test]
async fn a_renewed_certificate_takes_over_and_a_wrong_one_does_not() {
    let (files, authority, other) = (Files::new(), Authority::new(), Authority::new());
    let mut server = start(&files, &authority, Settings::default()).await;
    let (old, new) = (Client::trusting(&authority), Client::trusting(&other));
    assert!(new.connect(server.address(), DOMAIN).await.is_err(), "not its authority yet");
    let (certificate, key) = other.certificate(DOMAIN);
    files.write(&(certificate.clone(), "no key".to_owned()));
    server.prints(0, &["the one before stays in use"]).await;
    old.connect(server.address(), DOMAIN).await.expect("the one before");
    files.write(&(certificate, key));
    server.prints(0, &["the TLS certificate was renewed"]).await;
    new.connect(server.address(), DOMAIN).await.expect("the new one");
    assert!(old.connect(server.address(), DOMAIN).await.is_err());
    server.ask_to_end();
    assert!(server.ended().await.success());
}

/// One address has an eighth of all: of eight, one.
#[tokio::test]
async fn a_handshake_that_never_ends_is_bounded_in_time_and_number() {
    let (files, authority) = (Files::new(), Authority::new());
    let settings = Settings::default().set("tls.handshakes", 8).set("tls.handshake_s", 2);
    let server = start(&files, &authority, settings).await;
    let client = Client::trusting(&authority);
    let mut tries = 0;
    let mut silent = loop {
        let silent = TcpStream::connect(server.address()).await.expect("a connection");
        if client.connect(server.address(), DOMAIN).await.is_err() {
            break silent;
        }
        // The one accepted first need not begin first: then it was the silent one that came too late.
        tries += 1;
        assert!(tries < 5, "two of one address shake hands at once");
    };
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0, "it ends without a word");
    client.connect(server.address(), DOMAIN).await.expect("there is room again");
}

#[server_test]
async fn a_wrong_certificate_says_what_to_do(server: TestServer) {
    let files = Files::new();
    let (certificate, key) = (files.certificate.display().to_string(), files.key.display().to_string());
    let environment = [("TEAHOUSE__TLS__CERTIFICATE", &*certificate), ("TEAHOUSE__TLS__KEY", &*key)];
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let apart = [("TEAHOUSE__DATA_DIR", &*data), ("TEAHOUSE__DATABASE__URL", "")];
    let start = async || server.command_with(&["serve"], &[&environment[..], &apart].concat()).await;
    let absent = start().await;
    assert!(
        absent.code == 1 && absent.errors.contains("can't be read; may the server's user?"),
        "{absent:?}"
    );
    let authority = Authority::new();
    files.write(&(authority.certificate(DOMAIN).0, authority.certificate(DOMAIN).1));
    let mismatched = start().await;
    assert!(
        mismatched.code == 1 && mismatched.errors.contains("is not the one of the certificate"),
        "{mismatched:?}"
    );
    let alone = program_output(&["config", "check"], &environment[..1]).await;
    assert!(alone.code == 2 && alone.errors.contains("tls.certificate needs tls.key"), "{alone:?}");
}
