//! What the operator does: admins, set-up links, and what the audit log says of it.

use std::time::Duration;

use teahouse_accounts::{AccountEvent, BanReason, BanWatch, By, KeyScope};
use teahouse_protocol::{ApiKeyId, ErrorCode, UserId};
use tokio_util::sync::CancellationToken;

use crate::world::{World, device, name, on_both};

on_both! {
    async fn an_admin_comes_in_by_a_link_that_works_once(world: World) {
        let link = world.accounts.create_admin(&name("boss")).await.unwrap();
        let admin = world.accounts.check_setup_link(link.token.as_str()).await.unwrap();
        assert_eq!(admin.login, "boss");
        assert_eq!(world.accounts.use_setup_link(link.token.as_str()).await.unwrap(), admin);
        for _ in 0..2 {
            let used = world.accounts.use_setup_link(link.token.as_str()).await.unwrap_err();
            assert_eq!(used.code(), ErrorCode::NotFound);
        }
        assert!(world.accounts.check_setup_link(link.token.as_str()).await.is_err());
    }

    async fn of_two_who_use_a_link_at_once_one_gets_in(world: World) {
        let link = world.accounts.create_admin(&name("boss")).await.unwrap();
        let tries = (0..6).map(|_| {
            let (accounts, token) = (world.accounts.clone(), link.token.clone());
            tokio::spawn(async move { accounts.use_setup_link(token.as_str()).await.is_ok() })
        });
        let mut in_by_it = 0;
        for tried in tries.collect::<Vec<_>>() {
            in_by_it += usize::from(tried.await.unwrap());
        }
        assert_eq!(in_by_it, 1);
    }

    async fn a_link_ends_after_a_day_or_with_the_next(world: World) {
        let first = world.accounts.create_admin(&name("boss")).await.unwrap();
        let second = world.accounts.admin_link("boss").await.unwrap();
        assert!(world.accounts.check_setup_link(first.token.as_str()).await.is_err());
        world.clock.advance(Duration::from_secs(24 * 60 * 60 - 1));
        world.accounts.check_setup_link(second.token.as_str()).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
        assert!(world.accounts.check_setup_link(second.token.as_str()).await.is_err());
        assert!(world.accounts.use_setup_link(second.token.as_str()).await.is_err());
    }

    async fn a_login_is_one_admins(world: World) {
        world.accounts.create_admin(&name("boss")).await.unwrap();
        assert_eq!(world.accounts.create_admin(&name("boss")).await.unwrap_err().code(), ErrorCode::Conflict);
        assert_eq!(world.accounts.admin_link("nobody").await.unwrap_err().code(), ErrorCode::NotFound);
        assert_eq!(world.count("SELECT count(*) FROM users").await, 1, "nothing of the failed one stays");
    }

    async fn the_audit_log_knows_who_was_made_and_no_secret(world: World) {
        let link = world.accounts.create_admin(&name("boss")).await.unwrap();
        let key = world.accounts.create_api_key(&By::operator(), &name("shop"), KeyScope::Users).await.unwrap();
        for (action, number) in [("admin.created", 1), ("api_key.created", 1), ("api_key.revoked", 0)] {
            let query = format!("SELECT count(*) FROM audit WHERE action = '{action}'");
            assert_eq!(world.count(&query).await, number, "{action}");
        }
        for secret in [link.token.as_str(), &key.secret()] {
            let query = format!("SELECT count(*) FROM audit WHERE detail LIKE '%{secret}%'");
            assert_eq!(world.count(&query).await, 0);
        }
    }

    async fn keys_are_listed_without_their_secrets_and_revoked_by_their_ids(world: World) {
        let by = By::api_key("ops");
        let make = async |called, scope| world.accounts.create_api_key(&by, &name(called), scope).await.unwrap();
        let old = make("shop", KeyScope::Users).await;
        let new = make("boss", KeyScope::Admin).await;
        let listed = async |before, most| {
            let page = world.accounts.page_api_keys(before, most).await.unwrap();
            (page.items.iter().map(|key| (key.id, key.name.clone())).collect::<Vec<_>>(), page.next)
        };
        let (boss, shop) = ((new.id, "boss".to_owned()), (old.id, "shop".to_owned()));
        assert_eq!(listed(None, 2).await, (vec![boss.clone(), shop.clone()], None));
        assert_eq!(listed(None, 1).await, (vec![boss], Some(new.id)));
        assert_eq!(listed(Some(new.id), 1).await, (vec![shop], None));
        world.accounts.admin_by_key(&new.secret()).await.unwrap();
        assert!(world.accounts.revoke_api_key(&by, new.id).await.unwrap());
        assert_eq!(world.accounts.admin_by_key(&new.secret()).await.unwrap_err().code(), ErrorCode::ApiKeyInvalid);
        assert!(!world.accounts.revoke_api_key(&by, new.id).await.unwrap(), "once is enough");
        let page = world.accounts.page_api_keys(None, 2).await.unwrap();
        let states: Vec<_> = page.items.iter().map(|key| (key.scope, key.revoked_at)).collect();
        assert_eq!(states, [(KeyScope::Admin, Some(world.now())), (KeyScope::Users, None)]);
        let unknown = world.accounts.revoke_api_key(&by, ApiKeyId::generate()).await.unwrap_err();
        assert_eq!(unknown.code(), ErrorCode::NotFound);
        let logged = "SELECT count(*) FROM audit WHERE action = 'api_key.revoked' AND detail LIKE '%key ops%'";
        assert_eq!(world.count(logged).await, 1);
    }

    async fn a_ban_ends_by_itself_and_says_what_it_was_for(world: World) {
        let user = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        let (id, token) = (user.user.id, user.token.as_str());
        let (by, hour) = (By::operator(), Duration::from_secs(3600));
        let reason = BanReason::parse("广告").unwrap();
        let over = world.accounts.ban(&by, id, Some(world.now()), None).await.unwrap_err();
        assert_eq!(over.code(), ErrorCode::InvalidField);
        world.accounts.ban(&by, id, Some(world.now() + hour), Some(reason)).await.unwrap();
        let ban = world.accounts.user_record(id).await.unwrap().ban.unwrap();
        assert_eq!((ban.at, ban.until, ban.reason.as_deref()), (world.now(), Some(world.now() + hour), Some("广告")));
        world.clock.advance(hour - Duration::from_millis(1));
        for node in [world.accounts.clone(), world.another_node(|_| {})] {
            assert_eq!(node.authenticate(token).await.unwrap_err().code(), ErrorCode::Banned);
        }
        world.clock.advance(Duration::from_millis(1));
        for node in [world.accounts.clone(), world.another_node(|_| {})] {
            node.authenticate(token).await.unwrap();
        }
        assert_eq!(world.accounts.user_record(id).await.unwrap().ban, None);
    }

    async fn an_end_can_be_taken_from_a_ban_and_given_to_it(world: World) {
        let user = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        let (id, token, by) = (user.user.id, user.token.as_str(), By::operator());
        let hour = Duration::from_secs(3600);
        world.accounts.ban(&by, id, Some(world.now() + hour), None).await.unwrap();
        world.accounts.ban(&by, id, None, None).await.unwrap();
        world.clock.advance(hour * 2);
        assert_eq!(world.accounts.authenticate(token).await.unwrap_err().code(), ErrorCode::Banned);
        world.accounts.ban(&by, id, Some(world.now() + hour), None).await.unwrap();
        world.clock.advance(hour);
        world.accounts.authenticate(token).await.unwrap();
    }

    async fn who_is_not_there_can_not_be_banned_and_nothing_is_logged(world: World) {
        let nobody = UserId::generate();
        for refused in [
            world.accounts.ban(&By::operator(), nobody, None, None).await.unwrap_err(),
            world.accounts.unban(&By::operator(), nobody).await.unwrap_err(),
            world.accounts.user_record(nobody).await.unwrap_err(),
        ] {
            assert_eq!(refused.code(), ErrorCode::UserNotFound);
        }
        assert_eq!(world.count("SELECT count(*) FROM audit").await, 0);
    }

    /// The command beside a running server, and any other node, have no bus in common with it.
    async fn another_process_s_ban_is_noticed(mut world: World) {
        let ann = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        let bob = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        let stop = CancellationToken::new();
        let watch = BanWatch::begin(&world.accounts).await.unwrap();
        let watching = tokio::spawn(watch.run(stop.clone()));
        let elsewhere = world.another_node(|_| {});
        elsewhere.ban(&By::operator(), ann.user.id, None, None).await.unwrap();
        assert_eq!(world.event().await, AccountEvent::UserBanned { user: ann.user.id });
        assert!(ann.session.is_banned(world.now()), "whoever holds the session knows");
        assert!(!bob.session.is_banned(world.now()));
        elsewhere.unban(&By::operator(), ann.user.id).await.unwrap();
        while world.event().await != (AccountEvent::UserChanged { user: ann.user.id }) {}
        assert!(!ann.session.is_banned(world.now()));
        stop.cancel();
        watching.await.unwrap();
    }
}
