//! The functions of regular expressions: `regexp_match`, `regexp_replace`, `regexp_split_to_array` and
//! their like, `substring(text, pattern)` and `similar_to_escape`.

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::binary::part_of_bytes;
use super::regular_expression::{Expression, Flags, Match};
use super::row_function::{Form, Row, Type, form, integer, of_nulls, text, texts};
use crate::FunctionError;

use Type::{BigInt, Boolean, Bytes, Integer, Text, TextLists, Texts};

pub(super) const REGEXP_LIKE: &[Form] = &[
    form(&[Text, Text], Boolean, like),
    form(&[Text, Text, Text], Boolean, like),
];
pub(super) const REGEXP_COUNT: &[Form] = &[
    form(&[Text, Text], Integer, count),
    form(&[Text, Text, BigInt], Integer, count),
    form(&[Text, Text, BigInt, Text], Integer, count),
];
pub(super) const REGEXP_INSTR: &[Form] = &[
    form(&[Text, Text], Integer, instr),
    form(&[Text, Text, BigInt], Integer, instr),
    form(&[Text, Text, BigInt, BigInt], Integer, instr),
    form(&[Text, Text, BigInt, BigInt, BigInt], Integer, instr),
    form(&[Text, Text, BigInt, BigInt, BigInt, Text], Integer, instr),
    form(
        &[Text, Text, BigInt, BigInt, BigInt, Text, BigInt],
        Integer,
        instr,
    ),
];
pub(super) const REGEXP_SUBSTR: &[Form] = &[
    form(&[Text, Text], Text, substr),
    form(&[Text, Text, BigInt], Text, substr),
    form(&[Text, Text, BigInt, BigInt], Text, substr),
    form(&[Text, Text, BigInt, BigInt, Text], Text, substr),
    form(&[Text, Text, BigInt, BigInt, Text, BigInt], Text, substr),
];
pub(super) const REGEXP_MATCH: &[Form] = &[
    form(&[Text, Text], Texts, first_match),
    form(&[Text, Text, Text], Texts, first_match),
];
pub(super) const REGEXP_MATCHES_ARRAY: &[Form] = &[
    form(&[Text, Text], TextLists, matches),
    form(&[Text, Text, Text], TextLists, matches),
];
pub(super) const REGEXP_REPLACE: &[Form] = &[
    form(&[Text, Text, Text], Text, replace),
    form(&[Text, Text, Text, Text], Text, replace),
    form(&[Text, Text, Text, BigInt], Text, replace_from),
    form(&[Text, Text, Text, BigInt, BigInt], Text, replace_from),
    form(
        &[Text, Text, Text, BigInt, BigInt, Text],
        Text,
        replace_from,
    ),
];
pub(super) const REGEXP_SPLIT_TO_ARRAY: &[Form] = &[
    form(&[Text, Text], Texts, split),
    form(&[Text, Text, Text], Texts, split),
];
/// `substring(text FROM what)`, where `what` is a pattern, or a parameter that may be a place.
pub(super) const TEXT_SUBSTRING: &[Form] = &[
    form(&[Text, Text], Text, substring),
    form(&[Text, Text, Text], Text, similar_substring),
    form(&[Text, BigInt], Text, part),
    form(&[Text, BigInt, BigInt], Text, part),
    form(&[Bytes, BigInt], Bytes, part_of_bytes),
    form(&[Bytes, BigInt, BigInt], Bytes, part_of_bytes),
];
/// What a pattern of `LIKE` says that ends with an escape, by whether a text gets so far.
pub(super) const LIKE_UNFINISHED: &[Form] = &[form(&[Boolean], Boolean, unfinished)];
pub(super) const SIMILAR_TO_ESCAPE: &[Form] = &[
    form(&[Text], Text, similar),
    of_nulls(&[Text, Text], Text, similar),
];

fn unfinished(row: &Row<'_>) -> Result<ScalarValue> {
    if !row.boolean(0) {
        return Ok(ScalarValue::Boolean(Some(false)));
    }
    Err(FunctionError {
        sqlstate: "22025",
        message: "LIKE pattern must not end with escape character".to_owned(),
        hint: Some("Write a backslash that stands for itself twice.".to_owned()),
    }
    .into())
}

fn expression(row: &Row<'_>, flags: Flags) -> Result<Arc<Expression>> {
    let mut known = row.expressions.borrow_mut();
    Ok(known.get(row.text(1), flags)?)
}

