//! Writes identifiers of programs and networks in one way: UUIDs, addresses of pages, IP addresses.

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

use crate::normalize::url_text::Url;

/// How many hexadecimal digits a UUID has.
const UUID_DIGITS: usize = 32;

/// How many groups of an IPv6 address name the network: a site has all addresses of a /64.
const NETWORK_GROUPS: usize = 4;

/// Parameters of addresses that tell where a visitor came from, and nothing of the page.
const CAMPAIGNS: [&str; 5] = ["fbclid", "gclid", "mc_cid", "mc_eid", "msclkid"];
const CAMPAIGN_PREFIX: &str = "utm_";

/// Pages that a server answers with where no page is named.
const INDEXES: [&str; 5] = [
    "index.html",
    "index.htm",
    "index.php",
    "default.aspx",
    "default.asp",
];

/// The digits of a UUID, in any of the forms that PostgreSQL reads, and as a URN; none of another text.
pub(super) fn uuid_digits(text: &str) -> Option<String> {
    let text = text.trim();
    let text = match text.get(..9) {
        Some(urn) if urn.eq_ignore_ascii_case("urn:uuid:") => &text[9..],
        _ => text,
    };
    let text = match text.strip_prefix('{') {
        Some(within) => within.strip_suffix('}')?,
        None => text,
    };
    let mut digits = String::with_capacity(UUID_DIGITS);
    let mut since_hyphen = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' if digits.len() < UUID_DIGITS => {
                digits.push(char::from(byte.to_ascii_lowercase()));
                since_hyphen += 1;
            }
            // Behind four digits, or eight.
            b'-' if since_hyphen > 0
                && digits.len().is_multiple_of(4)
                && digits.len() < UUID_DIGITS =>
            {
                since_hyphen = 0;
            }
            _ => return None,
        }
    }
    (digits.len() == UUID_DIGITS).then_some(digits)
}

/// A UUID as its digits, but for those that stand for none: all zeros, and all ones. What is no UUID stays
/// what it is, for it may name something all the same.
pub(super) fn clean_uuid(text: &str, uuid: &mut String) {
    match uuid_digits(text) {
        Some(digits) if digits.bytes().all(|digit| digit == b'0') => {}
        Some(digits) if digits.bytes().all(|digit| digit == b'f') => {}
        Some(digits) => uuid.push_str(&digits),
        None => {
            let letters = text.chars().flat_map(char::to_lowercase);
            uuid.extend(letters.filter(|letter| letter.is_alphanumeric()));
        }
    }
}

/// Whether a text is the address of a page: it says so itself, by its scheme or by `www.`.
pub(super) fn is_url(text: &str) -> bool {
    let text = text.trim();
    let begins = |start: &str| {
        text.get(..start.len())
            .is_some_and(|begins| begins.eq_ignore_ascii_case(start))
    };
    let is_marked = ["http://", "https://", "ftp://", "//", "www."]
        .into_iter()
        .any(begins);
    is_marked && has_host(text)
}

/// Whether a text could be the address of a page: it begins with a host.
pub(super) fn has_host(text: &str) -> bool {
    let parsed = Url::parse(text).filter(|_| !text.trim().contains(char::is_whitespace));
    parsed.is_some_and(|url| url.host.is_some_and(|host| host.contains('.')))
}

/// The host of an address, without `www.`, and the path behind it, without what does not tell one page from
/// another: the scheme, who asks, the port that the scheme has in any case, a slash at the end, the name of
/// the page that is there without one, the place within the page, and parameters of campaigns.
pub(super) fn clean_url(text: &str, url: &mut String) {
    let Some(parsed) = Url::parse(text) else {
        return;
    };
    // A page of one's own server, or a file.
    let Some(host) = parsed.host.filter(|host| !host.is_empty()) else {
        let letters = text.trim().chars().flat_map(char::to_lowercase);
        url.extend(letters.filter(|letter| !letter.is_whitespace()));
        return;
    };
    let host = host.trim_end_matches('.').to_lowercase();
    url.push_str(host.strip_prefix("www.").unwrap_or(&host));
    let usual = ["", "80", "443"];
    if let Some(port) = parsed.port.filter(|port| !usual.contains(port)) {
        url.push(':');
        url.push_str(port);
    }
    let path = parsed.path.trim_end_matches('/');
    let (folder, page) = path.rsplit_once('/').unwrap_or(("", path));
    let is_index = INDEXES.iter().any(|it| it.eq_ignore_ascii_case(page));
    let path = if is_index { folder } else { path };
    url.extend(path.chars().flat_map(char::to_lowercase));
    let is_told = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        !name.is_empty()
            && !name.starts_with(CAMPAIGN_PREFIX)
            && !CAMPAIGNS.contains(&name.as_str())
    };
    let query = parsed.query.unwrap_or_default();
    let parameters = query.split('&').filter(is_told);
    for (at, parameter) in parameters.enumerate() {
        url.push(if at == 0 { '?' } else { '&' });
        url.extend(parameter.chars().flat_map(char::to_lowercase));
    }
}

/// The host of an address as [`clean_url`] writes it, and what is behind it; none where nothing is.
pub(super) fn host_and_path(url: &str) -> (&str, &str) {
    url.split_at(url.find(['/', '?']).unwrap_or(url.len()))
}

