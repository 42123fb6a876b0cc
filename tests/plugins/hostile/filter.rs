//! Attacks by a filter, before a message is stored: each word of the crowd goes through it too.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teahouse_tests::{PATIENCE, TestServer, server_test};
use tokio::time::interval;

use super::Ending::{Cut, CutByEither, Error, NoVerdict, Told};
use super::{Attack, HOSTILE, PARDON_AFTER, PAUSE, Siege, TIMES, WINDOW, attack, measured};

/// What takes all memory that it gets ends by whichever it meets first: its time, or an allocator that gives up.
const MEMORY: &[&str] = &["trap", "running_time", "wall_time"];

const ATTACKS: &[Attack] = &[
    attack("!error", Error),
    attack("!smuggle", NoVerdict),
    attack(
        "!denied",
        Told(&[
            "messages.send: denied: messages",
            "messages.typing: denied: messages",
            "history.before: denied: history",
            "moderation.remove: denied: moderation",
            "timers.once: denied: timers",
            "http.send: denied: http",
        ]),
    ),
    attack("!denied-flood", Told(&["denied-flood: 198 denied"])),
    attack(
        "!kv-escape",
        Told(&[
            "get \"../other\": 0 bytes",
            "get \"/etc/passwd\": 0 bytes",
            "get \"org.example.other/secret\": 0 bytes",
            "get \"%\": 0 bytes",
        ]),
    ),
    attack("!kv-big", Told(&["kv-big: too large: 65536 bytes at most"])),
    attack("!kv-fill 64", Told(&["kv-fill: the quota of 65536 is used up"])),
    attack("!room nowhere", Told(&["room: not found"])),
    attack("!members nowhere", Told(&["members: not found"])),
    attack(
        "!log-inject",
        Told(&[
            "first\\n2026-01-01T00:00:00Z ERROR server: forged a\\nb=c\\u{1b}[2Jd",
            "\\u{202e}desrever\\u{2066}\\u{200b}",
        ]),
    ),
    attack("!loop", CutByEither(&["running_time", "wall_time"])),
    attack("!recurse", Cut("stack")),
    attack("!memory", CutByEither(MEMORY)),
    attack("!memory-loop", CutByEither(MEMORY)),
    attack("!copy", CutByEither(MEMORY)),
    attack("!trap", Cut("trap")),
    attack("!huge-line", Cut("data")),
    attack("!strings", Cut("data")),
    attack("!huge-reply", Cut("data")),
    attack("!large-reply", Cut("bad_reply")),
    attack("!kv-flood", Cut("host_calls")),
    attack("!directory-flood", Cut("host_calls")),
    // Two hundred times four kilobytes of it are ten milliseconds of a debug build.
    attack("!random-flood", CutByEither(&["host_calls", "running_time", "wall_time"])),
    attack("!log-flood", Cut("host_calls")),
];

/// Each attack of the filter: its message passes, as the policy says of one that fails, and nobody else notices. What it
/// answers and nobody can use is refused: the filter has looked, and did not want the message as it is.
#[server_test(measured)]
async fn a_hostile_filter_fails_its_own_calls_alone(server: TestServer) {
    // Its bot hears nothing: this is about the filter.
    let changes = [("\"posted\", \"edited\", \"reacted\", \"timer\", \"pressed\"", "\"timer\"")];
    let mut siege = Siege::lay(&server, &changes, 0).await;
    siege.endure(ATTACKS).await;
    siege.is_cut_in_time().await;
    let answer = siege.say("!bad-code").await;
    assert_eq!(answer["rule"], "unnamed", "{answer}");
    let history = siege.crowd.owner().history(siege.crowd.room()).await;
    for Attack { text, ending } in ATTACKS {
        let there = history.iter().filter(|message| message["content"] == *text).count() as u64;
        if ending.is_unusable() {
            assert_eq!(there, 0, "{text} passed");
        } else {
            assert!(there >= TIMES, "{text} is there {there} times");
        }
    }
    assert!(history.iter().all(|message| message["mentions"].is_null()), "a mention was smuggled in");
    siege.crowd.part().await;
}

impl Siege<'_> {
    pub(super) async fn strike_at_filter(&mut self, attack: &Attack) {
        let (before, began, mut times) = (self.tally().await, Instant::now(), 0);
        let mut pause = interval(if attack.ending.is_paced() { PAUSE } else { Duration::from_millis(1) });
        loop {
            pause.tick().await;
            if times % PARDON_AFTER == 0 {
                self.pardon().await;
            }
            let answer = self.say(attack.text).await;
            assert!(began.elapsed() < PATIENCE, "{} is not made: {answer}", attack.text);
            // The machine had no time for it: it was not made.
            if answer["code"] == "unavailable" {
                continue;
            }
            let expected = if attack.ending.is_unusable() { "error" } else { "ack" };
            assert_eq!(answer["type"], expected, "{}: {answer}", attack.text);
            times += 1;
            if times < TIMES || began.elapsed() < WINDOW {
                continue;
            }
            // One that it was left alone for was none.
            if !attack.ending.is_cut() || attack.ending.count(&before, &self.tally().await) >= TIMES {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{} is not made", attack.text);
        }
    }

    async fn say(&mut self, content: &str) -> Value {
        self.next_id += 1;
        let (id, room) = (format!("attack-{}", self.next_id), self.crowd.room());
        let frame = json!({ "type": "msg", "room": room, "id": id, "content": content });
        self.attacker.frame(frame).await;
        self.attacker.find("an answer", |event| event["id"] == id.as_str() && event["type"] != "msg").await
    }

    /// An endless loop has ten milliseconds, and is cut within fifteen: on a machine that has other things to do not each
    /// time, but once in a while.
    async fn is_cut_in_time(&mut self) {
        const TRIES: u64 = 50;
        let mut took = Vec::new();
        for number in 0..TRIES {
            if number % PARDON_AFTER == 0 {
                self.pardon().await;
            }
            self.say("!loop").await;
            let verdicts = self.keeper.get(&format!("/verdicts?plugin={HOSTILE}&limit=1")).await.expect(200);
            let last = verdicts["items"][0]["took_us"].as_u64().expect("a time");
            // One that it was left alone for took none.
            if (10_000..=15_000).contains(&last) {
                return;
            }
            took.push(last);
        }
        panic!("an endless loop took these microseconds: {took:?}");
    }
}
