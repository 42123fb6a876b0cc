//! A house with accounts, a conversation and a database of its own, and clients for it.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use poem::Route;
use poem::endpoint::make_sync;
use serde_json::{Value, json};
use teahouse_accounts::{
    Accounts, AccountsParts, Device, GuestsConfig, MasterKey, NewSession, SessionsConfig,
};
use teahouse_bus::Bus;
use teahouse_chat::{Chat, ChatConfig, ChatLimits, ChatParts, ChatTasks};
use teahouse_gateway::{Encoder, Gateway, GatewayConfig, GatewayMetrics, GatewayParts, serve};
use teahouse_jobs::Outbox;
use teahouse_protocol::{DisplayName, SystemClock};
use teahouse_store::{DatabaseConfig, Db};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) struct House {
    pub(crate) accounts: Accounts,
    pub(crate) address: SocketAddr,
    /// A house that lets guests in, to make people for one that doesn't.
    reception: Accounts,
    _tasks: ChatTasks,
    _open: DropGuard,
    _folder: tempfile::TempDir,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guests {
    Welcome,
    Refused,
}

impl House {
    pub(crate) async fn open(guests: Guests) -> Self {
        Self::with(guests, GatewayConfig::default()).await
    }

    pub(crate) async fn with(guests: Guests, config: GatewayConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&DatabaseConfig::sqlite(folder.path().join("test.db"))).await.unwrap();
        db.migrate().await.unwrap();
        let events = Bus::in_process();
        let accounts = accounts(&db, &events, guests);
        let reception = accounts_of(&db, &events);
        let metrics = Arc::new(GatewayMetrics::default());
        let (chat, tasks) = Chat::start(ChatParts {
            db,
            clock: Arc::new(SystemClock),
            accounts: accounts.clone(),
            account_events: events,
            outbox: Outbox::new(Arc::new(SystemClock)),
            encoder: Arc::new(Encoder::new(metrics.clone())),
            config: ChatConfig::default(),
            limits: ChatLimits { frame_bytes: config.frame_bytes, ..ChatLimits::NONE },
        })
        .await
        .unwrap();
        let parts = GatewayParts { accounts: accounts.clone(), chat, metrics, config: config.clone() };
        let gateway = Gateway::new(parts);
        let page = make_sync(|_| "the page");
        let routes = Route::new().at("/ws", gateway.socket()).at("/", gateway.tutorial_door(page));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let open = shutdown.clone().drop_guard();
        tokio::spawn(async move { serve(listener, None, routes, &config, shutdown).await });
        Self { accounts, address, reception, _tasks: tasks, _open: open, _folder: folder }
    }

    /// Somebody with a session.
    pub(crate) async fn person(&self, name: &str) -> NewSession {
        let name = DisplayName::new(name).unwrap();
        self.reception.sign_in_guest(Some(name), &Device::default()).await.unwrap()
    }

    pub(crate) async fn connect(&self, path: &str, headers: &[(&'static str, &str)]) -> Client {
        self.try_connect(path, headers).await.unwrap().0
    }

    pub(crate) async fn try_connect(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Client, Response<Option<Vec<u8>>>), Box<Error>> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, response) = tokio_tungstenite::connect_async(request).await.map_err(Box::new)?;
        Ok((Client(socket), response))
    }

    /// Somebody who speaks the native protocol and listens to the lobby.
    pub(crate) async fn native(&self, name: &str) -> Client {
        let person = self.person(name).await;
        let mut client = self.connect(&format!("/ws?token={}", person.token.as_str()), &[]).await;
        let hello = client.json().await;
        client.send(&json!({"type": "join", "room": hello["lobby"]})).await;
        assert_eq!(client.json().await["type"], "joined");
        client
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn accounts_of(db: &Db, events: &Bus<teahouse_accounts::AccountEvent>) -> Accounts {
    accounts(db, events, Guests::Welcome)
}

fn accounts(db: &Db, events: &Bus<teahouse_accounts::AccountEvent>, guests: Guests) -> Accounts {
    Accounts::new(AccountsParts {
        db: db.clone(),
        clock: Arc::new(SystemClock),
        wechat: teahouse_wechat::Client::new(&teahouse_wechat::Config::default()).unwrap(),
        watermark_max_age: std::time::Duration::from_secs(60),
        events: events.clone(),
        sessions: SessionsConfig::default(),
        guests: GuestsConfig { allowed: guests == Guests::Welcome },
        sign_ins_per_minute: 0,
        master_key: MasterKey::generate(),
    })
}

pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn send(&mut self, json: &Value) {
        self.send_text(&json.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next event that is not about somebody's coming and going.
    pub(crate) async fn json(&mut self) -> Value {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    let json: Value = serde_json::from_str(&text).unwrap();
                    if json["type"] != "member" && json["type"] != "presence" {
                        return json;
                    }
                }
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn closed(&mut self) -> u16 {
        match self.0.next().await {
            Some(Ok(Message::Close(Some(frame)))) => frame.code.into(),
            other => panic!("{other:?}"),
        }
    }
}
