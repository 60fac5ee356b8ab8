//! Reads the User-Agent header of browsers (RFC 9110, 10.1.5).
//!
//! Browsers name each other for compatibility, so that the order of the rules decides: the tokens
//! are those that the vendors document (Chromium's, Mozilla's and WebKit's user agent references).

/// What a User-Agent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserAgent<'a> {
    pub(super) device: &'static str,
    pub(super) os: Option<Product<'a>>,
    pub(super) browser: Option<Product<'a>>,
}

/// A program, and which version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Product<'a> {
    pub(super) name: &'static str,
    /// As it was written; `None` where it was not.
    pub(super) version: Option<&'a str>,
}

/// Tokens of browsers, those that name others too first, and the browser's name.
const BROWSERS: [(&str, &str); 24] = [
    ("EdgiOS/", "Edge"),
    ("EdgA/", "Edge"),
    ("Edg/", "Edge"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("OPiOS/", "Opera"),
    ("OPT/", "Opera"),
    ("Opera Mini/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("UCBrowser/", "UC Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FBAV/", "Facebook"),
    ("Instagram ", "Instagram"),
    ("GSA/", "Google"),
    ("CriOS/", "Chrome"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Opera/", "Opera"),
];

/// An operating system.
struct System {
    /// What names it: any of these.
    tokens: &'static [&'static str],
    name: &'static str,
    /// What stands before its version, if it tells that.
    version: Option<&'static str>,
}

/// Operating systems, those that name others too first.
const SYSTEMS: [System; 7] = [
    System {
        tokens: &["Windows Phone"],
        name: "Windows Phone",
        version: Some("Windows Phone "),
    },
    System {
        tokens: &["Windows"],
        name: "Windows",
        version: Some("Windows NT "),
    },
    System {
        tokens: &["iPhone", "iPad", "iPod"],
        name: "iOS",
        version: Some(" OS "),
    },
    System {
        tokens: &["Android"],
        name: "Android",
        version: Some("Android "),
    },
    System {
        tokens: &["Macintosh", "Mac OS X"],
        name: "macOS",
        version: Some("Mac OS X "),
    },
    System {
        tokens: &["CrOS"],
        name: "ChromeOS",
        version: None,
    },
    System {
        tokens: &["Linux", "X11"],
        name: "Linux",
        version: None,
    },
];

/// What names of programs that are no browsers have in them, in small letters.
const ROBOTS: [&str; 12] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "facebookexternalhit",
    "preview",
    "curl/",
    "wget/",
    "python-",
    "java/",
    "go-http-client",
    "okhttp/",
];

/// What names of television sets and boxes have in them, in small letters.
const TELEVISIONS: [&str; 7] = [
    "smart-tv", "smarttv", "googletv", "appletv", "apple tv", "bravia", "web0s",
];

impl<'a> UserAgent<'a> {
    /// What a header says; `None` where it is empty.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let lower = text.to_lowercase();
        let has = |part: &&str| lower.contains(*part);
        let os = operating_system(text);
        let device = if ROBOTS.iter().any(&has) {
            "bot"
        } else if TELEVISIONS.iter().any(&has) {
            "tv"
        } else if text.contains("iPad") || has(&"tablet") {
            "tablet"
        } else if text.contains("Mobi") || text.contains("iPhone") || text.contains("iPod") {
            "mobile"
        } else if os.is_some_and(|os| os.name == "Android") {
            // Android says Mobile on telephones alone.
            "tablet"
        } else if os.is_some() {
            "desktop"
        } else {
            "other"
        };
        Some(Self {
            device,
            os,
            browser: browser(text),
        })
    }
}

fn browser(text: &str) -> Option<Product<'_>> {
    if let Some((token, name)) = BROWSERS.iter().find(|(token, _)| text.contains(token)) {
        // The engine's version is no browser's; that is behind `rv:`.
        let token = if *token == "Trident/" { "rv:" } else { token };
        let version = version_behind(text, token);
        return Some(Product { name, version });
    }
    if !(text.contains("Safari/") && text.contains("AppleWebKit/")) {
        return None;
    }
    let name = match text.contains("Android") {
        true => "Android Browser",
        false => "Safari",
    };
    let version = version_behind(text, "Version/");
    Some(Product { name, version })
}

fn operating_system(text: &str) -> Option<Product<'_>> {
    let says = |system: &&System| system.tokens.iter().any(|token| text.contains(token));
    let system = SYSTEMS.iter().find(says)?;
    let version = system.version.and_then(|token| version_behind(text, token));
    Some(Product {
        name: system.name,
        version: match system.name {
            "Windows" => version.map(windows),
            _ => version,
        },
    })
}

/// The name of a version of Windows NT; Windows 11 says 10 as well.
fn windows(number: &str) -> &str {
    match number {
        "6.1" => "7",
        "6.2" => "8",
        "6.3" => "8.1",
        "6.0" => "Vista",
        "5.1" | "5.2" => "XP",
        other => other.strip_suffix(".0").unwrap_or(other),
    }
}

/// The version behind a token: digits with dots or underscores between. `None` without a digit.
fn version_behind<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(token)?;
    let end = rest
        .find(|character: char| !(character.is_ascii_digit() || matches!(character, '.' | '_')))
        .unwrap_or(rest.len());
    let version = rest[..end].trim_end_matches(['.', '_']);
    (!version.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_browsers() {
        let cases = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
                ("desktop", "Windows", "10", "Edge", "120.0.2210.91"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
                ("mobile", "iOS", "17_2", "Safari", "17.2"),
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/119.0.6045.109 Mobile/15E148 Safari/604.1",
                ("tablet", "iOS", "16_6", "Chrome", "119.0.6045.109"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
                ("mobile", "Android", "13", "Samsung Internet", "23.0"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; SM-T580) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.104 Safari/537.36",
                ("tablet", "Android", "9", "Chrome", "96.0.4664.104"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 Safari/605.1.15",
                ("desktop", "macOS", "10_15_7", "Safari", "16.1"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
                ("desktop", "Linux", "", "Firefox", "115.0"),
            ),
            (
                "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
                ("desktop", "Windows", "7", "Internet Explorer", "11.0"),
            ),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                ("bot", "", "", "", ""),
            ),
            ("curl/8.4.0", ("bot", "", "", "", "")),
            ("something else", ("other", "", "", "", "")),
        ];
        for (text, expected) in cases {
            let found = UserAgent::parse(text).unwrap();
            let found = (
                found.device,
                found.os.map_or("", |os| os.name),
                found.os.and_then(|os| os.version).unwrap_or_default(),
                found.browser.map_or("", |browser| browser.name),
                found
                    .browser
                    .and_then(|browser| browser.version)
                    .unwrap_or_default(),
            );
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(UserAgent::parse(" "), None);
    }
}
