//! `client_encoding`: how a client writes texts, by the names that PostgreSQL knows encodings under.

use super::Value;

/// The encoding of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientEncoding(pub &'static str);

/// The encodings by their names, and what else they are called, in letters and digits alone. `SQL_ASCII`
/// says that bytes are to be left as they are.
const ENCODINGS: &[(&str, &[&str])] = &[
    ("UTF8", &["utf8", "unicode"]),
    ("SQL_ASCII", &["sqlascii"]),
    ("LATIN1", &["latin1", "iso88591"]),
    ("LATIN2", &["latin2", "iso88592"]),
    ("LATIN3", &["latin3", "iso88593"]),
    ("LATIN4", &["latin4", "iso88594"]),
    ("LATIN5", &["latin5", "iso88599"]),
    ("LATIN6", &["latin6", "iso885910"]),
    ("LATIN7", &["latin7", "iso885913"]),
    ("LATIN8", &["latin8", "iso885914"]),
    ("LATIN9", &["latin9", "iso885915"]),
    ("LATIN10", &["latin10", "iso885916"]),
    ("ISO_8859_5", &["iso88595"]),
    ("ISO_8859_6", &["iso88596"]),
    ("ISO_8859_7", &["iso88597"]),
    ("ISO_8859_8", &["iso88598"]),
    ("WIN866", &["win866", "windows866", "alt"]),
    ("WIN874", &["win874", "windows874"]),
    ("WIN1250", &["win1250", "windows1250"]),
    ("WIN1251", &["win1251", "windows1251", "win"]),
    ("WIN1252", &["win1252", "windows1252"]),
    ("WIN1253", &["win1253", "windows1253"]),
    ("WIN1254", &["win1254", "windows1254"]),
    ("WIN1255", &["win1255", "windows1255"]),
    ("WIN1256", &["win1256", "windows1256"]),
    ("WIN1257", &["win1257", "windows1257"]),
    (
        "WIN1258",
        &["win1258", "windows1258", "abc", "tcvn", "tcvn5712", "vscii"],
    ),
    ("KOI8R", &["koi8r", "koi8"]),
    ("KOI8U", &["koi8u"]),
];

impl ClientEncoding {
    /// The name of an encoding that is called so; none where none is.
    pub fn named(text: &str) -> Option<&'static str> {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        let wanted = letters.collect::<String>().to_ascii_lowercase();
        let mut known = ENCODINGS.iter();
        known
            .find(|(_, names)| names.contains(&wanted.as_str()))
            .map(|(name, _)| *name)
    }
}

impl Value for ClientEncoding {
    const KIND: &'static str = "encoding";

    fn read(text: &str) -> Result<Self, String> {
        Self::named(text).map(Self).ok_or_else(|| {
            let known: Vec<&str> = ENCODINGS.iter().map(|(name, _)| *name).collect();
            known.join(", ")
        })
    }

    fn show(&self) -> String {
        self.0.to_owned()
    }
}
