//! What bots did to messages lately. An edit or a reaction carries no hops in the log, so that two bots who answer each
//! other by them would never end: this remembers how many plugins had answered each other when it was done.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_protocol::{MessageId, Timestamp, UserId};

/// Longer than it takes from the act to its event.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);
/// Full: those that were remembered long enough are forgotten.
const MOST: usize = 10_000;

/// What bots did to messages lately.
#[derive(Default)]
pub(crate) struct Echoes(Mutex<HashMap<(UserId, MessageId), (u8, Timestamp)>>);

impl Echoes {
    /// `bot` is about to change `message`.
    pub(crate) fn note(&self, bot: UserId, message: MessageId, hops: u8, now: Timestamp) {
        let mut echoes = self.0.lock();
        if echoes.len() >= MOST {
            echoes.retain(|_, (_, at)| now.since(*at) < REMEMBERED_FOR);
        }
        echoes.insert((bot, message), (hops, now));
    }

    /// How many plugins had answered each other when `bot` changed `message`. 1 where that is not known, as after a
    /// restart: a bot did it, after all.
    pub(crate) fn hops(&self, bot: UserId, message: MessageId) -> u8 {
        self.0.lock().get(&(bot, message)).map_or(1, |(hops, _)| *hops)
    }
}
