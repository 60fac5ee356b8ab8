//! What the certificate says of a client that has shown one.
//!
//! Its chain, its time and whether it was revoked are checked in the handshake; here its names are
//! read, as OpenSSL writes them, so that a map of PostgreSQL's finds the same ones.

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_certificate::X509Certificate;
use x509_certificate::rfc3280::{AttributeTypeAndValue, Name};

/// The kinds of parts of names that have a short name in OpenSSL.
const SHORT_NAMES: [(&str, &str); 20] = [
    ("2.5.4.3", COMMON_NAME),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.46", "dnQualifier"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.2.840.113549.1.9.2", "unstructuredName"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];
const COMMON_NAME: &str = "CN";

/// A client's certificate, which is good.
#[derive(Debug)]
pub(super) struct PeerCertificate {
    /// The first common name of its subject.
    pub(super) common_name: Option<String>,
    /// Its subject as RFC 2253 writes it, the last part first.
    pub(super) distinguished_name: String,
    /// Its subject with slashes, as `pg_stat_ssl` has it.
    pub(super) subject: String,
    /// Its issuer with slashes.
    pub(super) issuer: String,
    /// Its number, in decimal.
    pub(super) serial: String,
}

impl PeerCertificate {
    /// Reads a certificate; none where its names cannot be read.
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let parsed = X509Certificate::from_der(certificate).ok()?;
        let subject = parsed.subject_name();
        let mut names = subject
            .iter_attributes()
            .filter(|part| kind(part) == COMMON_NAME);
        let common_name = names.next().and_then(|part| part.to_string().ok());
        Some(Self {
            // What ends at a zero byte to others is somebody else's name.
            common_name: common_name.filter(|name| !name.is_empty() && !name.contains('\0')),
            distinguished_name: distinguished(subject),
            subject: with_slashes(subject),
            issuer: with_slashes(parsed.issuer_name()),
            serial: decimal(parsed.serial_number_asn1().as_slice()),
        })
    }
}

/// The short name of a part's kind, or its number.
fn kind(part: &AttributeTypeAndValue) -> String {
    let number = part.typ.to_string();
    let known = SHORT_NAMES.iter().find(|(of, _)| *of == number);
    known.map_or(number, |(_, name)| (*name).to_owned())
}

/// `CN=jane,OU=sales+O=shop`, the last part first.
fn distinguished(name: &Name) -> String {
    let sets: Vec<_> = name.iter_rdn().collect();
    let sets = sets.into_iter().rev().map(|set| {
        let parts: Vec<String> = set
            .iter()
            .rev()
            .map(|part| {
                let kind = kind(part);
                // OpenSSL writes what it does not know as it is encoded.
                let is_known = !kind.starts_with(|first: char| first.is_ascii_digit());
                match part.to_string() {
                    Ok(value) if is_known => format!("{kind}={}", escaped(&value, true)),
                    _ => format!("{kind}={}", encoded(part)),
                }
            })
            .collect();
        parts.join("+")
    });
    sets.collect::<Vec<_>>().join(",")
}

/// `/O=shop/OU=sales/CN=jane`.
fn with_slashes(name: &Name) -> String {
    let part = |part: &AttributeTypeAndValue| {
        let value = part.to_string();
        let value = value.map_or_else(|_| encoded(part), |value| escaped(&value, false));
        format!("/{}={value}", kind(part))
    };
    name.iter_attributes().map(part).collect()
}

fn encoded(part: &AttributeTypeAndValue) -> String {
    let bytes = part.value.as_slice().iter();
    let digits: String = bytes.map(|byte| format!("{byte:02X}")).collect();
    format!("#{digits}")
}

/// A value with backslashes before what means something in a name (RFC 2253, section 2.4), and before
/// the digits of what cannot be shown.
fn escaped(value: &str, ascii_only: bool) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (place, character) in value.chars().enumerate() {
        let is_special = matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || character == '#' && place == 0
            || character == ' ' && (place == 0 || place == last);
        if is_special {
            text.push('\\');
            text.push(character);
        } else if character.is_ascii_control() || ascii_only && !character.is_ascii() {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                text.push_str(&format!("\\{byte:02X}"));
            }
        } else {
            text.push(character);
        }
    }
    text
}

/// The decimal digits of a number, the highest byte first.
fn decimal(bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = vec![0];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(value % 10).unwrap_or(0);
            carry = value / 10;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 10).unwrap_or(0));
            carry /= 10;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(b'0' + digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_are_decimal() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[0, 255]), "255");
        assert_eq!(decimal(&[1, 0, 0]), "65536");
        assert_eq!(
            decimal(&[0x7f; 16]),
            i128::from_be_bytes([0x7f; 16]).to_string()
        );
    }

    #[test]
    fn what_means_something_in_a_name_is_escaped() {
        for (value, shown, ascii) in [
            ("jane", "jane", "jane"),
            ("Doe, Jane", "Doe\\, Jane", "Doe\\, Jane"),
            (" #a ", "\\ #a\\ ", "\\ #a\\ "),
            ("#a", "\\#a", "\\#a"),
            ("Jos\u{e9}", "Jos\u{e9}", "Jos\\C3\\A9"),
            ("a\nb", "a\\0Ab", "a\\0Ab"),
        ] {
            assert_eq!(escaped(value, false), shown);
            assert_eq!(escaped(value, true), ascii);
        }
    }
}
