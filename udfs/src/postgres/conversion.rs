//! Casts that Arrow does otherwise than PostgreSQL.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, IntervalMonthDayNanoArray, ListArray, StringArray,
    Time64MicrosecondArray,
};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Field, FieldRef, Float32Type, Float64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit,
};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::bytes::{ByteaOutput, bytes_text};
use super::character_length::CharacterLength;
use super::converted::only_value;
use super::decimals::{self, Digits};
use super::interval_text::{IntervalStyle, interval_text};
use super::moment_casts::cast_moments;
use super::text::FloatDigits;
use super::{arrays, bytes, date_style, datetime, floats, records, rounding, single_byte, text};
use crate::FunctionError;
use crate::formatting::{SessionTimeZone, Zone};

/// The microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Whether Arrow's cast between these types gives what PostgreSQL's would not.
pub(super) fn differs(from: &DataType, to: &DataType) -> bool {
    match to {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            from.is_floating()
                || matches!(from, DataType::Decimal128(..) | DataType::Decimal256(..))
        }
        DataType::Binary => from.is_string(),
        DataType::Float32 => from.is_string() || *from == DataType::Float64 || from.is_decimal(),
        DataType::Float64 => from.is_string() || from.is_decimal(),
        DataType::Date32 | DataType::Timestamp(..) => from.is_string(),
        // Arrow has no cast from one of them to the other.
        DataType::Time32(_) | DataType::Time64(_) => {
            from.is_string() || matches!(from, DataType::Interval(_))
        }
        DataType::Interval(_) => {
            from.is_string() || matches!(from, DataType::Time32(_) | DataType::Time64(_))
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) => {
            from.is_floating() || from.is_string()
        }
        DataType::List(to) | DataType::LargeList(to) => match from {
            DataType::List(item) | DataType::LargeList(item) => {
                is_of_other_depth(item, to) || differs(item.data_type(), to.data_type())
            }
            from => from.is_string(),
        },
        DataType::Utf8 => {
            from.is_floating()
                || from.is_binary()
                || matches!(
                    from,
                    DataType::Date32
                        | DataType::Interval(_)
                        | DataType::Time32(_)
                        | DataType::Time64(_)
                        | DataType::Timestamp(..)
                        | DataType::List(_)
                        | DataType::LargeList(_)
                        | DataType::Struct(_)
                )
        }
        _ => false,
    }
}

/// Whether arrays of these items have another number of dimensions than each other.
fn is_of_other_depth(item: &Field, other: &Field) -> bool {
    let is_known = !item.data_type().is_null() && !other.data_type().is_null();
    is_known && item.data_type().is_list() != other.data_type().is_list()
}

/// A cast to a type; of texts, to those of a length.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Conversion {
    to: DataType,
    form: ConversionForm,
    signature: Signature,
}

/// How a cast differs from one to its type alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ConversionForm {
    /// Not at all.
    Plain,
    /// Texts, or those of an array, are cut to a length.
    Length(CharacterLength),
    /// Texts, or those of an array, are read, which refuses longer ones.
    Fitted(CharacterLength),
    /// A text with more digits than the numeric has is refused, not rounded.
    Exact,
    /// To `"char"`.
    SingleByte,
    /// Between dates and timestamps, which no setting decides.
    Moments,
}

impl Conversion {
    pub(super) fn new(to: DataType, form: ConversionForm) -> Self {
        // A moment as text, and a text as a moment, depend on the session's time zone.
        let is_numeric = match &to {
            DataType::List(item) | DataType::LargeList(item) => item.data_type().is_numeric(),
            to => to.is_numeric(),
        };
        let volatility = match is_numeric || form == ConversionForm::Moments {
            true => Volatility::Immutable,
            false => Volatility::Stable,
        };
        Self {
            to,
            form,
            signature: Signature::any(1, volatility),
        }
    }

    /// The type that is cast to.
    pub(super) fn to(&self) -> &DataType {
        &self.to
    }

    /// How it is cast.
    pub(super) fn form(&self) -> ConversionForm {
        self.form
    }

    fn convert(&self, from: &ArrayRef, zone: &SessionTimeZone) -> Result<ArrayRef> {
        match self.form {
            ConversionForm::Exact if from.data_type().is_string() => {
                decimals::of_texts(from, &self.to, Digits::Kept)
            }
            ConversionForm::SingleByte => single_byte::of(from),
            ConversionForm::Moments => cast_moments(from, &self.to),
            ConversionForm::Length(length) => limited(
                &from_text(from, &self.to, zone)?,
                length,
                CharacterLength::cut,
            ),
            ConversionForm::Fitted(length) => limited(
                &from_text(from, &self.to, zone)?,
                length,
                CharacterLength::fit,
            ),
            ConversionForm::Exact | ConversionForm::Plain => from_text(from, &self.to, zone),
        }
    }
}

