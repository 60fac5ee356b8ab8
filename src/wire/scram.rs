//! SCRAM-SHA-256, the server's side: the messages and keys of RFC 5802 with the hash of RFC 7677.
//!
//! Nothing here waits or sends: [`ClientFirst`] becomes a [`Challenge`], and the client's answer to
//! that is right or wrong. The name within the client's first message is ignored, as in PostgreSQL:
//! the role is the one of the startup message. Over TLS the exchange may be bound to the server's
//! certificate (RFC 5929, `tls-server-end-point`), so that nobody in between can pass it on.

use std::num::NonZeroU32;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::failure::protocol_violation;
use super::reader::utf8;
use crate::error::{Error, Result, SqlState};

/// The mechanism's name in the SASL messages.
pub(super) const MECHANISM: &str = "SCRAM-SHA-256";
/// Its name where the exchange is bound to the server's certificate.
pub(super) const BOUND_MECHANISM: &str = "SCRAM-SHA-256-PLUS";
/// How the channel is known: by the hash of the server's certificate.
const END_POINT: &str = "tls-server-end-point";
/// What a first message begins with that is bound so.
const BOUND_HEADER: &str = "p=tls-server-end-point,,";
/// The least that RFC 7677 asks for, and what PostgreSQL takes.
pub(super) const ITERATIONS: NonZeroU32 = match NonZeroU32::new(4096) {
    Some(iterations) => iterations,
    None => NonZeroU32::MIN,
};

/// As long as PostgreSQL's, in bytes.
const SALT_BYTES: usize = 16;

type Key = [u8; digest::SHA256_OUTPUT_LEN];

/// What is kept of a password: enough to check a proof, too little to make one.
pub(super) struct Verifier {
    stored_key: Key,
    server_key: Key,
}

impl Verifier {
    /// Derives the keys. A password that SASLprep (RFC 4013) refuses is taken as it is, as clients do.
    pub(super) fn new(password: &str, salt: &[u8]) -> Self {
        let prepared = stringprep::saslprep(password).unwrap_or(password.into());
        let mut salted = Key::default();
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            ITERATIONS,
            salt,
            prepared.as_bytes(),
            &mut salted,
        );
        Self {
            stored_key: sha256(&sign(&salted, b"Client Key")),
            server_key: sign(&salted, b"Server Key"),
        }
    }

    /// One that no password is known of.
    pub(super) fn unknown(stored_key: Key, server_key: Key) -> Self {
        Self {
            stored_key,
            server_key,
        }
    }

    /// Whether who made the proof knows the password.
    fn accepts(&self, auth_message: &str, proof: &Key) -> bool {
        let mut client_key = sign(&self.stored_key, auth_message.as_bytes());
        for (key, proof) in client_key.iter_mut().zip(proof) {
            *key ^= proof;
        }
        verify_slices_are_equal(&sha256(&client_key), &self.stored_key).is_ok()
    }
}

/// A verifier that is kept, and what the client must know to prove that it knows its password.
pub(super) struct StoredVerifier {
    pub(super) salt: Vec<u8>,
    pub(super) iterations: NonZeroU32,
    pub(super) verifier: Verifier,
}

impl StoredVerifier {
    /// Reads `SCRAM-SHA-256$iterations:salt$stored key:server key`, as PostgreSQL writes it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(MECHANISM)?.strip_prefix('$')?;
        let (iterations, rest) = rest.split_once(':')?;
        let (salt, keys) = rest.split_once('$')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        let key = |text: &str| Key::try_from(STANDARD.decode(text).ok()?).ok();
        Some(Self {
            salt: STANDARD.decode(salt).ok()?,
            iterations: iterations.parse().ok()?,
            verifier: Verifier {
                stored_key: key(stored_key)?,
                server_key: key(server_key)?,
            },
        })
    }
}

