//! Functions of `bytea`: parts, single bytes and bits, encodings.

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::super::bytes::{parse_escaped, parse_hexadecimal};
use super::row_function::{Form, Row, Type, bytes, form, integer, text};
use crate::FunctionError;

use Type::{BigInt, Bytes, Float, Integer, Text};

pub(super) const GET_BYTE: &[Form] = &[form(&[Bytes, BigInt], Integer, |row| {
    let index = index(row, row.bytes(0).len())?;
    integer(i64::from(row.bytes(0).get(index).copied().unwrap_or(0)))
})];
pub(super) const SET_BYTE: &[Form] = &[form(&[Bytes, BigInt, BigInt], Bytes, |row| {
    let index = index(row, row.bytes(0).len())?;
    let mut all = row.bytes(0).to_vec();
    if let (Some(byte), Ok(value)) = (all.get_mut(index), u8::try_from(row.integer(2) & 0xff)) {
        *byte = value;
    }
    Ok(bytes(all))
})];
pub(super) const GET_BIT: &[Form] = &[form(&[Bytes, BigInt], Integer, |row| {
    let index = index(row, row.bytes(0).len().saturating_mul(8))?;
    let byte = row.bytes(0).get(index / 8).copied().unwrap_or(0);
    integer(i64::from(byte >> (index % 8) & 1))
})];
pub(super) const SET_BIT: &[Form] = &[form(&[Bytes, BigInt, BigInt], Bytes, |row| {
    let index = index(row, row.bytes(0).len().saturating_mul(8))?;
    let is_one = match row.integer(2) {
        0 => false,
        1 => true,
        _ => return Err(FunctionError::invalid_argument("new bit must be 0 or 1").into()),
    };
    let mut all = row.bytes(0).to_vec();
    if let Some(byte) = all.get_mut(index / 8) {
        *byte &= !(1 << (index % 8));
        *byte |= u8::from(is_one) << (index % 8);
    }
    Ok(bytes(all))
})];
/// Numbers as the protocol sends them in binary, which queries make hashes of.
pub(super) const INT2SEND: &[Form] = &[form(&[BigInt], Bytes, |row| {
    let number = i16::try_from(row.integer(0));
    let number = number.map_err(|_| FunctionError::out_of_range("smallint out of range"))?;
    Ok(bytes(number.to_be_bytes().to_vec()))
})];
pub(super) const INT4SEND: &[Form] = &[form(&[BigInt], Bytes, |row| {
    let number = i32::try_from(row.integer(0));
    let number = number.map_err(|_| FunctionError::out_of_range("integer out of range"))?;
    Ok(bytes(number.to_be_bytes().to_vec()))
})];
pub(super) const INT8SEND: &[Form] = &[form(&[BigInt], Bytes, |row| {
    Ok(bytes(row.integer(0).to_be_bytes().to_vec()))
})];
pub(super) const FLOAT4SEND: &[Form] = &[form(&[Float], Bytes, |row| {
    Ok(bytes((row.float(0) as f32).to_be_bytes().to_vec()))
})];
pub(super) const FLOAT8SEND: &[Form] = &[form(&[Float], Bytes, |row| {
    Ok(bytes(row.float(0).to_be_bytes().to_vec()))
})];
pub(super) const BIT_COUNT: &[Form] = &[form(&[Bytes], BigInt, |row| {
    let ones: u64 = row
        .bytes(0)
        .iter()
        .map(|byte| u64::from(byte.count_ones()))
        .sum();
    Ok(ScalarValue::Int64(i64::try_from(ones).ok()))
})];
pub(super) const SUBSTR: &[Form] = &[
    form(&[Bytes, BigInt], Bytes, part_of_bytes),
    form(&[Bytes, BigInt, BigInt], Bytes, part_of_bytes),
];
/// `value::bit(n)::bigint`: a text of binary digits, or of hexadecimal ones behind an `x`, or a number, as
/// `n` bits and as a number of so many bits again.
pub(super) const BIT_INTEGER: &[Form] = &[
    form(&[Text, BigInt, BigInt], BigInt, |row| {
        let length = bit_length(row)?;
        let bits = bits_of(row.text(0))?.into_iter();
        // What is too much is cut off, and what is missing is 0, behind the others.
        let bits = bits.chain(std::iter::repeat(false)).take(length);
        let bits = bits.fold(0, |bits, bit| bits << 1 | u64::from(bit));
        bit_integer(bits, row.integer(2))
    }),
    form(&[BigInt, BigInt, BigInt], BigInt, |row| {
        let unused = 64_u32.saturating_sub(u32::try_from(bit_length(row)?).unwrap_or(64));
        let bits = row.integer(0).cast_unsigned();
        let bits = bits.checked_shl(unused).unwrap_or_default();
        bit_integer(bits.checked_shr(unused).unwrap_or_default(), row.integer(2))
    }),
];
pub(super) const OVERLAY: &[Form] = &[
    form(&[Bytes, Bytes, BigInt], Bytes, overlay),
    form(&[Bytes, Bytes, BigInt, BigInt], Bytes, overlay),
];
pub(super) const BTRIM: &[Form] = &[form(&[Bytes, Bytes], Bytes, |row| {
    Ok(bytes(trimmed_end(
        trimmed_start(row.bytes(0), row.bytes(1)),
        row.bytes(1),
    )))
})];
pub(super) const LTRIM: &[Form] = &[form(&[Bytes, Bytes], Bytes, |row| {
    Ok(bytes(trimmed_start(row.bytes(0), row.bytes(1))))
})];
pub(super) const RTRIM: &[Form] = &[form(&[Bytes, Bytes], Bytes, |row| {
    Ok(bytes(trimmed_end(row.bytes(0), row.bytes(1))))
})];
/// The place, from 1, at which bytes first stand within others; 0 where they do not.
pub(super) const STRPOS: &[Form] = &[form(&[Bytes, Bytes], Integer, |row| {
    let (whole, part) = (row.bytes(0), row.bytes(1));
    let place = match part {
        [] => Some(0),
        part => whole.windows(part.len()).position(|window| window == part),
    };
    integer(place.map_or(0, |place| i64::try_from(place + 1).unwrap_or(i64::MAX)))
})];
pub(super) const ENCODE: &[Form] = &[form(&[Bytes, Text], Text, |row| {
    let all = row.bytes(0);
    Ok(text(match row.text(1).to_ascii_lowercase().as_str() {
        "hex" => hexadecimal(all),
        "escape" => escaped(all),
        "base64" => base64(all),
        _ => return Err(unknown(row.text(1)).into()),
    }))
})];
pub(super) const DECODE: &[Form] = &[form(&[Text, Text], Bytes, |row| {
    let written = row.text(0);
    Ok(bytes(match row.text(1).to_ascii_lowercase().as_str() {
        "hex" => parse_hexadecimal(written)?,
        "escape" => parse_escaped(written)?,
        "base64" => of_base64(written)?,
        _ => return Err(unknown(row.text(1)).into()),
    }))
})];
pub(super) const CONVERT_FROM: &[Form] = &[form(&[Bytes, Text], Text, |row| {
    utf8(row.text(1))?;
    let whole = String::from_utf8(row.bytes(0).to_vec()).map_err(|_| FunctionError {
        sqlstate: "22021",
        message: "invalid byte sequence for encoding \"UTF8\"".to_owned(),
        hint: None,
    })?;
    Ok(text(whole))
})];
pub(super) const CONVERT_TO: &[Form] = &[form(&[Text, Text], Bytes, |row| {
    utf8(row.text(1))?;
    Ok(bytes(row.text(0)))
})];

