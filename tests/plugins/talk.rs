//! People who send as fast as the server takes it, and count what was acknowledged.
//!
//! Each connection's messages pass the filters one after another, so several talk at once, in several rooms: what all hear
//! would cost a hundred people in one room more than what passes the filter does. Each is in its room, as a client that
//! shows it is, and hears the others there; one hears all rooms, and checks every word.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use teahouse_tests::{Person, TestServer};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::wire::{self, Ear, Mouth};

const ROOMS: usize = 4;
/// Two in each room.
const TALKERS: usize = 2 * ROOMS;
/// Messages that each has under way: so the server always has more to do.
const UNDER_WAY: usize = 32;
/// So many are sent in one write.
const BREATH: usize = 8;

/// People in some rooms who talk, and one who listens to them all.
pub(super) struct Talk {
    rooms: Vec<String>,
    owner: Person,
    stop: Arc<AtomicBool>,
    acks: watch::Sender<u64>,
    /// Each ends with the seq of each of its messages.
    talking: JoinSet<(usize, Vec<u64>)>,
    listening: JoinSet<()>,
    heard: watch::Receiver<Vec<usize>>,
}

impl Talk {
    /// Begins.
    pub(super) async fn begin(server: &TestServer) -> Self {
        let owner = server.person("owner").await;
        let mut rooms = Vec::new();
        for number in 0..ROOMS {
            rooms.push(owner.public_room(&format!("talk {number}")).await);
        }
        let all: Vec<_> = rooms.iter().map(String::as_str).collect();
        let (_, ear) = wire::listen_in(server, &owner, &all).await;
        let (heard_by, heard) = watch::channel(vec![0; TALKERS]);
        let mut listening = JoinSet::new();
        listening.spawn(listen(ear, heard_by));
        let (stop, acks) = (Arc::<AtomicBool>::default(), watch::Sender::new(0));
        let mut talking = JoinSet::new();
        for number in 0..TALKERS {
            let (person, room) = (server.guest(&format!("g{number}")).await, &rooms[number % ROOMS]);
            person.join(room).await;
            let (mouth, ear) = wire::listen(server, &person, room).await;
            let talker = Talker { number, room: room.clone(), seqs: Vec::new(), sent: 0 };
            talking.spawn(talker.talk(mouth, ear, Arc::clone(&stop), acks.clone()));
        }
        Self { rooms, owner, stop, acks, talking, listening, heard }
    }

    /// How many messages were acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        *self.acks.borrow()
    }

    /// Waits for so many acks from here on. Ends early, and fails, with one who failed.
    pub(super) async fn goes_on(&mut self, acks: u64) {
        let mut count = self.acks.subscribe();
        let enough = *count.borrow() + acks;
        tokio::select! {
            reached = count.wait_for(|count| *count >= enough) => drop(reached.expect("the count")),
            ended = self.talking.join_next() => panic!("somebody stopped talking: {ended:?}"),
            ended = self.listening.join_next() => panic!("somebody stopped listening: {ended:?}"),
        }
    }

    /// Ends, and judges the rooms: what was acknowledged was heard and is there once, in its sender's order, where its ack
    /// said, and nothing else is. Returns how all contents end, room by room and in the room's order.
    pub(super) async fn end(mut self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut books = vec![Vec::new(); TALKERS];
        while let Some(book) = self.talking.join_next().await {
            let (number, seqs) = book.expect("nobody who talks fails");
            books[number] = seqs;
        }
        let all_is_heard =
            |heard: &Vec<usize>| heard.iter().zip(&books).all(|(heard, book)| *heard == book.len());
        tokio::select! {
            heard = self.heard.wait_for(all_is_heard) => drop(heard.expect("a listener")),
            ended = self.listening.join_next() => panic!("somebody stopped listening: {ended:?}"),
        }
        let mut next = vec![0; TALKERS];
        let mut ends = Vec::new();
        for (place, room) in self.rooms.iter().enumerate() {
            for message in self.owner.history(room).await {
                let content = message["content"].as_str().expect("a text");
                let (number, word, end) = said(content).unwrap_or_else(|| panic!("nobody said {content}"));
                assert_eq!(number % ROOMS, place, "{content} is in another room");
                assert_eq!(word, next[number], "{content} is there again, or too early");
                assert_eq!(message["seq"], books[number][word], "the ack of {content} named another place");
                next[number] += 1;
                ends.push(end.to_owned());
            }
        }
        let acknowledged: Vec<_> = books.iter().map(Vec::len).collect();
        assert_eq!(next, acknowledged, "what is there is not what was acknowledged");
        ends
    }
}

/// One who talks.
struct Talker {
    number: usize,
    room: String,
    seqs: Vec<u64>,
    sent: usize,
}

impl Talker {
    async fn talk(
        mut self,
        mut mouth: Mouth,
        mut ear: Ear,
        stop: Arc<AtomicBool>,
        acks: watch::Sender<u64>,
    ) -> (usize, Vec<u64>) {
        loop {
            let free = UNDER_WAY - (self.sent - self.seqs.len());
            if free >= BREATH && !stop.load(Ordering::Relaxed) {
                mouth.says_all((0..free).map(|_| self.next_frame())).await;
            }
            if self.sent == self.seqs.len() {
                return (self.number, self.seqs);
            }
            let event = ear.hears().await;
            if event.contains("\"type\":\"ack\"") {
                let id = wire::after(&event, "\"id\":\"");
                assert_eq!(id, Some(&*self.seqs.len().to_string()), "acks come in order: {event}");
                let seq = wire::number_after(&event, "\"seq\":");
                self.seqs.push(seq.unwrap_or_else(|| panic!("no place: {event}")));
                acks.send_modify(|count| *count += 1);
            }
        }
    }

    fn next_frame(&mut self) -> String {
        let (room, number, word) = (&self.room, self.number, self.sent);
        self.sent += 1;
        format!(r#"{{"type":"msg","room":"{room}","id":"{word}","content":"w {number} {word}"}}"#)
    }
}

/// Hears each word once and in order.
async fn listen(mut ear: Ear, heard: watch::Sender<Vec<usize>>) {
    loop {
        let event = ear.hears().await;
        let content = wire::after(&event, "\"content\":\"");
        let Some((number, word, _)) = content.and_then(said) else { continue };
        assert_eq!(word, heard.borrow()[number], "again, or too early: {event}");
        heard.send_modify(|heard| heard[number] += 1);
    }
}

/// Who said it, the how manieth of theirs it is, and what follows.
fn said(content: &str) -> Option<(usize, usize, &str)> {
    let mut words = content.strip_prefix("w ")?.splitn(3, ' ');
    let (number, word) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((number, word, words.next().unwrap_or_default()))
}
