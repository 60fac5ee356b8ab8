//! The fields of a rule, each read as PostgreSQL reads it.

use std::net::IpAddr;

use super::address::Addresses;
use super::rule::{Connections, Method};
use super::tokens::Token;
use crate::error::{Error, Result, SqlState};

/// The methods of PostgreSQL that this server has not.
const OTHER_METHODS: [&str; 10] = [
    "md5", "password", "peer", "ident", "gss", "sspi", "pam", "bsd", "ldap", "radius",
];

/// The type of a rule.
pub(super) fn connections(token: &Token) -> Result<Connections> {
    Ok(match token.text.as_str() {
        "host" => Connections::Host,
        "hostssl" => Connections::HostSsl,
        "hostnossl" => Connections::HostNoSsl,
        "hostgssenc" => Connections::HostGssEnc,
        "hostnogssenc" => Connections::HostNoGssEnc,
        "local" => {
            let message = "local connections are not supported by this server";
            return Err(wrong(message)
                .with_hint("It has no Unix-domain sockets: write host, hostssl or hostnossl."));
        }
        other => {
            let message = format!("invalid connection type \"{other}\"");
            return Err(wrong(message).with_hint("Write host, hostssl or hostnossl."));
        }
    })
}

/// The addresses of a rule, which may be two fields.
pub(super) fn addresses<'a>(
    fields: &mut impl Iterator<Item = &'a Vec<Token>>,
) -> Result<Addresses> {
    let field = fields
        .next()
        .ok_or_else(|| wrong("end-of-line before IP address specification"))?;
    let token = only(
        field,
        "multiple values specified for host address",
        "Specify one address range per line.",
    )?;
    if token.is_keyword("all") {
        return Ok(Addresses::All);
    }
    if token.is_keyword("samehost") {
        return Ok(Addresses::SameHost);
    }
    if token.is_keyword("samenet") {
        let message = "samenet is not supported by this server";
        return Err(wrong(message)
            .with_hint("Write the network as an address and its prefix, such as 192.168.1.0/24."));
    }
    let text = &token.text;
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text.as_str(), None),
    };
    let address: IpAddr = address.parse().map_err(|_| {
        let message = match prefix {
            Some(_) => format!("specifying both host name and CIDR mask is invalid: \"{text}\""),
            None => format!("host names are not supported as addresses: \"{text}\""),
        };
        wrong(message).with_hint(
            "Write an IP address with its prefix, such as 192.168.1.0/24 or fe80::/10, all or samehost.",
        )
    })?;
    match prefix {
        Some(prefix) => {
            let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
            let bits = prefix.parse().ok().filter(|_| is_number);
            bits.and_then(|bits| Addresses::prefixed(address, bits))
                .ok_or_else(|| wrong(format!("invalid CIDR mask in address \"{text}\"")))
        }
        None => {
            let hint = "Specify an address range in CIDR notation, or provide a separate netmask.";
            let field = fields
                .next()
                .ok_or_else(|| wrong("end-of-line before netmask specification").with_hint(hint))?;
            let mask = &only(field, "multiple values specified for netmask", hint)?.text;
            let mask: IpAddr = mask.parse().map_err(|_| {
                wrong(format!(
                    "invalid IP mask \"{mask}\": Name or service not known"
                ))
                .with_hint(hint)
            })?;
            match mask.is_ipv4() == address.is_ipv4() {
                true => Ok(Addresses::Range { address, mask }),
                false => Err(wrong("IP address and mask do not match")),
            }
        }
    }
}

/// The method of a rule.
pub(super) fn method_of(token: &Token) -> Result<Method> {
    let methods = [
        Method::Trust,
        Method::Reject,
        Method::ScramSha256,
        Method::Cert,
    ];
    let text = token.text.as_str();
    let found = methods.into_iter().find(|method| method.name() == text);
    found.ok_or_else(|| {
        let why = match OTHER_METHODS.contains(&text) {
            true => ": not supported by this server",
            false => "",
        };
        wrong(format!("invalid authentication method \"{text}\"{why}"))
            .with_hint("Write scram-sha-256, cert, trust or reject.")
    })
}

/// The one token of a field.
pub(super) fn only<'a>(field: &'a [Token], message: &str, hint: &str) -> Result<&'a Token> {
    match field {
        [token] => Ok(token),
        _ => Err(wrong(message).with_hint(hint)),
    }
}

/// An error of a line.
pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(SqlState::CONFIG_FILE_ERROR, message)
}
