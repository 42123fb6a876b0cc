//! What a test plays in: accounts on a database of their own, WeChat's simulator, and a clock.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use teahouse_accounts::{
    AccountEvent, Accounts, AccountsParts, Device, GuestsConfig, MasterKey, SessionsConfig, WechatData,
    WechatSignIn,
};
use teahouse_bus::{Bus, Subscription};
use teahouse_protocol::{Clock, DisplayName, ManualClock, Timestamp};
use teahouse_store::Db;
pub(crate) use teahouse_testkit::on_both;
use teahouse_testkit::{Fixture, TestDatabase};
use teahouse_wechat_sim::Simulator;

/// The first mini-program.
pub(crate) const APP: &str = "wxdev00000000000001";
/// Another of the same owner: the same people have the same unionids in it.
pub(crate) const OTHER_APP: &str = "wxdev00000000000002";

/// How accounts are set up where it matters.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) sessions: SessionsConfig,
    pub(crate) guests: bool,
    pub(crate) sign_ins_per_minute: u32,
    pub(crate) master_key: MasterKey,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sessions: SessionsConfig::default(),
            guests: true,
            sign_ins_per_minute: 0,
            master_key: MasterKey::generate(),
        }
    }
}

pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) db: Db,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) events: Subscription<AccountEvent>,
    pub(crate) settings: Settings,
    wechat: teahouse_wechat::Config,
    control: String,
    http: reqwest::Client,
}

/// A person with a phone.
pub(crate) struct Phone {
    id: String,
    pub(crate) openid: String,
    control: String,
    http: reqwest::Client,
}

impl Fixture for World {
    async fn new(database: &TestDatabase) -> Self {
        let db = database.migrated().await;
        let clock = teahouse_testkit::clock();
        let simulator = simulator(clock.now());
        let control = serve(&simulator).await;
        let wechat = serde_json::from_value(json!({
            "api_base": control.trim_end_matches("/control"),
            "timeout_ms": 2_000,
            "apps": simulator.apps().iter().map(app).collect::<Vec<_>>(),
        }));
        let (settings, wechat) = (Settings::default(), wechat.unwrap());
        let (accounts, events) = accounts(&db, &clock, &wechat, &settings);
        let http = reqwest::Client::new();
        Self { accounts, db, clock, events, settings, wechat, control, http }
    }
}

impl World {
    /// The same database as another node sees it: other memory, another bus, perhaps other settings.
    pub(crate) fn another_node(&self, change: impl FnOnce(&mut Settings)) -> Accounts {
        let mut settings = self.settings.clone();
        change(&mut settings);
        accounts(&self.db, &self.clock, &self.wechat, &settings).0
    }

    /// Begins anew with other settings.
    pub(crate) fn restart(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        (self.accounts, self.events) = accounts(&self.db, &self.clock, &self.wechat, &self.settings);
    }

    pub(crate) async fn phone(&self, nickname: &str) -> Phone {
        self.phone_with(json!({ "nickname": nickname })).await
    }

    pub(crate) async fn phone_with(&self, person: Value) -> Phone {
        let made = self.control("people", person).await;
        let text = |field: &str| made[field].as_str().expect("a text").to_owned();
        Phone {
            id: text("id"),
            openid: text("openid"),
            control: self.control.clone(),
            http: self.http.clone(),
        }
    }

