//! `matches_each(text, patterns, operator, all)`: whether a text matches any pattern of an array, or all of
//! them. It is what `x LIKE ANY (patterns)` and its like are.

use arrow::array::{Array, AsArray, BooleanArray, StringArray};
use arrow::compute::kernels::comparison::{ilike, like, nilike, nlike};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::regular_expression::Flags;
use super::row_function::{Form, Row, Type, of_nulls};

use Type::{Boolean, Text, Texts};

pub(super) const MATCHES_EACH: &[Form] =
    &[of_nulls(&[Text, Texts, Text, Boolean], Boolean, answer)];

fn answer(row: &Row<'_>) -> Result<ScalarValue> {
    let Some(patterns) = row.list(1) else {
        return Ok(ScalarValue::Boolean(None));
    };
    let Some(patterns) = patterns.as_string_opt::<i32>() else {
        return internal_err!("{} are no patterns", patterns.data_type());
    };
    // Of no patterns, none matches and all do, whatever the text.
    if patterns.is_empty() {
        return Ok(ScalarValue::Boolean(Some(row.boolean(3))));
    }
    let Some(text) = row.optional_text(0) else {
        return Ok(ScalarValue::Boolean(None));
    };
    let text = StringArray::new_scalar(text);
    let matches = match row.text(2) {
        "~~" => like(&text, patterns)?,
        "!~~" => nlike(&text, patterns)?,
        "~~*" => ilike(&text, patterns)?,
        "!~~*" => nilike(&text, patterns)?,
        operator => of_expressions(row, patterns, operator)?,
    };
    // One match is enough for ANY, and one that is none for ALL; else what is unknown leaves it open.
    let decides = !row.boolean(3);
    let is_decided = matches.iter().any(|found| found == Some(decides));
    Ok(ScalarValue::Boolean(match is_decided {
        true => Some(decides),
        false if matches.null_count() > 0 => None,
        false => Some(!decides),
    }))
}

/// By `~` and its like: `!` is true where the expression does not match, `*` ignores case.
fn of_expressions(row: &Row<'_>, patterns: &StringArray, operator: &str) -> Result<BooleanArray> {
    let letters = match operator.ends_with('*') {
        true => "i",
        false => "",
    };
    let flags = Flags::read(letters, None)?;
    let negated = operator.starts_with('!');
    let mut known = row.expressions.borrow_mut();
    let matches = patterns.iter().map(|pattern| -> Result<Option<bool>> {
        let Some(pattern) = pattern else {
            return Ok(None);
        };
        let found = known.get(pattern, flags)?.is_match(row.text(0))?;
        Ok(Some(found != negated))
    });
    matches.collect()
}
