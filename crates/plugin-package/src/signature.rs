//! Keys, and signatures over what a package holds.

use std::{collections::BTreeMap, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature as Ed25519, Signer as _, SigningKey, VerifyingKey};

use crate::Digest;

/// Before a public key in text.
const PUBLIC: &str = "teahouse-plugin-public:";
/// Before a secret key in text: tools that look for leaked keys can know it.
const SECRET: &str = "teahouse-plugin-secret:";
/// The first line of `plugin.sig`.
const HEADER: &str = "teahouse-plugin-signature 1";

/// Text that is no key or no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a public key.
    #[error("a public key is `teahouse-plugin-public:` and 44 characters of base64")]
    Public,
    /// Not a secret key.
    #[error("a key file has one line with `teahouse-plugin-secret:` and 44 characters of base64")]
    Secret,
    /// Not a signature file.
    #[error("plugin.sig has three lines: `{HEADER}`, `key …`, `signature …`")]
    Signature,
    /// The system gave no randomness.
    #[error("the system gave no randomness for a key")]
    Randomness,
}

/// Who signed: a public key, as text `teahouse-plugin-public:BASE64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(VerifyingKey);

/// What signs. Neither `Debug` nor an error shows it; memory is wiped when it goes.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

/// A key that an operator trusts, with the name under which its packages are shown. As text the key, a space and the
/// name: `teahouse-plugin-public:… Example Ltd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key.
    pub key: PublicKey,
    /// Whose it is; the key's own text when no name was given.
    pub name: String,
}

/// Who stands behind a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// Nobody.
    Unsigned,
    /// Someone whose key is not among the trusted ones. The signature itself is right.
    Unknown(PublicKey),
    /// The holder of a trusted key.
    Trusted(TrustedKey),
}

impl Signer {
    /// Whether a trusted key signed.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        matches!(self, Self::Trusted(_))
    }

    /// The key that signed, trusted or not.
    #[must_use]
    pub fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Unsigned => None,
            Self::Unknown(key) => Some(key),
            Self::Trusted(trusted) => Some(&trusted.key),
        }
    }
}

impl PublicKey {
    /// The first eight characters after the prefix, to tell keys apart by eye.
    #[must_use]
    pub fn short(&self) -> String {
        STANDARD.encode(self.0.as_bytes()).chars().take(8).collect()
    }
}

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// [`InvalidKey::Randomness`] when the system gives none.
    pub fn generate() -> Result<Self, InvalidKey> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| InvalidKey::Randomness)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The text of a key file: comments that say what it is, and the secret.
    #[must_use]
    pub fn to_file(&self) -> String {
        let public = self.public();
        let secret = STANDARD.encode(self.0.to_bytes());
        format!(
            "# Signs Teahouse plugins. Whoever has this file can publish in your name: keep it secret, and keep a copy.\n\
             # Its public half, for plugins.trusted_keys of those who trust you:\n# {public}\n{SECRET}{secret}\n"
        )
    }

    pub(crate) fn sign(&self, list: &str) -> SignatureFile {
        SignatureFile { key: self.public(), signature: self.0.sign(list.as_bytes()) }
    }
}

/// Reads a key file, or the secret's line alone.
impl FromStr for SecretKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (Some(line), None) = (lines.next(), lines.next()) else { return Err(InvalidKey::Secret) };
        let seed = line.strip_prefix(SECRET).and_then(decode).ok_or(InvalidKey::Secret)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "SecretKey(of {})", self.public())
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let bytes = text.trim().strip_prefix(PUBLIC).and_then(decode).ok_or(InvalidKey::Public)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| InvalidKey::Public)?;
        // A weak key is one for which anyone can make signatures.
        if key.is_weak() { Err(InvalidKey::Public) } else { Ok(Self(key)) }
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

impl fmt::Display for PublicKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{PUBLIC}{}", STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, to)
    }
}

