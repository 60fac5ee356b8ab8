//! `to_date(text, template)`: a day out of text, as PostgreSQL reads it.

use arrow::datatypes::{DataType, Date32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::moment_reader::read;
use super::template::{Part, parse};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings};

#[user_doc(
    doc_section(label = "Formatting Functions"),
    description = r"The day that a text names, read by a template; equal to PostgreSQL's.

The patterns are those of [to_char](#to_char). Blanks and punctuation of text and template need not be the same, and numbers may have fewer digits than their pattern, unless the template begins with `FX`. Years of fewer than four digits are those nearest to 2020. A time of day is read and left out; what follows the last pattern is not looked at. Text that is not as the template says is an error (22007), a day that does not exist another one (22008).

To read messy text, where errors are rows rather than the end, see [parse_date](#parse_date).",
    syntax_example = "to_date(text, template)",
    sql_example = r#"```sql
> SELECT to_date('03/02/2024', 'DD/MM/YYYY') AS slashes,
>        to_date('3 Feb 24', 'DD Mon YY') AS words,
>        to_date('2024-W05-6', 'IYYY-"W"IW-ID') AS week;
+------------+------------+------------+
| slashes    | words      | week       |
+------------+------------+------------+
| 2024-02-03 | 2024-02-03 | 2024-02-03 |
+------------+------------+------------+
```"#,
    argument(name = "text", description = "What was written as a date."),
    argument(name = "template", description = "How it was written.")
)]
struct ToDate;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "to_date",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Date32),
    invoke,
    documentation: || ToDate.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let templates = call.text(1)?;
    if let Strings::Constant(Some(template)) = templates {
        let template = parse(template);
        return call.text_to_primitive::<Date32Type>(|text| day(text, &template));
    }
    let texts = call.text(0)?;
    call.rows_to_primitive::<Date32Type>(|row| match (texts.get(row), templates.get(row)) {
        (Some(text), Some(template)) => day(text, &parse(template)),
        _ => Ok(None),
    })
}

fn day(text: &str, template: &[Part]) -> Result<Option<i32>> {
    let parsed = read(text, template)?.assemble(text)?;
    let day = i32::try_from(parsed.day).map_err(|_| FunctionError {
        sqlstate: "22008",
        message: format!("date out of range: \"{text}\""),
        hint: None,
    })?;
    Ok(Some(day))
}