/// The verifier of a password as PostgreSQL writes it, or the password itself where it is one; none of
/// the empty password, which anybody would guess.
///
/// # Errors
/// 0A000 for a hash of MD5, XX000 where the machine has no random numbers.
pub fn verifier_of(password: &str) -> Result<Option<String>> {
    if password.is_empty() {
        return Ok(None);
    }
    if let Some(stored) = StoredVerifier::parse(password) {
        let is_empty = stored.iterations == ITERATIONS
            && Verifier::new("", &stored.salt).stored_key == stored.verifier.stored_key;
        return Ok((!is_empty).then(|| password.to_owned()));
    }
    let is_md5 = password.strip_prefix("md5").is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if is_md5 {
        return Err(Error::unsupported("a password hashed by MD5")
            .with_hint("Give the password itself, or a SCRAM-SHA-256 verifier."));
    }
    let mut salt = [0; SALT_BYTES];
    rand::fill(&mut salt).map_err(|_| Error::internal("the machine gives no random numbers"))?;
    let verifier = Verifier::new(password, &salt);
    Ok(Some(format!(
        "{MECHANISM}${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(verifier.stored_key),
        STANDARD.encode(verifier.server_key)
    )))
}

/// What the server offers of channel binding, and what the client chose.
#[derive(Clone, Copy)]
pub(super) enum ChannelBinding<'a> {
    /// The channel is not encrypted, or its certificate has no hash that is agreed on.
    NotOffered,
    /// It was offered, and the client chose the mechanism without it.
    NotChosen,
    /// The client chose it; the hash of the server's certificate.
    Chosen(&'a [u8]),
}

/// The client's first message.
pub(super) struct ClientFirst {
    /// What the final message must repeat: the header, and what the channel is known by.
    binding: Vec<u8>,
    is_bound: bool,
    /// The message after the header.
    bare: String,
    nonce: String,
}

impl ClientFirst {
    /// Reads `n,,n=user,r=nonce`.
    ///
    /// # Errors
    /// 08P01 for what is no such message, or says something else of channel binding than the
    /// mechanism that was chosen; 28000 for a client that could bind the channel and was kept from
    /// knowing that the server can; 0A000 for what it may ask but nobody here has.
    pub(super) fn decode(message: &[u8], channel: ChannelBinding<'_>) -> Result<Self> {
        let message = utf8(message)?;
        let no_header = || malformed("the first message has no header");
        let (start, rest) = message.split_at_checked(2).ok_or_else(no_header)?;
        let (header, bare) = match start {
            "n," | "y," if rest.starts_with("a=") => {
                return Err(Error::unsupported("a SASL authorization identity"));
            }
            "n," | "y," => {
                let bare = rest.strip_prefix(',').ok_or_else(no_header)?;
                (check_unbound(start, channel)?, bare)
            }
            "p=" => (BOUND_HEADER, check_bound(rest, channel)?),
            _ => return Err(no_header()),
        };
        if bare.starts_with("m=") {
            return Err(Error::unsupported("a mandatory SCRAM extension"));
        }
        let mut attributes = bare.split(',');
        if !attributes.next().is_some_and(|name| name.starts_with("n=")) {
            return Err(malformed("the first message has no user name"));
        }
        let nonce = attributes
            .next()
            .and_then(|nonce| nonce.strip_prefix("r="))
            .filter(|nonce| !nonce.is_empty() && nonce.bytes().all(|byte| byte.is_ascii_graphic()))
            .ok_or_else(|| malformed("the first message has no nonce"))?;
        let certificate = match channel {
            ChannelBinding::Chosen(hash) => hash,
            ChannelBinding::NotOffered | ChannelBinding::NotChosen => &[],
        };
        Ok(Self {
            binding: [header.as_bytes(), certificate].concat(),
            is_bound: matches!(channel, ChannelBinding::Chosen(_)),
            bare: bare.to_owned(),
            nonce: nonce.to_owned(),
        })
    }

