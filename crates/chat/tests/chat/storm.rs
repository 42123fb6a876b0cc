//! Everything at once, by chance: people with two devices each talk, change, come, go, and put each other out. Whatever
//! happens, every device sees a gapless piece of each room's log, and every frame is answered once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use teahouse_accounts::Session;
use teahouse_chat::{Handled, PutMember, RoomChange};
use teahouse_protocol::{MessageId, RoomId, Seq};

use crate::socket::Socket;
use crate::world::{World, draft, on_both};

const ACTS: usize = 60;

/// Chance with a fixed seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

/// A device that listens to all, and notes what it sees.
struct Device {
    socket: Socket,
    user: String,
    /// The newest number of each room that it listens to.
    at: HashMap<String, i64>,
    /// Frames not yet answered.
    asked: HashSet<String>,
    /// What it saw, by room and number.
    seen: BTreeMap<(String, i64), String>,
}

impl Device {
    async fn new(world: &World, who: &Session) -> Self {
        let mut socket = world.socket(who);
        let heads = socket.listen_to_all().await;
        let at = heads["rooms"].as_array().unwrap().iter();
        let at = at.map(|head| (text(&head["room"]), head["last_seq"].as_i64().unwrap())).collect();
        Self { socket, user: who.user_id().to_string(), at, asked: HashSet::new(), seen: BTreeMap::new() }
    }

    fn msg(&mut self, room: RoomId, id: String) {
        let frame = json!({ "type": "msg", "id": id, "room": room, "content": "tea" });
        match self.socket.hand_over(&frame) {
            Handled::Done => assert!(self.asked.insert(id)),
            Handled::Refused(_) => {}
            // It does not listen there: none of this storm's business.
            Handled::Later(_) => {}
        }
    }

    fn note(&mut self, event: &Value) {
        match event["type"].as_str().unwrap() {
            "ack" => {
                let id = text(&event["id"]);
                assert!(self.asked.remove(&id), "answered twice or not asked: {event}");
                let room = id.rsplit_once(' ').unwrap().1.to_owned();
                let (seq, what) =
                    (event["seq"].as_i64().unwrap(), format!("msg {}", text(&event["message"])));
                if self.at.contains_key(&room) {
                    self.step(room, seq, what);
                } else {
                    // Accepted just before its sender was put out.
                    self.seen.insert((room, seq), what);
                }
            }
            "error" => assert!(self.asked.remove(&text(&event["id"])), "{event}"),
            "notice" | "receipt" | "left" => {}
            _ => self.log_event(event),
        }
    }

    fn log_event(&mut self, event: &Value) {
        let room = text(&event["room"]);
        let seq = event["seq"].as_i64().unwrap();
        let is_me = event["user"]["id"] == json!(self.user);
        if event["change"] == "joined" && is_me && !self.at.contains_key(&room) {
            self.at.insert(room.clone(), seq - 1);
        }
        self.step(room.clone(), seq, name(event));
        let goes =
            is_me && ["left", "kicked", "banned"].contains(&event["change"].as_str().unwrap_or_default());
        if goes || event["deleted"] == true {
            self.at.remove(&room);
        }
    }

