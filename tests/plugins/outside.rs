//! What a plugin asks of hosts outside, with a secret that it never sees.

use serde_json::{Value, json};
use teahouse_tests::{Keeper, Settings, Socket, TestServer, server_test};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::house::{PROBE, patient, probe, put_to_work, text};

const SECRET: &str = "5ecret-of-the-house";

/// Development's word for a host on this machine; otherwise a plugin speaks https, and to public addresses alone.
fn with_hosts_of_this_machine(settings: Settings) -> Settings {
    patient(settings).set("plugins.allow_private_hosts", true)
}

/// The request reaches the host that was agreed to, with the secret that the admin entered; the plugin gets the answer,
/// and neither it nor who administers ever gets the secret.
#[server_test(with_hosts_of_this_machine)]
async fn a_secret_goes_to_the_host_and_never_to_the_plugin(server: TestServer) {
    let mut host = Host::open().await;
    let (keeper, mut ann) = with_a_host(&server, &host.origin("api.localhost")).await;
    let url = format!("{}/tea?kind=green", host.origin("api.localhost"));
    let say = async |ann: &mut Socket, order: &str| {
        ann.send(&uuid::Uuid::now_v7().to_string(), &format!("{order} {url}")).await;
        ann.find("the bot", |event| event["type"] == "msg" && event["sender"]["is_bot"] == true).await
    };
    let told = say(&mut ann, "fetch-secretly").await;
    let told = text(&told, "content");
    assert!(told.contains("Invalid") && told.contains("not entered"), "{told}");

    let settings = json!({ "values": {}, "secrets": { "token": SECRET } });
    let lines = server.lines();
    let saved = keeper.put(&format!("/plugins/{PROBE}/settings"), settings).await.expect(200);
    assert_eq!(saved["secrets"], json!({ "token": true }), "{saved}");
    server.prints(lines, &["a plugin runs", PROBE]).await;
    let told = say(&mut ann, "fetch-secretly").await;
    assert_eq!(text(&told, "content"), "Ok((200, \"two cups\"))", "{told}");
    let asked = host.asked.recv().await.expect("a request").to_lowercase();
    assert!(asked.starts_with("get /tea?kind=green http/1.1"), "{asked}");
    assert!(asked.contains(&format!("authorization: bearer {SECRET}")), "{asked}");
    // Without naming it, nothing is sent of it.
    assert_eq!(text(&say(&mut ann, "fetch").await, "content"), "Ok(200)");
    let asked = host.asked.recv().await.expect("a request").to_lowercase();
    assert!(!asked.contains("authorization"), "{asked}");
    let logs = keeper.get(&format!("/plugins/{PROBE}/logs")).await.text;
    let shown = keeper.get(&format!("/plugins/{PROBE}/settings")).await.text;
    for told in [server.log(), logs, shown] {
        assert!(!told.contains(SECRET), "{told}");
    }
}

/// What was not agreed to is refused before a packet leaves: another name of the same machine, another port.
#[server_test(with_hosts_of_this_machine)]
async fn another_host_is_not_reached(server: TestServer) {
    let (mut host, other) = (Host::open().await, Host::open().await);
    let (_keeper, mut ann) = with_a_host(&server, &host.origin("api.localhost")).await;
    for (number, url) in [host.origin("www.localhost"), other.origin("api.localhost")].iter().enumerate() {
        ann.send(&number.to_string(), &format!("fetch {url}/")).await;
        let told =
            ann.find("the bot", |event| event["type"] == "msg" && event["sender"]["is_bot"] == true).await;
        assert!(text(&told, "content").starts_with("Err(Denied"), "{told}");
    }
    assert!(host.asked.try_recv().is_err(), "a packet left");
}

/// Where the operator allows no private hosts, the same grant reaches none.
#[server_test(patient)]
async fn this_machine_is_out_of_reach_unless_the_operator_says_so(server: TestServer) {
    let mut host = Host::open().await;
    let (_keeper, mut ann) = with_a_host(&server, &host.origin("api.localhost")).await;
    ann.send("1", &format!("fetch {}/", host.origin("api.localhost"))).await;
    let told = ann.find("the bot", |event| event["type"] == "msg" && event["sender"]["is_bot"] == true).await;
    assert!(text(&told, "content").starts_with("Err(Denied"), "{told}");
    assert!(host.asked.try_recv().is_err(), "a packet left");
}

/// The probe, that may talk to `origin`, and somebody in the lobby.
async fn with_a_host(server: &TestServer, origin: &str) -> (Keeper, Socket) {
    let workshop = probe();
    workshop.change("https://api.example.org", origin);
    workshop.change(
        "[[commands]]",
        "[config]\nschema = \"config.schema.json\"\nsecrets = [\"token\"]\n\n[[commands]]",
    );
    let schema: Value = json!({ "type": "object", "properties": {} });
    std::fs::write(workshop.path("config.schema.json"), schema.to_string()).expect("the schema");
    let keeper = server.keeper().await;
    put_to_work(server, &keeper, workshop.pack().await).await;
    let mut ann = server.person("ann").await.connect().await;
    let lobby = ann.lobby();
    ann.join(&lobby).await;
    (keeper, ann)
}

/// A host outside: keeps what it is asked, and answers the same to all.
struct Host {
    port: u16,
    asked: mpsc::UnboundedReceiver<String>,
}

impl Host {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (tell, asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                // The test may be over.
                let _ = tell.send(String::from_utf8_lossy(&head).into_owned());
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\ntwo cups";
                let _ = stream.write_all(answer).await;
            }
        });
        Self { port, asked }
    }

    fn origin(&self, name: &str) -> String {
        format!("http://{name}:{}", self.port)
    }
}
