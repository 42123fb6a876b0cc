//! A bot that means to reach what it must not. Names that lead inside, names with two faces, redirects, and hosts that hold
//! a request up need a resolver of the test's own: `crates/outbound/tests/requests`.

use teahouse_tests::{Keeper, TestServer, server_test};
use tokio::net::{TcpListener, TcpStream};

use super::super::house::{patient, put_to_work, runs};
use super::super::package::Workshop;
use super::{HOSTILE, tells};

/// Addresses of this machine and of its network, however they are written.
const ADDRESSES: [&str; 8] = [
    "127.0.0.1",
    "[::1]",
    "169.254.169.254",
    "10.0.0.1",
    "2130706433",
    "0177.0.0.1",
    "0x7f.1",
    "[::ffff:127.0.0.1]",
];

/// Names that lead there, and one that was agreed to.
const NAMES: [&str; 4] = ["localhost", "localhost.", "allowed.example@127.0.0.1", "allowed.example"];

#[server_test]
async fn a_request_to_an_address_inside_leaves_no_packet(server: TestServer) {
    leaves_no_packet(&server, &ADDRESSES).await;
}

#[server_test]
async fn a_request_to_a_name_of_inside_leaves_no_packet(server: TestServer) {
    leaves_no_packet(&server, &NAMES).await;
}

/// The bot is told that it may not, and the listener there sees nobody. Each asks for one host: of a bot's requests nobody
/// has more than a share, and ten may come at once.
async fn leaves_no_packet(server: &TestServer, hosts: &[&str]) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let keeper = at_work(server, &Workshop::of("hostile")).await;
    for (place, host) in hosts.iter().enumerate() {
        let mut person = server.person(&format!("person-{place}")).await.connect().await;
        person.send("h", &format!("?http https://{host}:{port}/")).await;
        let told = tells(&keeper, HOSTILE, place, "http: ").await;
        assert!(told.starts_with("http: denied"), "{host}: {told}");
    }
    let us = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let (_, first) = listener.accept().await.expect("a connection");
    assert_eq!(first, us.local_addr().expect("our address"), "somebody had come before");
}

/// A bot uses its store without end while an admin takes it away: in the same call, it is denied. Its call lasts two
/// seconds; where the server took longer to revoke, it is asked again.
#[server_test(patient)]
async fn what_is_revoked_is_denied_to_a_call_under_way(server: TestServer) {
    const ATTEMPTS: usize = 5;
    let workshop = Workshop::of("hostile");
    workshop.change("concurrency = 2", "concurrency = 2\nrunning-ms = 2000");
    let keeper = at_work(&server, &workshop).await;
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    for attempt in 0..ATTEMPTS {
        // Its own room: one that failed holds up what comes after it there.
        let room = ann.public_room("revoked").await;
        socket.send_to(&room, &format!("u{attempt}"), "?until-denied").await;
        tells(&keeper, HOSTILE, attempt, "until-denied: begins").await;
        let lines = server.lines();
        let revoke = keeper.request(reqwest::Method::DELETE, &format!("/plugins/{HOSTILE}/grants/kv"));
        teahouse_tests::Answer::of(revoke).await.expect(204);
        runs(&server, lines, HOSTILE, "").await;
        match tells(&keeper, HOSTILE, attempt, "until-denied: denied|running_time: |wall_time: ")
            .await
            .as_str()
        {
            "until-denied: denied: kv" => return,
            cut => println!("the server was too slow: {cut}"),
        }
        let shown = keeper.get(&format!("/plugins/{HOSTILE}")).await.expect(200);
        let grants = serde_json::json!({ "digest": shown["digest"] });
        let lines = server.lines();
        keeper.post(&format!("/plugins/{HOSTILE}/grants"), grants).await.expect(200);
        runs(&server, lines, HOSTILE, "").await;
    }
    panic!("a call went on with what was revoked");
}

/// The plugin, at work in all rooms.
async fn at_work(server: &TestServer, workshop: &Workshop) -> Keeper {
    let keeper = server.keeper().await;
    workshop.change("concurrency = 2", "concurrency = 2\nrooms = \"all\"");
    put_to_work(server, &keeper, workshop.pack().await).await;
    keeper
}
