//! A client that keeps books: what it sent, what was acknowledged, what it saw, over many connections.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};
use teahouse_tests::{Person, Socket};

/// Messages under way at once on one connection.
const WINDOW: usize = 4;

/// One client of one room.
pub(crate) struct Ledger {
    person: Person,
    room: String,
    /// Sent and not yet acknowledged, oldest first: what a client keeps, and sends again.
    unacknowledged: BTreeMap<u64, String>,
    sent: u64,
    /// The seq of each acknowledged client id.
    pub(crate) acknowledged: HashMap<String, u64>,
    /// The seqs of the events seen, its own messages only where they came as events.
    seen: Vec<u64>,
    /// The last seq seen, as event or as ack: what it resumes from.
    last: u64,
    /// Errors that answered a message.
    pub(crate) refusals: Vec<String>,
}

impl Ledger {
    /// A member of `room`, from its first event on.
    pub(crate) async fn open(person: Person, room: &str) -> Self {
        person.join(room).await;
        Self {
            person,
            room: room.to_owned(),
            unacknowledged: BTreeMap::new(),
            sent: 0,
            acknowledged: HashMap::new(),
            seen: Vec::new(),
            last: 0,
            refusals: Vec::new(),
        }
    }

    /// Connects, resumes, sends without pause, and tells each ack; ends with the connection, or when `go_on` says so.
    pub(crate) async fn talk(&mut self, mut go_on: impl FnMut() -> bool) {
        let Some(mut socket) = self.resume().await else { return };
        // What lost its ack is sent again, under the same id.
        for number in self.unacknowledged.keys().copied().collect::<Vec<_>>() {
            if self.send(&mut socket, number).await.is_err() {
                return;
            }
        }
        loop {
            while self.unacknowledged.len() < WINDOW {
                self.sent += 1;
                let number = self.sent;
                self.unacknowledged.insert(number, format!("{} says {number}", self.person.name));
                if self.send(&mut socket, number).await.is_err() {
                    return;
                }
            }
            let Ok(event) = socket.next().await else { return };
            let is_ack = event["type"] == "ack";
            self.note(&event).await;
            if event["type"] == "error" {
                self.send_again(&mut socket, &event).await;
            }
            if is_ack && !go_on() {
                return;
            }
        }
    }

    /// Resumes, gets every open ack, and sees everything up to the room's end.
    pub(crate) async fn catch_up(&mut self) {
        let mut socket = self.resume().await.expect("the server is back");
        for number in self.unacknowledged.keys().copied().collect::<Vec<_>>() {
            self.send(&mut socket, number).await.expect("the server is back");
        }
        while !self.unacknowledged.is_empty() {
            let event = socket.next().await.expect("an answer");
            self.note(&event).await;
        }
        let path = format!("/v1/rooms/{}", self.room);
        let end = self.person.get(&path).await.expect(200)["last_seq"].as_u64().expect("last_seq");
        while self.last < end {
            let event = socket.next().await.expect("the missed events");
            self.note(&event).await;
        }
    }

    /// Connects, and listens to the room from the last event seen. `None`: not now.
    async fn resume(&mut self) -> Option<Socket> {
        let mut socket = self.person.try_connect().await.ok()?;
        let join = json!({ "type": "join", "room": self.room, "since": self.last }).to_string();
        socket.try_text(&join).await.ok()?;
        let answer = socket.next().await.ok()?;
        if answer["type"] == "error" {
            self.note(&answer).await;
            return None;
        }
        assert_eq!(answer["type"], "joined", "{answer}");
        Some(socket)
    }

    async fn send(&self, socket: &mut Socket, number: u64) -> Result<(), String> {
        let id = self.id(number);
        let frame =
            json!({ "type": "msg", "room": self.room, "id": id, "content": self.unacknowledged[&number] });
        socket.try_text(&frame.to_string()).await
    }

