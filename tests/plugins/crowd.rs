//! People who talk at a steady pace, whatever the server does, and how long each word took to each of the others.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use teahouse_tests::{PATIENCE, Person, TestServer};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{interval_at, timeout};

use super::wire::{self, Ear, Mouth};

/// So many are in the room.
pub(crate) const PEOPLE: usize = 50;
/// Each says something so often: a hundred words a second in all, five thousand deliveries.
const PACE: Duration = Duration::from_millis(500);

/// The people, and the room that they are in.
pub(crate) struct Crowd {
    room: String,
    owner: Person,
    book: Arc<Book>,
    people: JoinSet<()>,
}

/// Who said what when, and who heard it when.
struct Book {
    began: Instant,
    stop: AtomicBool,
    /// For each person, when each of their words left.
    said: Vec<Mutex<Vec<Duration>>>,
    heard: Vec<Mutex<Heard>>,
    progress: Notify,
}

/// What one of them heard.
struct Heard {
    /// For each speaker, which word comes next: one that was lost, doubled or overtaken is noticed at once.
    next: Vec<usize>,
    /// When the word left, and how long it took.
    latencies: Vec<(Duration, Duration)>,
}

impl Crowd {
    /// They come in, and begin to talk.
    pub(crate) async fn gather(server: &TestServer) -> Self {
        let owner = server.person("owner").await;
        let room = owner.public_room("talk").await;
        let come_in = async |number: usize| {
            let person = server.guest(&format!("g{number}")).await;
            person.join(&room).await;
            wire::listen(server, &person, &room).await
        };
        let connected = join_all((0..PEOPLE).map(come_in)).await;
        let heard = || Heard { next: vec![0; PEOPLE], latencies: Vec::new() };
        let book = Arc::new(Book {
            began: Instant::now(),
            stop: AtomicBool::new(false),
            said: (0..PEOPLE).map(|_| Mutex::default()).collect(),
            heard: (0..PEOPLE).map(|_| Mutex::new(heard())).collect(),
            progress: Notify::new(),
        });
        let mut people = JoinSet::new();
        for (number, (mouth, ear)) in connected.into_iter().enumerate() {
            people.spawn(talk(number, mouth, room.clone(), Arc::clone(&book)));
            people.spawn(listen(number, ear, Arc::clone(&book)));
        }
        Self { room, owner, book, people }
    }

    /// Who owns the room.
    pub(crate) fn owner(&self) -> &Person {
        &self.owner
    }

    /// The room.
    pub(crate) fn room(&self) -> &str {
        &self.room
    }

    /// How long they have talked.
    pub(crate) fn now(&self) -> Duration {
        self.book.began.elapsed()
    }

    /// Lets them talk for so long; returns how long it took to each of them.
    pub(crate) async fn alone(&mut self, span: Duration) -> Vec<Duration> {
        let from = self.now();
        tokio::time::sleep(span).await;
        self.latencies(from..self.now()).await
    }

    /// How long what was said in `span` took to each of them. Waits until all have heard it.
    pub(crate) async fn latencies(&mut self, span: Range<Duration>) -> Vec<Duration> {
        let due = self.book.said_before(span.end);
        let book = Arc::clone(&self.book);
        tokio::select! {
            heard = timeout(PATIENCE, book.all_hear(&due)) => heard.expect("something is not heard by all"),
            Some(ended) = self.people.join_next() => panic!("somebody is gone: {ended:?}"),
        }
        let all = self.book.heard.iter().flat_map(|heard| {
            let heard = heard.lock().expect("the book");
            let within = heard.latencies.iter().filter(|(said, _)| span.contains(said));
            within.map(|(_, took)| *took).collect::<Vec<_>>()
        });
        all.collect()
    }

