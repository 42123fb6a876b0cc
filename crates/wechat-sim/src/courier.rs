//! The way out: pushes to the apps' URLs, and fetching media that are to be checked.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use teahouse_outbound::{Limits, Outbound, Permit, Request, Response, SystemNames};
use url::Url;

use crate::{
    calls::MediaErrand,
    config::AppConfig,
    push::{self, Parcel, Stamp},
    reach::Reach,
    state::{
        Shared,
        outbox::{Delivery, Errand, Push, Try},
    },
};

/// How often a push is tried.
const TRIES: u32 = 3;
/// The largest answer to a push that is looked at.
const ANSWER_BYTES: usize = 64 * 1024;
/// The largest medium that is checked.
const MEDIA_BYTES: usize = 10 * 1024 * 1024;
/// How long the fetching of a medium may take.
const FETCH_TIME: Duration = Duration::from_secs(10);

/// Carries what the simulator sends by itself. Clones share connections.
#[derive(Clone)]
pub(crate) struct Courier {
    world: Shared,
    way: Arc<Way>,
}

/// The way out, and where it leads.
struct Way {
    reach: Reach,
    /// Made when the first push goes out: most simulators send none.
    outbound: OnceLock<Outbound>,
}

impl Courier {
    pub(crate) fn new(world: Shared, reach: Reach) -> Self {
        Self { world, way: Arc::new(Way { reach, outbound: OnceLock::new() }) }
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
        let (status, answer) = self.push(Method::GET, &push.url, &query, None).await;
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
        let content = Some((parcel.content_type, parcel.body.clone()));
        let (status, answer) = self.push(Method::POST, &parcel.url, &parcel.query, content).await;
        let opened = open(&answer, app);
        let accepted = status == Some(200) && (answer.is_empty() || answer == "success" || opened.is_some());
        (Try { status, answer: opened.unwrap_or(answer) }, accepted)
    }

    /// One request, and its status and text; or why there is none.
    async fn push(
        &self,
        method: Method,
        url: &str,
        query: &[(&'static str, String)],
        content: Option<(&'static str, String)>,
    ) -> (Option<u16>, String) {
        let limits = Limits {
            timeout: self.world.lock().outbox.timeout,
            request_bytes: usize::MAX,
            response_bytes: ANSWER_BYTES,
            ..Limits::default()
        };
        match self.way.send(method, url, query, content, &limits).await {
            Ok(answer) => (Some(answer.status.as_u16()), String::from_utf8_lossy(&answer.body).into_owned()),
            Err(why) => (None, why),
        }
    }

    async fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        let limits = Limits { timeout: FETCH_TIME, response_bytes: MEDIA_BYTES, ..Limits::default() };
        let answer = self.way.send(Method::GET, url, &[], None, &limits).await.ok()?;
        answer.status.is_success().then(|| answer.body.to_vec())
    }
}

impl Way {
    /// # Errors
    /// Why there is no answer, in words for a tester.
    async fn send(
        &self,
        method: Method,
        url: &str,
        query: &[(&'static str, String)],
        content: Option<(&'static str, String)>,
        limits: &Limits,
    ) -> Result<Response, String> {
        let mut url = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        let origin = self.reach.permits(&url).ok_or_else(|| {
            let origin = url.origin().ascii_serialization();
            format!("the simulator does not reach {origin}; server.simulator_reach names where else it may")
        })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = Request::new(method.clone(), url);
        if let Some((content_type, body)) = content {
            request.headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            request.body = body.into();
        }
        let permit = Permit { origins: vec![origin], methods: vec![method] };
        self.outbound()?.send(request, &permit, limits).await.map_err(|error| error.to_string())
    }

    fn outbound(&self) -> Result<&Outbound, String> {
        if let Some(outbound) = self.outbound.get() {
            return Ok(outbound);
        }
        let outbound = Outbound::new(self.reach.allow(), Arc::new(SystemNames));
        let outbound = outbound.map_err(|error| error.to_string())?;
        Ok(self.outbound.get_or_init(|| outbound))
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
