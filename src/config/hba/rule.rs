//! A line of `pg_hba.conf`: whom it is of, and what they must show.

use std::net::IpAddr;

use super::address::Addresses;
use super::fields::{addresses, connections, method_of, only, wrong};
use super::tokens::{Line, Token};
use crate::error::Result;

/// What connections a rule is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// Any.
    Host,
    /// Those over TLS.
    HostSsl,
    /// Those in the clear.
    HostNoSsl,
    /// Those that GSSAPI encrypts, of which there are none.
    HostGssEnc,
    /// Those that GSSAPI does not encrypt.
    HostNoGssEnc,
}

impl Connections {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::HostSsl => "hostssl",
            Self::HostNoSsl => "hostnossl",
            Self::HostGssEnc => "hostgssenc",
            Self::HostNoGssEnc => "hostnogssenc",
        }
    }

    fn include(self, is_encrypted: bool) -> bool {
        match self {
            Self::Host | Self::HostNoGssEnc => true,
            Self::HostSsl => is_encrypted,
            Self::HostNoSsl => !is_encrypted,
            Self::HostGssEnc => false,
        }
    }
}

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    Trust,
    /// It cannot.
    Reject,
    /// By the role's password.
    ScramSha256,
    /// By its certificate.
    Cert,
}

impl Method {
    /// Its name in a rule.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Reject => "reject",
            Self::ScramSha256 => "scram-sha-256",
            Self::Cert => "cert",
        }
    }
}

/// What certificate a client needs, whatever the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificate {
    /// None.
    Off,
    /// One of an authority that is trusted.
    VerifyCa,
    /// One that is the user's, too.
    VerifyFull,
}

/// What of a certificate names the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateName {
    /// The subject's common name.
    Common,
    /// The whole subject, as RFC 2253 writes it.
    Distinguished,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its line in the file.
    pub line: usize,
    pub(super) connections: Connections,
    pub(super) databases: Vec<Token>,
    pub(super) users: Vec<Token>,
    pub(super) addresses: Addresses,
    /// How clients prove who they are.
    pub method: Method,
    /// What certificate they need.
    pub clientcert: ClientCertificate,
    /// What of the certificate names the user.
    pub clientname: CertificateName,
    /// The map that says which roles a certificate's name may be.
    pub map: Option<String>,
}

/// Whom a client wants to be, and how it has come.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The role.
    pub user: &'a str,
    /// The database.
    pub database: &'a str,
    /// From where.
    pub address: IpAddr,
    /// Whether over TLS.
    pub is_encrypted: bool,
    /// Whether the role is a member of another one, through others too.
    pub is_member: &'a dyn Fn(&str) -> bool,
}

impl Rule {
    /// Reads a line.
    ///
    /// # Errors
    /// F0000, as PostgreSQL says it, and for what this server has not, with what it has.
    pub(super) fn parse(line: &Line) -> Result<Self> {
        let mut fields = line.fields.iter();
        let kind = fields.next().map(Vec::as_slice).unwrap_or_default();
        let connections = connections(only(
            kind,
            "multiple values specified for connection type",
            "Specify exactly one connection type per line.",
        )?)?;
        let databases = fields
            .next()
            .ok_or_else(|| wrong("end-of-line before database specification"))?;
        let users = fields
            .next()
            .ok_or_else(|| wrong("end-of-line before role specification"))?;
        let addresses = addresses(&mut fields)?;
        let method = fields
            .next()
            .ok_or_else(|| wrong("end-of-line before authentication method"))?;
        let method = method_of(only(
            method,
            "multiple values specified for authentication type",
            "Specify exactly one authentication type per line.",
        )?)?;
        if method == Method::Cert && connections != Connections::HostSsl {
            return Err(wrong(
                "cert authentication is only supported on hostssl connections",
            ));
        }
        let mut rule = Self {
            line: line.number,
            connections,
            databases: databases.clone(),
            users: users.clone(),
            addresses,
            method,
            clientcert: ClientCertificate::Off,
            clientname: CertificateName::Common,
            map: None,
        };
        for option in fields.flatten() {
            rule.set(&option.text)?;
        }
        if method == Method::Cert {
            rule.clientcert = ClientCertificate::VerifyFull;
        }
        Ok(rule)
    }

