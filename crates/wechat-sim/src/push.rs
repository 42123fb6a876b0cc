//! Message pushes, from WeChat to an app's URL: a message as a request, in each mode and format.

pub(crate) mod cipher;
mod xml;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use teahouse_wechat::AppId;

use crate::config::{PushConfig, PushFormat, PushMode};

use cipher::{PushKey, sign};

/// The app that a message with a foreign app id is said to be for.
const FOREIGN_APP: &str = "wx9999999999999999";

/// A message before it has a form.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Message {
    /// The fields, from `ToUserName` on.
    pub(crate) fields: Map<String, Value>,
    /// The entries of the events that have some, and the element that wraps them in XML.
    pub(crate) list: Option<(&'static str, Vec<Value>)>,
}

/// What is wrong with a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tamper {
    /// Both signatures are another nonce's.
    Signature,
    /// The encrypted text ends in another app's id.
    AppId,
    /// The encrypted text's padding is none.
    Padding,
}

/// What makes one sending different from another.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    pub(crate) timestamp: u64,
    pub(crate) nonce: String,
    pub(crate) random: [u8; 16],
    pub(crate) tamper: Option<Tamper>,
}

/// A push as it goes out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parcel {
    pub(crate) url: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl Message {
    /// An event about `openid`.
    pub(crate) fn event(name: &str, openid: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("FromUserName".to_owned(), openid.into());
        fields.insert("MsgType".to_owned(), "event".into());
        fields.insert("Event".to_owned(), name.into());
        Self { fields, list: None }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// In JSON one entry is a bare object, several are an array.
    fn json(&self) -> Value {
        let mut fields = self.fields.clone();
        if let Some((_, list)) = &self.list {
            let list = if let [only] = list.as_slice() { only.clone() } else { list.clone().into() };
            fields.insert("List".to_owned(), list);
        }
        Value::Object(fields)
    }

    fn render(&self, format: PushFormat, extra: Option<(&str, &str)>) -> String {
        match format {
            PushFormat::Json => {
                let mut json = self.json();
                if let Some((name, value)) = extra {
                    json[name] = value.into();
                }
                json.to_string()
            }
            PushFormat::Xml => xml::document(self, extra),
        }
    }
}

/// The request that carries `message`.
pub(crate) fn pack(app: &AppId, push: &PushConfig, message: &Message, openid: &str, stamp: &Stamp) -> Parcel {
    let timestamp = stamp.timestamp.to_string();
    let signed_nonce = if stamp.tamper == Some(Tamper::Signature) { "another" } else { stamp.nonce.as_str() };
    let plain = [push.token.as_str(), &timestamp, signed_nonce];
    let mut query = vec![
        ("signature", sign(&plain)),
        ("timestamp", timestamp.clone()),
        ("nonce", stamp.nonce.clone()),
        ("openid", openid.to_owned()),
    ];
    let body = match push.mode {
        PushMode::Plain => message.render(push.format, None),
        PushMode::Compatible | PushMode::Secure => {
            let encrypted = encrypt(app, push, message, stamp);
            let [token, timestamp, nonce] = plain;
            query.push(("encrypt_type", "aes".to_owned()));
            query.push(("msg_signature", sign(&[token, timestamp, nonce, &encrypted])));
            envelope(push, message, &encrypted)
        }
    };
    let content_type = match push.format {
        PushFormat::Json => "application/json",
        PushFormat::Xml => "text/xml",
    };
    Parcel { url: push.url.clone(), query, content_type, body }
}

/// The query of a URL check. It is always plain.
pub(crate) fn url_check(push: &PushConfig, stamp: &Stamp, echo: &str) -> Vec<(&'static str, String)> {
    let timestamp = stamp.timestamp.to_string();
    vec![
        ("signature", sign(&[&push.token, &timestamp, &stamp.nonce])),
        ("timestamp", timestamp),
        ("nonce", stamp.nonce.clone()),
        ("echostr", echo.to_owned()),
    ]
}

fn encrypt(app: &AppId, push: &PushConfig, message: &Message, stamp: &Stamp) -> String {
    let text = message.render(push.format, None);
    let app = if stamp.tamper == Some(Tamper::AppId) { FOREIGN_APP } else { app.as_str() };
    let key: &PushKey = &push.encoding_aes_key;
    if stamp.tamper == Some(Tamper::Padding) {
        key.seal_unpadded(&text, app, stamp.random)
    } else {
        key.seal(&text, app, stamp.random)
    }
}

/// In secure mode only the addressee stays readable; in compatible mode everything does.
fn envelope(push: &PushConfig, message: &Message, encrypted: &str) -> String {
    match push.mode {
        PushMode::Compatible => message.render(push.format, Some(("Encrypt", encrypted))),
        PushMode::Plain | PushMode::Secure => {
            let to = message.fields.get("ToUserName").cloned().unwrap_or_default();
            let Value::Object(fields) = json!({ "ToUserName": to, "Encrypt": encrypted }) else {
                return String::new();
            };
            Message { fields, list: None }.render(push.format, None)
        }
    }
}
