//! Buttons: pressed by members, handed to their bot with the card's own value, and whispered cards alike.

use std::time::Duration;

use serde_json::{Value, json};
use teahouse_accounts::{BotUser, Session};
use teahouse_chat::{Error, Handled};
use teahouse_protocol::{
    Button, ButtonStyle, CardContent, Content, DisplayName, Draft, ErrorCode, MessageId, RoomId,
};

use super::hooks::FakeHooks;
use super::repeats::begin;
use crate::world::{World, draft, on_both};

pub(super) async fn bot(world: &World) -> Session {
    let name = DisplayName::new("Poll").unwrap();
    world.accounts.bot(&BotUser { plugin: "org.example.poll".to_owned(), name, avatar: None }).await.unwrap()
}

fn card() -> Content {
    let button = |id: &str| Button {
        id: id.to_owned(),
        label: "Yes".to_owned(),
        style: Some(ButtonStyle::Primary),
        value: Some("1".to_owned()),
        row: Some(0),
    };
    let (title, buttons) = ("Tea?".to_owned(), Some(vec![button("yes"), button("slow")]));
    Content::Card(CardContent { title, text: None, image_url: None, buttons })
}

fn press(message: MessageId, id: &str, button: &str) -> Value {
    json!({ "type": "press", "id": id, "message": message, "button": button })
}

async fn card_in(world: &World, sender: &Session, room: RoomId) -> MessageId {
    let draft = Draft { content: card(), ..draft(None, "") };
    if sender.profile().is_bot {
        world.chat.send_as_bot(sender, room, draft, 1).await.unwrap().message.id
    } else {
        world.chat.send(sender, room, draft).await.unwrap().message.id
    }
}

on_both! {
    async fn a_press_goes_to_the_bot_once_with_the_cards_own_value(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let bot = bot(&world).await;
        let card = card_in(&world, &bot, room).await;
        let mut phone = world.socket(&bob);
        let ack = phone.ask(press(card, "p-1", "yes")).await;
        assert_eq!((&ack["type"], &ack["id"], &ack["message"]), (&json!("ack"), &json!("p-1"), &json!(card)));
        assert_eq!(phone.ask(press(card, "p-1", "yes")).await, ack);
        let presses = hooks.presses.lock().clone();
        assert_eq!(presses.len(), 1);
        let pressed = &presses[0];
        assert_eq!((pressed.user.id, pressed.bot, pressed.room), (bob.user_id(), bot.user_id(), room));
        assert_eq!((pressed.button.as_str(), pressed.value.as_str()), ("yes", "1"));
    }

    async fn a_press_sent_twice_at_once_or_after_a_hang_up_is_one(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let bot = bot(&world).await;
        let card = card_in(&world, &bot, room).await;
        let mut phone = world.socket(&bob);
        let Handled::Later(mut work) = phone.hand_over(&press(card, "p-1", "slow")) else { panic!("it waits") };
        begin(&mut work).await;
        // The client hangs up, and presses again on two new connections at once.
        drop((work, phone));
        let [mut one, mut two] = [world.socket(&bob), world.socket(&bob)];
        let again = async { tokio::join!(one.ask(press(card, "p-1", "slow")), two.ask(press(card, "p-1", "slow"))) };
        let permit = async {
            tokio::task::yield_now().await;
            hooks.permits.add_permits(3);
        };
        let ((one, two), ()) = tokio::join!(again, permit);
        assert_eq!((&one["type"], &one["at"]), (&json!("ack"), &two["at"]));
        assert_eq!(hooks.presses.lock().len(), 1);
    }

    async fn only_members_press_and_only_what_is_there(world: World) {
        let [ann, bob, eve] = world.people(["ann", "bob", "eve"]).await;
        let hidden = world.group(&ann, &[&bob]).await;
        let open = world.public_group(&ann, &[]).await;
        let hooks = FakeHooks::at_work(&world);
        let bot = bot(&world).await;
        let (in_hidden, in_open) = (card_in(&world, &bot, hidden).await, card_in(&world, &bot, open).await);
        let mut phone = world.socket(&eve);
        assert_eq!(phone.refusal(press(in_hidden, "p", "yes")).await, ErrorCode::MessageNotFound);
        assert_eq!(phone.refusal(press(in_open, "p", "yes")).await, ErrorCode::NotAMember);
        let mut phone = world.socket(&bob);
        assert_eq!(phone.refusal(press(in_hidden, "p", "no")).await, ErrorCode::InvalidField);
        let of_ann = card_in(&world, &ann, hidden).await;
        assert_eq!(phone.refusal(press(of_ann, "p", "yes")).await, ErrorCode::Conflict);
        let text = world.chat.send(&ann, hidden, draft(None, "tea")).await.unwrap().message.id;
        assert_eq!(phone.refusal(press(text, "p", "yes")).await, ErrorCode::Conflict);
        world.chat.recall(&bot, in_hidden).await.unwrap();
        assert_eq!(phone.refusal(press(in_hidden, "p", "yes")).await, ErrorCode::Conflict);
        assert!(hooks.presses.lock().is_empty());
    }

    async fn a_whisper_reaches_its_user_alone_and_its_buttons_last_an_hour(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let bot = bot(&world).await;
        let mut phone = world.joined(&bob, room).await;
        let mut other = world.joined(&ann, room).await;
        world.chat.put_member(&ann, room, bot.user_id(), teahouse_chat::PutMember::default()).await.unwrap();
        phone.sees("member").await;
        other.sees("member").await;
        let id = world.chat.tell_privately(&bot, room, bob.user_id(), card(), None).await.unwrap();
        let shown = phone.sees("ephemeral").await;
        assert_eq!((&shown["id"], &shown["room"]), (&json!(id), &json!(room)));
        assert_eq!((&shown["sender"]["is_bot"], shown.get("seq")), (&json!(true), None));
        other.has_nothing().await;
        assert_eq!(other.refusal(press(id, "p", "yes")).await, ErrorCode::MessageNotFound);
        assert_eq!(phone.ask(press(id, "p-1", "yes")).await["type"], "ack");
        assert_eq!(hooks.presses.lock()[0].value, "1");
        world.clock.advance(Duration::from_secs(3601));
        assert_eq!(phone.refusal(press(id, "p-2", "yes")).await, ErrorCode::MessageNotFound);
        let stranger = world.person("eve").await.user_id();
        let outside = world.chat.tell_privately(&bot, room, stranger, card(), None).await;
        assert!(matches!(outside, Err(Error::UserNotFound)));
        world.mute(&ann, room, bot.user_id(), Duration::from_secs(60)).await;
        let muted = world.chat.tell_privately(&bot, room, bob.user_id(), card(), None).await;
        assert!(matches!(muted, Err(Error::Muted { .. })));
        world.chat.remove_member(&ann, room, bot.user_id(), true).await.unwrap();
        let banned = world.chat.tell_privately(&bot, room, bob.user_id(), card(), None).await;
        assert!(matches!(banned, Err(Error::Banned)));
        let no_bot = world.chat.tell_privately(&ann, room, bob.user_id(), card(), None).await;
        assert!(matches!(no_bot, Err(Error::NotAllowed(_))));
    }
}
