//! What a phone says of its user, and how much of it WeChat vouches for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use teahouse_protocol::{DisplayName, FieldError, Timestamp, cut};
use teahouse_wechat::decrypt::{self, DecryptError, Expected, UserInfo};
use teahouse_wechat::{AppId, OpenId, SessionKey, UnionId, integrity};

use super::WechatData;
use crate::Error;
use crate::profile::AvatarUrl;

/// What WeChat calls everybody who has not agreed to show their name.
pub(crate) const ANONYMOUS: &str = "微信用户";

/// Data and what vouches for it, each complete or absent.
pub(super) struct Evidence {
    signed: Option<Signed>,
    encrypted: Option<Encrypted>,
}

struct Signed {
    raw_data: String,
    signature: String,
}

struct Encrypted {
    data: String,
    iv: String,
}

/// What holds.
#[derive(Debug, Default)]
pub(super) struct Proven {
    /// The name, unless it is the anonymous one.
    pub(super) name: Option<DisplayName>,
    /// The picture, unless it goes with the anonymous name.
    pub(super) avatar: Option<AvatarUrl>,
    /// Who the person is across apps.
    pub(super) unionid: Option<UnionId>,
}

/// The text that is signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawData {
    #[serde(default)]
    nick_name: String,
    #[serde(default)]
    avatar_url: String,
}

impl Evidence {
    /// # Errors
    /// [`Error::InvalidField`] that names the missing half of a pair.
    pub(super) fn new(data: WechatData) -> Result<Self, Error> {
        let signed = pair(("raw_data", data.raw_data), ("signature", data.signature))?
            .map(|(raw_data, signature)| Signed { raw_data, signature });
        let encrypted = pair(("encrypted_data", data.encrypted_data), ("iv", data.iv))?
            .map(|(data, iv)| Encrypted { data, iv });
        Ok(Self { signed, encrypted })
    }

    /// Checks all there is. What is signed goes before what is encrypted, as it may be the newer.
    ///
    /// # Errors
    /// [`Error::WechatSignatureMismatch`], [`Error::WechatDataInvalid`]; [`Error::InvalidField`] when what WeChat
    /// signed is not what it signs.
    pub(super) fn check(
        &self,
        app_id: &AppId,
        openid: &OpenId,
        key: &SessionKey,
        now: Timestamp,
        max_age: Duration,
    ) -> Result<Proven, Error> {
        let signed = self.signed.as_ref().map(|signed| signed.check(key)).transpose()?;
        let expected = Expected { app_id, openid, now: system_time(now), max_age };
        let encrypted =
            self.encrypted.as_ref().map(|encrypted| encrypted.check(key, &expected)).transpose()?;
        let (signed, encrypted) = (signed.unwrap_or_default(), encrypted.unwrap_or_default());
        Ok(Proven {
            name: signed.name.or(encrypted.name),
            avatar: signed.avatar.or(encrypted.avatar),
            unionid: encrypted.unionid,
        })
    }

    /// Whether data that does not hold was made under another session key than `key`: nothing of it fits `key`. Where one
    /// half of it does, the key is the phone's, and the other half is wrong by itself.
    pub(super) fn is_of_another_key(&self, app_id: &AppId, openid: &OpenId, key: &SessionKey) -> bool {
        let signed = self.signed.as_ref().map(|signed| signed.fits(key));
        // Its age says nothing about its key.
        let expected = Expected { app_id, openid, now: UNIX_EPOCH, max_age: Duration::MAX };
        let encrypted = self.encrypted.as_ref().and_then(|encrypted| encrypted.fits(key, &expected));
        let fits: Vec<bool> = signed.into_iter().chain(encrypted).collect();
        !fits.is_empty() && !fits.contains(&true)
    }
}

impl Signed {
    /// Whether it was made under `key`.
    fn fits(&self, key: &SessionKey) -> bool {
        integrity::check_raw_data(&self.raw_data, &self.signature, key).is_ok()
    }

    fn check(&self, key: &SessionKey) -> Result<Proven, Error> {
        if !self.fits(key) {
            return Err(Error::WechatSignatureMismatch);
        }
        let data: RawData = serde_json::from_str(&self.raw_data)
            .map_err(|_| FieldError::new("raw_data", "must be WeChat's JSON"))?;
        Ok(Proven::new(&data.nick_name, &data.avatar_url, None))
    }
}