/// The IP address that a text is, perhaps with a port, a network's length or a zone.
pub(super) fn ip_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.split(['/', '%']).next().unwrap_or(text);
    let address = match text.strip_prefix('[') {
        Some(within) => within.split(']').next().unwrap_or(within),
        // Several colons are those of an IPv6 address.
        None => match text.split_once(':') {
            Some((address, port)) if port.bytes().all(|it| it.is_ascii_digit()) => address,
            _ => text,
        },
    };
    let address: IpAddr = address.parse().ok()?;
    Some(address.to_canonical())
}

/// An IP address, but for those that stand for none, or for the machine itself.
pub(super) fn clean_ip(text: &str, ip: &mut String) {
    if let Some(address) = ip_address(text)
        && !address.is_unspecified()
        && !address.is_loopback()
    {
        // Writing to a string cannot fail.
        let _ = write!(ip, "{address}");
    }
}

/// The network of an IP address as [`clean_ip`] writes it: the first three of four numbers, or half of an
/// IPv6 address.
pub(super) fn network(ip: &str) -> String {
    match ip.parse::<Ipv6Addr>() {
        Ok(address) => {
            let mut groups = String::new();
            for group in &address.segments()[..NETWORK_GROUPS] {
                // Writing to a string cannot fail.
                let _ = write!(groups, "{group:x}:");
            }
            groups
        }
        Err(_) => ip
            .rsplit_once('.')
            .map_or(ip, |(first, _)| first)
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(clean: fn(&str, &mut String), text: &str) -> String {
        let mut written = String::new();
        clean(text, &mut written);
        written
    }

    #[test]
    fn a_uuid_is_its_digits_however_it_is_written() {
        let digits = "a0eebc999c0b4ef8bb6d6bb9bd380a11";
        for text in [
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
            " urn:uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 ",
        ] {
            assert_eq!(uuid_digits(text).as_deref(), Some(digits), "{text}");
            assert_eq!(cleaned(clean_uuid, text), digits, "{text}");
        }
        for text in [
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a112",
            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "a0eebc99--9c0b4ef8-bb6d-6bb9bd380a11",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g",
            "a0e-ebc999c0b4ef8bb6d6bb9bd380a11",
            "",
        ] {
            assert_eq!(uuid_digits(text), None, "{text}");
        }
        let none = "00000000-0000-0000-0000-000000000000";
        assert_eq!(cleaned(clean_uuid, none), "");
        assert_eq!(cleaned(clean_uuid, &none.replace('0', "F")), "");
        assert_eq!(cleaned(clean_uuid, "Not-One 7"), "notone7");
    }

    #[test]
    fn an_address_is_its_host_and_its_path() {
        for text in [
            "https://www.Example.com/People/Ann/",
            "http://example.com/people/ann",
            "example.com/people/ann/index.html",
            "HTTPS://user:secret@www.example.com.:443/people/ann/?utm_source=mail&gclid=1#top",
            "//example.com/people/ann?",
        ] {
            assert_eq!(cleaned(clean_url, text), "example.com/people/ann", "{text}");
        }
        for (text, expected) in [
            ("http://www.example.com/", "example.com"),
            ("www.example.com", "example.com"),
            (
                "http://example.com:8080/a?ID=5&utm_id=7&b=",
                "example.com:8080/a?id=5&b=",
            ),
            ("https://example.com?id=5", "example.com?id=5"),
            ("not a page", "notapage"),
        ] {
            assert_eq!(cleaned(clean_url, text), expected, "{text}");
        }
        assert_eq!(host_and_path("example.com?id=5"), ("example.com", "?id=5"));
        assert_eq!(host_and_path("example.com"), ("example.com", ""));
        for text in ["https://example.com", "www.example.com/a b"] {
            assert_eq!(is_url(text), !text.contains(' '), "{text}");
        }
        for text in ["example.com/a", "someone@example.com", "Acme Ltd."] {
            assert!(!is_url(text), "{text}");
        }
        assert!(has_host("example.com/a") && !has_host("Acme Ltd.") && !has_host("acme"));
    }

    #[test]
    fn an_ip_address_is_one_however_it_is_written() {
        for (text, expected, of_network) in [
            ("192.0.2.17", "192.0.2.17", "192.0.2"),
            (" 192.0.2.17:443 ", "192.0.2.17", "192.0.2"),
            ("192.0.2.17/32", "192.0.2.17", "192.0.2"),
            ("::ffff:192.0.2.17", "192.0.2.17", "192.0.2"),
            ("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1", "2001:db8:0:0:"),
            ("[2001:db8::1]:8080", "2001:db8::1", "2001:db8:0:0:"),
            ("fe80::1%eth0", "fe80::1", "fe80:0:0:0:"),
        ] {
            assert_eq!(cleaned(clean_ip, text), expected, "{text}");
            assert_eq!(network(expected), of_network, "{text}");
        }
        for text in [
            "0.0.0.0",
            "::",
            "127.0.0.1",
            "::1",
            "192.0.2",
            "192.0.2.256",
            "",
            "host:80",
        ] {
            assert_eq!(cleaned(clean_ip, text), "", "{text}");
        }
    }

    proptest! {
        /// What was written is written as the same again, and nothing panics.
        #[test]
        fn cleaning_is_stable(text in "\\PC{0,40}|[a-z0-9:/?#@&=%;.\\[\\]{}-]{0,60}") {
            for clean in [clean_uuid, clean_ip] {
                let once = cleaned(clean, &text);
                prop_assert_eq!(cleaned(clean, &once), once.clone(), "{}", text);
            }
            let url = cleaned(clean_url, &text);
            let _ = (host_and_path(&url), network(&url), is_url(&text), has_host(&text));
        }
    }
}
