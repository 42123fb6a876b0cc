//! Signatures made with a session key: WeChat's over the user data that a mini-program received, and ours over a
//! session check.
//!
//! Both take the key's base64 **text**, not its bytes (WeChat, *User data: signature check*, and *checkSessionKey*).

use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::session_key::SessionKey;

/// The signature does not match: the data was changed, or the key is no longer the one that the client's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match the data and the session key")]
pub struct WrongSignature;

/// Checks WeChat's signature of `raw_data`, in constant time: `lower_hex(sha1(raw_data + session_key))`.
///
/// `raw_data` is the very text that `wx.getUserInfo` gave; parsed and written again, it no longer matches.
///
/// # Errors
/// [`WrongSignature`], also when `signature` is no signature at all.
pub fn check_raw_data(raw_data: &str, signature: &str, key: &SessionKey) -> Result<(), WrongSignature> {
    let expected = raw_data_signature(raw_data, key);
    let same: bool = expected.as_bytes().ct_eq(signature.as_bytes()).into();
    if same { Ok(()) } else { Err(WrongSignature) }
}

/// The signature that WeChat gives with `raw_data`.
#[must_use]
pub fn raw_data_signature(raw_data: &str, key: &SessionKey) -> String {
    let digest = Sha1::new().chain_update(raw_data).chain_update(key.expose()).finalize();
    lower_hex(&digest)
}

/// The signature by which our server proves that it has the session key: `lower_hex(hmac_sha256(key, ""))`.
#[must_use]
pub fn session_signature(key: &SessionKey) -> String {
    body_signature("", key)
}

/// The same over a body, as calls that have one want it.
#[must_use]
pub fn body_signature(body: &str, key: &SessionKey) -> String {
    // HMAC takes keys of any length, so this never fails; a fallback that can't be reached would only hide that.
    #[expect(clippy::expect_used, reason = "HMAC accepts keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).expect("HMAC takes any key");
    mac.update(body.as_bytes());
    lower_hex(&mac.finalize().into_bytes())
}

fn lower_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WeChat's published example.
    const RAW_DATA: &str = r#"{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}"#;
    const SIGNATURE: &str = "75e81ceda165f4ffa64f4068af58c64b8f54b88c";

    fn key(text: &str) -> SessionKey {
        SessionKey::parse(text).unwrap()
    }

    #[test]
    fn the_published_signature_matches() {
        assert_eq!(check_raw_data(RAW_DATA, SIGNATURE, &key("HyVFkGl5F5OQWJZZaNzBBg==")), Ok(()));
    }

    #[test]
    fn a_chinese_name_is_signed_as_its_utf8() {
        let key = key("ABEiM0RVZneImaq7zN3u/w==");
        assert_eq!(
            raw_data_signature(r#"{"nickName":"小明"}"#, &key),
            "dddae15f993fb14624edee6eb4945c057a0eca1a"
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let right = key("HyVFkGl5F5OQWJZZaNzBBg==");
        let refused = [
            // The key before the data.
            (RAW_DATA, "4eb1e81b60b8c9ab02813a68f1044f69eef494d4", &right),
            (RAW_DATA, "75E81CEDA165F4FFA64F4068AF58C64B8F54B88C", &right),
            (RAW_DATA, "75e81ceda165f4ffa64f4068af58c64b8f54b88", &right),
            (RAW_DATA, "", &right),
            ("{}", SIGNATURE, &right),
            (RAW_DATA, SIGNATURE, &key("tiihtNczf5v6AKRyjwEUhQ==")),
        ];
        for (data, signature, key) in refused {
            assert_eq!(check_raw_data(data, signature, key), Err(WrongSignature), "{signature}");
        }
    }

    #[test]
    fn the_session_signature_takes_the_keys_text() {
        let key = key("o0q0otL8aEzpcZL/FT9WsQ==");
        assert_eq!(
            body_signature(r#"{"foo":"bar"}"#, &key),
            "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b"
        );
        assert_eq!(
            session_signature(&key),
            "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"
        );
    }
}
