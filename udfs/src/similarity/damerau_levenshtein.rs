//! `damerau_levenshtein(left, right [, max])`: the true distance, not the restricted one.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::distance;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Damerau-Levenshtein distance: as `levenshtein`, and swapping two neighbours counts as one edit, the commonest slip of a typist.

It is the true distance, a metric, as in DuckDB: characters may be edited between two that were swapped, so that `ca` and `abc` are 2 apart (3 by `osa_distance`, the restricted one). Upper and lower case differ; an empty text is as far as the other is long. DuckDB's counts bytes. The time grows with the product of both lengths.",
    syntax_example = "damerau_levenshtein(left, right)",
    alternative_syntax = "damerau_levenshtein(left, right, max)",
    sql_example = r#"```sql
> SELECT damerau_levenshtein('Smiht', 'Smith') AS slip, damerau_levenshtein('ca', 'abc') AS far;
+------+-----+
| slip | far |
+------+-----+
| 1    | 2   |
+------+-----+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "max",
        description = "The greatest distance of interest, an integer: what is further gives max + 1, and sooner. A negative one is none."
    ),
    related_udf(name = "osa_distance"),
    related_udf(name = "levenshtein")
)]
struct DamerauLevenshtein;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "damerau_levenshtein",
        parameters: &[Kind::Text, Kind::Text, Kind::Integer],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Int32),
    invoke: distance::invoke::<distance::DamerauLevenshtein>,
    documentation: || DamerauLevenshtein.doc(),
    ..Function::IMMUTABLE
};
