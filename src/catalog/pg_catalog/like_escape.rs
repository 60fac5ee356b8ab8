//! `like_escape(pattern, escape)`: a pattern of `LIKE` whose escape is the backslash, of one that has
//! another.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{TEXT, string, text};
use crate::error::{Error, Result, SqlState};

/// The function.
pub fn function() -> ScalarUDF {
    let call = Call::Look(|_, values| {
        let (Some(pattern), Some(escape)) = (string(values, 0), string(values, 1)) else {
            return Ok(ScalarValue::Utf8(None));
        };
        with_backslashes(&pattern, &escape).map(|pattern| text(Some(pattern)))
    });
    CatalogFunction::udf("like_escape", &[&[TEXT, TEXT]], TEXT, call)
}

/// An empty escape is none, so that backslashes stand for themselves.
fn with_backslashes(pattern: &str, escape: &str) -> Result<String> {
    let mut characters = escape.chars();
    let escape = match (characters.next(), characters.next()) {
        (Some('\\'), None) => return Ok(pattern.to_owned()),
        (escape, None) => escape,
        (_, Some(_)) => {
            let error = Error::new(SqlState::INVALID_ESCAPE_SEQUENCE, "invalid escape string");
            return Err(error.with_hint("Escape string must be empty or one character."));
        }
    };
    let mut written = String::with_capacity(pattern.len());
    let mut is_escaped = false;
    for character in pattern.chars() {
        let escapes = Some(character) == escape && !is_escaped;
        match character {
            _ if escapes => written.push('\\'),
            '\\' if !is_escaped => written.push_str("\\\\"),
            other => written.push(other),
        }
        is_escaped = escapes;
    }
    Ok(written)
}
