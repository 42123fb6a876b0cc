//! The key that secrets are encrypted with at rest: read from the configuration, or made once in development.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use teahouse_accounts::{MasterKey, MasterKeyError};
use teahouse_store::private_file;

use crate::config::Config;

/// Where development mode keeps the key that it made.
const FILE: &str = "secrets.key";
/// 44 signs of random base64 have about 32 different ones; a key with fewer than this was typed by somebody.
const FEWEST_DIFFERENT_SIGNS: usize = 20;

/// Why `text` is refused as `secrets.key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Weakness {
    /// It is none.
    #[error("is no key: it must be 32 random bytes in base64, as `openssl rand -base64 32` prints them")]
    Malformed(#[from] MasterKeyError),
    /// It can't have come from a random generator.
    #[error("is too regular to be random: set it to the output of `openssl rand -base64 32`")]
    Regular,
}

/// Judges a configured key.
///
/// # Errors
/// [`Weakness`] of a text that is no key, or that somebody typed.
pub(crate) fn judge(text: &SecretString) -> Result<(), Weakness> {
    let text = text.expose_secret().trim();
    MasterKey::from_base64(text)?;
    let mut signs: Vec<_> = text.bytes().collect();
    signs.sort_unstable();
    signs.dedup();
    if signs.len() < FEWEST_DIFFERENT_SIGNS { Err(Weakness::Regular) } else { Ok(()) }
}

/// The configured key, or in development the one in the data folder. Production has checked that one is configured.
///
/// # Errors
/// When the file can't be read or written, or does not hold a key.
pub(crate) fn of(config: &Config) -> anyhow::Result<MasterKey> {
    if let Some(key) = &config.secrets.key {
        return MasterKey::from_base64(key.expose_secret()).context("secrets.key");
    }
    let file = config.data_dir.file(FILE);
    kept_in(&file).with_context(|| format!("the key in {}", file.display()))
}

/// The key kept in `file`. On the first start it is made there, readable by its owner alone.
fn kept_in(file: &Path) -> io::Result<MasterKey> {
    private_file::close_to_others(file)?;
    match std::fs::read_to_string(file) {
        Ok(text) => MasterKey::from_base64(text.trim()).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(file),
        Err(error) => Err(error),
    }
}

fn make(file: &Path) -> io::Result<MasterKey> {
    let key = MasterKey::generate();
    // Written aside and linked into place, so that nobody, not even another server, ever reads half a key.
    let mut whole =
        tempfile::Builder::new().prefix(FILE).tempfile_in(file.parent().unwrap_or(Path::new(".")))?;
    whole.write_all(key.to_base64().as_bytes())?;
    whole.as_file().sync_all()?;
    match whole.persist_noclobber(file) {
        Ok(_) => Ok(key),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => kept_in(file),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), Weakness>) {
        assert_eq!(judge(&text.into()), expected, "{text}");
    }

    #[test]
    fn a_key_is_32_random_bytes_in_base64() {
        check("nBGFpcXp/FRhKAiXfujlSLIljTH2orbz0clMTGoOfSU=", Ok(()));
        check("MDEyMzQ1Njc4OWFiY2RlZg==", Err(Weakness::Malformed(MasterKeyError)));
        check("secret", Err(Weakness::Malformed(MasterKeyError)));
        check("", Err(Weakness::Malformed(MasterKeyError)));
        check("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=", Err(Weakness::Regular));
        check("c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=", Err(Weakness::Regular));
    }

    #[test]
    fn generated_keys_are_not_weak() {
        for _ in 0..1000 {
            check(&MasterKey::generate().to_base64(), Ok(()));
        }
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let made = kept_in(&file).unwrap();
        assert_eq!(kept_in(&file).unwrap().to_base64(), made.to_base64());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(kept_in(&file).unwrap().to_base64(), made.to_base64());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, "tea").unwrap();
        assert!(kept_in(&file).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "tea");
    }
}
