//! `timezone(zone, moment)`, which is `moment AT TIME ZONE zone`, as PostgreSQL has it.

use std::sync::Arc;

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, IntervalMonthDayNanoType, IntervalUnit, TimeUnit, TimestampMicrosecondType,
};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Volatility};
use datafusion::scalar::ScalarValue;
use datafusion_macros::user_doc;

use super::time_zone::{SessionTimeZone, Zone};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings, is_text};
use crate::postgres::{IntervalStyle, interval_text};
use crate::wording::type_name;

#[user_doc(
    doc_section(label = "Formatting Functions"),
    description = r"A moment in another time zone, which `moment AT TIME ZONE zone` stands for; equal to PostgreSQL's.

A timestamp with time zone becomes the local time there, a timestamp without. A timestamp without time zone is taken for a local time there, and becomes one with time zone.",
    syntax_example = "timezone(zone, moment)",
    sql_example = r#"```sql
> SELECT timezone('UTC', TIMESTAMP '2024-07-01 10:00:00') AS moment,
>        timezone('Europe/Berlin', timezone('UTC', TIMESTAMP '2024-07-01 10:00:00')) AS local;
+----------------------+---------------------+
| moment               | local               |
+----------------------+---------------------+
| 2024-07-01T10:00:00Z | 2024-07-01T12:00:00 |
+----------------------+---------------------+
```"#,
    argument(
        name = "zone",
        description = "A name of the IANA database, or an offset as POSIX writes it, which counts west: `EST5`, `-05:30`. An interval without days counts east: `INTERVAL '05:30'`."
    ),
    argument(
        name = "moment",
        description = "A timestamp with or without time zone, or a date."
    )
)]
struct Timezone;

const MICROS: i64 = 1_000_000;
const NANOS: i64 = 1_000_000_000;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "timezone",
        parameters: &[Kind::Any, Kind::Date],
        counts: &[2],
    },
    volatility: Volatility::Stable,
    answer: |given| match given.first() {
        Some(zone) if !is_zone(zone) => Err(FunctionError::no_such_form(format!(
            "timezone takes text or an interval as argument 1, not {}",
            type_name(zone)
        ))
        .with_hint("Cast the argument to the type that the function takes.")
        .into()),
        _ => Ok(answer(given)),
    },
    invoke,
    documentation: || Timezone.doc(),
    ..Function::IMMUTABLE
};

/// Whether values of a type say a time zone.
fn is_zone(given: &DataType) -> bool {
    given.is_null() || is_text(given) || matches!(given, DataType::Interval(_))
}

/// Whether the argument is one with time zone; a date becomes one.
fn has_zone(moment: &DataType) -> bool {
    !matches!(moment, DataType::Timestamp(_, None) | DataType::Null)
}

fn answer(given: &[DataType]) -> DataType {
    let zone = match given.last() {
        Some(moment) if has_zone(moment) => None,
        _ => Some("UTC".into()),
    };
    DataType::Timestamp(TimeUnit::Microsecond, zone)
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let zones = Zones::of(call)?;
    let moments = call.argument(1)?.to_array(call.rows())?;
    let own = Zone::named(&call.settings::<SessionTimeZone>().time_zone)?;
    let is_date = matches!(moments.data_type(), DataType::Date32 | DataType::Date64);
    let becomes_local = has_zone(moments.data_type());
    let to = answer(&[moments.data_type().clone()]);
    let zone = match moments.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    };
    let moments = cast(&moments, &DataType::Timestamp(TimeUnit::Microsecond, zone))?;
    let moments = moments.as_primitive::<TimestampMicrosecondType>();
    let shifted = call.rows_to_primitive::<TimestampMicrosecondType>(|row| {
        if moments.is_null(row) {
            return Ok(None);
        }
        let Some(zone) = zones.get(row)? else {
            return Ok(None);
        };
        let given = moments.value(row);
        if matches!(given, i64::MIN | i64::MAX) {
            return Ok(Some(given));
        }
        let shifted = if becomes_local {
            let instant = match is_date {
                true => shift(given, -own.offset_of_local(given))?,
                false => given,
            };
            shift(instant, zone.offset_at(instant))?
        } else {
            shift(given, -zone.offset_of_local(given))?
        };
        Ok(Some(shifted))
    })?;
    // The values are those of UTC, or local, already; a cast would look at each, and knows no infinity.
    let zone = match to {
        DataType::Timestamp(_, zone) => zone,
        _ => None,
    };
    Ok(match shifted {
        ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(moment, _)) => {
            ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(moment, zone))
        }
        ColumnarValue::Array(moments) => {
            let moments = moments.as_primitive::<TimestampMicrosecondType>().clone();
            ColumnarValue::Array(Arc::new(moments.with_timezone_opt(zone)))
        }
        other => other,
    })
}

/// The zones of rows, by name or by how far they are from Greenwich.
enum Zones<'a> {
    Named(Strings<'a>),
    East(PrimitiveArray<IntervalMonthDayNanoType>),
}

/// The zone of a row.
enum RowZone {
    Named(Zone),
    /// So many seconds east of Greenwich.
    East(i64),
}

impl<'a> Zones<'a> {
    fn of(call: &Call<'a>) -> Result<Self> {
        let given = call.argument(0)?;
        if !matches!(given.data_type(), DataType::Interval(_)) {
            return call.text(0).map(Self::Named);
        }
        let given = given.to_array(call.rows())?;
        let given = cast(&given, &DataType::Interval(IntervalUnit::MonthDayNano))?;
        Ok(Self::East(given.as_primitive().clone()))
    }

    fn get(&self, row: usize) -> Result<Option<RowZone>, FunctionError> {
        match self {
            Self::Named(names) => {
                let zone = names.get(row).map(Zone::named).transpose()?;
                Ok(zone.map(RowZone::Named))
            }
            Self::East(intervals) if intervals.is_valid(row) => {
                let east = intervals.value(row);
                if east.months != 0 || east.days != 0 {
                    let (micros, style) = (east.nanoseconds / 1000, IntervalStyle::Postgres);
                    let text = interval_text(east.months, east.days, micros, style);
                    return Err(FunctionError::invalid_argument(format!(
                        "interval time zone \"{text}\" must not include months or days"
                    )));
                }
                Ok(Some(RowZone::East(east.nanoseconds / NANOS)))
            }
            Self::East(_) => Ok(None),
        }
    }
}

impl RowZone {
    fn offset_at(&self, micros: i64) -> i64 {
        match self {
            Self::Named(zone) => zone.offset_at(micros),
            Self::East(seconds) => *seconds,
        }
    }

    fn offset_of_local(&self, micros: i64) -> i64 {
        match self {
            Self::Named(zone) => zone.offset_of_local(micros),
            Self::East(seconds) => *seconds,
        }
    }
}

fn shift(micros: i64, seconds: i64) -> Result<i64, FunctionError> {
    micros
        .checked_add(seconds * MICROS)
        .ok_or_else(|| FunctionError {
            sqlstate: "22008",
            message: "timestamp out of range".to_owned(),
            hint: None,
        })
}
