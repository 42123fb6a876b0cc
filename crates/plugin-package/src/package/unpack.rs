//! Takes a package apart, and believes nothing of it.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use flate2::bufread::GzDecoder;
use tar::EntryType;

use super::{Package, PackageError};
use crate::{Manifest, Schema};

/// What a package may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes of the component; never more than [`Allowance::MAX_COMPONENT`] are allowed.
    pub component_bytes: u64,
}

impl Allowance {
    /// Bytes of a component when nothing else is said.
    pub const DEFAULT_COMPONENT: u64 = 32 * 1024 * 1024;
    /// Bytes of a component at most.
    pub const MAX_COMPONENT: u64 = 64 * 1024 * 1024;
    /// Bytes of all files but the component.
    pub const MAX_OTHERS: u64 = 4 * 1024 * 1024;

    pub(super) fn component_limit(self) -> u64 {
        self.component_bytes.min(Self::MAX_COMPONENT)
    }

    /// Bytes of the whole archive: the files, a header and padding for each, and the end.
    fn archive(self) -> u64 {
        self.component_limit() + Self::MAX_OTHERS + 1024 * (Package::MAX_FILES as u64 + 1) + 1024
    }
}

impl Default for Allowance {
    fn default() -> Self {
        Self { component_bytes: Self::DEFAULT_COMPONENT }
    }
}

/// Bytes that a file of this name may have; `None` when no package has such a file.
pub(super) fn limit(path: &str, allowance: Allowance) -> Option<u64> {
    const KIB: u64 = 1024;
    match path {
        Manifest::FILE => Some(Manifest::MAX_BYTES as u64),
        Manifest::COMPONENT => Some(allowance.component_limit()),
        Schema::FILE => Some(Schema::MAX_BYTES as u64),
        Package::README => Some(256 * KIB),
        Package::SIGNATURE => Some(4 * KIB),
        "icon.svg" | "icon.png" => Some(128 * KIB),
        _ => {
            let language = path.strip_prefix("locales/")?.strip_suffix(".json")?;
            crate::locale::is_language(language).then_some(64 * KIB)
        }
    }
}

/// The files of a package by path.
pub(super) fn files(bytes: &[u8], allowance: Allowance) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
    let mut rest = bytes;
    let archive = inflate(&mut rest, allowance)?;
    if !rest.is_empty() {
        return Err(PackageError::NotAPackage("something follows its end".into()));
    }
    let mut files = BTreeMap::new();
    // Raw: long names and extended headers come as entries of their own kind, which are refused below, and are not
    // read into memory by the library.
    let mut archive = tar::Archive::new(archive.as_slice());
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        if files.len() == Package::MAX_FILES {
            return Err(PackageError::TooManyFiles);
        }
        let path = path(&entry)?;
        let size = entry.header().entry_size().map_err(broken)?;
        let limit =
            limit(&path, allowance).ok_or_else(|| forbidden(&path, "packages have no file of this name"))?;
        if size > limit {
            return Err(PackageError::TooLarge { what: path, limit });
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        if content.len() as u64 != size {
            return Err(PackageError::NotAPackage("it ends within a file".into()));
        }
        if files.insert(path.clone(), content).is_some() {
            return Err(forbidden(&path, "it is there twice"));
        }
    }
    // Another reader may go on where this one stops, and show its user files that are not those of the plugin.
    if archive.into_inner().iter().any(|byte| *byte != 0) {
        return Err(PackageError::NotAPackage("something follows its end".into()));
    }
    Ok(files)
}

/// Decompresses at most what the allowance permits; `bytes` is left at what follows the compressed member.
fn inflate(bytes: &mut &[u8], allowance: Allowance) -> Result<Vec<u8>, PackageError> {
    let most = allowance.archive();
    let mut archive = Vec::new();
    let mut decoder = GzDecoder::new(bytes);
    decoder.by_ref().take(most + 1).read_to_end(&mut archive).map_err(broken)?;
    if archive.len() as u64 > most {
        return Err(PackageError::TooLarge { what: "the unpacked package".into(), limit: most });
    }
    Ok(archive)
}

/// The path of a regular file; every other entry is refused.
fn path(entry: &tar::Entry<'_, &[u8]>) -> Result<String, PackageError> {
    let bytes = entry.path_bytes();
    let path =
        std::str::from_utf8(&bytes).map_err(|_| forbidden(&String::from_utf8_lossy(&bytes), "not UTF-8"))?;
    match entry.header().entry_type() {
        EntryType::Regular if path.ends_with('/') => Err(forbidden(path, "folders are not packed")),
        EntryType::Regular => Ok(path.to_owned()),
        EntryType::Directory => Err(forbidden(path, "folders are not packed")),
        EntryType::Symlink | EntryType::Link => Err(forbidden(path, "links are not packed")),
        _ => Err(forbidden(path, "only regular files are packed; use `teahouse plugin pack`")),
    }
}

fn forbidden(path: &str, reason: &'static str) -> PackageError {
    PackageError::ForbiddenEntry { path: path.chars().take(100).collect(), reason }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn broken(error: io::Error) -> PackageError {
    PackageError::NotAPackage(error.to_string())
}
