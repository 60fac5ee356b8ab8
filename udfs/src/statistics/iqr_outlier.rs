//! `iqr_outlier(value [, k]) OVER (...)`.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::quantile::percentile_cont;
use super::sample::Sample;
use crate::FunctionError;
use crate::arguments::{Form, Kind, Partition, WindowFunction};

/// The fences of J. W. Tukey, "Exploratory data analysis" (1977).
const DEFAULT_K: f64 = 1.5;

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"Whether a value lies outside of Tukey's fences: below `Q1 - k * (Q3 - Q1)` or above `Q3 + k * (Q3 - Q1)`, where Q1 and Q3 are the quartiles of the partition, as `percentile_cont(0.25)` and `percentile_cont(0.75)` give them. A value on a fence is no outlier. `ORDER BY` makes no difference; a frame is an error (42P20).

NULL gives NULL and does not count. NaN and the infinities do not count either, and are outliers. Where more than half of the values are the same, both quartiles may be, and every other value is an outlier.",
    syntax_example = "iqr_outlier(value) OVER (PARTITION BY ...)",
    alternative_syntax = "iqr_outlier(value, k) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, total, iqr_outlier(total) OVER () AS outlier
  FROM (VALUES (1, 20), (2, 22), (3, 21), (4, NULL), (5, 23), (6, 90)) AS t(id, total)
  ORDER BY id;
+----+-------+---------+
| id | total | outlier |
+----+-------+---------+
| 1  | 20    | false   |
| 2  | 22    | false   |
| 3  | 21    | false   |
| 4  |       |         |
| 5  | 23    | false   |
| 6  | 90    | true    |
+----+-------+---------+
```"#,
    argument(name = "value", description = "A number."),
    argument(
        name = "k",
        description = "How many times the distance between the quartiles the fences are away from them: 1.5 if left out, 3 for what is far out. The same in all rows of a partition; negative, infinite or NaN is an error (22023), NULL gives NULL."
    ),
    related_udf(name = "mad_score"),
    related_udf(name = "zscore")
)]
struct IqrOutlier;

pub(crate) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "iqr_outlier",
        parameters: &[Kind::Number, Kind::Number],
        counts: &[1, 2],
    },
    answer: |_, _| Ok(DataType::Boolean),
    evaluate,
    documentation: || IqrOutlier.doc(),
    ..WindowFunction::UNORDERED
};

fn evaluate(partition: &Partition<'_>) -> Result<ArrayRef> {
    let numbers = partition.numbers::<Float64Type>(0)?;
    let k = match partition.count() {
        1 => Some(DEFAULT_K),
        _ => partition.parameter::<Float64Type>(1, "k")?,
    };
    if let Some(k) = k.filter(|k| !k.is_finite() || *k < 0.0) {
        return Err(
            FunctionError::invalid_argument(format!("iqr_outlier: k is {k}"))
                .with_hint("Give a number from 0 on, such as 1.5.")
                .into(),
        );
    }
    let mut sample = Sample::new(&numbers);
    let fences = fences(&mut sample.numbers, k);
    let outliers: BooleanArray = numbers
        .iter()
        .map(|number| match number? {
            _ if k.is_none() => None,
            number if !number.is_finite() => Some(true),
            number => {
                let (low, high) = fences?;
                let number = sample.scaled(number);
                Some(number < low || number > high)
            }
        })
        .collect();
    Ok(Arc::new(outliers))
}

fn fences(numbers: &mut [f64], k: Option<f64>) -> Option<(f64, f64)> {
    numbers.sort_unstable_by(f64::total_cmp);
    let (first, third) = (
        percentile_cont(numbers, 0.25)?,
        percentile_cont(numbers, 0.75)?,
    );
    let reach = k? * (third - first);
    Some((first - reach, third + reach))
}
