//! `levenshtein(source, target [, insert, delete, substitute])`, as PostgreSQL has it, and with one
//! number as Databricks has it.

use std::sync::Arc;

use arrow::array::{AsArray, Int32Array};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::{costs, distance};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Levenshtein distance: the least number of characters to insert, delete or substitute to make one text of the other, or the least cost where each kind of edit has its own.

As in PostgreSQL's `fuzzystrmatch` the answer is an integer and upper and lower case differ; an empty text is as far as the other is long. Unlike there, texts may be longer than 255 characters; the time grows with the product of both lengths. A cost of more than an integer holds is an error. DuckDB's `levenshtein` and `editdist3` count bytes, so that `ä` is two there. It stands in for DataFusion's own `levenshtein`, which takes no costs.

With one number, it is the greatest distance of interest, as in Databricks and Spark: what is further gives -1, and is found much sooner. A negative one gives -1 always. `levenshtein_less_equal` and `edit_distance` have other answers for what is further.

Compared with a constant, as in `levenshtein(a, b) <= 2`, only distances up to it are computed.",
    syntax_example = "levenshtein(source, target)",
    alternative_syntax = "levenshtein(source, target, max_distance)",
    alternative_syntax = "levenshtein(source, target, insert_cost, delete_cost, substitute_cost)",
    sql_example = r#"```sql
> SELECT levenshtein('kitten', 'sitting') AS edits, levenshtein('kitten', 'sitting', 2) AS far, levenshtein('GUMBO', 'GAMBOL', 2, 1, 1) AS cost;
+-------+-----+------+
| edits | far | cost |
+-------+-----+------+
| 3     | -1  | 3    |
+-------+-----+------+
```"#,
    argument(name = "source", description = "The text to start from."),
    argument(name = "target", description = "The text to arrive at."),
    argument(
        name = "max_distance",
        description = "The greatest distance of interest, an integer."
    ),
    argument(
        name = "insert_cost",
        description = "What it costs to insert a character, an integer; 1 where no cost is given."
    ),
    argument(name = "delete_cost", description = "What it costs to delete one."),
    argument(
        name = "substitute_cost",
        description = "What it costs to put another in its place."
    ),
    related_udf(name = "levenshtein_less_equal"),
    related_udf(name = "damerau_levenshtein")
)]
struct Levenshtein;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "levenshtein",
        parameters: &[
            Kind::Text,
            Kind::Text,
            Kind::Integer,
            Kind::Integer,
            Kind::Integer,
        ],
        counts: &[2, 3, 5],
    },
    aliases: &["editdist3"],
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || Levenshtein.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    match call.count() {
        2 => distance::invoke::<distance::Levenshtein>(call),
        3 => no_further(call),
        _ => costs::invoke(FUNCTION.form.name, call, |_| Some(None)),
    }
}

/// The distance, or -1 where it is greater than the third argument.
fn no_further(call: &Call<'_>) -> Result<ColumnarValue> {
    let greatest = call.numbers::<Int64Type>(2)?;
    let found = distance::invoke::<distance::Levenshtein>(call)?.into_array(call.rows())?;
    let found = found.as_primitive::<Int32Type>().iter();
    let found: Int32Array = found
        .zip(&greatest)
        .map(|(distance, greatest)| match i64::from(distance?) {
            distance if distance > greatest? => Some(-1),
            distance => i32::try_from(distance).ok(),
        })
        .collect();
    call.answer(Arc::new(found))
}
