//! A simulator on a port of its own, a client of it, and hands for the control API.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use parking_lot::Mutex;
use poem::{IntoEndpoint, Server, listener::TcpAcceptor};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use teahouse_wechat::{
    ApiBase, App, AppConfig, AppId, AppSecret, Client, Clock, Environment, Errcode, Error, Jitter, Login,
    LoginCode, PhoneCode, SessionState, decrypt, integrity,
};
use teahouse_wechat_sim::{Config, Reach, Simulator};

/// A running simulator and a client that is configured for its first app.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) app: App,
    pub(crate) clock: HandClock,
    pub(crate) base: String,
    http: reqwest::Client,
}

/// What `wx.login` or `wx.getUserInfo` gave.
pub(crate) struct Phone {
    pub(crate) answer: Value,
    app: AppId,
}

/// An answer as it came.
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) json: Value,
}

/// A clock that only moves when it is told to.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<Instant>>);

/// No waiting between attempts; renewals at the latest moment.
struct NoJitter;

impl Stage {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// At the first moment of a day in China, so that no quota's minute or day ends in the middle of a test.
    pub(crate) async fn at_midnight() -> Self {
        Self::with(|config| config.starts_at_s = Some(1_800_028_800)).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { reach: Reach::ThisMachine, ..Config::default() };
        change(&mut config);
        let simulator = Simulator::new(config);
        let base = serve(simulator.endpoint());
        Self::at(&simulator, base)
    }

    /// A stage of a simulator that is served at `base`.
    pub(crate) fn at(simulator: &Simulator, base: String) -> Self {
        let app = simulator.apps().remove(0);
        let clock = HandClock(Arc::new(Mutex::new(Instant::now())));
        let client = client(&base, &app, &clock, |_| {});
        Self {
            client,
            app,
            clock,
            base,
            http: reqwest::Client::builder().tls_certs_only([]).build().unwrap(),
        }
    }

    /// Another client of the same simulator.
    pub(crate) fn client_with(&self, change: impl FnOnce(&mut teahouse_wechat::Config)) -> Client {
        client(&self.base, &self.app, &self.clock, change)
    }

    pub(crate) async fn second_app(&self) -> App {
        let second = app("wxdev00000000000002", "another secret");
        self.post("apps", json!({ "app_id": second.id, "secret": "another secret" })).await;
        second
    }

    pub(crate) async fn login(&self, person: &str) -> Phone {
        Phone::of(self.post("login", json!({ "person": person })).await, &self.app)
    }

    pub(crate) async fn login_in(&self, person: &str, app: &App) -> Phone {
        Phone::of(self.post("login", json!({ "person": person, "app_id": app.id })).await, app)
    }

    pub(crate) async fn user_info(&self, person: &str, mut wish: Value) -> Phone {
        wish["person"] = person.into();
        Phone::of(self.post("userinfo", wish).await, &self.app)
    }

    pub(crate) async fn phone_code(&self, person: &str) -> PhoneCode {
        let answer = self.post("phonecode", json!({ "person": person })).await;
        PhoneCode::parse(answer["code"].as_str().unwrap()).unwrap()
    }

    pub(crate) async fn exchange(&self, phone: &Phone) -> Result<Login, Error> {
        self.exchange_in(&self.app, phone).await
    }

    pub(crate) async fn exchange_in(&self, app: &App, phone: &Phone) -> Result<Login, Error> {
        self.client.code_to_session(app, &phone.code()).await
    }

    pub(crate) async fn check(&self, login: &Login) -> Result<SessionState, Error> {
        self.client.check_session(&self.app, &login.openid, &login.session_key).await
    }

    pub(crate) async fn advance(&self, seconds: u64) {
        self.post("clock", json!({ "advance_s": seconds })).await;
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.post("faults", fault).await;
    }

    pub(crate) async fn calls(&self, path: &str) -> Vec<Value> {
        self.get(&format!("calls?path={path}")).await["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.raw_get(&format!("/control/{path}")).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        answer.json
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.try_post(path, &body).await;
        assert_eq!(status, 200, "{path} {body} {answer}");
        answer
    }

    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/control/{path}", self.base);
        let response = self.http.post(url).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn raw_get(&self, path: &str) -> Raw {
        self.raw(self.http.get(format!("{}{path}", self.base))).await
    }

    pub(crate) async fn raw_post(&self, path: &str, body: impl Into<String>) -> Raw {
        self.raw(self.http.post(format!("{}{path}", self.base)).body(body.into())).await
    }

    async fn raw(&self, request: reqwest::RequestBuilder) -> Raw {
        let response = request.send().await.unwrap();
        let content_type = response.headers().get("content-type");
        Raw {
            status: response.status().as_u16(),
            content_type: content_type.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default(),
            json: serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default(),
        }
    }
}

impl Phone {
    pub(crate) fn of(answer: Value, app: &App) -> Self {
        Self { answer, app: app.id.clone() }
    }

    pub(crate) fn code(&self) -> LoginCode {
        LoginCode::parse(self.text("code")).unwrap()
    }

    pub(crate) fn check_signature(&self, login: &Login) -> Result<(), integrity::WrongSignature> {
        integrity::check_raw_data(self.text("raw_data"), self.text("signature"), &login.session_key)
    }

    pub(crate) fn decrypt<T: DeserializeOwned>(&self, login: &Login) -> Result<T, decrypt::DecryptError> {
        let expected = decrypt::Expected {
            app_id: &self.app,
            openid: &login.openid,
            now: SystemTime::now(),
            max_age: Duration::from_secs(600),
        };
        decrypt::decrypt(self.text("encrypted_data"), self.text("iv"), &login.session_key, &expected)
    }

    fn text(&self, name: &str) -> &str {
        self.answer[name].as_str().unwrap()
    }
}

impl HandClock {
    pub(crate) fn advance(&self, seconds: u64) {
        *self.0.lock() += Duration::from_secs(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        *self.0.lock()
    }
}

impl Jitter for NoJitter {
    fn up_to(&self, _: Duration) -> Duration {
        Duration::ZERO
    }
}

/// Serves an endpoint on a free port, and returns its address.
pub(crate) fn serve(endpoint: impl IntoEndpoint<Endpoint: 'static>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let acceptor = TcpAcceptor::from_std(listener).unwrap();
    let endpoint = endpoint.into_endpoint();
    tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(endpoint).await });
    address
}

pub(crate) fn app(id: &str, secret: &str) -> App {
    App { id: AppId::parse(id).unwrap(), secret: AppSecret::new(secret) }
}

#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Error>, expected: Errcode) {
    match outcome {
        Err(Error::Refused { code, .. }) => assert_eq!(code, expected),
        other => panic!("{expected:?} was expected, not {other:?}"),
    }
}

fn client(
    base: &str,
    app: &App,
    clock: &HandClock,
    change: impl FnOnce(&mut teahouse_wechat::Config),
) -> Client {
    let mut config = teahouse_wechat::Config {
        api_base: ApiBase::parse(base).unwrap(),
        apps: vec![AppConfig { app_id: app.id.clone(), secret: app.secret.clone() }],
        ..Default::default()
    };
    change(&mut config);
    let environment = Environment { clock: Arc::new(clock.clone()), jitter: Arc::new(NoJitter) };
    Client::within(&config, environment).unwrap()
}
