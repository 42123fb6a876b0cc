//! Requests that come twice.

use std::time::Duration;

use teahouse_accounts::{Answer, Begun, IdempotencyKey, RequestHash};
use teahouse_protocol::ErrorCode;

use crate::world::{World, device, on_both};

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn request(body: &str) -> RequestHash {
    RequestHash::of("POST", "/v1/rooms", body.as_bytes())
}

on_both! {
    async fn the_second_gets_the_answer_of_the_first(world: World) {
        let me = world.accounts.sign_in_guest(None, &device()).await.unwrap().session;
        let begun = world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap();
        let Begun::New(claim) = begun else { panic!("new") };
        let early = world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap_err();
        assert_eq!(early.code(), ErrorCode::Conflict);
        let answer = Answer { status: 201, body: r#"{"name":"茶馆"}"#.to_owned() };
        world.accounts.answer_request(claim, &answer).await.unwrap();
        let again = world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap();
        assert!(matches!(again, Begun::Answered(same) if same == answer));
        let other = world.accounts.begin_request(&me, &key("k"), request("b")).await.unwrap_err();
        assert_eq!(other.code(), ErrorCode::IdempotencyConflict);
    }

    async fn another_users_key_is_another_key(world: World) {
        for _ in 0..2 {
            let me = world.accounts.sign_in_guest(None, &device()).await.unwrap().session;
            let begun = world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap();
            assert!(matches!(begun, Begun::New(_)));
        }
    }

    async fn of_two_at_once_one_acts(world: World) {
        let me = world.accounts.sign_in_guest(None, &device()).await.unwrap().session;
        let tries = (0..8).map(|_| {
            let (accounts, me) = (world.accounts.clone(), me.clone());
            tokio::spawn(async move { accounts.begin_request(&me, &key("k"), request("a")).await })
        });
        let mut acting = 0;
        for tried in tries.collect::<Vec<_>>() {
            match tried.await.unwrap() {
                Ok(Begun::New(_)) => acting += 1,
                Ok(Begun::Answered(_)) => panic!("nobody answered"),
                Err(error) => assert_eq!(error.code(), ErrorCode::Conflict),
            }
        }
        assert_eq!(acting, 1);
    }

    async fn a_key_whose_request_failed_or_died_can_be_used_again(world: World) {
        let me = world.accounts.sign_in_guest(None, &device()).await.unwrap().session;
        let begun = world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap();
        let Begun::New(claim) = begun else { panic!("new") };
        world.accounts.abandon_request(claim).await.unwrap();
        let begun = world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap();
        assert!(matches!(begun, Begun::New(_)), "given up, and now by one who dies");
        world.clock.advance(Duration::from_secs(60));
        let begun = world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap();
        assert!(matches!(begun, Begun::New(_)), "taken over");
        let early = world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap_err();
        assert_eq!(early.code(), ErrorCode::Conflict);
    }

    async fn answers_are_kept_for_a_day(world: World) {
        let me = world.accounts.sign_in_guest(None, &device()).await.unwrap().session;
        world.accounts.begin_request(&me, &key("k"), request("a")).await.unwrap();
        world.clock.advance(Duration::from_secs(24 * 60 * 60));
        assert_eq!(world.accounts.sweep().await.unwrap().answers, 0);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(world.accounts.sweep().await.unwrap().answers, 1);
    }
}
