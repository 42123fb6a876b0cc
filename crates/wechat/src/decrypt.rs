//! Opening `encryptedData`: AES-128-CBC with PKCS#7, and the checks that make its content worth believing.
//!
//! CBC does not authenticate. A damaged `iv` still gives valid padding and a right watermark, with some bytes of the
//! first block wrong; hence the text must be UTF-8 and its openid the login's, wherever it has one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aes::Aes128;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    app::AppId,
    person::{OpenId, UnionId},
    session_key::SessionKey,
};

/// AES's block, and so the length of an `iv`.
const BLOCK_BYTES: usize = 16;

/// What the data must say of itself to be accepted.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The app that the login was for.
    pub app_id: &'a AppId,
    /// The openid that the code was exchanged for. Compared where the data has one; `wx.getUserProfile`'s has none.
    pub openid: &'a OpenId,
    /// The present.
    pub now: SystemTime,
    /// How long ago WeChat may have made the data. A watermark from the future passes: clocks differ.
    pub max_age: Duration,
}

/// Why `encryptedData` was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// `encrypted_data` or `iv` is not strict base64.
    #[error("{0} is not base64")]
    Base64(Field),
    /// The `iv` has not 16 bytes.
    #[error("the iv has {0} bytes, not 16")]
    IvLength(usize),
    /// The ciphertext is empty or not a multiple of 16 bytes.
    #[error("{0} bytes can't be a ciphertext")]
    CiphertextLength(usize),
    /// The padding is broken; mostly, the key is not the one the data was encrypted with.
    #[error("the padding is broken")]
    Padding,
    /// The content is not UTF-8.
    #[error("the content is not UTF-8")]
    Utf8,
    /// The content is not the JSON that was asked for.
    #[error("the content is not the expected JSON")]
    Json,
    /// The watermark names another app.
    #[error("the watermark names another app")]
    ForeignWatermark,
    /// The watermark is older than allowed.
    #[error("the watermark is too old")]
    TooOld,
    /// The data is about another person than the login.
    #[error("the openid is not the login's")]
    OpenIdMismatch,
}

/// One of the two texts that a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `encryptedData`.
    EncryptedData,
    /// `iv`.
    Iv,
}

/// What `wx.getUserInfo` encrypts. Since 2021 the name and picture are anonymous; the ids are not.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// The person within the app; absent from `wx.getUserProfile`.
    #[serde(default)]
    pub open_id: Option<OpenId>,
    /// The person across apps, where the app is bound to an open-platform account.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub union_id: Option<UnionId>,
    /// The display name.
    #[serde(default)]
    pub nick_name: String,
    /// The picture's address.
    #[serde(default)]
    pub avatar_url: String,
}

/// What the older `getPhoneNumber` encrypts.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneInfo {
    /// The number; outside China with its country code.
    pub phone_number: String,
    /// The number without country code.
    pub pure_phone_number: String,
    /// The country code without `+`. WeChat sends text or a number.
    #[serde(deserialize_with = "text_or_number")]
    pub country_code: String,
}

/// The part that every encrypted text has, and what the checks read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    watermark: Watermark,
    /// Compared as text: what is no openid at all is a mismatch, not bad JSON.
    #[serde(default)]
    open_id: Option<String>,
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
    /// Unix seconds.
    timestamp: u64,
}

/// Decrypts `encrypted_data` and checks it against `expected`, in that order.
///
/// # Errors
/// One variant of [`DecryptError`] for each check.
pub fn decrypt<T: DeserializeOwned>(
    encrypted_data: &str,
    iv: &str,
    key: &SessionKey,
    expected: &Expected<'_>,
) -> Result<T, DecryptError> {
    let plain = open(encrypted_data, iv, key)?;
    let text = str::from_utf8(&plain).map_err(|_| DecryptError::Utf8)?;
    let envelope: Envelope = serde_json::from_str(text).map_err(|_| DecryptError::Json)?;
    check(&envelope, expected)?;
    serde_json::from_str(text).map_err(|_| DecryptError::Json)
}

impl DecryptError {
    /// Whether a session key that WeChat has since replaced is the likely cause, so that a new login cures it. Another
    /// key gives random bytes: mostly broken padding, one time in 256 bytes that are no text.
    #[must_use]
    pub fn suggests_stale_key(self) -> bool {
        matches!(self, Self::Padding | Self::Utf8 | Self::Json)
    }
}

fn open(encrypted_data: &str, iv: &str, key: &SessionKey) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let ciphertext =
        STANDARD.decode(encrypted_data).map_err(|_| DecryptError::Base64(Field::EncryptedData))?;
    let iv = STANDARD.decode(iv).map_err(|_| DecryptError::Base64(Field::Iv))?;
    let iv: [u8; BLOCK_BYTES] = iv.try_into().map_err(|iv: Vec<u8>| DecryptError::IvLength(iv.len()))?;
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(BLOCK_BYTES) {
        return Err(DecryptError::CiphertextLength(ciphertext.len()));
    }
    cbc::Decryptor::<Aes128>::new(&(*key.bytes()).into(), &iv.into())
        .decrypt_padded_vec::<Pkcs7>(&ciphertext)
        .map(Zeroizing::new)
        .map_err(|_| DecryptError::Padding)
}

fn check(envelope: &Envelope, expected: &Expected<'_>) -> Result<(), DecryptError> {
    if envelope.watermark.appid != expected.app_id.as_str() {
        return Err(DecryptError::ForeignWatermark);
    }
    let made = UNIX_EPOCH
        .checked_add(Duration::from_secs(envelope.watermark.timestamp))
        .ok_or(DecryptError::Json)?;
    // An error here is a watermark from the future, whose age is nothing.
    if expected.now.duration_since(made).unwrap_or_default() > expected.max_age {
        return Err(DecryptError::TooOld);
    }
    match &envelope.open_id {
        Some(openid) if openid != expected.openid.as_str() => Err(DecryptError::OpenIdMismatch),
        _ => Ok(()),
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::EncryptedData => "encryptedData",
            Self::Iv => "the iv",
        })
    }
}

impl std::fmt::Debug for PhoneInfo {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PhoneInfo(***)")
    }
}

/// Takes a country code as WeChat's type says (text) or as its sample shows (a number).
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u32),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
    })
}

/// Some answers carry an empty text for an id that there isn't.
pub(crate) fn empty_as_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UnionId>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        Some(text) if !text.is_empty() => UnionId::parse(text).map(Some).map_err(serde::de::Error::custom),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
