use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::numbering_plan::{PLANS, constant_region};
use super::phone_text::to_e164;
use crate::arguments::{Call, Form, Function, Kind, Strings};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = "True where `normalize_phone` with the same arguments gives a number, false where it gives NULL; NULL where the text is NULL.",
    syntax_example = "is_valid_phone(text [, region])",
    sql_example = r#"```sql
> SELECT is_valid_phone('020 7946 0958', 'GB') AS british, is_valid_phone('020 7946 0958') AS anywhere;
+---------+----------+
| british | anywhere |
+---------+----------+
| true    | false    |
+---------+----------+
```"#,
    argument(name = "text", description = "What was typed as a number."),
    argument(
        name = "region",
        description = "The country that numbers without a country code belong to, as for `normalize_phone`."
    ),
    related_udf(name = "normalize_phone")
)]
struct IsValidPhone;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "is_valid_phone",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[1, 2],
    },
    answer: |_| Ok(DataType::Boolean),
    invoke,
    documentation: || IsValidPhone.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let regions = match call.count() {
        1 => Strings::Constant(None),
        _ => call.text(1)?,
    };
    let constant = match regions {
        Strings::Constant(region) => constant_region(FUNCTION.form.name, region)?,
        _ => None,
    };
    let valid: BooleanArray = (0..call.rows())
        .map(|row| {
            let of_row = || regions.get(row).and_then(|region| PLANS.region(region));
            let region = constant.or_else(of_row);
            Some(to_e164(texts.get(row)?, region).is_some())
        })
        .collect();
    call.answer(Arc::new(valid))
}
