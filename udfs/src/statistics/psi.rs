//! `psi(value, is_reference [, bins])`.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::comparison::{Comparison, Values};
use super::compensated_sum::CompensatedSum;
use super::observations::Compared;
use super::shares::{Edges, counts, shares};
use crate::arguments::{Form, Kind};

/// What a share counts for at least, so that an empty bin does not make the index infinite: the
/// customary ten-thousandth.
const LEAST_SHARE: f64 = 0.000_1;

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"The population stability index: how far the values of one group have drifted from those of a reference, as credit scorecards are monitored by. It is the sum of `(actual - expected) * ln(actual / expected)` over the shares of both groups in each bin. By rule of thumb less than 0.1 is no drift, 0.25 and more a great one. (N. Siddiqi, Credit risk scorecards, 2006.)

Numbers are put in bins between the quantiles of the reference group (`percentile_cont`; equal ones are one), open to the infinities at both ends; NaN is a bin of its own. Text and booleans are categories. A share of less than 0.0001, an empty bin above all, counts as 0.0001.

The reference is where the group is true, or of two texts the one that sorts first. Rows where value or group is NULL do not count; without rows in both groups the answer is NULL. A third group is an error (22023). All numbers are kept until the end, 8 bytes each, so that the answer is exact and the same whatever the order of the rows; what does not fit into the memory of the query ends it with an error (53200). Exact quantiles of the reference group need all of its numbers; of categories, such as `(floor(age / 10) * 10)::text`, only the counts are kept.",
    syntax_example = "psi(value, is_reference)",
    alternative_syntax = "psi(value, is_reference, bins)",
    sql_example = r#"```sql
> SELECT round(psi(age, year = 2025, 4), 4) AS age, round(psi(device, year = 2025), 4) AS device
  FROM (VALUES
    (2025, 20, 'phone'), (2025, 30, 'desktop'), (2025, 40, 'desktop'), (2025, 50, 'desktop'),
    (2026, 25, 'phone'), (2026, 30, 'phone'), (2026, 35, 'desktop'), (2026, 60, 'desktop'))
    AS t(year, age, device);
+--------+--------+
| age    | device |
+--------+--------+
| 2.1285 | 0.2747 |
+--------+--------+
```"#,
    argument(name = "value", description = "A number, text or a boolean."),
    argument(
        name = "is_reference",
        description = "A boolean or text of two values that tells the groups apart."
    ),
    argument(
        name = "bins",
        description = "How many bins numbers are put in: 10 if left out. Other than from 2 to 1000 is an error (22023)."
    ),
    related_udf(name = "js_divergence"),
    related_udf(name = "ks_statistic")
)]
struct Psi;

pub(super) static FUNCTION: Comparison = Comparison {
    form: Form {
        name: "psi",
        parameters: &[Kind::Any, Kind::Any, Kind::Integer],
        counts: &[2, 3],
    },
    values: Values::Either,
    answer: || DataType::Float64,
    evaluate,
    documentation: || Psi.doc(),
};

fn evaluate(compared: &Compared<'_>, bins: usize) -> Result<ScalarValue> {
    let counts = counts(compared, Edges::Reference, bins);
    let index: CompensatedSum = shares(&counts)
        .map(|shares| {
            // A bin that neither group has, such as that of NaN, adds nothing.
            let [expected, actual] = shares.map(|share| share.max(LEAST_SHARE));
            (actual - expected) * (actual / expected).ln()
        })
        .collect();
    Ok(ScalarValue::Float64(Some(index.value())))
}
