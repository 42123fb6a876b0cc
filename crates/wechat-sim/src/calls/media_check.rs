//! `POST /wxa/media_check_async`: the call says only that the check began; its result is pushed.

use serde_json::{Value, json};
use teahouse_wechat::{AppId, Errcode};

use super::text_check::{Visitor, text};
use crate::{
    ask::Ask,
    push::Message,
    refusal::Refusal,
    state::{
        World,
        outbox::Errand,
        words::{Suggest, Verdict},
    },
};

/// What a risky picture is taken for.
const RISKY: Verdict = Verdict { suggest: Suggest::Risky, label: 20002 };
const REVIEW: Verdict = Verdict { suggest: Suggest::Review, label: 21000 };

/// A check that was accepted.
#[derive(Debug, Clone)]
pub(crate) struct MediaErrand {
    pub(crate) app: AppId,
    pub(crate) openid: String,
    pub(crate) url: String,
    trace_id: String,
    is_v1: bool,
}

/// Accepts a medium for its check.
pub(super) fn accept(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    let app = world.authorise(ask)?;
    ask.require_method()?;
    let body = ask.require_json()?;
    let url = text(&body, "media_url")?.to_owned();
    let kind = body.get("media_type").and_then(Value::as_i64).ok_or(Errcode::MalformedData)?;
    if !(1..=2).contains(&kind) {
        return Err(Errcode::InvalidMediaType.into());
    }
    let who = Visitor::read(&body)?;
    who.require_visit(world, &app)?;
    world.spend(&app, ask)?;
    let trace_id = world.chance.request_id();
    let is_v1 = body.get("version").is_none();
    let errand = MediaErrand { app, openid: who.openid, url, trace_id: trace_id.clone(), is_v1 };
    world.outbox.add(Errand::Media(errand));
    Ok(json!({ "errcode": 0, "errmsg": "ok", "trace_id": trace_id }))
}

impl MediaErrand {
    /// The result, by the name or the content of what was fetched; nothing where it could not be.
    pub(crate) fn result(&self, content: Option<&[u8]>) -> Message {
        let verdict = content.map(|content| judge(&self.url, content));
        let event = Message::event("wxa_media_check", &self.openid)
            .with("appid", self.app.as_str())
            .with("trace_id", self.trace_id.as_str());
        if self.is_v1 { first_version(event, verdict) } else { second_version(event, verdict) }
    }
}

fn judge(url: &str, content: &[u8]) -> Verdict {
    let says = |word: &str| {
        url.contains(word) || content.windows(word.len()).any(|window| window == word.as_bytes())
    };
    if says("risky") {
        RISKY
    } else if says("review") {
        REVIEW
    } else {
        Verdict::NORMAL
    }
}

fn second_version(event: Message, verdict: Option<Verdict>) -> Message {
    let event = event.with("version", 2);
    let Some(Verdict { suggest, label }) = verdict else {
        let code = Errcode::DownloadFailed.number();
        return event.with("errcode", code).with("errmsg", "download failed").with("detail", json!([]));
    };
    let suggest = suggest.word();
    let detail = json!([{ "strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90 }]);
    event
        .with("errcode", 0)
        .with("errmsg", "ok")
        .with("detail", detail)
        .with("result", json!({ "suggest": suggest, "label": label }))
}

fn first_version(event: Message, verdict: Option<Verdict>) -> Message {
    let is_risky = verdict.is_some_and(|verdict| verdict.suggest == Suggest::Risky);
    let status = if verdict.is_some() { 0 } else { Errcode::DownloadFailed.number() };
    event
        .with("isrisky", i32::from(is_risky))
        .with("extra_info_json", "")
        .with("status_code", status)
        .with("detail", json!([]))
}