    /// Tells the simulator something.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        ask(&self.http, &self.control, path, body).await
    }

    /// Lets WeChat behave again.
    pub(crate) async fn clear_faults(&self) {
        let cleared = self.http.delete(format!("{}/faults", self.control)).send().await.unwrap();
        assert!(cleared.status().is_success());
    }

    /// Moves our clock and WeChat's.
    pub(crate) async fn pass(&self, span: Duration) {
        self.clock.advance(span);
        self.control("clock", json!({ "advance_s": span.as_secs() })).await;
    }

    /// What happens next, or what is wrong.
    pub(crate) async fn event(&mut self) -> AccountEvent {
        let next = tokio::time::timeout(Duration::from_secs(10), self.events.next());
        next.await.expect("an event within ten seconds").expect("a bus")
    }

    /// The number that a query of one row and column gives.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        teahouse_testkit::count(&self.db, sql).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Phone {
    /// What `wx.login` and `wx.getUserInfo` give.
    pub(crate) async fn login(&self, more: Value) -> WechatSignIn {
        let mut body = json!({ "person": self.id });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let app_id = body["app_id"].as_str().map(str::to_owned);
        let got = ask(&self.http, &self.control, "login", body).await;
        WechatSignIn { app_id, code: got["code"].as_str().unwrap().to_owned(), data: data(&got) }
    }

    /// What `wx.login` alone gives.
    pub(crate) async fn code(&self) -> WechatSignIn {
        WechatSignIn { data: WechatData::default(), ..self.login(json!({})).await }
    }

    /// What `wx.getUserInfo` alone gives.
    pub(crate) async fn user_info(&self, more: Value) -> WechatData {
        let mut body = json!({ "person": self.id });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data(&ask(&self.http, &self.control, "userinfo", body).await)
    }

    /// WeChat replaces the session key, as it does when it likes.
    pub(crate) async fn expire(&self) {
        ask(&self.http, &self.control, "expire", json!({ "person": self.id })).await;
    }

    /// The person changes in WeChat.
    pub(crate) async fn change(&self, more: Value) {
        let mut body = json!({ "id": self.id });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&self.http, &self.control, "people", body).await;
    }
}

pub(crate) fn device() -> Device {
    Device::new(Some("a test"), Some(IpAddr::from([192, 0, 2, 7])))
}

pub(crate) fn name(text: &str) -> DisplayName {
    DisplayName::new(text).unwrap()
}

fn accounts(
    db: &Db,
    clock: &Arc<ManualClock>,
    wechat: &teahouse_wechat::Config,
    settings: &Settings,
) -> (Accounts, Subscription<AccountEvent>) {
    let bus = Bus::in_process();
    let events = bus.subscribe(1024);
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    let accounts = Accounts::new(AccountsParts {
        db: db.clone(),
        clock,
        wechat: teahouse_wechat::Client::new(wechat).unwrap(),
        watermark_max_age: wechat.watermark_max_age(),
        events: bus,
        sessions: settings.sessions.clone(),
        guests: GuestsConfig { allowed: settings.guests },
        sign_ins_per_minute: settings.sign_ins_per_minute,
        master_key: settings.master_key.clone(),
    });
    (accounts, events)
}

fn simulator(now: Timestamp) -> Simulator {
    let config = json!({
        "seed": 7,
        "starts_at_s": now.seconds(),
        "apps": [
            { "app_id": APP, "secret": "first" },
            { "app_id": OTHER_APP, "secret": "second" },
        ],
    });
    Simulator::new(serde_json::from_value(config).unwrap())
}

fn app(app: &teahouse_wechat::App) -> Value {
    json!({ "app_id": app.id.as_str(), "secret": app.secret.expose() })
}

/// Serves the simulator on a free port, and returns where its control calls are.
async fn serve(simulator: &Simulator) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = poem::listener::TcpAcceptor::from_tokio(listener).unwrap();
    tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(simulator.endpoint()));
    format!("http://{address}/control")
}

async fn ask(http: &reqwest::Client, control: &str, path: &str, body: Value) -> Value {
    let answer = http.post(format!("{control}/{path}")).json(&body).send().await.unwrap();
    let status = answer.status();
    let body = answer.text().await.unwrap();
    assert!(status.is_success(), "{path}: {status}: {body}");
    serde_json::from_str(&body).unwrap_or(Value::Null)
}

fn data(got: &Value) -> WechatData {
    let text = |field: &str| got[field].as_str().map(str::to_owned);
    WechatData {
        raw_data: text("raw_data"),
        signature: text("signature"),
        encrypted_data: text("encrypted_data"),
        iv: text("iv"),
    }
}