    fn step(&mut self, room: String, seq: i64, what: String) {
        let at = self.at.get_mut(&room).unwrap_or_else(|| panic!("{what} in {room} that is not listened to"));
        assert_eq!(seq, *at + 1, "{what} in {room}");
        *at = seq;
        self.seen.insert((room, seq), what);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

fn name(event: &Value) -> String {
    let about = if event["type"] == "msg" { &event["id"] } else { &event["message"] };
    format!("{} {}", event["type"].as_str().unwrap(), about.as_str().unwrap_or_default())
}

/// One of the people, by REST. Most acts may be refused: that is part of the storm.
async fn act(world: &World, dice: &mut Dice, who: &Session, people: &[Session], rooms: &[RoomId]) {
    let (chat, room, other) = (&world.chat, *dice.pick(rooms), dice.pick(people).user_id());
    let said = async |dice: &mut Dice| -> Option<MessageId> {
        let page = chat.history(who, room, teahouse_chat::Window::Newest, 20).await.ok()?;
        (!page.items.is_empty()).then(|| dice.pick(&page.items).id)
    };
    match dice.roll(14) {
        0..4 => drop(chat.send(who, room, draft(None, "by REST")).await),
        // The owner stays: who is last takes the room along.
        4 if people.iter().any(|one| one.id() == who.id()) => drop(chat.leave(who, room).await),
        5 | 6 => drop(chat.join(who, room).await),
        7 => drop(chat.remove_member(who, room, other, false).await),
        8 => drop(chat.put_member(who, room, other, PutMember::default()).await),
        9 => {
            let announcement = teahouse_protocol::Announcement::new(&dice.roll(1000).to_string()).ok();
            drop(chat.update_room(who, room, RoomChange { announcement, ..RoomChange::default() }).await);
        }
        10 => {
            if let Some(message) = said(dice).await {
                drop(chat.edit(who, message, &format!("\"{}\"", dice.roll(1000))).await);
            }
        }
        11 => {
            if let Some(message) = said(dice).await {
                drop(chat.recall(who, message).await);
            }
        }
        _ => {
            if let Some(message) = said(dice).await {
                if dice.roll(3) == 0 {
                    drop(chat.unreact(who, message, "👍").await);
                } else {
                    drop(chat.react(who, message, crate::world::thumb()).await);
                }
            }
        }
    }
}

/// The rooms' logs as they are at the end.
async fn logs(world: &World, owner: &Session, rooms: &[RoomId]) -> BTreeMap<(String, i64), String> {
    let mut logs = BTreeMap::new();
    for room in rooms {
        let mut after = Seq::ZERO;
        loop {
            let page = world.chat.events(owner, *room, after, 500).await.unwrap();
            for event in page.items {
                let event = serde_json::to_value(event).unwrap();
                after = after.next();
                assert_eq!(event["seq"], json!(after), "the log is dense");
                logs.insert((room.to_string(), after.get()), name(&event));
            }
            if page.next.is_none() {
                break;
            }
        }
    }
    logs
}

on_both! {
    async fn every_device_sees_a_gapless_piece_of_each_log(world: World) {
        let world = Arc::new(world);
        let owner = world.person("owner").await;
        let people = Arc::new(world.people(["ann", "bob", "cid"]).await);
        let mut rooms = Vec::new();
        for _ in 0..3 {
            rooms.push(world.public_group(&owner, &[&people[0], &people[1]]).await);
        }
        let rooms = Arc::new(rooms);
        let mut devices = Vec::new();
        for who in people.iter().chain(people.iter()) {
            devices.push(Device::new(&world, who).await);
        }
        let acting = [owner.clone()].into_iter().chain(people.iter().cloned()).enumerate().map(|(seed, who)| {
            let (world, people, rooms) = (Arc::clone(&world), Arc::clone(&people), Arc::clone(&rooms));
            tokio::spawn(async move {
                let mut dice = Dice(seed as u64);
                for _ in 0..ACTS {
                    act(&world, &mut dice, &who, &*people, &rooms).await;
                }
            })
        });
        let acting: Vec<_> = acting.collect();
        let talking = devices.into_iter().enumerate().map(|(place, mut device)| {
            let (world, rooms) = (Arc::clone(&world), Arc::clone(&rooms));
            tokio::spawn(async move {
                let mut dice = Dice(1000 + place as u64);
                for count in 0..ACTS {
                    let room = *dice.pick(&rooms);
                    // Only where it listens: elsewhere a frame is answered out of turn.
                    if device.at.contains_key(&room.to_string()) {
                        device.msg(room, format!("{place} {count} {room}"));
                    }
                    for _ in 0..dice.roll(4) {
                        if let Some(event) = device.socket.next_soon().await {
                            device.note(&event);
                        }
                    }
                }
                drop(world);
                device
            })
        });
        let talking: Vec<_> = talking.collect();
        for one in acting {
            one.await.unwrap();
        }
        let mut devices_at_rest = Vec::new();
        for one in talking {
            devices_at_rest.push(one.await.unwrap());
        }
        world.say(&owner, world.chat.lobby(), "the end").await;
        let logs = logs(&world, &owner, &rooms).await;
        for mut device in devices_at_rest {
            loop {
                let event = device.socket.next().await;
                if event["content"] == "the end" {
                    break;
                }
                device.note(&event);
            }
            assert!(device.asked.is_empty(), "not answered: {:?}", device.asked);
            for (place, what) in &device.seen {
                assert_eq!(logs.get(place), Some(what), "{place:?}");
            }
        }
    }
}
