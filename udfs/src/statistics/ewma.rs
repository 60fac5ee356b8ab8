//! `ewma(value, alpha) OVER (...)`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::sample::scores;
use crate::FunctionError;
use crate::arguments::{Form, Kind, Partition, WindowFunction};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"The exponentially weighted moving average, row by row in the order of the window: the first value itself, then `alpha * value + (1 - alpha) * the average before`, as `ewm(alpha=..., adjust=False)` of pandas. Without an `ORDER BY` it is an error, and so is a frame (42P20).

NULL gives NULL, and the average goes on from where it was (`ignore_na=True`), however long the gap. So it does over NaN and the infinities, which give themselves.",
    syntax_example = "ewma(value, alpha) OVER (PARTITION BY ... ORDER BY ...)",
    sql_example = r#"```sql
> SELECT day, sales, ewma(sales, 0.5) OVER (ORDER BY day) AS smooth
  FROM (VALUES (1, 10), (2, 20), (3, NULL), (4, 11)) AS t(day, sales)
  ORDER BY day;
+-----+-------+--------+
| day | sales | smooth |
+-----+-------+--------+
| 1   | 10    | 10.0   |
| 2   | 20    | 15.0   |
| 3   |       |        |
| 4   | 11    | 13.0   |
+-----+-------+--------+
```"#,
    argument(name = "value", description = "A number."),
    argument(
        name = "alpha",
        description = "The weight of the new value, more than 0 and at most 1: the greater, the faster what was is forgotten. The same in all rows of a partition; any other number is an error (22023), NULL gives NULL."
    ),
    related_udf(name = "seasonal_residual")
)]
struct Ewma;

pub(crate) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "ewma",
        parameters: &[Kind::Number, Kind::Number],
        counts: &[2],
    },
    ordered: |_| true,
    evaluate,
    documentation: || Ewma.doc(),
    ..WindowFunction::UNORDERED
};

fn evaluate(partition: &Partition<'_>) -> Result<ArrayRef> {
    let numbers = partition.numbers::<Float64Type>(0)?;
    let Some(alpha) = partition.parameter::<Float64Type>(1, "alpha")? else {
        return Ok(Arc::new(Float64Array::new_null(numbers.len())));
    };
    if !(alpha > 0.0 && alpha <= 1.0) {
        return Err(
            FunctionError::invalid_argument(format!("ewma: alpha is {alpha}"))
                .with_hint("Give a number more than 0 and at most 1, such as 0.3.")
                .into(),
        );
    }
    let mut average = None;
    Ok(scores(&numbers, |_, number| {
        let next = match average {
            None => number,
            Some(before) => alpha * number + (1.0 - alpha) * before,
        };
        average = Some(next);
        average
    }))
}
