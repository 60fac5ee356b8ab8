//! `chi2(category, group)`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion_macros::user_doc;
use statrs::function::gamma::gamma_ur;

use super::comparison::{Comparison, Values};
use super::compensated_sum::CompensatedSum;
use super::observations::Compared;
use super::shares::{Edges, counts};
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"Pearson's chi-squared test of whether two groups spread alike over categories, as a record of `statistic`, `p_value` and `degrees_of_freedom`: what `scipy.stats.chi2_contingency(table, correction=False)` gives. A small `p_value`, such as one of less than 0.05, says that they do not. Of two categories, the statistic is the square of the z of `two_proportion_test`.

The approximation is good where each category is expected at least five times in each group. There is no continuity correction. With a single category the statistic is 0, and the `p_value` 1.

Rows where category or group is NULL do not count; without rows in both groups the answer is NULL. A third group is an error (22023).",
    syntax_example = "chi2(category, group)",
    sql_example = r#"```sql
> SELECT round(test['statistic'], 4) AS statistic, round(test['p_value'], 4) AS p_value, test['degrees_of_freedom'] AS degrees_of_freedom
  FROM (SELECT chi2(device, variant) AS test
    FROM (VALUES ('a', 'phone'), ('a', 'phone'), ('a', 'desktop'), ('b', 'phone'), ('b', 'desktop'), ('b', 'desktop'))
      AS t(variant, device)) AS tested;
+-----------+---------+--------------------+
| statistic | p_value | degrees_of_freedom |
+-----------+---------+--------------------+
| 0.6667    | 0.4142  | 1                  |
+-----------+---------+--------------------+
```"#,
    argument(
        name = "category",
        description = "A value of any type that is not nested."
    ),
    argument(
        name = "group",
        description = "A boolean or text of two values that tells the groups apart."
    ),
    related_udf(name = "two_proportion_test"),
    related_udf(name = "ks_p_value")
)]
struct Chi2;

pub(super) static FUNCTION: Comparison = Comparison {
    form: Form {
        name: "chi2",
        parameters: &[Kind::Any, Kind::Any],
        counts: &[2],
    },
    values: Values::Categories,
    answer: || DataType::Struct(fields()),
    evaluate,
    documentation: || Chi2.doc(),
};

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("statistic", DataType::Float64, true),
        Field::new("p_value", DataType::Float64, true),
        Field::new("degrees_of_freedom", DataType::Int64, true),
    ])
}

fn evaluate(compared: &Compared<'_>, bins: usize) -> Result<ScalarValue> {
    let counts = counts(compared, Edges::Both, bins);
    let degrees_of_freedom = counts.len() as i64 - 1;
    let statistic = statistic(&counts);
    let p_value = match statistic {
        // The least statistic there is; it is also the one that gamma_ur does not take.
        0.0 => 1.0,
        statistic => gamma_ur(degrees_of_freedom as f64 / 2.0, statistic / 2.0),
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Float64Array::from(vec![statistic])),
        Arc::new(Float64Array::from(vec![p_value])),
        Arc::new(Int64Array::from(vec![degrees_of_freedom])),
    ];
    let record = StructArray::try_new(fields(), columns, None)?;
    Ok(ScalarValue::Struct(Arc::new(record)))
}

fn statistic(counts: &[[u64; 2]]) -> f64 {
    let totals = [0, 1].map(|group| {
        let counts = counts.iter().map(|counts| counts[group]);
        counts.sum::<u64>() as f64
    });
    let all = totals[0] + totals[1];
    let parts = counts.iter().flat_map(|counts| {
        let of_category = (counts[0] + counts[1]) as f64;
        [0, 1].map(|group| {
            let expected = of_category * totals[group] / all;
            let difference = counts[group] as f64 - expected;
            difference * difference / expected
        })
    });
    parts.collect::<CompensatedSum>().value()
}
