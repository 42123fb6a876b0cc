//! Users that are programs: a plugin's bot.

use std::time::Duration;

use teahouse_accounts::{
    AccountEvent, AvatarUrl, BotUser, By, Error, Publisher, deactivate_bot, reactivate_bot,
};

use crate::world::{World, device, name, on_both};

fn bot(shown_as: &str) -> BotUser {
    BotUser { plugin: "org.example.welcome".to_owned(), name: name(shown_as), avatar: None }
}

on_both! {
    async fn a_plugin_has_one_user_who_is_a_bot(world: World) {
        let first = world.accounts.bot(&bot("迎宾")).await.unwrap();
        assert!(first.user().is_bot && !first.is_guest());
        assert_eq!(first.user().name, "迎宾");
        let again = world.accounts.bot(&bot("迎宾")).await.unwrap();
        assert_eq!(again.user_id(), first.user_id());
        assert_eq!(world.count("SELECT count(*) FROM users").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM sessions").await, 0, "it has no token to keep");
    }

    async fn two_nodes_that_meet_a_plugin_at_once_make_one_user(world: World) {
        let both = (bot("迎宾"), bot("迎宾"));
        let (one, other) = tokio::join!(world.accounts.bot(&both.0), world.accounts.bot(&both.1));
        assert_eq!(one.unwrap().user_id(), other.unwrap().user_id());
    }

    async fn a_bot_takes_the_name_that_it_is_given_now(mut world: World) {
        let first = world.accounts.bot(&bot("迎宾")).await.unwrap();
        let avatar = Some(AvatarUrl::parse("https://example.com/bot.png").unwrap());
        world.accounts.bot(&BotUser { avatar, ..bot("Welcome") }).await.unwrap();
        assert_eq!(first.sender().name, "Welcome", "older sessions see it too");
        assert_eq!(world.event().await, AccountEvent::UserChanged { user: first.user_id() });
        world.accounts.bot(&bot("Welcome")).await.unwrap();
        assert_eq!(first.user().avatar.as_deref(), Some("https://example.com/bot.png"));
    }

    async fn a_bot_never_expires_and_is_nobody_on_the_wire(world: World) {
        let session = world.accounts.bot(&bot("迎宾")).await.unwrap();
        world.clock.advance(Duration::from_secs(10 * 365 * 24 * 60 * 60));
        assert!(!session.has_ended() && session.expires_at() > world.now());
        let guest = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        assert!(world.accounts.sessions(&session).await.unwrap().is_empty());
        let ended = world.accounts.end_session(&guest.session, session.id()).await;
        assert!(matches!(ended, Err(Error::SessionNotFound)));
        let renewed = world.accounts.refresh(&session).await;
        assert!(matches!(renewed, Err(Error::SessionExpired)), "no token is ever made of it");
    }

    async fn a_bot_is_deactivated_with_its_plugin_and_back_with_the_same_publisher(mut world: World) {
        const PLUGIN: &str = "org.example.welcome";
        let user = world.accounts.bot(&bot("迎宾")).await.unwrap().user_id();
        let deactivate = async || {
            let tx = world.db.begin().await.unwrap();
            deactivate_bot(&tx, PLUGIN, world.now()).await.unwrap();
            tx.commit().await.unwrap();
        };
        let install = async |publisher| {
            let tx = world.db.begin().await.unwrap();
            reactivate_bot(&tx, PLUGIN, publisher).await.unwrap();
            tx.commit().await.unwrap();
        };
        deactivate().await;
        let jobs = "SELECT count(*) FROM outbox WHERE kind = 'bot_deactivated'";
        assert_eq!(world.count(jobs).await, 1);
        // A node that has not seen it yet.
        assert!(matches!(world.accounts.bot(&bot("迎宾")).await, Err(Error::Deactivated)));
        let seen = world.accounts.look_again(user).await.unwrap().unwrap();
        assert!(seen.is_deactivated && seen.name == "迎宾", "{seen:?}");
        install(Publisher::Same).await;
        let back = world.accounts.bot(&bot("迎宾")).await.unwrap();
        assert_eq!((back.user_id(), back.profile().is_deactivated), (user, false));
        drop(back);
        deactivate().await;
        install(Publisher::Another).await;
        let other = world.accounts.bot(&bot("迎宾")).await.unwrap();
        assert_ne!(other.user_id(), user, "nobody speaks as another's bot");
        assert!(world.accounts.look_again(user).await.unwrap().unwrap().is_deactivated);
        assert_eq!(world.event().await, AccountEvent::UserChanged { user });
    }

    async fn a_banned_bot_stays_out(world: World) {
        let session = world.accounts.bot(&bot("迎宾")).await.unwrap();
        world.accounts.ban(&By::operator(), session.user_id(), None, None).await.unwrap();
        assert!(matches!(world.accounts.bot(&bot("迎宾")).await, Err(Error::Banned)));
    }
}