/// What a type makes of a text that it limits.
type Limit = for<'a> fn(&CharacterLength, &'a str) -> Result<Cow<'a, str>, FunctionError>;

/// Texts, or those of arrays, as a type that limits them has them.
fn limited(texts: &ArrayRef, length: CharacterLength, limit: Limit) -> Result<ArrayRef> {
    if let Some(lists) = texts.as_list_opt::<i32>() {
        let (element, offsets, values, nulls) = lists.clone().into_parts();
        let values = limited(&values, length, limit)?;
        return Ok(Arc::new(ListArray::try_new(
            element, offsets, values, nulls,
        )?));
    }
    let texts = texts.as_string::<i32>().iter();
    let kept = texts.map(|text| text.map(|text| limit(&length, text)).transpose());
    Ok(Arc::new(kept.collect::<Result<StringArray, _>>()?))
}

/// Reads texts as PostgreSQL reads the input of a type, moments that name no zone in `zone`; other values
/// are cast.
///
/// # Errors
/// The first text that is no value of the type: 22P02, 22003, 22007, 22008.
pub fn from_text(texts: &ArrayRef, to: &DataType, zone: &SessionTimeZone) -> Result<ArrayRef> {
    if differs(texts.data_type(), to) {
        return convert(texts, to, zone);
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    Ok(cast_with_options(texts, to, &options)?)
}

/// The texts that casts to text give, moments in `zone`.
///
/// # Errors
/// What casting says.
pub fn as_text(from: &ArrayRef, zone: &SessionTimeZone) -> Result<ArrayRef> {
    if differs(from.data_type(), &DataType::Utf8) {
        return convert(from, &DataType::Utf8, zone);
    }
    Ok(cast(from, &DataType::Utf8)?)
}

/// The texts that a client gets: a truth is `t` or `f`, which a cast says in a word.
pub(super) fn as_sent(from: &ArrayRef, zone: &SessionTimeZone) -> Result<ArrayRef> {
    let Some(truths) = from.as_boolean_opt() else {
        return as_text(from, zone);
    };
    let letter = |truth| if truth { "t" } else { "f" };
    let letters = truths.iter().map(|truth| truth.map(letter));
    Ok(Arc::new(letters.collect::<StringArray>()))
}

fn convert(from: &ArrayRef, to: &DataType, zone: &SessionTimeZone) -> Result<ArrayRef> {
    Ok(match (from.data_type(), to) {
        (from_type, to_type) if from_type.is_string() && to_type.is_decimal() => {
            decimals::of_texts(from, to, Digits::Rounded)?
        }
        (_, DataType::Binary) => {
            let texts = cast(from, &DataType::Utf8)?;
            let mut parsed = Vec::with_capacity(texts.len());
            for text in texts.as_string::<i32>() {
                parsed.push(text.map(bytes::parse).transpose()?);
            }
            Arc::new(parsed.iter().map(Option::as_deref).collect::<BinaryArray>())
        }
        (DataType::Float64, DataType::Utf8) => {
            let digits = FloatDigits::new(&zone.extra_float_digits);
            let floats = from.as_primitive::<Float64Type>().iter();
            let shown = floats.map(|value| Some(digits.float(value?, text::DOUBLE_DIGITS)));
            Arc::new(shown.collect::<StringArray>())
        }
        (from_type, DataType::Utf8) if from_type.is_floating() => {
            let digits = FloatDigits::new(&zone.extra_float_digits);
            let floats = cast(from, &DataType::Float32)?;
            let floats = floats.as_primitive::<Float32Type>().iter();
            let shown = floats.map(|value| Some(digits.float(value?, text::SINGLE_DIGITS)));
            Arc::new(shown.collect::<StringArray>())
        }
        (from_type, DataType::Utf8) if from_type.is_binary() => {
            let output = ByteaOutput::named(&zone.bytea_output);
            let all = cast(from, &DataType::Binary)?;
            let all = all.as_binary::<i32>().iter();
            Arc::new(
                all.map(|value| value.map(|value| bytes_text(value, output)))
                    .collect::<StringArray>(),
            )
        }
        (DataType::Date32 | DataType::Date64 | DataType::Timestamp(..), DataType::Utf8)
            if !zone.dates().is_iso() =>
        {
            datetime::shown(from, |finite| date_style::texts(finite, zone))?
        }
        (DataType::Timestamp(_, Some(_)), DataType::Utf8) if !zone.is_utc() => {
            let zone = Zone::named(&zone.time_zone)?;
            datetime::shown(from, |finite| datetime::to_text(finite, zone))?
        }
        (DataType::Date32, DataType::Utf8) => datetime::shown(from, |finite| {
            let texts = cast(finite, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>().iter();
            let shown = texts.map(|value| value.map(text::date));
            Ok(Arc::new(shown.collect::<StringArray>()))
        })?,
        (DataType::List(_) | DataType::LargeList(_), DataType::Utf8) => {
            arrays::to_texts(from, zone)?
        }
        (DataType::Interval(_), DataType::Utf8) => {
            let style = IntervalStyle::named(&zone.interval_style);
            let intervals = cast(from, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>().iter();
            let shown = intervals.map(|interval| {
                let interval = interval?;
                let micros = interval.nanoseconds / 1_000;
                Some(interval_text(interval.months, interval.days, micros, style))
            });
            Arc::new(shown.collect::<StringArray>())
        }
        // Arrow knows no end of a day.
        (DataType::Time32(_) | DataType::Time64(_), DataType::Utf8) => {
            let times = cast(from, &DataType::Time64(TimeUnit::Microsecond))?;
            let times = times.as_primitive::<Time64MicrosecondType>().iter();
            let shown = times.map(|time| time.map(date_style::time));
            Arc::new(shown.collect::<StringArray>())
        }
        (DataType::Struct(_), DataType::Utf8) => records::to_texts(from, zone)?,
        (_, DataType::Utf8) => datetime::shown(from, |finite| {
            let texts = cast(finite, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>().iter();
            let shown = texts.map(|value| value.map(|value| text::timestamp(value, "")));
            Ok(Arc::new(shown.collect::<StringArray>()))
        })?,
        (
            DataType::List(own) | DataType::LargeList(own),
            DataType::List(item) | DataType::LargeList(item),
        ) if is_of_other_depth(own, item) => arrays::without_elements(from, to, zone)?,
        (
            DataType::List(_) | DataType::LargeList(_),
            DataType::List(item) | DataType::LargeList(item),
        ) => {
            let lists = arrays::of_arrays(from, item, |elements| {
                from_text(elements, item.data_type(), zone)
            })?;
            cast(&lists, to)?
        }
        (_, DataType::List(_) | DataType::LargeList(_)) => arrays::of_texts(from, to, zone)?,
        // The part of it that is a time of day.
        (DataType::Interval(_), DataType::Time32(_) | DataType::Time64(_)) => {
            let intervals = cast(from, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
            let times: Time64MicrosecondArray =
                intervals.unary(|interval| (interval.nanoseconds / 1_000).rem_euclid(DAY));
            cast(&times, to)?
        }
        (DataType::Time32(_) | DataType::Time64(_), DataType::Interval(_)) => {
            let times = cast(from, &DataType::Time64(TimeUnit::Microsecond))?;
            let times = times.as_primitive::<Time64MicrosecondType>();
            let intervals: IntervalMonthDayNanoArray =
                times.unary(|micros| IntervalMonthDayNano::new(0, 0, micros * 1_000));
            cast(&intervals, to)?
        }
        (
            _,
            DataType::Date32
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Timestamp(..)
            | DataType::Interval(_),
        ) => datetime::from_text(from, to, zone)?,
        (_, DataType::Float32 | DataType::Float64) => floats::to_float(from, to)?,
        (_, DataType::Decimal128(..) | DataType::Decimal256(..)) => decimals::of_floats(from, to)?,
        _ => rounding::to_integer(from, to)?,
    })
}

impl ScalarUDFImpl for Conversion {
    fn name(&self) -> &str {
        "postgres_cast"
    }

    /// A cast leaves a column its name.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [value] => Ok(value.schema_name().to_string()),
            _ => internal_err!("a cast has one operand"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.to.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.to.clone(), nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let zone = SessionTimeZone::of(&args.config_options);
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(self.convert(array, &zone)?)),
            [ColumnarValue::Scalar(scalar)] => {
                let answer = self.convert(&scalar.to_array()?, &zone)?;
                Ok(ColumnarValue::Scalar(only_value(&answer)?))
            }
            _ => internal_err!("a cast has one operand"),
        }
    }
}
