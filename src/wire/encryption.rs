//! TLS, as a client asks for it before it says who it is.
//!
//! Of a client that asks, exactly its request is read, so that nothing it sent in the clear is taken
//! for what came encrypted. A server that is told of a certificate it cannot use does not start.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ::aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_certificate::{SignatureAlgorithm, X509Certificate};

use super::failure::{Failure, Step};
use crate::error::{Error, Result, SqlState};

const SSL_REQUEST: u32 = 80_877_103;
const GSS_ENCRYPTION_REQUEST: u32 = 80_877_104;
/// The length of a request, which is that and its code.
const REQUEST_BYTES: u32 = 8;
/// The server goes over to TLS.
const ACCEPTED: u8 = b'S';
/// The server stays as it is.
const REFUSED: u8 = b'N';

/// The server's certificate, ready to use.
#[derive(Clone)]
pub struct Encryption {
    acceptor: TlsAcceptor,
    end_point: Option<Arc<[u8]>>,
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encryption")
    }
}

impl Encryption {
    /// Reads a certificate, with those that lead to its authority, and its key, in PEM.
    ///
    /// # Errors
    /// F0000 for files that cannot be read or are none of the kind, or do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self> {
        let unusable = |what: &str, file: &Path, error: &dyn fmt::Display| {
            Error::new(
                SqlState::CONFIG_FILE_ERROR,
                format!("{what} {}: {error}", file.display()),
            )
        };
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(|found| found.collect::<std::result::Result<Vec<_>, _>>())
            .map_err(|error| unusable("tls_certificate", certificate, &error))?;
        let Some(own) = chain.first() else {
            let error = "the file has no certificate";
            return Err(unusable("tls_certificate", certificate, &error));
        };
        let end_point = end_point(own);
        let secret =
            PrivateKeyDer::from_pem_file(key).map_err(|error| unusable("tls_key", key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(chain, secret)
            })
            .map_err(|error| unusable("tls_certificate", certificate, &error))?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            end_point,
        })
    }

    /// What clients know the certificate by who bind their channel to it; `None` where its signature
    /// has no hash that is agreed on.
    pub(super) fn end_point(&self) -> Option<&[u8]> {
        self.end_point.as_deref()
    }
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

/// A client's connection in its two directions.
pub(super) struct Channel {
    pub(super) input: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) output: Box<dyn AsyncWrite + Send + Unpin>,
    /// What was read of it already.
    pub(super) first: Bytes,
    pub(super) is_encrypted: bool,
}

/// Answers requests for encryption, each of which may come once, up to another packet.
pub(super) async fn open(mut socket: TcpStream, encryption: Option<&Encryption>) -> Step<Channel> {
    let (mut asked_ssl, mut asked_gss) = (false, false);
    loop {
        let length = read(&mut socket).await?;
        if length != REQUEST_BYTES {
            return Ok(unencrypted(socket, &length.to_be_bytes()));
        }
        let code = read(&mut socket).await?;
        let answer = match (code, encryption) {
            (SSL_REQUEST, Some(Encryption { acceptor, .. })) => {
                write(&mut socket, ACCEPTED).await?;
                // What is no handshake ends the connection without a word, in PostgreSQL as well.
                let stream = acceptor.accept(socket).await.map_err(|error| {
                    tracing::debug!(%error, "a client could not agree on TLS");
                    Failure::Gone
                })?;
                let (input, output) = tokio::io::split(stream);
                return Ok(Channel {
                    input: Box::new(input),
                    output: Box::new(output),
                    first: Bytes::new(),
                    is_encrypted: true,
                });
            }
            (SSL_REQUEST, None) if !std::mem::replace(&mut asked_ssl, true) => REFUSED,
            (GSS_ENCRYPTION_REQUEST, _) if !std::mem::replace(&mut asked_gss, true) => REFUSED,
            _ => {
                let first = [length.to_be_bytes(), code.to_be_bytes()].concat();
                return Ok(unencrypted(socket, &first));
            }
        };
        write(&mut socket, answer).await?;
    }
}

/// The connection as it is, of which `first` was read.
fn unencrypted(socket: TcpStream, first: &[u8]) -> Channel {
    let (input, output) = socket.into_split();
    Channel {
        input: Box::new(input),
        output: Box::new(output),
        first: Bytes::copy_from_slice(first),
        is_encrypted: false,
    }
}

async fn read(socket: &mut TcpStream) -> Step<u32> {
    socket.read_u32().await.map_err(|_| Failure::Gone)
}

async fn write(socket: &mut TcpStream, answer: u8) -> Step<()> {
    socket.write_u8(answer).await.map_err(|_| Failure::Gone)
}
