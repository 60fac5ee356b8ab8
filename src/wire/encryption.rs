//! TLS, as a client asks for it before it says who it is.
//!
//! Of a client that asks, exactly its request is read, so that nothing it sent in the clear is taken
//! for what came encrypted. A server that is told of a certificate it cannot use does not start. Where
//! it knows authorities of clients, it asks each for its certificate: one that is not good ends the
//! handshake, and whether there must be one is for the rules to say.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::{self, ServerConnection};

use super::certificate::PeerCertificate;
use super::cipher::cipher;
use super::failure::{Failure, Step};
use super::server_certificate::Encryption;
use crate::instance::SessionEncryption;

const SSL_REQUEST: u32 = 80_877_103;
const GSS_ENCRYPTION_REQUEST: u32 = 80_877_104;
/// The length of a request, which is that and its code.
const REQUEST_BYTES: u32 = 8;
/// The server goes over to TLS.
const ACCEPTED: u8 = b'S';
/// The server stays as it is.
const REFUSED: u8 = b'N';

/// How long a client may take to hear that its certificate is not good.
const FAREWELL: Duration = Duration::from_secs(2);
/// The most that is still read of such a client.
const MAX_LAST_BYTES: u64 = 64 << 10;

/// A client's connection in its two directions.
pub(super) struct Channel {
    pub(super) input: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) output: Box<dyn AsyncWrite + Send + Unpin>,
    /// What was read of it already.
    pub(super) first: Bytes,
    /// Of one over TLS.
    pub(super) encrypted: Option<Encrypted>,
}

/// What is known of a connection over TLS.
pub(super) struct Encrypted {
    /// What clients know the server's certificate by who bind their channel to it; none where its
    /// signature has no hash that is agreed on.
    pub(super) end_point: Option<Arc<[u8]>>,
    /// The client's certificate, which is good.
    pub(super) certificate: Option<ClientCertificate>,
    /// Whether clients are asked for their certificates.
    pub(super) asks_clients: bool,
    /// The same as others see it.
    pub(super) shown: Arc<SessionEncryption>,
}

/// A client's certificate: its names, where they can be read.
pub(super) struct ClientCertificate(pub(super) Option<PeerCertificate>);

impl Encrypted {
    fn of(connection: &ServerConnection, encryption: &Encryption) -> Self {
        let chain = connection.peer_certificates();
        let certificate = chain.and_then(|chain| chain.first());
        let certificate = certificate.map(|own| ClientCertificate(PeerCertificate::read(own)));
        let names = certificate.as_ref().and_then(|known| known.0.as_ref());
        let (version, cipher, bits) = cipher(connection);
        let shown = SessionEncryption {
            version,
            cipher,
            bits,
            client_dn: names.map(|names| names.subject.clone()),
            client_serial: names.map(|names| names.serial.clone()),
            issuer_dn: names.map(|names| names.issuer.clone()),
        };
        Self {
            end_point: encryption.end_point.clone(),
            certificate,
            asks_clients: encryption.asks_clients,
            shown: Arc::new(shown),
        }
    }
}

/// Answers requests for encryption, each of which may come once, up to another packet.
pub(super) async fn open(mut socket: TcpStream, encryption: Option<&Encryption>) -> Step<Channel> {
    let (mut asked_ssl, mut asked_gss) = (false, false);
    loop {
        let first = head(&mut socket).await?;
        let Some((REQUEST_BYTES, code)) = numbers(&first) else {
            return Ok(unencrypted(socket, first));
        };
        let answer = match (code, encryption) {
            (SSL_REQUEST, Some(encryption)) => {
                write(&mut socket, ACCEPTED).await?;
                let accepted = encryption.acceptor.accept(socket).into_fallible().await;
                let stream = match accepted {
                    Ok(stream) => stream,
                    // What is no handshake ends the connection without a word, in PostgreSQL as well.
                    Err((error, socket)) => {
                        tell_refused(&error);
                        part(socket).await;
                        return Err(Failure::Gone);
                    }
                };
                let encrypted = Encrypted::of(stream.get_ref().1, encryption);
                let (input, output) = tokio::io::split(stream);
                return Ok(Channel {
                    input: Box::new(input),
                    output: Box::new(output),
                    first: Bytes::new(),
                    encrypted: Some(encrypted),
                });
            }
            (SSL_REQUEST, None) if !std::mem::replace(&mut asked_ssl, true) => REFUSED,
            (GSS_ENCRYPTION_REQUEST, _) if !std::mem::replace(&mut asked_gss, true) => REFUSED,
            _ => return Ok(unencrypted(socket, first)),
        };
        write(&mut socket, answer).await?;
    }
}

/// The connection as it is, of which `first` was read.
fn unencrypted(socket: TcpStream, first: BytesMut) -> Channel {
    let (input, output) = socket.into_split();
    Channel {
        input: Box::new(input),
        output: Box::new(output),
        first: first.freeze(),
        encrypted: None,
    }
}

/// Logs why there was no handshake, loudly where it is the client's certificate.
fn tell_refused(error: &std::io::Error) {
    let inner = error.get_ref();
    match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => {
            tracing::warn!("refused a client's certificate: {}", refusal(why));
        }
        _ => tracing::debug!(%error, "a client could not agree on TLS"),
    }
}

/// What is wrong with a certificate, and what to do where it is not plain.
fn refusal(why: &rustls::CertificateError) -> String {
    let text = format!("{why:?}");
    match text.contains("UnsupportedCertVersion") {
        true => "it is of X.509 version 1, which says nothing of its use; make it with extensions \
                 (openssl x509 -req -extfile, or -copy_extensions)"
            .to_owned(),
        false => why.to_string(),
    }
}

/// Ends a connection whose client is still to read why: what it has sent meanwhile is read, since with
/// that unread the connection would be reset, and the alert be lost.
async fn part(mut socket: TcpStream) {
    let reading = async {
        socket.shutdown().await?;
        tokio::io::copy(
            &mut (&mut socket).take(MAX_LAST_BYTES),
            &mut tokio::io::sink(),
        )
        .await
    };
    // Who does not go in time is left.
    let _ = tokio::time::timeout(FAREWELL, reading).await;
}

/// The first bytes of a packet: its length and its code, and nothing behind them. Of one that is no
/// request, they may be less than that.
async fn head(socket: &mut TcpStream) -> Step<BytesMut> {
    let mut bytes = BytesMut::with_capacity(REQUEST_BYTES as usize);
    loop {
        let room = REQUEST_BYTES as usize - bytes.len();
        let mut rest = (&mut *socket).take(room as u64);
        match rest.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return Err(Failure::Gone),
            Ok(_) => {}
        }
        let length = bytes
            .first_chunk()
            .map(|length| u32::from_be_bytes(*length));
        let is_other = length.is_some_and(|length| length != REQUEST_BYTES);
        if is_other || bytes.len() == REQUEST_BYTES as usize {
            return Ok(bytes);
        }
    }
}

/// The length and the code of a packet, as far as it has them.
fn numbers(head: &[u8]) -> Option<(u32, u32)> {
    let (length, rest) = head.split_first_chunk()?;
    let code = rest.first_chunk()?;
    Some((u32::from_be_bytes(*length), u32::from_be_bytes(*code)))
}

async fn write(socket: &mut TcpStream, answer: u8) -> Step<()> {
    socket.write_u8(answer).await.map_err(|_| Failure::Gone)
}