    async fn send_again(&self, socket: &mut Socket, error: &Value) {
        let refused = error["id"].as_str().and_then(|id| id.rsplit('-').next()?.parse().ok());
        if let Some(number) = refused.filter(|number| self.unacknowledged.contains_key(number)) {
            // When this fails the next read ends the connection.
            let _ = self.send(socket, number).await;
        }
    }

    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.person.name)
    }

    /// Books one event.
    async fn note(&mut self, event: &Value) {
        match event["type"].as_str() {
            Some("ack") => {
                let id = event["id"].as_str().expect("an id").to_owned();
                let seq = event["seq"].as_u64().expect("a seq");
                let number: u64 =
                    id.rsplit('-').next().and_then(|number| number.parse().ok()).expect("a number");
                self.unacknowledged.remove(&number);
                let before = self.acknowledged.insert(id.clone(), seq);
                assert!(before.is_none_or(|before| before == seq), "two acks of {id}: {before:?} and {seq}");
                self.last = self.last.max(seq);
            }
            Some("error") => self.refusals.push(event["code"].as_str().unwrap_or_default().to_owned()),
            Some("gap") => {
                let (from, to) = (event["from"].as_u64().expect("from"), event["to"].as_u64().expect("to"));
                Box::pin(self.fill(from, to)).await;
            }
            _ => {
                if let Some(seq) = event["seq"].as_u64().filter(|_| event["room"] == self.room.as_str()) {
                    self.seen.push(seq);
                    self.last = self.last.max(seq);
                }
            }
        }
    }

    async fn fill(&mut self, from: u64, to: u64) {
        let mut after = from - 1;
        while after < to {
            let path = format!("/v1/rooms/{}/events?after={after}&limit=200", self.room);
            // The server may be killed meanwhile: the rest is asked for after the next resume.
            let Ok(page) =
                teahouse_tests::Answer::attempt(self.person.request(reqwest::Method::GET, &path)).await
            else {
                return;
            };
            for event in page.expect(200)["items"].as_array().expect("items") {
                after = event["seq"].as_u64().expect("a seq");
                if after <= to {
                    self.note_missed(event);
                }
            }
        }
    }

    fn note_missed(&mut self, event: &Value) {
        let seq = event["seq"].as_u64().expect("a seq");
        self.seen.push(seq);
        self.last = self.last.max(seq);
    }

    /// Judges the books against the room's log.
    pub(crate) fn audit(&self, log: &[Value]) {
        let name = &self.person.name;
        for (id, seq) in &self.acknowledged {
            let at = usize::try_from(seq - 1).expect("a place");
            let event = log.get(at).unwrap_or_else(|| panic!("{id} was acknowledged at {seq} and is lost"));
            assert_eq!(event["client_id"], id.as_str(), "{id} was acknowledged at {seq}: {event}");
        }
        let distinct: BTreeSet<u64> = self.seen.iter().copied().collect();
        assert_eq!(distinct.len(), self.seen.len(), "{name} saw an event twice: {:?}", doubled(&self.seen));
        let own: BTreeSet<u64> = self.acknowledged.values().copied().collect();
        let all: BTreeSet<u64> = log.iter().filter_map(|event| event["seq"].as_u64()).collect();
        let missed: Vec<&u64> =
            all.iter().filter(|seq| !distinct.contains(seq) && !own.contains(seq)).collect();
        assert!(missed.is_empty(), "{name} never saw {missed:?}");
    }
}

fn doubled(seen: &[u64]) -> Vec<u64> {
    let mut met = BTreeSet::new();
    seen.iter().copied().filter(|seq| !met.insert(*seq)).collect()
}

/// The room's log, whole: dense from 1, each client id once.
pub(crate) async fn whole_log(person: &Person, room: &str) -> Vec<Value> {
    let mut log: Vec<Value> = Vec::new();
    loop {
        let path = format!("/v1/rooms/{room}/events?after={}&limit=200", log.len());
        let page = person.get(&path).await.expect(200);
        let items = page["items"].as_array().expect("items");
        if items.is_empty() {
            break;
        }
        log.extend(items.clone());
    }
    for (place, event) in log.iter().enumerate() {
        assert_eq!(event["seq"].as_u64(), Some(place as u64 + 1), "the log is not dense: {event}");
    }
    let mut ids = BTreeSet::new();
    for id in
        log.iter().filter_map(|event| Some((event["sender"]["id"].as_str()?, event["client_id"].as_str()?)))
    {
        assert!(ids.insert(id), "{id:?} is there twice");
    }
    log
}
