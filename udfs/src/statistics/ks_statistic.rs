//! `ks_statistic(value, group)`.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion_macros::user_doc;

use super::comparison::{Comparison, Values};
use super::kolmogorov_smirnov::Distance;
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"The two-sample Kolmogorov-Smirnov statistic: the greatest distance between the shares of both groups up to the same number, from 0 (they spread alike) to 1 (all of one group are less than all of the other). What `scipy.stats.ks_2samp` gives as `statistic`; `ks_p_value` says whether it may be chance.

NaN counts as greater than any number. Rows where value or group is NULL do not count; without rows in both groups the answer is NULL. A third group is an error (22023). All numbers are kept until the end, 8 bytes each, so that the answer is exact and the same whatever the order of the rows; what does not fit into the memory of the query ends it with an error (53200).",
    syntax_example = "ks_statistic(value, group)",
    sql_example = r#"```sql
> SELECT ks_statistic(seconds, variant) AS statistic
  FROM (VALUES ('a', 1.2), ('a', 1.9), ('a', 2.2), ('a', 3.1), ('b', 1.8), ('b', 2.9), ('b', 3.3), ('b', 4.0))
    AS t(variant, seconds);
+-----------+
| statistic |
+-----------+
| 0.5       |
+-----------+
```"#,
    argument(name = "value", description = "A number."),
    argument(
        name = "group",
        description = "A boolean or text of two values that tells the groups apart."
    ),
    related_udf(name = "ks_p_value"),
    related_udf(name = "psi")
)]
struct KsStatistic;

pub(super) static FUNCTION: Comparison = Comparison {
    form: Form {
        name: "ks_statistic",
        parameters: &[Kind::Any, Kind::Any],
        counts: &[2],
    },
    values: Values::Numbers,
    answer: || DataType::Float64,
    evaluate: |compared, _| {
        Ok(ScalarValue::Float64(
            Distance::of(compared).map(|distance| distance.statistic()),
        ))
    },
    documentation: || KsStatistic.doc(),
};
