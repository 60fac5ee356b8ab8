//! `to_timestamp(text, template)`: a moment out of text, as PostgreSQL reads it.

use arrow::array::Float64Array;
use arrow::datatypes::{DataType, Float64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Volatility};
use datafusion_macros::user_doc;

use super::moment_reader::read;
use super::template::{Part, parse};
use super::time_zone::{SessionTimeZone, Zone};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings, is_text};

#[user_doc(
    doc_section(label = "Formatting Functions"),
    description = r"The moment that a text names, read by a template, or that is so many seconds after 1970; equal to PostgreSQL's.

The patterns are those of [to_char](#to_char), and text is read as [to_date](#to_date) does. A time without an offset (`TZH`, `TZM`) is one of the session's `TimeZone`.",
    syntax_example = "to_timestamp(text, template) or to_timestamp(seconds)",
    sql_example = r#"```sql
> SELECT to_timestamp('03.02.2024 17:05', 'DD.MM.YYYY HH24:MI') AS local,
>        to_timestamp(1706979900) AS seconds;
+----------------------+----------------------+
| local                | seconds              |
+----------------------+----------------------+
| 2024-02-03T17:05:00Z | 2024-02-03T17:05:00Z |
+----------------------+----------------------+
```"#,
    argument(
        name = "text",
        description = "What was written as a date and time; or a number of seconds since 1970-01-01 00:00 UTC."
    ),
    argument(name = "template", description = "How it was written.")
)]
struct ToTimestamp;

const MICROS: i64 = 1_000_000;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "to_timestamp",
        parameters: &[Kind::Any, Kind::Text],
        counts: &[1, 2],
    },
    volatility: Volatility::Stable,
    answer,
    invoke,
    documentation: || ToTimestamp.doc(),
    ..Function::IMMUTABLE
};

fn answer(given: &[DataType]) -> Result<DataType> {
    let fits = match given {
        [text, _] => is_text(text) || text.is_null(),
        [seconds] => seconds.is_numeric() || seconds.is_null(),
        _ => false,
    };
    if !fits {
        return Err(FunctionError::no_such_form(
            "to_timestamp takes a text and a template, or a number of seconds",
        )
        .with_hint("To read ISO 8601 without a template, cast the text: '...'::timestamptz.")
        .into());
    }
    Ok(DataType::Timestamp(
        TimeUnit::Microsecond,
        Some("UTC".into()),
    ))
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let answer = if call.count() == 1 {
        let seconds: Float64Array = call.numbers::<Float64Type>(0)?;
        call.rows_to_primitive::<TimestampMicrosecondType>(|row| {
            let valid = arrow::array::Array::is_valid(&seconds, row);
            valid.then(|| of_seconds(seconds.value(row))).transpose()
        })?
    } else {
        of_text(call)?
    };
    // The values are those of UTC already.
    answer.cast_to(
        &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        None,
    )
}

fn of_text(call: &Call<'_>) -> Result<ColumnarValue> {
    let zone = Zone::named(&call.settings::<SessionTimeZone>().time_zone)?;
    let templates = call.text(1)?;
    if let Strings::Constant(Some(template)) = templates {
        let template = parse(template);
        return call
            .text_to_primitive::<TimestampMicrosecondType>(|text| moment(text, &template, zone));
    }
    let texts = call.text(0)?;
    call.rows_to_primitive::<TimestampMicrosecondType>(|row| {
        match (texts.get(row), templates.get(row)) {
            (Some(text), Some(template)) => moment(text, &parse(template), zone),
            _ => Ok(None),
        }
    })
}

fn moment(text: &str, template: &[Part], zone: Zone) -> Result<Option<i64>> {
    let parsed = read(text, template)?.assemble(text)?;
    let out_of_range = || out_of_range(&format!(": \"{text}\""));
    let local = parsed
        .day
        .checked_mul(86_400 * MICROS)
        .and_then(|day| day.checked_add(parsed.micros))
        .ok_or_else(out_of_range)?;
    let offset = parsed.offset.unwrap_or_else(|| zone.offset_of_local(local));
    let moment = local
        .checked_sub(offset * MICROS)
        .ok_or_else(out_of_range)?;
    Ok(Some(moment))
}

fn of_seconds(seconds: f64) -> Result<i64> {
    let micros = (seconds * MICROS as f64).round_ties_even();
    // Both ends are exact in a float.
    if !(i64::MIN as f64..i64::MAX as f64).contains(&micros) {
        return Err(out_of_range(&format!(": \"{seconds}\"")).into());
    }
    Ok(micros as i64)
}

fn out_of_range(what: &str) -> FunctionError {
    FunctionError {
        sqlstate: "22008",
        message: format!("timestamp out of range{what}"),
        hint: None,
    }
}
