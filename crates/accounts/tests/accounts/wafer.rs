//! Sign-in as the wafer SDKs make it.

use serde_json::json;
use teahouse_accounts::WaferSignIn;
use teahouse_protocol::{ErrorCode, SessionId};

use crate::world::{World, device, on_both};

fn wafer(request: teahouse_accounts::WechatSignIn) -> WaferSignIn {
    WaferSignIn { code: request.code, encrypted_data: request.data.encrypted_data, iv: request.data.iv }
}

on_both! {
    async fn id_and_skey_are_a_session(world: World) {
        let ann = world.phone("Ann").await;
        let request = wafer(ann.login(json!({})).await);
        let session = world.accounts.sign_in_wafer(request, &device()).await.unwrap();
        assert_eq!(session.userinfo["nickName"], "Ann");
        assert!(!session.userinfo.to_string().contains(&ann.openid));
        let (id, skey) = (session.id(), session.skey());
        for id in [Some(id.as_str()), None] {
            let proven = world.accounts.authenticate_wafer(id, skey).await.unwrap();
            assert_eq!(proven.id(), session.session.session.id());
        }
        let foreign = SessionId::generate().to_string();
        for id in ["", "x", &foreign] {
            let refused = world.accounts.authenticate_wafer(Some(id), skey).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::SessionExpired, "{id}");
        }
        assert!(world.accounts.authenticate_wafer(Some(&id), "x").await.is_err());
    }

    async fn a_code_alone_signs_the_same_person_in_again(world: World) {
        let ann = world.phone("Ann").await;
        let first = world.accounts.sign_in_wafer(wafer(ann.login(json!({})).await), &device()).await.unwrap();
        let again = world.accounts.sign_in_wafer(wafer(ann.code().await), &device()).await.unwrap();
        assert_eq!(again.session.user, first.session.user);
        assert_eq!(again.userinfo, first.userinfo);
    }

    async fn damaged_data_is_refused_with_its_word(world: World) {
        let ann = world.phone("Ann").await;
        // What is cut can't be told from what was made under another key, which a new sign-in mends.
        for (spoil, code) in
            [("wrong_app_id", ErrorCode::WechatDataInvalid), ("truncated", ErrorCode::WechatSessionLost)]
        {
            let request = wafer(ann.login(json!({ "spoil": spoil })).await);
            let refused = world.accounts.sign_in_wafer(request, &device()).await.unwrap_err();
            assert_eq!(refused.code(), code, "{spoil}");
        }
    }
}
