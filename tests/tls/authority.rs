//! A certificate authority for tests, and the files that its certificates are put into.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// An authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) root: String,
}

/// A certificate's file and its key's.
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    _folder: TempDir,
}

impl Authority {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        let root = params.self_signed(&key).expect("its certificate").pem();
        Self { issuer: Issuer::new(params, key), root }
    }

    /// A certificate of `domain` and its key, as PEM.
    pub(super) fn certificate(&self, domain: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([domain.to_owned()]).expect("a certificate");
        (params.signed_by(&key, &self.issuer).expect("signed").pem(), key.serialize_pem())
    }
}

impl Files {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name| folder.path().join(name);
        Self { certificate: file("fullchain.pem"), key: file("privkey.pem"), _folder: folder }
    }

    pub(super) fn write(&self, (certificate, key): &(String, String)) {
        std::fs::write(&self.certificate, certificate).expect("the certificate");
        std::fs::write(&self.key, key).expect("the key");
    }
}
