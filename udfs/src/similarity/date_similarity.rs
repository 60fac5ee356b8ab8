//! `date_similarity(left, right [, days [, swapped]])`.

use arrow::array::{Array, PrimitiveArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type};
use chrono::{Datelike, NaiveDate};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::numeric_similarity::checked_scale;
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind};

/// How many days apart two dates are not alike at all.
const DAYS: f64 = 365.0;

/// What two dates are worth of which one has day and month swapped: as much as in the Python
/// Record Linkage Toolkit.
const SWAPPED: f64 = 0.5;

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"How near two dates are, from 0 to 1 (the same day): 1 - (days between them) / `days`, or 0 from there on; and no less than `swapped` where one is the other with day and month swapped, as 3 April is written by a Briton and read by an American.

Made for birthdays of one person in two systems. Of a timestamp the date counts. `days` that are not more than 0, and a `swapped` that is not from 0 to 1, are errors.",
    syntax_example = "date_similarity(left, right)",
    alternative_syntax = "date_similarity(left, right, days)",
    alternative_syntax = "date_similarity(left, right, days, swapped)",
    sql_example = r#"```sql
> SELECT date_similarity(DATE '1980-04-03', DATE '1980-04-13', 40) AS near, date_similarity(DATE '1980-04-03', DATE '1980-03-04', 10, 0.9) AS swapped;
+------+---------+
| near | swapped |
+------+---------+
| 0.75 | 0.9     |
+------+---------+
```"#,
    argument(name = "left", description = "A date or timestamp."),
    argument(name = "right", description = "The date to compare it with."),
    argument(
        name = "days",
        description = "How many days apart two dates are not alike at all; 365 where it is not given."
    ),
    argument(
        name = "swapped",
        description = "What is the least for a date with day and month swapped, from 0 to 1; 0.5 where it is not given."
    ),
    related_udf(name = "numeric_similarity")
)]
struct DateSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "date_similarity",
        parameters: &[Kind::Date, Kind::Date, Kind::Number, Kind::Number],
        counts: &[2, 3, 4],
    },
    answer: |_| Ok(DataType::Float64),
    invoke,
    documentation: || DateSimilarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let name = FUNCTION.form.name;
    let lefts = call.numbers::<Date32Type>(0)?;
    let rights = call.numbers::<Date32Type>(1)?;
    let optional = |position| {
        (position < call.count())
            .then(|| call.numbers::<Float64Type>(position))
            .transpose()
    };
    let (days, swapped) = (optional(2)?, optional(3)?);
    call.rows_to_primitive::<Float64Type>(|row| {
        let (Some(days), Some(swapped)) = (or(&days, row, DAYS), or(&swapped, row, SWAPPED)) else {
            return Ok(None);
        };
        let days = checked_scale(name, days)?;
        if !(0.0..=1.0).contains(&swapped) {
            return Err(FunctionError::invalid_argument(format!(
                "{name}: the similarity {swapped} of swapped dates is not between 0 and 1"
            ))
            .into());
        }
        if lefts.is_null(row) || rights.is_null(row) {
            return Ok(None);
        }
        let (left, right) = (lefts.value(row), rights.value(row));
        let apart = (i64::from(left) - i64::from(right)).abs() as f64;
        let near = (1.0 - apart / days).max(0.0);
        Ok(Some(if are_swapped(left, right) {
            near.max(swapped)
        } else {
            near
        }))
    })
}

/// The argument of a row, if it was given; `None` where it is NULL.
fn or(given: &Option<PrimitiveArray<Float64Type>>, row: usize, default: f64) -> Option<f64> {
    match given {
        None => Some(default),
        Some(array) => array.is_valid(row).then(|| array.value(row)),
    }
}

/// Whether two dates, as days from 1970, differ in that day and month changed places.
fn are_swapped(left: i32, right: i32) -> bool {
    let date = |days: i32| NaiveDate::from_epoch_days(days);
    let (Some(left), Some(right)) = (date(left), date(right)) else {
        return false;
    };
    left.year() == right.year() && left.day() == right.month() && left.month() == right.day()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_and_month_change_places_within_a_year() {
        let days = |year, month, day| {
            NaiveDate::from_ymd_opt(year, month, day)
                .unwrap()
                .to_epoch_days()
        };
        assert!(are_swapped(days(1980, 4, 3), days(1980, 3, 4)));
        assert!(are_swapped(days(1980, 4, 4), days(1980, 4, 4)));
        assert!(!are_swapped(days(1980, 4, 3), days(1981, 3, 4)));
        assert!(!are_swapped(days(1980, 4, 13), days(1980, 3, 4)));
        assert!(!are_swapped(i32::MAX, i32::MIN));
    }
}
