//! `jarowinkler_similarity(left, right)`, as in Snowflake.

use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::cutoff::Similarity;
use super::jaro_winkler_similarity::Winkler;
use crate::arguments::{Call, Form, Function, Kind, Metric};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Jaro-Winkler similarity by the name and rule of Snowflake: a whole number from 0 to 100, upper and lower case being the same.

It is 100 times `jaro_winkler_similarity` of the texts in lower case, rounded down. An empty text gives 0, even against another.",
    syntax_example = "jarowinkler_similarity(left, right)",
    sql_example = r#"```sql
> SELECT jarowinkler_similarity('Snowflake', 'Oracle') AS far, jarowinkler_similarity('Anna', 'ANNA') AS same;
+-----+------+
| far | same |
+-----+------+
| 61  | 100  |
+-----+------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "jaro_winkler_similarity")
)]
struct JarowinklerSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "jarowinkler_similarity",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || JarowinklerSimilarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let lefts = call.text(0)?;
    let rights = call.text(1)?;
    let mut similarity = Similarity::<Winkler>::new(0.0);
    let mut folded = (String::new(), String::new());
    call.rows_to_primitive::<Int32Type>(|row| {
        let (Some(left), Some(right)) = (lefts.get(row), rights.get(row)) else {
            return Ok(None);
        };
        if left.is_empty() || right.is_empty() {
            return Ok(Some(0));
        }
        fold(left, &mut folded.0);
        fold(right, &mut folded.1);
        Ok(Some((100.0 * similarity.pair(&folded.0, &folded.1)) as i32))
    })
}

fn fold(text: &str, folded: &mut String) {
    folded.clear();
    if text.is_ascii() {
        folded.push_str(text);
        folded.make_ascii_lowercase();
    } else {
        folded.extend(text.chars().flat_map(char::to_lowercase));
    }
}
