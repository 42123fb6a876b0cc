//! What happens at once: many rounds of each race, because one says little.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use teahouse_accounts::Session;
use teahouse_chat::{Error, PutMember, RoomChange};
use teahouse_protocol::{Announcement, CloseCode, ErrorCode, RoomId, Seq, Visibility};
use tokio::task::JoinHandle;

use crate::socket::Socket;
use crate::world::{World, draft, on_both};

on_both! {
    /// A client that comes back in the middle of a conversation, again and again: from `since` on it sees each event
    /// once, in order, whether it came from the log or live.
    async fn who_joins_with_since_misses_nothing_and_sees_nothing_twice(world: World) {
        let world = Arc::new(world);
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.group(&ann, &[&bob, &cid]).await;
        const MESSAGES: usize = 150;
        let talking = [ann, bob].map(|talker| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut socket = world.joined(&talker, room).await;
                for count in 0..MESSAGES {
                    socket.say(room, &count.to_string()).await;
                    // Changes among the messages: other tables, other statements.
                    if count % 10 == 0 {
                        let name = format!("{} {count}", talker.user().name);
                        let change = RoomChange { announcement: Announcement::new(&name).ok(), ..RoomChange::default() };
                        let _not_hers_to_change = world.chat.update_room(&talker, room, change).await;
                    }
                    loop {
                        let event = socket.next().await;
                        if event["type"] == "ack" {
                            break;
                        }
                    }
                }
            })
        });
        let last = 3 + 2 * MESSAGES as i64 + MESSAGES as i64 / 10;
        let mut since = 0;
        let mut rounds = 0;
        while since < last {
            let mut socket = world.socket(&cid);
            let frame = json!({ "type": "join", "room": room, "since": since });
            let head = socket.ask(frame).await["last_seq"].as_i64().unwrap();
            // Sometimes only the past is taken, sometimes some of what is new as well.
            let target = (head + rounds % 4).min(last);
            while since < target {
                let event = socket.next().await;
                assert_eq!(event["seq"], since + 1, "after {rounds} rounds: {event}");
                since += 1;
            }
            rounds += 1;
        }
        for talker in talking {
            talker.await.unwrap();
        }
        assert!(rounds > 2);
    }

    /// The log is read page by page while messages and changes, which stand in two tables, are written to it.
    async fn who_pages_the_log_while_it_grows_finds_no_hole(world: World) {
        let world = Arc::new(world);
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        const MESSAGES: i64 = 150;
        let writing = [true, false].map(|says| {
            let (world, ann) = (Arc::clone(&world), ann.clone());
            tokio::spawn(async move {
                for count in 0..MESSAGES {
                    if says {
                        world.say(&ann, room, &count.to_string()).await;
                    } else {
                        let announcement = Announcement::new(&count.to_string()).ok();
                        let change = RoomChange { announcement, ..RoomChange::default() };
                        world.chat.update_room(&ann, room, change).await.unwrap();
                    }
                }
            })
        });
        let mut after = Seq::ZERO;
        while after.get() < 2 + 2 * MESSAGES {
            for event in world.chat.events(&bob, room, after, 7).await.unwrap().items {
                let event = serde_json::to_value(event).unwrap();
                after = after.next();
                assert_eq!(event["seq"], json!(after), "{event}");
            }
        }
        for one in writing {
            one.await.unwrap();
        }
    }

    /// Who is put out while joining does not stay as a listener.
    async fn who_is_kicked_while_joining_hears_no_more(world: World) {
        let world = Arc::new(world);
        let ann = world.person("ann").await;
        let room = world.group(&ann, &[]).await;
        let crowd = crowd(&world).await;
        for _ in 0..8 {
            for one in &crowd {
                world.chat.put_member(&ann, room, one.user_id(), PutMember::default()).await.unwrap();
            }
            let joining = all_join(&world, &crowd, room);
            let kicking = crowd.iter().map(|one| {
                let (world, ann, user) = (Arc::clone(&world), ann.clone(), one.user_id());
                tokio::spawn(async move { world.chat.remove_member(&ann, room, user, false).await })
            });
            for one in kicking.collect::<Vec<_>>() {
                one.await.unwrap().unwrap();
            }
            nobody_hears(&world, joining, &ann, room).await;
        }
    }

    /// The same where the room is made private under passers-by who join.
    async fn a_passer_by_who_joins_while_the_room_is_closed_hears_no_more(world: World) {
        let world = Arc::new(world);
        let ann = world.person("ann").await;
        let room = world.public_group(&ann, &[]).await;
        let crowd = crowd(&world).await;
        let be = |visibility| RoomChange { visibility: Some(visibility), ..RoomChange::default() };
        for _ in 0..15 {
            world.chat.update_room(&ann, room, be(Visibility::Public)).await.unwrap();
            let joining = all_join(&world, &crowd, room);
            world.chat.update_room(&ann, room, be(Visibility::Private)).await.unwrap();
            nobody_hears(&world, joining, &ann, room).await;
        }
    }

    /// Who is answered that somebody is muted, out, or let in finds it so at the next frame of that somebody, however
    /// many listeners the news must still reach.
    async fn an_answer_holds_for_the_very_next_frame(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.public_group(&ann, &[&bob]).await;
        let mut listeners = Vec::new();
        for _ in 0..50 {
            listeners.push(world.joined(&ann, room).await);
        }
        let mut socket = world.joined(&bob, room).await;
        let frame = json!({ "type": "msg", "room": room, "content": "la la la" });
        let refusal = |handled| match handled {
            teahouse_chat::Handled::Refused(error) => Ok(Some(Error::code(&error))),
            teahouse_chat::Handled::Done => Ok(None),
            teahouse_chat::Handled::Later(later) => Err(later),
        };
        for _ in 0..15 {
            let mut attempt = async || match refusal(socket.hand_over(&frame)) {
                Ok(code) => code,
                Err(later) => later.await.err().map(|error| error.code()),
            };
            assert_eq!(attempt().await, None);
            world.mute(&ann, room, bob.user_id(), Duration::from_secs(60)).await;
            assert_eq!(attempt().await, Some(ErrorCode::Muted));
            let unmute = PutMember { role: None, muted_until: Some(None) };
            world.chat.put_member(&ann, room, bob.user_id(), unmute).await.unwrap();
            assert_eq!(attempt().await, None);
            world.chat.remove_member(&ann, room, bob.user_id(), false).await.unwrap();
            assert_eq!(attempt().await, Some(ErrorCode::NotAMember));
            world.chat.join(&bob, room).await.unwrap();
        }
    }

    /// Rooms made, joined and left under a connection that listens to all: it hears each of them from its first event
    /// for it to its last.
    async fn who_listens_to_all_follows_through_a_storm(world: World) {
        let world = Arc::new(world);
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let storm = {
            let (world, ann, bob) = (Arc::clone(&world), ann.clone(), bob.clone());
            tokio::spawn(async move {
                let mut rooms = Vec::new();
                for round in 0..15 {
                    let room = world.public_group(&ann, &[]).await;
                    world.chat.join(&bob, room).await.unwrap();
                    world.say(&ann, room, "for you").await;
                    if round % 3 == 0 {
                        world.chat.leave(&bob, room).await.unwrap();
                        world.say(&ann, room, "without you").await;
                    }
                    rooms.push((room, round % 3 == 0));
                }
                rooms
            })
        };
        let mut socket = world.socket(&bob);
        let mut seen: HashMap<String, i64> = HashMap::new();
        // Rooms that it gets into while the heads are put together may be heard before them.
        let mut event = socket.ask(json!({ "type": "listen", "rooms": "all" })).await;
        while event["type"] != "heads" {
            seen.insert(event["room"].as_str().unwrap().to_owned(), event["seq"].as_i64().unwrap());
            event = socket.next().await;
        }
        for head in event["rooms"].as_array().unwrap() {
            seen.insert(head["room"].as_str().unwrap().to_owned(), head["last_seq"].as_i64().unwrap());
        }
        let rooms = storm.await.unwrap();
        fence(&world, &ann).await;
        world.say(&ann, world.chat.lobby(), "end").await;
        loop {
            let event = socket.next().await;
            if event["content"] == "end" {
                break;
            }
            let room = event["room"].as_str().unwrap().to_owned();
            if room == world.chat.lobby().to_string() {
                continue;
            }
            if event["type"] == "left" {
                // Put out between the look and the heads: it hears nothing of the room.
                seen.insert(room, 0);
                continue;
            }
            assert_ne!(event["content"], "without you");
            let seq = event["seq"].as_i64().unwrap();
            // The first event of a room that it got into is that it got in.
            let before = seen.insert(room, seq).unwrap_or(1);
            assert_eq!(seq, before + 1, "{event}");
        }
        for (room, left) in rooms {
            let last = seen.get(&room.to_string()).copied().unwrap_or(0);
            let gone_before_it_listened = left && last == 0;
            assert!(gone_before_it_listened || last == if left { 4 } else { 3 }, "{room}: {last}");
        }
    }

    /// A connection made while the server closes is closed as well.
    async fn a_connection_made_while_closing_is_closed(world: World) {
        let world = Arc::new(world);
        let [ann] = world.people(["ann"]).await;
        let coming = {
            let (world, ann) = (Arc::clone(&world), ann.clone());
            tokio::spawn(async move {
                let mut sockets = Vec::new();
                for _ in 0..2_000 {
                    match world.try_socket(&ann) {
                        Ok(socket) => sockets.push(socket),
                        Err(error) => {
                            assert!(matches!(error, Error::Busy));
                            return sockets;
                        }
                    }
                }
                sockets
            })
        };
        tokio::task::yield_now().await;
        world.chat.close();
        for mut socket in coming.await.unwrap() {
            assert_eq!(socket.closed().await, CloseCode::GoingAway);
        }
    }

    /// A message on its way when its connection joins the room: its ack comes once, and stands in order.
    async fn a_message_on_its_way_when_its_connection_joins_is_acknowledged_in_its_place(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        for round in 0..20_i64 {
            let mut socket = world.socket(&bob);
            let before = world.chat.room(&bob, room).await.unwrap().last_seq;
            let id = format!("c-{round}");
            socket.frame(json!({ "type": "msg", "id": id, "room": room, "content": "mine" })).await.unwrap();
            world.chat.send(&ann, room, draft(None, "hers")).await.unwrap();
            let frame = json!({ "type": "join", "room": room, "since": before });
            socket.frame(frame).await.unwrap();
            world.say(&ann, room, "end").await;
            let mut acks = 0;
            let mut live = Vec::new();
            let mut joined = None;
            loop {
                let event = socket.next().await;
                match event["type"].as_str().unwrap() {
                    "ack" => {
                        assert_eq!(event["id"], json!(id));
                        acks += 1;
                        if joined.is_some_and(|head| event["seq"].as_i64().unwrap() > head) {
                            live.push(event["seq"].as_i64().unwrap());
                        }
                    }
                    "joined" => joined = event["last_seq"].as_i64(),
                    _ => live.push(event["seq"].as_i64().unwrap()),
                }
                if event["content"] == "end" {
                    break;
                }
            }
            assert_eq!(acks, 1);
            assert!(live.is_sorted(), "round {round}: {live:?}");
        }
    }
}

