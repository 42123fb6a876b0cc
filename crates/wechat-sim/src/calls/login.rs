//! `GET /sns/jscode2session`.

use serde_json::{Value, json};
use teahouse_wechat::Errcode;

use crate::{
    ask::Ask,
    refusal::Refusal,
    state::{World, apps},
};

/// Who the code is for, and their present session key. Success carries no errcode.
pub(super) fn code_to_session(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    ask.require_method()?;
    let app = apps::id_of(world.apps.authenticate(ask.find("appid"), ask.find("secret"))?);
    let code = ask.require("js_code", Errcode::MissingCode)?;
    if ask.find("grant_type") != Some("authorization_code") {
        return Err(Errcode::InvalidGrantType.into());
    }
    world.spend(&app, ask)?;
    let now = world.clock.now();
    let id = world.logins.person_of(code, &app, now)?;
    world.logins.count_exchange(&app, &id, now)?;
    let person = world.people.find(&id).ok_or(Errcode::InvalidCode)?;
    if person.is_risky {
        return Err(Errcode::PersonBlocked.into());
    }
    world.logins.use_up(code);
    let mut answer = json!({
        "session_key": world.logins.key(&app, &id, &mut world.chance),
        "openid": world.people.openid(&app, &id),
    });
    if let Some(unionid) = world.people.unionid(person) {
        answer["unionid"] = unionid.into();
    }
    Ok(answer)
}
