//! `boolean`, `text`, `bytea` and `uuid`.

use arrow::array::{
    ArrayAccessor, BooleanArray, FixedSizeBinaryArray, GenericStringArray, OffsetSizeTrait,
    StringArray, StringViewArray,
};
use bytes::{BufMut, BytesMut};
use tributary_udfs::postgres::{ByteaOutput, bytes_text};

use super::Encode;
use crate::error::{Error, Result, SqlState};

const HEX: &[u8; 16] = b"0123456789abcdef";
/// After these bytes of a UUID a hyphen is written.
const UUID_HYPHENS: [usize; 4] = [3, 5, 7, 9];

/// Truth values.
pub(super) struct Booleans<'a>(pub(super) &'a BooleanArray);

impl Encode for Booleans<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_u8(if self.0.value(row) { b't' } else { b'f' });
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_u8(u8::from(self.0.value(row)));
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(if self.0.value(row) { b"true" } else { b"false" });
        Ok(())
    }

    fn is_plain(&self) -> bool {
        true
    }
}

/// Text, which is the same in both formats.
pub(super) struct Texts<'a, O: OffsetSizeTrait>(pub(super) &'a GenericStringArray<O>);

impl<O: OffsetSizeTrait> Encode for Texts<'_, O> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.0.value(row).as_bytes());
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }

    fn texts(&self) -> Option<&[u8]> {
        let offsets = self.0.value_offsets();
        let (first, last) = (offsets.first()?.as_usize(), offsets.last()?.as_usize());
        self.0.value_data().get(first..last)
    }
}

/// Text that does not stand in one piece.
pub(super) struct TextViews<'a>(pub(super) &'a StringViewArray);

impl Encode for TextViews<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.0.value(row).as_bytes());
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }
}

/// Texts that blanks fill up.
pub(super) struct FilledTexts<'a> {
    pub(super) texts: &'a StringArray,
    pub(super) characters: usize,
}

impl Encode for FilledTexts<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let text = self.texts.value(row);
        out.put_slice(text.as_bytes());
        out.put_bytes(b' ', self.characters.saturating_sub(text.chars().count()));
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }
}

/// Single bytes of the type `"char"`, of which an empty text is the one that is 0.
pub(super) struct SingleBytes<'a>(pub(super) &'a StringArray);

impl Encode for SingleBytes<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.0.value(row).as_bytes());
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_u8(self.0.value(row).bytes().next().unwrap_or_default());
        Ok(())
    }
}

/// Texts of a type that PostgreSQL has no binary form of.
pub(super) struct TextsAlone<'a> {
    pub(super) texts: &'a StringArray,
    pub(super) of: &'static str,
}

impl Encode for TextsAlone<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.texts.value(row).as_bytes());
        Ok(())
    }

    fn binary(&self, _: usize, _: &mut BytesMut) -> Result<()> {
        let message = format!("no binary output function available for type {}", self.of);
        Err(Error::new(SqlState::UNDEFINED_FUNCTION, message))
    }
}

/// Documents. In binary, those of `jsonb` and paths have the number of their format before them.
pub(super) struct Documents<A> {
    pub(super) texts: A,
    pub(super) version: Option<u8>,
}

impl<'a, A: ArrayAccessor<Item = &'a str>> Encode for Documents<A> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.texts.value(row).as_bytes());
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        if let Some(version) = self.version {
            out.put_u8(version);
        }
        self.text(row, out)
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }
}

/// Bytes; as text, in hexadecimal or with escapes.
pub(super) struct Bytea<A>(pub(super) A, pub(super) ByteaOutput);

impl<'a, A: ArrayAccessor<Item = &'a [u8]>> Encode for Bytea<A> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let bytes = self.0.value(row);
        if self.1 == ByteaOutput::Escape {
            out.put_slice(bytes_text(bytes, self.1).as_bytes());
            return Ok(());
        }
        out.reserve(2 + 2 * bytes.len());
        out.put_slice(b"\\x");
        for byte in bytes {
            write_hex(out, *byte);
        }
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.0.value(row));
        Ok(())
    }
}

/// UUIDs.
pub(super) struct Uuids<'a>(pub(super) &'a FixedSizeBinaryArray);

impl Encode for Uuids<'_> {
    fn is_plain(&self) -> bool {
        true
    }

    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        for (index, byte) in self.0.value(row).iter().enumerate() {
            write_hex(out, *byte);
            if UUID_HYPHENS.contains(&index) {
                out.put_u8(b'-');
            }
        }
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.0.value(row));
        Ok(())
    }
}

/// UUIDs that are kept as texts.
pub(super) struct UuidTexts<'a>(pub(super) &'a StringArray);

impl Encode for UuidTexts<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.0.value(row).as_bytes());
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let mut high = None;
        for character in self.0.value(row).chars() {
            let Some(digit) = character
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
            else {
                continue;
            };
            match high.take() {
                None => high = Some(digit),
                Some(high) => out.put_u8(high << 4 | digit),
            }
        }
        Ok(())
    }
}

fn write_hex(out: &mut BytesMut, byte: u8) {
    out.put_u8(HEX[usize::from(byte >> 4)]);
    out.put_u8(HEX[usize::from(byte & 15)]);
}
