//! Reads one column of records into an Arrow array.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryBuilder, BooleanBuilder, Decimal128Builder, PrimitiveBuilder,
    StringBuilder, StringViewBuilder,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType, Time64NanosecondType,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use chrono::{DateTime, Utc};
use datafusion::arrow::compute::kernels::cast_utils::{
    Parser, parse_decimal, string_to_time_nanoseconds,
};

use super::record::Records;
use crate::error::{Result, SqlState};
use crate::sources::infer::parse_timestamp;
use crate::sources::options::{CsvOptions, parse_boolean};
use crate::sources::rejected::{cut, shorten};
use crate::sources::type_name;

/// What is wrong with a record: the first column at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub column: String,
    pub value: Option<String>,
    pub reason: String,
    pub sqlstate: SqlState,
}

/// The faulty records of a batch, by position.
pub(super) type Faults = BTreeMap<usize, Fault>;

/// A column of records.
pub(super) struct Column<'a> {
    pub records: &'a Records,
    pub bytes: &'a [u8],
    /// Which field of each record.
    pub index: usize,
    pub field: &'a Field,
    pub options: &'a CsvOptions,
}

/// Why a value cannot be read.
enum Invalid {
    Syntax,
    Range,
    DateRange,
}

impl Column<'_> {
    /// Reads all records; a faulty value is NULL in the array and noted in `faults`, unless an
    /// earlier column of its record is.
    pub fn read(&self, faults: &mut Faults) -> Result<ArrayRef> {
        let array = match self.field.data_type() {
            DataType::Boolean => self.booleans(faults),
            DataType::Int8 => self.integers::<Int8Type>(faults),
            DataType::Int16 => self.integers::<Int16Type>(faults),
            DataType::Int32 => self.integers::<Int32Type>(faults),
            DataType::Int64 => self.integers::<Int64Type>(faults),
            DataType::UInt8 => self.integers::<UInt8Type>(faults),
            DataType::UInt16 => self.integers::<UInt16Type>(faults),
            DataType::UInt32 => self.integers::<UInt32Type>(faults),
            DataType::UInt64 => self.integers::<UInt64Type>(faults),
            DataType::Float32 => self.primitives::<Float32Type>(faults, |text| {
                finite(text, Float32Type::parse(text), f32::is_infinite)
            }),
            DataType::Float64 => self.primitives::<Float64Type>(faults, |text| {
                finite(text, Float64Type::parse(text), f64::is_infinite)
            }),
            DataType::Decimal128(precision, scale) => self.decimals(*precision, *scale, faults)?,
            DataType::Date32 => self.primitives::<Date32Type>(faults, |text| {
                Date32Type::parse(text.trim_ascii()).ok_or_else(|| time_fault(text))
            }),
            DataType::Timestamp(unit, zone) => self.timestamps(*unit, zone.clone(), faults),
            DataType::Time64(TimeUnit::Microsecond) => self
                .primitives::<Time64MicrosecondType>(faults, |text| {
                    time_of_day(text).map(|nanoseconds| nanoseconds / 1_000)
                }),
            DataType::Time64(TimeUnit::Nanosecond) => {
                self.primitives::<Time64NanosecondType>(faults, time_of_day)
            }
            DataType::Utf8 => self.texts(faults),
            DataType::Utf8View => self.text_views(faults),
            DataType::Binary => self.binaries(faults),
            _ => self.cast(faults)?,
        };
        if !self.field.is_nullable() {
            self.forbid_nulls(&array, faults);
        }
        Ok(array)
    }

    /// Hands each record's value, NULL or text, to `take`, which says what is wrong with it.
    fn each(&self, faults: &mut Faults, mut take: impl FnMut(Option<&str>) -> Result<(), Invalid>) {
        let null = self.options.null_value.as_bytes();
        for record in 0..self.records.len() {
            let field = self.records.field(self.bytes, record, self.index);
            if field.bytes == null && (!field.quoted || self.options.force_null) {
                // NULL is always taken.
                let _ = take(None);
                continue;
            }
            let outcome = match std::str::from_utf8(field.bytes) {
                // Clients take a zero byte for the end of a text.
                Ok(_) if memchr::memchr(0, field.bytes).is_some() => {
                    let _ = take(None);
                    Err(self.not_text(field.bytes, ": 0x00"))
                }
                Ok(text) => {
                    let text = if self.options.trim && field.quoted {
                        text.trim_ascii()
                    } else {
                        text
                    };
                    take(Some(text)).map_err(|invalid| self.fault(&invalid, text))
                }
                Err(_) => {
                    let _ = take(None);
                    Err(self.not_text(field.bytes, ""))
                }
            };
            if let Err(fault) = outcome {
                faults.entry(record).or_insert(fault);
            }
        }
    }

    fn not_text(&self, bytes: &[u8], what: &str) -> Fault {
        Fault {
            column: self.field.name().clone(),
            value: Some(cut(bytes).replace('\0', "\u{fffd}")),
            reason: format!("invalid byte sequence for encoding \"UTF8\"{what}"),
            sqlstate: SqlState::CHARACTER_NOT_IN_REPERTOIRE,
        }
    }

    fn fault(&self, invalid: &Invalid, text: &str) -> Fault {
        let type_name = type_name(self.field.data_type());
        let shown = shorten(text);
        let (reason, sqlstate) = match invalid {
            Invalid::Syntax => (
                format!("invalid input syntax for type {type_name}: \"{shown}\""),
                SqlState::INVALID_TEXT_REPRESENTATION,
            ),
            Invalid::Range => (
                format!("value \"{shown}\" is out of range for type {type_name}"),
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            ),
            Invalid::DateRange => (
                format!("date/time field value out of range: \"{shown}\""),
                SqlState::DATETIME_FIELD_OVERFLOW,
            ),
        };
        Fault {
            column: self.field.name().clone(),
            value: Some(cut(text.as_bytes())),
            reason,
            sqlstate,
        }
    }

    fn forbid_nulls(&self, array: &dyn Array, faults: &mut Faults) {
        for record in (0..array.len()).filter(|record| array.is_null(*record)) {
            faults.entry(record).or_insert_with(|| Fault {
                column: self.field.name().clone(),
                value: None,
                reason: format!(
                    "null value in column \"{}\" violates not-null constraint",
                    self.field.name()
                ),
                sqlstate: SqlState::NOT_NULL_VIOLATION,
            });
        }
    }

    fn builder<T: ArrowPrimitiveType>(
        &self,
        faults: &mut Faults,
        mut parse: impl FnMut(&str) -> Result<T::Native, Invalid>,
    ) -> PrimitiveBuilder<T> {
        let mut builder = PrimitiveBuilder::<T>::with_capacity(self.records.len());
        self.each(faults, |text| {
            let parsed = text.map(&mut parse).transpose();
            match parsed {
                Ok(value) => {
                    builder.append_option(value);
                    Ok(())
                }
                Err(invalid) => {
                    builder.append_null();
                    Err(invalid)
                }
            }
        });
        builder
    }

    fn primitives<T: ArrowPrimitiveType>(
        &self,
        faults: &mut Faults,
        parse: impl FnMut(&str) -> Result<T::Native, Invalid>,
    ) -> ArrayRef {
        Arc::new(self.builder::<T>(faults, parse).finish())
    }

    fn integers<T: Parser>(&self, faults: &mut Faults) -> ArrayRef {
        self.primitives::<T>(faults, |text| {
            T::parse(text).ok_or_else(|| {
                let text = text.trim_ascii();
                let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    Invalid::Range
                } else {
                    Invalid::Syntax
                }
            })
        })
    }

    fn decimals(&self, precision: u8, scale: i8, faults: &mut Faults) -> Result<ArrayRef> {
        let mut builder = Decimal128Builder::with_capacity(self.records.len())
            .with_precision_and_scale(precision, scale)?;
        self.each(faults, |text| {
            let parsed = text.map(|text| decimal(text.trim_ascii(), precision, scale));
            match parsed.transpose() {
                Ok(value) => {
                    builder.append_option(value);
                    Ok(())
                }
                Err(invalid) => {
                    builder.append_null();
                    Err(invalid)
                }
            }
        });
        Ok(Arc::new(builder.finish()))
    }

    fn timestamps(&self, unit: TimeUnit, zone: Option<Arc<str>>, faults: &mut Faults) -> ArrayRef {
        macro_rules! read {
            ($type:ty, $convert:expr) => {
                Arc::new(
                    self.builder::<$type>(faults, |text| {
                        let time =
                            parse_timestamp(text.trim_ascii()).ok_or_else(|| time_fault(text))?;
                        $convert(time).ok_or(Invalid::DateRange)
                    })
                    .with_data_type(DataType::Timestamp(unit, zone))
                    .finish(),
                )
            };
        }
        match unit {
            TimeUnit::Second => {
                read!(TimestampSecondType, |time: DateTime<Utc>| Some(
                    time.timestamp()
                ))
            }
            TimeUnit::Millisecond => {
                read!(TimestampMillisecondType, |time: DateTime<Utc>| Some(
                    time.timestamp_millis()
                ))
            }
            TimeUnit::Microsecond => {
                read!(TimestampMicrosecondType, |time: DateTime<Utc>| Some(
                    time.timestamp_micros()
                ))
            }
            TimeUnit::Nanosecond => {
                read!(TimestampNanosecondType, |time: DateTime<Utc>| time
                    .timestamp_nanos_opt())
            }
        }
    }

    fn booleans(&self, faults: &mut Faults) -> ArrayRef {
        let mut builder = BooleanBuilder::with_capacity(self.records.len());
        self.each(faults, |text| {
            let parsed = text.map(|text| parse_boolean(text.trim_ascii()));
            builder.append_option(parsed.flatten());
            if parsed == Some(None) {
                return Err(Invalid::Syntax);
            }
            Ok(())
        });
        Arc::new(builder.finish())
    }

    fn texts(&self, faults: &mut Faults) -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(self.records.len(), self.records.len() * 16);
        self.each(faults, |text| {
            builder.append_option(text);
            Ok(())
        });
        Arc::new(builder.finish())
    }

    fn text_views(&self, faults: &mut Faults) -> ArrayRef {
        let mut builder = StringViewBuilder::with_capacity(self.records.len());
        self.each(faults, |text| {
            builder.append_option(text);
            Ok(())
        });
        Arc::new(builder.finish())
    }

    /// `\x` and hexadecimal digits, as Postgres writes bytea; other text stands for its bytes.
    fn binaries(&self, faults: &mut Faults) -> ArrayRef {
        let mut builder = BinaryBuilder::new();
        self.each(faults, |text| {
            match text.map(|text| (text, text.strip_prefix("\\x"))) {
                None => builder.append_null(),
                Some((text, None)) => builder.append_value(text),
                Some((_, Some(digits))) => match unhex(digits.as_bytes()) {
                    Some(bytes) => builder.append_value(bytes),
                    None => {
                        builder.append_null();
                        return Err(Invalid::Syntax);
                    }
                },
            }
            Ok(())
        });
        Arc::new(builder.finish())
    }

    /// Any other type is read the way `CAST` reads it.
    fn cast(&self, faults: &mut Faults) -> Result<ArrayRef> {
        let texts = self.texts(faults);
        let safe = CastOptions {
            safe: true,
            ..CastOptions::default()
        };
        let array = cast_with_options(&texts, self.field.data_type(), &safe)?;
        let mut record = 0;
        self.each(faults, |text| {
            let failed = text.is_some() && array.is_null(record) && texts.is_valid(record);
            record += 1;
            if failed { Err(Invalid::Syntax) } else { Ok(()) }
        });
        Ok(array)
    }
}

