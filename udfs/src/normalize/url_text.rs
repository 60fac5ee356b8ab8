//! Takes URLs apart (RFC 3986, appendix B), as people and logs write them.

use std::borrow::Cow;

/// The parts of a URL, as they were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    pub(crate) scheme: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) port: Option<&'a str>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// The parts of a text; every text but an empty one has a path at least.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let (rest, fragment) = cut(text, '#');
        let (rest, query) = cut(rest, '?');
        let (scheme, rest) = match rest.split_once(':') {
            Some((scheme, after)) if is_scheme(scheme) && !is_port(after) => (Some(scheme), after),
            _ => (None, rest),
        };
        let url = Self {
            scheme,
            query,
            fragment,
            ..Self::default()
        };
        if let Some(rest) = rest.strip_prefix("//") {
            return Some(url.with_authority(rest));
        }
        if scheme.is_none() && begins_with_host(rest) {
            return Some(url.with_authority(rest));
        }
        Some(Self { path: rest, ..url })
    }

    fn with_authority(self, rest: &'a str) -> Self {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, authority),
        };
        // An IPv6 address has colons of its own, in brackets.
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if is_digits_or_empty(port) => (host, Some(port)),
            _ => (address, None),
        };
        Self {
            user,
            host: Some(host),
            port,
            path,
            ..self
        }
    }

    /// The value of the first parameter of a name, percent signs and plus signs decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        // Routes of applications within a page have parameters of their own.
        let of_fragment = self.fragment.and_then(|fragment| cut(fragment, '?').1);
        let queries = [self.query, of_fragment].into_iter().flatten();
        let mut pairs = queries.flat_map(|query| query.split(['&', ';']));
        pairs.find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            decode(key)
                .eq_ignore_ascii_case(name)
                .then(|| decode(value))
        })
    }
}

/// What stands before and behind a character.
fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Whether what stands behind a colon is a port, so that what stands before is a host.
fn is_port(after: &str) -> bool {
    let end = after.find('/').unwrap_or(after.len());
    (1..=5).contains(&end) && is_digits_or_empty(&after[..end])
}

fn is_digits_or_empty(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text without a scheme begins with a host, as in `www.example.org/path`.
fn begins_with_host(text: &str) -> bool {
    let end = text.find(['/', ':']).unwrap_or(text.len());
    let host = &text[..end];
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && last.len() >= 2
        && last.chars().all(char::is_alphabetic)
        && host
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-'))
        && !host.starts_with('.')
}

/// Without percent signs (RFC 3986, 2.1), and with blanks for plus signs, as forms write them.
/// What is no code stays; bytes that are no UTF-8 become replacement characters.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        decoded.push(match (code, bytes[at]) {
            (Some(byte), _) => byte,
            (None, b'+') => b' ',
            (None, byte) => byte,
        });
        at += if code.is_some() { 3 } else { 1 };
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> [Option<&str>; 7] {
        let url = Url::parse(text).unwrap();
        [
            url.scheme,
            url.user,
            url.host,
            url.port,
            Some(url.path),
            url.query,
            url.fragment,
        ]
    }

    #[test]
    fn parts_of_urls() {
        assert_eq!(
            parts("https://me:pw@Example.org:8443/a/b?x=1&y=2#top"),
            [
                Some("https"),
                Some("me:pw"),
                Some("Example.org"),
                Some("8443"),
                Some("/a/b"),
                Some("x=1&y=2"),
                Some("top")
            ]
        );
        assert_eq!(parts("www.example.org?x")[2], Some("www.example.org"));
        assert_eq!(parts("example.org:80/x")[3], Some("80"));
        assert_eq!(parts("localhost:80")[0], None);
        assert_eq!(parts("mailto:a@b.org")[4], Some("a@b.org"));
        assert_eq!(parts("//cdn.example.org/x")[2], Some("cdn.example.org"));
        assert_eq!(parts("http://[::1]:8080/")[2], Some("[::1]"));
        assert_eq!(parts("/shop/index.html")[2], None);
        assert_eq!(parts("/index.html")[4], Some("/index.html"));
        assert_eq!(Url::parse("  "), None);
    }

    #[test]
    fn parameters_are_decoded() {
        let url = Url::parse("/?utm_source=a%20b+c&UTM_Medium=m%C3%BC&x&bad=%zz%2&x=2").unwrap();
        let parameter = |name| url.parameter(name).map(Cow::into_owned);
        assert_eq!(parameter("utm_source").as_deref(), Some("a b c"));
        assert_eq!(parameter("utm_medium").as_deref(), Some("mü"));
        assert_eq!(parameter("x").as_deref(), Some(""));
        assert_eq!(parameter("bad").as_deref(), Some("%zz%2"));
        assert_eq!(parameter("none"), None);
        let routed = Url::parse("https://a.org/#/cart?utm_id=7").unwrap();
        assert_eq!(routed.parameter("utm_id").as_deref(), Some("7"));
    }
}
