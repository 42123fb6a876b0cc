//! One batch, one transaction: numbers, messages, changes, heads, and the outbox row that after-commit work hangs on.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Statement};
use serde::{Deserialize, Serialize};
use teahouse_protocol::{RoomId, Seq, Timestamp};
use uuid::Uuid;

use super::heads::{Heads, Remembered};
use super::repeats::{First, Repeats, Suspects, key_of};
use super::{
    Append, Appended, Change, ChangeKind, Entry, FirstAck, NewMessage, NewRoom, Outcome, Released, apply,
};
use crate::entity::outbox as row;
use crate::statements::{build, run_all, set_heads};
use crate::{Db, Error, messages, outbox, replacements};

/// Writes batches, one transaction each.
pub(super) struct Batches {
    db: Db,
    remembered: Remembered,
    suspects: Suspects,
    heard: HeardBefore,
}

impl Batches {
    pub(super) fn new(db: Db) -> Self {
        let (suspects, heard) = (Suspects::default(), HeardBefore::default());
        Self { remembered: Remembered::new(&db), suspects, heard, db }
    }

    /// Writes `gathered` in one transaction and says what became of each, in the order of their numbers: messages come
    /// before changes. What one client sent in turn keeps its turn, since a change is waited for.
    ///
    /// Where a single entry is at fault, it is searched by halves: one bad message must not fail the others'.
    pub(super) async fn write<T>(&mut self, mut gathered: Vec<Append<T>>) -> Vec<Appended<T>> {
        gathered.sort_by(|one, other| turn(&one.entry).cmp(&turn(&other.entry)));
        let (entries, tickets): (Vec<Entry>, Vec<T>) =
            gathered.into_iter().map(|append| (append.entry, append.ticket)).unzip();
        let outcomes = self.write_by_halves(&entries).await;
        entries
            .into_iter()
            .zip(tickets)
            .zip(outcomes)
            .map(|((entry, ticket), outcome)| Appended { entry, ticket, outcome })
            .collect()
    }

