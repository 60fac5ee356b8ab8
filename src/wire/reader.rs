//! Reads the parts of a message's body, each checked against what is left of it.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::client_encoding::Encoding;
use super::failure::protocol_violation;
use crate::error::{Error, Result, SqlState};

/// The rest of a message's body.
pub(super) struct BodyReader {
    rest: Bytes,
    /// In which the client writes texts; UTF-8 where there is none.
    encoding: Option<Arc<Encoding>>,
}

impl BodyReader {
    /// Reads `body` from its start.
    pub(super) fn new(body: Bytes) -> Self {
        Self {
            rest: body,
            encoding: None,
        }
    }

    /// The reader of a body whose texts are in an encoding.
    pub(super) fn in_encoding(self, encoding: Option<Arc<Encoding>>) -> Self {
        Self { encoding, ..self }
    }

    /// A value that is a text, in UTF-8.
    pub(super) fn text(&self, value: Bytes) -> Result<Bytes> {
        match &self.encoding {
            None => Ok(value),
            Some(encoding) => Ok(match encoding.read(&value)? {
                Cow::Borrowed(_) => value,
                Cow::Owned(text) => Bytes::from(text),
            }),
        }
    }

    /// One byte.
    pub(super) fn byte(&mut self) -> Result<u8> {
        self.need(1)?;
        Ok(self.rest.get_u8())
    }

    /// A 16-bit number, which counts and formats are.
    pub(super) fn int16(&mut self) -> Result<i16> {
        self.need(2)?;
        Ok(self.rest.get_i16())
    }

    /// A count of things that follow.
    pub(super) fn count(&mut self) -> Result<usize> {
        self.need(2)?;
        Ok(usize::from(self.rest.get_u16()))
    }

    /// A 32-bit number.
    pub(super) fn int32(&mut self) -> Result<i32> {
        self.need(4)?;
        Ok(self.rest.get_i32())
    }

    /// A 64-bit number.
    pub(super) fn int64(&mut self) -> Result<i64> {
        self.need(8)?;
        Ok(self.rest.get_i64())
    }

    /// Text up to its zero byte.
    pub(super) fn string(&mut self) -> Result<String> {
        let Some(length) = self.rest.iter().position(|byte| *byte == 0) else {
            return Err(protocol_violation("invalid string in message"));
        };
        let text = self.rest.split_to(length);
        self.rest.advance(1);
        utf8(&self.text(text)?).map(str::to_owned)
    }

    /// A length, then that many bytes; the length -1 is NULL.
    pub(super) fn value(&mut self) -> Result<Option<Bytes>> {
        let length = self.int32()?;
        if length == -1 {
            return Ok(None);
        }
        let length = usize::try_from(length)
            .map_err(|_| protocol_violation("invalid length of a value in message"))?;
        self.bytes(length).map(Some)
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, length: usize) -> Result<Bytes> {
        self.need(length)?;
        Ok(self.rest.split_to(length))
    }

    /// How many bytes are left.
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// All that is left.
    pub(super) fn take_rest(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len())
    }

    /// That nothing is left.
    pub(super) fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(protocol_violation("invalid message format"))
        }
    }

    fn need(&self, bytes: usize) -> Result<()> {
        if self.rest.len() < bytes {
            Err(protocol_violation("insufficient data left in message"))
        } else {
            Ok(())
        }
    }
}

/// Bytes of a client as text.
///
/// # Errors
/// 22021 where they are not UTF-8, or have a zero byte, which no text has in PostgreSQL.
pub fn utf8(bytes: &[u8]) -> Result<&str> {
    let zero = bytes.iter().position(|byte| *byte == 0);
    let (start, end) = match (std::str::from_utf8(bytes), zero) {
        (Ok(text), None) => return Ok(text),
        (Ok(_), Some(zero)) => (zero, zero + 1),
        (Err(error), Some(zero)) if zero < error.valid_up_to() => (zero, zero + 1),
        (Err(error), _) => {
            let start = error.valid_up_to();
            let length = error.error_len().unwrap_or(bytes.len() - start);
            (start, start + length)
        }
    };
    let shown: Vec<String> = bytes[start..end]
        .iter()
        .map(|byte| format!("0x{byte:02x}"))
        .collect();
    Err(Error::new(
        SqlState::CHARACTER_NOT_IN_REPERTOIRE,
        format!(
            "invalid byte sequence for encoding \"UTF8\": {}",
            shown.join(" ")
        ),
    ))
}
