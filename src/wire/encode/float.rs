//! `real` and `double precision`: the shortest text that reads back as the same number, or as many digits
//! as the session says.

use std::fmt::LowerExp;

use arrow::array::PrimitiveArray;
use arrow::array::types::{Float16Type, Float32Type, Float64Type};
use bytes::{BufMut, BytesMut};
use ryu::Float;
use tributary_udfs::postgres::FloatDigits;

use super::Encode;
use super::integer::write_padded;
use super::json::write_quoted;
use super::stack::Stack;
use crate::error::Result;

/// PostgreSQL writes an exponent from this many digits on: FLT_DIG of C.
const SINGLE_DIGITS: i32 = 6;
/// The same for `double precision`: DBL_DIG of C.
const DOUBLE_DIGITS: i32 = 15;
/// Sign, 17 digits, point and exponent of any double, and some to spare.
const MAX_CHARACTERS: usize = 32;
/// And below this exponent.
const LEAST_PLAIN_EXPONENT: i32 = -4;

/// 16-bit floats, sent as `real`.
pub(super) struct Halves<'a>(
    pub(super) &'a PrimitiveArray<Float16Type>,
    pub(super) FloatDigits,
);

/// 32-bit floats.
pub(super) struct Singles<'a>(
    pub(super) &'a PrimitiveArray<Float32Type>,
    pub(super) FloatDigits,
);

/// 64-bit floats.
pub(super) struct Doubles<'a>(
    pub(super) &'a PrimitiveArray<Float64Type>,
    pub(super) FloatDigits,
);

impl Encode for Halves<'_> {
    fn is_plain(&self) -> bool {
        true
    }

    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        write_single(out, self.0.value(row).to_f32(), self.1);
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_f32(self.0.value(row).to_f32());
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        if self.0.value(row).is_finite() {
            self.text(row, out)
        } else {
            write_quoted(out, |out| self.text(row, out))
        }
    }
}

impl Encode for Singles<'_> {
    fn is_plain(&self) -> bool {
        true
    }

    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        write_single(out, self.0.value(row), self.1);
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_f32(self.0.value(row));
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        if self.0.value(row).is_finite() {
            self.text(row, out)
        } else {
            write_quoted(out, |out| self.text(row, out))
        }
    }
}

impl Encode for Doubles<'_> {
    fn is_plain(&self) -> bool {
        true
    }

    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        write_double(out, self.0.value(row), self.1);
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_f64(self.0.value(row));
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        if self.0.value(row).is_finite() {
            self.text(row, out)
        } else {
            write_quoted(out, |out| self.text(row, out))
        }
    }
}

fn write_single(out: &mut BytesMut, value: f32, digits: FloatDigits) {
    if value.is_finite() {
        match digits.of(SINGLE_DIGITS) {
            None => write_finite(out, value, SINGLE_DIGITS),
            Some(digits) => write_rounded(out, value, digits),
        }
    } else {
        write_not_finite(out, f64::from(value));
    }
}

fn write_double(out: &mut BytesMut, value: f64, digits: FloatDigits) {
    if value.is_finite() {
        match digits.of(DOUBLE_DIGITS) {
            None => write_finite(out, value, DOUBLE_DIGITS),
            Some(digits) => write_rounded(out, value, digits),
        }
    } else {
        write_not_finite(out, value);
    }
}

fn write_not_finite(out: &mut BytesMut, value: f64) {
    out.put_slice(if value.is_nan() {
        b"NaN"
    } else if value > 0.0 {
        b"Infinity"
    } else {
        b"-Infinity"
    });
}

fn write_finite(out: &mut BytesMut, value: impl Float, plain_digits: i32) {
    let mut shortest = ryu::Buffer::new();
    let shortest = shortest.format_finite(value);
    match plain(shortest, plain_digits) {
        Some(plain) => out.put_slice(plain.as_bytes()),
        None => write_by_exponent(out, shortest, plain_digits),
    }
}

/// Writes a number with so many digits at most.
fn write_rounded(out: &mut BytesMut, value: impl LowerExp, digits: usize) {
    let rounded = Stack::<MAX_CHARACTERS>::new(format_args!("{value:.*e}", digits - 1));
    write_by_exponent(
        out,
        rounded.as_str(),
        i32::try_from(digits).unwrap_or(DOUBLE_DIGITS),
    );
}

/// The text that PostgreSQL writes, where it has no exponent and is this one, but for a fraction of zero.
fn plain(shortest: &str, plain_digits: i32) -> Option<&str> {
    let digits = shortest.strip_prefix('-').unwrap_or(shortest);
    let (whole, fraction) = digits.split_once('.')?;
    let zeros = || fraction.bytes().take_while(|digit| *digit == b'0').count();
    let is_plain = match whole {
        "0" => fraction == "0" || zeros() < LEAST_PLAIN_EXPONENT.unsigned_abs() as usize,
        _ => whole.len() <= plain_digits.unsigned_abs() as usize,
    };
    let has_exponent = fraction.bytes().any(|digit| digit == b'e');
    (is_plain && !has_exponent).then(|| shortest.strip_suffix(".0").unwrap_or(shortest))
}

