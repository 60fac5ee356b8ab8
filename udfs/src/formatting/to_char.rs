//! `to_char(value, template)`: a moment, an interval or a number as text, as PostgreSQL writes it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::{cast, nullif};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int64Type,
    IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType, UInt64Type,
};
use chrono_tz::Tz;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Volatility};
use datafusion_macros::user_doc;

use super::moment::Moment;
use super::number_template::NumberTemplate;
use super::number_text::{Decimal, Number};
use super::template::{Part, parse};
use super::time_zone::{SessionTimeZone, Zone};
use super::{moment_writer, number_writer};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings};

#[user_doc(
    doc_section(label = "Formatting Functions"),
    description = r#"A date, a timestamp, an interval or a number as text, written by a template; equal to PostgreSQL's in the C locale.

Patterns of dates and times: `HH24` `HH12` `HH` `MI` `SS` `MS` `US` `FF1` to `FF6` `SSSS`, `AM` `PM` `A.M.` `P.M.`, `YYYY` `YYY` `YY` `Y` `Y,YYY` `CC` `BC` `AD`, `MM` `MONTH` `Month` `month` `MON` `Mon` `mon` `RM` `Q`, `DD` `D` `DDD` `DAY` `Day` `day` `DY` `Dy` `dy` `J`, `WW` `W`, the ISO week's `IYYY` `IW` `ID` `IDDD`, `TZH` `TZM` `OF` `TZ`. `FM` before a pattern leaves out blanks and zeros in front, `TH` or `th` behind one adds `1st`, `2nd`. A timestamp with time zone is shown in the session's `TimeZone`; `TZ` is what its time is called there, or its offset where it has no name.

Patterns of numbers: `9` `0` `.` `D` `,` `G` `S` `MI` `PL` `SG` `PR` `V` `EEEE` `RN` `TH` `L` `FM`. A number that has too many digits is shown as `#`.

Everything else is copied; text between quotation marks is, whatever it says."#,
    syntax_example = "to_char(value, template)",
    sql_example = r#"```sql
