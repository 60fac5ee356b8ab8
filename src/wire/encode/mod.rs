//! Arrow values as PostgreSQL writes them, in text and in binary. One file a family of types, both
//! formats side by side.

mod calendar;
mod datetime;
mod float;
mod integer;
mod interval;
mod json;
mod list;
mod named;
mod network;
mod numeric;
mod record;
mod scalar;
mod stack;
#[cfg(test)]
mod tests;
mod wrapped;

use arrow::array::timezone::Tz;
use arrow::array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalDayTimeType, IntervalMonthDayNanoType, IntervalYearMonthType, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::array::{Array, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use bytes::{BufMut, BytesMut};
use tributary_udfs::json::JsonKind;
use tributary_udfs::postgres::{ByteaOutput, DateStyle, FloatDigits, IntervalStyle};

use super::types::{PostgresType, element_of, extension, fixed_length};
use crate::error::{Error, Result, SqlState};

/// A message, and so a value, holds no more than PostgreSQL's does.
const MAX_VALUE_BYTES: usize = 0x3fff_ffff;
/// The one version of the binary formats of `jsonb` and `jsonpath`.
const JSON_VERSION: u8 = 1;
/// Names of the zone that needs no look at the rules of zones.
const UTC_NAMES: [&str; 5] = ["UTC", "Etc/UTC", "GMT", "+00:00", "<+00>-00"];

/// What the session's settings say about how values are written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    /// `TimeZone`, in which a `timestamptz` is written as text; `None` is UTC.
    time_zone: Option<Tz>,
    /// `IntervalStyle`
    intervals: IntervalStyle,
    /// `DateStyle`
    dates: DateStyle,
    /// `bytea_output`
    bytes: ByteaOutput,
    /// `extra_float_digits`
    float_digits: FloatDigits,
}

impl Style {
    /// Writes times in this zone; in UTC where it is none.
    pub(super) fn new(time_zone: Option<&str>) -> Self {
        let time_zone = time_zone
            .filter(|name| !UTC_NAMES.iter().any(|utc| utc.eq_ignore_ascii_case(name)))
            .and_then(tributary_udfs::time_zone);
        Self {
            time_zone,
            ..Self::default()
        }
    }

    /// Writes dates and moments in this style, and the names of this time zone.
    pub(super) fn with_dates(mut self, style: Option<&str>, time_zone: Option<&str>) -> Self {
        if let Some(style) = style {
            self.dates = DateStyle::new(style, time_zone.unwrap_or("UTC"));
        }
        self
    }

    /// Writes bytes in this form.
    pub(super) fn with_bytes(mut self, output: Option<&str>) -> Self {
        self.bytes = output.map(ByteaOutput::named).unwrap_or_default();
        self
    }

    /// Writes floats with so many digits.
    pub(super) fn with_float_digits(mut self, extra: Option<&str>) -> Self {
        self.float_digits = extra.map(FloatDigits::new).unwrap_or_default();
        self
    }

    /// Writes intervals in this style.
    pub(super) fn with_intervals(mut self, style: Option<&str>) -> Self {
        self.intervals = style.map(IntervalStyle::named).unwrap_or_default();
        self
    }

    /// The zone of times that name none.
    pub(super) fn time_zone(&self) -> Option<Tz> {
        self.time_zone
    }
}

/// A value as text, as a client gets it; none for NULL. Moments are shown in `time_zone`.
///
/// # Errors
/// A type that has no text.
pub fn text_of(
    field: &Field,
    values: &dyn Array,
    row: usize,
    time_zone: &str,
) -> Result<Option<String>> {
    let column = Column::new(field, values, Style::new(Some(time_zone)))?;
    if column.is_null(row) {
        return Ok(None);
    }
    let mut text = BytesMut::new();
    column.text(row, &mut text)?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

/// Writes the values of one array that are not NULL.
trait Encode: Send + Sync {
    /// Appends the value as text.
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()>;

    /// Appends the value in binary.
    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()>;

    /// Appends the value as JSON: as a string, unless JSON has something better.
    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        json::write_quoted(out, |out| self.text(row, out))
    }

    /// Whether each text has [plain characters](is_plain) alone, and at least one.
    fn is_plain(&self) -> bool {
        false
    }

    /// The texts of all values one after another, where they stand so. There may be more between them.
    fn texts(&self) -> Option<&[u8]> {
        None
    }

    /// The lists within one list, where the elements are lists.
    fn as_array(&self) -> Option<&dyn list::Dimensions> {
        None
    }
}

