//! Which messages of a batch were written before, under the same client ids.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use teahouse_protocol::{ClientId, RoomId, UserId};

use super::{Entry, FirstAck, NewMessage, Outcome};
use crate::{Db, Error, Fingerprint, messages};

/// How long a sender of repeats is looked after: longer than a client goes on sending what it lost the ack of.
const SUSPECTED_FOR: Duration = Duration::from_secs(10 * 60);
/// Senders looked after, some 30 bytes each. Past it all are forgotten: each costs one failed transaction then.
const MOST_SUSPECTED: usize = 10_000;

/// A message that stands under a client id.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    ack: FirstAck,
    fingerprint: Option<Fingerprint>,
}

impl First {
    pub(super) const fn new(ack: FirstAck, fingerprint: Option<Fingerprint>) -> Self {
        Self { ack, fingerprint }
    }

    /// What becomes of `message`, which comes under the same client id.
    pub(super) fn answer(self, message: &NewMessage) -> Outcome {
        match Fingerprint::same(self.fingerprint, message.fingerprint) {
            true => Outcome::Repeated(self.ack),
            false => Outcome::IdTaken,
        }
    }
}

/// The places in a batch of messages whose client ids were used before.
pub(super) type Repeats = HashMap<usize, First>;

/// Under what a message is known again.
type Key<'a> = (&'a ClientId, UserId, RoomId);

pub(super) fn key_of(message: &NewMessage) -> Option<Key<'_>> {
    message.client_id.as_ref().map(|id| (id, message.sender, message.room))
}

/// Who sent repeats lately. Their messages are looked up before they are written, so that whoever repeats again and again
/// makes no transaction of everybody's fail.
#[derive(Default)]
pub(super) struct Suspects(HashMap<UserId, Instant>);

impl Suspects {
    fn is_suspect(&self, user: UserId) -> bool {
        self.0.get(&user).is_some_and(|since| since.elapsed() < SUSPECTED_FOR)
    }

    fn note(&mut self, user: UserId) {
        if self.0.len() >= MOST_SUSPECTED && !self.0.contains_key(&user) {
            self.0.retain(|_, since| since.elapsed() < SUSPECTED_FOR);
            if self.0.len() >= MOST_SUSPECTED {
                self.0.clear();
            }
        }
        self.0.insert(user, Instant::now());
    }

    /// The repeats among the messages of suspects. Costs nothing where nobody is one.
    pub(super) async fn find_repeats(&mut self, db: &Db, entries: &[Entry]) -> Result<Repeats, Error> {
        if self.0.is_empty() {
            return Ok(Repeats::new());
        }
        let wanted = messages_of(entries).filter(|(_, message)| self.is_suspect(message.sender)).collect();
        self.look_up(db, wanted).await
    }

    /// The repeats among all of `entries`, whose senders are suspects from now on.
    pub(super) async fn find_all_repeats(&mut self, db: &Db, entries: &[Entry]) -> Result<Repeats, Error> {
        self.look_up(db, messages_of(entries).collect()).await
    }

    async fn look_up(&mut self, db: &Db, wanted: Vec<(usize, &NewMessage)>) -> Result<Repeats, Error> {
        let keys: HashSet<Key<'_>> = wanted.iter().filter_map(|(_, message)| key_of(message)).collect();
        let keys: Vec<Key<'_>> = keys.into_iter().collect();
        let mut found = HashMap::new();
        for row in messages::find_by_client_ids(db.conn(), &keys).await? {
            let first = First::new(messages::first_ack(&row), messages::fingerprint(&row));
            let id = row.client_id.unwrap_or_default();
            found.insert((id, UserId::from_uuid(row.sender_id), RoomId::from_uuid(row.room_id)), first);
        }
        let mut repeats = Repeats::new();
        for (place, message) in wanted {
            let Some((id, sender, room)) = key_of(message) else { continue };
            if let Some(first) = found.get(&(id.as_str().to_owned(), sender, room)) {
                self.note(sender);
                repeats.insert(place, *first);
            }
        }
        Ok(repeats)
    }
}

/// The messages that could be repeats, with their places.
fn messages_of(entries: &[Entry]) -> impl Iterator<Item = (usize, &NewMessage)> {
    entries.iter().enumerate().filter_map(|(place, entry)| match entry {
        Entry::Message(message) if message.client_id.is_some() => Some((place, message)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_repeats_is_remembered_within_bounds() {
        let mut suspects = Suspects::default();
        let user = UserId::generate();
        assert!(!suspects.is_suspect(user));
        suspects.note(user);
        assert!(suspects.is_suspect(user));
        for _ in 0..2 * MOST_SUSPECTED {
            suspects.note(UserId::generate());
            assert!(suspects.0.len() <= MOST_SUSPECTED);
        }
    }
}
