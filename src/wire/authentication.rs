//! How clients prove who they are.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use parking_lot::RwLock;
use pgwire::messages::startup::Authentication as AuthenticationMessage;

use super::Limits;
use super::encryption::{ClientCertificate, Encrypted};
use super::failed_logins::FailedLogins;
use super::failure::{Failure, Step};
use super::frame::{FrameReader, FrameWriter};
use super::passwords::Passwords;
use super::server_certificate::Encryption;
use crate::config::hba::{self, CertificateName, Method, Rule, Rules};
use crate::error::{Error, Result, SqlState};

/// What clients must show before they may ask anything.
pub struct Authentication {
    passwords: Passwords,
    failed: FailedLogins,
    /// What may be another one later, for those who connect then.
    current: RwLock<Arc<Current>>,
}

/// The rules that hold, and what TLS is offered with.
#[derive(Default)]
pub(super) struct Current {
    /// Without rules, all must know their password where the first role has one.
    rules: Option<Rules>,
    /// `None` where nothing is encrypted.
    pub(super) encryption: Option<Encryption>,
}

impl Authentication {
    /// Every client is who it says: only for a server that listens where only trusted clients are.
    ///
    /// # Errors
    /// XX000 where the machine has no random numbers.
    pub fn trust() -> Result<Self> {
        Ok(Self::over(Passwords::new()?))
    }

    /// The same with a secret that salts are made of: so those of names that are nobody's are what they
    /// were before a restart, as those of roles are.
    ///
    /// # Errors
    /// XX000 where the machine has no random numbers.
    pub fn salted(secret: &[u8]) -> Result<Self> {
        Ok(Self::over(Passwords::salted(secret)?))
    }

    fn over(passwords: Passwords) -> Self {
        Self {
            passwords,
            failed: FailedLogins::default(),
            current: RwLock::default(),
        }
    }

    /// The same where clients connect as `user` and know the password, which is checked by
    /// SCRAM-SHA-256. The password itself is not kept.
    #[must_use]
    pub fn with_password(mut self, user: &str, password: &str) -> Self {
        self.passwords.add_first(user, password);
        self
    }

    /// Has these rules hold, and this certificate be the server's, for those who connect from now on.
    /// With a certificate and no rules, clients of other machines must ask for TLS.
    pub fn renew(&self, rules: Option<Rules>, encryption: Option<Encryption>) {
        *self.current.write() = Arc::new(Current { rules, encryption });
    }

    /// What holds for a client that connects now.
    pub(super) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read())
    }

    /// Has a client prove that it is whom it claims to be, and tells it so.
    ///
    /// # Errors
    /// 28P01 for a wrong user or password, which are not told apart; 28000 for who may not connect so,
    /// and for a channel that is not the one that the client sees; 08P01 for a broken exchange.
    pub(super) async fn check(
        &self,
        current: &Current,
        claim: &Claim<'_>,
        limits: &Limits,
        reader: &mut FrameReader,
        writer: &mut FrameWriter,
    ) -> Step<()> {
        let rule = match &current.rules {
            Some(rules) => Some((claim.rule(rules)?, rules)),
            None => {
                claim.check_channel(current)?;
                None
            }
        };
        let method = match rule {
            Some((rule, _)) => rule.method,
            None if self.passwords.has_first() => Method::ScramSha256,
            None => Method::Trust,
        };
        let is_proven = match method {
            Method::ScramSha256 => self.passwords.exchange(claim, reader, writer).await?,
            Method::Trust | Method::Cert | Method::Reject => true,
        };
        let is_named = match rule {
            Some((rule, rules)) => claim.is_named(rule, rules),
            None => true,
        };
        if is_proven && is_named {
            self.failed.forget(claim.ip(), claim.user);
            return writer.message(&AuthenticationMessage::Ok);
        }
        let (what, sqlstate) = match method {
            Method::ScramSha256 => ("password", SqlState::INVALID_PASSWORD),
            Method::Cert => ("certificate", SqlState::INVALID_AUTHORIZATION),
            Method::Trust | Method::Reject => ("\"trust\"", SqlState::INVALID_AUTHORIZATION),
        };
        let Claim { user, address, .. } = claim;
        let line = rule.map(|(rule, _)| rule.line);
        tracing::warn!(%address, ?user, ?line, "{what} authentication failed");
        if method == Method::ScramSha256 {
            // Whoever guesses keeps one of the server's few sockets meanwhile, even if it leaves.
            let first = limits.failed_login_delay;
            let wait = self.failed.note(claim.ip(), user, first);
            tokio::time::sleep(wait.min(limits.startup_timeout / 2)).await;
        }
        let message = format!("{what} authentication failed for user \"{user}\"");
        Err(Failure::Fatal(Error::new(sqlstate, message)))
    }
}

