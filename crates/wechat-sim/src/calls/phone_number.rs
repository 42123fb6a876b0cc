//! `POST /wxa/business/getuserphonenumber`.

use serde_json::{Value, json};
use teahouse_wechat::Errcode;

use crate::{ask::Ask, refusal::Refusal, state::World};

/// The number that the code stands for, once.
pub(super) fn exchange(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    ask.require_method()?;
    let app = world.authorise(ask)?;
    let body = ask.require_json()?;
    let code = body.get("code").and_then(Value::as_str).ok_or(Errcode::MalformedData)?;
    world.spend(&app, ask)?;
    let now = world.clock.now();
    let id = world.logins.redeem_phone(code, &app, now)?;
    let number =
        world.people.find(&id).and_then(|person| person.phone.clone()).ok_or(Errcode::InvalidCode)?;
    Ok(json!({
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": number,
            "purePhoneNumber": number,
            "countryCode": "86",
            "watermark": { "timestamp": now.as_secs(), "appid": app },
        },
    }))
}
