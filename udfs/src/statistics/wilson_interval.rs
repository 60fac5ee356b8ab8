//! `wilson_interval(successes, trials [, confidence])`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::proportion::{Confidence, Proportions};
use crate::arguments::{Call, Form, Function, Kind, number_record};

/// The fields of the answer.
const FIELDS: [&str; 2] = ["low", "high"];

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"Between which bounds the rate behind so many successes of so many trials lies: the score interval of Wilson (1927) as a record of `low` and `high`, what `binomtest(successes, trials).proportion_ci(method='wilson')` of SciPy gives. It is good for few trials and for rates near 0 and 1 too. Ordering by `low` ranks campaigns or products without favouring those that few have seen.

Without trials nothing is known, and the interval is all from 0 to 1. Negative counts, NaN and more successes than trials are an error (22023), counts of more than 2^53 too (22003); they need not be whole.",
    syntax_example = "wilson_interval(successes, trials)",
    alternative_syntax = "wilson_interval(successes, trials, confidence)",
    sql_example = r#"```sql
> SELECT campaign, round(rate['low'], 4) AS low, round(rate['high'], 4) AS high
  FROM (SELECT campaign, wilson_interval(clicks, sent) AS rate
    FROM (VALUES ('few', 2, 10), ('many', 200, 1000)) AS t(campaign, clicks, sent)) AS rates
  ORDER BY low DESC;
+----------+--------+--------+
| campaign | low    | high   |
+----------+--------+--------+
| many     | 0.1764 | 0.2259 |
| few      | 0.0567 | 0.5098 |
+----------+--------+--------+
```"#,
    argument(name = "successes", description = "How many trials were a success."),
    argument(name = "trials", description = "How many trials there were."),
    argument(
        name = "confidence",
        description = "How often such intervals hold the true rate: 0.95 if left out. Other than between 0 and 1 is an error (22023)."
    ),
    related_udf(name = "two_proportion_test"),
    related_udf(name = "bayes_uplift")
)]
struct WilsonInterval;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "wilson_interval",
        parameters: &[Kind::Number, Kind::Number, Kind::Number],
        counts: &[2, 3],
    },
    answer: |_| Ok(number_record(&FIELDS)),
    invoke,
    documentation: || WilsonInterval.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let proportions = Proportions::new(FUNCTION.form.name, call, 0)?;
    let confidence = Confidence::new(FUNCTION.form.name, call, 2)?;
    call.rows_to_number_record(&FIELDS, |row| {
        let (Some(proportion), Some(z)) = (proportions.get(row)?, confidence.deviations(row)?)
        else {
            return Ok(None);
        };
        Ok(Some(proportion.wilson_interval(z)))
    })
}
