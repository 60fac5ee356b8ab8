//! `smallint`, `integer`, `bigint` and `oid`.

use arrow::array::{ArrowPrimitiveType, PrimitiveArray};
use arrow::datatypes::Int64Type;
use bytes::{BufMut, BytesMut};

use super::Encode;
use crate::error::{Error, Result, SqlState};

/// Integers that fit 16 bits.
pub(super) struct Int2<'a, T: ArrowPrimitiveType>(pub(super) &'a PrimitiveArray<T>);

/// Integers that fit 32 bits.
pub(super) struct Int4<'a, T: ArrowPrimitiveType>(pub(super) &'a PrimitiveArray<T>);

/// Integers that fit 64 bits.
pub(super) struct Int8<'a, T: ArrowPrimitiveType>(pub(super) &'a PrimitiveArray<T>);

macro_rules! encode_integer {
    ($name:ident, $native:ty, $put:ident) => {
        impl<T> Encode for $name<'_, T>
        where
            T: ArrowPrimitiveType,
            T::Native: Into<$native>,
        {
            fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
                let value: $native = self.0.value(row).into();
                write_integer(out, i64::from(value));
                Ok(())
            }

            fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
                out.$put(self.0.value(row).into());
                Ok(())
            }

            fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
                self.text(row, out)
            }

            fn is_plain(&self) -> bool {
                true
            }
        }
    };
}

encode_integer!(Int2, i16, put_i16);
encode_integer!(Int4, i32, put_i32);
encode_integer!(Int8, i64, put_i64);

/// Numbers of objects, which are of 32 bits on the wire.
pub(super) struct Oid<'a>(pub(super) &'a PrimitiveArray<Int64Type>);

impl Oid<'_> {
    /// That of a row.
    pub(super) fn number(&self, row: usize) -> i64 {
        self.0.value(row)
    }
}

impl Encode for Oid<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        write_integer(out, self.0.value(row));
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let value = self.0.value(row);
        let oid = u32::try_from(value).map_err(|_| {
            let message = format!("oid out of range: {value}");
            Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message)
        })?;
        out.put_u32(oid);
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }

    fn is_plain(&self) -> bool {
        true
    }
}

/// Appends the decimal digits of a number.
pub(super) fn write_integer(out: &mut BytesMut, value: i64) {
    if value < 0 {
        out.put_u8(b'-');
    }
    write_unsigned(out, value.unsigned_abs());
}

/// Appends the decimal digits of a number without a sign.
pub(super) fn write_unsigned(out: &mut BytesMut, value: u64) {
    write_padded(out, value, 1);
}

/// Appends the decimal digits of a number, with zeros before them up to a width.
pub(super) fn write_padded(out: &mut BytesMut, value: u64, width: usize) {
    let mut digits = [b'0'; MAX_DIGITS];
    let start = write_digits(value, &mut digits);
    let start = start.min(digits.len().saturating_sub(width));
    out.put_slice(&digits[start..]);
}

/// The digits of the greatest number of 64 bits.
pub(super) const MAX_DIGITS: usize = 20;

/// Writes the decimal digits of a number to the end of a buffer, of zero none; tells where they begin.
pub(super) fn write_digits(mut value: u64, digits: &mut [u8; MAX_DIGITS]) -> usize {
    let mut start = digits.len();
    while value >= 10 {
        start -= 2;
        digits[start..start + 2].copy_from_slice(&two_digits(value % 100));
        value /= 100;
    }
    if value > 0 {
        start -= 1;
        digits[start] = b'0' + value as u8;
    }
    start
}

/// The two digits of a number below 100.
pub(super) fn two_digits(value: u64) -> [u8; 2] {
    PAIRS[value as usize]
}

/// The digits of the numbers below 100: one look-up takes the place of two divisions.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut value = 0;
    while value < pairs.len() {
        pairs[value] = [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
        value += 1;
    }
    pairs
};
