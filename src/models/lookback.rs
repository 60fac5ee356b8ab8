//! The option `lookback`: from where on a refresh reads rows again whose changes nothing tells.

use arrow::compute::kernels::cast_utils::parse_interval_month_day_nano;
use arrow::datatypes::{DataType, IntervalMonthDayNano, Schema, TimeUnit};
use chrono::{DateTime, Days, Months, TimeDelta, Utc};
use datafusion::scalar::ScalarValue;
use tributary_udfs::type_name;

use super::define::Choice;
use super::keyed;
use crate::error::{Error, Result, SqlState};
use crate::sql::Options;

/// The name of the option.
pub const LOOKBACK: &str = "lookback";

/// The option of materialized views.
pub const OPTION: Choice = Choice {
    name: LOOKBACK,
    values: &[],
    description: "How far below the greatest value of the first version column rows are read again: a time such as '3 days' where that column is a date or a timestamp, a number such as '1000' where it is a number. Where nothing tells which rows have changed, since a file was written anew or the query cannot be traced, a refresh then reads the rows from there on alone, and puts them in: those that are later than what the view has of their keys take its place, equal ones are no change. Rows that arrive further below, rows without a version, and rows that the query does not give any more wait for `REFRESH ... FULL`, or for `REFRESH ... FROM`. Where it is known what has changed, what arrives late is found however late it is, and the option is not used. It can be set and reset by `ALTER MATERIALIZED VIEW`, without a refresh. It is for views with `unique_key` and `version_column`.",
};

const MICROS_OF_SECOND: i64 = 1_000_000;
const SECONDS_OF_DAY: i64 = 86_400;

/// How far a refresh looks back.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookback {
    /// The column whose values it is a distance of.
    pub column: String,
    /// As it is written.
    pub text: String,
    distance: Distance,
}

#[derive(Clone, Debug, PartialEq)]
enum Distance {
    Time(IntervalMonthDayNano),
    /// A value of the column's type.
    Number(ScalarValue),
}

/// What the options of a materialized view with these columns say.
///
/// # Errors
/// 22023 for what is no distance, and for options that it does not go with; 42804 for a column that has
/// no distances.
pub fn declared(options: &Options, columns: &Schema) -> Result<Option<Lookback>> {
    let Some(text) = options.get(LOOKBACK) else {
        return Ok(None);
    };
    let keyed = keyed::declared(options)?;
    let version = keyed.and_then(|keyed| keyed.versions.into_iter().next());
    let Some(column) = version else {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("option \"{LOOKBACK}\" is for what has a unique key and versions"),
        )
        .with_hint("Say with unique_key which columns tell rows apart, and with version_column which of two rows is the later one."));
    };
    if options.get("refresh_mode") == Some("full") {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("options \"{LOOKBACK}\" and \"refresh_mode\" cannot be used together"),
        )
        .with_detail("With refresh_mode = 'full' each refresh reads all rows.")
        .with_hint("Leave out one of them."));
    }
    let data_type = columns.field_with_name(&column)?.data_type();
    let invalid = |hint: String| {
        let message = format!("invalid value for option \"{LOOKBACK}\": \"{text}\"");
        Error::new(SqlState::INVALID_PARAMETER_VALUE, message).with_hint(hint)
    };
    let distance = match data_type {
        DataType::Date32 | DataType::Timestamp(..) => {
            let hint = "Write a time such as '3 days' or '36 hours'.";
            Distance::Time(time(text).ok_or_else(|| invalid(hint.to_owned()))?)
        }
        of if of.is_numeric() => Distance::Number(number(text, of).ok_or_else(|| {
            invalid(format!(
                "Write a number such as '1000': column \"{column}\" is of type {}.",
                type_name(of)
            ))
        })?),
        other => {
            return Err(Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!(
                    "option \"{LOOKBACK}\" does not go with column \"{column}\" of type {}",
                    type_name(other)
                ),
            )
            .with_hint(
                "The first of version_column must be a date, a timestamp or a number to look back from.",
            ));
        }
    };
    Ok(Some(Lookback {
        column,
        text: text.to_owned(),
        distance,
    }))
}

fn time(text: &str) -> Option<IntervalMonthDayNano> {
    // A lone number would be one of seconds.
    if text.trim().parse::<f64>().is_ok() {
        return None;
    }
    let time = parse_interval_month_day_nano(text).ok()?;
    let is_forward = time.months >= 0 && time.days >= 0 && time.nanoseconds >= 0;
    is_forward.then_some(time)
}

fn number(text: &str, data_type: &DataType) -> Option<ScalarValue> {
    let text = ScalarValue::from(text.trim());
    let number = text.cast_to(data_type).ok().filter(|it| !it.is_null())?;
    let zero = ScalarValue::new_zero(data_type).ok()?;
    (number >= zero).then_some(number)
}

impl Lookback {
    /// The value from which on rows are read again, where this one is the greatest; none where all
    /// values are greater.
    pub fn since(&self, latest: &ScalarValue) -> Option<ScalarValue> {
        if latest.is_null() {
            return None;
        }
        match &self.distance {
            Distance::Number(number) => {
                let data_type = latest.data_type();
                let first = latest.sub_checked(number).ok()?;
                // NaN is greater than all numbers, and stays what it is.
                let first = first.cast_to(&data_type).ok()?;
                (first <= *latest && !is_nan(&first)).then_some(first)
            }
            Distance::Time(time) => earlier(latest, *time),
        }
    }
}