> SELECT to_char(TIMESTAMP '2024-02-03 17:05:06', 'YYYY-MM-DD HH24:MI') AS moment,
>        to_char(TIMESTAMP '2024-02-03 17:05:06', 'FMDay, DDth "of" FMMonth') AS words,
>        to_char(1234.5, 'FM999,990.00') AS number;
+------------------+----------------------------+----------+
| moment           | words                      | number   |
+------------------+----------------------------+----------+
| 2024-02-03 17:05 | Saturday, 03rd of February | 1,234.50 |
+------------------+----------------------------+----------+
```"#,
    argument(
        name = "value",
        description = "A date, a timestamp with or without time zone, a time, an interval or a number."
    ),
    argument(name = "template", description = "How it is to be written.")
)]
struct ToChar;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "to_char",
        parameters: &[Kind::Any, Kind::Text],
        counts: &[2],
    },
    volatility: Volatility::Stable,
    answer,
    invoke,
    documentation: || ToChar.doc(),
    ..Function::IMMUTABLE
};

fn answer(given: &[DataType]) -> Result<DataType> {
    let fits = given.first().is_some_and(|value| {
        value.is_null()
            || value.is_numeric()
            || value.is_temporal() && !matches!(value, DataType::Duration(_))
    });
    if !fits {
        return Err(FunctionError::no_such_form(
            "to_char takes a date, a timestamp, an interval or a number",
        )
        .with_hint("Cast the value to the type that it is meant to be.")
        .into());
    }
    Ok(DataType::Utf8View)
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let settings = call.settings::<SessionTimeZone>();
    let zone = Zone::named(&settings.time_zone)?;
    let names: Option<Tz> = settings.time_zone.parse().ok();
    let values = call.argument(0)?.to_array(call.rows())?;
    let templates = call.text(1)?;
    if values.data_type().is_null() {
        return call.rows_to_text(|_, _| Ok(false));
    }
    if values.data_type().is_numeric() {
        let number = numbers(&values)?;
        return write(
            call,
            &values,
            &templates,
            NumberTemplate::parse,
            |row, template, text| number_writer::write(&number(row), template, text),
        );
    }
    let values = finite(&values)?;
    let moment = moments(&values, zone)?;
    let parse = |text: &str| Ok::<Vec<Part>, FunctionError>(parse(text));
    write(call, &values, &templates, parse, |row, template, text| {
        moment_writer::write(&moment(row), names, template, text)
    })
}

/// Writes row by row; a template that all rows have in common is read once.
fn write<T>(
    call: &Call<'_>,
    values: &ArrayRef,
    templates: &Strings<'_>,
    parse: impl Fn(&str) -> Result<T, FunctionError>,
    write: impl Fn(usize, &T, &mut String) -> Result<(), FunctionError>,
) -> Result<ColumnarValue> {
    let constant = match templates {
        Strings::Constant(Some(template)) => Some(parse(template)?),
        _ => None,
    };
    call.rows_to_text(|row, text| {
        let Some(template) = templates.get(row).filter(|_| values.is_valid(row)) else {
            return Ok(false);
        };
        match &constant {
            Some(template) => write(row, template, text)?,
            None => write(row, &parse(template)?, text)?,
        }
        Ok(true)
    })
}

type Numbers = Box<dyn Fn(usize) -> Number>;

fn numbers(values: &ArrayRef) -> Result<Numbers> {
    Ok(match values.data_type() {
        DataType::Float64 => {
            let values = values.as_primitive::<Float64Type>().clone();
            Box::new(move |row| Number::Double(values.value(row)))
        }
        DataType::Float16 | DataType::Float32 => {
            let values = cast(values, &DataType::Float32)?;
            let values = values.as_primitive::<Float32Type>().clone();
            Box::new(move |row| Number::Single(values.value(row)))
        }
        DataType::Decimal128(_, scale) => {
            let (values, scale) = (values.as_primitive::<Decimal128Type>().clone(), *scale);
            Box::new(move |row| Number::Exact(Decimal::new(&values.value(row).to_string(), scale)))
        }
        DataType::Decimal256(_, scale) => {
            let (values, scale) = (values.as_primitive::<Decimal256Type>().clone(), *scale);
            Box::new(move |row| Number::Exact(Decimal::new(&values.value(row).to_string(), scale)))
        }
        DataType::UInt64 => {
            let values = values.as_primitive::<UInt64Type>().clone();
            Box::new(move |row| Number::Exact(Decimal::new(&values.value(row).to_string(), 0)))
        }
        _ => {
            let values = cast(values, &DataType::Int64)?;
            let values = values.as_primitive::<Int64Type>().clone();
            Box::new(move |row| Number::Exact(Decimal::new(&values.value(row).to_string(), 0)))
        }
    })
}

/// Dates and timestamps, with NULL for those at the ends of time, which no template writes.
fn finite(values: &ArrayRef) -> Result<ArrayRef> {
    let is_end: BooleanArray = match values.data_type() {
        DataType::Date32 => {
            let days = values.as_primitive::<Date32Type>().iter();
            let is_end = |day| matches!(day, i32::MIN | i32::MAX);
            days.map(|day| day.map(is_end)).collect()
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let moments = values.as_primitive::<TimestampMicrosecondType>().iter();
            let is_end = |moment| matches!(moment, i64::MIN | i64::MAX);
            moments.map(|moment| moment.map(is_end)).collect()
        }
        _ => return Ok(Arc::clone(values)),
    };
    Ok(nullif(values, &is_end)?)
}

type Moments = Box<dyn Fn(usize) -> Moment>;

fn moments(values: &ArrayRef, zone: Zone) -> Result<Moments> {
    Ok(match values.data_type() {
        DataType::Timestamp(_, None) => {
            let values = cast(values, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
            let values = values.as_primitive::<TimestampMicrosecondType>().clone();
            Box::new(move |row| Moment::of_timestamp(values.value(row)))
        }
        DataType::Timestamp(_, Some(name)) => {
            let micros = DataType::Timestamp(TimeUnit::Microsecond, Some(name.clone()));
            let values = cast(values, &micros)?;
            let values = values.as_primitive::<TimestampMicrosecondType>().clone();
            Box::new(move |row| Moment::of_instant(values.value(row), zone))
        }
        DataType::Date32 | DataType::Date64 => {
            let values = cast(values, &DataType::Date32)?;
            let values = values.as_primitive::<Date32Type>().clone();
            Box::new(move |row| Moment::of_date(values.value(row), zone))
        }
        // A time is an interval to a template.
        DataType::Time32(_) | DataType::Time64(_) => {
            let values = cast(values, &DataType::Time64(TimeUnit::Microsecond))?;
            let values = values.as_primitive::<Time64MicrosecondType>().clone();
            Box::new(move |row| Moment::of_interval(0, 0, values.value(row)))
        }
        _ => {
            let values = cast(values, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            let values = values.as_primitive::<IntervalMonthDayNanoType>().clone();
            Box::new(move |row| {
                let value = values.value(row);
                Moment::of_interval(
                    i64::from(value.months),
                    i64::from(value.days),
                    value.nanoseconds / 1000,
                )
            })
        }
    })
}
