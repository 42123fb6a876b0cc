//! One batch, one transaction: numbers, messages, changes, heads, and the outbox row that after-commit work hangs on.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use teahouse_protocol::{RoomId, Seq, Timestamp};
use uuid::Uuid;

use super::{Append, Appended, Entry, FirstAck, NewMessage, Outcome, apply};
use crate::entity::outbox as row;
use crate::{Db, Error, log, messages, outbox};

/// Writes `gathered` in one transaction and says what became of each, in the order given.
///
/// A client id that was used before makes the transaction fail: then repeats are looked up and set aside, and the
/// rest is written. So the common case pays nothing for them. Where a single entry is at fault otherwise, each is
/// tried alone: one bad message must not fail the others'.
pub(super) async fn write<T>(db: &Db, gathered: Vec<Append<T>>) -> Vec<Appended<T>> {
    let (entries, tickets): (Vec<Entry>, Vec<T>) =
        gathered.into_iter().map(|append| (append.entry, append.ticket)).unzip();
    let outcomes = match commit(db, &entries, &HashMap::new()).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(Error::Conflict(_)) => write_without_repeats(db, &entries).await,
        Err(error @ (Error::Unavailable(_) | Error::StorageFull(_))) => failed(entries.len(), &error),
        Err(_) => write_each(db, &entries).await,
    };
    entries
        .into_iter()
        .zip(tickets)
        .zip(outcomes)
        .map(|((entry, ticket), outcome)| Appended { entry, ticket, outcome })
        .collect()
}

async fn write_without_repeats(db: &Db, entries: &[Entry]) -> Vec<Result<Outcome, Error>> {
    let repeated = match find_repeats(db, entries).await {
        Ok(repeated) => repeated,
        Err(error) => return failed(entries.len(), &error),
    };
    match commit(db, entries, &repeated).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(error @ (Error::Unavailable(_) | Error::StorageFull(_))) => failed(entries.len(), &error),
        // Another node wrote one of them in between: alone, each finds its own.
        Err(_) => write_each(db, entries).await,
    }
}

async fn write_each(db: &Db, entries: &[Entry]) -> Vec<Result<Outcome, Error>> {
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        let alone = std::slice::from_ref(entry);
        let outcome = match commit(db, alone, &HashMap::new()).await {
            Err(conflict @ Error::Conflict(_)) => match find_repeats(db, alone).await {
                Ok(repeated) => repeated.get(&0).map(|first| vec![Outcome::Repeated(*first)]).ok_or(conflict),
                Err(error) => Err(error),
            },
            other => other,
        };
        outcomes.push(outcome.map(|mut one| one.pop().unwrap_or(Outcome::Unchanged)));
    }
    outcomes
}

fn failed(count: usize, error: &Error) -> Vec<Result<Outcome, Error>> {
    tracing::warn!(entries = count, error = %error, "a batch was not written");
    vec![Err(error.clone()); count]
}

/// Which of `entries`, by place, were written before, here or earlier in this very batch.
async fn find_repeats(db: &Db, entries: &[Entry]) -> Result<HashMap<usize, FirstAck>, Error> {
    let mut repeated = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        let Entry::Message(message) = entry else { continue };
        let Some(client_id) = &message.client_id else { continue };
        let first = messages::find_by_client_id(db.conn(), client_id, message.sender, message.room).await?;
        if let Some(row) = first {
            repeated.insert(place, messages::first_ack(&row));
        }
    }
    Ok(repeated)
}

/// One transaction over `entries`, leaving out the `repeated`.
async fn commit(
    db: &Db,
    entries: &[Entry],
    repeated: &HashMap<usize, FirstAck>,
) -> Result<Vec<Outcome>, Error> {
    let tx = db.begin().await?;
    let mut batch = Batch::open(&tx, entries).await?;
    let mut outcomes = vec![Outcome::Unchanged; entries.len()];
    batch.number_messages(entries, repeated, &mut outcomes);
    batch.insert_messages(&tx, entries, &outcomes).await?;
    for (place, entry) in entries.iter().enumerate() {
        if let Entry::Change(change) = entry {
            outcomes[place] = apply::change(&tx, change, &mut batch.heads).await?;
        }
    }
    batch.close(&tx).await?;
    tx.commit().await?;
    Ok(outcomes)
}

/// How far each room's log reached before the batch, and reaches now.
pub(super) struct Heads(HashMap<Uuid, Head>);

struct Head {
    before: i64,
    now: i64,
}

impl Heads {
    /// The next number of `room`; `None` when the room is not there.
    pub(super) fn take_next(&mut self, room: RoomId) -> Option<Seq> {
        let head = self.0.get_mut(&room.uuid())?;
        head.now += 1;
        Seq::new(head.now)
    }

    /// A room that came into being in this batch.
    pub(super) fn add(&mut self, room: RoomId) {
        self.0.insert(room.uuid(), Head { before: 0, now: 0 });
    }

    /// Whether `room` is there.
    pub(super) fn has(&self, room: RoomId) -> bool {
        self.0.contains_key(&room.uuid())
    }

