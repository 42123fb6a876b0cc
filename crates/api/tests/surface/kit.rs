//! A server without a socket, its people, and answers that are checked against the document.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use poem::endpoint::BoxEndpoint;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};
use serde_json::{Value, json};
use teahouse_accounts::{Accounts, AccountsParts, By, GuestsConfig, KeyScope, MasterKey, SessionsConfig};
use teahouse_api::{ApiLimits, ApiParts, Strangers};
use teahouse_bus::Bus;
use teahouse_chat::{Chat, ChatConfig, ChatLimits, ChatParts, Dialect, Encode};
use teahouse_jobs::Outbox;
use teahouse_outbound::{Allow, Outbound, SystemNames};
use teahouse_plugin_host::{Compile, Host, HostConfig};
use teahouse_plugins::lifecycle::{Lifecycle, LifecycleParts, SecretsKey, Trial, TrialError, Trials};
use teahouse_plugins::{Plugins, PluginsConfig, PluginsParts};
use teahouse_protocol::{Clock, DisplayName, NodeId, ServerEvent, SystemClock};
use teahouse_store::{DatabaseConfig, Db};

/// No limit that a test could meet by accident.
pub(crate) const NO_LIMITS: ApiLimits =
    ApiLimits { requests_per_second: 0, requests_at_once: 0, body_bytes: 64 * 1024 };

pub(crate) struct Server {
    endpoint: BoxEndpoint<'static, Response>,
    pub(crate) accounts: Accounts,
    pub(crate) chat: Chat,
    // The database is a file in it.
    _folder: tempfile::TempDir,
}

struct NoSockets;

impl Encode for NoSockets {
    fn encode(&self, _: Dialect, _: &ServerEvent) -> Option<Bytes> {
        None
    }
}

/// Nothing runs in these tests: what the sandbox does is shown with the real server.
struct NoSandbox;

#[async_trait]
impl Trials for NoSandbox {
    async fn run(&self, _: Trial<'_>) -> Result<(), TrialError> {
        Ok(())
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(NO_LIMITS, true).await
    }

    pub(crate) async fn with(limits: ApiLimits, guests: bool) -> Self {
        Self::with_strangers(limits, guests, 0).await
    }

    pub(crate) async fn with_strangers(limits: ApiLimits, guests: bool, strangers_per_second: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&DatabaseConfig::sqlite(folder.path().join("teahouse.db"))).await.unwrap();
        db.migrate().await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let account_events = Bus::in_process();
        let accounts = Accounts::new(AccountsParts {
            db: db.clone(),
            clock: clock.clone(),
            wechat: teahouse_wechat::Client::new(&unreachable_wechat()).unwrap(),
            watermark_max_age: Duration::from_secs(600),
            events: account_events.clone(),
            sessions: SessionsConfig::default(),
            guests: GuestsConfig { allowed: guests },
            sign_ins_per_minute: 0,
            master_key: MasterKey::generate(),
        });
        let outbox = Outbox::new(clock.clone());
        let chat = ChatParts {
            db: db.clone(),
            clock: clock.clone(),
            accounts: accounts.clone(),
            account_events,
            outbox: outbox.clone(),
            encoder: Arc::new(NoSockets),
            config: ChatConfig::default(),
            limits: ChatLimits::NONE,
        };
        let (chat, _) = Chat::start(chat).await.unwrap();
        let secrets = SecretsKey::new(MasterKey::generate().derive(SecretsKey::PURPOSE));
        let lifecycle = Lifecycle::new(LifecycleParts {
            db: db.clone(),
            clock: clock.clone(),
            trials: Arc::new(NoSandbox),
            secrets: secrets.clone(),
            require_signature: false,
            trusted_keys: Vec::new(),
        });
        let plugins = PluginsParts {
            db,
            node: NodeId::generate(),
            clock,
            chat: chat.clone(),
            accounts: accounts.clone(),
            outbox,
            outbound: Outbound::new(Allow::default(), Arc::new(SystemNames)).unwrap(),
            host: Host::new(&HostConfig { slots: 1, ..HostConfig::default() }).unwrap(),
            compile: Compile::InProcess,
            secrets,
            lifecycle,
            config: PluginsConfig { enabled: false, ..PluginsConfig::default() },
        };
        let (plugins, _) = Plugins::start(plugins).await.unwrap();
        let strangers = Strangers::new(strangers_per_second);
        let parts = ApiParts { accounts: accounts.clone(), chat: chat.clone(), plugins, limits, strangers };
        let endpoint = teahouse_api::routes(parts).boxed();
        Self { endpoint, accounts, chat, _folder: folder }
    }

    pub(crate) async fn person(&self, name: &str) -> Person<'_> {
        let session = self.post("/v1/auth/guest", json!({ "name": name })).await.expect(200);
        Person { server: self, token: text(&session["token"]), id: text(&session["user"]["id"]) }
    }

    pub(crate) async fn api_key(&self) -> String {
        self.key("shop", KeyScope::Users).await
    }

    pub(crate) async fn key(&self, name: &str, scope: KeyScope) -> String {
        self.accounts
            .create_api_key(&By::operator(), &DisplayName::new(name).unwrap(), scope)
            .await
            .unwrap()
            .secret()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path).finish()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(request(Method::POST, path).content_type("application/json").body(body.to_string())).await
    }

    /// The answer as it is, were it no text.
    pub(crate) async fn send_raw(&self, request: Request) -> Response {
        self.endpoint.call(request).await.expect("errors are answers")
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.endpoint.call(request).await.expect("errors are answers");
        let answer = Answer::read(response).await;
        answer.check(&method, &path);
        answer
    }
}

