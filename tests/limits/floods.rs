//! What one guest can do without end, beside fifty people who talk.

use std::time::Instant;

use futures_util::future::join_all;
use serde_json::{Value, json};
use teahouse_tests::{Person, Socket, TestServer, server_test};

use super::scene::{Scene, with_the_usual_limits};

/// Connections of the attacker.
const SOCKETS: usize = 20;
/// Frames that each sends before it looks at the answers.
const AT_ONCE: usize = 20;

/// Somebody with many connections, and what became of their frames.
struct Attacker<'a> {
    person: &'a Person,
    sockets: Vec<Option<Socket>>,
    began: Instant,
    accepted: usize,
}

impl<'a> Attacker<'a> {
    fn new(person: &'a Person) -> Self {
        Self { person, sockets: (0..SOCKETS).map(|_| None).collect(), began: Instant::now(), accepted: 0 }
    }

    /// Sends frames by each connection, and reads what is answered. One that was closed for too many frames is opened anew,
    /// as long as it may be.
    async fn flood(&mut self, mut frame: impl FnMut(usize) -> Value) {
        for socket in &mut self.sockets {
            if socket.is_none() {
                *socket = self.person.try_connect().await.ok();
            }
            let Some(socket) = socket else { continue };
            for number in 0..AT_ONCE {
                // Closed in the middle, the rest is lost.
                let _ = socket.try_text(&frame(number).to_string()).await;
            }
        }
        for place in &mut self.sockets {
            let Some(socket) = place else { continue };
            let (answers, is_open) = match socket.try_until_now().await {
                Ok(answers) => (answers, true),
                Err(_) => (socket.waiting(), false),
            };
            // One without a number changed nothing: it was so already.
            let is_accepted = |event: &&Value| event["type"] == "ack" && event["seq"].is_u64();
            self.accepted += answers.iter().filter(is_accepted).count();
            if !is_open {
                *place = None;
            }
        }
    }

    /// Of what goes into a log, no more was accepted than the limit of one user lets pass.
    fn was_held_to_the_limit(&self) {
        let seconds = usize::try_from(self.began.elapsed().as_secs()).expect("few");
        let allowed = 60 + 20 * (seconds + 1);
        assert!(self.accepted <= allowed, "{} were accepted, and {allowed} are allowed", self.accepted);
    }
}

/// Edits, reactions, and what goes into no log, over many connections of one guest.
#[server_test(with_the_usual_limits)]
async fn one_guest_with_many_connections_harms_nobody(server: TestServer) {
    let mut scene = Scene::begin(&server).await;
    let guest = server.guest("flood").await;
    let room = scene.crowd.room().to_owned();
    guest.join(&room).await;
    let said = guest.say(&room, "an innocent word").await;
    let mut attacker = Attacker::new(&guest);
    let mut counter = 0;
    let mut next = || {
        counter += 1;
        counter
    };
    scene
        .endure("edits", async || {
            attacker
                .flood(|_| json!({ "type": "edit", "id": "e", "message": said["id"], "content": format!("edit {}", next()) }))
                .await;
        })
        .await;
    let faces: Vec<char> = ('\u{1f600}'..'\u{1f640}').collect();
    scene
        .endure("reactions", async || {
            attacker
                .flood(|number| json!({ "type": "react", "id": "r", "message": said["id"], "emoji": faces[number % faces.len()] }))
                .await;
        })
        .await;
    attacker.was_held_to_the_limit();
    let message =
        guest.get(&format!("/v1/messages/{}", said["id"].as_str().expect("an id"))).await.expect(200);
    assert!(message["reactions"].as_array().is_none_or(|kinds| kinds.len() <= 20), "{message}");
    let people = vec![guest.id.as_str(); 200];
    for (name, frame) in [
        ("typing", json!({ "type": "typing", "room": room })),
        ("read marks", json!({ "type": "read", "room": room, "seq": 3 })),
        ("presence", json!({ "type": "presence", "users": people })),
        ("joins", json!({ "type": "join", "room": room, "since": 0 })),
        ("listens", json!({ "type": "listen", "rooms": "all" })),
        ("presses", json!({ "type": "press", "id": "p", "message": said["id"], "button": "a" })),
    ] {
        scene.endure(name, async || attacker.flood(|_| frame.clone()).await).await;
    }
    scene.end().await;
}

/// Sixty guests who come and go as fast as they can, some at once: if all were, the test's own share of the processor would be
/// what is measured.
#[server_test(with_the_usual_limits)]
async fn guests_who_come_and_go_in_a_loop_harm_nobody(server: TestServer) {
    const GUESTS: usize = 60;
    const TOGETHER: usize = 6;
    let mut scene = Scene::begin(&server).await;
    let guests = join_all((0..GUESTS).map(async |number| server.guest(&format!("loop{number}")).await)).await;
    scene
        .endure("coming and going", async || {
            for some in guests.chunks(TOGETHER) {
                // One that came too often is told so and closed.
                join_all(some.iter().map(async |guest| drop(guest.try_connect().await))).await;
            }
        })
        .await;
    scene.end().await;
}

/// A room that is public and private in turn, and many who listen to it.
#[server_test(with_the_usual_limits)]
async fn a_room_that_opens_and_closes_harms_nobody(server: TestServer) {
    const LISTENERS: usize = 10;
    const SOCKETS_EACH: usize = 30;
    let mut scene = Scene::begin(&server).await;
    let owner = server.guest("flip").await;
    let room = owner.public_room("flip").await;
    let mut listening = Vec::new();
    for number in 0..LISTENERS {
        let listener = server.guest(&format!("listener{number}")).await;
        listener.join(&room).await;
        for _ in 0..SOCKETS_EACH {
            let mut socket = listener.connect().await;
            socket.join(&room).await;
            listening.push(socket);
        }
    }
    let path = format!("/v1/rooms/{room}");
    scene
        .endure("visibility", async || {
            for visibility in ["private", "public"] {
                // Past the limit it is refused.
                owner.patch(&path, json!({ "visibility": visibility })).await;
            }
        })
        .await;
    scene.end().await;
}
