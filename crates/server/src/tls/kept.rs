//! What is kept of ACME between starts: the account's key, and certificates with theirs. Authorities hand out only so
//! many a week.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rustls_acme::{AccountCache, CertCache};
use sha2::{Digest as _, Sha256};
use teahouse_store::private_file;

/// A folder of files that are their owner's alone: the library's own cache leaves that to the umask.
pub(super) struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// Uses `folder`, which is made where there is none.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// A file for each kind, directory and set of names.
    fn file(&self, kind: &str, names: &[String], directory: &str) -> PathBuf {
        let mut hash = Sha256::new();
        for part in names.iter().map(String::as_str).chain([directory]) {
            hash.update(part);
            hash.update([0]);
        }
        let digest: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{kind}-{digest}.pem"))
    }
}

fn load(file: &Path) -> io::Result<Option<Vec<u8>>> {
    private_file::close_to_others(file)?;
    match std::fs::read(file) {
        Ok(kept) => Ok(Some(kept)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whole or not at all: half a key would be worse than none.
fn store(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut whole = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
    private_file::close_to_others(whole.path())?;
    whole.write_all(content)?;
    whole.as_file().sync_all()?;
    whole.persist(file).map(drop).map_err(|error| error.error)
}

#[async_trait]
impl CertCache for Kept {
    type EC = io::Error;

    async fn load_cert(&self, domains: &[String], directory: &str) -> io::Result<Option<Vec<u8>>> {
        load(&self.file("certificate", domains, directory))
    }

    async fn store_cert(&self, domains: &[String], directory: &str, certificate: &[u8]) -> io::Result<()> {
        store(&self.file("certificate", domains, directory), certificate)
    }
}

#[async_trait]
impl AccountCache for Kept {
    type EA = io::Error;

    async fn load_account(&self, contact: &[String], directory: &str) -> io::Result<Option<Vec<u8>>> {
        load(&self.file("account", contact, directory))
    }

    async fn store_account(&self, contact: &[String], directory: &str, account: &[u8]) -> io::Result<()> {
        store(&self.file("account", contact, directory), account)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_kept_comes_back_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, domains) = (folder.path().join("acme"), ["a.example".to_owned()]);
        let kept = Kept::open(&path).unwrap();
        assert_eq!(kept.load_cert(&domains, "https://ca").await.unwrap(), None);
        kept.store_cert(&domains, "https://ca", b"certificate").await.unwrap();
        kept.store_account(&domains, "https://ca", b"account").await.unwrap();
        assert_eq!(
            kept.load_cert(&domains, "https://ca").await.unwrap().as_deref(),
            Some(&b"certificate"[..])
        );
        assert_eq!(
            kept.load_account(&domains, "https://ca").await.unwrap().as_deref(),
            Some(&b"account"[..])
        );
        assert_eq!(kept.load_cert(&domains, "https://other").await.unwrap(), None);
        assert_eq!(kept.load_cert(&["b.example".to_owned()], "https://ca").await.unwrap(), None);
        for entry in std::fs::read_dir(&path).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
