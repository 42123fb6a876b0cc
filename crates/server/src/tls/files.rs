//! A certificate in files that somebody else renews, such as certbot. They are read again when they change.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail, ensure};
use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How often the files are looked at. They are small, and reading them is what works with links and every file system.
const EVERY: Duration = Duration::from_secs(2);

/// The certificate in use.
#[derive(Debug)]
pub(super) struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Reads the certificate, and again whenever one of the files changed, until `shutdown`.
///
/// # Errors
/// When the files don't hold a certificate and its key; the error says what to do.
pub(super) fn follow(
    certificate: PathBuf,
    key: PathBuf,
    shutdown: &CancellationToken,
) -> anyhow::Result<Arc<Current>> {
    let mut watch = Watch::begin(Files { certificate, key })?;
    let (current, shutdown) = (watch.current.clone(), shutdown.clone());
    tokio::spawn(async move {
        while shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
            watch.look();
        }
    });
    Ok(current)
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

struct Watch {
    files: Files,
    current: Arc<Current>,
    used: Contents,
    /// What was wrong in the last round. Of two files one is always written first: only what is wrong twice is told.
    doubted: Option<Contents>,
    told: bool,
}

impl Watch {
    fn begin(files: Files) -> anyhow::Result<Self> {
        let used = files.read()?;
        let certified = files.certified(&used)?;
        let current = Arc::new(Current(ArcSwap::from_pointee(certified)));
        Ok(Self { files, current, used, doubted: None, told: false })
    }

    /// Takes a new certificate over, where there is one and nothing is wrong with it.
    fn look(&mut self) {
        let (contents, problem) = match self.files.read() {
            Ok(contents) if contents == self.used => {
                (self.doubted, self.told) = (None, false);
                return;
            }
            Ok(contents) => match self.files.certified(&contents) {
                Ok(certified) => {
                    self.current.0.store(Arc::new(certified));
                    (self.used, self.doubted, self.told) = (contents, None, false);
                    tracing::info!("the TLS certificate was renewed");
                    return;
                }
                Err(problem) => (Some(contents), problem),
            },
            Err(problem) => (None, problem),
        };
        let is_the_same = self.doubted == contents;
        if is_the_same && !self.told {
            tracing::error!(
                error = %format!("{problem:#}"),
                "the TLS certificate was changed to one that can't be used; the one before stays in use"
            );
        }
        self.told = is_the_same;
        self.doubted = contents;
    }
}

impl Files {
    fn read(&self) -> anyhow::Result<Contents> {
        let read = |path: &PathBuf, key| {
            let why = || format!("{key}: {} can't be read; may the server's user?", path.display());
            std::fs::read(path).with_context(why)
        };
        Ok(Contents {
            certificate: read(&self.certificate, "tls.certificate")?,
            key: Zeroizing::new(read(&self.key, "tls.key")?),
        })
    }

    fn certified(&self, contents: &Contents) -> anyhow::Result<CertifiedKey> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&contents.certificate)
            .collect::<Result<_, _>>()
            .with_context(|| format!("tls.certificate: {certificate} is not PEM"))?;
        let Some(own) = chain.first() else {
            bail!(
                "tls.certificate: there is no certificate in {certificate}; it must hold the server's own first, then \
                 those that lead to a known authority (certbot's fullchain.pem)"
            );
        };
        require_unexpired(own).with_context(|| format!("tls.certificate: {certificate}"))?;
        let private = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| {
            // Not its own words: they may show what is in the file.
            anyhow::anyhow!("tls.key: there is no private key in {key}; it must be PEM without a password (certbot's privkey.pem)")
        })?;
        let provider = CryptoProvider::get_default().context("no TLS provider")?;
        CertifiedKey::from_der(chain, private, provider).with_context(|| {
            format!("tls.key: the key in {key} is not the one of the certificate in {certificate}, or of a kind that is not known")
        })
    }
}

/// Clients refuse a certificate whose time is over.
fn require_unexpired(certificate: &CertificateDer<'_>) -> anyhow::Result<()> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).context("it is no certificate")?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let end = parsed.validity().not_after;
    ensure!(i64::try_from(now)? < end.timestamp(), "it expired on {end}: renew it");
    Ok(())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            let _ = rustls::crypto::ring::default_provider().install_default();
            Self(tempfile::tempdir().unwrap())
        }

        fn files(&self) -> Files {
            Files { certificate: self.0.path().join("fullchain.pem"), key: self.0.path().join("privkey.pem") }
        }

        fn write(&self, (certificate, key): &(String, String)) {
            std::fs::write(self.files().certificate, certificate).unwrap();
            std::fs::write(self.files().key, key).unwrap();
        }
    }

    /// A certificate and its key, valid until the year `until`.
    fn made(until: i32) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["chat.example.com".to_owned()]).unwrap();
        params.not_after = date_time_ymd(until, 1, 1);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn in_use(watch: &Watch) -> Vec<u8> {
        watch.current.0.load().cert[0].to_vec()
    }

    fn der(pem: &str) -> Vec<u8> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn a_renewed_certificate_takes_over() {
        let (folder, old, new) = (Folder::new(), made(4000), made(4001));
        folder.write(&old);
        let mut watch = Watch::begin(folder.files()).unwrap();
        watch.look();
        assert_eq!(in_use(&watch), der(&old.0));
        folder.write(&new);
        watch.look();
        assert_eq!(in_use(&watch), der(&new.0));
    }

    #[test]
    fn a_wrong_renewal_keeps_the_one_before_and_is_told_once_it_lasts() {
        let (folder, old, new) = (Folder::new(), made(4000), made(4001));
        folder.write(&old);
        let mut watch = Watch::begin(folder.files()).unwrap();
        for wrong in [(new.0.clone(), old.1.clone()), ("nonsense".into(), new.1.clone()), made(2001)] {
            folder.write(&wrong);
            watch.look();
            assert!(!watch.told, "one of two files may not be written yet");
            watch.look();
            assert!(watch.told);
            assert_eq!(in_use(&watch), der(&old.0));
        }
        std::fs::remove_file(folder.files().key).unwrap();
        watch.look();
        assert_eq!(in_use(&watch), der(&old.0));
        folder.write(&new);
        watch.look();
        assert_eq!(in_use(&watch), der(&new.0));
        assert!(!watch.told);
    }

    #[track_caller]
    fn check_refused(wrong: &(String, String), expected: &str) {
        let folder = Folder::new();
        folder.write(wrong);
        let problem = Watch::begin(folder.files()).err().map(|problem| format!("{problem:#}"));
        assert!(problem.as_ref().is_some_and(|problem| problem.contains(expected)), "{problem:?}");
    }

    #[test]
    fn what_is_wrong_says_what_to_do() {
        let (one, other) = (made(4000), made(4000));
        check_refused(&(String::new(), one.1.clone()), "must hold the server's own first");
        check_refused(&(one.0.clone(), String::new()), "PEM without a password");
        check_refused(&(one.0.clone(), one.0.clone()), "PEM without a password");
        check_refused(&(one.0, other.1), "is not the one of the certificate");
        check_refused(&made(2001), "it expired on");
        let absent = Watch::begin(Folder::new().files()).err().map(|problem| problem.to_string());
        assert!(absent.is_some_and(|problem| problem.contains("can't be read; may the server's user?")));
    }
}
