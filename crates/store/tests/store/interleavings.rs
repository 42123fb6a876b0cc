//! Whatever is written in whatever order and however it is cut into batches: the log is dense, and holds just what the
//! writer said that it wrote.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use teahouse_protocol::{Content, Emoji, MessageId, Role, RoomId, UserId};
use teahouse_store::log::LogRow;
use teahouse_store::writer::{ChangeKind, Entry, Outcome, Removal, RoomEdit};

use crate::world::{World, add, change, message, on_both, seq_of, write_with};

/// Something that somebody does. Small numbers, so that the same things meet often.
#[derive(Clone, Debug)]
enum Act {
    Say {
        who: u8,
        room: u8,
        client_id: Option<u8>,
    },
    Edit {
        which: u8,
        text: u8,
    },
    Recall {
        which: u8,
    },
    React {
        who: u8,
        which: u8,
        remove: bool,
    },
    Add {
        who: u8,
        room: u8,
    },
    Remove {
        who: u8,
        room: u8,
        banned: bool,
    },
    Unban {
        who: u8,
        room: u8,
    },
    Rename {
        room: u8,
        name: u8,
    },
    Delete {
        room: u8,
    },
    /// The database refuses it.
    Poison {
        room: u8,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let (who, room, which) = (0..3_u8, 0..3_u8, any::<u8>());
    prop_oneof![
        12 => (who.clone(), room.clone(), proptest::option::of(0..6_u8))
            .prop_map(|(who, room, client_id)| Act::Say { who, room, client_id }),
        2 => (which, 0..3_u8).prop_map(|(which, text)| Act::Edit { which, text }),
        2 => which.prop_map(|which| Act::Recall { which }),
        3 => (who.clone(), which, any::<bool>()).prop_map(|(who, which, remove)| Act::React { who, which, remove }),
        2 => (who.clone(), room.clone()).prop_map(|(who, room)| Act::Add { who, room }),
        2 => (who.clone(), room.clone(), any::<bool>())
            .prop_map(|(who, room, banned)| Act::Remove { who, room, banned }),
        1 => (who, room.clone()).prop_map(|(who, room)| Act::Unban { who, room }),
        2 => (room.clone(), 0..3_u8).prop_map(|(room, name)| Act::Rename { room, name }),
        1 => (2..3_u8).prop_map(|room| Act::Delete { room }),
        1 => room.prop_map(|room| Act::Poison { room }),
    ]
}

/// Batches of acts.
fn plot() -> impl Strategy<Value = Vec<Vec<Act>>> {
    proptest::collection::vec(proptest::collection::vec(act(), 1..12), 1..8)
}

struct Stage<'a> {
    world: &'a World,
    people: [UserId; 3],
    rooms: [RoomId; 3],
    /// Messages that were acknowledged, and where they are.
    said: Vec<(MessageId, RoomId)>,
    /// What the writer said of each room's numbers.
    told: HashMap<(RoomId, i64), String>,
}

