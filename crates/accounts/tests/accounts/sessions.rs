//! Sessions: proven, sliding, refreshed, listed, ended, on one node and on two.

use std::time::Duration;

use teahouse_accounts::{AccountEvent, Accounts, NewSession, Session, SessionEnd, SessionsConfig};
use teahouse_protocol::{ErrorCode, SessionId};

use crate::world::{World, device, on_both};

const HOUR: Duration = Duration::from_secs(60 * 60);
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Longer than what is remembered is believed.
const HALF_A_MINUTE: Duration = Duration::from_secs(30);

async fn guest(world: &World) -> NewSession {
    world.accounts.sign_in_guest(None, &device()).await.unwrap()
}

/// The word that this token gets.
async fn code(accounts: &Accounts, token: &str) -> Option<ErrorCode> {
    accounts.authenticate(token).await.err().map(|error| error.code())
}

on_both! {
    async fn only_the_hash_of_a_token_is_stored(world: World) {
        let signed_in = guest(&world).await;
        let token = signed_in.token.as_str();
        assert!(token.len() == 43 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let found = teahouse_store::sessions::find_by_token(world.db.conn(), token.as_bytes()).await.unwrap();
        assert!(found.is_none());
        assert!(!format!("{signed_in:?}").contains(token));
    }

    async fn a_token_proves_its_session_and_nothing_else_does(world: World) {
        let signed_in = guest(&world).await;
        let session = world.accounts.authenticate(signed_in.token.as_str()).await.unwrap();
        assert_eq!((session.id(), session.user_id()), (signed_in.session.id(), signed_in.user.id));
        let elsewhere = world.another_node(|_| {});
        assert_eq!(elsewhere.authenticate(signed_in.token.as_str()).await.unwrap().id(), session.id());
        for forged in ["", "x", &"A".repeat(43), &"茶".repeat(43), &format!("{} ", signed_in.token.as_str())] {
            assert_eq!(code(&world.accounts, forged).await, Some(ErrorCode::SessionExpired), "{forged}");
        }
    }

    async fn a_session_that_is_not_used_ends_also_while_it_is_remembered(mut world: World) {
        world.restart(|settings| settings.sessions = SessionsConfig { ttl_s: 20, one_device: false });
        let signed_in = guest(&world).await;
        assert_eq!(code(&world.accounts, signed_in.token.as_str()).await, None);
        world.clock.advance(Duration::from_secs(20));
        assert_eq!(code(&world.accounts, signed_in.token.as_str()).await, Some(ErrorCode::SessionExpired));
        let elsewhere = world.another_node(|_| {});
        assert_eq!(code(&elsewhere, signed_in.token.as_str()).await, Some(ErrorCode::SessionExpired));
    }

    async fn a_session_that_is_used_slides_once_an_hour(mut world: World) {
        let signed_in = guest(&world).await;
        let begun = world.now();
        world.clock.advance(HOUR - Duration::from_secs(1));
        world.accounts.authenticate(signed_in.token.as_str()).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
        for _ in 0..3 {
            world.accounts.authenticate(signed_in.token.as_str()).await.unwrap();
        }
        let expires_at = begun + HOUR + MONTH;
        let renewed = AccountEvent::SessionRenewed { session: signed_in.session.id(), expires_at };
        assert_eq!(world.event().await, renewed, "the first renewal is the one after an hour");
        assert_eq!(signed_in.session.expires_at(), expires_at);
        world.clock.advance(MONTH - HOUR);
        assert_eq!(code(&world.accounts, signed_in.token.as_str()).await, None, "it would have ended by now");
    }

    async fn a_connection_keeps_its_session_alive(mut world: World) {
        let signed_in = guest(&world).await;
        world.clock.advance(2 * HOUR);
        world.accounts.touch(&signed_in.session);
        assert!(matches!(world.event().await, AccountEvent::SessionRenewed { .. }));
        assert_eq!(signed_in.session.expires_at(), world.now() + MONTH);
    }

    async fn a_session_that_has_expired_or_ended_is_not_kept_alive(mut world: World) {
        let (expired, ended, good) = (guest(&world).await, guest(&world).await, guest(&world).await);
        world.accounts.logout(&ended.session).await.unwrap();
        world.clock.advance(2 * HOUR);
        world.accounts.touch(&ended.session);
        world.accounts.touch(&good.session);
        assert!(matches!(world.event().await, AccountEvent::SessionEnded { .. }));
        let id = good.session.id();
        for wait in [MONTH - 2 * HOUR, Duration::ZERO] {
            let expires_at = world.now() + MONTH;
            let renewed = AccountEvent::SessionRenewed { session: id, expires_at };
            assert_eq!(world.event().await, renewed, "nobody else's");
            world.clock.advance(wait);
            world.accounts.touch(&expired.session);
            world.accounts.touch(&good.session);
        }
        assert_eq!(code(&world.accounts, expired.token.as_str()).await, Some(ErrorCode::SessionExpired));
    }

    async fn a_refresh_gives_another_token_to_the_same_session(world: World) {
        let old = guest(&world).await;
        let session = world.accounts.authenticate(old.token.as_str()).await.unwrap();
        world.clock.advance(HOUR);
        let new = world.accounts.refresh(&session).await.unwrap();
        assert_eq!((new.session.id(), new.expires_at), (session.id(), world.now() + MONTH));
        assert_eq!(code(&world.accounts, old.token.as_str()).await, Some(ErrorCode::SessionExpired));
        assert_eq!(code(&world.accounts, new.token.as_str()).await, None);
        assert!(!session.has_ended(), "its connections stay");
        assert_eq!(session.expires_at(), new.expires_at);
    }

    async fn of_refreshes_at_once_one_wins(world: World) {
        let old = guest(&world).await;
        let mut held = Vec::new();
        for node in [world.accounts.clone(), world.another_node(|_| {})] {
            for _ in 0..4 {
                held.push((node.clone(), node.authenticate(old.token.as_str()).await.unwrap()));
            }
        }
        let refresh = |(node, session): (Accounts, Session)| {
            tokio::spawn(async move { node.refresh(&session).await })
        };
        let refreshes: Vec<_> = held.into_iter().map(refresh).collect();
        let mut winners = Vec::new();
        for refresh in refreshes {
            match refresh.await.unwrap() {
                Ok(new) => winners.push(new),
                Err(error) => assert_eq!(error.code(), ErrorCode::SessionExpired),
            }
        }
        assert_eq!(winners.len(), 1);
        assert_eq!(code(&world.accounts, winners[0].token.as_str()).await, None);
        assert_eq!(code(&world.accounts, old.token.as_str()).await, Some(ErrorCode::SessionExpired));
    }

    async fn a_token_that_was_replaced_can_not_refresh(world: World) {
        let old = guest(&world).await;
        let late = world.accounts.authenticate(old.token.as_str()).await.unwrap();
        let new = world.accounts.refresh(&old.session).await.unwrap();
        assert_eq!(world.accounts.refresh(&late).await.unwrap_err().code(), ErrorCode::SessionExpired);
        assert_eq!(code(&world.accounts, new.token.as_str()).await, None);
    }

    async fn logging_out_ends_the_session_at_once_for_all_who_hold_it(mut world: World) {
        let signed_in = guest(&world).await;
        let held = world.accounts.authenticate(signed_in.token.as_str()).await.unwrap();
        world.accounts.logout(&signed_in.session).await.unwrap();
        assert!(held.has_ended());
        assert_eq!(code(&world.accounts, signed_in.token.as_str()).await, Some(ErrorCode::SessionExpired));
        let ended = AccountEvent::SessionEnded {
            session: held.id(),
            user: held.user_id(),
            why: SessionEnd::LoggedOut,
        };
        assert_eq!(world.event().await, ended);
        assert_eq!(world.count("SELECT count(*) FROM sessions").await, 0);
        world.accounts.logout(&held).await.unwrap();
    }

    async fn an_end_on_another_node_takes_effect_within_half_a_minute(world: World) {
        let signed_in = guest(&world).await;
        let elsewhere = world.another_node(|_| {});
        let there = elsewhere.authenticate(signed_in.token.as_str()).await.unwrap();
        elsewhere.logout(&there).await.unwrap();
        assert_eq!(code(&world.accounts, signed_in.token.as_str()).await, None, "remembered, and no bus between");
        world.clock.advance(HALF_A_MINUTE);
        assert_eq!(code(&world.accounts, signed_in.token.as_str()).await, Some(ErrorCode::SessionExpired));
    }

    async fn a_name_changed_on_another_node_is_seen_within_half_a_minute(world: World) {
        let signed_in = guest(&world).await;
        let elsewhere = world.another_node(|_| {});
        let there = elsewhere.authenticate(signed_in.token.as_str()).await.unwrap();
        let change = teahouse_accounts::ProfileChange { name: Some(crate::world::name("新名")), avatar: None };
        elsewhere.update_me(&there, change).await.unwrap();
        world.clock.advance(HALF_A_MINUTE);
        let here = world.accounts.authenticate(signed_in.token.as_str()).await.unwrap();
        assert_eq!((here.sender().name, signed_in.session.sender().name), ("新名".into(), "新名".into()));
    }

    async fn devices_are_listed_and_ended_by_their_user_alone(world: World) {
        let operator = |id| teahouse_accounts::ExternalUser {
            external_id: teahouse_accounts::ExternalId::parse(id).unwrap(),
            name: None,
            avatar: None,
        };
        let phone = world.accounts.mint_as_operator(operator("c"), &device()).await.unwrap();
        world.clock.advance(HOUR);
        let desk = teahouse_accounts::Device::default();
        let desk = world.accounts.mint_as_operator(operator("c"), &desk).await.unwrap();
        let stranger = world.accounts.mint_as_operator(operator("d"), &device()).await.unwrap();

        let listed = world.accounts.sessions(&desk.session).await.unwrap();
        let ids: Vec<SessionId> = listed.iter().map(|session| session.id).collect();
        assert_eq!(ids, [desk.session.id(), phone.session.id()], "newest first");
        assert!(listed[0].is_current && !listed[1].is_current);
        assert_eq!((listed[0].device.as_deref(), listed[1].device.as_deref()), (None, Some("a test")));

        let foreign = world.accounts.end_session(&stranger.session, phone.session.id()).await.unwrap_err();
        assert_eq!(foreign.code(), ErrorCode::SessionNotFound);
        world.accounts.end_session(&desk.session, phone.session.id()).await.unwrap();
        assert_eq!(code(&world.accounts, phone.token.as_str()).await, Some(ErrorCode::SessionExpired));
        assert_eq!(code(&world.accounts, desk.token.as_str()).await, None);
        let gone = world.accounts.end_session(&desk.session, phone.session.id()).await.unwrap_err();
        assert_eq!(gone.code(), ErrorCode::SessionNotFound);
    }

    async fn with_one_device_a_sign_in_ends_the_others(mut world: World) {
        world.restart(|settings| settings.sessions.one_device = true);
        let ann = world.phone("Ann").await;
        let first = world.accounts.sign_in_wechat(ann.code().await, &device()).await.unwrap();
        let someone = guest(&world).await;
        let second = world.accounts.sign_in_wechat(ann.code().await, &device()).await.unwrap();
        let ended = AccountEvent::SessionEnded {
            session: first.session.id(),
            user: first.user.id,
            why: SessionEnd::SignedInElsewhere,
        };
        assert_eq!(world.event().await, ended);
        assert!(first.session.has_ended());
        assert_eq!(code(&world.accounts, first.token.as_str()).await, Some(ErrorCode::SessionExpired));
        assert_eq!(code(&world.accounts, second.token.as_str()).await, None);
        assert_eq!(code(&world.accounts, someone.token.as_str()).await, None);
    }

    async fn a_sweep_takes_what_has_expired_and_no_more(world: World) {
        let old = guest(&world).await;
        world.clock.advance(HOUR);
        let young = guest(&world).await;
        world.clock.advance(MONTH - HOUR);
        assert_eq!(world.accounts.sweep().await.unwrap().sessions, 1);
        assert_eq!(code(&world.accounts, old.token.as_str()).await, Some(ErrorCode::SessionExpired));
        assert_eq!(code(&world.accounts, young.token.as_str()).await, None);
    }

    /// Ends and authentications race; whoever gets a session after the end must see that it ended.
    async fn nobody_holds_an_ended_session_unknowingly(world: World) {
        for _ in 0..20 {
            let signed_in = guest(&world).await;
            let elsewhere = world.another_node(|_| {});
            let (node, token) = (elsewhere.clone(), signed_in.token.clone());
            let proving = tokio::spawn(async move { node.authenticate(token.as_str()).await });
            let there = elsewhere.authenticate(signed_in.token.as_str()).await.unwrap();
            elsewhere.logout(&there).await.unwrap();
            if let Ok(held) = proving.await.unwrap() {
                assert!(held.has_ended());
            }
            assert_eq!(code(&elsewhere, signed_in.token.as_str()).await, Some(ErrorCode::SessionExpired));
        }
    }
}
