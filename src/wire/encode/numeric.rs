//! `numeric`: decimals of every width, and integers beyond `bigint`.

use std::fmt::Display;

use arrow::array::PrimitiveArray;
use arrow::array::types::{DecimalType, UInt64Type};
use arrow::datatypes::ArrowNativeType as _;
use bytes::{BufMut, BytesMut};

use super::Encode;
use super::integer::{MAX_DIGITS as SHORT_DIGITS, write_digits, write_unsigned};
use super::stack::Stack;
use crate::error::Result;

/// The sign word of a negative number, as numeric_send writes it.
const NEGATIVE: u16 = 0x4000;
/// Decimal digits in one digit of the base 10,000.
const GROUP: usize = 4;
/// Sign and digits of an integer of 256 bits.
const MAX_DIGITS: usize = 80;
/// Groups of those digits, of the zeros of a negative scale, and of the zeros before the digits of
/// a fraction.
const MAX_GROUPS: usize = 100;

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
        self.give(row, |decimal| decimal.write(out));
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.give(row, |decimal| decimal.send(out));
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }

    fn is_plain(&self) -> bool {
        true
    }
}

impl<T> Decimals<'_, T>
where
    T: DecimalType,
    T::Native: Display,
{
    /// Gives the number of a row to who writes it.
    fn give(&self, row: usize, write: impl FnOnce(&Decimal<'_>)) {
        let value = self.array.value(row);
        // Most numbers have few digits, which are written in a third of the time then.
        if let Some(value) = value.to_i64() {
            let mut digits = [b'0'; SHORT_DIGITS];
            let start = write_digits(value.unsigned_abs(), &mut digits);
            let digits = &digits[start.min(SHORT_DIGITS - 1)..];
            return write(&Decimal::of(value < 0, digits, self.scale));
        }
        let digits = Stack::<MAX_DIGITS>::new(format_args!("{value}"));
        write(&Decimal::new(digits.as_str(), self.scale));
    }
}

/// Integers of 64 bits without a sign.
pub(super) struct Unsigned<'a>(pub(super) &'a PrimitiveArray<UInt64Type>);

impl Encode for Unsigned<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        write_unsigned(out, self.0.value(row));
        Ok(())
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let digits = Stack::<MAX_DIGITS>::new(format_args!("{}", self.0.value(row)));
        Decimal::new(digits.as_str(), 0).send(out);
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }
}

/// An integer and where its decimal point goes.
struct Decimal<'a> {
    negative: bool,
    digits: &'a [u8],
    /// Zeros after the digits, of a negative scale.
    zeros: usize,
    /// Digits after the point.
    scale: usize,
}

impl<'a> Decimal<'a> {
    /// `integer` / 10^`scale`.
    fn new(integer: &'a str, scale: i8) -> Self {
        match integer.strip_prefix('-') {
            Some(digits) => Self::of(true, digits.as_bytes(), scale),
            None => Self::of(false, integer.as_bytes(), scale),
        }
    }

    /// An integer of these digits / 10^`scale`.
    fn of(negative: bool, digits: &'a [u8], scale: i8) -> Self {
        let zeros = if scale < 0 && digits != b"0" {
            usize::from(scale.unsigned_abs())
        } else {
            0
        };
        Self {
            negative,
            digits,
            zeros,
            scale: usize::try_from(scale).unwrap_or(0),
        }
    }

    /// Appends the number with exactly `scale` digits after the point.
    fn write(&self, out: &mut BytesMut) {
        if self.negative {
            out.put_u8(b'-');
        }
        let whole = self.digits.len().saturating_sub(self.scale);
        if whole == 0 {
            out.put_u8(b'0');
        }
        out.put_slice(&self.digits[..whole]);
        out.put_bytes(b'0', self.zeros);
        if self.scale > 0 {
            out.put_u8(b'.');
            out.put_bytes(b'0', self.scale.saturating_sub(self.digits.len()));
            out.put_slice(&self.digits[whole..]);
        }
    }

    /// Appends the number as numeric_send does: digits of base 10,000 without zeros at either end,
    /// and the weight of the first of them.
    fn send(&self, out: &mut BytesMut) {
        let padding = (GROUP - self.scale % GROUP) % GROUP;
        let length = self.digits.len() + self.zeros + padding;
        let mut groups = [0_u16; MAX_GROUPS];
        let group_count = length.div_ceil(GROUP);
        // The last group first, for it is the one that is full.
        for (index, group) in groups.iter_mut().take(group_count).enumerate() {
            let end = length - index * GROUP;
            let digits = end.saturating_sub(GROUP)..end;
            *group = digits.fold(0, |number, at| {
                number * 10
                    + self
                        .digits
                        .get(at)
                        .map_or(0, |digit| u16::from(digit - b'0'))
            });
        }
        let first = groups.iter().rposition(|group| *group != 0);
        let last = groups.iter().position(|group| *group != 0);
        let (Some(first), Some(last)) = (first, last) else {
            out.put_i16(0);
            out.put_i16(0);
            out.put_u16(0);
            out.put_i16(self.scale as i16);
            return;
        };
        let fraction_groups = (self.scale + padding) / GROUP;
        out.put_i16((first - last + 1) as i16);
        out.put_i16(first as i16 - fraction_groups as i16);
        out.put_u16(if self.negative { NEGATIVE } else { 0 });
        out.put_i16(self.scale as i16);
        for group in groups[last..=first].iter().rev() {
            out.put_u16(*group);
        }
    }
}
