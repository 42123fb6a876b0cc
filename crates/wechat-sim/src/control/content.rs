//! Subscriptions and content rules: what people accepted, what was sent, which words are bad.

use poem::{
    handler,
    web::{Data, Json},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    complaint::{Complaint, Told},
    phone::app,
};
use crate::{
    config::TemplateConfig,
    courier::Courier,
    push::Message,
    state::{
        Shared,
        media::MediaPlan,
        outbox::{Errand, Push},
        words::Words,
    },
};

/// What a person chose in the subscription popup.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    person: String,
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    accept: Vec<String>,
    #[serde(default)]
    reject: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWords {
    #[serde(default)]
    words: Option<Words>,
    #[serde(default)]
    keywords: Option<Vec<String>>,
}

/// `wx.requestSubscribeMessage`: each accepted template is one more send, and the app is told of the choice.
#[handler]
pub(super) async fn subscribe(
    Data(world): Data<&Shared>,
    Data(courier): Data<&Courier>,
    Told(choice): Told<Choice>,
) -> poem::Result<Json<Value>> {
    let push = {
        let mut world = world.lock();
        let app = app(&world, choice.app_id.as_deref())?;
        if world.people.find(&choice.person).is_none() {
            return Err(Complaint::missing("no such person").into());
        }
        let openid = world.people.openid(&app, &choice.person);
        for template in choice.accept.iter().chain(&choice.reject) {
            let known = world.subscriptions.template(template);
            known.ok_or_else(|| Complaint::missing(format!("no such template: {template}")))?;
        }
        for template in &choice.accept {
            world.subscriptions.grant(&app, &openid, template);
        }
        let message = popup_event(&openid, &choice);
        Push { app, openid, message, tamper: None }
    };
    courier.run(vec![Errand::Push(push)]).await;
    Ok(Json(json!({})))
}

fn popup_event(openid: &str, choice: &Choice) -> Message {
    let entry = |template: &String, choice: &str| json!({ "TemplateId": template, "SubscribeStatusString": choice, "PopupScene": "0" });
    let accepted = choice.accept.iter().map(|template| entry(template, "accept"));
    let rejected = choice.reject.iter().map(|template| entry(template, "reject"));
    let mut message = Message::event("subscribe_msg_popup_event", openid);
    message.list = Some(("SubscribeMsgPopupEvent", accepted.chain(rejected).collect()));
    message
}

/// The accepted subscription messages, newest first.
#[handler]
pub(super) fn messages(Data(world): Data<&Shared>) -> Json<Value> {
    Json(json!({ "items": world.lock().subscriptions.sent() }))
}

#[handler]
pub(super) fn put_template(Data(world): Data<&Shared>, Told(template): Told<TemplateConfig>) -> Json<Value> {
    world.lock().subscriptions.put_template(template);
    Json(json!({}))
}

/// Replaces the list of words, the app's own keywords, or both.
#[handler]
pub(super) fn set_words(Data(world): Data<&Shared>, Told(new): Told<NewWords>) -> Json<Value> {
    let mut world = world.lock();
    if let Some(words) = new.words {
        world.words = words;
    }
    if let Some(keywords) = new.keywords {
        world.keywords = keywords.into_iter().filter(|word| !word.is_empty()).collect();
    }
    Json(json!({}))
}

#[handler]
pub(super) fn media_plan(Data(world): Data<&Shared>) -> Json<Value> {
    Json(json!(world.lock().media))
}

#[handler]
pub(super) fn set_media_plan(Data(world): Data<&Shared>, Told(plan): Told<MediaPlan>) -> Json<Value> {
    world.lock().media = plan;
    Json(json!({}))
}
