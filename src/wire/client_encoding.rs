//! Texts in the encoding of a client that is not UTF-8: those with one byte for a character, as
//! PostgreSQL has them. What stands above ASCII is told by a table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use bytes::{Buf, BytesMut};
use encoding_rs::{
    Encoding as Known, IBM866, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6,
    ISO_8859_7, ISO_8859_8, ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15, ISO_8859_16,
    KOI8_R, KOI8_U, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};

use crate::error::{Error, Result, SqlState};

/// The bytes above ASCII.
const HIGH: usize = 128;

/// What stands in a message for what cannot be said.
const UNKNOWN: u8 = b'?';

/// Encodings by the names that `client_encoding` shows, whose bytes above ASCII are those of encoding_rs.
const KNOWN: &[(&str, &Known)] = &[
    ("LATIN2", ISO_8859_2),
    ("LATIN3", ISO_8859_3),
    ("LATIN4", ISO_8859_4),
    ("LATIN6", ISO_8859_10),
    ("LATIN7", ISO_8859_13),
    ("LATIN8", ISO_8859_14),
    ("LATIN9", ISO_8859_15),
    ("LATIN10", ISO_8859_16),
    ("ISO_8859_5", ISO_8859_5),
    ("ISO_8859_6", ISO_8859_6),
    ("ISO_8859_7", ISO_8859_7),
    ("ISO_8859_8", ISO_8859_8),
    ("WIN866", IBM866),
    ("WIN874", WINDOWS_874),
    ("WIN1250", WINDOWS_1250),
    ("WIN1251", WINDOWS_1251),
    ("WIN1252", WINDOWS_1252),
    ("WIN1253", WINDOWS_1253),
    ("WIN1254", WINDOWS_1254),
    ("WIN1255", WINDOWS_1255),
    ("WIN1256", WINDOWS_1256),
    ("WIN1257", WINDOWS_1257),
    ("WIN1258", WINDOWS_1258),
    ("KOI8R", KOI8_R),
    ("KOI8U", KOI8_U),
];

/// An encoding with one byte for a character.
#[derive(Debug)]
pub(super) struct Encoding {
    name: &'static str,
    /// The characters of the bytes above ASCII.
    characters: [Option<char>; HIGH],
    bytes: HashMap<char, u8>,
}

static ENCODINGS: LazyLock<Vec<Arc<Encoding>>> = LazyLock::new(|| {
    let known = KNOWN.iter().map(|(name, known)| Encoding::of(name, known));
    // encoding_rs, as browsers, reads WIN1252 and WIN1254 where these are said.
    known.chain([latin1(), latin5()]).map(Arc::new).collect()
});

impl Encoding {
    /// The encoding that `client_encoding` shows so; none where texts are sent as they are.
    pub(super) fn named(name: &str) -> Option<Arc<Self>> {
        ENCODINGS.iter().find(|it| it.name == name).cloned()
    }

    fn of(name: &'static str, known: &'static Known) -> Self {
        let is_windows = name.starts_with("WIN");
        Self::new(name, |byte| {
            let bytes = [byte];
            let decoded = known.decode_without_bom_handling_and_without_replacement(&bytes);
            let character = decoded.and_then(|text| text.chars().next());
            // Browsers read control characters where code pages say nothing; PostgreSQL does not.
            character.filter(|character| !is_windows || !character.is_control())
        })
    }

    fn new(name: &'static str, character_of: impl Fn(u8) -> Option<char>) -> Self {
        let mut characters = [None; HIGH];
        let mut bytes = HashMap::new();
        for (byte, slot) in (128_u8..=255).zip(&mut characters) {
            *slot = character_of(byte);
            if let Some(character) = *slot {
                bytes.insert(character, byte);
            }
        }
        Self {
            name,
            characters,
            bytes,
        }
    }

    /// Bytes of a client as UTF-8.
    ///
    /// # Errors
    /// 22P05 for a byte that is no character.
    pub(super) fn read<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        if bytes.is_ascii() {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut text = String::with_capacity(bytes.len() + bytes.len() / 2);
        for byte in bytes {
            let character = match byte.checked_sub(128) {
                None => Some(char::from(*byte)),
                Some(place) => self.characters[usize::from(place)],
            };
            text.push(character.ok_or_else(|| no_equivalent(&[*byte], self.name, "UTF8"))?);
        }
        Ok(Cow::Owned(text.into_bytes()))
    }

