//! Attacks by a bot, after a message is stored, beside a crowd in another room.

use std::time::{Duration, Instant};

use teahouse_tests::{PATIENCE, TestServer, server_test};
use tokio::time::interval;

use super::Ending::{Cut, CutByEither, Told, ToldOrCut};
use super::{Attack, PARDON_AFTER, PAUSE, Siege, TIMES, WINDOW, attack, measured};

/// Rooms to attack through. A bot that fails is told again after a second, and what comes later in its room waits so long.
const FRONTS: usize = 24;
/// Rooms in which it is asked at once: more than it has instances.
const AT_ONCE: u64 = 3;

const ATTACKS: &[Attack] = &[
    attack("?echo", Told(&["echo: done"])),
    attack("?edit", Told(&["edit: done"])),
    attack("?react", Told(&["react: done"])),
    attack("?twice", Told(&["twice: one message"])),
    attack("?markup", Told(&["markup: done"])),
    attack("?flood", Told(&["sent, then too often"])),
    attack("?timers", Told(&["timer every 0: invalid", "timers: 1 set, then the quota of 1 is used up"])),
    attack("?http http://127.0.0.1:9/", Told(&["http: denied"])),
    attack("?http https://[::ffff:127.0.0.1]/", Told(&["http: denied"])),
    attack("?http-header Host", Told(&["http-header: denied"])),
    attack("?room nowhere", Told(&["room: not found"])),
    attack("?history nowhere", Told(&["history: not found"])),
    attack("?send-to nowhere", Told(&["send-to: not found"])),
    attack("?loop", Cut("running_time")),
    attack("?recurse", Cut("stack")),
    attack("?memory", CutByEither(&["trap", "running_time"])),
    attack("?memory-loop", Cut("running_time")),
    attack("?copy", Cut("running_time")),
    attack("?trap", Cut("trap")),
    attack("?huge-line", Cut("data")),
    attack("?strings", Cut("data")),
    attack("?directory-flood", Cut("host_calls")),
    attack("?kv-keys k", ToldOrCut(&["set, then too often"], &["running_time", "wall_time"])),
    attack("?kv-flood", Cut("host_calls")),
    // The last: what it leaves of a minute's lines of log is not enough to be told anything.
    attack("?log-flood", Cut("host_calls")),
];

/// Each attack of the bot: it comes after the commit, and the talk goes on beside it.
#[server_test(measured)]
async fn a_hostile_bot_harms_nobody(server: TestServer) {
    let mut siege = Siege::lay(&server, &[("rooms = \"all\"", "rooms = \"chosen\"")], FRONTS).await;
    siege.at_once = 2;
    siege.endure(ATTACKS).await;
    siege.crowd.part().await;
}

impl Siege<'_> {
    pub(super) async fn strike_at_bot(&mut self, attack: &Attack) {
        let (before, began, mut asked) = (self.tally().await, Instant::now(), 0);
        let mut pause = interval(if attack.ending.is_paced() { PAUSE } else { Duration::from_millis(1) });
        loop {
            pause.tick().await;
            let ended = attack.ending.count(&before, &self.tally().await);
            if ended >= TIMES && began.elapsed() >= WINDOW {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{}: {ended} of {asked} ended", attack.text);
            if asked < ended + AT_ONCE {
                self.ask_bot(attack.text).await;
                asked += 1;
            } else if began.elapsed() > WINDOW {
                // Some came too late to be attacks.
                asked = ended;
            }
            if asked % PARDON_AFTER == 0 {
                self.pardon().await;
            }
        }
    }

    /// Says it in the next room.
    async fn ask_bot(&mut self, content: &str) {
        let front = &mut self.fronts[self.next_front % FRONTS];
        self.next_front += 1;
        self.next_id += 1;
        let id = format!("attack-{}", self.next_id);
        let ack = front.owner.send_to(&front.room, &id, content).await;
        assert_eq!(ack["state"], "sent", "{content}: {ack}");
    }
}
