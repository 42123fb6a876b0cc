//! Makes a package: the same files give the same bytes, whoever packs them, where and when.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, GzBuilder};

use super::{Allowance, Package, PackageError, unpack};
use crate::{Digest, Manifest, Schema};

/// "Unknown", so that the byte is the same everywhere (RFC 1952 §2.3.1).
const NO_SYSTEM: u8 = 255;

pub(super) fn folder(folder: &Path, component: Vec<u8>) -> Result<Vec<u8>, PackageError> {
    let mut files = BTreeMap::from([(Manifest::COMPONENT.to_owned(), component)]);
    for name in [Manifest::FILE, Schema::FILE, Package::README, "icon.svg", "icon.png"] {
        if let Some(bytes) = read(&folder.join(name))? {
            files.insert(name.to_owned(), bytes);
        }
    }
    files.extend(locales(&folder.join("locales"))?);
    judged(files, Compression::best())
}

/// Not compressed: such a package never travels. It is made at each start, and its digest must not change with the
/// library that compresses.
pub(super) fn files(files: BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, PackageError> {
    judged(files, Compression::none())
}

fn judged(files: BTreeMap<String, Vec<u8>>, compression: Compression) -> Result<Vec<u8>, PackageError> {
    let allowance = Allowance { component_bytes: Allowance::MAX_COMPONENT };
    for (path, bytes) in &files {
        let Some(limit) = unpack::limit(path, allowance) else {
            let reason = "no package has a file of this name";
            return Err(PackageError::ForbiddenEntry { path: path.clone(), reason });
        };
        if bytes.len() as u64 > limit {
            return Err(PackageError::TooLarge { what: path.clone(), limit });
        }
    }
    // Judged as a reader will judge it. The digest is that of the bytes to come: nobody looks at it here.
    let package = Package::of(files, Digest::of(&[]))?;
    compressed(&package.files, compression)
}

/// `locales/*.json`; a folder that is not there holds none.
fn locales(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
    let failed = |source| PackageError::Io { path: folder.display().to_string(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(failed)?,
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let Some(name) = name.to_str().filter(|name| name.ends_with(".json")) else { continue };
        let path = format!("locales/{name}");
        if unpack::limit(&path, Allowance::default()).is_none() {
            return Err(PackageError::ForbiddenEntry {
                path,
                reason: "its name is no language tag such as zh-CN",
            });
        }
        if let Some(bytes) = read(&folder.join(name))? {
            files.insert(path, bytes);
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, PackageError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(PackageError::Io { path: path.display().to_string(), source }),
    }
}

/// The compressed tar of `files`.
pub(super) fn archive(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, PackageError> {
    compressed(files, Compression::best())
}

fn compressed(files: &BTreeMap<String, Vec<u8>>, compression: Compression) -> Result<Vec<u8>, PackageError> {
    write(files, compression).map_err(|source| PackageError::Io { path: "the package".into(), source })
}

fn write(files: &BTreeMap<String, Vec<u8>>, compression: Compression) -> io::Result<Vec<u8>> {
    let gzip = GzBuilder::new().mtime(0).operating_system(NO_SYSTEM).write(Vec::new(), compression);
    let mut tar = tar::Builder::new(gzip);
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_path(path)?;
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_cksum();
        tar.append(&header, bytes.as_slice())?;
    }
    let mut gzip = tar.into_inner()?;
    gzip.flush()?;
    gzip.finish()
}
