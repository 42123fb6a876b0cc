//! `NAME-VERSION.teaplugin`: the one file that a plugin is shipped as.

mod pack;
mod unpack;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    Digest, Locale, Manifest, Problem, Problems, Schema, SecretKey, Signer, TrustedKey,
    signature::{SignatureFile, signed_list},
};

pub use unpack::Allowance;

/// A package that was read whole: its files are known ones, its manifest, schema and locales are right and fit one
/// another, and its signature, if it has one, is of these very files. Whether the signer is trusted is asked of
/// [`Package::signer`], and whether the component is one of [`crate`]'s users.
#[derive(Debug, Clone)]
pub struct Package {
    manifest: Manifest,
    schema: Schema,
    locales: BTreeMap<String, Locale>,
    files: BTreeMap<String, Vec<u8>>,
    signature: Option<SignatureFile>,
    digest: Digest,
    component_digest: Digest,
}

/// A package was not read or not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// Not a compressed tar, or broken, or with something after its end.
    #[error("not a plugin package: {0}")]
    NotAPackage(String),
    /// An entry that no package has: a link, a folder, a path that leads elsewhere, an unknown name, one that comes
    /// twice.
    #[error("{path:?} may not be in a package: {reason}")]
    ForbiddenEntry {
        /// Its path, shortened.
        path: String,
        /// Why not.
        reason: &'static str,
    },
    /// Larger than allowed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// More files than a package may have.
    #[error("more than {} files", Package::MAX_FILES)]
    TooManyFiles,
    /// A file that each package needs is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// What the files say is wrong, or they don't fit one another.
    #[error("{file}:\n{problems}")]
    Invalid {
        /// Which file.
        file: String,
        /// All that is wrong with it.
        problems: Problems,
    },
    /// The signature is none, or not of these files: the package was changed after it was signed.
    #[error(
        "the signature does not fit: the package was changed after it was signed, or the signature is damaged"
    )]
    BadSignature,
    /// A file could not be read.
    #[error("{path}")]
    Io {
        /// Its path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Package {
    /// The end of a package's file name.
    pub const EXTENSION: &'static str = "teaplugin";
    /// The signature's name in a package.
    pub const SIGNATURE: &'static str = "plugin.sig";
    /// The readme's name in a package.
    pub const README: &'static str = "README.md";
    /// Files of a package at most.
    pub const MAX_FILES: usize = 100;

    /// Reads a package, with the default allowance.
    ///
    /// # Errors
    /// [`PackageError`]: whatever the bytes are, it never panics and never takes more memory than the allowance.
    pub fn read(bytes: &[u8]) -> Result<Self, PackageError> {
        Self::read_within(bytes, Allowance::default())
    }

    /// Reads a package within `allowance`.
    ///
    /// # Errors
    /// As [`Package::read`].
    pub fn read_within(bytes: &[u8], allowance: Allowance) -> Result<Self, PackageError> {
        Self::of(unpack::files(bytes, allowance)?, Digest::of(bytes))
    }

    /// Makes a package's bytes of an author's folder and a component: the same input gives the same bytes. Files
    /// that a package knows are taken, others (sources, build folders) are left.
    ///
    /// # Errors
    /// [`PackageError`] when the folder can't be read, or what it holds is no plugin.
    pub fn pack(folder: &Path, component: Vec<u8>) -> Result<Vec<u8>, PackageError> {
        pack::folder(folder, component)
    }

    /// Makes a package's bytes of files that are at hand, by their paths in the package; as [`Package::pack`], but not
    /// compressed, and a file that no package has is an error.
    ///
    /// # Errors
    /// [`PackageError`] when the files are no plugin.
    pub fn pack_files(files: BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, PackageError> {
        pack::files(files)
    }

    /// The same package with a signature by `key`, in place of one that it had.
    ///
    /// # Errors
    /// [`PackageError`] when `bytes` are no package.
    pub fn sign(bytes: &[u8], key: &SecretKey) -> Result<Vec<u8>, PackageError> {
        let allowance = Allowance { component_bytes: Allowance::MAX_COMPONENT };
        let mut files = unpack::files(bytes, allowance)?;
        // A signature that no longer fits is what signing again mends.
        files.remove(Self::SIGNATURE);
        let package = Self::of(files, Digest::of(bytes))?;
        let signature = key.sign(&package.signed_list());
        let mut files = package.files;
        files.insert(Self::SIGNATURE.to_owned(), signature.to_string().into_bytes());
        pack::archive(&files)
    }

    /// Judges the files of a package.
    fn of(files: BTreeMap<String, Vec<u8>>, digest: Digest) -> Result<Self, PackageError> {
        let manifest = text(&files, Manifest::FILE)?.ok_or(PackageError::Missing(Manifest::FILE))?;
        let manifest = Manifest::parse(manifest).map_err(|problems| invalid(Manifest::FILE, problems))?;
        let component = files.get(Manifest::COMPONENT).ok_or(PackageError::Missing(Manifest::COMPONENT))?;
        let component_digest = Digest::of(component);
        let schema = schema(&manifest, &files)?;
        let locales = locales(&manifest, &files)?;
        text(&files, Self::README)?;
        icon(&files)?;
        let signature = match text(&files, Self::SIGNATURE)? {
            Some(text) => {
                let file: SignatureFile = text.parse().map_err(|_| PackageError::BadSignature)?;
                Some(file)
                    .filter(|file| file.is_of(&signed_list(&files)))
                    .ok_or(PackageError::BadSignature)?
                    .into()
            }
            None => None,
        };
        Ok(Self { manifest, schema, locales, files, signature, digest, component_digest })
    }

    /// What the plugin says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What its settings look like; an empty schema when it has none.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Its texts by language.
    #[must_use]
    pub fn locales(&self) -> &BTreeMap<String, Locale> {
        &self.locales
    }

    /// The component: bytes that nobody has looked at yet.
    #[must_use]
    pub fn component(&self) -> &[u8] {
        self.files.get(Manifest::COMPONENT).map(Vec::as_slice).unwrap_or_default()
    }

    /// Its readme, in Markdown.
    #[must_use]
    pub fn readme(&self) -> Option<&str> {
        self.files.get(Self::README).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// Its icon, with the media type. An SVG may only be shown as an image, never as part of a page.
    #[must_use]
    pub fn icon(&self) -> Option<(&'static str, &[u8])> {
        let of = |(name, media): (&str, _)| Some((media, self.files.get(name)?.as_slice()));
        of(("icon.svg", "image/svg+xml")).or_else(|| of(("icon.png", "image/png")))
    }

    /// The digest of the package's file, which pins an installation.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The digest of the component, which names its compiled form.
    #[must_use]
    pub fn component_digest(&self) -> Digest {
        self.component_digest
    }

    /// Who signed it, judged by the `trusted` keys.
    #[must_use]
    pub fn signer(&self, trusted: &[TrustedKey]) -> Signer {
        let Some(key) = self.signature.as_ref().map(SignatureFile::key) else { return Signer::Unsigned };
        let known = trusted.iter().find(|trusted| trusted.key == key);
        known.map_or(Signer::Unknown(key), |trusted| Signer::Trusted(trusted.clone()))
    }

    /// The sorted list `sha256  path` that a signature is over.
    #[must_use]
    pub fn signed_list(&self) -> String {
        signed_list(&self.files)
    }

    /// Its files, with their sizes.
    pub fn files(&self) -> impl Iterator<Item = (&str, usize)> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.len()))
    }
}

