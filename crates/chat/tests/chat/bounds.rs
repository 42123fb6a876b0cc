//! What the server sends is bounded: one person's longest messages and a hundred rooms must be borne by every reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use teahouse_accounts::Session;
use teahouse_chat::Window;
use teahouse_protocol::{CardContent, Content, Emoji, Kind, RoomId, Seq};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

use crate::world::{World, draft, first_page, on_both, seq};

/// Ten long messages, of which three fit into a page.
async fn long_talk(world: World, who: &str) -> (World, Session, RoomId) {
    let world = world.restarted(|settings| settings.chat.page_bytes = 14_000).await;
    let ann = world.person(who).await;
    let room = world.group(&ann, &[]).await;
    for _ in 0..10 {
        world.say(&ann, room, &"x".repeat(4_000)).await;
    }
    (world, ann, room)
}

/// The queries that this thread sends to PostgreSQL, as its driver reports them.
#[derive(Clone, Default)]
struct Queries(Arc<AtomicU64>);

impl tracing::Subscriber for Queries {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Queries {
    /// The most queries of several tries: with those of what goes on beside them.
    async fn of(act: impl AsyncFn()) -> u64 {
        let queries = Self::default();
        let _heard = tracing::subscriber::set_default(queries.clone());
        let mut most = 0;
        for _ in 0..5 {
            let before = queries.0.load(Ordering::SeqCst);
            act().await;
            most = most.max(queries.0.load(Ordering::SeqCst) - before);
        }
        most
    }
}

on_both! {
    async fn heads_of_many_rooms_come_in_several_frames(world: World) {
        let [ann] = world.people(["ann"]).await;
        let mut rooms = Vec::new();
        for _ in 0..60 {
            rooms.push(world.group(&ann, &[]).await);
        }
        let mut socket = world.socket(&ann);
        let first = socket.listen_to_all().await;
        let second = socket.sees("heads").await;
        let count = |heads: &Value| heads["rooms"].as_array().unwrap().len();
        assert_eq!((count(&first), &first["more"]), (50, &json!(true)));
        // The lobby is one more.
        assert_eq!((count(&second), second.get("more")), (11, None));
        for room in [rooms[0], rooms[59]] {
            world.say(&ann, room, "tea").await;
            socket.hears("tea").await;
        }
        let named = socket.ask(json!({ "type": "listen", "rooms": [] })).await;
        assert_eq!((count(&named), named.get("more")), (0, None));
    }

    async fn a_list_of_rooms_shows_previews(world: World) {
        let [ann] = world.people(["ann"]).await;
        let [long, short, card] = [world.group(&ann, &[]).await, world.group(&ann, &[]).await, world.group(&ann, &[]).await];
        // Each is one character of 18 bytes, and none is cut apart.
        let family = world.group(&ann, &[]).await;
        world.say(&ann, family, &"👨‍👩‍👧".repeat(201)).await;
        world.say(&ann, long, &"茶".repeat(4_000)).await;
        world.say(&ann, short, &"茶".repeat(200)).await;
        let content = CardContent {
            title: "A menu".to_owned(),
            text: Some("tea ".repeat(1_000)),
            image_url: None,
            buttons: None,
        };
        let mut drafted = draft(None, "");
        drafted.content = Content::Card(content);
        let said = world.chat.send(&ann, card, drafted).await.unwrap().message;
        world.chat.react(&ann, said.id, Emoji::new("🍵").unwrap()).await.unwrap();
        let summaries = world.chat.rooms(&ann, first_page()).await.unwrap().items;
        let last = |room: RoomId| {
            let summary = summaries.iter().find(|summary| summary.room.id == room).unwrap();
            summary.last.clone().unwrap()
        };
        assert_eq!(last(long).content, Some(Content::Text("茶".repeat(200) + "…")));
        assert_eq!((last(long).cut, last(short).cut), (true, false));
        assert_eq!(last(short).content, Some(Content::Text("茶".repeat(200))));
        assert_eq!(last(family).content, Some(Content::Text("👨‍👩‍👧".repeat(56) + "…")));
        let card = last(card);
        assert_eq!((card.kind, &card.content, card.cut), (Kind::Card, &None, true));
        assert_eq!(card.text.as_deref(), Some("[卡片] A menu"));
        assert!(serde_json::to_string(&card).unwrap().len() < 2_000, "{card:?}");
        let heads = world.socket(&ann).listen_to_all().await;
        let heads: Vec<&Value> = heads["rooms"].as_array().unwrap().iter().collect();
        let head = heads.iter().find(|head| head["room"] == json!(card.room)).unwrap();
        assert_eq!(head["last"], serde_json::to_value(&card).unwrap());
        // The message itself is whole.
        let whole = world.chat.message(&ann, card.id).await.unwrap();
        assert_eq!((whole.cut, whole.reactions.len()), (false, 1));
        assert!(whole.content.is_some());
    }

    async fn a_page_of_history_ends_at_its_bytes(world: World) {
        let (world, ann, room) = long_talk(world, "ann").await;
        let page = async |window, limit| world.chat.history(&ann, room, window, limit).await.unwrap();
        let (mut window, mut found) = (Window::Newest, Vec::new());
        loop {
            let older = page(window, 200).await;
            assert!((1..=3).contains(&older.items.len()), "{}", older.items.len());
            found.splice(0..0, older.items.iter().map(|message| message.seq.get()));
            let Some(prev) = older.prev else { break };
            window = Window::Before(prev);
        }
        assert_eq!(found, (2..=11).collect::<Vec<_>>());
        let (mut after, mut found) = (Seq::ZERO, Vec::new());
        loop {
            let newer = page(Window::After(after), 200).await;
            assert!((1..=3).contains(&newer.items.len()), "{}", newer.items.len());
            found.extend(newer.items.iter().map(|message| message.seq.get()));
            let Some(next) = newer.next else { break };
            after = next;
        }
        assert_eq!(found, (2..=11).collect::<Vec<_>>());
        let around = page(Window::Around(seq(6)), 200).await;
        assert!(around.items.iter().any(|message| message.seq == seq(6)));
        assert!(around.prev.is_some() && around.next.is_some());
    }

    async fn a_page_of_events_and_a_join_end_at_their_bytes(world: World) {
        let (world, ann, room) = long_talk(world, "ann").await;
        let long = world.chat.history(&ann, room, Window::After(Seq::ZERO), 1).await.unwrap().items.remove(0);
        // An event of an edit carries what the message says now.
        for letter in ["a", "b", "c", "d", "e"] {
            world.chat.edit(&ann, long.id, &json!(letter.repeat(4_000)).to_string()).await.unwrap();
        }
        let (mut after, mut found) = (Seq::ZERO, 0);
        loop {
            let page = world.chat.events(&ann, room, after, 500).await.unwrap();
            assert!((1..=4).contains(&page.items.len()), "{}", page.items.len());
            found += page.items.len();
            let Some(next) = page.next else { break };
            after = next;
        }
        assert_eq!(found, 16);
        let mut socket = world.socket(&ann);
        let joined = socket.ask(json!({ "type": "join", "room": room, "since": 1 })).await;
        assert_eq!(joined["last_seq"], 16);
        for number in 2..=4 {
            assert_eq!(socket.sees("msg").await["seq"], number);
        }
        let gap = socket.sees("gap").await;
        assert_eq!((&gap["from"], &gap["to"]), (&json!(5), &json!(16)));
    }

    /// Own messages are never unread, also those that no tally counts yet, and after a restart.
    async fn who_wrote_much_has_nothing_to_read(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.joined(&ann, room).await;
        for _ in 0..150 {
            phone.say(room, "tea").await;
        }
        for _ in 0..150 {
            phone.until("ack").await;
        }
        world.say(&bob, room, "quiet!").await;
        let unread = async |world: &World, who: &Session| world.socket(who).join(room).await["unread"].clone();
        assert_eq!((unread(&world, &ann).await, unread(&world, &bob).await), (json!(1), json!(150)));
        let world = world.restarted(|_| ()).await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        assert_eq!((unread(&world, &ann).await, unread(&world, &bob).await), (json!(1), json!(150)));
    }

    /// The queries of one engine are those of the other; SQLite's driver reports them from a thread of its own.
    async fn lists_of_rooms_take_no_query_for_each_of_them(world: World) {
        if world.db.is_sqlite() {
            return;
        }
        let [ann, bob] = world.people(["ann", "bob"]).await;
        for number in 0..40 {
            let room = world.group(&ann, &[&bob]).await;
            world.say(&bob, room, &number.to_string()).await;
        }
        let list = Queries::of(async || drop(world.chat.rooms(&ann, first_page()).await.unwrap())).await;
        let listen = Queries::of(async || drop(world.socket(&ann).listen_to_all().await)).await;
        // A query for each of the forty rooms would be more.
        assert!((2..30).contains(&list) && (2..30).contains(&listen), "{list} {listen}");
    }
}
