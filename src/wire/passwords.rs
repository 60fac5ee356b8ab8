//! Passwords, checked by SCRAM-SHA-256: of the first role, and of those that are stored.

use aws_lc_rs::{digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pgwire::messages::startup::Authentication as AuthenticationMessage;

use super::authentication::Claim;
use super::failure::{Step, protocol_violation};
use super::frame::{FrameReader, FrameWriter};
use super::reader::BodyReader;
use super::scram::{
    BOUND_MECHANISM, ChannelBinding, ClientFirst, ITERATIONS, MECHANISM, StoredVerifier, Verifier,
};
use crate::error::{Error, Result};

/// As long as PostgreSQL's, in bytes.
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 18;

/// The passwords that are known otherwise than by the catalog.
pub(super) struct Passwords {
    /// The role of the configuration, which may connect beside those that are stored.
    first: Option<First>,
    /// What proofs of users are held against that have no password: nobody knows its own.
    nobody: Verifier,
    /// Gives every user a salt, also those that do not exist, so that a client cannot tell.
    salts: hmac::Key,
}

struct First {
    user: String,
    salt: [u8; SALT_BYTES],
    verifier: Verifier,
}

impl Passwords {
    /// None.
    ///
    /// # Errors
    /// XX000 where the machine has no random numbers.
    pub(super) fn new() -> Result<Self> {
        Self::salted(&random()?)
    }

    /// None, with a secret that salts are made of.
    ///
    /// # Errors
    /// XX000 where the machine has no random numbers.
    pub(super) fn salted(secret: &[u8]) -> Result<Self> {
        Ok(Self {
            first: None,
            nobody: Verifier::unknown(random()?, random()?),
            salts: hmac::Key::new(hmac::HMAC_SHA256, secret),
        })
    }

    /// The password of the first role.
    pub(super) fn add_first(&mut self, user: &str, password: &str) {
        let salt = self.salt_of(user);
        self.first = Some(First {
            user: user.to_owned(),
            salt,
            verifier: Verifier::new(password, &salt),
        });
    }

    /// Whether the first role has a password.
    pub(super) fn has_first(&self) -> bool {
        self.first.is_some()
    }

    /// Whether the client is who it says and knows the password. Who is nobody, or has no password, is
    /// led through the same exchange.
    ///
    /// # Errors
    /// 08P01 for a broken exchange; 28000 for a channel that is not the one that the client sees.
    pub(super) async fn exchange(
        &self,
        claim: &Claim<'_>,
        reader: &mut FrameReader,
        writer: &mut FrameWriter,
    ) -> Step<bool> {
        let Claim { user, stored, .. } = claim;
        let first = self.first.as_ref().filter(|first| first.user == *user);
        let stored = stored.as_deref().filter(|_| first.is_none());
        let stored = stored.and_then(StoredVerifier::parse);
        let end_point = claim.encrypted.and_then(|it| it.end_point.as_deref());
        // The strongest comes first.
        let mechanisms = end_point.map(|_| BOUND_MECHANISM).into_iter();
        let mechanisms = mechanisms.chain([MECHANISM]).map(str::to_owned).collect();
        writer.message(&AuthenticationMessage::SASL(mechanisms))?;
        writer.flush().await?;
        let (channel, message) = initial_response(reader.password_message().await?, end_point)?;
        let message = ClientFirst::decode(&message, channel)?;

        let mut nonce = [0; NONCE_BYTES];
        fill_with_random(&mut nonce)?;
        let of_user;
        let (salt, iterations, verifier): (&[u8], _, _) = match (first, &stored) {
            (Some(first), _) => (&first.salt, ITERATIONS, &first.verifier),
            (None, Some(stored)) => (&stored.salt, stored.iterations, &stored.verifier),
            (None, None) => {
                of_user = self.salt_of(user);
                (&of_user, ITERATIONS, &self.nobody)
            }
        };
        let challenge = message.challenge(salt, iterations, &STANDARD.encode(nonce));
        let message = Bytes::copy_from_slice(challenge.message.as_bytes());
        writer.message(&AuthenticationMessage::SASLContinue(message))?;
        writer.flush().await?;

        let answer = reader.password_message().await?;
        let proven = challenge.verify(&answer, verifier)?;
        match proven.filter(|_| first.is_some() || stored.is_some()) {
            Some(message) => {
                writer.message(&AuthenticationMessage::SASLFinal(message.into()))?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn salt_of(&self, user: &str) -> [u8; SALT_BYTES] {
        let tag = hmac::sign(&self.salts, user.as_bytes());
        let mut salt = [0; SALT_BYTES];
        for (to, from) in salt.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        salt
    }
}

fn random() -> Result<[u8; digest::SHA256_OUTPUT_LEN]> {
    let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
    fill_with_random(&mut bytes)?;
    Ok(bytes)
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

fn fill_with_random(bytes: &mut [u8]) -> Result<()> {
    rand::fill(bytes).map_err(|_| Error::internal("the machine gives no random numbers"))
}
