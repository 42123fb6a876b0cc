//! Profiles: one's own and others'.

use teahouse_accounts::{AccountEvent, AvatarUrl, ProfileChange};
use teahouse_protocol::{ErrorCode, UserId};

use crate::world::{World, device, name, on_both};

on_both! {
    async fn a_profile_changes_in_what_is_named_and_everywhere_at_once(mut world: World) {
        let me = world.accounts.sign_in_guest(Some(name("茶客")), &device()).await.unwrap();
        let other = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        let picture = || AvatarUrl::parse("https://example.com/me.png").unwrap();
        let change = ProfileChange { name: None, avatar: Some(Some(picture())) };
        let changed = world.accounts.update_me(&me.session, change).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.avatar.as_deref()), ("茶客", Some(picture().as_str())));
        assert_eq!(world.event().await, AccountEvent::UserChanged { user: me.user.id });
        assert_eq!(me.session.user(), changed);
        assert_eq!(world.accounts.profile(&other.session, me.user.id).await.unwrap(), changed);

        let change = ProfileChange { name: Some(name("掌柜")), avatar: Some(None) };
        let changed = world.accounts.update_me(&me.session, change).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.avatar.as_deref()), ("掌柜", None));
        assert_eq!(world.accounts.me(&me.session).await.unwrap(), changed);
        assert_eq!(me.session.sender().name, "掌柜");
    }

    async fn a_change_of_nothing_is_answered_with_what_is(world: World) {
        let me = world.accounts.sign_in_guest(Some(name("茶客")), &device()).await.unwrap();
        let same = world.accounts.update_me(&me.session, ProfileChange::default()).await.unwrap();
        assert_eq!(same, me.user);
    }

    async fn the_profiles_of_many_are_found_and_the_unknown_left_out(world: World) {
        let mut users = Vec::new();
        for _ in 0..3 {
            users.push(world.accounts.sign_in_guest(None, &device()).await.unwrap().user);
        }
        let nobody = UserId::generate();
        let ids = [users[0].id, nobody, users[2].id];
        for node in [world.accounts.clone(), world.another_node(|_| {})] {
            for _ in 0..2 {
                let found = node.profiles(&ids).await.unwrap();
                assert_eq!(found.len(), 2);
                assert_eq!(found[&users[2].id].name, users[2].name);
            }
        }
        let me = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        let missing = world.accounts.profile(&me.session, nobody).await.unwrap_err();
        assert_eq!(missing.code(), ErrorCode::UserNotFound);
    }
}
