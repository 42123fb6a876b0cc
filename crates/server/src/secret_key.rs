//! The key that secrets are encrypted with at rest: read from the configuration, or made once in development.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;

/// 32 random bytes hold about 30 different ones; a key with fewer than this was typed by somebody.
const FEWEST_DIFFERENT_BYTES: usize = 16;

/// 32 secret bytes. `Debug` masks them, and they are wiped on drop.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct SecretKey(Zeroizing<[u8; 32]>);

/// What a key must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 bytes, as 64 hexadecimal digits or as base64; make one with `openssl rand -hex 32`")]
pub(crate) struct Malformed;

impl SecretKey {
    /// The bytes, for the cipher alone.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether it can't have come from a random generator.
    pub(crate) fn is_weak(&self) -> bool {
        let mut bytes = self.0.to_vec();
        bytes.sort_unstable();
        bytes.dedup();
        bytes.len() < FEWEST_DIFFERENT_BYTES
    }

    fn parse(text: &str) -> Result<Self, Malformed> {
        let bytes = match text.len() {
            64 => from_hex(text)?,
            _ => STANDARD.decode(text).map_err(|_| Malformed)?,
        };
        let bytes = Zeroizing::new(bytes);
        Ok(Self(Zeroizing::new(bytes.as_slice().try_into().map_err(|_| Malformed)?)))
    }
}

/// The key kept in `file`. On the first start it is made there, readable by its owner alone.
///
/// # Errors
/// When the file can't be read or written, or does not hold a key.
pub(crate) fn kept_in(file: &Path) -> io::Result<SecretKey> {
    match std::fs::read_to_string(file) {
        Ok(text) => SecretKey::parse(text.trim()).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(file),
        Err(error) => Err(error),
    }
}

fn make(file: &Path) -> io::Result<SecretKey> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let key = SecretKey(Zeroizing::new(rand::random()));
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match opened {
        Ok(mut opened) => {
            opened.write_all(to_hex(key.expose()).as_bytes())?;
            opened.sync_all()?;
            Ok(key)
        }
        // Another server on the same folder was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => kept_in(file),
        Err(error) => Err(error),
    }
}

fn from_hex(text: &str) -> Result<Vec<u8>, Malformed> {
    let digit = |sign: u8| (sign as char).to_digit(16).ok_or(Malformed);
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            &[high, low] => Ok((digit(high)? * 16 + digit(low)?) as u8),
            _ => Err(Malformed),
        })
        .collect()
}

fn to_hex(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl TryFrom<String> for SecretKey {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&Zeroizing::new(text))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, right: bool) {
        assert_eq!(SecretKey::parse(text).is_ok(), right, "{text}");
    }

    #[test]
    fn a_key_is_32_bytes_in_hex_or_base64() {
        check(&"0f".repeat(32), true);
        check(&STANDARD.encode([7; 32]), true);
        check(&STANDARD.encode([7; 31]), false);
        check(&"0g".repeat(32), false);
        check("", false);
        check("secret", false);
    }

    #[test]
    fn a_typed_key_is_weak_and_a_random_one_is_not() {
        assert!(SecretKey::parse(&"0".repeat(64)).unwrap().is_weak());
        assert!(SecretKey::parse(&"0123456789abcdef".repeat(4)).unwrap().is_weak());
        let random = "9c1185a5c5e9fc54612808977ee8f548b2258d31f6a2b6f3d1c94c4c6a0e7d25";
        assert!(!SecretKey::parse(random).unwrap().is_weak());
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.key");
        let made = kept_in(&file).unwrap();
        assert_eq!(kept_in(&file).unwrap().expose(), made.expose());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(format!("{made:?}"), "SecretKey(***)");
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.key");
        std::fs::write(&file, "tea").unwrap();
        assert!(kept_in(&file).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "tea");
    }
}
