//! `ks_p_value(value, group)`.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion_macros::user_doc;

use super::comparison::{Comparison, Values};
use super::kolmogorov_smirnov::Distance;
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"How likely a `ks_statistic` at least as great is by chance where both groups come from the same distribution: the two-sided p-value of the two-sample Kolmogorov-Smirnov test. A small one, such as one of less than 0.05, says that they do not.

The probability is exact, as of `scipy.stats.ks_2samp(..., method='exact')`, where computing it takes at most 10^8 steps, which is so up to 10,000 numbers in each group and mostly far beyond; else it is the limit for large groups. Where numbers of both groups are equal, the true one is smaller.

NaN counts as greater than any number. Rows where value or group is NULL do not count; without rows in both groups the answer is NULL. A third group is an error (22023).",
    syntax_example = "ks_p_value(value, group)",
    sql_example = r#"```sql
> SELECT round(ks_p_value(seconds, variant), 4) AS p_value
  FROM (VALUES ('a', 1.2), ('a', 1.9), ('a', 2.2), ('a', 3.1), ('b', 1.8), ('b', 2.9), ('b', 3.3), ('b', 4.0))
    AS t(variant, seconds);
+---------+
| p_value |
+---------+
| 0.7714  |
+---------+
```"#,
    argument(name = "value", description = "A number."),
    argument(
        name = "group",
        description = "A boolean or text of two values that tells the groups apart."
    ),
    related_udf(name = "ks_statistic"),
    related_udf(name = "chi2")
)]
struct KsPValue;

pub(super) static FUNCTION: Comparison = Comparison {
    form: Form {
        name: "ks_p_value",
        parameters: &[Kind::Any, Kind::Any],
        counts: &[2],
    },
    values: Values::Numbers,
    answer: || DataType::Float64,
    evaluate: |compared, _| {
        Ok(ScalarValue::Float64(
            Distance::of(compared).map(|distance| distance.p_value()),
        ))
    },
    documentation: || KsPValue.doc(),
};
