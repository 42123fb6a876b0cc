//! Plugins by key: taken in, agreed to, decided about, thrown out.

use poem::http::Method;
use serde_json::{Value, json};
use teahouse_accounts::KeyScope;
use teahouse_plugins::lifecycle::bundled_plugins;

use crate::kit::{Answer, Server, request};

const PLUGIN: &str = "/v1/admin/plugins/cn.teahouse.faq-bot";

struct Operator<'a> {
    server: &'a Server,
    key: String,
}

impl<'a> Operator<'a> {
    async fn new(server: &'a Server) -> Self {
        Self { server, key: server.key("ops", KeyScope::Admin).await }
    }

    async fn ask(&self, method: Method, path: &str) -> Answer {
        self.server.send(request(method, path).header("X-Api-Key", &self.key).finish()).await
    }

    async fn tell(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = request(method, path).header("X-Api-Key", &self.key).content_type("application/json");
        self.server.send(request.body(body.to_string())).await
    }

    async fn install(&self, package: Vec<u8>) -> Answer {
        let request = request(Method::POST, "/v1/admin/plugins").header("X-Api-Key", &self.key);
        self.server.send(request.content_type("application/octet-stream").body(package)).await
    }
}

fn package(name: &str) -> Vec<u8> {
    bundled_plugins().into_iter().find(|plugin| plugin.name == name).expect(name).package
}

#[tokio::test]
async fn only_a_key_that_administers_opens_the_door() {
    let server = Server::start().await;
    server.get("/v1/admin/plugins").await.refused(401, "api_key_invalid");
    let shop = server.api_key().await;
    let asked = request(Method::GET, "/v1/admin/plugins").header("X-Api-Key", shop).finish();
    server.send(asked).await.refused(403, "not_allowed");
    let operator = Operator::new(&server).await;
    assert_eq!(operator.ask(Method::GET, "/v1/admin/plugins").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn a_plugin_works_once_somebody_agreed_to_what_it_asks_for() {
    let server = Server::start().await;
    let operator = Operator::new(&server).await;
    let installed = operator.install(package("faq-bot")).await.expect(201);
    assert_eq!((&installed["is_first"], &installed["consent"]["is_agreed"]), (&json!(true), &json!(false)));
    operator.ask(Method::POST, &format!("{PLUGIN}/enable")).await.refused(409, "consent_required");
    let consent = operator.ask(Method::GET, &format!("{PLUGIN}/consent")).await.expect(200);
    assert_eq!(consent["digest"], installed["digest"]);
    let grants = json!({ "digest": installed["digest"] });
    let granted = operator.tell(Method::POST, &format!("{PLUGIN}/grants"), grants).await.expect(200);
    assert!(granted["grants"].as_array().is_some_and(|grants| !grants.is_empty()));
    let enabled = operator.ask(Method::POST, &format!("{PLUGIN}/enable")).await.expect(200);
    assert_eq!(enabled["is_enabled"], true);
    operator.ask(Method::DELETE, &format!("{PLUGIN}/grants/messages")).await.expect(204);
    let shown = operator.ask(Method::GET, PLUGIN).await.expect(200);
    assert!(shown["not_granted"].as_array().is_some_and(|names| names.contains(&json!("messages"))));
    operator.ask(Method::POST, &format!("{PLUGIN}/disable")).await.expect(200);
    operator.ask(Method::DELETE, PLUGIN).await.expect(204);
    operator.ask(Method::GET, PLUGIN).await.refused(404, "plugin_not_found");
}

#[tokio::test]
async fn settings_and_decisions_are_kept_or_refused_by_their_fields() {
    let server = Server::start().await;
    let operator = Operator::new(&server).await;
    operator.install(package("faq-bot")).await.expect(201);
    let path = format!("{PLUGIN}/settings");
    let settings = operator.ask(Method::GET, &path).await.expect(200);
    assert!(settings["schema"]["properties"].is_object());
    let kept = operator.tell(Method::PUT, &path, json!({ "values": settings["values"] })).await.expect(200);
    assert_eq!(kept["values"], settings["values"]);
    let wrong = operator.tell(Method::PUT, &path, json!({ "values": { "no-such-setting": 1 } })).await;
    assert_eq!(wrong.refused(422, "plugin_settings_refused")["errors"][0]["field"], "no-such-setting");
    let path = format!("{PLUGIN}/policy");
    let decided = operator.tell(Method::PUT, &path, json!({ "rooms": "all", "memory_mib": 32 })).await;
    assert_eq!(decided.expect(200)["works_in"], "all");
    operator
        .tell(Method::PUT, &path, json!({ "memory_mib": 4096 }))
        .await
        .refused(422, "plugin_policy_refused");
}

#[tokio::test]
async fn what_is_no_package_or_no_version_is_refused() {
    let server = Server::start().await;
    let operator = Operator::new(&server).await;
    operator.install(b"no package".to_vec()).await.refused(422, "plugin_invalid");
    operator.tell(Method::POST, "/v1/admin/plugins", json!({})).await.refused(415, "unsupported_media_type");
    operator.ask(Method::GET, PLUGIN).await.refused(404, "plugin_not_found");
    operator.ask(Method::GET, "/v1/admin/plugins/NONSENSE").await.refused(422, "invalid_field");
    operator.install(package("faq-bot")).await.expect(201);
    operator.ask(Method::POST, &format!("{PLUGIN}/rollback")).await.refused(409, "plugin_no_earlier_version");
    let elsewhere = json!({ "digest": "0".repeat(64) });
    operator
        .tell(Method::POST, &format!("{PLUGIN}/upgrade"), elsewhere)
        .await
        .refused(404, "plugin_version_not_found");
}

#[tokio::test]
async fn how_a_plugin_is_and_what_it_did_can_be_asked() {
    let server = Server::start().await;
    let operator = Operator::new(&server).await;
    for path in [format!("{PLUGIN}/health"), format!("{PLUGIN}/logs")] {
        operator.ask(Method::GET, &path).await.refused(404, "plugin_not_found");
    }
    operator.install(package("faq-bot")).await.expect(201);
    let health = operator.ask(Method::GET, &format!("{PLUGIN}/health")).await.expect(200);
    assert_eq!(health["condition"], "resting");
    let logs = operator.ask(Method::GET, &format!("{PLUGIN}/logs?level=warn&limit=5")).await.expect(200);
    assert_eq!(logs["items"], json!([]));
    let verdicts =
        operator.ask(Method::GET, "/v1/admin/verdicts?plugin=cn.teahouse.faq-bot").await.expect(200);
    assert_eq!(verdicts, json!({ "items": [], "next": null }));
}