    fn moved(&self) -> impl Iterator<Item = (Uuid, &Head)> {
        self.0.iter().filter(|(_, head)| head.now > head.before).map(|(room, head)| (*room, head))
    }
}

struct Batch {
    heads: Heads,
    /// When its newest entry was accepted.
    at: Timestamp,
    mentioning: Vec<(Uuid, i64)>,
}

impl Batch {
    async fn open(tx: &impl ConnectionTrait, entries: &[Entry]) -> Result<Self, Error> {
        let mut rooms: Vec<Uuid> = entries.iter().map(|entry| entry.room().uuid()).collect();
        rooms.sort_unstable();
        rooms.dedup();
        let heads = log::lock_heads(tx, rooms).await?;
        let heads = heads.into_iter().map(|(room, seq)| (room, Head { before: seq, now: seq })).collect();
        let at = entries.iter().map(Entry::at).max().unwrap_or(Timestamp::from_millis(0));
        Ok(Self { heads: Heads(heads), at, mentioning: Vec::new() })
    }

    fn number_messages(
        &mut self,
        entries: &[Entry],
        repeated: &HashMap<usize, FirstAck>,
        outcomes: &mut [Outcome],
    ) {
        // Two with one client id in one batch: the second repeats the first.
        let mut first_here: HashMap<_, FirstAck> = HashMap::new();
        for (place, entry) in entries.iter().enumerate() {
            let Entry::Message(message) = entry else { continue };
            let key = message.client_id.as_ref().map(|id| (id, message.sender, message.room));
            let known = repeated.get(&place).or_else(|| key.as_ref().and_then(|key| first_here.get(key)));
            outcomes[place] = match known {
                Some(first) => Outcome::Repeated(*first),
                None => self.number(message),
            };
            if let (Outcome::Written(seq), Some(key)) = (&outcomes[place], key) {
                first_here.insert(key, FirstAck { message: message.id, seq: *seq, at: message.at });
            }
        }
    }

    fn number(&mut self, message: &NewMessage) -> Outcome {
        let Some(seq) = self.heads.take_next(message.room) else { return Outcome::NoRoom };
        if !message.mentions.is_empty() {
            self.mentioning.push((message.room.uuid(), seq.get()));
        }
        Outcome::Written(seq)
    }

    async fn insert_messages(
        &self,
        tx: &impl ConnectionTrait,
        entries: &[Entry],
        outcomes: &[Outcome],
    ) -> Result<(), Error> {
        let numbered = entries.iter().zip(outcomes).filter_map(|(entry, outcome)| match (entry, outcome) {
            (Entry::Message(message), Outcome::Written(seq)) => Some(messages::row(message, *seq)),
            _ => None,
        });
        messages::insert_many(tx, numbered.collect()).await
    }

    /// The heads, and one outbox row for the whole batch: what must happen after a commit starts from it, also when
    /// this node dies right after.
    async fn close(&self, tx: &impl ConnectionTrait) -> Result<(), Error> {
        let ranges: Vec<(Uuid, i64, i64)> =
            self.heads.moved().map(|(room, head)| (room, head.before + 1, head.now)).collect();
        if ranges.is_empty() {
            return Ok(());
        }
        log::set_heads(tx, ranges.iter().map(|(room, _, now)| (*room, *now))).await?;
        let job = Committed { ranges, mentioning: self.mentioning.clone() };
        outbox::insert(tx, vec![job.into_row(self.at)]).await
    }
}

/// What one transaction put into the logs: the payload of the outbox row that it left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// Room, first and last number.
    pub ranges: Vec<(Uuid, i64, i64)>,
    /// Room and number of each message that mentions somebody.
    pub mentioning: Vec<(Uuid, i64)>,
}

impl Committed {
    /// The kind of the outbox row.
    pub const KIND: &str = "log.committed";

    fn into_row(self, at: Timestamp) -> row::Model {
        row::Model {
            id: Uuid::now_v7(),
            kind: Self::KIND.to_owned(),
            payload: serde_json::to_string(&self).unwrap_or_default(),
            created_at_ms: at.millis(),
            due_at_ms: at.millis(),
            attempts: 0,
            lease_until_ms: None,
            dead_at_ms: None,
            last_error: None,
        }
    }
}

/// Numbers messages in memory and keeps none of them; changes are written as ever.
pub(super) async fn number_only<T>(
    db: &Db,
    heads: &mut HashMap<RoomId, Seq>,
    gathered: Vec<Append<T>>,
) -> Vec<Appended<T>> {
    let mut appended = Vec::with_capacity(gathered.len());
    for append in gathered {
        let head = heads.entry(append.entry.room()).or_insert(Seq::ZERO);
        match &append.entry {
            Entry::Message(_) => {
                *head = head.next();
                let outcome = Ok(Outcome::Written(*head));
                appended.push(Appended { entry: append.entry, ticket: append.ticket, outcome });
            }
            Entry::Change(_) => {
                let written = write(db, vec![append]).await;
                for row in written.iter().filter_map(|one| one.outcome.as_ref().ok()).flat_map(Outcome::rows)
                {
                    *head = (*head).max(Seq::new(row.seq).unwrap_or_default());
                }
                appended.extend(written);
            }
        }
    }
    appended
}
