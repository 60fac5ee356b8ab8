//! `numeric_similarity(left, right [, scale])`.

use arrow::array::Array;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"How near two numbers are, from 0 to 1 (equal): without a scale 1 - |left - right| / max(|left|, |right|), so that 90 is to 100 as 9 is to 10; with one 1 - |left - right| / scale. What would be less than 0 is 0, as are numbers of opposite signs without a scale.

Two zeros are equal. As in PostgreSQL NaN equals NaN, and an infinity itself; either gives 0 against anything else. Decimals are compared as floating-point numbers. A scale that is not more than 0 is an error.",
    syntax_example = "numeric_similarity(left, right)",
    alternative_syntax = "numeric_similarity(left, right, scale)",
    sql_example = r#"```sql
> SELECT numeric_similarity(90, 100) AS relative, numeric_similarity(1990, 1992, 10) AS years;
+----------+-------+
| relative | years |
+----------+-------+
| 0.9      | 0.8   |
+----------+-------+
```"#,
    argument(name = "left", description = "A number."),
    argument(name = "right", description = "The number to compare it with."),
    argument(
        name = "scale",
        description = "The difference from which on two numbers are not alike at all."
    ),
    related_udf(name = "date_similarity")
)]
struct NumericSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "numeric_similarity",
        parameters: &[Kind::Number, Kind::Number, Kind::Number],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Float64),
    invoke,
    documentation: || NumericSimilarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let lefts = call.numbers::<Float64Type>(0)?;
    let rights = call.numbers::<Float64Type>(1)?;
    let scales = match call.count() {
        2 => None,
        _ => Some(call.numbers::<Float64Type>(2)?),
    };
    call.rows_to_primitive::<Float64Type>(|row| {
        if lefts.is_null(row) || rights.is_null(row) {
            return Ok(None);
        }
        let (left, right) = (lefts.value(row), rights.value(row));
        let scale = match &scales {
            None => left.abs().max(right.abs()),
            Some(scales) if scales.is_null(row) => return Ok(None),
            Some(scales) => checked_scale(FUNCTION.form.name, scales.value(row))?,
        };
        Ok(Some(nearness(left, right, scale)))
    })
}

/// A scale, if it is one.
pub(super) fn checked_scale(function: &str, scale: f64) -> Result<f64, FunctionError> {
    if scale > 0.0 {
        return Ok(scale);
    }
    Err(FunctionError::invalid_argument(format!(
        "{function}: the scale {scale} is not more than 0"
    ))
    .with_hint("Give the difference from which on nothing is alike, such as 10."))
}

fn nearness(left: f64, right: f64, scale: f64) -> f64 {
    if left == right || (left.is_nan() && right.is_nan()) {
        return 1.0;
    }
    let similarity = 1.0 - (left - right).abs() / scale;
    // What has no place among numbers is like nothing else.
    if similarity.is_finite() && left.is_finite() && right.is_finite() {
        similarity.max(0.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_like_itself_only() {
        let (nan, infinity) = (f64::NAN, f64::INFINITY);
        for (left, right, expected) in [
            (nan, nan, 1.0),
            (nan, 1.0, 0.0),
            (infinity, infinity, 1.0),
            (infinity, -infinity, 0.0),
            (infinity, 1.0, 0.0),
            (0.0, -0.0, 1.0),
            (f64::MAX, -f64::MAX, 0.0),
            (1.0, -1.0, 0.0),
            (1.0, 2.0, 0.5),
        ] {
            let scale = left.abs().max(right.abs());
            assert_eq!(nearness(left, right, scale), expected, "{left} {right}");
            assert_eq!(nearness(right, left, scale), expected, "{right} {left}");
        }
    }
}
