//! `GET /wxa/checksession` and `GET /wxa/resetusersessionkey`. Their parameters are read from the query only.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use teahouse_wechat::{AppId, Errcode};

use crate::{ask::Ask, refusal::Refusal, state::World};

/// Whether the caller's key is the present one. An expired key and a wrong signature get the same answer.
pub(super) fn check(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    let (app, person) = who(world, ask)?;
    let key = world.logins.find_key(&app, &person).ok_or(Errcode::InvalidSignature)?;
    require_signature(ask, key)?;
    Ok(json!({ "errcode": 0, "errmsg": "ok" }))
}

/// Replaces the key, and returns the new one.
pub(super) fn reset(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    let (app, person) = who(world, ask)?;
    let key = world.logins.find_key(&app, &person).ok_or(Errcode::SessionKeyGone)?;
    require_signature(ask, key)?;
    let fresh = world.logins.rotate(&app, &person, &mut world.chance);
    let openid = world.people.openid(&app, &person);
    Ok(json!({ "errcode": 0, "errmsg": "ok", "openid": openid, "session_key": fresh }))
}

/// The app and the person that the call is about.
fn who(world: &mut World, ask: &Ask) -> Result<(AppId, String), Refusal> {
    ask.require_method()?;
    let app = world.authorise(ask)?;
    let openid = ask.require("openid", Errcode::InvalidArguments)?;
    ask.require("signature", Errcode::InvalidArguments)?;
    if ask.require("sig_method", Errcode::InvalidArguments)? != "hmac_sha256" {
        return Err(Errcode::InvalidSignatureMethod.into());
    }
    let person = world.people.with_openid(&app, openid).ok_or(Errcode::InvalidOpenId)?.id.clone();
    world.spend(&app, ask)?;
    Ok((app, person))
}

/// The signature is the HMAC of nothing, keyed with the key's base64 text.
fn require_signature(ask: &Ask, key: &str) -> Result<(), Refusal> {
    let given = ask.find("signature").and_then(bytes_of_hex).ok_or(Errcode::InvalidSignature)?;
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| Errcode::InvalidSignature)?;
    mac.verify_slice(&given).map_err(|_| Errcode::InvalidSignature.into())
}

/// Reads lower-case hexadecimal digits.
fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let is_lower_hex = text.len().is_multiple_of(2)
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !is_lower_hex {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use poem::http::Method;

    use super::*;
    use crate::ask::Call;

    fn signed(signature: &str) -> Result<(), Refusal> {
        let ask = Ask {
            call: Call::CheckSession,
            method: Method::GET,
            query: BTreeMap::from([("signature".to_owned(), signature.to_owned())]),
            body: Vec::new(),
            address: None,
        };
        require_signature(&ask, "o0q0otL8aEzpcZL/FT9WsQ==")
    }

    #[test]
    fn the_signature_of_nothing_is_keyed_with_the_keys_text() {
        assert_eq!(signed("46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"), Ok(()));
    }

    #[test]
    fn every_other_signature_is_refused() {
        for wrong in [
            "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed129",
            "46E043C5525C2D817C44BE603D30837A808A1D930D038F6FDC3E62A201FED128",
            "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b",
            "46e0",
            "no hex at all",
        ] {
            assert_eq!(signed(wrong), Err(Errcode::InvalidSignature.into()), "{wrong}");
        }
    }
}
