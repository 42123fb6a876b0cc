//! The phone's half: what `wx.login` and `wx.getUserInfo` give to a mini-program, and its damaged forms.

mod seal;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use teahouse_wechat::AppId;

use crate::state::{World, logins::CodeKind, people::Person};

use seal::{Seal, seal, signature};

/// The watermark of data that was made for another app.
const FOREIGN_APP: &str = "wx0000000000000000";
/// How old the data is that is asked for with an old timestamp.
const OLD: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The name that everyone has towards apps released since April 2021.
const ANONYMOUS_NAME: &str = "微信用户";

/// What is wrong with the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spoil {
    /// The watermark names another app.
    WrongAppId,
    /// Signed and encrypted with the key before the present one.
    StaleKey,
    /// The padding is none.
    BrokenPadding,
    /// The watermark is a month old.
    OldTimestamp,
    /// The signature is another text's.
    WrongSignature,
    /// One block of the ciphertext is missing.
    Truncated,
    /// One bit of the ciphertext is flipped.
    Tampered,
    /// The iv has 15 bytes.
    ShortIv,
    /// The data is about someone else.
    OtherPerson,
}

/// How the data is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wish {
    pub(crate) spoil: Option<Spoil>,
    pub(crate) anonymous: bool,
}

/// What `wx.getUserInfo` gives.
#[derive(Debug, Serialize)]
pub(crate) struct UserData {
    user_info: UserInfo,
    raw_data: String,
    signature: String,
    encrypted_data: String,
    iv: String,
}

/// The profile as the phone shows it. The order of its fields is WeChat's.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserInfo {
    nick_name: String,
    gender: u8,
    language: &'static str,
    city: &'static str,
    province: &'static str,
    country: &'static str,
    avatar_url: String,
}

/// The encrypted text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Secret<'a> {
    open_id: String,
    #[serde(flatten)]
    info: &'a UserInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<String>,
    watermark: Watermark<'a>,
}

#[derive(Serialize)]
struct Watermark<'a> {
    timestamp: u64,
    appid: &'a str,
}

/// `wx.login`: a fresh code. Opening the mini-program counts as a visit.
pub(crate) fn login(world: &mut World, app: &AppId, person: &str) -> String {
    let now = world.clock.now();
    if let Some(person) = world.people.find_mut(person) {
        person.visits.insert(app.clone(), now);
    }
    world.logins.issue(CodeKind::Login, app, person, now, &mut world.chance)
}

/// `wx.getUserInfo`: the profile, signed and encrypted with the present key.
pub(crate) fn user_data(world: &mut World, app: &AppId, person: &Person, wish: Wish) -> UserData {
    let key = match wish.spoil {
        Some(Spoil::StaleKey) => world.logins.stale_key(app, &person.id, &mut world.chance),
        _ => world.logins.key(app, &person.id, &mut world.chance),
    };
    let user_info = UserInfo::of(person, wish);
    let raw_data = text(&user_info);
    let signature = match wish.spoil {
        Some(Spoil::WrongSignature) => signature("{}", &key),
        _ => signature(&raw_data, &key),
    };
    let secret = text(&secret(world, app, person, &user_info, wish));
    let sealed = seal(&secret, &key, world.chance.bytes(), wish.spoil);
    let Seal { encrypted_data, iv } = sealed;
    UserData { user_info, raw_data, signature, encrypted_data, iv }
}

fn secret<'a>(world: &World, app: &'a AppId, person: &Person, info: &'a UserInfo, wish: Wish) -> Secret<'a> {
    let now = world.clock.now();
    let timestamp = if wish.spoil == Some(Spoil::OldTimestamp) { now.saturating_sub(OLD) } else { now };
    let appid = if wish.spoil == Some(Spoil::WrongAppId) { FOREIGN_APP } else { app.as_str() };
    let about = if wish.spoil == Some(Spoil::OtherPerson) { "someone-else" } else { person.id.as_str() };
    Secret {
        open_id: world.people.openid(app, about),
        info,
        union_id: world.people.unionid(person),
        watermark: Watermark { timestamp: timestamp.as_secs(), appid },
    }
}

impl UserInfo {
    fn of(person: &Person, wish: Wish) -> Self {
        let (nick_name, avatar_url) = if wish.anonymous {
            (ANONYMOUS_NAME.to_owned(), String::new())
        } else {
            (person.nickname.clone(), person.avatar.clone())
        };
        Self { nick_name, gender: 0, language: "zh_CN", city: "", province: "", country: "", avatar_url }
    }
}

/// A struct of texts and numbers as JSON. It can't fail; the empty text would show it if it did.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
