//! `parse_money(text [, decimal_mark])`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Builder, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::money_text::{DecimalMark, SCALE, parse};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings};
use crate::wording::quoted;

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"An amount of money as a record of `amount`, a `DECIMAL(38, 4)`, and `currency`, an ISO 4217 code or NULL where none is written; NULL where the text is no amount of money.

The currency may stand before or behind as a code, sign or name, as `normalize_currency` takes it. What is negative has a minus sign before or behind, or parentheses around it. Digits are in groups of three (or as in India) by commas, dots, blanks, apostrophes or underscores.

`decimal_mark` says what nobody can guess: whether `1.234` is a thousand and some or one and a bit. Without it, such an amount is NULL, while `1.234,50`, `1,234.50`, `1.5` and `1,234,567` leave nothing to decide.",
    syntax_example = "parse_money(text [, decimal_mark])",
    sql_example = r#"```sql
> SELECT parse_money('1.234,56 €')['amount'] AS amount, parse_money('1.234,56 €')['currency'] AS currency, parse_money('$1,234', '.')['amount'] AS marked;
+-----------+----------+-----------+
| amount    | currency | marked    |
+-----------+----------+-----------+
| 1234.5600 | EUR      | 1234.0000 |
+-----------+----------+-----------+
```"#,
    argument(name = "text", description = "An amount of money."),
    argument(
        name = "decimal_mark",
        description = "`.` or `,`. Another text is an error (22023)."
    ),
    related_udf(name = "normalize_currency")
)]
struct ParseMoney;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "parse_money",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[1, 2],
    },
    answer: |_| Ok(DataType::Struct(fields())),
    invoke,
    documentation: || ParseMoney.doc(),
    ..Function::IMMUTABLE
};

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("amount", DataType::Decimal128(38, SCALE as i8), true),
        Field::new("currency", DataType::Utf8, true),
    ])
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let marks = match call.count() {
        1 => None,
        _ => Some(call.text(1)?),
    };
    if let None | Some(Strings::Constant(_)) = &marks {
        let mark = mark(marks.as_ref(), 0)?;
        return call.over_distinct(&texts, |texts, rows| of_texts(texts, rows, |_| Ok(mark)));
    }
    call.answer(of_texts(&texts, call.rows(), |row| {
        mark(marks.as_ref(), row)
    })?)
}

/// The amounts of as many texts, each with its decimal mark.
fn of_texts(
    texts: &Strings<'_>,
    rows: usize,
    mark: impl Fn(usize) -> Result<Option<DecimalMark>, FunctionError>,
) -> Result<ArrayRef> {
    let amounts = Decimal128Builder::with_capacity(rows);
    let mut amounts = amounts.with_precision_and_scale(38, SCALE as i8)?;
    let mut currencies = StringBuilder::with_capacity(rows, 3 * rows);
    let mut valid = Vec::with_capacity(rows);
    for row in 0..rows {
        let money = match (texts.get(row), mark(row)?) {
            (Some(text), Some(mark)) => parse(text, mark),
            _ => None,
        };
        valid.push(money.is_some());
        amounts.append_option(money.map(|(amount, _)| amount));
        currencies.append_option(money.and_then(|(_, currency)| currency));
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(amounts.finish()), Arc::new(currencies.finish())];
    let nulls = Some(NullBuffer::from(valid));
    Ok(Arc::new(StructArray::try_new(fields(), columns, nulls)?))
}

/// The decimal mark of a row; `None` where it is NULL.
fn mark(marks: Option<&Strings<'_>>, row: usize) -> Result<Option<DecimalMark>, FunctionError> {
    let Some(marks) = marks else {
        return Ok(Some(DecimalMark::Unknown));
    };
    match marks.get(row) {
        None => Ok(None),
        Some(".") => Ok(Some(DecimalMark::Dot)),
        Some(",") => Ok(Some(DecimalMark::Comma)),
        Some(other) => Err(FunctionError::invalid_argument(format!(
            "parse_money has no decimal mark {}",
            quoted(other)
        ))
        .with_hint("The decimal mark is '.' or ','.")),
    }
}
