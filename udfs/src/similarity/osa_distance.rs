//! `osa_distance(left, right [, max])`: the restricted Damerau-Levenshtein distance.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::distance::{self, OptimalStringAlignment};
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The optimal string alignment distance, or restricted Damerau-Levenshtein distance: as `levenshtein`, and swapping two neighbours counts as one edit, where neither is edited again.

So `ca` and `abc` are 3 apart, and 2 by `damerau_levenshtein`, which is a metric while this one breaks the triangle inequality; it is faster. Upper and lower case differ; an empty text is as far as the other is long.",
    syntax_example = "osa_distance(left, right)",
    alternative_syntax = "osa_distance(left, right, max)",
    sql_example = r#"```sql
> SELECT osa_distance('Smiht', 'Smith') AS slip, osa_distance('ca', 'abc') AS far, osa_distance('Anna', 'Otto', 1) AS beyond;
+------+-----+--------+
| slip | far | beyond |
+------+-----+--------+
| 1    | 3   | 2      |
+------+-----+--------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "max",
        description = "The greatest distance of interest, an integer: what is further gives max + 1, and sooner. A negative one is none."
    ),
    related_udf(name = "damerau_levenshtein"),
    related_udf(name = "levenshtein")
)]
struct OsaDistance;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "osa_distance",
        parameters: &[Kind::Text, Kind::Text, Kind::Integer],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Int32),
    invoke: distance::invoke::<OptimalStringAlignment>,
    documentation: || OsaDistance.doc(),
    ..Function::IMMUTABLE
};