    async fn write_by_halves(&mut self, entries: &[Entry]) -> Vec<Result<Outcome, Error>> {
        let mut outcomes = Vec::with_capacity(entries.len());
        // The next one last.
        let mut parts = vec![entries];
        while let Some(part) = parts.pop() {
            match self.write_together(part).await {
                Ok(written) => outcomes.extend(written.into_iter().map(Ok)),
                Err(error @ (Error::Unavailable(_) | Error::StorageFull(_))) => {
                    // Each further try would wait as long: nobody would be answered in time.
                    outcomes.extend(failed(entries.len() - outcomes.len(), &error));
                    return outcomes;
                }
                Err(error) if part.len() == 1 => outcomes.push(Err(error)),
                Err(_) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        outcomes
    }

    /// Writes `entries` in one transaction. A client id that was used before makes it fail: then all repeats are found by
    /// one query and set aside, and the rest is written. So the common case pays nothing for them; and whoever has sent
    /// one is looked after, so that they make no second one fail.
    async fn write_together(&mut self, entries: &[Entry]) -> Result<Vec<Outcome>, Error> {
        let mut repeats = self.suspects.find_repeats(&self.db, entries).await?;
        let mut has_new_heads = false;
        loop {
            let conflict = match self.commit(entries, &repeats).await {
                Err(error @ Error::Conflict(_)) => error,
                other => return other,
            };
            let found = self.suspects.find_all_repeats(&self.db, entries).await?;
            // More come to light with each round only where another node writes them meanwhile. Where none does, the heads that
            // were remembered may have been old; they are forgotten by now.
            if found.len() <= repeats.len() && std::mem::replace(&mut has_new_heads, true) {
                return Err(conflict);
            }
            repeats = found;
        }
    }

    /// One transaction over `entries`, leaving out the `repeats`.
    async fn commit(&mut self, entries: &[Entry], repeats: &Repeats) -> Result<Vec<Outcome>, Error> {
        /// Times that another node's transaction may undo ours before the batch is given up.
        const ATTEMPTS: u32 = 3;
        let mut attempt = 1;
        loop {
            match self.timely_transaction(entries, repeats).await {
                Ok((outcomes, heads)) => {
                    self.remembered.keep(heads);
                    self.heard.keep(&heard(entries, &outcomes));
                    return Ok(outcomes);
                }
                Err(error) => {
                    self.remembered.forget();
                    if !error.lost_a_race() || attempt == ATTEMPTS {
                        return Err(error);
                    }
                    attempt += 1;
                }
            }
        }
    }

    /// Gives up what takes too long: those who wait are answered, and the next may find it better. A transaction that was
    /// given up while it was committed may be there all the same; a message sent again under its client id finds it.
    async fn timely_transaction(
        &self,
        entries: &[Entry],
        repeats: &Repeats,
    ) -> Result<(Vec<Outcome>, Heads), Error> {
        let limit = self.db.write_timeout();
        match tokio::time::timeout(limit, self.transaction(entries, repeats)).await {
            Ok(done) => done,
            Err(_) => Err(Error::Unavailable(DbErr::Custom(format!(
                "a transaction was not done within {} ms",
                limit.as_millis()
            )))),
        }
    }

    async fn transaction(
        &self,
        entries: &[Entry],
        repeats: &Repeats,
    ) -> Result<(Vec<Outcome>, Heads), Error> {
        let tx = self.db.begin().await?;
        let rooms = entries.iter().map(|entry| entry.room().uuid()).collect();
        let mut heads = self.remembered.open(&tx, rooms).await?;
        let mut outcomes = number_messages(&mut heads, entries, repeats);
        let mut statements = insert_messages(&tx, entries, &outcomes);
        let (mut edited, mut mentioning) = (Vec::new(), Vec::new());
        if entries.iter().any(|entry| matches!(entry, Entry::Change(_))) {
            run_all(&tx, std::mem::take(&mut statements)).await?;
            for (place, entry) in entries.iter().enumerate() {
                if let Entry::Change(change) = entry {
                    let before = apply::said_before(&tx, change).await?;
                    outcomes[place] = apply::change(&tx, change, &mut heads).await?;
                    let Some(row) = outcomes[place].rows().first() else { continue };
                    edited.extend(before.map(|before| (row.room_id, row.seq, before)));
                    mentioning.extend(apply::mentioned_anew(&tx, change).await?);
                }
            }
        }
        statements.extend(closing(&tx, entries, &outcomes, &heads, &self.heard, edited, mentioning));
        run_all(&tx, statements).await?;
        tx.commit().await?;
        Ok((outcomes, heads))
    }
}

/// Where an entry stands in its batch. Rooms with a key come last and in the order of their keys: two nodes that make
/// the same rooms in different orders would each wait for the other.
fn turn(entry: &Entry) -> (u8, &str) {
    match entry {
        Entry::Message(_) => (0, ""),
        Entry::Change(change) => match &change.kind {
            ChangeKind::CreateRoom(NewRoom { unique_key: Some(key), .. }) => (2, key),
            _ => (1, ""),
        },
    }
}

fn failed(count: usize, error: &Error) -> Vec<Result<Outcome, Error>> {
    tracing::warn!(entries = count, error = %error, "a batch was not written");
    vec![Err(error.clone()); count]
}

fn number_messages(heads: &mut Heads, entries: &[Entry], repeats: &Repeats) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Unchanged; entries.len()];
    // Two with one client id in one batch: the second repeats the first.
    let mut first_here: HashMap<_, First> = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        let Entry::Message(message) = entry else { continue };
        let key = key_of(message);
        let known = repeats.get(&place).or_else(|| key.as_ref().and_then(|key| first_here.get(key)));
        outcomes[place] = match known {
            Some(first) => first.answer(message),
            None => heads.take_next(message.room).map_or(Outcome::NoRoom, Outcome::Written),
        };
        if let (Outcome::Written(seq), Some(key)) = (&outcomes[place], key) {
            let ack = FirstAck { message: message.id, seq: *seq, at: message.at };
            first_here.insert(key, First::new(ack, message.fingerprint));
        }
    }
    outcomes
}

