//! Reads the User-Agent header of browsers (RFC 9110, 10.1.5).
//!
//! Browsers name each other for compatibility, so that the order of the rules decides: the tokens
//! are those that the vendors document (Chromium's, Mozilla's and WebKit's user agent references).

use std::ops::Range;

use super::token_search::{Found, Search, Token};

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
    /// What names it.
    token: &'static str,
    name: &'static str,
    /// Which of the other tokens stands before its version, if it tells that.
    version: Option<usize>,
}

const fn system(token: &'static str, name: &'static str, version: Option<usize>) -> System {
    System {
        token,
        name,
        version,
    }
}

/// Operating systems, those that name others too first.
const SYSTEMS: [System; 11] = [
    system(WINDOWS_PHONE, WINDOWS_PHONE, None),
    system("Windows", WINDOWS, Some(0)),
    system("iPhone", "iOS", Some(1)),
    system("iPad", "iOS", Some(1)),
    system("iPod", "iOS", Some(1)),
    system("Android", ANDROID, Some(2)),
    system("Macintosh", "macOS", Some(3)),
    system("Mac OS X", "macOS", Some(3)),
    system("CrOS", "ChromeOS", None),
    system("Linux", "Linux", None),
    system("X11", "Linux", None),
];

const WINDOWS_PHONE: &str = "Windows Phone";
const WINDOWS: &str = "Windows";
const ANDROID: &str = "Android";

/// What stands before versions, and what else tells the browser or the device.
const OTHERS: [&str; 9] = [
    "Windows NT ",
    " OS ",
    "Android ",
    "Mac OS X ",
    "rv:",
    "Version/",
    "Safari/",
    "AppleWebKit/",
    "Mobi",
];

/// What names of programs that are no browsers have in them, in any case.
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

/// What names of television sets and boxes have in them, in any case.
const TELEVISIONS: [&str; 7] = [
    "smart-tv", "smarttv", "googletv", "appletv", "apple tv", "bravia", "web0s",
];

/// What tablets have in them, in any case.
const TABLETS: [&str; 1] = ["tablet"];

/// The numbers of the tokens among all.
const BROWSER: Range<usize> = 0..BROWSERS.len();
const SYSTEM: Range<usize> = BROWSER.end..BROWSER.end + SYSTEMS.len();
const IPHONE: usize = SYSTEM.start + 2;
const IPAD: usize = SYSTEM.start + 3;
const IPOD: usize = SYSTEM.start + 4;
const ANDROID_SYSTEM: usize = SYSTEM.start + 5;
const OTHER: Range<usize> = SYSTEM.end..SYSTEM.end + OTHERS.len();
const REVISION: usize = OTHER.start + 4;
const VERSION: usize = OTHER.start + 5;
const SAFARI: usize = OTHER.start + 6;
const WEBKIT: usize = OTHER.start + 7;
const MOBILE: usize = OTHER.start + 8;
const ROBOT: Range<usize> = OTHER.end..OTHER.end + ROBOTS.len();
const TELEVISION: Range<usize> = ROBOT.end..ROBOT.end + TELEVISIONS.len();
const TABLET: Range<usize> = TELEVISION.end..TELEVISION.end + TABLETS.len();

static SEARCH: Search<{ TABLET.end }> = Search::new({
    const fn as_written(text: &'static str) -> Token {
        Token {
            text,
            in_any_case: false,
        }
    }
    const fn in_any_case(text: &'static str) -> Token {
        Token {
            text,
            in_any_case: true,
        }
    }
    let mut tokens = [in_any_case(""); TABLET.end];
    let mut number = 0;
    while number < TABLET.end {
        tokens[number] = if number < BROWSER.end {
            as_written(BROWSERS[number].0)
        } else if number < SYSTEM.end {
            as_written(SYSTEMS[number - SYSTEM.start].token)
        } else if number < OTHER.end {
            as_written(OTHERS[number - OTHER.start])
        } else if number < ROBOT.end {
            in_any_case(ROBOTS[number - ROBOT.start])
        } else if number < TELEVISION.end {
            in_any_case(TELEVISIONS[number - TELEVISION.start])
        } else {
            in_any_case(TABLETS[number - TABLET.start])
        };
        number += 1;
    }
    tokens
});

type Tokens = Found<{ TABLET.end }>;

impl<'a> UserAgent<'a> {
    /// What a header says; `None` where it is empty.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let found = SEARCH.find(text.as_bytes());
        let folded = match text.is_ascii() {
            true => None,
            false => Some(SEARCH.find(text.to_lowercase().as_bytes())),
        };
        let has_folded = |tokens| folded.as_ref().unwrap_or(&found).any_of(tokens).is_some();
        let os = operating_system(text, &found);
        let device = if has_folded(&ROBOT) {
            "bot"
        } else if has_folded(&TELEVISION) {
            "tv"
        } else if found.has(IPAD) || has_folded(&TABLET) {
            "tablet"
        } else if found.has(MOBILE) || found.has(IPHONE) || found.has(IPOD) {
            "mobile"
        } else if os.is_some_and(|os| os.name == ANDROID) {
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
            browser: browser(text, &found),
        })
    }
}

fn browser<'a>(text: &'a str, found: &Tokens) -> Option<Product<'a>> {
    let (name, token) = if let Some(number) = found.any_of(&BROWSER) {
        match BROWSERS[number] {
            // The engine's version is no browser's; that is behind `rv:`.
            ("Trident/", name) => (name, REVISION),
            (_, name) => (name, number),
        }
    } else if !(found.has(SAFARI) && found.has(WEBKIT)) {
        return None;
    } else if found.has(ANDROID_SYSTEM) {
        ("Android Browser", VERSION)
    } else {
        ("Safari", VERSION)
    };
    let version = found.behind(token, text).and_then(version_at);
    Some(Product { name, version })
}

fn operating_system<'a>(text: &'a str, found: &Tokens) -> Option<Product<'a>> {
    let system = &SYSTEMS[found.any_of(&SYSTEM)? - SYSTEM.start];
    let behind = match system.version {
        Some(token) => found.behind(OTHER.start + token, text),
        None if system.name == WINDOWS_PHONE => {
            text.split_once("Windows Phone ").map(|(_, behind)| behind)
        }
        None => None,
    };
    let version = behind.and_then(version_at);
    Some(Product {
        name: system.name,
        version: match system.name {
            WINDOWS => version.map(windows),
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

/// The version that a text begins with: digits with dots or underscores between. `None` without a
/// digit.
fn version_at(text: &str) -> Option<&str> {
    let is_inside = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'_');
    let end = text.bytes().position(|byte| !is_inside(byte));
    let version = text.get(..end.unwrap_or(text.len()))?;
    let version = version.trim_end_matches(['.', '_']);
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
