//! `js_divergence(value, group [, bins])`.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::comparison::{Comparison, Values};
use super::compensated_sum::CompensatedSum;
use super::observations::Compared;
use super::shares::{Edges, counts, shares};
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"The Jensen-Shannon divergence of two groups in bits: 0 where their values spread alike, 1 where they have none in common. It is the same whichever group is which, and the square of `scipy.spatial.distance.jensenshannon(p, q, base=2)`. (J. Lin, Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory 37, 1991.)

Numbers are put in bins between the quantiles of both groups together (`percentile_cont`; equal ones are one), open to the infinities at both ends; NaN is a bin of its own. Text and booleans are categories.

Rows where value or group is NULL do not count; without rows in both groups the answer is NULL. A third group is an error (22023). All numbers are kept until the end, 8 bytes each, so that the answer is exact and the same whatever the order of the rows; what does not fit into the memory of the query ends it with an error (53200).",
    syntax_example = "js_divergence(value, group)",
    alternative_syntax = "js_divergence(value, group, bins)",
    sql_example = r#"```sql
> SELECT round(js_divergence(device, year = 2025), 4) AS device
  FROM (VALUES (2025, 'phone'), (2025, 'desktop'), (2026, 'phone'), (2026, 'tablet')) AS t(year, device);
+--------+
| device |
+--------+
| 0.5    |
+--------+
```"#,
    argument(name = "value", description = "A number, text or a boolean."),
    argument(
        name = "group",
        description = "A boolean or text of two values that tells the groups apart."
    ),
    argument(
        name = "bins",
        description = "How many bins numbers are put in: 10 if left out. Other than from 2 to 1000 is an error (22023)."
    ),
    related_udf(name = "psi"),
    related_udf(name = "ks_statistic")
)]
struct JsDivergence;

pub(super) static FUNCTION: Comparison = Comparison {
    form: Form {
        name: "js_divergence",
        parameters: &[Kind::Any, Kind::Any, Kind::Integer],
        counts: &[2, 3],
    },
    values: Values::Either,
    answer: || DataType::Float64,
    evaluate,
    documentation: || JsDivergence.doc(),
};

fn evaluate(compared: &Compared<'_>, bins: usize) -> Result<ScalarValue> {
    let counts = counts(compared, Edges::Both, bins);
    let divergence: CompensatedSum = shares(&counts)
        .map(|[p, q]| {
            let middle = f64::midpoint(p, q);
            f64::midpoint(information(p, middle), information(q, middle))
        })
        .collect();
    // Rounding may leave next to nothing below 0 or above 1.
    Ok(ScalarValue::Float64(Some(
        divergence.value().clamp(0.0, 1.0),
    )))
}

/// What a share adds to the divergence from another one, in bits.
fn information(share: f64, from: f64) -> f64 {
    match share {
        0.0 => 0.0,
        share => share * (share / from).log2(),
    }
}
