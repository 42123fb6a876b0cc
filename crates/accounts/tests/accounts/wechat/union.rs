//! One person in two mini-programs of one owner.

use serde_json::json;
use teahouse_accounts::{AccountEvent, By, NewSession, SessionEnd, USERS_MERGED};
use teahouse_protocol::ErrorCode;
use teahouse_store::outbox::Lease;

use super::refusal;
use crate::world::{OTHER_APP, Phone, World, device, on_both};

async fn sign_in(world: &World, phone: &Phone, app: Option<&str>) -> NewSession {
    let more = app.map_or_else(|| json!({}), |app| json!({ "app_id": app }));
    world.accounts.sign_in_wechat(phone.login(more).await, &device()).await.unwrap()
}

/// Somebody who is two users: in two apps, whose owner had not bound them together yet.
async fn two_users(world: &World) -> (Phone, NewSession, NewSession) {
    let ann = world.phone_with(json!({ "nickname": "Ann", "unionid": false })).await;
    let older = sign_in(world, &ann, None).await;
    let younger = sign_in(world, &ann, Some(OTHER_APP)).await;
    assert_ne!(older.user.id, younger.user.id);
    ann.change(json!({ "unionid": true })).await;
    (ann, older, younger)
}

on_both! {
    async fn one_unionid_is_one_user(world: World) {
        let ann = world.phone("Ann").await;
        let here = sign_in(&world, &ann, None).await;
        let there = sign_in(&world, &ann, Some(OTHER_APP)).await;
        assert_eq!(there.user.id, here.user.id);
        assert_eq!(world.count("SELECT count(*) FROM identities").await, 2);
        let bob = world.phone("Bob").await;
        assert_ne!(sign_in(&world, &bob, Some(OTHER_APP)).await.user.id, here.user.id);
    }

    async fn without_a_unionid_each_app_has_its_own_user(world: World) {
        let ann = world.phone_with(json!({ "nickname": "Ann", "unionid": false })).await;
        let here = sign_in(&world, &ann, None).await;
        assert_ne!(sign_in(&world, &ann, Some(OTHER_APP)).await.user.id, here.user.id);
    }

    async fn a_unionid_learnt_later_joins_the_next_app(world: World) {
        let ann = world.phone_with(json!({ "nickname": "Ann", "unionid": false })).await;
        let here = sign_in(&world, &ann, None).await;
        ann.change(json!({ "unionid": true })).await;
        sign_in(&world, &ann, None).await;
        assert_eq!(sign_in(&world, &ann, Some(OTHER_APP)).await.user.id, here.user.id);
    }

    async fn first_sign_ins_in_two_apps_at_once_are_one_user(world: World) {
        for _ in 0..5 {
            let ann = world.phone("Ann").await;
            let here = ann.login(json!({})).await;
            let there = ann.login(json!({ "app_id": OTHER_APP })).await;
            let (one, other) = (world.accounts.clone(), world.another_node(|_| {}));
            let here = tokio::spawn(async move { one.sign_in_wechat(here, &device()).await.unwrap() });
            let there = tokio::spawn(async move { other.sign_in_wechat(there, &device()).await.unwrap() });
            assert_eq!(here.await.unwrap().user.id, there.await.unwrap().user.id);
        }
        assert_eq!(world.count("SELECT count(*) FROM users").await, 5);
    }

    async fn two_users_who_are_one_person_become_the_older(mut world: World) {
        let (ann, older, younger) = two_users(&world).await;
        sign_in(&world, &ann, Some(OTHER_APP)).await;
        let merged = sign_in(&world, &ann, None).await;
        assert_eq!(merged.user.id, older.user.id);
        assert_eq!(sign_in(&world, &ann, Some(OTHER_APP)).await.user.id, older.user.id);

        let ended = |event: &AccountEvent| {
            matches!(event, AccountEvent::SessionEnded { session, why: SessionEnd::Merged, .. } if *session == younger.session.id())
        };
        let mut saw_end = false;
        let merged = AccountEvent::UsersMerged { from: younger.user.id, into: older.user.id };
        loop {
            match world.event().await {
                event if event == merged => break,
                event => saw_end |= ended(&event),
            }
        }
        assert!(saw_end && younger.session.has_ended());
        let told = world.accounts.authenticate(younger.token.as_str()).await.unwrap_err();
        assert_eq!(told.code(), ErrorCode::SessionExpired);
        world.accounts.authenticate(older.token.as_str()).await.unwrap();
    }

    async fn a_merge_loses_nothing_and_is_handed_on(world: World) {
        let (ann, older, younger) = two_users(&world).await;
        sign_in(&world, &ann, None).await;
        sign_in(&world, &ann, Some(OTHER_APP)).await;
        let kept = world.accounts.profile(&older.session, younger.user.id).await.unwrap();
        assert_eq!(kept, younger.user, "messages of theirs still have a sender");
        let (tx, now) = (world.db.begin().await.unwrap(), world.now());
        let lease = Lease { until: now, node: None };
        let jobs = teahouse_store::outbox::claim(&tx, &[USERS_MERGED], now, lease, 10).await.unwrap();
        drop(tx);
        assert_eq!(jobs.len(), 1);
        let payload: serde_json::Value = serde_json::from_str(&jobs[0].payload).unwrap();
        assert_eq!(payload, json!({ "from": younger.user.id, "into": older.user.id }));
        assert_eq!(world.count("SELECT count(*) FROM audit WHERE action = 'user.merged'").await, 1);
    }

    async fn nobody_sheds_a_ban_by_being_two(world: World) {
        let (ann, _older, younger) = two_users(&world).await;
        world.accounts.ban(&By::operator(), younger.user.id, None, None).await.unwrap();
        sign_in(&world, &ann, None).await;
        assert_eq!(refusal(&world, ann.login(json!({ "app_id": OTHER_APP })).await).await, ErrorCode::Banned);
    }
}