fn written<'a>(entries: &'a [Entry], outcomes: &'a [Outcome]) -> impl Iterator<Item = (&'a NewMessage, Seq)> {
    entries.iter().zip(outcomes).filter_map(|(entry, outcome)| match (entry, outcome) {
        (Entry::Message(message), Outcome::Written(seq)) => Some((message, *seq)),
        _ => None,
    })
}

/// Messages that were kept from their rooms and came into the log by a change.
fn released<'a>(
    entries: &'a [Entry],
    outcomes: &'a [Outcome],
) -> impl Iterator<Item = (&'a NewMessage, Seq)> {
    entries.iter().zip(outcomes).filter_map(|(entry, outcome)| match (entry, outcome) {
        (Entry::Change(Change { kind: ChangeKind::Release(release), .. }), Outcome::Written(seq)) => {
            match &release.what {
                Released::Message(message) => Some((&**message, *seq)),
                Released::Edit { .. } => None,
            }
        }
        _ => None,
    })
}

fn insert_messages(tx: &impl ConnectionTrait, entries: &[Entry], outcomes: &[Outcome]) -> Vec<Statement> {
    let rows = written(entries, outcomes).map(|(message, seq)| messages::row(message, seq));
    let mut statements = messages::insert_many(tx, rows.collect());
    let notes = written(entries, outcomes).filter_map(|(message, _)| replacements::row(message));
    statements.extend(replacements::insert_many(tx, notes.collect()));
    statements
}

/// The heads, and one outbox row for the whole batch: what must happen after a commit starts from it, also when this
/// node dies right after. Where nothing follows there is none (docs/adr/0032).
fn closing(
    tx: &impl ConnectionTrait,
    entries: &[Entry],
    outcomes: &[Outcome],
    heads: &Heads,
    before: &HeardBefore,
    edited: Vec<(Uuid, i64, String)>,
    mut mentioning: Vec<(Uuid, i64)>,
) -> Vec<Statement> {
    let grown = heads.grown();
    if grown.is_empty() {
        return Vec::new();
    }
    let now: Vec<(Uuid, i64)> = grown.iter().map(|(room, _, last)| (*room, *last)).collect();
    let mut statements = vec![set_heads(tx.get_database_backend(), &now)];
    let ranges = heard(entries, outcomes);
    let previous = ranges.iter().map(|(room, ..)| (*room, before.in_room(*room))).collect();
    let said = written(entries, outcomes).chain(released(entries, outcomes));
    mentioning.extend(
        said.filter(|(message, _)| !message.mentions.is_empty())
            .map(|(message, seq)| (message.room.uuid(), seq.get())),
    );
    let at = entries.iter().map(Entry::at).max().unwrap_or(Timestamp::from_millis(0));
    let locales = written(entries, outcomes)
        .filter_map(|(message, seq)| {
            Some((message.room.uuid(), seq.get(), message.locale.as_ref()?.to_string()))
        })
        .collect();
    let committed = Committed { ranges, mentioning, locales, edited, previous };
    if committed.has_consequences() {
        let job = committed.into_row(at).into_active_model();
        statements.push(build(tx, &row::Entity::insert(job)));
    }
    statements
}

/// Room, first and last number of what a bot hears of, by room.
fn heard(entries: &[Entry], outcomes: &[Outcome]) -> Vec<(Uuid, i64, i64)> {
    let mut ranges: BTreeMap<Uuid, (i64, i64)> = BTreeMap::new();
    for (entry, outcome) in entries.iter().zip(outcomes).filter(|(entry, _)| entry.is_heard()) {
        let numbers = match outcome {
            Outcome::Written(seq) => vec![seq.get()],
            other => other.rows().iter().map(|row| row.seq).collect(),
        };
        for seq in numbers {
            let (first, last) = ranges.entry(entry.room().uuid()).or_insert((seq, seq));
            (*first, *last) = ((*first).min(seq), (*last).max(seq));
        }
    }
    ranges.into_iter().map(|(room, (first, last))| (room, first, last)).collect()
}