/// An argument that counts from 1, or from 0.
fn count_from(
    row: &Row<'_>,
    index: usize,
    least: i64,
    name: &str,
    otherwise: i64,
) -> Result<usize> {
    let value = row.optional_integer(index).unwrap_or(otherwise);
    match usize::try_from(value) {
        Ok(count) if value >= least => Ok(count),
        _ => Err(FunctionError::invalid_argument(format!(
            "invalid value for parameter \"{name}\": {value}"
        ))
        .into()),
    }
}

/// The byte at which the character of this number, from 1, begins; the end where there are fewer.
fn byte_of(text: &str, character: usize) -> Option<usize> {
    let mut starts = text.char_indices().map(|(byte, _)| byte);
    match starts.nth(character.checked_sub(1)?) {
        Some(byte) => Some(byte),
        None if text.chars().count() + 1 == character => Some(text.len()),
        None => None,
    }
}

/// The matches from a byte on. An empty match right behind another one is one to PostgreSQL too.
fn all<'t>(expression: &Expression, text: &'t str, from: usize) -> Result<Vec<Match<'t>>> {
    let mut found = Vec::new();
    let mut at = from;
    while at <= text.len()
        && let Some(next) = expression.find(text, at)?
        && let Some((start, end)) = next.span(0)
    {
        at = match start == end {
            false => end,
            true => match text.get(end..).and_then(|rest| rest.chars().next()) {
                Some(next) => end + next.len_utf8(),
                None => text.len() + 1,
            },
        };
        found.push(next);
    }
    Ok(found)
}

/// The match of this number from a byte on, from 1.
fn nth_match<'t>(
    expression: &Expression,
    text: &'t str,
    from: Option<usize>,
    nth: usize,
) -> Result<Option<Match<'t>>> {
    let Some(from) = from else {
        return Ok(None);
    };
    Ok(all(expression, text, from)?.into_iter().nth(nth - 1))
}

fn like(row: &Row<'_>) -> Result<ScalarValue> {
    let flags = Flags::read(row.text(2), Some("regexp_like"))?;
    let found = expression(row, flags)?.is_match(row.text(0))?;
    Ok(ScalarValue::Boolean(Some(found)))
}

fn count(row: &Row<'_>) -> Result<ScalarValue> {
    let start = count_from(row, 2, 1, "start", 1)?;
    let flags = Flags::read(row.text(3), Some("regexp_count"))?;
    let regex = expression(row, flags)?;
    let found = match byte_of(row.text(0), start) {
        Some(from) => all(&regex, row.text(0), from)?.len(),
        None => 0,
    };
    integer(i64::try_from(found).unwrap_or(i64::MAX))
}

fn instr(row: &Row<'_>) -> Result<ScalarValue> {
    let start = count_from(row, 2, 1, "start", 1)?;
    let nth = count_from(row, 3, 1, "n", 1)?;
    let end = row.optional_integer(4).unwrap_or(0);
    if !matches!(end, 0 | 1) {
        return Err(FunctionError::invalid_argument(format!(
            "invalid value for parameter \"endoption\": {end}"
        ))
        .into());
    }
    let flags = Flags::read(row.text(5), Some("regexp_instr"))?;
    let part = count_from(row, 6, 0, "subexpr", 0)?;
    let regex = expression(row, flags)?;
    let found = nth_match(&regex, row.text(0), byte_of(row.text(0), start), nth)?;
    let found = found.and_then(|found| {
        let (first, behind) = found.span(part)?;
        let byte = if end == 1 { behind } else { first };
        Some(row.text(0).get(..byte)?.chars().count() + 1)
    });
    integer(i64::try_from(found.unwrap_or(0)).unwrap_or(i64::MAX))
}

fn substr(row: &Row<'_>) -> Result<ScalarValue> {
    let start = count_from(row, 2, 1, "start", 1)?;
    let nth = count_from(row, 3, 1, "n", 1)?;
    let flags = Flags::read(row.text(4), Some("regexp_substr"))?;
    let part = count_from(row, 5, 0, "subexpr", 0)?;
    let regex = expression(row, flags)?;
    let found = nth_match(&regex, row.text(0), byte_of(row.text(0), start), nth)?;
    Ok(optional_text(found.and_then(|found| found.group(part))))
}

fn optional_text(text: Option<&str>) -> ScalarValue {
    ScalarValue::Utf8(text.map(str::to_owned))
}

/// What the parts in parentheses match, or the whole where there are none.
fn parts(found: &Match<'_>) -> ScalarValue {
    let first = usize::from(found.len() > 1);
    let parts = (first..found.len()).map(|part| found.group(part).map(str::to_owned));
    texts(&parts.collect::<Vec<_>>())
}