fn utf8(encoding: &str) -> Result<(), FunctionError> {
    let plain = encoding.replace(['-', '_'], "").to_ascii_lowercase();
    match plain.as_str() {
        "utf8" | "unicode" => Ok(()),
        _ => Err(
            FunctionError::unsupported(format!("encoding \"{encoding}\" is not supported"))
                .with_hint("Texts are UTF8."),
        ),
    }
}

fn index(row: &Row<'_>, length: usize) -> Result<usize, FunctionError> {
    let given = row.integer(1);
    let index = usize::try_from(given).ok().filter(|index| *index < length);
    index.ok_or_else(|| FunctionError {
        sqlstate: "2202E",
        message: match length {
            0 => format!("index {given} out of valid range, 0..-1"),
            _ => format!("index {given} out of valid range, 0..{}", length - 1),
        },
        hint: None,
    })
}

/// How many bits there are, which must fit into the number.
fn bit_length(row: &Row<'_>) -> Result<usize, FunctionError> {
    let (length, most) = (row.integer(1), row.integer(2));
    match usize::try_from(length) {
        Ok(length) if row.integer(1) <= most => Ok(length),
        _ if most <= 32 => Err(FunctionError::out_of_range("integer out of range")),
        _ => Err(FunctionError::out_of_range("bigint out of range")),
    }
}

/// The bits that a text shows.
fn bits_of(text: &str) -> Result<Vec<bool>, FunctionError> {
    let (digits, width, name) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 4, "hexadecimal"),
        None => (text.strip_prefix(['b', 'B']).unwrap_or(text), 1, "binary"),
    };
    let mut bits = Vec::with_capacity(digits.len().saturating_mul(width));
    for digit in digits.chars() {
        let value = digit.to_digit(1 << width).ok_or_else(|| FunctionError {
            sqlstate: "22P02",
            message: format!("\"{digit}\" is not a valid {name} digit"),
            hint: None,
        })?;
        bits.extend((0..width).rev().map(|place| value >> place & 1 == 1));
    }
    Ok(bits)
}

