//! `to_iso8601(text [, order [, on_error]])`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::iso_text::write;
use super::parse_date::{order_named, raises};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings};
use crate::wording::quoted;

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The day or point in time that a messy text names, written after ISO 8601: `2021-03-04`, `2021-03-04T10:15:00`, with fraction and zone where they are written. NULL, or an error by choice, where it names none.

Days are read as `parse_date` reads them. A time may have seconds and a fraction, `am` or `pm`, and `Z`, `UTC`, `GMT` or an offset behind it; the zone stays as it is, nothing is converted, and the name of any other zone gives NULL, since `CST` is in America and in China. 24:00 is midnight of the next day.

`UNIX` reads seconds, milliseconds, microseconds or nanoseconds since 1970 by the number of digits, in UTC; `EXCEL` reads serials of the 1900 date system, whose fraction is the time, to the second.",
    syntax_example = "to_iso8601(text [, order [, on_error]])",
    sql_example = r#"```sql
> SELECT to_iso8601('3/4/2021 3:05 pm', 'MDY') AS american, to_iso8601('1614816000', 'UNIX') AS unix, to_iso8601('44259.75', 'EXCEL') AS excel;
+---------------------+----------------------+---------------------+
| american            | unix                 | excel               |
+---------------------+----------------------+---------------------+
| 2021-03-04T15:05:00 | 2021-03-04T00:00:00Z | 2021-03-04T18:00:00 |
+---------------------+----------------------+---------------------+
```"#,
    argument(name = "text", description = "What was written as a date or time."),
    argument(
        name = "order",
        description = "`DMY`, `MDY`, `YMD` (the default, under which 03/04/2021 is no date), `UNIX` or `EXCEL`, in any case. Another word is an error (22023)."
    ),
    argument(
        name = "on_error",
        description = "`null` (the default) gives NULL for text that is no date; `error` raises an error (22007) that names the text."
    ),
    related_udf(name = "parse_date")
)]
struct ToIso8601;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "to_iso8601",
        parameters: &[Kind::Text, Kind::Text, Kind::Text],
        counts: &[1, 2, 3],
    },
    invoke,
    documentation: || ToIso8601.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let orders = match call.count() {
        1 => Strings::Constant(Some("YMD")),
        _ => call.text(1)?,
    };
    let choices = match call.count() {
        1 | 2 => Strings::Constant(Some("null")),
        _ => call.text(2)?,
    };
    let texts = call.text(0)?;
    call.rows_to_text(|row, answer| {
        let (Some(text), Some(order), Some(choice)) =
            (texts.get(row), orders.get(row), choices.get(row))
        else {
            return Ok(false);
        };
        let order = order_named("to_iso8601", order)?;
        let raises = raises("to_iso8601", choice)?;
        let written = write(text, order, answer);
        if !written && raises {
            return Err(FunctionError {
                sqlstate: "22007",
                message: format!("to_iso8601 cannot read {} as a date", quoted(text)),
                hint: Some("Leave the third argument out to get NULL instead.".to_string()),
            }
            .into());
        }
        Ok(written)
    })
}