impl serde::Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl FromStr for TrustedKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        let (key, name) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let name = if name.trim().is_empty() { key } else { name.trim() };
        Ok(Self { key: key.parse()?, name: name.to_owned() })
    }
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.key, self.name)
    }
}

/// `plugin.sig`.
#[derive(Debug, Clone)]
pub(crate) struct SignatureFile {
    key: PublicKey,
    signature: Ed25519,
}

impl SignatureFile {
    pub(crate) fn key(&self) -> PublicKey {
        self.key
    }

    /// Whether it is over `list`.
    pub(crate) fn is_of(&self, list: &str) -> bool {
        self.key.0.verify_strict(list.as_bytes(), &self.signature).is_ok()
    }
}

impl FromStr for SignatureFile {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let lines: Vec<_> = text.lines().take(4).collect();
        let [HEADER, key, signature] = lines[..] else { return Err(InvalidKey::Signature) };
        let read = || {
            let key = key.strip_prefix("key ")?.parse().ok()?;
            let signature = Ed25519::from_bytes(&decode(signature.strip_prefix("signature ")?)?);
            Some(Self { key, signature })
        };
        read().ok_or(InvalidKey::Signature)
    }
}

impl fmt::Display for SignatureFile {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = STANDARD.encode(self.signature.to_bytes());
        write!(to, "{HEADER}\nkey {}\nsignature {signature}\n", self.key)
    }
}

/// What is signed: a line `sha256  path` for each file, sorted by path as bytes, each ended by a newline; the output
/// of `sha256sum` under `LC_ALL=C`.
pub(crate) fn signed_list(files: &BTreeMap<String, Vec<u8>>) -> String {
    let of = |(path, bytes): (&String, &Vec<u8>)| format!("{}  {path}\n", Digest::of(bytes));
    files.iter().filter(|(path, _)| *path != crate::Package::SIGNATURE).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_their_text() {
        let key = SecretKey::generate().unwrap();
        let again: SecretKey = key.to_file().parse().unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(key.public().to_string().parse::<PublicKey>().unwrap(), key.public());
        let trusted: TrustedKey = format!("{} Example Ltd", key.public()).parse().unwrap();
        assert_eq!((trusted.key, trusted.name.as_str()), (key.public(), "Example Ltd"));
        let nameless: TrustedKey = key.public().to_string().parse().unwrap();
        assert_eq!(nameless.name, key.public().to_string());
    }

    #[test]
    fn a_secret_is_never_shown() {
        let key = SecretKey::generate().unwrap();
        let secret = STANDARD.encode(key.0.to_bytes());
        assert!(!format!("{key:?}").contains(&secret) && key.to_file().contains(&secret));
    }

    #[test]
    fn other_text_is_no_key() {
        let key = SecretKey::generate().unwrap();
        let two = format!("{0}\n{0}", key.to_file());
        for bad in
            ["", "teahouse-plugin-secret:", "teahouse-plugin-secret:AAAA", &two, &key.public().to_string()]
        {
            assert!(bad.parse::<SecretKey>().is_err(), "{bad}");
        }
        // The identity point: whatever the message, a signature for it can be made up.
        let weak = format!("{PUBLIC}{}", STANDARD.encode([&[1_u8][..], &[0; 31]].concat()));
        for bad in ["", PUBLIC, "ssh-ed25519 AAAA", &weak, &key.to_file()] {
            assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_signature_is_of_one_list_alone() {
        let key = SecretKey::generate().unwrap();
        let file: SignatureFile = key.sign("a\n").to_string().parse().unwrap();
        assert!(file.is_of("a\n") && !file.is_of("b\n") && !file.is_of("a"));
        for bad in
            ["", HEADER, &format!("{file}more"), &file.to_string().replace("signature 1", "signature 2")]
        {
            assert!(bad.parse::<SignatureFile>().is_err(), "{bad}");
        }
    }
}
