//! What admins enter for plugins and nobody sees again: encrypted under a key made of the server's own.

use std::collections::BTreeMap;
use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// Bytes of XChaCha20's nonce: long enough to be drawn at random for ever.
const NONCE_BYTES: usize = 24;

/// A plugin's secrets by name.
pub type Secrets = BTreeMap<String, Zeroizing<String>>;

/// The key under which secrets are kept. Masked in `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct SecretsKey(Zeroizing<[u8; 32]>);

impl SecretsKey {
    /// What the server's key is derived into for this purpose.
    pub const PURPOSE: &str = "teahouse plugin secrets";

    /// The key of these bytes.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Encrypts the secrets of `plugin`: the nonce, then what the cipher made. They open for that plugin only.
    pub(super) fn seal(&self, plugin: &str, secrets: &Secrets) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let plain: BTreeMap<&str, &str> =
            secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect();
        let plain = Zeroizing::new(serde_json::to_vec(&plain).ok()?);
        let plain = Payload { msg: &plain, aad: plugin.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), plain).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// The secrets of `plugin` in the column `plugins.secrets_sealed`. `None` when they were not sealed under this key
    /// for this plugin, such as after the server's key was changed.
    #[must_use]
    pub fn open(&self, plugin: &str, sealed: &[u8]) -> Option<Secrets> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let sealed = Payload { msg: sealed, aad: plugin.as_bytes() };
        let plain = Zeroizing::new(self.cipher().decrypt(&XNonce::from(*nonce), sealed).ok()?);
        let secrets: BTreeMap<String, String> = serde_json::from_slice(&plain).ok()?;
        Some(secrets.into_iter().map(|(name, secret)| (name, Zeroizing::new(secret))).collect())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}

impl fmt::Debug for SecretsKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretsKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretsKey {
        SecretsKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn sealed_secrets_open_under_the_same_key_for_the_same_plugin_only() {
        let secrets: Secrets = [("api-key".to_owned(), Zeroizing::new("hush".to_owned()))].into();
        let sealed = key(1).seal("a.b", &secrets).unwrap();
        assert_eq!(key(1).open("a.b", &sealed), Some(secrets.clone()));
        assert_eq!(key(1).open("a.c", &sealed), None);
        assert_eq!(key(2).open("a.b", &sealed), None);
        assert!(!sealed.windows(4).any(|part| part == b"hush"));
        assert_ne!(key(1).seal("a.b", &secrets).unwrap(), sealed);
        for length in 0..sealed.len() {
            assert_eq!(key(1).open("a.b", &sealed[..length]), None);
        }
        assert_eq!(format!("{:?}", key(1)), "SecretsKey(***)");
    }
}
