//! `pack`, `sign`, `verify`, `key`: from a folder to the one file that is installed, and who stands behind it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use teahouse_plugin_package::{Allowance, Package, SecretKey, Sentence, Severity, Signer, TrustedKey};

use crate::Misused;
use crate::cases::{grouped, runtime};
use crate::command::{Key, Pack, Sign, Verify};
use crate::project::{Project, read_text};

pub(crate) fn pack(pack: &Pack) -> Result<()> {
    let project = pack.component.at.project()?;
    let component = project.read_component(&pack.component)?;
    let key = pack.key.as_deref().map(read_key).transpose()?;
    let findings = runtime()?.block_on(crate::check::all(&project, &component))?;
    findings.warnings.iter().for_each(|warning| println!("warning: {warning}"));
    if !findings.errors.is_empty() {
        bail!("a server would refuse this plugin:\n{}", findings.errors.join("\n"));
    }
    let (file, package) = make(&project, component, key.as_ref(), pack.out.as_deref())?;
    println!("{} ({} KiB)\ndigest {}", file.display(), package.1.div_ceil(1024), package.0.digest());
    if key.is_none() {
        println!("It is not signed: `teahouse plugin sign {} --key FILE` does that", file.display());
    }
    Ok(())
}

/// Writes the package, and returns where, what and how large.
pub(crate) fn make(
    project: &Project,
    component: Vec<u8>,
    key: Option<&SecretKey>,
    out: Option<&Path>,
) -> Result<(PathBuf, (Package, usize))> {
    let mut bytes = Package::pack(&project.folder, component)?;
    if let Some(key) = key {
        bytes = Package::sign(&bytes, key)?;
    }
    let package = read(&bytes)?;
    let folder = out.unwrap_or(&project.folder);
    let file = folder.join(package.manifest().file_name());
    std::fs::write(&file, &bytes).with_context(|| format!("writing {}", file.display()))?;
    Ok((file, (package, bytes.len())))
}

fn read(bytes: &[u8]) -> Result<Package> {
    Ok(Package::read_within(bytes, Allowance { component_bytes: Allowance::MAX_COMPONENT })?)
}

fn read_key(file: &Path) -> Result<SecretKey> {
    if !file.is_file() {
        return Err(Misused::because(format!(
            "{0} is not there: make a key with `teahouse plugin key {0}`",
            file.display()
        )));
    }
    read_text(file)?.parse().with_context(|| format!("{} is no key file", file.display()))
}

fn read_package(file: &Path) -> Result<Vec<u8>> {
    if !file.is_file() {
        return Err(Misused::because(format!(
            "{} is not there: `teahouse plugin pack` makes it",
            file.display()
        )));
    }
    std::fs::read(file).with_context(|| format!("reading {}", file.display()))
}

pub(crate) fn sign(sign: &Sign) -> Result<()> {
    let key = read_key(&sign.key)?;
    let signed = Package::sign(&read_package(&sign.package)?, &key)?;
    // Beside it first: a package is never half written.
    let beside = sign.package.with_extension("signing");
    std::fs::write(&beside, &signed).with_context(|| format!("writing {}", beside.display()))?;
    std::fs::rename(&beside, &sign.package)?;
    println!("{}\nsigned by {}\ndigest {}", sign.package.display(), key.public(), read(&signed)?.digest());
    Ok(())
}

pub(crate) fn verify(verify: &Verify) -> Result<()> {
    let trusted = verify
        .trusted
        .iter()
        .map(|text| {
            text.parse::<TrustedKey>().map_err(|error| Misused::because(format!("{text:?}: {error}")))
        })
        .collect::<Result<Vec<_>>>()?;
    let package = read(&read_package(&verify.package)?)?;
    let manifest = package.manifest();
    println!("{} {} ({})", manifest.name, manifest.version, manifest.id);
    println!("digest    {}", package.digest());
    println!("component {}", package.component_digest());
    let signer = package.signer(&trusted);
    match &signer {
        Signer::Unsigned => println!("signer    nobody"),
        Signer::Unknown(key) => println!("signer    unknown, {key}"),
        Signer::Trusted(trusted) => println!("signer    {}, {}", trusted.name, trusted.key),
    }
    manifest.hook_sentences().iter().for_each(|sentence| say(sentence, false));
    for ask in manifest.asks() {
        say(&ask.sentence(&manifest.name), ask.optional);
        if let Some(why) = &ask.why {
            println!("     why: {why}");
        }
    }
    println!("files");
    for (path, bytes) in package.files() {
        println!("  {:>11} B  {path}", grouped(bytes as u64));
    }
    if !trusted.is_empty() && !signer.is_trusted() {
        bail!("no trusted key signed this package");
    }
    Ok(())
}

fn say(sentence: &Sentence, optional: bool) {
    let mark = if sentence.severity == Severity::Red { "!" } else { "-" };
    let optional = if optional { " (optional)" } else { "" };
    println!("  {mark} {}{optional}", sentence.text.en);
}

pub(crate) fn key(key: &Key) -> Result<()> {
    let secret = SecretKey::generate()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&key.file).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Misused::because(format!(
            "{} is there already, and a key is never written over",
            key.file.display()
        )),
        _ => anyhow::Error::from(error).context(format!("making {}", key.file.display())),
    })?;
    file.write_all(secret.to_file().as_bytes())?;
    println!(
        "{}: keep it secret, and keep a copy. Those who trust you add this to plugins.trusted_keys:",
        key.file.display()
    );
    println!("{}", secret.public());
    Ok(())
}
