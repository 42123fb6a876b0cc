//! WeChat slow, down, or answering nonsense: sign-in fails clearly in time, and the chat goes on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teahouse_tests::{Settings, TestServer, server_test};

const EXCHANGE: &str = "/sns/jscode2session";
const TIMEOUT: Duration = Duration::from_millis(1500);

fn with_little_patience(settings: Settings) -> Settings {
    settings.set("wechat.timeout_ms", TIMEOUT.as_millis())
}

/// Signs in while WeChat behaves as `how` says, and talks meanwhile.
async fn check(server: &TestServer, how: Value) {
    let mut ann = server.person("ann").await.connect().await;
    let mut bob = server.guest("bob").await.connect().await;
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let login = server.wechat().phone("小明").await.login().await;
    server.wechat().fault(EXCHANGE, how.clone()).await;
    let start = Instant::now();
    let talk = async {
        ann.send("c-1", "is WeChat down?").await;
        bob.sees(["is WeChat down?"]).await;
        start.elapsed()
    };
    let (answer, talked) = tokio::join!(server.post("/v1/auth/wechat", login.body()), talk);
    answer.refused(503, "wechat_unavailable");
    assert!(start.elapsed() < 4 * TIMEOUT, "{how}: the refusal took {:?}", start.elapsed());
    assert!(talked < 2 * TIMEOUT, "{how}: the chat waited for WeChat: {talked:?}");
}

#[server_test(with_little_patience)]
async fn a_slow_wechat_is_not_waited_for(server: TestServer) {
    check(&server, json!({ "delay_ms": 60_000, "times": 20 })).await;
}

#[server_test(with_little_patience)]
async fn a_wechat_that_hangs_up_is_unavailable(server: TestServer) {
    check(&server, json!({ "drop": true, "times": 20 })).await;
}

#[server_test(with_little_patience)]
async fn nonsense_from_wechat_is_unavailable(server: TestServer) {
    check(&server, json!({ "garbage": true, "times": 20 })).await;
}

#[server_test(with_little_patience)]
async fn an_http_error_of_wechat_is_unavailable(server: TestServer) {
    check(&server, json!({ "http_status": 502, "times": 20 })).await;
}

#[server_test(with_little_patience)]
async fn a_busy_wechat_is_unavailable(server: TestServer) {
    check(&server, json!({ "errcode": -1, "times": 20 })).await;
}

/// Every other refusal of WeChat's is told by a code of its own.
#[server_test]
async fn each_refusal_of_wechat_has_its_code(server: TestServer) {
    let table = [
        (40029, 401, "wechat_code_invalid"),
        (40163, 401, "wechat_code_used"),
        (40226, 403, "wechat_user_blocked"),
        (40013, 502, "wechat_misconfigured"),
        (40125, 502, "wechat_misconfigured"),
    ];
    for (errcode, status, code) in table {
        let login = server.wechat().phone("小明").await.login().await;
        server.wechat().fault(EXCHANGE, json!({ "errcode": errcode })).await;
        let answer = server.post("/v1/auth/wechat", login.body()).await;
        answer.refused(status, code);
    }
}

/// When WeChat is back, so is the sign-in.
#[server_test(with_little_patience)]
async fn sign_in_returns_with_wechat(server: TestServer) {
    check(&server, json!({ "drop": true, "times": 20 })).await;
    Box::pin(clear_faults(&server)).await;
    server.person("小红").await;
}

async fn clear_faults(server: &TestServer) {
    let url = server.url("/wechat-sim/control/faults");
    let answer = server.http().delete(url).send().await.expect("an answer");
    assert!(answer.status().is_success());
}