impl Encrypted {
    /// Whether it was made under `key`; `None` where it is no encrypted text at all.
    fn fits(&self, key: &SessionKey, expected: &Expected<'_>) -> Option<bool> {
        match decrypt::decrypt::<UserInfo>(&self.data, &self.iv, key, expected) {
            Err(error) if error.suggests_stale_key() => Some(false),
            Err(DecryptError::Base64(_) | DecryptError::IvLength(_) | DecryptError::CiphertextLength(_)) => {
                None
            }
            // Opened; what it says may be wrong all the same.
            _ => Some(true),
        }
    }

    fn check(&self, key: &SessionKey, expected: &Expected<'_>) -> Result<Proven, Error> {
        let info: UserInfo =
            decrypt::decrypt(&self.data, &self.iv, key, expected).map_err(Error::WechatDataInvalid)?;
        Ok(Proven::new(&info.nick_name, &info.avatar_url, info.union_id))
    }
}

impl Proven {
    fn new(nickname: &str, avatar_url: &str, unionid: Option<UnionId>) -> Self {
        // The picture that goes with the anonymous name is a grey head, the same for everybody.
        let is_anonymous = matches!(nickname.trim(), "" | ANONYMOUS);
        let avatar = AvatarUrl::parse(avatar_url).ok().filter(|_| !is_anonymous);
        Self { name: own_name(nickname), avatar, unionid }
    }
}

/// The nickname as a name of ours: without control characters and at most as long as names are; `None` for the anonymous
/// one, and for one that can't be a name here, such as one of nothing visible: a sign-in does not fail by it.
fn own_name(nickname: &str) -> Option<DisplayName> {
    let plain: String = nickname.chars().filter(|char| !char.is_control()).collect();
    let plain = cut(plain.trim(), DisplayName::MAX_CHARS);
    DisplayName::new(plain).ok().filter(|name| name.as_str() != ANONYMOUS)
}

/// Both or neither; an empty text counts as none, as some clients send it so.
fn pair(
    (left_name, left): (&str, Option<String>),
    (right_name, right): (&str, Option<String>),
) -> Result<Option<(String, String)>, Error> {
    let present = |text: &String| !text.is_empty();
    let missing = |name: &str, other: &str| {
        Err(Error::InvalidField(FieldError::new(name, format!("must come with `{other}`"))))
    };
    match (left.filter(present), right.filter(present)) {
        (Some(left), Some(right)) => Ok(Some((left, right))),
        (None, None) => Ok(None),
        (Some(_), None) => missing(right_name, left_name),
        // A signature alone is what a careless client sends; it vouches for nothing, and does no harm.
        (None, Some(_)) => Ok(None),
    }
}

fn system_time(time: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(time.millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nickname_becomes_a_name_of_ours() {
        #[track_caller]
        fn check(nickname: &str, expected: Option<&str>) {
            assert_eq!(own_name(nickname).as_ref().map(DisplayName::as_str), expected);
        }
        check(" Band ", Some("Band"));
        check("a\u{0}\nb", Some("ab"));
        check(&"茶".repeat(40), Some(&"茶".repeat(32)));
        check("", None);
        check(" \u{1}", None);
        check(ANONYMOUS, None);
        let family = "👨\u{200d}👩\u{200d}👧";
        check(&family.repeat(40), Some(&family.repeat(32)));
        for unfit in
            ["\u{200b}", "\u{3164}\u{2800}", "\u{301}", "\u{202e}nnA", "\u{2067}Ann", "Ann\u{2028}admin"]
        {
            check(unfit, None);
        }
    }

    #[test]
    fn data_without_what_vouches_for_it_is_refused() {
        let raw = WechatData { raw_data: Some("{}".into()), ..WechatData::default() };
        let error = Evidence::new(raw).err().unwrap();
        assert_eq!(error.field().unwrap().field, "signature");
        let encrypted = WechatData { encrypted_data: Some("AA==".into()), ..WechatData::default() };
        assert_eq!(Evidence::new(encrypted).err().unwrap().field().unwrap().field, "iv");
        let empty = WechatData { raw_data: Some(String::new()), ..WechatData::default() };
        assert!(Evidence::new(empty).is_ok());
    }

    #[test]
    fn the_published_example_holds_and_gives_a_name() {
        let raw_data = r#"{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}"#;
        let key = SessionKey::parse("HyVFkGl5F5OQWJZZaNzBBg==").unwrap();
        let mut signed = Signed {
            raw_data: raw_data.to_owned(),
            signature: "75e81ceda165f4ffa64f4068af58c64b8f54b88c".to_owned(),
        };
        let proven = signed.check(&key).unwrap();
        assert_eq!(proven.name.unwrap().as_str(), "Band");
        assert!(proven.avatar.is_some());
        signed.raw_data = signed.raw_data.replace("Band", "Bend");
        assert!(matches!(signed.check(&key), Err(Error::WechatSignatureMismatch)));
    }
}