    /// Takes an option, `name=value`.
    fn set(&mut self, option: &str) -> Result<()> {
        let Some((name, value)) = option.split_once('=') else {
            let message = format!("authentication option not in name=value format: {option}");
            return Err(wrong(message));
        };
        let is_ssl = self.connections == Connections::HostSsl;
        let invalid = || wrong(format!("invalid value for {name}: \"{value}\""));
        match name {
            "map" if self.method == Method::Cert => self.map = Some(value.to_owned()),
            "map" => {
                let message =
                    "authentication option \"map\" is only valid for authentication method cert";
                return Err(wrong(message));
            }
            "clientcert" | "clientname" if !is_ssl => {
                let message = format!("{name} can only be configured for \"hostssl\" rows");
                return Err(wrong(message));
            }
            "clientcert" => {
                self.clientcert = match value {
                    "verify-full" => ClientCertificate::VerifyFull,
                    "verify-ca" if self.method == Method::Cert => {
                        return Err(wrong(
                            "clientcert can only be set to \"verify-full\" when using \"cert\" authentication",
                        ));
                    }
                    "verify-ca" => ClientCertificate::VerifyCa,
                    _ => return Err(invalid().with_hint("Write verify-ca or verify-full.")),
                }
            }
            "clientname" => {
                self.clientname = match value {
                    "CN" => CertificateName::Common,
                    "DN" => CertificateName::Distinguished,
                    _ => return Err(invalid().with_hint("Write CN or DN.")),
                }
            }
            _ => {
                let message = format!("unrecognized authentication option name: \"{name}\"");
                return Err(wrong(message).with_hint("There are clientcert, clientname and map."));
            }
        }
        Ok(())
    }

    /// Whether it is of a client.
    pub(super) fn is_of(&self, attempt: &Attempt<'_>) -> bool {
        self.connections.include(attempt.is_encrypted)
            && self.addresses.contain(attempt.address)
            && self
                .databases
                .iter()
                .any(|token| is_database(token, attempt))
            && self.users.iter().any(|token| is_user(token, attempt))
    }

    /// Whether it lets clients of other machines in who show nothing.
    pub fn trusts_others(&self) -> bool {
        self.method == Method::Trust
            && self.clientcert == ClientCertificate::Off
            && self.addresses.reach_others()
    }

    /// Why it never is of a client: what the server would need for that.
    pub fn obstacle(&self, has_certificate: bool) -> Option<&'static str> {
        match self.connections {
            Connections::HostSsl if !has_certificate => {
                Some("hostssl record cannot match because SSL is disabled")
            }
            Connections::HostGssEnc => {
                Some("hostgssenc record cannot match because GSSAPI is not supported by this build")
            }
            _ => None,
        }
    }

    /// Its options as `pg_hba_file_rules` has them.
    pub(super) fn options(&self) -> Vec<String> {
        let map = self.map.as_ref().map(|map| format!("map={map}"));
        let clientcert = match self.clientcert {
            ClientCertificate::Off => None,
            ClientCertificate::VerifyCa => Some("clientcert=verify-ca".to_owned()),
            ClientCertificate::VerifyFull => Some("clientcert=verify-full".to_owned()),
        };
        map.into_iter().chain(clientcert).collect()
    }
}

fn is_database(token: &Token, attempt: &Attempt<'_>) -> bool {
    if token.is_keyword("all") {
        true
    } else if token.is_keyword("sameuser") {
        attempt.database == attempt.user
    } else if token.is_keyword("samerole") || token.is_keyword("samegroup") {
        (attempt.is_member)(attempt.database)
    } else {
        // Of connections for replication there are none.
        !token.is_keyword("replication") && token.text == attempt.database
    }
}

fn is_user(token: &Token, attempt: &Attempt<'_>) -> bool {
    match token.text.strip_prefix('+') {
        Some(group) if !token.is_quoted => (attempt.is_member)(group),
        _ => token.is_keyword("all") || token.text == attempt.user,
    }
}