fn invalid(file: &str, problems: Problems) -> PackageError {
    PackageError::Invalid { file: file.to_owned(), problems }
}

fn invalid_one(file: &str, en: String, zh: String) -> PackageError {
    invalid(file, Problems::one(Problem::new("", en, zh)))
}

/// The text of a file that is there.
fn text<'f>(files: &'f BTreeMap<String, Vec<u8>>, path: &str) -> Result<Option<&'f str>, PackageError> {
    let Some(bytes) = files.get(path) else { return Ok(None) };
    let text = std::str::from_utf8(bytes);
    text.map(Some).map_err(|_| invalid_one(path, "not UTF-8".into(), "不是 UTF-8".into()))
}

fn schema(manifest: &Manifest, files: &BTreeMap<String, Vec<u8>>) -> Result<Schema, PackageError> {
    let schema = match (&manifest.schema, text(files, Schema::FILE)?) {
        (Some(_), Some(text)) => Schema::parse(text).map_err(|problems| invalid(Schema::FILE, problems))?,
        (Some(_), None) => return Err(PackageError::Missing(Schema::FILE)),
        (None, None) => Schema::empty(),
        (None, Some(_)) => {
            return Err(invalid_one(
                Manifest::FILE,
                "config.schema.json is there, but [config] has no `schema = \"config.schema.json\"`".into(),
                "存在 config.schema.json，但 [config] 中没有 `schema = \"config.schema.json\"`".into(),
            ));
        }
    };
    match manifest.secrets.iter().find(|secret| schema.fields().iter().any(|field| field.name == **secret)) {
        Some(secret) => Err(invalid_one(
            Schema::FILE,
            format!("{secret:?} is a secret of the manifest: it can't be a setting that the plugin sees"),
            format!("{secret:?} 已在清单中声明为 secret，不能同时是插件可见的设置项"),
        )),
        None => Ok(schema),
    }
}

fn locales(
    manifest: &Manifest,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, Locale>, PackageError> {
    let named: BTreeSet<_> = manifest.languages.iter().map(String::as_str).collect();
    let mut locales = BTreeMap::new();
    for path in files.keys() {
        let Some(language) = path.strip_prefix("locales/").and_then(|file| file.strip_suffix(".json")) else {
            continue;
        };
        let Some(text) = text(files, path)? else { continue };
        if !named.contains(language) {
            let en = format!("the manifest's `languages` don't name {language}");
            return Err(invalid_one(path, en, format!("清单的 `languages` 没有列出 {language}")));
        }
        let locale: Locale = serde_json::from_str(text)
            .map_err(|error| invalid_one(path, error.to_string(), format!("格式不对：{error}")))?;
        locales.insert(language.to_owned(), locale);
    }
    match named.iter().find(|language| !locales.contains_key(**language)) {
        Some(missing) => {
            let en = format!("`languages` names {missing}, but locales/{missing}.json is missing");
            Err(invalid_one(
                Manifest::FILE,
                en,
                format!("`languages` 列出了 {missing}，但缺少 locales/{missing}.json"),
            ))
        }
        None => Ok(locales),
    }
}

/// An icon is what its name says. Script in an SVG does not run where it is shown as an image; refusing it keeps a
/// mistake of a page from mattering.
fn icon(files: &BTreeMap<String, Vec<u8>>) -> Result<(), PackageError> {
    if files.get("icon.png").is_some_and(|bytes| !bytes.starts_with(b"\x89PNG\r\n\x1a\n")) {
        return Err(invalid_one("icon.png", "not a PNG".into(), "不是 PNG 图像".into()));
    }
    if let Some(text) = text(files, "icon.svg")? {
        let lower = text.to_ascii_lowercase();
        if !lower.contains("<svg") || lower.contains("<script") || lower.contains("<!entity") {
            let en = "not an SVG without scripts and entities".into();
            return Err(invalid_one("icon.svg", en, "必须是不含脚本和实体的 SVG".into()));
        }
    }
    Ok(())
}
