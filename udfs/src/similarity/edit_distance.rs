//! `edit_distance(left, right [, max_distance])`, as in BigQuery, and Snowflake's `editdistance`.

use arrow::datatypes::{DataType, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::distance::{Bounded, Levenshtein};
use super::parameter;
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Levenshtein distance by the name and rule of BigQuery and of Snowflake (`editdistance`): as `levenshtein`, and with `max_distance` no more than that, even where the texts are further apart.

In SQL Server, `EDIT_DISTANCE` counts the swap of two neighbours as one edit: that is `damerau_levenshtein` here. A negative `max_distance` is an error, as in BigQuery. Upper and lower case differ; an empty text is as far as the other is long.",
    syntax_example = "edit_distance(left, right)",
    alternative_syntax = "edit_distance(left, right, max_distance)",
    sql_example = r#"```sql
> SELECT edit_distance('kitten', 'sitting') AS edits, edit_distance('kitten', 'sitting', 2) AS capped;
+-------+--------+
| edits | capped |
+-------+--------+
| 3     | 2      |
+-------+--------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "max_distance",
        description = "The greatest answer, an integer of at least 0."
    ),
    related_udf(name = "levenshtein"),
    related_udf(name = "levenshtein_less_equal")
)]
struct EditDistance;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "edit_distance",
        parameters: &[Kind::Text, Kind::Text, Kind::Integer],
        counts: &[2, 3],
    },
    aliases: &["editdistance"],
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || EditDistance.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return call.pairs(Bounded::<Levenshtein>::unbounded());
    }
    parameter::pairs::<Int64Type, _>(call, 2, |max| match usize::try_from(max) {
        Ok(max) => Ok(Bounded::<Levenshtein>::capped(max)),
        Err(_) => Err(FunctionError::invalid_argument(format!(
            "edit_distance: the greatest distance {max} is negative"
        ))),
    })
}