impl Stage<'_> {
    fn entry(&self, act: &Act) -> Option<Entry> {
        let person = |who: u8| self.people[usize::from(who)];
        let room = |room: u8| self.rooms[usize::from(room)];
        let said = |which: u8| self.said.get(usize::from(which) % self.said.len().max(1)).copied();
        let owner = self.people[0];
        Some(match act {
            Act::Say { who, room: place, client_id } => {
                let client_id = client_id.map(|id| format!("c-{id}"));
                message(room(*place), person(*who), client_id.as_deref(), "tea")
            }
            Act::Edit { which, text } => {
                let (message, room) = said(*which)?;
                let content = Content::Text(format!("edited {text}"));
                change(
                    room,
                    owner,
                    ChangeKind::Edit { message, content, mentions: None, replaced: None, recounts: true },
                )
            }
            Act::Recall { which } => {
                let (message, room) = said(*which)?;
                change(room, owner, ChangeKind::Recall { message })
            }
            Act::React { who, which, remove } => {
                let (message, room) = said(*which)?;
                let thumb = "👍";
                let kind = if *remove {
                    ChangeKind::Unreact { message, forms: vec![thumb.to_owned()] }
                } else {
                    ChangeKind::React { message, emoji: Emoji::new(thumb).unwrap() }
                };
                change(room, person(*who), kind)
            }
            Act::Add { who, room: place } => add(room(*place), owner, person(*who), Role::Member),
            Act::Remove { who, room: place, banned } => {
                let removal = if *banned { Removal::Banned } else { Removal::Kicked };
                change(room(*place), owner, ChangeKind::RemoveMember { user: person(*who), removal })
            }
            Act::Unban { who, room: place } => {
                change(room(*place), owner, ChangeKind::Unban { user: person(*who) })
            }
            Act::Rename { room: place, name } => {
                let edit = RoomEdit { name: Some(format!("room {name}")), ..RoomEdit::default() };
                change(room(*place), owner, ChangeKind::EditRoom(edit))
            }
            Act::Delete { room: place } => change(room(*place), owner, ChangeKind::DeleteRoom),
            Act::Poison { room: place } => add(room(*place), owner, UserId::generate(), Role::Member),
        })
    }

    async fn play(&mut self, batch: &[Act]) {
        let entries: Vec<Entry> = batch.iter().filter_map(|act| self.entry(act)).collect();
        if entries.is_empty() {
            return;
        }
        let count = entries.len();
        let answered = write_with(&self.world.db, entries).await;
        assert_eq!(answered.len(), count);
        for one in answered {
            let room = one.entry.room();
            match (one.outcome, &one.entry) {
                (Ok(Outcome::Written(seq)), Entry::Message(message)) => {
                    self.said.push((message.id, room));
                    self.tell(room, seq.get(), format!("message {}", message.id.uuid()));
                }
                (Ok(Outcome::Logged(rows)), _) => {
                    for row in rows {
                        self.tell(room, row.seq, format!("event {} {}", row.kind, row.detail));
                    }
                }
                (Ok(Outcome::Repeated(first)), Entry::Message(_)) => {
                    let there = &self.told[&(room, first.seq.get())];
                    assert_eq!(*there, format!("message {}", first.message.uuid()));
                }
                (Ok(Outcome::Unchanged | Outcome::NoRoom) | Err(_), _) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn tell(&mut self, room: RoomId, seq: i64, what: String) {
        let newest = self.told.keys().filter(|(other, _)| *other == room).map(|(_, seq)| *seq).max();
        assert_eq!(seq, newest.unwrap_or(0) + 1, "outcomes come in the order of their numbers");
        assert!(self.told.insert((room, seq), what).is_none());
    }

    async fn check(&self) {
        for room in self.rooms {
            let log = self.world.log(room).await;
            assert_eq!(log.len(), self.told.keys().filter(|(other, _)| *other == room).count());
            for row in log {
                let seq = seq_of(&row).get();
                let there = match row {
                    LogRow::Message(row) => format!("message {}", row.id),
                    LogRow::Event(row) => format!("event {} {}", row.kind, row.detail),
                };
                assert_eq!(self.told[&(room, seq)], there);
            }
        }
    }
}

async fn perform(world: &World, plot: Vec<Vec<Act>>) {
    let people = [world.person().await, world.person().await, world.person().await];
    let rooms = [RoomId::generate(), RoomId::generate(), RoomId::generate()];
    let mut stage = Stage { world, people, rooms, said: Vec::new(), told: HashMap::new() };
    for room in rooms {
        let made = world.write_one(crate::world::create(room, people[0], None)).await;
        for row in made.rows() {
            stage.tell(room, row.seq, format!("event {} {}", row.kind, row.detail));
        }
    }
    for batch in &plot {
        stage.play(batch).await;
    }
    stage.check().await;
}

on_both! {
    async fn every_interleaving_leaves_a_dense_log_of_what_was_answered(world: World) {
        let seed = *b"dense logs of messages & changes";
        let runtime = tokio::runtime::Handle::current();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
        let playing = tokio::task::spawn_blocking(move || {
            TestRunner::new_with_rng(config, rng).run(&plot(), |plot| {
                runtime.block_on(perform(&world, plot));
                Ok(())
            })
        });
        playing.await.unwrap().unwrap();
    }
}
