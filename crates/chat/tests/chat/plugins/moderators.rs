//! What moderators, admins and plugins decide: once, in order, and written down.

use std::time::Duration;

use sea_orm::EntityTrait;
use teahouse_chat::{
    Authority, Error, HeldFilter, HeldStage, HeldState, PageRequest, ReviewFilter, ReviewState, Swept, Window,
};
use teahouse_protocol::{ErrorCode, MessageId};
use teahouse_store::entity::audit;
use uuid::Uuid;

use super::hooks::{FakeHooks, flag};
use super::verdicts::{admin, msg};
use crate::world::{World, draft, first_page, on_both};

async fn acts(world: &World) -> Vec<String> {
    let rows = audit::Entity::find().all(world.db.conn()).await.unwrap();
    rows.into_iter().map(|row| row.action).filter(|action| !action.starts_with("user.")).collect()
}

async fn held(world: &World, who: &teahouse_accounts::Session, room: teahouse_protocol::RoomId) -> MessageId {
    world.chat.send(who, room, draft(None, "hold this")).await.unwrap().message.id
}

/// What all pages bring, of one or two items each.
async fn all_pages(read: impl AsyncFn(PageRequest) -> (Vec<MessageId>, Option<Uuid>)) -> Vec<MessageId> {
    let (mut page, mut found) = (first_page(), Vec::new());
    loop {
        let (items, next) = read(page).await;
        assert!((1..=2).contains(&items.len()), "{}", items.len());
        found.extend(items);
        page.after = next;
        if next.is_none() {
            return found;
        }
    }
}