/// The last number of each room that this writer said a bot hears of: by it, batches whose jobs run side by side find
/// their order.
#[derive(Default)]
struct HeardBefore(HashMap<Uuid, i64>);

impl HeardBefore {
    /// Past so many rooms all are forgotten: then the next batch of each follows none.
    const MOST: usize = 100_000;

    fn in_room(&self, room: Uuid) -> i64 {
        self.0.get(&room).copied().unwrap_or_default()
    }

    fn keep(&mut self, ranges: &[(Uuid, i64, i64)]) {
        if self.0.len() + ranges.len() > Self::MOST {
            self.0.clear();
        }
        self.0.extend(ranges.iter().map(|(room, _, last)| (*room, *last)));
    }
}

/// What one transaction put into the logs: the payload of the outbox row that it left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// Room, first and last number of what a bot hears of. What stands between them nobody need hear of.
    pub ranges: Vec<(Uuid, i64, i64)>,
    /// Room and number of each message that mentions somebody, or does so anew since an edit.
    pub mentioning: Vec<(Uuid, i64)>,
    /// Room and number of each message whose sender's language was told, and that language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<(Uuid, i64, String)>,
    /// Room and number of each edit that somebody is told of with what the message said before, and that, as it was
    /// stored. It is kept nowhere else, and goes with this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<(Uuid, i64, String)>,
    /// For each room of `ranges`, the last number that the batch before named there; 0: there was none. Rows of older
    /// versions don't say so: they name everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<(Uuid, i64)>,
}

impl Committed {
    /// The kind of the outbox row.
    pub const KIND: &str = "log.committed";

    /// What the sender's client spoke of the message number `seq` in `room`, where that was told.
    #[must_use]
    pub fn locale_of(&self, room: RoomId, seq: i64) -> Option<&str> {
        find_at(&self.locales, room, seq)
    }

    /// What a message said, as it was stored, before the edit number `seq` in `room`, where that is to be told.
    #[must_use]
    pub fn said_before(&self, room: RoomId, seq: i64) -> Option<&str> {
        find_at(&self.edited, room, seq)
    }

    /// The last number of `room` that the batch before named, whose first one of this is `first`.
    #[must_use]
    pub fn previous(&self, room: RoomId, first: i64) -> i64 {
        let told = self.previous.iter().find(|(of, _)| *of == room.uuid());
        told.map_or(first - 1, |(_, last)| *last)
    }

    /// Whether anything is to be done after the commit.
    const fn has_consequences(&self) -> bool {
        !self.ranges.is_empty() || !self.mentioning.is_empty()
    }

    fn into_row(self, at: Timestamp) -> row::Model {
        outbox::new_row(Self::KIND, serde_json::to_string(&self).unwrap_or_default(), at, at)
    }
}

fn find_at(told: &[(Uuid, i64, String)], room: RoomId, seq: i64) -> Option<&str> {
    let found = told.iter().find(|(of, number, _)| *of == room.uuid() && *number == seq);
    found.map(|(_, _, text)| text.as_str())
}

/// Numbers messages in memory and keeps none of them; changes are written as ever.
pub(super) async fn number_only<T>(
    batches: &mut Batches,
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
                let written = batches.write(vec![append]).await;
                for outcome in written.iter().filter_map(|one| one.outcome.as_ref().ok()) {
                    let reached = match outcome {
                        Outcome::Written(seq) => *seq,
                        other => {
                            other.rows().iter().filter_map(|row| Seq::new(row.seq)).max().unwrap_or_default()
                        }
                    };
                    *head = (*head).max(reached);
                }
                appended.extend(written);
            }
        }
    }
    appended
}