/// People enough that some are always half-way in.
async fn crowd(world: &World) -> Vec<Session> {
    let mut crowd = Vec::new();
    for count in 0..12 {
        crowd.push(world.person(&format!("p{count}")).await);
    }
    crowd
}

type Joining = Vec<JoinHandle<Socket>>;

/// Each of `crowd` begins to join `room`, a little later than the one before.
fn all_join(world: &Arc<World>, crowd: &[Session], room: RoomId) -> Joining {
    let joining = crowd.iter().enumerate().map(|(place, one)| {
        let mut socket = world.socket(one);
        tokio::spawn(async move {
            for _ in 0..place * 3 {
                tokio::task::yield_now().await;
            }
            let joined = socket.frame(json!({ "type": "join", "room": room })).await;
            assert!(joined.is_ok() || joined.is_err_and(|error| error.code() == ErrorCode::RoomNotFound));
            socket
        })
    });
    joining.collect()
}

/// None of those who were joining hears what is said now.
async fn nobody_hears(world: &World, joining: Joining, ann: &Session, room: RoomId) {
    let mut sockets = Vec::new();
    for one in joining {
        sockets.push(one.await.unwrap());
    }
    world.say(ann, room, "secret").await;
    fence(world, ann).await;
    for mut socket in sockets {
        socket.frame(json!({ "type": "ping" })).await.unwrap();
        loop {
            let event = socket.next().await;
            assert_ne!(event["content"], "secret");
            if event["type"] == "pong" {
                break;
            }
        }
    }
}

/// Waits until everything that was published before is delivered: a listener hears what is said now.
async fn fence(world: &World, who: &Session) {
    let mut listener = world.joined(who, world.chat.lobby()).await;
    world.say(who, world.chat.lobby(), "fence").await;
    loop {
        if listener.next().await["content"] == "fence" {
            return;
        }
    }
}
