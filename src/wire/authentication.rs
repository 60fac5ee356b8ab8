//! How clients prove who they are.

use std::fmt;
use std::net::SocketAddr;

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pgwire::messages::startup::Authentication as AuthenticationMessage;

use super::Limits;
use super::encryption::Encryption;
use super::failure::{Failure, Step, protocol_violation};
use super::frame::{FrameReader, FrameWriter};
use super::reader::BodyReader;
use super::scram::{
    BOUND_MECHANISM, ChannelBinding, ClientFirst, ITERATIONS, MECHANISM, StoredVerifier, Verifier,
};
use crate::error::{Error, Result, SqlState};

/// As long as PostgreSQL's, in bytes.
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 18;

/// What clients must show before they may ask anything.
#[derive(Debug)]
pub struct Authentication {
    /// `None` where every client is trusted.
    role: Option<Role>,
    /// `None` where nothing is encrypted.
    encryption: Option<Encryption>,
}

impl Authentication {
    /// Every client is who it says: only for a server that listens where only trusted clients are.
    pub fn trust() -> Self {
        Self {
            role: None,
            encryption: None,
        }
    }

    /// Clients connect as `user` and know the password, which is checked by SCRAM-SHA-256. The
    /// password itself is not kept.
    ///
    /// # Errors
    /// XX000 where the machine has no random numbers.
    pub fn password(user: &str, password: &str) -> Result<Self> {
        let mut key = [0; 32];
        fill_with_random(&mut key)?;
        let salts = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let verifier = Verifier::new(password, salt(&salts, user).as_ref());
        let role = Role {
            user: user.to_owned(),
            verifier,
            salts,
        };
        Ok(Self {
            role: Some(role),
            encryption: None,
        })
    }

    /// The same over TLS, which clients of other machines must ask for.
    #[must_use]
    pub fn encrypted(mut self, encryption: Encryption) -> Self {
        self.encryption = Some(encryption);
        self
    }

    /// What TLS is offered with.
    pub(super) fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }

    /// That a client's channel is safe enough: where there is a certificate, nothing goes to another
    /// machine in the clear.
    ///
    /// # Errors
    /// 28000 for a client of another machine that did not ask for TLS.
    pub(super) fn check_channel(&self, address: SocketAddr, is_encrypted: bool) -> Step<()> {
        if self.encryption.is_none() || is_encrypted || address.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        let message = "connections from other machines must be encrypted";
        let error = Error::new(SqlState::INVALID_AUTHORIZATION, message);
        Err(Failure::Fatal(error.with_hint(
            "Connect with sslmode=verify-full, or with sslmode=require.",
        )))
    }

    /// What a client over TLS may bind the exchange to.
    fn end_point(&self, is_encrypted: bool) -> Option<&[u8]> {
        let encryption = self.encryption.as_ref().filter(|_| is_encrypted)?;
        encryption.end_point()
    }

    /// Has a client prove that it is whom it claims to be, and tells it so.
    ///
    /// # Errors
    /// 28P01 for a wrong user or password, which are not told apart; 28000 for a channel that is not
    /// the one that the client sees; 08P01 for a broken exchange.
    pub(super) async fn check(
        &self,
        claim: Claim<'_>,
        limits: &Limits,
        reader: &mut FrameReader,
        writer: &mut FrameWriter,
    ) -> Step<()> {
        let Claim { user, address, .. } = claim;
        let end_point = self.end_point(claim.is_encrypted);
        if let Some(role) = &self.role
            && !role.exchange(claim, end_point, reader, writer).await?
        {
            tracing::warn!(%address, ?user, "password authentication failed");
            // Whoever guesses keeps one of the server's few sockets meanwhile, even if it leaves.
            tokio::time::sleep(limits.failed_login_delay).await;
            let message = format!("password authentication failed for user \"{user}\"");
            let error = Error::new(SqlState::INVALID_PASSWORD, message);
            return Err(Failure::Fatal(error));
        }
        writer.message(&AuthenticationMessage::Ok)
    }
}

/// Who a client says it is.
pub(super) struct Claim<'a> {
    pub(super) user: &'a str,
    /// The verifier that is stored of him, where he is not the one of the configuration.
    pub(super) stored: Option<String>,
    pub(super) address: SocketAddr,
    pub(super) is_encrypted: bool,
}

/// The role of the configuration, which may connect beside those that are stored.
struct Role {
    user: String,
    verifier: Verifier,
    /// Gives every user a salt, also those that do not exist, so that a client cannot tell.
    salts: hmac::Key,
}

impl Role {
    /// Whether the client is the role and knows its password.
    async fn exchange(
        &self,
        claim: Claim<'_>,
        end_point: Option<&[u8]>,
        reader: &mut FrameReader,
        writer: &mut FrameWriter,
    ) -> Step<bool> {
        let Claim { user, stored, .. } = claim;
        let stored = stored.filter(|_| user != self.user);
        let stored = stored.and_then(|text| StoredVerifier::parse(&text));
        // The strongest comes first.
        let mechanisms = end_point.map(|_| BOUND_MECHANISM).into_iter();
        let mechanisms = mechanisms.chain([MECHANISM]).map(str::to_owned).collect();
        writer.message(&AuthenticationMessage::SASL(mechanisms))?;
        writer.flush().await?;
        let (channel, first) = initial_response(reader.password_message().await?, end_point)?;
        let first = ClientFirst::decode(&first, channel)?;

        let mut nonce = [0; NONCE_BYTES];
        fill_with_random(&mut nonce)?;
        let (salt, iterations, verifier) = match &stored {
            Some(stored) => (stored.salt.clone(), stored.iterations, &stored.verifier),
            None => (salt(&self.salts, user).to_vec(), ITERATIONS, &self.verifier),
        };
        let challenge = first.challenge(&salt, iterations, &STANDARD.encode(nonce));
        let message = Bytes::copy_from_slice(challenge.message.as_bytes());
        writer.message(&AuthenticationMessage::SASLContinue(message))?;
        writer.flush().await?;

        let answer = reader.password_message().await?;
        let proven = challenge.verify(&answer, verifier)?;
        match proven.filter(|_| stored.is_some() || user == self.user) {
            Some(message) => {
                writer.message(&AuthenticationMessage::SASLFinal(message.into()))?;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The mechanism that the client chose of those that there are, and its first message.
fn initial_response(body: Bytes, end_point: Option<&[u8]>) -> Result<(ChannelBinding<'_>, Bytes)> {
    let mut body = BodyReader::new(body);
    let channel = match (body.string()?.as_str(), end_point) {
        (MECHANISM, None) => ChannelBinding::NotOffered,
        (MECHANISM, Some(_)) => ChannelBinding::NotChosen,
        (BOUND_MECHANISM, Some(hash)) => ChannelBinding::Chosen(hash),
        _ => {
            let message = "client selected an invalid SASL authentication mechanism";
            return Err(protocol_violation(message));
        }
    };
    let first = body
        .value()?
        .ok_or_else(|| protocol_violation("SASL authentication without a first message"))?;
    body.end()?;
    Ok((channel, first))
}

fn salt(salts: &hmac::Key, user: &str) -> [u8; SALT_BYTES] {
    let tag = hmac::sign(salts, user.as_bytes());
    let mut salt = [0; SALT_BYTES];
    for (to, from) in salt.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    salt
}

fn fill_with_random(bytes: &mut [u8]) -> Result<()> {
    rand::fill(bytes).map_err(|_| Error::internal("the machine gives no random numbers"))
}