    /// A text as the client's bytes.
    ///
    /// # Errors
    /// 22P05 for a character that the encoding does not have.
    pub(super) fn write<'a>(&self, text: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        self.written(text, |character| {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            Err(no_equivalent(bytes, "UTF8", self.name))
        })
    }

    /// [`Self::write`] of a message, in which `?` stands for what the encoding does not have.
    fn write_message<'a>(&self, text: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        self.written(text, |_| Ok(UNKNOWN))
    }

    fn written<'a>(
        &self,
        text: &'a [u8],
        unknown: impl Fn(char) -> Result<u8>,
    ) -> Result<Cow<'a, [u8]>> {
        if text.is_ascii() {
            return Ok(Cow::Borrowed(text));
        }
        let characters = super::utf8(text)?.chars();
        let bytes = characters.map(|character| match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() => Ok(byte),
            _ => match self.bytes.get(&character) {
                Some(byte) => Ok(*byte),
                None => unknown(character),
            },
        });
        Ok(Cow::Owned(bytes.collect::<Result<_>>()?))
    }

    /// Writes what stands in a buffer from `start` on anew.
    ///
    /// # Errors
    /// Those of [`Self::write`].
    pub(super) fn rewrite(&self, buffer: &mut BytesMut, start: usize) -> Result<()> {
        if let Cow::Owned(bytes) = self.write(&buffer[start..])? {
            buffer.truncate(start);
            buffer.extend_from_slice(&bytes);
        }
        Ok(())
    }

    /// Writes the value that stands in a buffer from `start` on, behind its length, anew.
    ///
    /// # Errors
    /// Those of [`Self::write`].
    pub(super) fn rewrite_value(&self, buffer: &mut BytesMut, start: usize) -> Result<()> {
        const LENGTH: usize = 4;
        let length = (&buffer[start..start + LENGTH]).get_i32();
        // NULL has no bytes.
        if length > 0 {
            self.rewrite(buffer, start + LENGTH)?;
            set_length(buffer, start, start + LENGTH);
        }
        Ok(())
    }

    /// Writes the texts of a message of the server that stands in a buffer from `start` on anew.
    ///
    /// # Errors
    /// Those of [`Self::write`], but for what tells of an error.
    pub(super) fn rewrite_message(&self, buffer: &mut BytesMut, start: usize) -> Result<()> {
        const HEAD: usize = 5;
        let body = start + HEAD;
        if buffer.len() <= body || buffer[body..].is_ascii() {
            return Ok(());
        }
        match buffer[start] {
            b'E' | b'N' => {
                let written = self.write_message(&buffer[body..])?.into_owned();
                buffer.truncate(body);
                buffer.extend_from_slice(&written);
            }
            b'S' | b'C' => self.rewrite(buffer, body)?,
            // The number of who notifies comes first.
            b'A' => self.rewrite(buffer, body + 4)?,
            b'T' => {
                let described = self.described(&buffer[body..])?;
                buffer.truncate(body);
                buffer.extend_from_slice(&described);
            }
            _ => return Ok(()),
        }
        set_length(buffer, start + 1, start + 1);
        Ok(())
    }

    /// The body of a RowDescription, with the names of columns in the encoding.
    fn described(&self, body: &[u8]) -> Result<Vec<u8>> {
        /// What stands behind the name of a column.
        const REST: usize = 18;
        let (count, mut rest) = body.split_at_checked(2).unwrap_or((body, &[]));
        let mut written = count.to_vec();
        while let Some(end) = rest.iter().position(|byte| *byte == 0) {
            let Some((field, others)) = rest.split_at_checked(end + 1 + REST) else {
                break;
            };
            written.extend_from_slice(&self.write(&field[..end])?);
            written.extend_from_slice(&field[end..]);
            rest = others;
        }
        written.extend_from_slice(rest);
        Ok(written)
    }
}

/// Says at `place` how many bytes stand in a buffer from `from` on.
fn set_length(buffer: &mut BytesMut, place: usize, from: usize) {
    let length = i32::try_from(buffer.len() - from).unwrap_or(i32::MAX);
    buffer[place..place + 4].copy_from_slice(&length.to_be_bytes());
}

fn latin1() -> Encoding {
    Encoding::new("LATIN1", |byte| Some(char::from(byte)))
}

/// ISO 8859-9 has letters of Turkish in the place of those of Icelandic.
fn latin5() -> Encoding {
    Encoding::new("LATIN5", |byte| {
        Some(match byte {
            0xd0 => 'Ğ',
            0xdd => 'İ',
            0xde => 'Ş',
            0xf0 => 'ğ',
            0xfd => 'ı',
            0xfe => 'ş',
            other => char::from(other),
        })
    })
}

fn no_equivalent(bytes: &[u8], from: &str, to: &str) -> Error {
    let shown: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
    Error::new(
        SqlState::UNTRANSLATABLE_CHARACTER,
        format!(
            "character with byte sequence {} in encoding \"{from}\" has no equivalent in encoding \"{to}\"",
            shown.join(" ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_there_and_back() {
        for (name, text, bytes) in [
            ("LATIN1", "é", &[0xe9][..]),
            ("LATIN5", "ğ", &[0xf0]),
            ("LATIN9", "€", &[0xa4]),
            ("WIN1250", "ř", &[0xf8]),
            ("WIN1251", "жук", &[0xe6, 0xf3, 0xea]),
            ("WIN1252", "a€z", &[b'a', 0x80, b'z']),
            ("KOI8R", "ж", &[0xd6]),
        ] {
            let encoding = Encoding::named(name).unwrap();
            assert_eq!(*encoding.write(text.as_bytes()).unwrap(), *bytes, "{name}");
            assert_eq!(*encoding.read(bytes).unwrap(), *text.as_bytes(), "{name}");
        }
    }

    #[test]
    fn what_an_encoding_does_not_have_is_an_error() {
        let win1252 = Encoding::named("WIN1252").unwrap();
        for byte in [0x81, 0x8d, 0x8f, 0x90, 0x9d] {
            let error = win1252.read(&[byte]).unwrap_err();
            assert_eq!(
                error.sqlstate(),
                SqlState::UNTRANSLATABLE_CHARACTER,
                "{byte:x}"
            );
        }
        let latin1 = Encoding::named("LATIN1").unwrap();
        let error = latin1.write("€".as_bytes()).unwrap_err();
        assert_eq!(
            error.message(),
            "character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\""
        );
        assert!(Encoding::named("UTF8").is_none());
    }
}
