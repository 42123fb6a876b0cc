//! Names that come with a sign-in, with somebody who has a say in them.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use teahouse_accounts::{
    By, Error, ExternalId, ExternalUser, KeyScope, NameAnswer, NameAtSignIn, NameGate, NameRefusal,
    NewSession,
};
use teahouse_protocol::{DisplayName, ErrorCode, UserId, UserProfile};

use crate::world::{World, device, name, on_both};

/// Refuses `bad` and makes `kind` of `rude`. Remembers who was asked about, under which name they went, and the name.
#[derive(Default)]
struct Gate {
    asked: Mutex<Vec<(UserId, String, String)>>,
    broken: Mutex<bool>,
}

impl Gate {
    fn before(world: &World) -> Arc<Self> {
        let gate = Arc::new(Self::default());
        world.accounts.set_name_gate(gate.clone());
        gate
    }

    /// What was asked about since this was called last.
    fn asked(&self) -> Vec<(UserId, String, String)> {
        std::mem::take(&mut *self.asked.lock())
    }
}

impl NameGate for Gate {
    fn pass(&self, by: Arc<UserProfile>, name: DisplayName) -> NameAnswer<'_> {
        self.asked.lock().push((by.id, by.name.clone(), name.as_str().to_owned()));
        let refusal = NameRefusal {
            by: "Guard".into(),
            plugin: "org.example.guard".into(),
            rule: "bad-name".to_owned(),
            reason: "no".to_owned(),
        };
        let answer = match name.as_str() {
            _ if *self.broken.lock() => Err(Error::Internal("broken")),
            "bad" => Ok(NameAtSignIn::Refused(Box::new(refusal))),
            "rude" => {
                DisplayName::new("kind").map(NameAtSignIn::Taken).map_err(|_| Error::Internal("no name"))
            }
            _ => Ok(NameAtSignIn::Taken(name)),
        };
        Box::pin(std::future::ready(answer))
    }
}

async fn minted(world: &World, key: &str, id: &str, called: &str) -> NewSession {
    let external_id = ExternalId::parse(id).unwrap();
    let user = ExternalUser { external_id, name: Some(name(called)), avatar: None };
    let key = world.accounts.business_by_key(key).await.unwrap();
    world.accounts.mint(&key, user, &device()).await.unwrap()
}