fn first_match(row: &Row<'_>) -> Result<ScalarValue> {
    let flags = Flags::read(row.text(2), Some("regexp_match")).map_err(|error| {
        match row.text(2).contains('g') {
            true => error.with_hint("Use the regexp_matches function instead."),
            false => error,
        }
    })?;
    let regex = expression(row, flags)?;
    Ok(match regex.find(row.text(0), 0)? {
        Some(found) => parts(&found),
        None => ScalarValue::Null,
    })
}

fn matches(row: &Row<'_>) -> Result<ScalarValue> {
    let flags = Flags::read(row.text(2), None)?;
    let regex = expression(row, flags.once())?;
    let found: Vec<ScalarValue> = match flags.is_global {
        true => all(&regex, row.text(0), 0)?.iter().map(parts).collect(),
        false => regex.find(row.text(0), 0)?.iter().map(parts).collect(),
    };
    Ok(ScalarValue::List(ScalarValue::new_list_nullable(
        &found,
        &Texts.arrow(),
    )))
}

fn replace(row: &Row<'_>) -> Result<ScalarValue> {
    let letters = row.text(3);
    if letters.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Err(FunctionError::invalid_argument(format!(
            "invalid regular expression option: \"{}\"",
            letters.chars().next().unwrap_or_default()
        ))
        .with_hint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
        .into());
    }
    let flags = Flags::read(letters, None)?;
    let regex = expression(row, flags.once())?;
    let nth = if flags.is_global { 0 } else { 1 };
    Ok(text(replaced(&regex, row.text(0), row.text(2), 0, nth)?))
}

fn replace_from(row: &Row<'_>) -> Result<ScalarValue> {
    let start = count_from(row, 3, 1, "start", 1)?;
    let flags = Flags::read(row.text(5), None)?;
    let otherwise = i64::from(!flags.is_global);
    let nth = count_from(row, 4, 0, "n", otherwise)?;
    let regex = expression(row, flags.once())?;
    let answer = match byte_of(row.text(0), start) {
        Some(from) => replaced(&regex, row.text(0), row.text(2), from, nth)?,
        None => row.text(0).to_owned(),
    };
    Ok(text(answer))
}

/// The text with the match of this number replaced, with all of them for 0.
fn replaced(
    regex: &Expression,
    text: &str,
    replacement: &str,
    from: usize,
    nth: usize,
) -> Result<String> {
    let mut answer = String::with_capacity(text.len());
    let mut end = 0;
    for (index, found) in all(regex, text, from)?.iter().enumerate() {
        if nth > 0 && index + 1 != nth {
            continue;
        }
        let Some((start, behind)) = found.span(0) else {
            continue;
        };
        answer.push_str(text.get(end..start).unwrap_or_default());
        expand(replacement, found, &mut answer);
        end = behind;
    }
    answer.push_str(text.get(end..).unwrap_or_default());
    Ok(answer)
}

/// `\1` to `\9` are the parts, `\&` is the whole.
fn expand(replacement: &str, found: &Match<'_>, answer: &mut String) {
    let mut rest = replacement.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            answer.push(character);
            continue;
        }
        let part = |index: usize| found.group(index).unwrap_or_default();
        match rest.next() {
            Some('&') => answer.push_str(part(0)),
            Some(digit @ '1'..='9') => {
                answer.push_str(part(digit.to_digit(10).unwrap_or(0) as usize))
            }
            Some('\\') | None => answer.push('\\'),
            Some(other) => {
                answer.push('\\');
                answer.push(other);
            }
        }
    }
}

/// Between the matches. An empty one at the end, at the beginning or right behind another is none.
fn split(row: &Row<'_>) -> Result<ScalarValue> {
    let flags = Flags::read(row.text(2), Some("regexp_split_to_array"))?;
    let regex = expression(row, flags)?;
    let whole = row.text(0);
    let mut pieces = Vec::new();
    let mut end = 0;
    for found in all(&regex, whole, 0)? {
        let Some((start, behind)) = found.span(0) else {
            continue;
        };
        if start == behind && (start >= whole.len() || start == end) {
            continue;
        }
        pieces.push(whole.get(end..start).map(str::to_owned));
        end = behind;
    }
    pieces.push(whole.get(end..).map(str::to_owned));
    Ok(texts(&pieces))
}

