//! `GET /cgi-bin/token` and `POST /cgi-bin/stable_token`.

use serde_json::{Value, json};
use teahouse_wechat::{AppId, Errcode};

use crate::{
    ask::Ask,
    refusal::Refusal,
    state::{World, apps, tokens::Given},
};

/// The older call: each token supersedes the last.
pub(super) fn plain(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    ask.require_method()?;
    require_grant_type(ask.find("grant_type"))?;
    let app = caller(world, ask, ask.find("appid"), ask.find("secret"))?;
    Ok(answer(&world.tokens.plain(&app, world.clock.now(), &mut world.chance)))
}

/// The preferred call: the same token while it is good.
pub(super) fn stable(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    ask.require_method()?;
    let body = ask.require_json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    require_grant_type(text("grant_type"))?;
    let app = caller(world, ask, text("appid"), text("secret"))?;
    let now = world.clock.now();
    let given = match body.get("force_refresh").and_then(Value::as_bool) {
        Some(true) => world.tokens.forced(&app, now, &mut world.chance)?,
        _ => world.tokens.stable(&app, now, &mut world.chance),
    };
    Ok(answer(&given))
}

fn require_grant_type(grant_type: Option<&str>) -> Result<(), Refusal> {
    if grant_type == Some("client_credential") { Ok(()) } else { Err(Errcode::InvalidGrantType.into()) }
}

/// The app whose secret this is, called from where it may be, and not too often.
fn caller(
    world: &mut World,
    ask: &Ask,
    app_id: Option<&str>,
    secret: Option<&str>,
) -> Result<AppId, Refusal> {
    let app = world.apps.authenticate(app_id, secret)?;
    apps::require_allowed(app, ask.address)?;
    let app = apps::id_of(app);
    world.spend(&app, ask)?;
    Ok(app)
}

/// Success carries no errcode.
fn answer(given: &Given) -> Value {
    json!({ "access_token": given.text, "expires_in": given.remaining.as_secs() })
}
