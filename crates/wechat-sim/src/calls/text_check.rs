//! `POST /wxa/msg_sec_check`, versions 1 and 2.

use std::time::Duration;

use serde_json::{Value, json};
use teahouse_wechat::{AppId, Errcode};

use crate::{
    ask::Ask,
    refusal::Refusal,
    state::{
        World,
        words::{Suggest, Verdict},
    },
};

/// The longest text that is checked. WeChat does not split it.
const CONTENT_CHARACTERS: usize = 2500;
/// How long ago the person may have opened the mini-program.
const VISIT_AGE: Duration = Duration::from_secs(2 * 60 * 60);
/// What the details say of a word of the app's own list.
const KEYWORD: Verdict = Verdict { suggest: Suggest::Risky, label: 20006 };

/// Judges a text.
pub(super) fn check(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    let app = world.authorise(ask)?;
    ask.require_method()?;
    let body = ask.require_json()?;
    let content = text(&body, "content")?.to_owned();
    if body.get("version").is_none() {
        return check_v1(world, ask, &app, &content);
    }
    let who = Visitor::read(&body)?;
    who.require_visit(world, &app)?;
    if content.chars().count() > CONTENT_CHARACTERS {
        return Err(Errcode::MalformedData.into());
    }
    world.spend(&app, ask)?;
    Ok(verdict(world, &content))
}

/// The older version answers by its errcode alone.
fn check_v1(world: &mut World, ask: &Ask, app: &AppId, content: &str) -> Result<Value, Refusal> {
    world.spend(app, ask)?;
    match world.words.judge(content).suggest {
        Suggest::Risky => Err(Errcode::RiskyContent.into()),
        Suggest::Review | Suggest::Pass => Ok(json!({ "errcode": 0, "errmsg": "ok" })),
    }
}

/// The newer version's answer: what counts is `result`, the rest explains it.
fn verdict(world: &mut World, content: &str) -> Value {
    let by_model = world.words.judge(content);
    let keyword = world.keywords.iter().find(|word| content.contains(word.as_str())).cloned();
    let result = if keyword.is_some() { by_model.max(KEYWORD) } else { by_model };
    let keyword = match keyword {
        Some(word) => json!({
            "strategy": "keyword",
            "errcode": 0,
            "suggest": KEYWORD.suggest.word(),
            "label": KEYWORD.label,
            "level": 90,
            "keyword": word,
        }),
        None => json!({ "strategy": "keyword", "errcode": 0 }),
    };
    json!({
        "errcode": 0,
        "errmsg": "ok",
        "trace_id": world.chance.request_id(),
        "result": { "suggest": result.suggest.word(), "label": result.label },
        "detail": [
            {
                "strategy": "content_model",
                "errcode": 0,
                "suggest": by_model.suggest.word(),
                "label": by_model.label,
                "prob": 90,
            },
            keyword,
        ],
    })
}

/// Who wrote or sent a content that is checked.
pub(super) struct Visitor {
    pub(super) openid: String,
}

impl Visitor {
    /// Reads the fields that both content checks want of the caller.
    pub(super) fn read(body: &Value) -> Result<Self, Refusal> {
        let openid = text(body, "openid")?.to_owned();
        let scene = body.get("scene").and_then(Value::as_i64).ok_or(Errcode::MalformedData)?;
        if !(1..=4).contains(&scene) {
            return Err(Errcode::InvalidScene.into());
        }
        Ok(Self { openid })
    }

    /// The person belongs to the app and opened it in the last two hours.
    pub(super) fn require_visit(&self, world: &World, app: &AppId) -> Result<(), Refusal> {
        let Some(person) = world.people.with_openid(app, &self.openid) else {
            let of_another = world.apps.all().any(|other| {
                other.app_id != *app && world.people.with_openid(&other.app_id, &self.openid).is_some()
            });
            return Err(if of_another { Errcode::OpenIdOfOtherApp } else { Errcode::InvalidOpenId }.into());
        };
        let now = world.clock.now();
        let is_recent = person.visits.get(app).is_some_and(|visit| now.saturating_sub(*visit) <= VISIT_AGE);
        if is_recent { Ok(()) } else { Err(Errcode::VisitTooOld.into()) }
    }
}

/// A required text.
pub(super) fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    let text = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or(Errcode::MalformedData.into())
}
