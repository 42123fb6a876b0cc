//! Guests, a business's own users, bans and limits.

use std::time::Duration;

use teahouse_accounts::{AccountEvent, AvatarUrl, By, Device, Error, ExternalId, ExternalUser, KeyScope};
use teahouse_protocol::ErrorCode;

use crate::world::{World, device, name, on_both};

fn external(id: &str) -> ExternalUser {
    ExternalUser { external_id: ExternalId::parse(id).unwrap(), name: None, avatar: None }
}

on_both! {
    async fn a_guest_without_a_name_gets_one(world: World) {
        let guest = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        assert!(guest.user.is_guest && guest.session.is_guest());
        let number = guest.user.name.strip_prefix("游客").unwrap();
        assert!(number.len() == 4 && number.chars().all(|digit| digit.is_ascii_digit()));
        assert_eq!(guest.user.joined_at, world.now());
        assert_eq!(guest.expires_at, world.now() + Duration::from_secs(30 * 24 * 60 * 60));
    }

    async fn two_guests_of_one_name_are_two_users(world: World) {
        let first = world.accounts.sign_in_guest(Some(name("茶客")), &device()).await.unwrap();
        let second = world.accounts.sign_in_guest(Some(name("茶客")), &device()).await.unwrap();
        assert_eq!((first.user.name.as_str(), second.user.name.as_str()), ("茶客", "茶客"));
        assert_ne!(first.user.id, second.user.id);
    }

    async fn guests_stay_out_where_they_are_not_allowed(mut world: World) {
        world.restart(|settings| settings.guests = false);
        let refused = world.accounts.sign_in_guest(None, &device()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::GuestsNotAllowed);
        assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
    }

    async fn an_address_signs_in_so_often_a_minute_and_no_more(mut world: World) {
        world.restart(|settings| settings.sign_ins_per_minute = 2);
        for _ in 0..2 {
            world.accounts.sign_in_guest(None, &device()).await.unwrap();
        }
        let refused = world.accounts.sign_in_guest(None, &device()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::RateLimited);
        let elsewhere = Device::new(None, Some([192, 0, 2, 8].into()));
        world.accounts.sign_in_guest(None, &elsewhere).await.unwrap();
        world.clock.advance(refused.retry_after().unwrap());
        world.accounts.sign_in_guest(None, &device()).await.unwrap();
    }

    async fn a_key_is_for_one_thing(world: World) {
        let shop = world.accounts.create_api_key(&By::operator(), &name("shop"), KeyScope::Users).await.unwrap().secret();
        let boss = world.accounts.create_api_key(&By::operator(), &name("boss"), KeyScope::Admin).await.unwrap().secret();
        assert_eq!(world.accounts.admin_by_key(&boss).await.unwrap().name(), "boss");
        assert!(matches!(world.accounts.admin_by_key(&shop).await, Err(Error::KeyScope)));
        assert!(matches!(world.accounts.business_by_key(&boss).await, Err(Error::KeyScope)));
        assert!(world.accounts.business_by_key(&shop).await.is_ok());
        assert!(matches!(world.accounts.admin_by_key("teahouse_x").await, Err(Error::ApiKeyInvalid)));
    }

    async fn a_business_vouches_for_its_users_with_a_key(mut world: World) {
        let key = world.accounts.create_api_key(&By::operator(), &name("shop"), KeyScope::Users).await.unwrap();
        let key = world.accounts.business_by_key(&key.secret()).await.unwrap();
        let known = ExternalUser {
            name: Some(name("李雷")),
            avatar: Some(AvatarUrl::parse("https://shop.example/1.png").unwrap()),
            ..external("customer-1")
        };
        let first = world.accounts.mint(&key, known, &device()).await.unwrap();
        assert_eq!((first.user.name.as_str(), first.user.is_guest), ("李雷", false));
        let again = world.accounts.mint(&key, external("customer-1"), &device()).await.unwrap();
        assert_eq!(again.user, first.user, "what is not told stays");
        let renamed = ExternalUser { name: Some(name("韩梅梅")), ..external("customer-1") };
        let renamed = world.accounts.mint(&key, renamed, &device()).await.unwrap();
        assert_eq!((renamed.user.id, renamed.user.name.as_str()), (first.user.id, "韩梅梅"));
        assert_eq!(first.session.sender().name, "韩梅梅", "older sessions see it too");
        assert_eq!(world.event().await, AccountEvent::UserChanged { user: first.user.id });
        let other = world.accounts.mint(&key, external("customer-2"), &device()).await.unwrap();
        assert_ne!(other.user.id, first.user.id);
    }

    async fn a_key_that_is_wrong_or_revoked_opens_nothing(world: World) {
        let key = world.accounts.create_api_key(&By::operator(), &name("shop"), KeyScope::Users).await.unwrap();
        let secret = key.secret();
        let bare = secret.trim_start_matches("teahouse_");
        for wrong in ["", "x", bare, &format!("teahouse_{}", "a".repeat(43))] {
            let refused = world.accounts.business_by_key(wrong).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::ApiKeyInvalid, "{wrong}");
        }
        assert!(matches!(world.accounts.authenticate(bare).await, Err(Error::SessionExpired)));
        assert!(world.accounts.revoke_api_key(&By::operator(), key.id).await.unwrap());
        assert!(!world.accounts.revoke_api_key(&By::operator(), key.id).await.unwrap());
        let refused = world.accounts.business_by_key(&secret).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ApiKeyInvalid);
    }

    async fn one_new_customer_minted_many_times_at_once_is_one_user(world: World) {
        let mints = (0..8).map(|_| {
            let accounts = world.accounts.clone();
            tokio::spawn(async move { accounts.mint_as_operator(external("customer"), &device()).await.unwrap() })
        });
        let mut users = Vec::new();
        for mint in mints.collect::<Vec<_>>() {
            users.push(mint.await.unwrap().user.id);
        }
        users.dedup();
        assert_eq!(users.len(), 1);
        assert_eq!(world.count("SELECT count(*) FROM users").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM sessions").await, 8);
    }

    async fn a_banned_user_is_out_at_once_and_everywhere(mut world: World) {
        let customer = || async { world.accounts.mint_as_operator(external("c"), &device()).await };
        let session = customer().await.unwrap();
        world.accounts.ban(&By::operator(), session.user.id, None, None).await.unwrap();
        let refused = world.accounts.authenticate(session.token.as_str()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Banned);
        assert_eq!(customer().await.unwrap_err().code(), ErrorCode::Banned);
        let elsewhere = world.another_node(|_| {});
        let refused = elsewhere.authenticate(session.token.as_str()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Banned);
        world.accounts.unban(&By::operator(), session.user.id).await.unwrap();
        world.accounts.authenticate(session.token.as_str()).await.unwrap();
        assert_eq!(world.event().await, AccountEvent::UserBanned { user: session.user.id });
    }
}
