//! Files that hold secrets or what people wrote: readable by their owner alone, whatever the folder's mode and the umask.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Reading and writing for the owner, nothing for anybody else.
const MODE: u32 = 0o600;

/// Makes an empty file at `path` where there is none, and closes the one that is there to everybody but its owner.
///
/// # Errors
/// When it can't be made.
pub fn ensure(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(MODE).open(path) {
        // The umask may have taken the owner's own rights.
        Ok(_) => close_to_others(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => close_to_others(path),
        Err(error) => Err(error),
    }
}

/// Closes the file at `path`, where it is there, to everybody but its owner. A file of another user's stays as it is,
/// with a warning.
///
/// # Errors
/// When the file can't be looked at.
pub fn close_to_others(path: &Path) -> io::Result<()> {
    // By its name and without opening it: closing any descriptor of a SQLite file drops the locks that this process
    // has on it (SQLite, "How To Corrupt", §2.2).
    let mode = match std::fs::metadata(path) {
        Ok(file) => file.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if mode == MODE {
        return Ok(());
    }
    match std::fs::set_permissions(path, Permissions::from_mode(MODE)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(path = %path.display(), "others may read this file, and it is not ours to close");
            Ok(())
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_file_is_its_owners_alone_in_a_folder_that_everybody_reads() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let path = folder.path().join("tea");
        ensure(&path).unwrap();
        assert_eq!(mode(&path), MODE);
    }

    #[test]
    fn a_file_that_everybody_could_read_is_closed_and_keeps_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tea");
        for close in [ensure, close_to_others] {
            std::fs::write(&path, "leaves").unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
            close(&path).unwrap();
            assert_eq!(mode(&path), MODE);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "leaves");
        }
    }

    #[test]
    fn what_is_not_there_needs_no_closing() {
        let folder = tempfile::tempdir().unwrap();
        close_to_others(&folder.path().join("tea")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
