//! WeChat's session keys at rest: XChaCha20-Poly1305 under the server's own key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use teahouse_wechat::SessionKey;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Bytes of XChaCha20's nonce: long enough to be drawn at random for ever.
const NONCE_BYTES: usize = 24;

/// The key under which session keys are kept: 32 bytes. Masked in `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// `secrets.key` is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 bytes in base64, such as `openssl rand -base64 32` prints")]
pub struct MasterKeyError;

impl MasterKey {
    /// A new key from the system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// The key that `text` is the base64 of.
    ///
    /// # Errors
    /// [`MasterKeyError`] unless it is strict base64 of 32 bytes that are not all the same.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| MasterKeyError)?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| MasterKeyError)?;
        let key = Zeroizing::new(key);
        // A run of zeros is a placeholder, not a key.
        if key.iter().all(|byte| *byte == key[0]) { Err(MasterKeyError) } else { Ok(Self(key)) }
    }

    /// The key's base64, to be kept where only the server reads it.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    /// A key of its own for another purpose: who has it can't learn this one, nor another purpose's. HMAC-SHA256 of the
    /// purpose under this key (as the expansion of RFC 5869 with one block).
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        // HMAC fills a key up to its block of 64 bytes with zeros; given so, it can't have a wrong length.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&*self.0);
        let mut mac = Hmac::<Sha256>::new(&(*block).into());
        mac.update(purpose.as_bytes());
        mac.update(&[1]);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// Encrypts the session key of an identity: the nonce, then what the cipher made. It opens for that identity only.
    pub(crate) fn seal(&self, identity: Uuid, key: &SessionKey) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let plain = Payload { msg: key.expose().as_bytes(), aad: identity.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), plain).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// `None` when it was not sealed under this key for this identity, such as after the server's key was changed.
    pub(crate) fn open(&self, identity: Uuid, sealed: &[u8]) -> Option<SessionKey> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let sealed = Payload { msg: sealed, aad: identity.as_bytes() };
        let plain = Zeroizing::new(self.cipher().decrypt(&XNonce::from(*nonce), sealed).ok()?);
        SessionKey::parse(str::from_utf8(&plain).ok()?).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MasterKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session_key() -> SessionKey {
        SessionKey::parse("HyVFkGl5F5OQWJZZaNzBBg==").unwrap()
    }

    #[test]
    fn a_sealed_key_opens_under_the_same_key_for_the_same_identity_only() {
        let (master, identity) = (MasterKey::generate(), Uuid::now_v7());
        let sealed = master.seal(identity, &session_key()).unwrap();
        assert!(master.open(identity, &sealed) == Some(session_key()));
        assert!(master.open(Uuid::now_v7(), &sealed).is_none());
        assert!(MasterKey::generate().open(identity, &sealed).is_none());
    }

    #[test]
    fn what_was_damaged_does_not_open_and_does_not_panic() {
        let (master, identity) = (MasterKey::generate(), Uuid::now_v7());
        let sealed = master.seal(identity, &session_key()).unwrap();
        for length in 0..sealed.len() {
            assert!(master.open(identity, &sealed[..length]).is_none());
        }
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert!(master.open(identity, &damaged).is_none());
        }
    }

    #[test]
    fn a_key_is_sealed_differently_each_time_and_never_plain() {
        let (master, identity) = (MasterKey::generate(), Uuid::now_v7());
        let [first, second] = [(); 2].map(|()| master.seal(identity, &session_key()).unwrap());
        assert_ne!(first, second);
        let plain = session_key();
        assert!(
            !first.windows(4).any(|part| plain.expose().as_bytes().windows(4).any(|secret| secret == part))
        );
    }

    /// The value was computed by another implementation (Python's hmac).
    #[test]
    fn a_derived_key_depends_on_purpose_and_master_alone() {
        let master = MasterKey(Zeroizing::new(std::array::from_fn(|place| u8::try_from(place).unwrap())));
        let hex: String = master.derive("a purpose").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "4b13acf66a4da5f6d282186349ed00354914a6042d975b24ef6e920b835de77f");
        assert_ne!(master.derive("a purpose"), master.derive("another"));
        assert_ne!(MasterKey::generate().derive("a purpose"), master.derive("a purpose"));
    }

    #[test]
    fn a_master_key_is_32_bytes_and_no_placeholder() {
        let key = MasterKey::generate();
        assert!(MasterKey::from_base64(&key.to_base64()).is_ok());
        assert!(MasterKey::from_base64(&format!("{}\n", *key.to_base64())).is_ok());
        for bad in ["", "x", "c2VjcmV0", &STANDARD.encode([0; 32]), &STANDARD.encode([7; 31])] {
            assert!(MasterKey::from_base64(bad).is_err(), "{bad}");
        }
        assert_eq!(format!("{key:?}"), "MasterKey(***)");
    }
}
