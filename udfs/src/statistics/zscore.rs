//! `zscore(value) OVER (...)`.

use arrow::array::ArrayRef;
use arrow::datatypes::Float64Type;
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::sample::{Sample, scores};
use crate::arguments::{Form, Kind, Partition, WindowFunction};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"How many standard deviations a value lies above the mean of its partition (below it, if negative): `(value - avg(value)) / stddev(value)`, with the sample standard deviation (n - 1), as PostgreSQL's `stddev`. `ORDER BY` makes no difference; a frame is an error (42P20).

Where all values are the same each is the mean, and scores 0; where there is but one, no deviation is known, and the score is NULL. NULL gives NULL and does not count. Nor do NaN and the infinities, which give themselves. A few great outliers pull mean and deviation towards them and hide one another: `mad_score` does not let them.",
    syntax_example = "zscore(value) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, round(zscore(total) OVER (), 2) AS score
  FROM (VALUES (1, 20), (2, 22), (3, 21), (4, NULL), (5, 23), (6, 90)) AS t(id, total)
  ORDER BY id;
+----+-------+
| id | score |
+----+-------+
| 1  | -0.5  |
| 2  | -0.43 |
| 3  | -0.46 |
| 4  |       |
| 5  | -0.4  |
| 6  | 1.79  |
+----+-------+
```"#,
    argument(name = "value", description = "A number."),
    related_udf(name = "mad_score"),
    related_udf(name = "iqr_outlier")
)]
struct ZScore;

pub(crate) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "zscore",
        parameters: &[Kind::Number],
        counts: &[1],
    },
    evaluate,
    documentation: || ZScore.doc(),
    ..WindowFunction::UNORDERED
};

fn evaluate(partition: &Partition<'_>) -> Result<ArrayRef> {
    let numbers = partition.numbers::<Float64Type>(0)?;
    let sample = Sample::new(&numbers);
    let usual = sample.mean_and_deviation();
    let is_constant = sample.is_constant();
    Ok(scores(&numbers, |_, number| {
        let (mean, deviation) = usual?;
        if is_constant {
            return Some(0.0);
        }
        Some((sample.scaled(number) - mean) / deviation)
    }))
}