/// Bits as a signed number of so many bits.
fn bit_integer(bits: u64, width: i64) -> Result<ScalarValue> {
    let number = match (width, u32::try_from(bits)) {
        (32, Ok(bits)) => i64::from(bits.cast_signed()),
        _ => bits.cast_signed(),
    };
    Ok(ScalarValue::Int64(Some(number)))
}

pub(super) fn part_of_bytes(row: &Row<'_>) -> Result<ScalarValue> {
    let count = row.optional_integer(2).unwrap_or(i64::MAX);
    Ok(bytes(part(row.bytes(0), row.integer(1), count)?))
}

/// So many bytes from a place on, which counts from 1 and may be before the first.
fn part(all: &[u8], from: i64, count: i64) -> Result<&[u8], FunctionError> {
    if count < 0 {
        return Err(FunctionError {
            sqlstate: "22011",
            message: "negative substring length not allowed".to_owned(),
            hint: None,
        });
    }
    let place = |at: i64| {
        usize::try_from(at.max(1) - 1)
            .unwrap_or(usize::MAX)
            .min(all.len())
    };
    Ok(all
        .get(place(from)..place(from.saturating_add(count)))
        .unwrap_or_default())
}

fn overlay(row: &Row<'_>) -> Result<ScalarValue> {
    let (all, placed, from) = (row.bytes(0), row.bytes(1), row.integer(2));
    let placed_len = i64::try_from(placed.len()).unwrap_or(i64::MAX);
    let count = row.optional_integer(3).unwrap_or(placed_len);
    if from <= 0 {
        return Err(FunctionError {
            sqlstate: "22011",
            message: "negative substring length not allowed".to_owned(),
            hint: None,
        }
        .into());
    }
    let mut answer = part(all, 1, from - 1)?.to_vec();
    answer.extend_from_slice(placed);
    answer.extend_from_slice(part(all, from.saturating_add(count), i64::MAX)?);
    Ok(bytes(answer))
}

fn trimmed_start<'a>(all: &'a [u8], given: &[u8]) -> &'a [u8] {
    let start = all.iter().position(|byte| !given.contains(byte));
    all.get(start.unwrap_or(all.len())..).unwrap_or_default()
}

fn trimmed_end<'a>(all: &'a [u8], given: &[u8]) -> &'a [u8] {
    let end = all.iter().rposition(|byte| !given.contains(byte));
    all.get(..end.map_or(0, |end| end + 1)).unwrap_or_default()
}

fn unknown(encoding: &str) -> FunctionError {
    FunctionError::invalid_argument(format!("unrecognized encoding: \"{encoding}\""))
        .with_hint("Encodings are hex, base64 and escape.")
}

fn hexadecimal(all: &[u8]) -> String {
    all.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Zeros and bytes with the highest bit as octal numbers, a backslash as two.
fn escaped(all: &[u8]) -> String {
    let mut answer = String::with_capacity(all.len());
    for byte in all {
        match byte {
            0 | 0x80.. => answer.push_str(&format!("\\{byte:03o}")),
            b'\\' => answer.push_str("\\\\"),
            byte => answer.push(char::from(*byte)),
        }
    }
    answer
}

/// The alphabet of RFC 2045, whose lines have 76 characters.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const LINE: usize = 76;

fn base64(all: &[u8]) -> String {
    let mut answer = String::with_capacity(all.len() * 4 / 3 + 4);
    let mut in_line = 0;
    for chunk in all.chunks(3) {
        if in_line == LINE {
            answer.push('\n');
            in_line = 0;
        }
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place) & 0x3f) as usize];
            answer.push(if place <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
        in_line += 4;
    }
    answer
}

fn of_base64(written: &str) -> Result<Vec<u8>, FunctionError> {
    let mut answer = Vec::with_capacity(written.len() * 3 / 4);
    let (mut bits, mut count, mut padding) = (0_u32, 0, 0);
    for character in written
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
    {
        if character == '=' {
            padding += 1;
            continue;
        }
        let letter = u8::try_from(character)
            .ok()
            .and_then(|byte| ALPHABET.iter().position(|letter| *letter == byte))
            .and_then(|position| u32::try_from(position).ok())
            .filter(|_| padding == 0);
        let Some(letter) = letter else {
            return Err(FunctionError::invalid_argument(format!(
                "invalid symbol \"{character}\" found while decoding base64 sequence"
            )));
        };
        bits = bits << 6 | letter;
        count += 1;
        if count == 4 {
            answer.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    match (count, padding) {
        (0, 0) => {}
        (2, 2) => answer.push((bits >> 4) as u8),
        (3, 1) => answer.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
        _ => {
            return Err(
                FunctionError::invalid_argument("invalid base64 end sequence").with_hint(
                    "Input data is missing padding, is truncated, or is otherwise corrupted.",
                ),
            );
        }
    }
    Ok(answer)
}
