//! The server's certificate, and what clients' certificates are held against.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ::aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use x509_certificate::{SignatureAlgorithm, X509Certificate};

use crate::error::{Error, Result, SqlState};

/// The server's certificate, ready to use.
#[derive(Clone)]
pub struct Encryption {
    pub(super) acceptor: TlsAcceptor,
    /// What clients know the certificate by who bind their channel to it; none where its signature has
    /// no hash that is agreed on.
    pub(super) end_point: Option<Arc<[u8]>>,
    /// Whether clients are asked for theirs.
    pub(super) asks_clients: bool,
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encryption")
    }
}

/// Where certificates are.
#[derive(Clone, Copy, Debug)]
pub struct CertificateFiles<'a> {
    /// The server's certificate, with those that lead to its authority, in PEM.
    pub certificate: &'a Path,
    /// Its key, in PEM.
    pub key: &'a Path,
    /// The authorities that clients' certificates are of, in PEM; empty to ask clients for none.
    pub authorities: &'a Path,
    /// What these have revoked, in PEM; may be empty.
    pub revoked: &'a Path,
}

/// The error of a file that a setting names.
fn unusable(setting: &str, file: &Path, error: &dyn fmt::Display) -> Error {
    let message = format!("{setting} {}: {error}", file.display());
    Error::new(SqlState::CONFIG_FILE_ERROR, message)
}

impl Encryption {
    /// Reads the server's certificate, and whose certificates clients may have.
    ///
    /// # Errors
    /// F0000 for files that cannot be read or are none of the kind, or do not belong together.
    pub fn load(files: &CertificateFiles<'_>) -> Result<Self> {
        let CertificateFiles {
            certificate, key, ..
        } = files;
        let chain = certificates("tls_certificate", certificate)?;
        let Some(own) = chain.first() else {
            let error = "the file has no certificate";
            return Err(unusable("tls_certificate", certificate, &error));
        };
        let end_point = end_point(own);
        let secret =
            PrivateKeyDer::from_pem_file(key).map_err(|error| unusable("tls_key", key, &error))?;
        let clients = client_verifier(files)?;
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .and_then(|builder| {
                    let builder = match &clients {
                        Some(clients) => builder.with_client_cert_verifier(Arc::clone(clients)),
                        None => builder.with_no_client_auth(),
                    };
                    builder.with_single_cert(chain, secret)
                })
                .map_err(|error| unusable("tls_certificate", certificate, &error))?;
        // As in PostgreSQL, no session goes on in another connection: a certificate is looked at each
        // time, since it may have been revoked.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            end_point,
            asks_clients: clients.is_some(),
        })
    }
}

fn certificates(setting: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(file)
        .and_then(|found| found.collect::<std::result::Result<Vec<_>, _>>())
        .map_err(|error| unusable(setting, file, &error))
}

/// What clients' certificates are held against; none where they are asked for none.
///
/// # Errors
/// F0000 for files that cannot be read or are none of the kind.
fn client_verifier(files: &CertificateFiles<'_>) -> Result<Option<Arc<dyn ClientCertVerifier>>> {
    let (authorities, revoked) = (files.authorities, files.revoked);
    let has_revoked = !revoked.as_os_str().is_empty();
    if authorities.as_os_str().is_empty() {
        return match has_revoked {
            true => Err(unusable("ssl_crl_file", revoked, &"ssl_ca_file is not set")
                .with_hint("Set ssl_ca_file to the authorities whose lists these are.")),
            false => Ok(None),
        };
    }
    let mut roots = RootCertStore::empty();
    for authority in certificates("ssl_ca_file", authorities)? {
        roots
            .add(authority)
            .map_err(|error| unusable("ssl_ca_file", authorities, &error))?;
    }
    if roots.is_empty() {
        let error = "the file has no certificate";
        return Err(unusable("ssl_ca_file", authorities, &error));
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated();
    if has_revoked {
        let lists = CertificateRevocationListDer::pem_file_iter(revoked)
            .and_then(|found| found.collect::<std::result::Result<Vec<_>, _>>())
            .map_err(|error| unusable("ssl_crl_file", revoked, &error))?;
        if lists.is_empty() {
            let error = "the file has no list of revoked certificates";
            return Err(unusable("ssl_crl_file", revoked, &error));
        }
        // As in PostgreSQL: of every authority there must be a list, and one that is not over.
        builder = builder.with_crls(lists).enforce_revocation_expiration();
    }
    let verifier = builder.build().map_err(|error| {
        let (setting, file) = match has_revoked {
            true => ("ssl_crl_file", revoked),
            false => ("ssl_ca_file", authorities),
        };
        unusable(setting, file, &error)
    })?;
    Ok(Some(verifier))
}

/// The hash of a certificate by the function of its signature, with SHA-256 in the place of weaker
/// ones (RFC 5929, section 4.1).
fn end_point(certificate: &CertificateDer<'_>) -> Option<Arc<[u8]>> {
    let parsed = X509Certificate::from_der(certificate).ok()?;
    let function = match parsed.signature_algorithm()? {
        SignatureAlgorithm::RsaSha384 | SignatureAlgorithm::EcdsaSha384 => &SHA384,
        SignatureAlgorithm::RsaSha512 => &SHA512,
        SignatureAlgorithm::RsaSha1
        | SignatureAlgorithm::RsaSha256
        | SignatureAlgorithm::EcdsaSha256 => &SHA256,
        _ => return None,
    };
    Some(digest(function, certificate).as_ref().into())
}