fn unreachable_wechat() -> teahouse_wechat::Config {
    // Port 9 of this machine: nothing listens there, so that each call fails at once.
    teahouse_wechat::Config {
        api_base: teahouse_wechat::ApiBase::parse("http://127.0.0.1:9").unwrap(),
        ..teahouse_wechat::Config::default()
    }
}

pub(crate) fn request(method: Method, path: &str) -> poem::RequestBuilder {
    Request::builder().method(method).uri_str(path)
}

pub(crate) struct Person<'a> {
    pub(crate) server: &'a Server,
    pub(crate) token: String,
    pub(crate) id: String,
}

impl Person<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> poem::RequestBuilder {
        request(method, path).header(header::AUTHORIZATION, format!("Bearer {}", self.token))
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path);
        self.server
            .send(match body {
                Some(body) => request.content_type("application/json").body(body.to_string()),
                None => request.finish(),
            })
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// A public group of mine.
    pub(crate) async fn room(&self, name: &str) -> String {
        let body = json!({ "name": name, "kind": "group", "visibility": "public" });
        text(&self.post("/v1/rooms", body).await.expect(201)["id"])
    }

    pub(crate) async fn join(&self, room: &str) {
        self.call(Method::POST, &format!("/v1/rooms/{room}/join"), None).await.expect(200);
    }

    pub(crate) async fn say(&self, room: &str, content: &str) -> Value {
        self.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": content })).await.expect(201)
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: poem::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.into_string().await.unwrap();
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }

    /// The field that was wrong.
    #[track_caller]
    pub(crate) fn wrong_field(&self) -> String {
        text(&self.refused(422, "invalid_field")["errors"][0]["field"])
    }

    /// What holds of every answer: it has an id, and is one of those that the document lists.
    #[track_caller]
    fn check(&self, method: &Method, path: &str) {
        assert!(!self.header("x-request-id").is_empty(), "{method} {path} has no request id");
        if self.status.is_client_error() && path.starts_with("/v1") {
            let problem = self.json();
            assert_eq!(self.header("content-type"), "application/problem+json");
            assert_eq!(problem["status"], self.status.as_u16());
            assert_eq!(problem["request_id"], self.header("x-request-id"));
        }
        let Some(operation) = operation(method, path) else { return };
        let listed = &operation["responses"][self.status.as_str()];
        assert!(listed.is_object(), "{method} {path} does not list {}: {}", self.status, self.body);
        let content_type = self.header("content-type");
        assert!(
            content_type.is_empty() || listed["content"][content_type].is_object(),
            "{method} {path} {} does not list {content_type}",
            self.status
        );
        if content_type == "application/problem+json" {
            let code = text(&self.json()["code"]);
            let listed = text(&listed["description"]);
            assert!(listed.contains(&format!("`{code}`")), "{method} {path} does not list {code}: {listed}");
        }
    }
}

pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&teahouse_api::openapi_json()).unwrap());

/// Path, method and description of each operation.
pub(crate) fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap();
        operations.iter().map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// What the document says of the operation behind a path; a template's literal parts weigh more than its parameters.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let fits = |template: &str| {
        template.split('/').count() == path.split('/').count()
            && template
                .split('/')
                .zip(path.split('/'))
                .all(|(part, given)| part.starts_with('{') || part == given)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let (_, operations) = paths
        .iter()
        .filter(|(template, _)| fits(template))
        .min_by_key(|(template, _)| template.matches('{').count())?;
    operations.get(method.as_str().to_lowercase())
}

#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