/// Writes a number by the digits and the exponent of its shortest text.
///
/// Both ways read the same digits: where two texts of the same length are as near to the number, the
/// one with the even last digit is PostgreSQL's and Ryū's, another is that of Rust.
fn write_by_exponent(out: &mut BytesMut, shortest: &str, plain_digits: i32) {
    let (negative, text) = match shortest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, shortest),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = Stack::<MAX_CHARACTERS>::new(format_args!("{whole}{fraction}"));
    let significant = digits.as_str().trim_start_matches('0');
    let zeros = digits.as_str().len() - significant.len();
    let exponent = exponent.parse().unwrap_or(0) + whole.len() as i32 - 1 - zeros as i32;
    let (first, rest) = match significant.trim_end_matches('0') {
        "" => ("0", ""),
        digits => digits.split_at(1),
    };
    let exponent = if first == "0" { 0 } else { exponent };
    if negative {
        out.put_u8(b'-');
    }
    if (LEAST_PLAIN_EXPONENT..plain_digits).contains(&exponent) {
        write_plain(out, first, rest, exponent);
    } else {
        out.put_slice(first.as_bytes());
        if !rest.is_empty() {
            out.put_u8(b'.');
            out.put_slice(rest.as_bytes());
        }
        out.put_slice(if exponent < 0 { b"e-" } else { b"e+" });
        write_padded(out, u64::from(exponent.unsigned_abs()), 2);
    }
}

fn write_plain(out: &mut BytesMut, first: &str, rest: &str, exponent: i32) {
    let Ok(whole) = usize::try_from(exponent) else {
        out.put_slice(b"0.");
        out.put_bytes(b'0', exponent.unsigned_abs() as usize - 1);
        out.put_slice(first.as_bytes());
        out.put_slice(rest.as_bytes());
        return;
    };
    out.put_slice(first.as_bytes());
    let (integer, fraction) = rest.split_at(whole.min(rest.len()));
    out.put_slice(integer.as_bytes());
    out.put_bytes(b'0', whole - integer.len());
    if !fraction.is_empty() {
        out.put_u8(b'.');
        out.put_slice(fraction.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn both_ways(value: impl Float, plain_digits: i32) -> [BytesMut; 2] {
        let mut written = [BytesMut::new(), BytesMut::new()];
        write_finite(&mut written[0], value, plain_digits);
        let mut shortest = ryu::Buffer::new();
        write_by_exponent(&mut written[1], shortest.format_finite(value), plain_digits);
        written
    }

    proptest! {
        #[test]
        fn doubles_are_the_same_by_their_exponents(bits in any::<u64>(), plain in -1e17..1e17, scale in 0..20) {
            for value in [f64::from_bits(bits), plain, plain / 10_f64.powi(scale), plain.trunc()] {
                if value.is_finite() {
                    let [one, other] = both_ways(value, DOUBLE_DIGITS);
                    prop_assert_eq!(one, other);
                }
            }
        }

        #[test]
        fn singles_are_the_same_by_their_exponents(bits in any::<u32>(), plain in -1e9_f32..1e9, scale in 0..12) {
            for value in [f32::from_bits(bits), plain, plain / 10_f32.powi(scale), plain.trunc()] {
                if value.is_finite() {
                    let [one, other] = both_ways(value, SINGLE_DIGITS);
                    prop_assert_eq!(one, other);
                }
            }
        }
    }

    #[test]
    fn of_two_texts_as_near_the_even_one_is_written() {
        let mut written = BytesMut::new();
        write_double(
            &mut written,
            -427_327_468_878_056.5 / 4.0,
            FloatDigits::default(),
        );
        assert_eq!(written, "-106831867219514.12");
        written.clear();
        write_double(
            &mut written,
            9_007_199_254_740_993e1,
            FloatDigits::default(),
        );
        assert_eq!(written, "9.007199254740994e+16");
    }

    #[test]
    fn the_borders_of_plain_numbers_are_the_same_by_their_exponents() {
        for exponent in -8..18 {
            for digits in [1.0, 1.5, 9.999_999, -3.0] {
                let value = digits * 10_f64.powi(exponent);
                let [one, other] = both_ways(value, DOUBLE_DIGITS);
                assert_eq!(one, other, "{value:e}");
                let [one, other] = both_ways(value as f32, SINGLE_DIGITS);
                assert_eq!(one, other, "{value:e}");
            }
        }
        for zero in [0.0, -0.0] {
            let [one, other] = both_ways(zero, DOUBLE_DIGITS);
            assert_eq!(one, other);
        }
    }
}