/// `substring(text from pattern)`: the first part in parentheses, or the whole match.
fn substring(row: &Row<'_>) -> Result<ScalarValue> {
    let regex = expression(row, Flags::default())?;
    first_part(&regex, row.text(0))
}

fn first_part(regex: &Expression, text: &str) -> Result<ScalarValue> {
    let part = usize::from(regex.groups() > 0);
    let found = regex.find(text, 0)?;
    Ok(optional_text(found.and_then(|found| found.group(part))))
}

/// The characters from a place on, which counts from 1 and may be before the first.
fn part(row: &Row<'_>) -> Result<ScalarValue> {
    let from = row.integer(1);
    let count = row.optional_integer(2).unwrap_or(i64::MAX);
    if count < 0 {
        return Err(FunctionError {
            sqlstate: "22011",
            message: "negative substring length not allowed".to_owned(),
            hint: None,
        }
        .into());
    }
    let end = from.saturating_add(count).max(1);
    let first = from.max(1);
    let count = |places: i64| usize::try_from(places).unwrap_or(usize::MAX);
    let characters = row.text(0).chars().skip(count(first - 1));
    let shown: String = characters.take(count((end - first).max(0))).collect();
    Ok(text(shown))
}

/// `substring(text from pattern for escape)`: what the part between escaped quotation marks matches.
fn similar_substring(row: &Row<'_>) -> Result<ScalarValue> {
    let pattern = advanced(row.text(1), Some(row.text(2)))?;
    let regex = row
        .expressions
        .borrow_mut()
        .get(&pattern, Flags::default())?;
    first_part(&regex, row.text(0))
}

fn similar(row: &Row<'_>) -> Result<ScalarValue> {
    let Some(pattern) = row.optional_text(0) else {
        return Ok(ScalarValue::Null);
    };
    let escape = match (row.len(), row.optional_text(1)) {
        (2, None) => return Ok(ScalarValue::Null),
        (_, escape) => escape,
    };
    Ok(text(advanced(pattern, escape)?))
}

/// Where in a class of characters a pattern stands: a bracket that closes right behind the one that opens,
/// or behind a caret there, is a character of the class.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ClassStart {
    Bracket,
    Caret,
    Past,
}

/// The advanced regular expression of a pattern of `SIMILAR TO`, as `similar_escape_internal` of
/// PostgreSQL's `regexp.c` gives it.
fn advanced(pattern: &str, escape: Option<&str>) -> Result<String> {
    let escape = match escape {
        None => Some('\\'),
        Some(escape) => {
            let mut characters = escape.chars();
            let first = characters.next();
            if characters.next().is_some() {
                return Err(FunctionError {
                    sqlstate: "22025",
                    message: "invalid escape string".to_owned(),
                    hint: Some("Escape string must be empty or one character.".to_owned()),
                }
                .into());
            }
            first
        }
    };
    let mut answer = String::from("^(?:");
    let mut marks = 0;
    // How deep in brackets it stands, and whether a bracket that closes would be one of the class still.
    let (mut depth, mut start) = (0_usize, ClassStart::Past);
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        if Some(character) == escape {
            let Some(escaped) = rest.next() else {
                // PostgreSQL takes one at the end for itself.
                break;
            };
            if escaped == '"' && depth == 0 {
                match marks {
                    0 => answer.push_str("){1,1}?("),
                    1 => answer.push_str("){1,1}(?:"),
                    _ => {
                        return Err(FunctionError {
                            sqlstate: "2200C",
                            message: "SQL regular expression may not contain more than two escape-double-quote separators".to_owned(),
                            hint: None,
                        }
                        .into());
                    }
                }
                marks += 1;
            } else {
                answer.push('\\');
                answer.push(escaped);
                start = ClassStart::Past;
            }
            continue;
        }
        match character {
            _ if depth > 0 => {
                if character == '\\' {
                    answer.push('\\');
                }
                answer.push(character);
                match character {
                    ']' if start == ClassStart::Past => depth -= 1,
                    '[' => depth += 1,
                    _ => {}
                }
                start = match (character, start) {
                    ('^', ClassStart::Bracket) => ClassStart::Caret,
                    _ => ClassStart::Past,
                };
            }
            '[' => {
                answer.push('[');
                (depth, start) = (1, ClassStart::Bracket);
            }
            '%' => answer.push_str(".*"),
            '_' => answer.push('.'),
            '(' => answer.push_str("(?:"),
            '\\' | '.' | '^' | '$' => {
                answer.push('\\');
                answer.push(character);
            }
            other => answer.push(other),
        }
    }
    answer.push_str(")$");
    Ok(answer)
}
