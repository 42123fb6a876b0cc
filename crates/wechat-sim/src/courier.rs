//! The way out: pushes to the apps' URLs, and fetching media that are to be checked.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    calls::MediaErrand,
    config::AppConfig,
    push::{self, Parcel, Stamp},
    state::{
        Shared,
        outbox::{Delivery, Errand, Push, Try},
    },
};

/// How often a push is tried.
const TRIES: u32 = 3;
/// The largest medium that is checked.
const MEDIA_BYTES: usize = 10 * 1024 * 1024;
/// How long the fetching of a medium may take.
const FETCH_TIME: Duration = Duration::from_secs(10);

/// Carries what the simulator sends by itself. Clones share connections.
#[derive(Clone)]
pub(crate) struct Courier {
    world: Shared,
    client: Arc<OnceLock<reqwest::Client>>,
}

impl Courier {
    pub(crate) fn new(world: Shared) -> Self {
        Self { world, client: Arc::default() }
    }

    /// Does the errands of a call: some before its answer, the others when they are ready.
    pub(crate) async fn run(&self, errands: Vec<Errand>) {
        for errand in errands {
            let waits = match &errand {
                Errand::Media(_) => self.world.lock().media.before_answer,
                Errand::Push(_) => false,
            };
            let courier = self.clone();
            let task = tokio::spawn(async move { courier.do_one(errand).await });
            if waits {
                // A task that panicked has pushed nothing, which its test sees.
                let _ = task.await;
            }
        }
    }

    /// Delivers one push; nothing where the app has no URL.
    pub(crate) async fn deliver(&self, push: &Push) -> Option<Delivery> {
        let (number, parcel, app) = self.pack(push)?;
        for _ in 0..TRIES {
            let (attempt, accepted) = self.attempt(&parcel, &app).await;
            self.world.lock().outbox.note(number, attempt);
            if accepted {
                return self.world.lock().outbox.close(number, true);
            }
        }
        self.world.lock().outbox.close(number, false)
    }

    /// Asks the app's URL to prove itself: it must echo a number, and nothing else.
    pub(crate) async fn check_url(&self, app: &AppConfig) -> Option<Value> {
        let push = app.push.as_ref()?;
        let (stamp, echo) = {
            let mut world = self.world.lock();
            let now = world.clock.now().as_secs();
            let echo = u64::from_be_bytes(world.chance.bytes()).to_string();
            (stamp(&mut world.chance, now), echo)
        };
        let query = push::url_check(push, &stamp, &echo);
        let request = self.client().map(|client| client.get(&push.url).query(&query));
        let (status, answer) = self.send(request).await;
        Some(json!({ "ok": status == Some(200) && answer == echo, "status": status, "answer": answer }))
    }

    async fn do_one(&self, errand: Errand) {
        match errand {
            Errand::Push(push) => {
                self.deliver(&push).await;
            }
            Errand::Media(media) => self.check_media(&media).await,
        }
    }

    /// Fetches, waits as long as a check is to take, and pushes the result.
    async fn check_media(&self, media: &MediaErrand) {
        let content = self.fetch(&media.url).await;
        let plan = self.world.lock().media.clone();
        tokio::time::sleep(plan.delay()).await;
        let message = media.result(content.as_deref());
        let push = Push { app: media.app.clone(), openid: media.openid.clone(), message, tamper: None };
        for _ in 0..plan.pushes {
            self.deliver(&push).await;
        }
    }

    /// Writes the push as a request, and notes it.
    fn pack(&self, push: &Push) -> Option<(u64, Parcel, AppConfig)> {
        let mut world = self.world.lock();
        let app = world.apps.find(push.app.as_str())?.clone();
        let settings = app.push.as_ref()?;
        let now = world.clock.now().as_secs();
        let mut message = push.message.clone();
        message.fields.entry("ToUserName").or_insert_with(|| original_id(&app).into());
        message.fields.entry("CreateTime").or_insert_with(|| now.into());
        let stamp = Stamp { tamper: push.tamper, ..stamp(&mut world.chance, now) };
        let parcel = push::pack(&app.app_id, settings, &message, &push.openid, &stamp);
        let number = world.outbox.open(&app.app_id, parcel.clone());
        Some((number, parcel, app))
    }

    /// One try, and whether the receiver accepted it: with nothing, with `success`, or with what it encrypted.
    async fn attempt(&self, parcel: &Parcel, app: &AppConfig) -> (Try, bool) {
        let request = self.client().map(|client| {
            let request = client.post(&parcel.url).query(&parcel.query);
            request.header("content-type", parcel.content_type).body(parcel.body.clone())
        });
        let (status, answer) = self.send(request).await;
        let opened = open(&answer, app);
        let accepted = status == Some(200) && (answer.is_empty() || answer == "success" || opened.is_some());
        (Try { status, answer: opened.unwrap_or(answer) }, accepted)
    }

    async fn send(&self, request: reqwest::Result<reqwest::RequestBuilder>) -> (Option<u16>, String) {
        let timeout = self.world.lock().outbox.timeout;
        let answer = async {
            let response = request?.timeout(timeout).send().await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>((Some(status), response.text().await?))
        };
        answer.await.unwrap_or_else(|error| (None, error.to_string()))
    }

    async fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        let request = self.client().ok()?.get(url).timeout(FETCH_TIME);
        let mut response = request.send().await.ok()?.error_for_status().ok()?;
        let mut content = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            content.extend_from_slice(&chunk);
            if content.len() > MEDIA_BYTES {
                return None;
            }
        }
        Some(content)
    }

    /// The HTTP client, made when the first push goes out: most simulators send none.
    fn client(&self) -> reqwest::Result<reqwest::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        // Without a provider reqwest panics. The first one of the process stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        // Where the system has no root certificates, plain addresses still work.
        let client = builder().build().or_else(|_| builder().tls_certs_only([]).build())?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

/// What an encrypted answer says, if it is one and its signature holds.
fn open(answer: &str, app: &AppConfig) -> Option<String> {
    let push = app.push.as_ref()?;
    let answer: Value = serde_json::from_str(answer).ok()?;
    let encrypted = answer.get("Encrypt")?.as_str()?;
    let timestamp = answer.get("TimeStamp")?.to_string();
    let nonce = answer.get("Nonce")?.as_str()?;
    let expected = push::cipher::sign(&[&push.token, &timestamp, nonce, encrypted]);
    if answer.get("MsgSignature")?.as_str()? != expected {
        return None;
    }
    push.encoding_aes_key.open(encrypted, app.app_id.as_str())
}

fn stamp(chance: &mut crate::chance::Chance, now: u64) -> Stamp {
    let nonce = u32::from_be_bytes(chance.bytes()).to_string();
    let mut random = [0; 16];
    random.copy_from_slice(chance.word(16).as_bytes());
    Stamp { timestamp: now, nonce, random, tamper: None }
}

/// The name that pushes call the mini-program by.
fn original_id(app: &AppConfig) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(app.app_id.as_str());
    let digits: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("gh_{digits}")
}