on_both! {
    async fn a_room_s_moderator_decides_there_and_nowhere_else(world: World) {
        let [ann, bob, eve] = world.people(["ann", "bob", "eve"]).await;
        let room = world.group(&ann, &[&bob]).await;
        world.group(&eve, &[]).await;
        FakeHooks::at_work(&world);
        let id = held(&world, &bob, room).await;
        let [owner, member, stranger] = [&ann, &bob, &eve].map(|one| Authority::Moderator(one.clone()));
        let code = |result: Result<(), Error>| result.unwrap_err().code();
        assert_eq!(code(world.chat.release(&stranger, id).await), ErrorCode::MessageNotFound);
        assert_eq!(code(world.chat.refuse(&stranger, id, "").await), ErrorCode::MessageNotFound);
        assert_eq!(code(world.chat.release(&member, id).await), ErrorCode::NotAllowed);
        let mine = HeldFilter { room: Some(room), stage: HeldStage::Waiting };
        assert!(world.chat.held_page(&owner, HeldFilter::default(), first_page()).await.is_err());
        assert!(world.chat.held_page(&member, mine, first_page()).await.is_err());
        let page = world.chat.held_page(&owner, mine, first_page()).await.unwrap();
        assert_eq!((page.items.len(), page.items[0].id, page.items[0].note.as_str()), (1, id, "look"));
        world.chat.release(&owner, id).await.unwrap();
        assert!(world.chat.held_page(&owner, mine, first_page()).await.unwrap().items.is_empty());
        let own = held(&world, &ann, room).await;
        assert_eq!(code(world.chat.release(&owner, own).await), ErrorCode::NotAllowed);
        assert_eq!(acts(&world).await, ["held.released"]);
    }

    /// Whoever has much held or noted must not make the lists too large for who decides.
    async fn pages_of_what_waits_end_at_their_bytes(world: World) {
        let world = world.restarted(|settings| settings.chat.page_bytes = 9_000).await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let (mut held, mut noted) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            for (word, ids) in [("hold", &mut held), ("odd", &mut noted)] {
                let text = format!("{word} {}", "x".repeat(3_990));
                ids.push(world.chat.send(&bob, room, draft(None, &text)).await.unwrap().message.id);
            }
        }
        let owner = Authority::Moderator(ann);
        let waiting = HeldFilter { room: Some(room), stage: HeldStage::Waiting };
        let found = all_pages(async |page| {
            let held = world.chat.held_page(&owner, waiting, page).await.unwrap();
            (held.items.iter().map(|held| held.id).collect(), held.next)
        });
        assert_eq!(found.await, held);
        let open = ReviewFilter { room: Some(room), state: ReviewState::Open };
        let found = all_pages(async |page| {
            let noted = world.chat.reviews_page(&owner, open, page).await.unwrap();
            let ids = noted.items.iter().map(|review| review.message.as_ref().unwrap().id);
            (ids.collect(), noted.next)
        });
        assert_eq!(found.await, noted);
    }

    async fn what_was_decided_long_ago_is_forgotten_and_what_waits_is_not(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let decided = held(&world, &bob, room).await;
        world.chat.release(&admin(), decided).await.unwrap();
        world.chat.send(&bob, room, draft(None, "odd tea")).await.unwrap();
        let open = ReviewFilter { room: Some(room), state: ReviewState::Open };
        let reviews = world.chat.reviews_page(&admin(), open, first_page()).await.unwrap().items;
        world.chat.close_review(&admin(), reviews[0].id).await.unwrap();
        let waiting = held(&world, &bob, room).await;
        world.clock.advance(Duration::from_secs(90 * 24 * 60 * 60));
        assert_eq!(world.chat.sweep_decisions().await.unwrap(), Swept { held: 0, reviews: 0 });
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(world.chat.sweep_decisions().await.unwrap(), Swept { held: 1, reviews: 1 });
        world.chat.release(&admin(), waiting).await.unwrap();
    }

    async fn deciding_twice_is_deciding_once_and_the_first_counts(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut other = world.joined(&ann, room).await;
        let mut phone = world.joined(&bob, room).await;
        let ack = phone.ask(msg(room, "c-1", "hold one")).await;
        let one = serde_json::from_value(ack["message"].clone()).unwrap();
        world.chat.release(&admin(), one).await.unwrap();
        world.chat.release(&admin(), one).await.unwrap();
        assert!(matches!(world.chat.refuse(&admin(), one, "late").await, Err(Error::Conflict(_))));
        other.hears("hold one").await;
        other.has_nothing().await;
        phone.hears("hold one").await;
        assert_eq!(phone.sees("notice").await["kind"], "held_released");
        let ack = phone.ask(msg(room, "c-2", "hold two")).await;
        let two = serde_json::from_value(ack["message"].clone()).unwrap();
        world.chat.refuse(&admin(), two, "no tea").await.unwrap();
        world.chat.refuse(&admin(), two, "no tea").await.unwrap();
        assert!(matches!(world.chat.release(&admin(), two).await, Err(Error::Conflict(_))));
        let notice = phone.sees("notice").await;
        assert_eq!((notice["kind"].as_str(), &notice["message"]), (Some("held_refused"), &ack["message"]));
        assert!(notice["text"].as_str().unwrap().ends_with("no tea"));
        phone.has_nothing().await;
        other.has_nothing().await;
        let refused = HeldFilter { room: None, stage: HeldStage::Refused };
        let refused = world.chat.held_page(&admin(), refused, first_page()).await.unwrap().items;
        assert_eq!((refused[0].state, refused[0].decided_by.as_deref()), (HeldState::Refused, Some("admin:root")));
        assert_eq!(acts(&world).await, ["held.released", "held.refused"]);
    }

    /// Two moderators at once: one of them decides, and the room sees what they decided.
    async fn of_a_release_and_a_refusal_at_once_one_counts(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut released = 0;
        for _ in 0..12 {
            let id = held(&world, &bob, room).await;
            let (one, two) = (world.chat.clone(), world.chat.clone());
            let release = tokio::spawn(async move { one.release(&admin(), id).await });
            let refuse = tokio::spawn(async move { two.refuse(&admin(), id, "").await });
            let (release, refuse) = (release.await.unwrap(), refuse.await.unwrap());
            assert_ne!(release.is_ok(), refuse.is_ok(), "{release:?} {refuse:?}");
            let seen = world.chat.message(&ann, id).await;
            assert_eq!(seen.is_ok(), release.is_ok());
            released += usize::from(release.is_ok());
        }
        let history = world.chat.history(&ann, room, Window::Newest, 50).await.unwrap();
        assert_eq!(history.items.len(), released);
        assert_eq!(acts(&world).await.len(), 12);
    }

    async fn what_is_held_of_somebody_muted_or_put_out_can_still_be_released(world: World) {
        let [ann, bob, eve] = world.people(["ann", "bob", "eve"]).await;
        let room = world.group(&ann, &[&bob, &eve]).await;
        FakeHooks::at_work(&world);
        let (of_bob, of_eve) = (held(&world, &bob, room).await, held(&world, &eve, room).await);
        world.mute(&ann, room, bob.user_id(), Duration::from_secs(60)).await;
        world.chat.remove_member(&ann, room, eve.user_id(), true).await.unwrap();
        world.chat.release(&Authority::Moderator(ann.clone()), of_bob).await.unwrap();
        world.chat.release(&admin(), of_eve).await.unwrap();
        let history = world.chat.history(&ann, room, Window::Newest, 10).await.unwrap();
        assert_eq!(history.items.iter().map(|one| one.id).collect::<Vec<_>>(), [of_bob, of_eve]);
    }

    async fn what_is_held_in_a_room_that_is_gone_stays_undecided(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let id = held(&world, &bob, room).await;
        world.chat.delete_room(&ann, room).await.unwrap();
        assert!(matches!(world.chat.release(&admin(), id).await, Err(Error::RoomNotFound)));
        world.chat.refuse(&admin(), id, "").await.unwrap();
    }

    async fn the_house_removes_mutes_and_flags(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let plugin = Authority::Plugin { id: "org.example.bot".to_owned(), user: ann.user_id() };
        let said = world.chat.send(&bob, room, draft(None, "tea")).await.unwrap().message.id;
        world.chat.flag(&plugin, said, flag()).await.unwrap();
        let open = ReviewFilter { room: None, state: ReviewState::Open };
        let reviews = world.chat.reviews_page(&admin(), open, first_page()).await.unwrap().items;
        assert_eq!(reviews[0].message.as_ref().map(|message| message.id), Some(said));
        world.chat.remove(&admin(), said, "rude").await.unwrap();
        assert!(world.chat.message(&ann, said).await.unwrap().recalled_at.is_some());
        let kept = held(&world, &bob, room).await;
        world.chat.remove(&plugin, kept, "rude").await.unwrap();
        let minute = Duration::from_secs(60);
        let owner = world.chat.mute_as(&plugin, room, ann.user_id(), minute, "").await;
        assert!(matches!(owner, Err(Error::NotAllowed(_))));
        world.chat.mute_as(&plugin, room, bob.user_id(), minute, "rude").await.unwrap();
        let muted = world.chat.send(&bob, room, draft(None, "tea")).await;
        assert!(matches!(muted, Err(Error::Muted { .. })));
        world.chat.mute_as(&plugin, room, bob.user_id(), Duration::ZERO, "").await.unwrap();
        world.chat.send(&bob, room, draft(None, "tea")).await.unwrap();
        let expected =
            ["message.flagged", "message.removed", "held.refused", "member.muted", "member.unmuted"];
        assert_eq!(acts(&world).await, expected);
    }
}
