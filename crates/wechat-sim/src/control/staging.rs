//! The stage: apps, faults, the clock, quotas, and the journal of calls.

use std::{net::IpAddr, time::Duration};

use poem::{
    handler,
    web::{Data, Json, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};
use teahouse_wechat::{AppId, AppSecret};

use super::complaint::{Complaint, Told};
use crate::{
    ask::Call,
    config::{AppConfig, Limit, PushConfig},
    state::{Shared, faults::Fault},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jump {
    advance_s: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLimit {
    path: String,
    #[serde(default)]
    per_minute: u32,
    #[serde(default)]
    per_day: u32,
}

/// What of an app is to change; an app that isn't there needs its secret.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppChange {
    app_id: AppId,
    secret: Option<AppSecret>,
    allowed_addresses: Option<Vec<IpAddr>>,
    frozen: Option<bool>,
    push: Option<PushConfig>,
    pages: Option<Vec<String>>,
}

impl AppChange {
    fn apply(self, known: Option<AppConfig>) -> Result<AppConfig, Complaint> {
        let secret = self.secret.or_else(|| known.as_ref().map(|app| app.secret.clone()));
        let secret = secret.ok_or_else(|| Complaint::bad("a new app needs a secret"))?;
        let known = known.unwrap_or_else(|| AppConfig {
            app_id: self.app_id.clone(),
            secret: secret.clone(),
            allowed_addresses: Vec::new(),
            frozen: false,
            push: None,
            pages: Vec::new(),
        });
        Ok(AppConfig {
            app_id: self.app_id,
            secret,
            allowed_addresses: self.allowed_addresses.unwrap_or(known.allowed_addresses),
            frozen: self.frozen.unwrap_or(known.frozen),
            push: self.push.or(known.push),
            pages: self.pages.unwrap_or(known.pages),
        })
    }
}

#[derive(Debug, Deserialize)]
struct Wanted {
    path: Option<String>,
}

#[handler]
pub(super) fn list_apps(Data(world): Data<&Shared>) -> Json<Value> {
    let world = world.lock();
    let items: Vec<Value> = world.apps.all().map(shown).collect();
    Json(json!({ "items": items }))
}

#[handler]
pub(super) fn put_app(
    Data(world): Data<&Shared>,
    Told(change): Told<AppChange>,
) -> poem::Result<Json<Value>> {
    let mut world = world.lock();
    let known = world.apps.find(change.app_id.as_str()).cloned();
    let app = change.apply(known)?;
    let answer = shown(&app);
    world.apps.put(app);
    Ok(Json(answer))
}

#[handler]
pub(super) fn list_faults(Data(world): Data<&Shared>) -> Json<Value> {
    Json(json!({ "items": world.lock().faults.all() }))
}

#[handler]
pub(super) fn add_fault(Data(world): Data<&Shared>, Told(fault): Told<Fault>) -> poem::Result<Json<Value>> {
    call_of(&fault.path)?;
    if fault.times == 0 {
        return Err(Complaint::bad("times must be 1 or more").into());
    }
    world.lock().faults.add(fault);
    Ok(Json(json!({})))
}

#[handler]
pub(super) fn clear_faults(Data(world): Data<&Shared>) -> Json<Value> {
    world.lock().faults.clear();
    Json(json!({}))
}

#[handler]
pub(super) fn time(Data(world): Data<&Shared>) -> Json<Value> {
    Json(json!({ "now_s": world.lock().clock.now().as_secs() }))
}

#[handler]
pub(super) fn advance(Data(world): Data<&Shared>, Told(jump): Told<Jump>) -> Json<Value> {
    let mut world = world.lock();
    world.clock.advance(Duration::from_secs(jump.advance_s));
    Json(json!({ "now_s": world.clock.now().as_secs() }))
}

#[handler]
pub(super) fn usage(Data(world): Data<&Shared>) -> Json<Value> {
    let world = world.lock();
    Json(json!({ "items": world.quotas.usage(world.clock.now()) }))
}

#[handler]
pub(super) fn limit(Data(world): Data<&Shared>, Told(new): Told<NewLimit>) -> poem::Result<Json<Value>> {
    let call = call_of(&new.path)?;
    world.lock().quotas.set(call, Limit { per_minute: new.per_minute, per_day: new.per_day });
    Ok(Json(json!({})))
}

/// What was asked, newest first.
#[handler]
pub(super) fn calls(Data(world): Data<&Shared>, Query(wanted): Query<Wanted>) -> poem::Result<Json<Value>> {
    if let Some(path) = &wanted.path {
        call_of(path)?;
    }
    Ok(Json(json!({ "items": world.lock().journal.calls(wanted.path.as_deref()) })))
}

/// A misspelt path would wait for ever, or find nothing; it is told instead.
fn call_of(path: &str) -> Result<Call, Complaint> {
    Call::of_path(path).ok_or_else(|| Complaint::bad(format!("no such call: {path}")))
}

/// An app without its secret.
fn shown(app: &AppConfig) -> Value {
    json!({
        "app_id": app.app_id,
        "secret": "***",
        "allowed_addresses": app.allowed_addresses,
        "frozen": app.frozen,
        "push_url": app.push.as_ref().map(|push| &push.url),
        "pages": app.pages,
    })
}
