//! `levenshtein_less_equal(source, target [, insert, delete, substitute], max)`, as PostgreSQL
//! has it.

use arrow::array::Array;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::costs;
use super::distance::{self, Levenshtein};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Levenshtein distance where only small ones matter, as in PostgreSQL's `fuzzystrmatch`: what is no more than `max` is exact, what is more gives `max` + 1, and is found much sooner. (PostgreSQL promises some value above `max`.) A negative `max` is none.

Characters, case, costs and empty texts count as in `levenshtein`; texts may be longer than PostgreSQL's 255 characters.",
    syntax_example = "levenshtein_less_equal(source, target, max)",
    alternative_syntax = "levenshtein_less_equal(source, target, insert_cost, delete_cost, substitute_cost, max)",
    sql_example = r#"```sql
> SELECT levenshtein_less_equal('extensive', 'exhaustive', 4) AS near, levenshtein_less_equal('extensive', 'exhaustive', 2) AS far;
+------+-----+
| near | far |
+------+-----+
| 4    | 3   |
+------+-----+
```"#,
    argument(name = "source", description = "The text to start from."),
    argument(name = "target", description = "The text to arrive at."),
    argument(
        name = "insert_cost",
        description = "What it costs to insert a character, an integer; 1 where no cost is given."
    ),
    argument(name = "delete_cost", description = "What it costs to delete one."),
    argument(
        name = "substitute_cost",
        description = "What it costs to put another in its place."
    ),
    argument(
        name = "max",
        description = "The greatest distance of interest, an integer."
    ),
    related_udf(name = "levenshtein")
)]
struct LevenshteinLessEqual;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "levenshtein_less_equal",
        parameters: &[
            Kind::Text,
            Kind::Text,
            Kind::Integer,
            Kind::Integer,
            Kind::Integer,
            Kind::Integer,
        ],
        counts: &[3, 6],
    },
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || LevenshteinLessEqual.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 3 {
        return distance::invoke::<Levenshtein>(call);
    }
    let max = call.numbers::<Int32Type>(5)?;
    costs::invoke(FUNCTION.form.name, call, |row| {
        let max = max.is_valid(row).then(|| max.value(row))?;
        Some((max >= 0).then_some(max))
    })
}
