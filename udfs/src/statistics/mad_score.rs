//! `mad_score(value) OVER (...)`.

use arrow::array::ArrayRef;
use arrow::datatypes::Float64Type;
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::compensated_sum::CompensatedSum;
use super::quantile::median;
use super::sample::{Sample, scores};
use crate::arguments::{Form, Kind, Partition, WindowFunction};

/// What the median absolute deviation of a normal distribution is times its standard deviation:
/// its third quartile, as B. Iglewicz and D. C. Hoaglin, "How to detect and handle outliers" (ASQC,
/// 1993), round it.
const MEDIAN_DEVIATION: f64 = 0.674_5;
/// What the standard deviation of a normal distribution is times its mean absolute deviation:
/// sqrt(pi / 2).
const MEAN_DEVIATION: f64 = 1.253_314_137_315_500_3;

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"How far a value lies from the median of its partition, by a measure that outliers do not move: the modified z-score of Iglewicz and Hoaglin, `0.6745 * (value - median) / MAD`, where MAD is the median of the distances from the median. They call a value an outlier whose score is beyond 3.5 in either direction. `ORDER BY` makes no difference; a frame is an error (42P20).

Where more than half of the values are the same, MAD is 0; then the mean of the distances takes its place, `(value - median) / (1.2533 * mean distance)`, as in SPSS, and where all values are the same each scores 0. NULL gives NULL and does not count. Nor do NaN and the infinities, which give themselves.",
    syntax_example = "mad_score(value) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, round(mad_score(total) OVER (), 2) AS score
  FROM (VALUES (1, 20), (2, 22), (3, 21), (4, NULL), (5, 23), (6, 90)) AS t(id, total)
  ORDER BY id;
+----+-------+
| id | score |
+----+-------+
| 1  | -1.35 |
| 2  | 0.0   |
| 3  | -0.67 |
| 4  |       |
| 5  | 0.67  |
| 6  | 45.87 |
+----+-------+
```"#,
    argument(name = "value", description = "A number."),
    related_udf(name = "zscore"),
    related_udf(name = "iqr_outlier")
)]
struct MadScore;

pub(crate) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "mad_score",
        parameters: &[Kind::Number],
        counts: &[1],
    },
    evaluate,
    documentation: || MadScore.doc(),
    ..WindowFunction::UNORDERED
};

fn evaluate(partition: &Partition<'_>) -> Result<ArrayRef> {
    let numbers = partition.numbers::<Float64Type>(0)?;
    let mut sample = Sample::new(&numbers);
    let usual = sample
        .median_and_distances()
        .map(|(median, distances)| (median, unit(distances)));
    Ok(scores(&numbers, |_, number| {
        let (median, unit) = usual?;
        if unit == 0.0 {
            return Some(0.0);
        }
        Some((sample.scaled(number) - median) / unit)
    }))
}

/// The distance that scores 1.
fn unit(mut distances: Vec<f64>) -> f64 {
    match median(&mut distances) {
        Some(deviation) if deviation > 0.0 => deviation / MEDIAN_DEVIATION,
        _ => {
            let count = distances.len() as f64;
            let sum: CompensatedSum = distances.into_iter().collect();
            MEAN_DEVIATION * sum.value() / count
        }
    }
}
