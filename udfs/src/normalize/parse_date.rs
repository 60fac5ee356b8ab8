use arrow::datatypes::{DataType, Date32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::date_text::{Order, parse};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings};
use crate::wording::quoted;

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The day that a messy text names; NULL, or an error by choice, where it names none.

`order` says what nobody can guess: whether 03/04/2021 is in March or in April. It decides numeric dates only. A year of four digits in front is always year, month, day (ISO 8601); a month that is a word (English, German, French or Spanish, written out or abbreviated) leaves nothing to decide, but that with `YMD` two-digit years come first. Where the order gives no day that exists, the answer is NULL: 25/12/2020 under `MDY` and 31 February are not dates, and day and month are never swapped silently.

Separators are `/`, `-`, `.` (the same between all parts) and blanks; ordinals (`3rd`, `1er`), weekdays and `of`, `de`, `le` are passed over. Eight digits are `YYYYMMDD` where that is a day between 1800 and 2199, else in the given order; six digits are in the given order. Two-digit years from 69 to 99 are 1969 to 1999, those from 00 to 68 are 2000 to 2068, as in POSIX. A time of day with or without a zone is dropped, and the day stays that of the text: nothing is converted. Years run from 1 to 9999.

`UNIX` reads seconds since 1970 (up to 11 digits), milliseconds (12 to 14), microseconds (15 to 17) or nanoseconds, as the day in UTC; `EXCEL` reads serials of the 1900 date system, in which 1 is 1 January 1900 and 60, 29 February 1900, is no date. A fraction is dropped in both.",
    syntax_example = "parse_date(text, order [, on_error])",
    sql_example = r#"```sql
> SELECT parse_date('03/04/2021', 'DMY') AS british,
>        parse_date('03/04/2021', 'MDY') AS american,
>        parse_date('Mi., 3. März 21', 'DMY') AS german,
>        parse_date('44259', 'EXCEL') AS excel,
>        parse_date('31.02.2021', 'DMY') AS none;
+------------+------------+------------+------------+------+
| british    | american   | german     | excel      | none |
+------------+------------+------------+------------+------+
| 2021-04-03 | 2021-03-04 | 2021-03-03 | 2021-03-04 |      |
+------------+------------+------------+------------+------+
```"#,
    argument(name = "text", description = "What was written as a date."),
    argument(
        name = "order",
        description = "`DMY`, `MDY`, `YMD`, `UNIX` or `EXCEL`, in any case. Another word is an error (22023)."
    ),
    argument(
        name = "on_error",
        description = "`null` (the default) gives NULL for text that is not a date; `error` raises an error (22007) that names the text."
    )
)]
struct ParseDate;

const NAME: &str = "parse_date";

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: NAME,
        parameters: &[Kind::Text, Kind::Text, Kind::Text],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Date32),
    invoke,
    documentation: || ParseDate.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let orders = call.text(1)?;
    let choices = match call.count() {
        2 => Strings::Constant(Some("null")),
        _ => call.text(2)?,
    };
    if let (Strings::Constant(Some(order)), Strings::Constant(Some(choice))) = (&orders, &choices) {
        let (order, raises) = (order_named(NAME, order)?, raises(NAME, choice)?);
        return call.text_to_primitive::<Date32Type>(|text| day(text, order, raises));
    }
    let texts = call.text(0)?;
    call.rows_to_primitive::<Date32Type>(|row| {
        match (texts.get(row), orders.get(row), choices.get(row)) {
            (Some(text), Some(order), Some(choice)) => {
                day(text, order_named(NAME, order)?, raises(NAME, choice)?)
            }
            _ => Ok(None),
        }
    })
}

fn day(text: &str, order: Order, raises: bool) -> Result<Option<i32>> {
    let day = parse(text, order).map(Date32Type::from_naive_date);
    if day.is_none() && raises {
        return Err(FunctionError {
            sqlstate: "22007",
            message: format!("parse_date cannot read {} as a date", quoted(text)),
            hint: Some("Leave the third argument out to get NULL instead.".to_string()),
        }
        .into());
    }
    Ok(day)
}

/// The order of this name, as an argument of a function.
pub(super) fn order_named(function: &str, name: &str) -> Result<Order, FunctionError> {
    Order::named(name).ok_or_else(|| {
        let names: Vec<&str> = Order::ALL.iter().map(|(name, _)| *name).collect();
        FunctionError::invalid_argument(format!("{function} has no order {}", quoted(name)))
            .with_hint(format!("The orders are {}.", names.join(", ")))
    })
}

/// Whether text that is not a date is an error, as an argument of a function says.
pub(super) fn raises(function: &str, choice: &str) -> Result<bool, FunctionError> {
    match choice.trim().to_ascii_lowercase().as_str() {
        "error" => Ok(true),
        "null" => Ok(false),
        _ => Err(FunctionError::invalid_argument(format!(
            "{function} cannot answer {} for text that is not a date",
            quoted(choice)
        ))
        .with_hint("The third argument is 'null' or 'error'.")),
    }
}
