//! `two_proportion_test(successes, trials, other_successes, other_trials [, confidence])`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::proportion::{Confidence, Proportion, TWO_GROUPS, TwoProportions, beyond};
use crate::arguments::{Call, Form, Function, number_record};

/// The fields of the answer.
const FIELDS: [&str; 5] = ["z", "p_value", "difference", "low", "high"];

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"Whether two rates differ by more than chance, as a record: `difference` is the second rate less the first, `z` how many standard errors of the pooled rate that is, and `p_value` how likely at least as much in either direction is where both rates are the same. `low` and `high` bound the true difference: the hybrid score interval of Newcombe (method 10 of R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17, 1998), which goes with `wilson_interval`.

`z` is what `proportions_ztest([other_successes, successes], [other_trials, trials])` of statsmodels gives, its square the statistic of `chi2`. Where all trials or none were a success `z` is 0 and `p_value` 1; without trials on one side the answer is NULL. Negative counts, NaN and more successes than trials are an error (22023), counts of more than 2^53 too (22003).",
    syntax_example = "two_proportion_test(successes, trials, other_successes, other_trials)",
    alternative_syntax = "two_proportion_test(successes, trials, other_successes, other_trials, confidence)",
    sql_example = r#"```sql
> SELECT round(test['z'], 4) AS z, round(test['p_value'], 4) AS p_value, test['difference'] AS difference, round(test['low'], 4) AS low, round(test['high'], 4) AS high
  FROM (SELECT two_proportion_test(100, 1000, 130, 1000) AS test) AS tested;
+--------+---------+------------+-------+--------+
| z      | p_value | difference | low   | high   |
+--------+---------+------------+-------+--------+
| 2.1027 | 0.0355  | 0.03       | 0.002 | 0.0581 |
+--------+---------+------------+-------+--------+
```"#,
    argument(
        name = "successes",
        description = "How many trials of the first group were a success."
    ),
    argument(name = "trials", description = "How many trials the first group had."),
    argument(
        name = "other_successes",
        description = "How many trials of the second group were a success."
    ),
    argument(
        name = "other_trials",
        description = "How many trials the second group had."
    ),
    argument(
        name = "confidence",
        description = "How often intervals from `low` to `high` hold the true difference: 0.95 if left out. Other than between 0 and 1 is an error (22023)."
    ),
    related_udf(name = "bayes_uplift"),
    related_udf(name = "wilson_interval"),
    related_udf(name = "chi2")
)]
struct TwoProportionTest;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "two_proportion_test",
        ..TWO_GROUPS
    },
    answer: |_| Ok(number_record(&FIELDS)),
    invoke,
    documentation: || TwoProportionTest.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let proportions = TwoProportions::new(FUNCTION.form.name, call)?;
    let confidence = Confidence::new(FUNCTION.form.name, call, 4)?;
    call.rows_to_number_record(&FIELDS, |row| {
        let (Some([first, second]), Some(deviations)) =
            (proportions.get(row)?, confidence.deviations(row)?)
        else {
            return Ok(None);
        };
        if first.trials == 0.0 || second.trials == 0.0 {
            return Ok(None);
        }
        let difference = second.rate() - first.rate();
        let z = z(first, second);
        let p_value = beyond(z);
        let [low, high] = newcombe_interval(first, second, deviations);
        Ok(Some([z, p_value, difference, low, high]))
    })
}

/// The difference of the rates in standard errors of what both have in common.
fn z(first: Proportion, second: Proportion) -> f64 {
    let trials = first.trials + second.trials;
    let pooled = (first.successes + second.successes) / trials;
    let variance = pooled * (1.0 - pooled) * (1.0 / first.trials + 1.0 / second.trials);
    if variance == 0.0 {
        return 0.0;
    }
    (second.rate() - first.rate()) / variance.sqrt()
}

fn newcombe_interval(first: Proportion, second: Proportion, z: f64) -> [f64; 2] {
    let [first_low, first_high] = first.wilson_interval(z);
    let [second_low, second_high] = second.wilson_interval(z);
    let (first, second) = (first.rate(), second.rate());
    let difference = second - first;
    [
        difference - (second - second_low).hypot(first_high - first),
        difference + (second_high - second).hypot(first - first_low),
    ]
}