/// One column of a batch, ready to write any of its values.
pub(super) struct Column<'a> {
    nulls: Option<NullBuffer>,
    postgres_type: PostgresType,
    values: Box<dyn Encode + 'a>,
}

impl<'a> Column<'a> {
    /// Prepares to write the values of `array`, which are those of `field`.
    pub(super) fn new(field: &Field, array: &'a dyn Array, style: Style) -> Result<Self> {
        Ok(Self {
            nulls: array.logical_nulls(),
            postgres_type: PostgresType::of_field(field),
            values: encoder(field, array, style)?,
        })
    }

    /// Whether the value is NULL.
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends a value that is not NULL as text.
    pub(super) fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.values.text(row, out)
    }

    /// Whether the text of each value that is not NULL has [plain characters](is_plain) alone, and at
    /// least one.
    pub(super) fn is_plain(&self) -> bool {
        self.values.is_plain()
    }

    /// The texts of all values one after another, where they stand so. There may be more between them.
    pub(super) fn texts(&self) -> Option<&[u8]> {
        self.values.texts()
    }

    /// Appends the value as JSON.
    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        if self.is_null(row) {
            out.put_slice(b"null");
            return Ok(());
        }
        self.values.json(row, out)
    }

    /// Appends the length and the value as text, or -1 for NULL.
    pub(super) fn text_field(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.field(row, out, |out| self.values.text(row, out))
    }

    /// Appends the length and the value in binary, or -1 for NULL.
    pub(super) fn binary_field(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.field(row, out, |out| self.values.binary(row, out))
    }

    fn field(
        &self,
        row: usize,
        out: &mut BytesMut,
        write: impl FnOnce(&mut BytesMut) -> Result<()>,
    ) -> Result<()> {
        if self.is_null(row) {
            out.put_i32(-1);
            return Ok(());
        }
        let start = out.len();
        out.put_i32(0);
        write(out)?;
        let length = out.len() - start - 4;
        let length = i32::try_from(length)
            .ok()
            .filter(|_| length <= MAX_VALUE_BYTES)
            .ok_or_else(|| too_large(length))?;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }
}

/// Whether numbers, truth values, UUIDs and ISO's dates and times are written with such characters, and no
/// others.
pub(super) fn is_plain(character: u8) -> bool {
    character.is_ascii_alphanumeric() || b"+-.: ".contains(&character)
}

/// A value or row that no message can carry.
pub(super) fn too_large(bytes: usize) -> Error {
    Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("a value of {bytes} bytes cannot be sent"),
    )
}