    /// Answers it. `nonce` must never have been used before.
    pub(super) fn challenge(self, salt: &[u8], iterations: NonZeroU32, nonce: &str) -> Challenge {
        let nonce = format!("{}{nonce}", self.nonce);
        let message = format!("r={nonce},s={},i={iterations}", STANDARD.encode(salt));
        Challenge {
            binding: STANDARD.encode(self.binding),
            is_bound: self.is_bound,
            client_first: self.bare,
            nonce,
            message,
        }
    }
}

/// The header of a message that binds no channel.
fn check_unbound(start: &str, channel: ChannelBinding<'_>) -> Result<&'static str> {
    match (start, channel) {
        (_, ChannelBinding::Chosen(_)) => Err(malformed(
            "the client chose SCRAM-SHA-256-PLUS, but its message binds no channel",
        )),
        // Somebody in between took the offer away.
        ("y,", ChannelBinding::NotChosen) => {
            let message = "SCRAM channel binding negotiation error";
            Err(
                Error::new(SqlState::INVALID_AUTHORIZATION, message).with_detail(
                    "The client supports SCRAM channel binding but thinks the server does not. \
                     However, this server does support channel binding.",
                ),
            )
        }
        ("y,", _) => Ok("y,,"),
        _ => Ok("n,,"),
    }
}

/// The message behind the header of one that binds its channel, which says first how.
fn check_bound<'a>(message: &'a str, channel: ChannelBinding<'_>) -> Result<&'a str> {
    if !matches!(channel, ChannelBinding::Chosen(_)) {
        return Err(malformed(
            "the client chose SCRAM-SHA-256, but its message binds the channel",
        ));
    }
    let (kind, rest) = message.split_once(',').unwrap_or((message, ""));
    if kind != END_POINT {
        return Err(protocol_violation(format!(
            "unsupported SCRAM channel-binding type \"{kind}\""
        )));
    }
    match rest.strip_prefix(',') {
        Some(bare) => Ok(bare),
        None if rest.starts_with("a=") => Err(Error::unsupported("a SASL authorization identity")),
        None => Err(malformed("the first message has no header")),
    }
}

/// The server's first message, and what led to it.
pub(super) struct Challenge {
    /// What the client must repeat, in Base64.
    binding: String,
    is_bound: bool,
    client_first: String,
    nonce: String,
    /// The message.
    pub(super) message: String,
}

impl Challenge {
    /// Checks the client's final message, `c=biws,r=nonce,p=proof`. Gives the server's final
    /// message, by which the client knows the server, or `None` where the proof is wrong.
    ///
    /// # Errors
    /// 08P01 for what is no such message, or is one of another exchange; 28000 where the client sees
    /// another certificate than the server's.
    pub(super) fn verify(&self, message: &[u8], verifier: &Verifier) -> Result<Option<String>> {
        let message = utf8(message)?;
        let (without_proof, proof) = message
            .rsplit_once(",p=")
            .ok_or_else(|| malformed("the final message has no proof"))?;
        let mut attributes = without_proof.split(',');
        let binding = attributes
            .next()
            .and_then(|binding| binding.strip_prefix("c="));
        let binding = binding.ok_or_else(|| malformed("there is no channel binding"))?;
        if verify_slices_are_equal(binding.as_bytes(), self.binding.as_bytes()).is_err() {
            return Err(match self.is_bound {
                true => Error::new(
                    SqlState::INVALID_AUTHORIZATION,
                    "SCRAM channel binding check failed",
                ),
                false => malformed("the channel binding is not that of the start"),
            });
        }
        let nonce = attributes.next().and_then(|nonce| nonce.strip_prefix("r="));
        if nonce != Some(self.nonce.as_str()) {
            return Err(malformed("the nonce does not match"));
        }
        let proof = STANDARD
            .decode(proof)
            .ok()
            .and_then(|proof| Key::try_from(proof).ok())
            .ok_or_else(|| malformed("the proof has not the right form"))?;
        let auth_message = format!("{},{},{without_proof}", self.client_first, self.message);
        let signature = sign(&verifier.server_key, auth_message.as_bytes());
        Ok(verifier
            .accepts(&auth_message, &proof)
            .then(|| format!("v={}", STANDARD.encode(signature))))
    }
}

fn malformed(detail: &str) -> Error {
    protocol_violation(format!("malformed SCRAM message: {detail}"))
}

fn sign(key: &[u8], message: &[u8]) -> Key {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    first_bytes(tag.as_ref())
}

fn sha256(bytes: &[u8]) -> Key {
    first_bytes(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// The whole of a SHA-256, whose type does not tell its length.
fn first_bytes(bytes: &[u8]) -> Key {
    let mut key = Key::default();
    for (to, from) in key.iter_mut().zip(bytes) {
        *to = *from;
    }
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of RFC 7677, section 3.
    const CLIENT_FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";
    const SERVER_FIRST: &str =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn challenge() -> Challenge {
        let salt = STANDARD.decode(SALT).unwrap();
        let first = ClientFirst::decode(CLIENT_FIRST.as_bytes(), ChannelBinding::NotOffered);
        let first = first.unwrap();
        first.challenge(&salt, ITERATIONS, SERVER_NONCE)
    }

    fn verifier(password: &str) -> Verifier {
        Verifier::new(password, &STANDARD.decode(SALT).unwrap())
    }

    #[test]
    fn the_example_of_the_standard_is_followed() {
        let challenge = challenge();
        assert_eq!(challenge.message, SERVER_FIRST);
        let answer = challenge.verify(CLIENT_FINAL.as_bytes(), &verifier("pencil"));
        assert_eq!(answer.unwrap().as_deref(), Some(SERVER_FINAL));
    }

    #[test]
    fn a_verifier_that_is_kept_is_that_of_its_password() {
        let text = verifier_of("pencil").unwrap().unwrap();
        let again = verifier_of(&text).unwrap();
        assert_eq!(again.as_ref(), Some(&text), "a verifier is kept as it is");
        let stored = StoredVerifier::parse(&text).unwrap();
        let again = Verifier::new("pencil", &stored.salt);
        assert_eq!(again.stored_key, stored.verifier.stored_key);
        assert_eq!(again.server_key, stored.verifier.server_key);
        assert!(StoredVerifier::parse("SCRAM-SHA-256$4096:c2FsdA==$a:b").is_none());
        assert!(verifier_of("md5c3ab8ff13720e8ad9047dd39466b3c89").is_err());
        assert_eq!(verifier_of("").unwrap(), None);
        let empty = "SCRAM-SHA-256$4096:hpFyHTUsSWcR7O9P$LgZFIt6Oqdo27ZFKbZ2nV+vtnYM995pDh9ca6WSi120=:qVV5NeluNfUPkwm7Vqat25RjSPLkGeoZBQs6wVv+um4=";
        assert_eq!(verifier_of(empty).unwrap(), None);
    }

    #[test]
    fn another_password_is_not_accepted() {
        let answer = challenge().verify(CLIENT_FINAL.as_bytes(), &verifier("pencils"));
        assert_eq!(answer.unwrap(), None);
    }

    #[test]
    fn passwords_are_prepared_as_clients_do() {
        let composed = verifier("caf\u{e9} \u{2168}");
        let decomposed = verifier("cafe\u{301}\u{a0}IX");
        assert_eq!(composed.stored_key, decomposed.stored_key);
        // Not allowed by SASLprep, thus taken as it is.
        verifier("bell\u{7}");
    }

    #[test]
    fn messages_that_are_not_of_the_exchange_are_refused() {
        for (message, sqlstate) in [
            ("", "08P01"),
            ("n,,", "08P01"),
            ("n,,n=user", "08P01"),
            ("n,,n=user,r=", "08P01"),
            ("n,,n=user,r=with space", "08P01"),
            ("n,,r=nonce", "08P01"),
            ("p=tls-server-end-point,,n=user,r=nonce", "08P01"),
            ("n,a=other,n=user,r=nonce", "0A000"),
            ("n,,m=must,n=user,r=nonce", "0A000"),
        ] {
            let first = ClientFirst::decode(message.as_bytes(), ChannelBinding::NotOffered);
            let error = first.err().unwrap();
            assert_eq!(error.sqlstate().0, sqlstate, "{message}");
        }
        let (before, proof) = CLIENT_FINAL.split_once(",p=").unwrap();
        for message in [
            String::new(),
            before.to_owned(),
            format!("{before},p="),
            format!("{before},p=AAAA"),
            format!("{before},p=AAAA{proof}"),
            format!("{before},p=!{proof}"),
            CLIENT_FINAL.replace("c=biws", "c=eSws"),
            CLIENT_FINAL.replace("r=rO", "r=RO"),
        ] {
            let error = challenge()
                .verify(message.as_bytes(), &verifier("pencil"))
                .unwrap_err();
            assert_eq!(error.sqlstate().0, "08P01", "{message}");
        }
    }

    /// A first message of a client whose channel is encrypted, as it chose the mechanism.
    fn bound(message: &str, channel: ChannelBinding<'_>) -> Result<ClientFirst> {
        ClientFirst::decode(message.as_bytes(), channel)
    }

    #[test]
    fn a_bound_exchange_is_of_the_certificate_that_the_client_sees() {
        let chosen = ChannelBinding::Chosen(b"hash");
        let message = "p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO";
        let answer = |certificate: &[u8]| {
            let first = bound(message, chosen).unwrap();
            let challenge = first.challenge(b"salt", ITERATIONS, SERVER_NONCE);
            let seen = STANDARD.encode([BOUND_HEADER.as_bytes(), certificate].concat());
            let proof = STANDARD.encode(Key::default());
            let last = format!("c={seen},r={},p={proof}", challenge.nonce);
            challenge.verify(last.as_bytes(), &verifier("pencil"))
        };
        assert_eq!(answer(b"hash").unwrap(), None, "a wrong proof");
        let error = answer(b"other").unwrap_err();
        assert_eq!(error.sqlstate().0, "28000");
    }

    #[test]
    fn what_is_said_of_the_channel_must_fit_the_mechanism() {
        let chosen = ChannelBinding::Chosen(b"hash");
        for (message, channel, sqlstate) in [
            ("n,,n=user,r=nonce", chosen, "08P01"),
            ("y,,n=user,r=nonce", chosen, "08P01"),
            ("p=tls-unique,,n=user,r=nonce", chosen, "08P01"),
            ("p=tls-server-end-point", chosen, "08P01"),
            ("p=tls-server-end-point,a=x,n=user,r=nonce", chosen, "0A000"),
            ("y,,n=user,r=nonce", ChannelBinding::NotChosen, "28000"),
            (
                "p=tls-server-end-point,,n=user,r=nonce",
                ChannelBinding::NotChosen,
                "08P01",
            ),
        ] {
            let error = bound(message, channel).err().unwrap();
            assert_eq!(error.sqlstate().0, sqlstate, "{message}");
        }
        assert!(bound("y,,n=user,r=nonce", ChannelBinding::NotOffered).is_ok());
        assert!(bound("n,,n=user,r=nonce", ChannelBinding::NotChosen).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_error_or_a_wrong_proof(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            for channel in [ChannelBinding::NotOffered, ChannelBinding::NotChosen, ChannelBinding::Chosen(b"hash")] {
                if let Ok(first) = ClientFirst::decode(&bytes, channel) {
                    first.challenge(b"salt", ITERATIONS, SERVER_NONCE);
                }
            }
            let stored = Verifier { stored_key: Key::default(), server_key: Key::default() };
            prop_assert!(!matches!(challenge().verify(&bytes, &stored), Ok(Some(_))));
        }
    }
}
