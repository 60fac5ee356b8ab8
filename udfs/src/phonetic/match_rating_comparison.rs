//! `match_rating_comparison(left, right)`: whether two names are alike by the Match Rating Approach.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::letters::Letters;
use super::match_rating_rules::Codex;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"Whether two names are alike by the Match Rating Approach: letters of their codices that are equal at the same place are struck, first from the left, then from the right, and the fewer remain, the better. How few must remain depends on the lengths.

NULL where the lengths of the codices differ by three or more, which the approach does not compare.",
    syntax_example = "match_rating_comparison(left, right)",
    sql_example = r#"```sql
> SELECT match_rating_comparison('Catherine', 'Kathryn') AS alike, match_rating_comparison('Michael', 'Mike') AS unlike;
+-------+--------+
| alike | unlike |
+-------+--------+
| true  | false  |
+-------+--------+
```"#,
    argument(name = "left", description = "A name."),
    argument(name = "right", description = "The one to compare it with."),
    related_udf(name = "match_rating_codex")
)]
struct MatchRatingComparison;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "match_rating_comparison",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Boolean),
    invoke,
    documentation: || MatchRatingComparison.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let (left, right) = (call.text(0)?, call.text(1)?);
    let mut letters = Letters::default();
    let alike: BooleanArray = (0..call.rows())
        .map(|row| {
            let left = Codex::of(letters.of(left.get(row)?));
            left.is_like(&Codex::of(letters.of(right.get(row)?)))
        })
        .collect();
    call.answer(Arc::new(alike))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the paper and of jellyfish.
    #[test]
    fn published_comparisons() {
        let cases = [
            ("Bryne", "Boern", Some(true)),
            ("Smith", "Smyth", Some(true)),
            ("Catherine", "Kathryn", Some(true)),
            ("Michael", "Mike", Some(false)),
            ("Tim", "Timothy", None),
            ("Ed", "Ad", Some(true)),
        ];
        let mut letters = Letters::default();
        for (left, right, expected) in cases {
            let codex = Codex::of(letters.of(left));
            assert_eq!(codex.is_like(&Codex::of(letters.of(right))), expected);
        }
    }
}
