//! Joining a room: from its head, or from what the client has; nothing missed, nothing twice.

use serde_json::{Value, json};
use teahouse_protocol::{ErrorCode, RoomId, Seq};

use crate::socket::Socket;
use crate::world::{World, on_both, seq, thumb};

fn numbers(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["seq"].as_i64().unwrap()).collect()
}

async fn next_events(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        events.push(socket.next().await);
    }
    events
}

fn join(room: RoomId, since: i64, limit: u16) -> Value {
    json!({ "type": "join", "room": room, "since": since, "limit": limit })
}

on_both! {
    async fn without_since_only_what_comes_is_heard(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        world.say(&ann, room, "before").await;
        let mut socket = world.socket(&bob);
        let joined = socket.join(room).await;
        assert_eq!((&joined["last_seq"], &joined["role"], &joined["unread"]), (&json!(3), &json!("member"), &json!(1)));
        world.say(&ann, room, "after").await;
        assert_eq!(socket.hears("after").await["seq"], 4);
    }

    /// The log brings every kind of event, as listeners had it.
    async fn since_brings_what_was_missed_in_order(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut live = world.joined(&bob, room).await;
        let said = world.chat.send(&ann, room, crate::world::draft(Some("c-1"), "tea?")).await.unwrap().message;
        world.chat.react(&bob, said.id, thumb()).await.unwrap();
        world.chat.put_member(&ann, room, cid.user_id(), Default::default()).await.unwrap();
        world.chat.edit(&ann, said.id, r#""coffee?""#).await.unwrap();
        world.chat.recall(&ann, said.id).await.unwrap();
        world.say(&cid, room, "hello").await;
        let heard = next_events(&mut live, 6).await;
        assert_eq!(numbers(&heard), [3, 4, 5, 6, 7, 8]);
        let mut late = world.socket(&bob);
        let joined = late.ask(join(room, 2, 500)).await;
        assert_eq!(joined["last_seq"], 8);
        let missed = next_events(&mut late, 6).await;
        let types = |events: &[Value]| events.iter().map(|event| event["type"].clone()).collect::<Vec<_>>();
        assert_eq!(types(&missed), ["msg", "reaction", "member", "edited", "recalled", "msg"]);
        assert_eq!(types(&missed), types(&heard));
        assert_eq!(numbers(&missed), numbers(&heard));
        // What was recalled since comes without its content; everything else is the same.
        assert_eq!([&missed[0]["content"], &missed[3]["content"]], [&Value::Null; 2]);
        assert_eq!(missed[1..3], heard[1..3]);
        assert_eq!(missed[4..], heard[4..]);
        late.has_nothing().await;
    }

    /// More than a join brings: `gap` says what to page, and the pages fit to it.
    async fn a_gap_is_filled_by_the_events_of_the_log(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        for count in 0..20 {
            world.say(&ann, room, &count.to_string()).await;
        }
        let mut socket = world.socket(&bob);
        assert_eq!(socket.ask(join(room, 0, 5)).await["last_seq"], 22);
        assert_eq!(numbers(&next_events(&mut socket, 5).await), [1, 2, 3, 4, 5]);
        let gap = socket.sees("gap").await;
        assert_eq!(gap, json!({ "type": "gap", "room": room, "from": 6, "to": 22 }));
        world.say(&ann, room, "live").await;
        assert_eq!(socket.hears("live").await["seq"], 23);
        let mut after = seq(5);
        let mut filled = Vec::new();
        loop {
            let page = world.chat.events(&bob, room, after, 7).await.unwrap();
            filled.extend(page.items.iter().map(|event| serde_json::to_value(event).unwrap()));
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!(numbers(&filled), (6..=23).collect::<Vec<_>>());
        let page = world.chat.events(&bob, room, seq(16), 7).await.unwrap();
        assert_eq!((page.items.len(), page.next), (7, None));
        let end = world.chat.events(&bob, room, seq(23), 7).await.unwrap();
        assert_eq!((end.items.len(), end.next), (0, None));
    }

    /// A client that was connected to a house that burnt down knows numbers that are not there.
    async fn since_past_the_head_is_the_head(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        let mut socket = world.socket(&ann);
        let frame = json!({ "type": "join", "room": room, "since": Seq::MAX });
        assert_eq!(socket.ask(frame).await["last_seq"], 1);
        let by_rest = world.say(&ann, room, "new").await;
        assert_eq!(socket.hears("new").await["seq"], json!(by_rest));
    }

    async fn a_private_room_is_not_there_for_a_stranger(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[]).await;
        let mut socket = world.socket(&bob);
        let nowhere = RoomId::generate();
        for hidden in [room, nowhere] {
            let refused = socket.refusal(json!({ "type": "join", "room": hidden })).await;
            assert_eq!(refused, ErrorCode::RoomNotFound);
            assert_eq!(world.chat.room(&bob, hidden).await.unwrap_err().code(), ErrorCode::RoomNotFound);
            let events = world.chat.events(&bob, hidden, Seq::ZERO, 5).await;
            assert_eq!(events.unwrap_err().code(), ErrorCode::RoomNotFound);
        }
        world.say(&ann, room, "secret").await;
        socket.has_nothing().await;
    }

    async fn a_passer_by_reads_a_public_room_and_does_not_write(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.public_group(&ann, &[]).await;
        let mut socket = world.socket(&bob);
        let joined = socket.join(room).await;
        assert_eq!(joined["role"], Value::Null);
        world.say(&ann, room, "welcome").await;
        socket.hears("welcome").await;
        for frame in [
            json!({ "type": "msg", "room": room, "content": "thanks" }),
            json!({ "type": "read", "room": room, "seq": 1 }),
            json!({ "type": "typing", "room": room }),
        ] {
            assert_eq!(socket.refusal(frame).await, ErrorCode::NotAMember);
        }
        // The same connection may write once its user is a member.
        world.chat.join(&bob, room).await.unwrap();
        assert_eq!(socket.sees("member").await["change"], "joined");
        assert_eq!(socket.ask(json!({ "type": "msg", "room": room, "content": "thanks" })).await["type"], "ack");
    }
}
