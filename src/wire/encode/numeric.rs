//! `numeric`: decimals of every width, and integers beyond `bigint`.

use std::fmt::Display;

use arrow::array::PrimitiveArray;
use arrow::array::types::{DecimalType, UInt64Type};
use bytes::{BufMut, BytesMut};

use super::Encode;
use super::integer::write_unsigned;
use crate::error::Result;

/// The sign word of a negative number, as numeric_send writes it.
const NEGATIVE: u16 = 0x4000;
/// Decimal digits in one digit of the base 10,000.
const GROUP: usize = 4;

/// Decimals of one scale.
pub(super) struct Decimals<'a, T: DecimalType> {
    pub(super) array: &'a PrimitiveArray<T>,
    pub(super) scale: i8,
}

impl<T> Encode for Decimals<'_, T>
where
    T: DecimalType + Send + Sync,
    T::Native: Display,
{
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let digits = self.array.value(row).to_string();
        write_decimal(out, &digits, self.scale);
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let digits = self.array.value(row).to_string();
        send_decimal(out, &digits, self.scale);
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }
}

/// Integers of 64 bits without a sign.
pub(super) struct Unsigned<'a>(pub(super) &'a PrimitiveArray<UInt64Type>);

impl Encode for Unsigned<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        write_unsigned(out, self.0.value(row));
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        send_decimal(out, &self.0.value(row).to_string(), 0);
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }
}

/// Splits the sign from the digits, and appends the zeros of a negative scale.
fn parts(integer: &str, scale: i8) -> (bool, String, usize) {
    let (negative, digits) = match integer.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, integer),
    };
    let mut digits = digits.to_owned();
    let scale = match usize::try_from(scale) {
        Ok(scale) => scale,
        Err(_) => {
            if digits != "0" {
                digits.extend(std::iter::repeat_n('0', usize::from(scale.unsigned_abs())));
            }
            0
        }
    };
    (negative, digits, scale)
}

/// Appends `integer` / 10^`scale` with exactly `scale` digits after the point.
fn write_decimal(out: &mut BytesMut, integer: &str, scale: i8) {
    let (negative, digits, scale) = parts(integer, scale);
    if negative {
        out.put_u8(b'-');
    }
    let whole = digits.len().saturating_sub(scale);
    if whole == 0 {
        out.put_u8(b'0');
    }
    out.put_slice(&digits.as_bytes()[..whole]);
    if scale > 0 {
        out.put_u8(b'.');
        out.put_bytes(b'0', scale.saturating_sub(digits.len()));
        out.put_slice(&digits.as_bytes()[whole..]);
    }
}

/// Appends the same number as numeric_send does: digits of base 10,000 without zeros at either
/// end, and the weight of the first of them.
fn send_decimal(out: &mut BytesMut, integer: &str, scale: i8) {
    let (negative, mut digits, scale) = parts(integer, scale);
    let fraction_padding = (GROUP - scale % GROUP) % GROUP;
    digits.extend(std::iter::repeat_n('0', fraction_padding));
    let fraction_groups = (scale + fraction_padding) / GROUP;

    let mut groups: Vec<u16> = digits
        .as_bytes()
        .rchunks(GROUP)
        .map(|group| {
            group
                .iter()
                .fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
        })
        .collect();
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let weight = groups.len() as i16 - fraction_groups as i16 - 1;
    let trailing_zeros = groups.iter().take_while(|group| **group == 0).count();
    let groups = &groups[trailing_zeros..];

    let (weight, sign) = if groups.is_empty() {
        (0, 0)
    } else {
        (weight, if negative { NEGATIVE } else { 0 })
    };
    out.put_i16(groups.len() as i16);
    out.put_i16(weight);
    out.put_u16(sign);
    out.put_i16(scale as i16);
    for group in groups.iter().rev() {
        out.put_u16(*group);
    }
}