on_both! {
    async fn a_guest_whose_name_is_refused_stays_out_and_may_choose_another(world: World) {
        let gate = Gate::before(&world);
        let Err(Error::NameRejected(refusal)) = world.accounts.sign_in_guest(Some(name("bad")), &device()).await
        else { panic!("refused") };
        assert_eq!((&*refusal.by, refusal.rule.as_str(), refusal.reason.as_str()), ("Guard", "bad-name", "no"));
        assert_eq!(Error::NameRejected(refusal).code(), ErrorCode::Rejected);
        assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
        let guest = world.accounts.sign_in_guest(Some(name("rude")), &device()).await.unwrap();
        assert_eq!(guest.user.name, "kind");
        let asked = gate.asked();
        let (id, called, brought) = asked.last().unwrap();
        assert_eq!((*id, brought.as_str()), (guest.user.id, "rude"), "they are asked about as who they will be");
        assert!(called.starts_with("游客"), "{called}");
        world.accounts.sign_in_guest(None, &device()).await.unwrap();
        assert_eq!(gate.asked(), [], "a name of ours is nobody's to refuse");
    }

    async fn a_guest_waits_for_who_cannot_answer(world: World) {
        let gate = Gate::before(&world);
        *gate.broken.lock() = true;
        let failed = world.accounts.sign_in_guest(Some(name("ann")), &device()).await.unwrap_err();
        assert_eq!(failed.code(), ErrorCode::Internal);
        assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
    }

    async fn a_nickname_that_is_refused_keeps_nobody_out(world: World) {
        let gate = Gate::before(&world);
        let bad = world.phone("bad").await;
        let first = world.accounts.sign_in_wechat(bad.login(json!({})).await, &device()).await.unwrap();
        assert_eq!(first.user.name, "微信用户");
        assert_eq!(gate.asked(), [(first.user.id, "微信用户".to_owned(), "bad".to_owned())]);
        let again = world.accounts.sign_in_wechat(bad.login(json!({})).await, &device()).await.unwrap();
        assert_eq!((again.user.id, again.user.name.as_str()), (first.user.id, "微信用户"));
        assert_eq!(gate.asked(), [], "the same name is not asked about again");
        bad.change(json!({ "nickname": "good" })).await;
        let better = world.accounts.sign_in_wechat(bad.login(json!({})).await, &device()).await.unwrap();
        assert_eq!((better.user.id, better.user.name.as_str()), (first.user.id, "good"));
        gate.asked();
        bad.change(json!({ "nickname": "bad" })).await;
        let named = world.accounts.sign_in_wechat(bad.login(json!({})).await, &device()).await.unwrap();
        assert_eq!(named.user.name, "good", "who has a name keeps it");
        assert_eq!(gate.asked(), [], "and nobody is asked about what is not taken");
    }

    async fn a_nickname_is_replaced_and_a_wafer_sdk_is_told_so(world: World) {
        Gate::before(&world);
        let rude = world.phone("rude").await;
        let login = rude.login(json!({})).await;
        let request = teahouse_accounts::WaferSignIn {
            code: login.code,
            encrypted_data: login.data.encrypted_data,
            iv: login.data.iv,
        };
        let session = world.accounts.sign_in_wafer(request, &device()).await.unwrap();
        assert_eq!(session.userinfo["nickName"], "kind");
    }

    async fn what_a_phone_is_asked_for_is_refused_like_a_rename(world: World) {
        let ann = world.phone("Ann").await;
        let session = world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap().session;
        let gate = Gate::before(&world);
        let same = ann.user_info(json!({})).await;
        world.accounts.update_me_from_wechat(&session, same).await.unwrap();
        assert_eq!(gate.asked(), [], "the name that they have");
        ann.change(json!({ "nickname": "bad" })).await;
        let data = ann.user_info(json!({})).await;
        let refused = world.accounts.update_me_from_wechat(&session, data).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Rejected);
        assert_eq!(world.accounts.me(&session).await.unwrap().name, "Ann");
    }

    async fn a_business_keeps_its_users_whatever_they_are_called(world: World) {
        let gate = Gate::before(&world);
        let key = world.accounts.create_api_key(&By::operator(), &name("shop"), KeyScope::Users).await.unwrap().secret();
        let first = minted(&world, &key, "u-1", "bad").await;
        assert!(first.user.name.starts_with("用户"), "{}", first.user.name);
        assert_eq!(gate.asked(), [(first.user.id, first.user.name.clone(), "bad".to_owned())]);
        assert_eq!(minted(&world, &key, "u-1", "bad").await.user, first.user);
        assert_eq!(gate.asked(), []);
        assert_eq!(minted(&world, &key, "u-1", "ann").await.user.name, "ann");
        assert_eq!(gate.asked().len(), 1);
        minted(&world, &key, "u-1", "ann").await;
        assert_eq!(gate.asked(), [], "the name that they have");
        assert_eq!(minted(&world, &key, "u-1", "bad").await.user.name, "ann", "they keep what they have");
        for _ in 0..2 {
            assert_eq!(minted(&world, &key, "u-2", "rude").await.user.name, "kind");
        }
        assert_eq!(gate.asked().len(), 1);
        let external_id = ExternalId::parse("u-3").unwrap();
        let user = ExternalUser { external_id, name: Some(name("bad")), avatar: None };
        let operator = world.accounts.mint_as_operator(user, &device()).await.unwrap();
        assert_eq!(operator.user.name, "bad", "the operator's word is enough");
    }
}
