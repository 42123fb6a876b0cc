//! Reading: history by windows, cursors that never move back, what counts as unread, and mentions.

use serde_json::json;
use teahouse_chat::{RoomSummary, Window};
use teahouse_protocol::{RoomId, Seq};

use crate::world::{World, draft, first_page, on_both, seq, thumb};

async fn summary(world: &World, who: &teahouse_accounts::Session, room: RoomId) -> RoomSummary {
    let page = world.chat.rooms(who, first_page()).await.unwrap();
    page.items.into_iter().find(|summary| summary.room.id == room).unwrap()
}

fn seqs(page: &teahouse_chat::HistoryPage) -> Vec<i64> {
    page.items.iter().map(|message| message.seq.get()).collect()
}

on_both! {
    async fn history_is_paged_both_ways_and_around(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        for count in 2..=21 {
            assert_eq!(world.say(&ann, room, &count.to_string()).await, seq(count));
        }
        let page = async |window, limit| world.chat.history(&ann, room, window, limit).await.unwrap();
        let newest = page(Window::Newest, 5).await;
        assert_eq!((seqs(&newest), newest.next, newest.prev), (vec![17, 18, 19, 20, 21], None, Some(seq(17))));
        let older = page(Window::Before(seq(17)), 5).await;
        assert_eq!((seqs(&older), older.prev), (vec![12, 13, 14, 15, 16], Some(seq(12))));
        let first = page(Window::Before(seq(4)), 5).await;
        assert_eq!((seqs(&first), first.prev), (vec![2, 3], None));
        let newer = page(Window::After(seq(15)), 4).await;
        assert_eq!((seqs(&newer), newer.next), (vec![16, 17, 18, 19], Some(seq(19))));
        let last = page(Window::After(seq(19)), 4).await;
        assert_eq!((seqs(&last), last.next), (vec![20, 21], None));
        let around = page(Window::Around(seq(10)), 6).await;
        assert_eq!((seqs(&around), around.prev, around.next), (vec![7, 8, 9, 10, 11, 12], Some(seq(7)), Some(seq(12))));
        for limit in 1..=4_u16 {
            let around = page(Window::Around(seq(10)), limit).await;
            assert_eq!(seqs(&around).len(), usize::from(limit));
            assert!(seqs(&around).contains(&10));
        }
        assert_eq!(seqs(&page(Window::Around(Seq::ZERO), 4).await), [2, 3]);
        assert_eq!(seqs(&page(Window::After(Seq::MAX), 4).await), [0_i64; 0]);
    }

    async fn a_cursor_never_moves_back_nor_past_the_end(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        for count in 0..5 {
            world.say(&ann, room, &count.to_string()).await;
        }
        assert_eq!(summary(&world, &bob, room).await.unread, 5);
        let mut phone = world.joined(&bob, room).await;
        let mut tablet = world.joined(&bob, room).await;
        let mut other = world.joined(&ann, room).await;
        phone.frame(json!({ "type": "read", "room": room, "seq": 5 })).await.unwrap();
        for socket in [&mut tablet, &mut other] {
            let receipt = json!({ "type": "receipt", "room": room, "user": bob.user_id(), "seq": 5 });
            assert_eq!(socket.sees("receipt").await, receipt);
        }
        world.chat.read(&bob, room, seq(3)).await.unwrap();
        world.chat.read(&bob, room, seq(5)).await.unwrap();
        assert_eq!(summary(&world, &bob, room).await.read_seq, seq(5));
        world.chat.read(&bob, room, Seq::MAX).await.unwrap();
        // The one that asked over its own socket was not told; by REST everybody is.
        assert_eq!(phone.sees("receipt").await["seq"], 7);
        assert_eq!(other.sees("receipt").await["seq"], 7);
        assert_eq!(summary(&world, &bob, room).await.unread, 0);
    }

    async fn unread_counts_others_messages_and_nothing_else(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let first = world.chat.send(&ann, room, draft(None, "one")).await.unwrap().message;
        let second = world.chat.send(&ann, room, draft(None, "two")).await.unwrap().message;
        world.say(&bob, room, "my own").await;
        world.chat.react(&ann, first.id, thumb()).await.unwrap();
        world.chat.edit(&ann, first.id, r#""one, edited""#).await.unwrap();
        assert_eq!(summary(&world, &bob, room).await.unread, 2);
        world.chat.recall(&ann, second.id).await.unwrap();
        assert_eq!(summary(&world, &bob, room).await.unread, 1);
        let joined = world.socket(&bob).join(room).await;
        assert_eq!(joined["unread"], 1);
        world.chat.read(&bob, room, first.seq).await.unwrap();
        assert_eq!(summary(&world, &bob, room).await.unread, 0);
    }

    /// Counted and told by a durable job, once, to those who can read the room.
    async fn who_is_mentioned_is_told(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut there = world.socket(&bob);
        let mut stranger = world.socket(&cid);
        let mut mentioning = draft(None, "bob, cid: tea?");
        mentioning.mentions = vec![bob.user_id(), cid.user_id(), ann.user_id(), bob.user_id()];
        let said = world.chat.send(&ann, room, mentioning).await.unwrap().message;
        let notice = there.sees("notice").await;
        assert_eq!((&notice["kind"], &notice["message"]), (&json!("mention"), &json!(said.id)));
        assert_eq!(summary(&world, &bob, room).await.mentions, 1);
        stranger.has_nothing().await;
        world.chat.read(&bob, room, said.seq).await.unwrap();
        assert_eq!(summary(&world, &bob, room).await.mentions, 0);
    }

    /// Marks are gathered: the first is written and shown at once, those that follow together.
    async fn who_marks_each_message_is_shown_once(world: World) {
        let world = world.restarted(|settings| settings.chat.gather_ms = 3_600_000).await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        for count in 0..50 {
            world.say(&ann, room, &count.to_string()).await;
        }
        let mut phone = world.joined(&bob, room).await;
        let mut other = world.joined(&ann, room).await;
        phone.frame(json!({ "type": "read", "room": room, "seq": 3 })).await.unwrap();
        assert_eq!(other.sees("receipt").await["seq"], 3);
        for number in 4..50 {
            phone.frame(json!({ "type": "read", "room": room, "seq": number })).await.unwrap();
        }
        // Nor does an older one undo a newer that waits.
        phone.frame(json!({ "type": "read", "room": room, "seq": 7 })).await.unwrap();
        other.has_nothing().await;
        // Whoever looks finds it written.
        assert_eq!(summary(&world, &bob, room).await.read_seq, seq(49));
        assert_eq!(other.sees("receipt").await["seq"], 49);
        other.has_nothing().await;
        phone.frame(json!({ "type": "read", "room": room, "seq": 50 })).await.unwrap();
        let db = world.db.clone();
        world.chat.close();
        world.stop().await;
        assert_eq!(teahouse_store::reads::find(db.conn(), room, bob.user_id()).await.unwrap(), seq(50));
        drop((phone, other));
    }

    /// However they come in: by an owner, by themselves, into the lobby; and when they come back.
    async fn who_is_new_in_a_room_begins_with_nothing_unread(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.public_group(&ann, &[]).await;
        for text in ["one", "two"] {
            world.say(&ann, room, text).await;
            world.say(&ann, world.chat.lobby(), text).await;
        }
        world.chat.join(&bob, room).await.unwrap();
        let [cid] = world.people(["cid"]).await;
        for (who, where_to) in [(&bob, room), (&cid, world.chat.lobby())] {
            assert_eq!(summary(&world, who, where_to).await.unread, 0);
            world.say(&ann, where_to, "three").await;
            assert_eq!(summary(&world, who, where_to).await.unread, 1);
        }
        world.chat.leave(&bob, room).await.unwrap();
        world.say(&ann, room, "while bob was away").await;
        world.chat.join(&bob, room).await.unwrap();
        assert_eq!(summary(&world, &bob, room).await.unread, 0);
    }

    async fn a_recall_takes_its_mentions_along(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut there = world.socket(&bob);
        let mut mentioning = draft(None, "bob?");
        mentioning.mentions = vec![bob.user_id()];
        let said = world.chat.send(&ann, room, mentioning).await.unwrap().message;
        there.sees("notice").await;
        assert_eq!(summary(&world, &bob, room).await.mentions, 1);
        world.chat.recall(&ann, said.id).await.unwrap();
        assert_eq!(summary(&world, &bob, room).await.mentions, 0);
    }

    async fn an_edit_says_anew_who_is_meant(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.group(&ann, &[&bob, &cid]).await;
        let (mut bobs, mut cids) = (world.socket(&bob), world.socket(&cid));
        let mut listener = world.joined(&cid, room).await;
        let mut mentioning = draft(None, "bob?");
        mentioning.mentions = vec![bob.user_id(), bob.user_id()];
        let said = world.chat.send(&ann, room, mentioning).await.unwrap().message;
        assert_eq!(said.mentions, [bob.user_id()], "each once");
        bobs.sees("notice").await;
        // Said without: as before.
        world.chat.edit(&ann, said.id, r#""bob!""#).await.unwrap();
        assert_eq!(summary(&world, &bob, room).await.mentions, 1);
        let meant = Some(vec![cid.user_id(), cid.user_id()]);
        let edited = world.chat.edit_mentioning(&ann, said.id, r#""cid!""#, meant).await.unwrap();
        assert_eq!(edited.message.mentions, [cid.user_id()]);
        assert_eq!(cids.sees("notice").await["message"], json!(said.id));
        let counts = [summary(&world, &bob, room).await.mentions, summary(&world, &cid, room).await.mentions];
        assert_eq!(counts, [0, 1]);
        assert_eq!(listener.until("edited").await["mentions"], json!([bob.user_id()]));
        assert_eq!(listener.until("edited").await["mentions"], json!([cid.user_id()]));
        // By the socket, and nobody any more.
        let frame = json!({ "type": "edit", "message": said.id, "content": "cid!", "mentions": [] });
        world.joined(&ann, room).await.ask(frame).await;
        assert_eq!(listener.until("edited").await.get("mentions"), None);
        assert_eq!(summary(&world, &cid, room).await.mentions, 0);
        bobs.has_nothing().await;
    }
}
