//! What the operator does: admins, set-up links, and what the audit log says of it.

use std::time::Duration;

use teahouse_accounts::KeyScope;
use teahouse_protocol::ErrorCode;

use crate::world::{World, name, on_both};

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
        let key = world.accounts.create_api_key(&name("shop"), KeyScope::Users).await.unwrap();
        for (action, number) in [("admin.created", 1), ("api_key.created", 1), ("api_key.revoked", 0)] {
            let query = format!("SELECT count(*) FROM audit WHERE action = '{action}'");
            assert_eq!(world.count(&query).await, number, "{action}");
        }
        for secret in [link.token.as_str(), &key.secret()] {
            let query = format!("SELECT count(*) FROM audit WHERE detail LIKE '%{secret}%'");
            assert_eq!(world.count(&query).await, 0);
        }
    }
}
