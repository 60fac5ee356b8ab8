//! `bayes_uplift(successes, trials, other_successes, other_trials [, prior])`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::posterior::{Posterior, probability_greater, quantile_of_difference};
use super::proportion::{Parameter, Proportion, TWO_GROUPS, TwoProportions};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, number_record};

/// The fields of the answer.
const FIELDS: [&str; 4] = ["probability_b_better", "expected_uplift", "low", "high"];

/// T. Bayes and P.-S. Laplace: every rate is as likely as any other.
const UNIFORM_PRIOR: f64 = 1.0;
/// With less, a rate is as good as known to be 0 or 1 before the first trial.
const LEAST_PRIOR: f64 = 0.1;
/// With more, no number of trials says anything.
const GREATEST_PRIOR: f64 = 1e9;

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = r"What a test of A against B says of the rates behind it, as a record: `probability_b_better` is how likely the rate of B is greater than that of A, `expected_uplift` the mean of B's rate less A's, and `low` and `high` bound that difference with 95 % probability, 2.5 % on either side. The difference is absolute: 0.01 is one success more of a hundred trials.

Each rate is beta-distributed, with the prior added to its successes and failures (the beta-binomial model); the probability is that of E. Miller, Formulas for Bayesian A/B testing (2014), integrated numerically in place of its sum, which takes as long as there are successes. So the answer takes equally long for any counts. Probability and mean have at least nine digits, the bounds six. Without trials the prior alone speaks.

Negative counts, NaN and more successes than trials are an error (22023), counts of more than 2^53 too (22003); they need not be whole.",
    syntax_example = "bayes_uplift(successes, trials, other_successes, other_trials)",
    alternative_syntax = "bayes_uplift(successes, trials, other_successes, other_trials, prior)",
    sql_example = r#"```sql
> SELECT round(test['probability_b_better'], 4) AS probability_b_better, round(test['expected_uplift'], 4) AS expected_uplift, round(test['low'], 4) AS low, round(test['high'], 4) AS high
  FROM (SELECT bayes_uplift(100, 1000, 130, 1000) AS test) AS tested;
+----------------------+-----------------+-------+-------+
| probability_b_better | expected_uplift | low   | high  |
+----------------------+-----------------+-------+-------+
| 0.9822               | 0.0299          | 0.002 | 0.058 |
+----------------------+-----------------+-------+-------+
```"#,
    argument(
        name = "successes",
        description = "How many trials of A were a success."
    ),
    argument(name = "trials", description = "How many trials A had."),
    argument(
        name = "other_successes",
        description = "How many trials of B were a success."
    ),
    argument(name = "other_trials", description = "How many trials B had."),
    argument(
        name = "prior",
        description = "How many successes and failures each rate starts with: 1 if left out, which makes all rates equally likely; 0.5 is the prior of Jeffreys. Other than from 0.1 to 10^9 is an error (22023)."
    ),
    related_udf(name = "two_proportion_test"),
    related_udf(name = "wilson_interval")
)]
struct BayesUplift;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "bayes_uplift",
        ..TWO_GROUPS
    },
    answer: |_| Ok(number_record(&FIELDS)),
    invoke,
    documentation: || BayesUplift.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let proportions = TwoProportions::new(FUNCTION.form.name, call)?;
    let priors = Parameter::new(call, 4, UNIFORM_PRIOR)?;
    call.rows_to_number_record(&FIELDS, |row| {
        let (Some(groups), Some(prior)) = (proportions.get(row)?, priors.get(row)) else {
            return Ok(None);
        };
        if !(LEAST_PRIOR..=GREATEST_PRIOR).contains(&prior) {
            return Err(FunctionError::invalid_argument(format!(
                "bayes_uplift: the prior is {prior}"
            ))
            .with_hint("Give a number from 0.1 to 10^9, such as 1 or 0.5.")
            .into());
        }
        Ok(Some(uplift(groups, prior)))
    })
}

fn uplift(groups: [Proportion; 2], prior: f64) -> [f64; 4] {
    let [first, second] = groups.map(|given| {
        Posterior::new(
            given.successes + prior,
            given.trials - given.successes + prior,
        )
    });
    [
        probability_greater(&first, &second),
        second.mean() - first.mean(),
        quantile_of_difference(&first, &second, 0.025),
        quantile_of_difference(&first, &second, 0.975),
    ]
}
