//! An app's push URL: it keeps what comes, checks what holds, and answers as it is told.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aes::Aes256;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::NoPadding};
use parking_lot::Mutex;
use poem::{Endpoint, Request, Response, http::StatusCode};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use tokio::sync::mpsc;

use crate::stage::{Stage, serve};

pub(crate) const TOKEN: &str = "simtoken";
/// The bytes 0 to 31.
pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// A running receiver.
pub(crate) struct Receiver {
    pub(crate) url: String,
    came: mpsc::UnboundedReceiver<Came>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

/// A push as it came.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) query: HashMap<String, String>,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// How the receiver answers; `success` where it was not told.
pub(crate) enum Answer {
    Text(&'static str),
    Status(u16),
    Never,
}

struct Door {
    goes: mpsc::UnboundedSender<Came>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

impl Receiver {
    pub(crate) fn open() -> Self {
        let (goes, came) = mpsc::unbounded_channel();
        let answers = Arc::<Mutex<Vec<Answer>>>::default();
        let door = Door { goes, answers: answers.clone() };
        let url = format!("{}/push", serve(door));
        Self { url, came, answers }
    }

    /// Makes this the push URL of the stage's app.
    pub(crate) async fn serve(&self, stage: &Stage, mode: &str, format: &str) {
        let push = json!({
            "url": self.url,
            "token": TOKEN,
            "encoding_aes_key": KEY,
            "mode": mode,
            "format": format,
        });
        stage.post("apps", json!({ "app_id": stage.app.id, "push": push })).await;
    }

    /// The next answers, first to last.
    pub(crate) fn answer(&self, answers: Vec<Answer>) {
        *self.answers.lock() = answers;
    }

    /// The next push.
    pub(crate) async fn next(&mut self) -> Came {
        let next = tokio::time::timeout(Duration::from_secs(10), self.came.recv());
        next.await.expect("a push should come").unwrap()
    }

    /// Whether nothing more is waiting.
    pub(crate) fn is_empty(&self) -> bool {
        self.came.is_empty()
    }
}

impl Came {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn signature_holds(&self) -> bool {
        let [timestamp, nonce] = ["timestamp", "nonce"].map(|name| self.query[name].as_str());
        self.query["signature"] == signature(&[TOKEN, timestamp, nonce])
    }

    pub(crate) fn message_signature_holds(&self, encrypted: &str) -> bool {
        let [timestamp, nonce] = ["timestamp", "nonce"].map(|name| self.query[name].as_str());
        self.query["msg_signature"] == signature(&[TOKEN, timestamp, nonce, encrypted])
    }
}

impl Endpoint for Door {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let query: HashMap<String, String> = request.params().unwrap_or_default();
        if let Some(echo) = query.get("echostr") {
            return Ok(Response::builder().body(echo.clone()));
        }
        let body = request.take_body().into_string().await?;
        let content_type = request.content_type().unwrap_or_default().to_owned();
        self.goes.send(Came { query, content_type, body }).unwrap();
        let answer = {
            let mut answers = self.answers.lock();
            if answers.is_empty() { Answer::Text("success") } else { answers.remove(0) }
        };
        Ok(match answer {
            Answer::Text(text) => Response::builder().body(text),
            Answer::Status(status) => StatusCode::from_u16(status).unwrap().into(),
            Answer::Never => std::future::pending().await,
        })
    }
}

/// The parts sorted and hashed, as the receiver's documentation has it.
pub(crate) fn signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    Sha1::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The message and the app id within an encrypted text; nothing where its padding is none.
pub(crate) fn decrypt(encrypted: &str) -> Option<(String, String)> {
    let key: [u8; 32] = std::array::from_fn(|index| index as u8);
    let iv: [u8; 16] = std::array::from_fn(|index| index as u8);
    let plain = cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into())
        .decrypt_padded_vec::<NoPadding>(&STANDARD.decode(encrypted).unwrap())
        .unwrap();
    let padding = usize::from(*plain.last()?);
    if !(1..=32).contains(&padding) {
        return None;
    }
    let content = &plain[16..plain.len() - padding];
    let length = u32::from_be_bytes(content[..4].try_into().unwrap()) as usize;
    let (message, app) = content[4..].split_at(length);
    Some((String::from_utf8(message.to_vec()).unwrap(), String::from_utf8(app.to_vec()).unwrap()))
}
