//! Compiled code on disk: `DIGEST-ENGINE.cwasm`, and beside each file one row of our own table of digests.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::digest;
use crate::error::HostError;

/// The folder of compiled code. Only its owner reads and writes it.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    compatibility: String,
}

impl Cache {
    /// Makes the folder, or checks that it is ours alone.
    pub(crate) fn open(folder: &Path, compatibility: String) -> Result<Self, HostError> {
        own(folder).map_err(HostError::Cache)?;
        Ok(Self { folder: folder.to_owned(), compatibility })
    }

    /// The code of a component, if it is here and is what was written.
    pub(crate) fn find(&self, component: &str) -> Option<Vec<u8>> {
        let code = fs::read(self.code(component)).ok()?;
        let row = fs::read_to_string(self.row(component)).ok()?;
        if row.trim() != self.seal(component, &code) {
            tracing::warn!(component, "compiled code is not what was written: it is compiled anew");
            return None;
        }
        Some(code)
    }

    /// Keeps the code of a component.
    pub(crate) fn keep(&self, component: &str, code: &[u8]) -> io::Result<()> {
        // The row goes last: code without its row is compiled anew, a row without its code says nothing.
        self.write(&self.code(component), code)?;
        self.write(&self.row(component), self.seal(component, code).as_bytes())
    }

    /// Of which component it is, for which engine, and what it is: the code of another is no code of this one.
    fn seal(&self, component: &str, code: &[u8]) -> String {
        digest(format!("{component} {} {}", self.compatibility, digest(code)).as_bytes())
    }

    /// Forgets all but the components that are named: a version that is gone, code of an earlier engine. What was written
    /// within `young` stays: somebody may be installing it.
    pub(crate) fn retain(&self, components: &[String], young: Duration) -> io::Result<usize> {
        let kept: Vec<PathBuf> =
            components.iter().flat_map(|component| [self.code(component), self.row(component)]).collect();
        let mut forgotten = 0;
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let (path, metadata) = (entry.path(), entry.metadata()?);
            let age = metadata.modified()?.elapsed().unwrap_or_default();
            if metadata.is_file() && age >= young && !kept.contains(&path) {
                fs::remove_file(path)?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }

    // Written aside and renamed: another process never reads half a file.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }

    fn code(&self, component: &str) -> PathBuf {
        self.folder.join(format!("{component}-{}.cwasm", self.compatibility))
    }

    fn row(&self, component: &str) -> PathBuf {
        self.folder.join(format!("{component}-{}.sha256", self.compatibility))
    }
}

fn own(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let metadata = fs::metadata(folder)?;
    // A file that we make is ours: the folder must belong to the same user.
    if metadata.uid() != NamedTempFile::new_in(folder)?.as_file().metadata()?.uid() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(folder: &Path) -> Cache {
        Cache::open(folder, "e1".to_owned()).expect("a cache")
    }

    #[test]
    fn what_is_kept_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = cache(&folder.path().join("compiled"));
        assert_eq!(cache.find("c1"), None);
        cache.keep("c1", b"code").expect("kept");
        assert_eq!(cache.find("c1").as_deref(), Some(b"code".as_slice()));
    }

    #[test]
    fn forged_code_is_not_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = cache(folder.path());
        cache.keep("c1", b"code").expect("kept");
        fs::write(cache.code("c1"), b"evil").expect("forged");
        assert_eq!(cache.find("c1"), None);
        fs::remove_file(cache.row("c1")).expect("no row");
        assert_eq!(cache.find("c1"), None);
    }

    #[test]
    fn the_code_of_another_component_is_not_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = cache(folder.path());
        cache.keep("c1", b"one").expect("kept");
        cache.keep("c2", b"two").expect("kept");
        fs::copy(cache.code("c1"), cache.code("c2")).expect("code put in the other's place");
        fs::copy(cache.row("c1"), cache.row("c2")).expect("and its row");
        assert_eq!(cache.find("c2"), None);
        assert!(cache.find("c1").is_some());
    }

    #[test]
    fn the_folder_is_made_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("compiled");
        fs::create_dir(&inner).expect("made");
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).expect("opened");
        cache(&inner);
        let mode = fs::metadata(&inner).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn what_nobody_has_any_more_is_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = cache(folder.path());
        cache.keep("c1", b"one").expect("kept");
        cache.keep("c2", b"two").expect("kept");
        let kept = ["c2".to_owned()];
        assert_eq!(cache.retain(&kept, Duration::from_secs(3_600)).expect("retained"), 0, "it is young");
        assert_eq!(cache.retain(&kept, Duration::ZERO).expect("retained"), 2);
        assert_eq!(cache.find("c1"), None);
        assert!(cache.find("c2").is_some());
    }
}
