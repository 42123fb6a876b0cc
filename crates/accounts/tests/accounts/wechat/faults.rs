//! WeChat slow, down, refusing us, or answering nonsense.

use serde_json::{Value, json};
use teahouse_protocol::ErrorCode;

use super::refusal;
use crate::world::{World, device, on_both};

async fn fault(world: &World, how: Value) {
    let mut body = json!({ "path": "/sns/jscode2session", "times": 1 });
    body.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
    world.control("faults", body).await;
}

on_both! {
    async fn each_failure_of_wechats_has_its_word(world: World) {
        let ann = world.phone("Ann").await;
        for (how, code) in [
            (json!({ "errcode": 40226 }), ErrorCode::WechatUserBlocked),
            (json!({ "errcode": 40029 }), ErrorCode::WechatCodeInvalid),
            (json!({ "errcode": 45011 }), ErrorCode::RateLimited),
            (json!({ "errcode": 40125 }), ErrorCode::WechatMisconfigured),
            (json!({ "errcode": 40013 }), ErrorCode::WechatMisconfigured),
            (json!({ "errcode": 99999 }), ErrorCode::WechatUnavailable),
            (json!({ "errcode": -1, "times": 20 }), ErrorCode::WechatUnavailable),
        ] {
            fault(&world, how.clone()).await;
            assert_eq!(refusal(&world, ann.code().await).await, code, "{how}");
            world.clear_faults().await;
        }
        for how in [json!({ "garbage": true }), json!({ "http_status": 502 }), json!({ "drop": true })] {
            fault(&world, how.clone()).await;
            assert_eq!(refusal(&world, ann.code().await).await, ErrorCode::WechatUnavailable, "{how}");
            world.clear_faults().await;
        }
        world.accounts.sign_in_wechat(ann.code().await, &device()).await.unwrap();
    }

    async fn a_silent_wechat_fails_the_sign_in_within_its_time_and_nothing_else(world: World) {
        let ann = world.phone("Ann").await;
        let signed_in = world.accounts.sign_in_wechat(ann.code().await, &device()).await.unwrap();
        fault(&world, json!({ "delay_ms": 60_000 })).await;
        let (code, begun) = (ann.code().await, std::time::Instant::now());
        let waiting = tokio::spawn({
            let accounts = world.accounts.clone();
            async move { accounts.sign_in_wechat(code, &device()).await.unwrap_err().code() }
        });
        world.accounts.authenticate(signed_in.token.as_str()).await.unwrap();
        world.accounts.sign_in_guest(None, &device()).await.unwrap();
        assert_eq!(waiting.await.unwrap(), ErrorCode::WechatUnavailable);
        assert!(begun.elapsed() < std::time::Duration::from_secs(10));
    }
}