/// Who a client says it is.
pub(super) struct Claim<'a> {
    pub(super) user: &'a str,
    pub(super) database: &'a str,
    /// The verifier that is stored of him, where he is not the one of the configuration.
    pub(super) stored: Option<String>,
    pub(super) address: SocketAddr,
    /// What is known of its connection, if it is over TLS.
    pub(super) encrypted: Option<&'a Encrypted>,
    /// Whether the user is a member of a role.
    pub(super) is_member: &'a (dyn Fn(&str) -> bool + Sync),
}

impl Claim<'_> {
    fn ip(&self) -> IpAddr {
        self.address.ip().to_canonical()
    }

    /// That the channel is safe enough where there are no rules: where there is a certificate, nothing
    /// goes to another machine in the clear.
    ///
    /// # Errors
    /// 28000 for a client of another machine that did not ask for TLS.
    fn check_channel(&self, current: &Current) -> Step<()> {
        if current.encryption.is_none() || self.encrypted.is_some() || self.ip().is_loopback() {
            return Ok(());
        }
        let message = "connections from other machines must be encrypted";
        let error = Error::new(SqlState::INVALID_AUTHORIZATION, message);
        Err(Failure::Fatal(error.with_hint(
            "Connect with sslmode=verify-full, or with sslmode=require.",
        )))
    }

    /// The rule that says how the client may prove who it is.
    ///
    /// # Errors
    /// 28000 where there is none, or it lets nobody in, or not without a certificate; F0000 where it
    /// wants a certificate and clients are asked for none.
    fn rule<'r>(&self, rules: &'r Rules) -> Step<&'r Rule> {
        let rule = rules.find(&hba::Attempt {
            user: self.user,
            database: self.database,
            address: self.ip(),
            is_encrypted: self.encrypted.is_some(),
            is_member: self.is_member,
        });
        let Some(rule) = rule else {
            return Err(self.refused("no pg_hba.conf entry for", None));
        };
        if rule.clientcert != hba::ClientCertificate::Off {
            let encrypted = self.encrypted;
            if !encrypted.is_some_and(|encrypted| encrypted.asks_clients) {
                let message = "client certificates can only be checked if a root certificate store is available";
                tracing::warn!(line = rule.line, "{message}: set ssl_ca_file");
                return Err(fatal(SqlState::CONFIG_FILE_ERROR, message));
            }
            if encrypted.is_none_or(|encrypted| encrypted.certificate.is_none()) {
                let message = "connection requires a valid client certificate";
                return Err(fatal(SqlState::INVALID_AUTHORIZATION, message));
            }
        }
        match rule.method {
            Method::Reject => Err(self.refused("pg_hba.conf rejects connection for", Some(rule))),
            _ => Ok(rule),
        }
    }

    fn refused(&self, what: &str, rule: Option<&Rule>) -> Failure {
        let encryption = match self.encrypted {
            Some(_) => "SSL encryption",
            None => "no encryption",
        };
        let (host, user, database) = (self.ip(), self.user, self.database);
        let line = rule.map(|rule| rule.line);
        tracing::warn!(%host, ?user, ?database, ?line, "refused a connection: {what} it");
        let message = format!(
            "{what} host \"{host}\", user \"{user}\", database \"{database}\", {encryption}"
        );
        fatal(SqlState::INVALID_AUTHORIZATION, message)
    }

    /// Whether the client's certificate names the user, where the rule wants that.
    fn is_named(&self, rule: &Rule, rules: &Rules) -> bool {
        if rule.clientcert != hba::ClientCertificate::VerifyFull {
            return true;
        }
        let certificate = self.encrypted.and_then(|it| it.certificate.as_ref());
        let Some(ClientCertificate(Some(names))) = certificate else {
            return false;
        };
        let name = match rule.clientname {
            CertificateName::Common => names.common_name.as_deref(),
            CertificateName::Distinguished => Some(names.distinguished_name.as_str()),
        };
        let is_named =
            name.is_some_and(|name| rules.maps.allow(rule.map.as_deref(), name, self.user));
        if !is_named {
            let (user, subject) = (self.user, &names.distinguished_name);
            tracing::warn!(?user, ?subject, "a certificate is of somebody else");
        }
        is_named
    }
}

fn fatal(sqlstate: SqlState, message: impl Into<String>) -> Failure {
    Failure::Fatal(Error::new(sqlstate, message))
}
