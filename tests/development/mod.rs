//! Development mode gives whoever reaches it every identity: so it answers under its own names, and to its own pages alone.

use std::io::ErrorKind;
use std::net::TcpListener;

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use teahouse_tests::{Answer, Settings, Socket, TestServer, server_test};

const EVIL: &str = "evil.example";

/// What a page in a browser of the developer's could ask for: identities, what is said, the simulator's controls.
const TARGETS: [(&str, &str); 8] = [
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/healthz"),
    ("GET", "/v1/rooms"),
    ("POST", "/v1/auth/guest"),
    ("GET", "/wechat-sim/control/people"),
    ("POST", "/wechat-sim/control/people"),
    ("POST", "/wechat-sim/control/push/check"),
];

fn ask(server: &TestServer, method: &str, path: &str) -> RequestBuilder {
    let method: Method = method.parse().expect("a method");
    // What a page may send without asking first.
    server.http().request(method, server.url(path)).header("content-type", "text/plain").body("{}")
}

/// DNS rebinding: the name of a page on the internet leads to this machine, and so its requests are of the same origin.
#[server_test]
async fn under_a_foreign_name_nothing_is_answered(server: TestServer) {
    for (method, path) in TARGETS {
        for host in [EVIL, "evil.example:8080", "localhost.evil.example", "192.168.1.7"] {
            let answer = Answer::of(ask(&server, method, path).header("host", host)).await;
            let problem = answer.refused(403, "not_allowed");
            assert!(
                problem["detail"].as_str().expect("a detail").contains("server.development_hosts"),
                "{problem}"
            );
        }
        for host in ["localhost", "127.0.0.1:1", "[::1]:8080"] {
            let answer = Answer::of(ask(&server, method, path).header("host", host)).await;
            assert_ne!(answer.status, 403, "{answer}");
        }
    }
    let refused = Socket::open("a page", &server.ws_url("/ws"), &[("host", EVIL)]).await;
    assert!(refused.err().expect("a refusal").contains("403"));
}

#[server_test]
async fn pages_from_elsewhere_are_answered_nothing(server: TestServer) {
    for (method, path) in TARGETS {
        for origin in ["https://evil.example", "http://localhost.evil.example", "null"] {
            Answer::of(ask(&server, method, path).header("origin", origin)).await.refused(403, "not_allowed");
        }
        let own = Answer::of(ask(&server, method, path).header("origin", server.url(""))).await;
        assert_ne!(own.status, 403, "{own}");
    }
    let refused = Socket::open("a page", &server.ws_url("/ws"), &[("origin", "https://evil.example")]).await;
    assert!(refused.err().expect("a refusal").contains("403"));
    let own = server.url("");
    Socket::connect("our page", &server.ws_url("/ws"), &[("origin", &own)])
        .await
        .expect("our own page comes in");
}

fn with_names(settings: Settings) -> Settings {
    settings
        .set("server.development_hosts", "tea.local, 192.168.1.7")
        .set("server.public_url", "https://tunnel.example/")
        .set("server.cors_origins", "https://shop.example")
}

#[server_test(with_names)]
async fn what_it_was_told_are_its_names_too(server: TestServer) {
    for host in ["tea.local:8080", "192.168.1.7", "tunnel.example"] {
        Answer::of(ask(&server, "GET", "/healthz").header("host", host)).await.expect(200);
    }
    for origin in ["https://tunnel.example", "http://tea.local:3000", "https://shop.example"] {
        Answer::of(ask(&server, "GET", "/healthz").header("origin", origin)).await.expect(200);
    }
    let answer = Answer::of(ask(&server, "GET", "/healthz").header("host", EVIL)).await;
    answer.refused(403, "not_allowed");
}

fn push_to(url: &str) -> serde_json::Value {
    let push = json!({ "url": url, "token": "t", "encoding_aes_key": "A".repeat(43) });
    json!({ "app_id": "wxdev00000000000001", "push": push })
}

/// The simulator checks an app's URL as WeChat does: that of the app's own server, and no other address of the machine.
#[server_test]
async fn the_simulator_reaches_this_server_alone(server: TestServer) {
    let inside = TcpListener::bind("127.0.0.1:0").expect("a listener");
    inside.set_nonblocking(true).expect("a listener that does not wait");
    let secret = format!("http://{}/secret", inside.local_addr().expect("an address"));
    for url in [secret.as_str(), "http://169.254.169.254/latest/meta-data/", "https://example.com/"] {
        server.post("/wechat-sim/control/apps", push_to(url)).await.expect(200);
        let checked = server.post("/wechat-sim/control/push/check", json!({})).await.expect(200);
        assert_eq!((&checked["ok"], &checked["status"]), (&json!(false), &json!(null)), "{checked}");
        assert!(checked["answer"].as_str().expect("why").contains("server.simulator_reach"), "{checked}");
        let order = json!({ "person": "xiaoming", "fields": { "MsgType": "text", "Content": "hi" } });
        let pushed = server.post("/wechat-sim/control/push", order).await.expect(200);
        assert_eq!(pushed["items"][0]["accepted"], false, "{pushed}");
    }
    let came = inside.accept();
    assert!(
        came.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
        "something came: {came:?}"
    );
    server.post("/wechat-sim/control/apps", push_to(&server.url("/healthz"))).await.expect(200);
    let checked = server.post("/wechat-sim/control/push/check", json!({})).await.expect(200);
    assert_eq!(checked["status"], 200, "its own server it reaches: {checked}");
}
