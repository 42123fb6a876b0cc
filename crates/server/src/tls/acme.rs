//! Certificates by ACME (RFC 8555): got at the first start, and renewed when a third of their time is left. The authority
//! looks for us at our own port (TLS-ALPN-01), so that nothing else has to listen.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_acme::{AcmeConfig, EventOk, ResolvesServerCertAcme};
use tokio_util::sync::CancellationToken;

use super::TlsConfig;
use super::kept::Kept;
use crate::config::DataDir;

/// Begins to get certificates, and returns what hands them out. Until the first is there, handshakes fail.
///
/// # Errors
/// When the folder for them can't be used, or `tls.acme_root` holds no certificate.
pub(super) fn start(
    config: &TlsConfig,
    data_dir: &DataDir,
    shutdown: &CancellationToken,
) -> anyhow::Result<Arc<ResolvesServerCertAcme>> {
    let folder = config.acme_cache.clone().unwrap_or_else(|| data_dir.file("acme"));
    let kept = Kept::open(&folder)
        .with_context(|| format!("tls.acme_cache: the folder {} can't be used", folder.display()))?;
    let mut acme = AcmeConfig::new(&config.acme_domains)
        .contact(config.acme_contact.iter().map(|address| format!("mailto:{address}")))
        .directory(&config.acme_directory)
        .cache(kept);
    if let Some(root) = &config.acme_root {
        acme = acme.client_tls_config(trusting(root)?);
    }
    let mut state = acme.state();
    let (resolver, shutdown) = (state.resolver(), shutdown.clone());
    tokio::spawn(async move {
        while let Some(Some(event)) = shutdown.run_until_cancelled(state.next()).await {
            match event {
                Ok(EventOk::DeployedNewCert) => tracing::info!("a new TLS certificate is in use"),
                Ok(EventOk::DeployedCachedCert) => tracing::info!("the kept TLS certificate is in use"),
                Ok(EventOk::CertCacheStore | EventOk::AccountCacheStore) => {}
                Err(error) => tracing::error!(
                    %error,
                    "no TLS certificate came by ACME; the one before stays in use, and it is tried again. Does the \
                     domain lead here, and may the authority reach port 443?"
                ),
            }
        }
    });
    Ok(resolver)
}

/// Talks to an authority of one's own, whose certificate no public one signed.
fn trusting(root: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let unread = || format!("tls.acme_root: {} can't be read as PEM", root.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(root).with_context(unread)? {
        roots.add(certificate.with_context(unread)?).with_context(unread)?;
    }
    ensure!(!roots.is_empty(), "tls.acme_root: there is no certificate in {}", root.display());
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}