    /// They stop. All that was said was heard by each of the others once and in order, and stands once and in order in
    /// the room's history; returns how many words that were.
    pub(crate) async fn part(mut self) -> usize {
        self.book.stop.store(true, Ordering::Relaxed);
        for _ in 0..PEOPLE {
            self.people.join_next().await.expect("a speaker").expect("no speaker fails");
        }
        let end = self.now();
        self.latencies(end..end).await;
        let mut next = vec![0; PEOPLE];
        for message in self.owner.history(&self.room).await {
            let content = message["content"].as_str().unwrap_or_default();
            if let Some((speaker, word)) = said(content) {
                assert_eq!(word, next[speaker], "speaker {speaker} in the history");
                next[speaker] += 1;
            }
        }
        assert_eq!(next, self.book.said_before(end), "what is in the history is not what was said");
        next.iter().sum()
    }
}

impl Book {
    /// How many words each had said by then.
    fn said_before(&self, then: Duration) -> Vec<usize> {
        let count =
            |said: &Mutex<Vec<Duration>>| said.lock().expect("the book").partition_point(|at| *at < then);
        self.said.iter().map(count).collect()
    }

    async fn all_hear(&self, due: &[usize]) {
        for (listener, heard) in self.heard.iter().enumerate() {
            loop {
                let progress = self.progress.notified();
                let has_heard =
                    |(speaker, (next, due)): (usize, (&usize, &usize))| speaker == listener || next >= due;
                if heard.lock().expect("the book").next.iter().zip(due).enumerate().all(has_heard) {
                    break;
                }
                progress.await;
            }
        }
    }
}

/// Says one word after another, on time: a server that is late is not waited for.
async fn talk(speaker: usize, mut mouth: Mouth, room: String, book: Arc<Book>) {
    // Not all in the same moment.
    let first = PACE * u32::try_from(speaker).expect("few") / u32::try_from(PEOPLE).expect("few");
    let mut clock = interval_at(tokio::time::Instant::now() + first, PACE);
    for word in 0.. {
        clock.tick().await;
        if book.stop.load(Ordering::Relaxed) {
            return;
        }
        let frame = json!({ "type": "msg", "room": room, "id": word.to_string(), "content": format!("w {speaker} {word}") });
        // When it really leaves: that the test itself was late is none of the server's fault.
        book.said[speaker].lock().expect("the book").push(book.began.elapsed());
        mouth.says(&frame).await;
    }
}

async fn listen(listener: usize, mut ear: Ear, book: Arc<Book>) {
    loop {
        let event = ear.hears().await;
        let now = book.began.elapsed();
        let Some((speaker, word)) = wire::after(&event, "\"content\":\"").and_then(said) else { continue };
        let left = book.said[speaker].lock().expect("the book")[word];
        let mut heard = book.heard[listener].lock().expect("the book");
        assert_eq!(word, heard.next[speaker], "{listener} hears another word of {speaker} than the next");
        heard.next[speaker] += 1;
        heard.latencies.push((left, now - left));
        drop(heard);
        book.progress.notify_waiters();
    }
}

/// Whose word it is, and which.
fn said(content: &str) -> Option<(usize, usize)> {
    let (speaker, word) = content.strip_prefix("w ")?.split_once(' ')?;
    Some((speaker.parse().ok()?, word.parse().ok()?))
}

/// What 99 of a hundred keep below.
pub(crate) fn p99(latencies: &[Duration]) -> Duration {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    assert!(sorted.len() >= 100, "{} deliveries are too few", sorted.len());
    sorted[sorted.len() * 99 / 100]
}

/// The largest 99th percentile that an attack may cost the people, whose latencies in quiet were these.
///
/// The aim of a release build is twice the quiet one. The server of a test is a debug build, on a machine whose processors it
/// shares with the test and the attacker: there an attack's share of the processor alone adds a multiple of it, and a slow machine
/// adds more. So it is five times, and nothing is compared below 40 ms. The faults that these tests are against made it 15
/// to 100 times.
pub(crate) fn bearable(quiet: &[Duration]) -> Duration {
    Duration::from_millis(40).max(5 * p99(quiet))
}