fn is_nan(value: &ScalarValue) -> bool {
    match value {
        ScalarValue::Float32(Some(value)) => value.is_nan(),
        ScalarValue::Float64(Some(value)) => value.is_nan(),
        _ => false,
    }
}

/// So long before a date or a moment; before a part of a day, the day that has it.
fn earlier(moment: &ScalarValue, time: IntervalMonthDayNano) -> Option<ScalarValue> {
    let data_type = moment.data_type();
    let micros = match moment {
        ScalarValue::Date32(Some(days)) => i64::from(*days)
            .checked_mul(SECONDS_OF_DAY)?
            .checked_mul(MICROS_OF_SECOND)?,
        // The zone tells how it is shown.
        ScalarValue::TimestampSecond(Some(seconds), _) => seconds.checked_mul(MICROS_OF_SECOND)?,
        ScalarValue::TimestampMillisecond(Some(millis), _) => millis.checked_mul(1000)?,
        ScalarValue::TimestampMicrosecond(Some(micros), _) => *micros,
        ScalarValue::TimestampNanosecond(Some(nanos), _) => nanos.div_euclid(1000),
        _ => return None,
    };
    let first = DateTime::<Utc>::from_timestamp_micros(micros)?
        .checked_sub_months(Months::new(u32::try_from(time.months).ok()?))?
        .checked_sub_days(Days::new(u64::try_from(time.days).ok()?))?
        .checked_sub_signed(TimeDelta::nanoseconds(time.nanoseconds))?
        .timestamp_micros();
    match data_type {
        DataType::Date32 => {
            let days = first.div_euclid(SECONDS_OF_DAY * MICROS_OF_SECOND);
            Some(ScalarValue::Date32(Some(i32::try_from(days).ok()?)))
        }
        DataType::Timestamp(unit, zone) => Some(match unit {
            TimeUnit::Second => {
                ScalarValue::TimestampSecond(Some(first.div_euclid(MICROS_OF_SECOND)), zone)
            }
            TimeUnit::Millisecond => {
                ScalarValue::TimestampMillisecond(Some(first.div_euclid(1000)), zone)
            }
            TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(first), zone),
            TimeUnit::Nanosecond => {
                ScalarValue::TimestampNanosecond(Some(first.checked_mul(1000)?), zone)
            }
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    fn lookback(text: &str, data_type: DataType) -> Result<Lookback> {
        let columns = Schema::new(vec![
            Field::new("id", DataType::Int64, true),
            Field::new("v", data_type, true),
        ]);
        let options = [
            ("unique_key", "id"),
            ("version_column", "v"),
            (LOOKBACK, text),
        ];
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let declared = declared(&Options(options.to_vec()), &columns)?;
        Ok(declared.expect("the option is given"))
    }

    #[test]
    fn months_and_days_are_those_of_the_calendar() {
        let micros = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp_micros();
        let stamp =
            |text: &str| ScalarValue::TimestampMicrosecond(Some(micros(text)), Some("UTC".into()));
        let of = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let month = lookback("1 month 1 hour", of).unwrap();
        assert_eq!(
            month.since(&stamp("2026-03-31T00:30:00Z")),
            Some(stamp("2026-02-27T23:30:00Z"))
        );
        let day = |text: &str| {
            let seconds = micros(text) / MICROS_OF_SECOND;
            ScalarValue::Date32(i32::try_from(seconds / SECONDS_OF_DAY).ok())
        };
        let hours = lookback("36 hours", DataType::Date32).unwrap();
        assert_eq!(
            hours.since(&day("2026-03-03T00:00:00Z")),
            Some(day("2026-03-01T00:00:00Z"))
        );
    }

    #[test]
    fn numbers_do_not_fall_out_of_their_type() {
        let of = |latest: i16| {
            let back = lookback("1000", DataType::Int16).unwrap();
            back.since(&ScalarValue::Int16(Some(latest)))
        };
        assert_eq!(of(1500), Some(ScalarValue::Int16(Some(500))));
        assert_eq!(of(i16::MIN + 1), None);
        let back = lookback("0.25", DataType::Decimal128(10, 2)).unwrap();
        assert_eq!(
            back.since(&ScalarValue::Decimal128(Some(300), 10, 2)),
            Some(ScalarValue::Decimal128(Some(275), 10, 2))
        );
        let back = lookback("1", DataType::Float64).unwrap();
        assert_eq!(back.since(&ScalarValue::Float64(Some(f64::NAN))), None);
        assert_eq!(back.since(&ScalarValue::Float64(None)), None);
    }

    #[test]
    fn what_is_no_distance_is_refused() {
        for (text, data_type) in [
            ("-1 day", DataType::Date32),
            ("3", DataType::Date32),
            ("soon", DataType::Date32),
            ("3 days", DataType::Int64),
            ("-3", DataType::Int64),
            ("1.5", DataType::Int64),
            ("100000", DataType::Int16),
        ] {
            let error = lookback(text, data_type).unwrap_err();
            assert_eq!(
                error.sqlstate(),
                SqlState::INVALID_PARAMETER_VALUE,
                "{text}"
            );
        }
        let error = lookback("1 day", DataType::Utf8).unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::DATATYPE_MISMATCH);
    }
}