fn encoder<'a>(field: &Field, array: &'a dyn Array, style: Style) -> Result<Box<dyn Encode + 'a>> {
    Ok(match array.data_type() {
        DataType::Boolean => Box::new(scalar::Booleans(array.as_boolean())),
        DataType::Int8 => Box::new(integer::Int2(array.as_primitive::<Int8Type>())),
        DataType::UInt8 => Box::new(integer::Int2(array.as_primitive::<UInt8Type>())),
        DataType::Int16 => Box::new(integer::Int2(array.as_primitive::<Int16Type>())),
        DataType::UInt16 => Box::new(integer::Int4(array.as_primitive::<UInt16Type>())),
        DataType::Int32 => Box::new(integer::Int4(array.as_primitive::<Int32Type>())),
        DataType::UInt32 => Box::new(integer::Int8(array.as_primitive::<UInt32Type>())),
        DataType::Int64 => {
            let numbers = array.as_primitive::<Int64Type>();
            match PostgresType::of_field(field) {
                PostgresType::OID | PostgresType::XID => Box::new(integer::Oid(numbers)),
                PostgresType::REGPROC => Box::new(named::Functions(integer::Oid(numbers))),
                PostgresType::REGTYPE => Box::new(named::Types(integer::Oid(numbers))),
                _ => Box::new(integer::Int8(numbers)),
            }
        }
        DataType::UInt64 => Box::new(numeric::Unsigned(array.as_primitive::<UInt64Type>())),
        DataType::Float16 => Box::new(float::Halves(
            array.as_primitive::<Float16Type>(),
            style.float_digits,
        )),
        DataType::Float32 => Box::new(float::Singles(
            array.as_primitive::<Float32Type>(),
            style.float_digits,
        )),
        DataType::Float64 => Box::new(float::Doubles(
            array.as_primitive::<Float64Type>(),
            style.float_digits,
        )),
        DataType::Decimal32(_, scale) => Box::new(numeric::Decimals {
            array: array.as_primitive::<Decimal32Type>(),
            scale: *scale,
        }),
        DataType::Decimal64(_, scale) => Box::new(numeric::Decimals {
            array: array.as_primitive::<Decimal64Type>(),
            scale: *scale,
        }),
        DataType::Decimal128(_, scale) => Box::new(numeric::Decimals {
            array: array.as_primitive::<Decimal128Type>(),
            scale: *scale,
        }),
        DataType::Decimal256(_, scale) => Box::new(numeric::Decimals {
            array: array.as_primitive::<Decimal256Type>(),
            scale: *scale,
        }),
        DataType::Utf8 if JsonKind::of_field(field).is_some() => Box::new(scalar::Documents {
            texts: array.as_string::<i32>(),
            version: (JsonKind::of_field(field) != Some(JsonKind::Json)).then_some(JSON_VERSION),
        }),
        DataType::Utf8 if PostgresType::of_field(field) == PostgresType::UUID => {
            Box::new(scalar::UuidTexts(array.as_string::<i32>()))
        }
        DataType::Utf8 if PostgresType::of_field(field) == PostgresType::CHAR => {
            Box::new(scalar::SingleBytes(array.as_string::<i32>()))
        }
        DataType::Utf8 if PostgresType::of_field(field) == PostgresType::ACLITEM => {
            Box::new(scalar::TextsAlone {
                texts: array.as_string::<i32>(),
                of: "aclitem",
            })
        }
        DataType::Utf8 if PostgresType::of_field(field) == PostgresType::INET => {
            Box::new(network::Addresses(array.as_string::<i32>()))
        }
        DataType::Utf8 => match fixed_length(field) {
            Some(characters) => Box::new(scalar::FilledTexts {
                texts: array.as_string::<i32>(),
                characters,
            }),
            None => Box::new(scalar::Texts(array.as_string::<i32>())),
        },
        DataType::LargeUtf8 => Box::new(scalar::Texts(array.as_string::<i64>())),
        DataType::Utf8View => Box::new(scalar::TextViews(array.as_string_view())),
        DataType::FixedSizeBinary(16) if extension(field) == Some("arrow.uuid") => {
            Box::new(scalar::Uuids(array.as_fixed_size_binary()))
        }
        DataType::FixedSizeBinary(_) => {
            Box::new(scalar::Bytea(array.as_fixed_size_binary(), style.bytes))
        }
        DataType::Binary => Box::new(scalar::Bytea(array.as_binary::<i32>(), style.bytes)),
        DataType::LargeBinary => Box::new(scalar::Bytea(array.as_binary::<i64>(), style.bytes)),
        DataType::BinaryView => Box::new(scalar::Bytea(array.as_binary_view(), style.bytes)),
        DataType::Date32 => datetime::dates(array.as_primitive::<Date32Type>(), style.dates),
        DataType::Date64 => {
            datetime::millisecond_dates(array.as_primitive::<Date64Type>(), style.dates)
        }
        DataType::Time32(TimeUnit::Second) => {
            datetime::times(array.as_primitive::<Time32SecondType>(), 1_000_000, 1)
        }
        DataType::Time32(_) => {
            datetime::times(array.as_primitive::<Time32MillisecondType>(), 1_000, 1)
        }
        DataType::Time64(TimeUnit::Nanosecond) => {
            datetime::times(array.as_primitive::<Time64NanosecondType>(), 1, 1_000)
        }
        DataType::Time64(_) => datetime::times(array.as_primitive::<Time64MicrosecondType>(), 1, 1),
        DataType::Timestamp(unit, None) => {
            datetime::timestamps(array, *unit, datetime::Zone::None, style.dates)
        }
        DataType::Timestamp(unit, Some(_)) => {
            let zone = style
                .time_zone
                .map_or(datetime::Zone::Utc, datetime::Zone::Named);
            datetime::timestamps(array, *unit, zone, style.dates)
        }
        DataType::Duration(TimeUnit::Second) => Box::new(interval::Intervals {
            array: array.as_primitive::<DurationSecondType>(),
            style: style.intervals,
        }),
        DataType::Duration(TimeUnit::Millisecond) => Box::new(interval::Intervals {
            array: array.as_primitive::<DurationMillisecondType>(),
            style: style.intervals,
        }),
        DataType::Duration(TimeUnit::Microsecond) => Box::new(interval::Intervals {
            array: array.as_primitive::<DurationMicrosecondType>(),
            style: style.intervals,
        }),
        DataType::Duration(TimeUnit::Nanosecond) => Box::new(interval::Intervals {
            array: array.as_primitive::<DurationNanosecondType>(),
            style: style.intervals,
        }),
        DataType::Interval(IntervalUnit::YearMonth) => Box::new(interval::Intervals {
            array: array.as_primitive::<IntervalYearMonthType>(),
            style: style.intervals,
        }),
        DataType::Interval(IntervalUnit::DayTime) => Box::new(interval::Intervals {
            array: array.as_primitive::<IntervalDayTimeType>(),
            style: style.intervals,
        }),
        DataType::Interval(IntervalUnit::MonthDayNano) => Box::new(interval::Intervals {
            array: array.as_primitive::<IntervalMonthDayNanoType>(),
            style: style.intervals,
        }),
        DataType::List(_)
            if matches!(
                PostgresType::of_field(field),
                PostgresType::INT2VECTOR | PostgresType::OIDVECTOR
            ) =>
        {
            Box::new(list::Vectors::new(array.as_list::<i32>(), style)?)
        }
        DataType::List(element) => Box::new(list::Lists::new(
            &element_of(field, element),
            array.as_list::<i32>(),
            array.as_list::<i32>().values().as_ref(),
            style,
        )?),
        DataType::LargeList(element) => Box::new(list::Lists::new(
            element,
            array.as_list::<i64>(),
            array.as_list::<i64>().values().as_ref(),
            style,
        )?),
        DataType::ListView(element) => Box::new(list::Lists::new(
            element,
            array.as_list_view::<i32>(),
            array.as_list_view::<i32>().values().as_ref(),
            style,
        )?),
        DataType::LargeListView(element) => Box::new(list::Lists::new(
            element,
            array.as_list_view::<i64>(),
            array.as_list_view::<i64>().values().as_ref(),
            style,
        )?),
        DataType::FixedSizeList(element, _) => Box::new(list::Lists::new(
            element,
            array.as_fixed_size_list(),
            array.as_fixed_size_list().values().as_ref(),
            style,
        )?),
        DataType::Struct(fields) => {
            Box::new(record::Records::new(fields, array.as_struct(), style)?)
        }
        DataType::Map(..) => Box::new(json::Maps::new(array.as_map(), style)?),
        DataType::Dictionary(..) => wrapped::dictionary(array, style)?,
        DataType::RunEndEncoded(run_ends, values) => {
            wrapped::runs(run_ends.data_type(), values, array, style)?
        }
        DataType::Union(fields, _) => {
            Box::new(wrapped::Unions::new(fields, array.as_union(), style)?)
        }
        DataType::Null => Box::new(wrapped::Nulls),
    })
}
