//! `levenshtein(source, target [, insert, delete, substitute])`, as PostgreSQL has it.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::{costs, distance};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Levenshtein distance: the least number of characters to insert, delete or substitute to make one text of the other, or the least cost where each kind of edit has its own.

As in PostgreSQL's `fuzzystrmatch` the answer is an integer and upper and lower case differ; an empty text is as far as the other is long. Unlike there, texts may be longer than 255 characters; the time grows with the product of both lengths. A cost of more than an integer holds is an error. DuckDB's `levenshtein` and `editdist3` count bytes, so that `ä` is two there. It stands in for DataFusion's own `levenshtein`, which takes no costs.

Compared with a constant, as in `levenshtein(a, b) <= 2`, only distances up to it are computed.",
    syntax_example = "levenshtein(source, target)",
    alternative_syntax = "levenshtein(source, target, insert_cost, delete_cost, substitute_cost)",
    sql_example = r#"```sql
> SELECT levenshtein('kitten', 'sitting') AS edits, levenshtein('GUMBO', 'GAMBOL', 2, 1, 1) AS cost;
+-------+------+
| edits | cost |
+-------+------+
| 3     | 3    |
+-------+------+
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
        counts: &[2, 5],
    },
    aliases: &["editdist3"],
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || Levenshtein.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return distance::invoke::<distance::Levenshtein>(call);
    }
    costs::invoke(FUNCTION.form.name, call, |_| Some(None))
}
