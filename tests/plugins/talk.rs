//! People who talk all the time, and count what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use teahouse_tests::{Person, TestServer};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Some people in a room, each of whom sends as fast as the acks come.
pub(super) struct Talk {
    room: String,
    owner: Person,
    stop: Arc<AtomicBool>,
    acks: watch::Sender<u64>,
    talking: JoinSet<(String, Vec<u64>)>,
}

impl Talk {
    /// Begins: `people` of them.
    pub(super) async fn begin(server: &TestServer, people: usize) -> Self {
        let owner = server.person("owner").await;
        let room = owner.public_room("talk").await;
        let mut talk =
            Self { room, owner, stop: Arc::default(), acks: watch::Sender::new(0), talking: JoinSet::new() };
        for number in 0..people {
            let person = server.guest(&format!("g{number}")).await;
            person.join(&talk.room).await;
            let (room, stop, acks) = (talk.room.clone(), Arc::clone(&talk.stop), talk.acks.clone());
            talk.talking.spawn(send_until(person, room, stop, acks));
        }
        talk
    }

    /// The room.
    pub(super) fn room(&self) -> &str {
        &self.room
    }

    /// Who owns it.
    pub(super) fn owner(&self) -> &Person {
        &self.owner
    }

    /// Waits for so many acks from here on. Ends early, and fails, with one who failed.
    pub(super) async fn goes_on(&mut self, acks: u64) {
        let mut count = self.acks.subscribe();
        let enough = *count.borrow() + acks;
        tokio::select! {
            reached = count.wait_for(|count| *count >= enough) => drop(reached.expect("the count")),
            ended = self.talking.join_next() => panic!("somebody stopped talking: {ended:?}"),
        }
    }

    /// Ends, and judges the room: what was acknowledged is there once, in its sender's order, and nothing else of theirs.
    /// Returns all that is in the room.
    pub(super) async fn end(self) -> Vec<Value> {
        self.stop.store(true, Ordering::Relaxed);
        let books = self.talking.join_all().await;
        let all = self.owner.history(&self.room).await;
        for (name, acknowledged) in books {
            let of_them = all.iter().filter(|message| message["sender"]["name"] == name.as_str());
            let (contents, seqs): (Vec<_>, Vec<_>) =
                of_them.map(|message| (message["content"].clone(), message["seq"].as_u64())).unzip();
            let sent: Vec<String> =
                (0..acknowledged.len()).map(|number| format!("{name} says {number}")).collect();
            assert_eq!(contents, sent, "{name} was not heard as they spoke");
            let acknowledged: Vec<Option<u64>> = acknowledged.into_iter().map(Some).collect();
            assert_eq!(seqs, acknowledged, "{name} was told other places");
        }
        all
    }
}

/// Returns the name, and the seq of each ack.
async fn send_until(
    person: Person,
    room: String,
    stop: Arc<AtomicBool>,
    acks: watch::Sender<u64>,
) -> (String, Vec<u64>) {
    let mut socket = person.connect().await;
    let mut seqs = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let number = seqs.len();
        let ack =
            socket.send_to(&room, &format!("m-{number}"), &format!("{} says {number}", person.name)).await;
        seqs.push(ack["seq"].as_u64().unwrap_or_else(|| panic!("no place: {ack}")));
        acks.send_modify(|count| *count += 1);
    }
    (person.name, seqs)
}
