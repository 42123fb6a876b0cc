//! Bots: what they send, what they are told, and commands.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use teahouse_chat::{Committed, Error, LogEntry, PutMember, Window};
use teahouse_protocol::{Clock, ErrorCode, Role, Seq};

use super::hooks::{FakeHooks, holds};
use super::presses::bot;
use super::verdicts::msg;
use crate::world::{World, draft, first_page, on_both};

on_both! {
    async fn a_bot_joins_and_speaks_once_for_each_key(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        let hooks = FakeHooks::at_work(&world);
        let bot = bot(&world).await;
        let mut phone = world.joined(&ann, room).await;
        let first = world.chat.send_as_bot(&bot, room, draft(Some("event-1"), "welcome"), 1).await.unwrap();
        let again = world.chat.send_as_bot(&bot, room, draft(Some("event-1"), "welcome"), 1).await.unwrap();
        assert_eq!((first.message.id, again.repeated), (again.message.id, true));
        assert_eq!(phone.sees("member").await["change"], "joined");
        assert_eq!(phone.hears("welcome").await["sender"]["is_bot"], true);
        phone.has_nothing().await;
        let seen = hooks.seen.lock()[0].clone();
        assert_eq!((seen.hops, seen.sender.is_bot), (1, true));
        let spoken = world.chat.message_for_plugin(first.message.id).await.unwrap().unwrap();
        assert_eq!((spoken.hops, spoken.role), (1, Some(Role::Member)));
        let refused = world.chat.send_as_bot(&ann, room, draft(None, "I am no bot"), 1).await;
        assert!(matches!(refused, Err(Error::NotAllowed(_))));
        world.chat.remove_member(&ann, room, bot.user_id(), true).await.unwrap();
        let banned = world.chat.send_as_bot(&bot, room, draft(None, "again"), 1).await;
        assert!(matches!(banned, Err(Error::Banned)));
    }

    async fn a_bot_whose_plugin_is_gone_leaves_its_rooms_and_what_it_said_stays(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        FakeHooks::at_work(&world);
        let bot = bot(&world).await;
        let user = bot.user_id();
        world.chat.send_as_bot(&bot, room, draft(None, "welcome"), 1).await.unwrap();
        let (direct, _) = world.chat.open_direct(&ann, user).await.unwrap();
        drop(bot);
        let mut phone = world.joined(&ann, room).await;
        let tx = world.db.begin().await.unwrap();
        let long_ago = world.clock.now() - Duration::from_secs(60);
        teahouse_accounts::deactivate_bot(&tx, "org.example.poll", long_ago).await.unwrap();
        tx.commit().await.unwrap();
        let left = phone.until("member").await;
        assert_eq!((&left["change"], &left["user"]["id"]), (&json!("left"), &json!(user)), "{left}");
        let members = world.chat.members(&ann, room, first_page()).await.unwrap().items;
        assert!(members.iter().all(|member| member.user.id != user));
        let said = world.chat.history(&ann, room, Window::Newest, 10).await.unwrap().items;
        assert!(said.iter().any(|message| message.sender.name == "Poll" && message.sender.is_bot));
        let invited = world.chat.put_member(&ann, room, user, PutMember::default()).await;
        assert!(matches!(invited, Err(Error::UserNotFound)));
        let (again, made) = world.chat.open_direct(&ann, user).await.unwrap();
        assert_eq!((again.id, made), (direct.id, false), "what was said there can be read");
        assert!(again.peer.unwrap().is_deactivated);
        let [bob] = world.people(["bob"]).await;
        assert!(matches!(world.chat.open_direct(&bob, user).await, Err(Error::UserNotFound)));
    }

    async fn a_bot_stays_out_of_others_conversations(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        FakeHooks::at_work(&world);
        let bot = bot(&world).await;
        let (direct, _) = world.chat.open_direct(&ann, bob.user_id()).await.unwrap();
        let refused = world.chat.send_as_bot(&bot, direct.id, draft(None, "hello"), 1).await;
        assert!(matches!(refused, Err(Error::NotAllowed(_))));
        let (own, _) = world.chat.open_direct(&ann, bot.user_id()).await.unwrap();
        world.chat.send_as_bot(&bot, own.id, draft(None, "hello"), 1).await.unwrap();
        // Between two people no bot has commands, and what looks like one is a text.
        world.chat.send(&ann, direct.id, draft(None, "/guard")).await.unwrap();
        assert!(world.chat.commands(&ann, direct.id).await.unwrap().is_empty());
    }

    async fn a_command_is_a_message_unless_it_is_used_wrongly(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&bob, room).await;
        assert_eq!(phone.refusal(msg(room, "c-1", "/guard on")).await, ErrorCode::NotAllowed);
        assert_eq!(phone.ask(msg(room, "c-2", "/unknown words")).await["type"], "ack");
        let mut owner = world.joined(&ann, room).await;
        let Err(Error::Field(wrong)) = owner.frame(msg(room, "c-3", "/guard")).await else { panic!("usage") };
        assert_eq!((wrong.field.as_str(), wrong.detail.as_str()), ("content", "/guard off|on"));
        assert_eq!(owner.ask(msg(room, "c-4", "/guard on")).await["type"], "ack");
        phone.hears("/guard on").await;
        assert_eq!(world.chat.commands(&ann, room).await.unwrap().len(), 1);
        assert!(world.chat.commands(&bob, room).await.unwrap().is_empty());
        let eve = world.person("eve").await;
        assert!(matches!(world.chat.commands(&eve, room).await, Err(Error::RoomNotFound)));
    }

    /// A bot that hears of people and not of messages must not have a job made for each message.
    async fn what_no_bot_hears_of_makes_no_job(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        hooks.deaf.store(true, Ordering::SeqCst);
        let unheard = world.say(&ann, room, "tea").await;
        let mut mentioning = draft(None, "tea, bob?");
        mentioning.mentions = vec![bob.user_id()];
        let mentioned = world.chat.send(&ann, room, mentioning).await.unwrap().message.seq;
        world.chat.remove_member(&ann, room, bob.user_id(), false).await.unwrap();
        let gone = Seq::new(mentioned.get() + 1).unwrap();
        // A mention is told all the same.
        let told = |batches: &[Committed]| {
            let mentions = |batch: &Committed| batch.mentioning == [(room.uuid(), mentioned.get())];
            holds(batches, room, gone) > 0 && batches.iter().any(mentions)
        };
        while !told(&hooks.batches.lock()) {
            hooks.told.notified().await;
        }
        let batches = hooks.batches.lock();
        assert_eq!((holds(&batches, room, unheard), holds(&batches, room, mentioned)), (0, 0), "{batches:?}");
    }

    async fn plugins_hear_of_every_batch_also_after_they_failed(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        hooks.failures.store(1, Ordering::SeqCst);
        let mut phone = world.socket(&bob);
        let mut mentioning = draft(None, "tea, bob?");
        mentioning.mentions = vec![bob.user_id()];
        let sent = world.chat.send(&ann, room, mentioning).await.unwrap().message;
        assert_eq!(phone.sees("notice").await["kind"], "mention");
        let told = || holds(&hooks.batches.lock(), room, sent.seq);
        while told() < 2 {
            // The second attempt is due by the clock, some seconds after the first one failed.
            world.clock.advance(Duration::from_secs(10));
            drop(tokio::time::timeout(Duration::from_millis(200), hooks.told.notified()).await);
        }
        // Told of the mention once, though the job ran twice.
        phone.has_nothing().await;
        let entries = world.chat.events_in(room, Seq::new(1).unwrap(), sent.seq).await.unwrap();
        let Some((_, LogEntry::Posted(spoken))) = entries.last() else { panic!("the message") };
        assert_eq!((spoken.message.id, spoken.role, spoken.hops), (sent.id, Some(Role::Owner), 0));
        let history = world.chat.history_before(room, None, 10).await.unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!(world.chat.members_after(room, None, 10).await.unwrap().len(), 2);
        assert_eq!(world.chat.read_room(room).await.unwrap().members, 2);
        assert!(world.chat.read_member(room, bob.user_id()).await.unwrap().is_some());
        assert_eq!(world.chat.history(&bob, room, Window::Newest, 10).await.unwrap().items.len(), 1);
    }
}
