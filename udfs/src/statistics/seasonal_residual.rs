//! `seasonal_residual(value, period) OVER (...)`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::{Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::decomposition::residuals;
use super::sample::{scale_for, scores};
use crate::FunctionError;
use crate::arguments::{Form, Kind, Partition, WindowFunction};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"What trend and season do not explain of a value, row by row in the order of the window: the residual of the classical additive decomposition. The trend is the moving average over one period around the row, and beyond the first and last half period the least squares line through the period of trend next to it; the season is the median of what is left, over all rows at the same place in their period, less the mean of these medians. (R. J. Hyndman and G. Athanasopoulos, Forecasting: principles and practice, 3.4.) Outliers show in their own rows and not in those around them: in two rounds, what is more than six times the median residual away counts as missing for trend and season, as it does in STL (Cleveland and others, 1990).

Rows must be evenly spaced: give a row with NULL where a measurement is missing. NULL gives NULL and does not count; the trend takes in its stead what stands around it at the same place of other periods. NaN and the infinities are taken as missing, and give themselves. Where the partition has fewer rows than two periods, all answers are NULL. Without an `ORDER BY` it is an error, and so is a frame (42P20).",
    syntax_example = "seasonal_residual(value, period) OVER (PARTITION BY ... ORDER BY ...)",
    sql_example = r#"```sql
> SELECT day, sales, round(seasonal_residual(sales, 3) OVER (ORDER BY day), 2) AS residual
  FROM (VALUES (1, 10), (2, 20), (3, 60), (4, 10), (5, 20), (6, 60), (7, 10), (8, 50), (9, 60), (10, 10), (11, 20), (12, 60)) AS t(day, sales)
  ORDER BY day;
+-----+-------+----------+
| day | sales | residual |
+-----+-------+----------+
| 1   | 10    | 0.0      |
| 2   | 20    | 0.0      |
| 3   | 60    | 0.0      |
| 4   | 10    | 0.0      |
| 5   | 20    | 0.0      |
| 6   | 60    | 0.0      |
| 7   | 10    | 0.0      |
| 8   | 50    | 30.0     |
| 9   | 60    | 0.0      |
| 10  | 10    | 0.0      |
| 11  | 20    | 0.0      |
| 12  | 60    | 0.0      |
+-----+-------+----------+
```"#,
    argument(name = "value", description = "A number."),
    argument(
        name = "period",
        description = "How many rows the season has: 7 for days of the week, 12 for months. The same in all rows of a partition; less than 2 is an error (22023), NULL gives NULL."
    ),
    related_udf(name = "ewma"),
    related_udf(name = "mad_score")
)]
struct SeasonalResidual;

pub(crate) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "seasonal_residual",
        parameters: &[Kind::Number, Kind::Integer],
        counts: &[2],
    },
    ordered: |_| true,
    evaluate,
    documentation: || SeasonalResidual.doc(),
    ..WindowFunction::UNORDERED
};

fn evaluate(partition: &Partition<'_>) -> Result<ArrayRef> {
    let numbers = partition.numbers::<Float64Type>(0)?;
    let Some(period) = partition.parameter::<Int64Type>(1, "the period")? else {
        return Ok(Arc::new(Float64Array::new_null(numbers.len())));
    };
    let period = usize::try_from(period)
        .ok()
        .filter(|period| *period >= 2)
        .ok_or_else(|| {
            FunctionError::invalid_argument(format!("seasonal_residual: the period is {period}"))
                .with_hint("Give the number of rows of a season, 2 or more.")
        })?;
    let known: Vec<f64> = numbers
        .iter()
        .flatten()
        .filter(|number| number.is_finite())
        .collect();
    let scale = scale_for(&known);
    let series: Vec<Option<f64>> = numbers
        .iter()
        .map(|number| number.filter(|number| number.is_finite()))
        .map(|number| number.map(|number| number * scale))
        .collect();
    let residuals = residuals(&series, period);
    Ok(scores(&numbers, |row, _| {
        residuals
            .as_ref()?
            .get(row)?
            .map(|residual| residual / scale)
    }))
}
