//! Sign-in with WeChat: codes, data, refusals.

mod faults;
mod union;

use serde_json::json;
use teahouse_accounts::{AccountEvent, MasterKey, ProfileChange, WechatData, WechatSignIn};
use teahouse_protocol::ErrorCode;

use crate::world::{OTHER_APP, World, device, name, on_both};

/// What one is told who signs in so.
async fn refusal(world: &World, request: WechatSignIn) -> ErrorCode {
    world.accounts.sign_in_wechat(request, &device()).await.unwrap_err().code()
}

on_both! {
    async fn a_code_makes_a_user_and_the_next_finds_them(world: World) {
        let ann = world.phone("Ann").await;
        let first = world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
        assert_eq!((first.user.name.as_str(), first.user.is_guest), ("Ann", false));
        let again = world.accounts.sign_in_wechat(ann.code().await, &device()).await.unwrap();
        assert_eq!(again.user, first.user);
        assert_ne!(again.session.id(), first.session.id());
        assert_eq!(world.count("SELECT count(*) FROM users").await, 1);
    }

    async fn without_data_a_person_is_called_as_wechat_calls_them(mut world: World) {
        let ann = world.phone("Ann").await;
        let signed_in = world.accounts.sign_in_wechat(ann.code().await, &device()).await.unwrap();
        assert_eq!((signed_in.user.name.as_str(), signed_in.user.avatar), ("微信用户", None));
        let named = world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
        assert_eq!(named.user.name, "Ann", "what was missing is filled in");
        assert_eq!(world.event().await, AccountEvent::UserChanged { user: named.user.id });
        assert_eq!(signed_in.session.sender().name, "Ann");
    }

    async fn a_name_of_ones_own_stays(world: World) {
        let ann = world.phone("Ann").await;
        let signed_in = world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
        let change = ProfileChange { name: Some(name("掌柜")), avatar: None };
        world.accounts.update_me(&signed_in.session, change).await.unwrap();
        for more in [json!({}), json!({ "anonymous": true })] {
            let again = world.accounts.sign_in_wechat(ann.login(more).await, &device()).await.unwrap();
            assert_eq!(again.user.name, "掌柜");
        }
    }

    async fn a_code_works_once_and_for_five_minutes(world: World) {
        let ann = world.phone("Ann").await;
        let request = ann.login(json!({})).await;
        world.accounts.sign_in_wechat(request.clone(), &device()).await.unwrap();
        assert_eq!(refusal(&world, request).await, ErrorCode::WechatCodeUsed);
        let late = ann.code().await;
        world.pass(std::time::Duration::from_secs(301)).await;
        assert_eq!(refusal(&world, late).await, ErrorCode::WechatCodeInvalid);
        let made_up = WechatSignIn { code: "nobody-gave-this".into(), ..WechatSignIn::default() };
        assert_eq!(refusal(&world, made_up).await, ErrorCode::WechatCodeInvalid);
    }

    async fn one_new_person_signing_in_many_times_at_once_is_one_user(world: World) {
        let ann = world.phone("Ann").await;
        let mut sign_ins = Vec::new();
        for number in 0..8 {
            let request = if number % 2 == 0 { ann.login(json!({})).await } else { ann.code().await };
            let accounts = world.accounts.clone();
            sign_ins.push(tokio::spawn(async move { accounts.sign_in_wechat(request, &device()).await.unwrap() }));
        }
        for sign_in in sign_ins {
            let session = sign_in.await.unwrap();
            world.accounts.authenticate(session.token.as_str()).await.unwrap();
        }
        assert_eq!(world.count("SELECT count(*) FROM users").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM identities").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM sessions").await, 8);
    }

    async fn spoilt_data_is_refused_with_its_word_and_makes_nobody(world: World) {
        let ann = world.phone("Ann").await;
        for (spoil, code) in [
            ("wrong_signature", ErrorCode::WechatSignatureMismatch),
            ("wrong_app_id", ErrorCode::WechatDataInvalid),
            ("broken_padding", ErrorCode::WechatDataInvalid),
            ("old_timestamp", ErrorCode::WechatDataInvalid),
            ("truncated", ErrorCode::WechatDataInvalid),
            ("tampered", ErrorCode::WechatDataInvalid),
            ("short_iv", ErrorCode::WechatDataInvalid),
            ("other_person", ErrorCode::WechatDataInvalid),
        ] {
            assert_eq!(refusal(&world, ann.login(json!({ "spoil": spoil })).await).await, code, "{spoil}");
        }
        assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
    }

    async fn text_that_is_no_data_is_refused_with_its_word(world: World) {
        let ann = world.phone("Ann").await;
        let good = ann.login(json!({})).await;
        let with = |data: WechatData| WechatSignIn { data, ..good.clone() };
        let half = WechatData { signature: None, ..good.data.clone() };
        assert_eq!(refusal(&world, with(half)).await, ErrorCode::InvalidField);
        let half = WechatData { iv: None, ..good.data.clone() };
        assert_eq!(refusal(&world, with(half)).await, ErrorCode::InvalidField);
        for code in ["", "line\nbreak", "茶", &"c".repeat(300)] {
            let request = WechatSignIn { code: code.into(), ..good.clone() };
            assert_eq!(refusal(&world, request).await, ErrorCode::InvalidField, "{code}");
        }
        for app_id in ["", "wx0000000000000000", "../etc", "茶"] {
            let request = WechatSignIn { app_id: Some(app_id.into()), ..good.clone() };
            assert_eq!(refusal(&world, request).await, ErrorCode::WechatAppUnknown, "{app_id}");
        }
        world.accounts.sign_in_wechat(good, &device()).await.expect("none of these used the code up");
        for (field, text) in [("iv", "!"), ("iv", "AAAA"), ("data", ""), ("data", "AAAA"), ("data", "茶")] {
            let mut request = ann.login(json!({})).await;
            let data = &mut request.data;
            *(if field == "iv" { &mut data.iv } else { &mut data.encrypted_data }) = Some(text.to_owned());
            let told = world.accounts.sign_in_wechat(request, &device()).await.err().map(|error| error.code());
            let expected = if text.is_empty() { None } else { Some(ErrorCode::WechatDataInvalid) };
            assert_eq!(told, expected, "{field} {text}");
        }
    }

    async fn data_made_before_the_login_asks_for_another(world: World) {
        let ann = world.phone("Ann").await;
        world.accounts.sign_in_wechat(ann.code().await, &device()).await.unwrap();
        let early = ann.user_info(json!({})).await;
        ann.expire().await;
        let request = WechatSignIn { data: early, ..ann.code().await };
        assert_eq!(refusal(&world, request).await, ErrorCode::WechatSessionLost);
        world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
    }

    /// Nobody signed in before, so that there is no earlier key to compare with: the phone's data is of a session that WeChat
    /// has replaced since.
    async fn at_a_first_sign_in_data_under_another_key_asks_for_another_login(world: World) {
        let ann = world.phone("Ann").await;
        let early = ann.login(json!({})).await.data;
        ann.expire().await;
        let signed = WechatData { encrypted_data: None, iv: None, ..early.clone() };
        let encrypted = WechatData { raw_data: None, signature: None, ..early.clone() };
        for data in [early, signed, encrypted] {
            let request = WechatSignIn { data, ..ann.code().await };
            assert_eq!(refusal(&world, request).await, ErrorCode::WechatSessionLost);
        }
        assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
        let again = ann.login(json!({})).await;
        world.accounts.sign_in_wechat(again, &device()).await.expect("the repeat");
    }

    /// One half fits the session key: so it is the phone's, and the other half is wrong by itself.
    async fn data_of_which_half_holds_is_refused_with_its_word(world: World) {
        let ann = world.phone("Ann").await;
        let (early, request) = {
            let early = ann.login(json!({})).await.data;
            ann.expire().await;
            (early, ann.login(json!({})).await)
        };
        let data = WechatData { signature: early.signature, ..request.data };
        assert_eq!(refusal(&world, WechatSignIn { data, ..request }).await, ErrorCode::WechatSignatureMismatch);
        let request = ann.login(json!({})).await;
        let data = WechatData { encrypted_data: early.encrypted_data, iv: early.iv, ..request.data };
        assert_eq!(refusal(&world, WechatSignIn { data, ..request }).await, ErrorCode::WechatDataInvalid);
    }

    async fn a_code_of_another_app_is_refused(world: World) {
        let ann = world.phone("Ann").await;
        let request = ann.login(json!({ "app_id": OTHER_APP })).await;
        assert_eq!(refusal(&world, WechatSignIn { app_id: None, ..request }).await, ErrorCode::WechatCodeInvalid);
    }

    async fn a_profile_is_taken_over_under_the_stored_key(world: World) {
        let ann = world.phone("Ann").await;
        let signed_in = world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
        ann.change(json!({ "nickname": "Anna" })).await;
        let data = ann.user_info(json!({})).await;
        let updated = world.accounts.update_me_from_wechat(&signed_in.session, data).await.unwrap();
        assert_eq!((updated.id, updated.name.as_str()), (signed_in.user.id, "Anna"));
        let data = ann.user_info(json!({ "anonymous": true })).await;
        let same = world.accounts.update_me_from_wechat(&signed_in.session, data).await.unwrap();
        assert_eq!(same.name, "Anna");
    }

    async fn a_stored_key_that_went_stale_asks_for_a_new_login(world: World) {
        let ann = world.phone("Ann").await;
        let signed_in = world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
        ann.expire().await;
        let data = ann.user_info(json!({})).await;
        let refused = world.accounts.update_me_from_wechat(&signed_in.session, data.clone()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::WechatSessionLost);
        let encrypted = WechatData { raw_data: None, signature: None, ..data };
        let refused = world.accounts.update_me_from_wechat(&signed_in.session, encrypted).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::WechatSessionLost);
        let again = world.accounts.sign_in_wechat(ann.code().await, &device()).await.unwrap();
        let data = ann.user_info(json!({})).await;
        world.accounts.update_me_from_wechat(&again.session, data).await.unwrap();
    }

    async fn a_guest_has_no_key_at_wechat(world: World) {
        let guest = world.accounts.sign_in_guest(None, &device()).await.unwrap();
        let data = world.phone("Ann").await.user_info(json!({})).await;
        let refused = world.accounts.update_me_from_wechat(&guest.session, data).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::WechatSessionLost);
    }

    async fn another_server_key_loses_session_keys_and_nothing_else(mut world: World) {
        let ann = world.phone("Ann").await;
        let signed_in = world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
        world.restart(|settings| settings.master_key = MasterKey::generate());
        let session = world.accounts.authenticate(signed_in.token.as_str()).await.unwrap();
        let data = ann.user_info(json!({})).await;
        let refused = world.accounts.update_me_from_wechat(&session, data).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::WechatSessionLost);
        let spoilt = ann.login(json!({ "spoil": "wrong_signature" })).await;
        assert_eq!(refusal(&world, spoilt).await, ErrorCode::WechatSignatureMismatch);
        let again = world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
        assert_eq!(again.user.id, signed_in.user.id);
    }

    async fn session_keys_are_not_stored_in_the_clear(world: World) {
        let ann = world.phone("Ann").await;
        world.accounts.sign_in_wechat(ann.login(json!({})).await, &device()).await.unwrap();
        let length = "SELECT CAST(length(session_key_sealed) AS BIGINT) FROM identities";
        assert_eq!(world.count(length).await, 24 + 24 + 16, "nonce, base64 of the key, tag");
    }
}
