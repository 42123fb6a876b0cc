//! TLS at the server's own port, `https` and `wss` alike: with certificate files, or with certificates by ACME.

mod acme;
mod files;
mod kept;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::server::ResolvesServerCert;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::config::DataDir;

/// What is spoken inside. A WebSocket begins with HTTP/1.1.
const HTTP: &[u8] = b"http/1.1";
/// By what a certificate authority looks whether a domain is ours (RFC 8737).
const CHALLENGE: &[u8] = b"acme-tls/1";

/// The section `tls`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TlsConfig {
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) acme_domains: Vec<String>,
    pub(crate) acme_contact: Vec<String>,
    pub(crate) acme_directory: String,
    pub(crate) acme_cache: Option<PathBuf>,
    pub(crate) acme_root: Option<PathBuf>,
    pub(crate) handshake_s: u64,
    pub(crate) handshakes: usize,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            certificate: None,
            key: None,
            acme_domains: Vec::new(),
            acme_contact: Vec::new(),
            acme_directory: rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY.to_owned(),
            acme_cache: None,
            acme_root: None,
            handshake_s: 10,
            handshakes: 1024,
        }
    }
}

impl TlsConfig {
    /// Whether the port speaks TLS.
    pub(crate) fn is_on(&self) -> bool {
        self.certificate.is_some() || !self.acme_domains.is_empty()
    }
}

/// How the port speaks TLS, if it does. Certificates are renewed behind it until `shutdown`.
///
/// # Errors
/// When a file can't be read or does not hold what it should.
pub(crate) fn prepare(
    config: &TlsConfig,
    data_dir: &DataDir,
    shutdown: &CancellationToken,
) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    let (resolver, protocols): (Arc<dyn ResolvesServerCert>, &[&[u8]]) =
        match (&config.certificate, &config.key) {
            (Some(certificate), Some(key)) => {
                (files::follow(certificate.clone(), key.clone(), shutdown)?, &[HTTP])
            }
            _ if config.acme_domains.is_empty() => return Ok(None),
            _ => (acme::start(config, data_dir, shutdown)?, &[HTTP, CHALLENGE]),
        };
    let mut tls = ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    // Whoever comes back, such as everybody after a restart of the network, is spared half of the handshake.
    tls.ticketer = rustls::crypto::ring::Ticketer::new().context("the keys of TLS tickets")?;
    Ok(Some(Arc::new(tls)))
}