fn finite<T: Copy + Display>(
    text: &str,
    parsed: Option<T>,
    is_infinite: impl Fn(T) -> bool,
) -> Result<T, Invalid> {
    match parsed {
        Some(value) if is_infinite(value) && text.bytes().any(|byte| byte.is_ascii_digit()) => {
            Err(Invalid::Range)
        }
        Some(value) => Ok(value),
        None => Err(Invalid::Syntax),
    }
}

fn decimal(text: &str, precision: u8, scale: i8) -> Result<i128, Invalid> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(Invalid::Syntax);
    }
    parse_decimal::<Decimal128Type>(text, precision, scale).map_err(|_| {
        let is_number = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        if is_number && digits.parse::<f64>().is_ok() {
            Invalid::Range
        } else {
            Invalid::Syntax
        }
    })
}

fn time_of_day(text: &str) -> Result<i64, Invalid> {
    string_to_time_nanoseconds(text.trim_ascii()).map_err(|_| time_fault(text))
}

/// Digits and separators that are no date are out of range; anything else is no date at all.
fn time_fault(text: &str) -> Invalid {
    let text = text.trim_ascii();
    let is_numeric = text.bytes().all(|byte| {
        byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b' ' | b'T' | b'Z')
    });
    let has_iso_shape =
        text.as_bytes().get(4) == Some(&b'-') || text.as_bytes().get(2) == Some(&b':');
    if is_numeric && has_iso_shape && text.bytes().any(|byte| byte.is_ascii_digit()) {
        Invalid::DateRange
    } else {
        Invalid::Syntax
    }
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok(),
            _ => None,
        })
        .collect()
}
