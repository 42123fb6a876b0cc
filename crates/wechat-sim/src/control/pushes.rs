//! Pushes on demand, right and wrong, and what became of all of them.

use poem::{
    handler,
    web::{Data, Json},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    complaint::{Complaint, Told},
    phone::app,
};
use crate::{
    courier::Courier,
    push::{Message, Tamper},
    state::{Shared, outbox::Push},
};

/// A push that a tester wants. Its fields are the message's own; who it is from and to is added.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    person: String,
    #[serde(default)]
    app_id: Option<String>,
    fields: Map<String, Value>,
    #[serde(default)]
    tamper: Option<Tamper>,
    /// How often the same message is delivered.
    #[serde(default = "once")]
    times: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WhichApp {
    app_id: Option<String>,
}

/// Delivers a message, and says how it was received. Several in another order are several calls.
#[handler]
pub(super) async fn push(
    Data(world): Data<&Shared>,
    Data(courier): Data<&Courier>,
    Told(order): Told<Order>,
) -> poem::Result<Json<Value>> {
    let push = {
        let world = world.lock();
        let app = app(&world, order.app_id.as_deref())?;
        if world.people.find(&order.person).is_none() {
            return Err(Complaint::missing("no such person").into());
        }
        let openid = world.people.openid(&app, &order.person);
        let mut message = Message { fields: order.fields, list: None };
        message.fields.entry("FromUserName").or_insert_with(|| openid.as_str().into());
        // A repeated message is the same message: its time is set once.
        message.fields.entry("CreateTime").or_insert_with(|| world.clock.now().as_secs().into());
        Push { app, openid, message, tamper: order.tamper }
    };
    let mut items = Vec::new();
    for _ in 0..order.times {
        let delivery = courier.deliver(&push).await;
        items.push(delivery.ok_or_else(|| Complaint::bad("the app has no push URL"))?);
    }
    Ok(Json(json!({ "items": items })))
}

/// Has the app's URL prove itself.
#[handler]
pub(super) async fn check_url(
    Data(world): Data<&Shared>,
    Data(courier): Data<&Courier>,
    Told(which): Told<WhichApp>,
) -> poem::Result<Json<Value>> {
    let app = {
        let world = world.lock();
        let id = app(&world, which.app_id.as_deref())?;
        world.apps.find(id.as_str()).cloned().ok_or_else(|| Complaint::missing("no such app"))?
    };
    let outcome = courier.check_url(&app).await;
    Ok(Json(outcome.ok_or_else(|| Complaint::bad("the app has no push URL"))?))
}

/// All deliveries, newest first.
#[handler]
pub(super) fn outbox(Data(world): Data<&Shared>) -> Json<Value> {
    Json(json!({ "items": world.lock().outbox.all() }))
}

fn once() -> u32 {
    1
}
