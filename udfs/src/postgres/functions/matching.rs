//! The functions of regular expressions: `regexp_match`, `regexp_replace`, `regexp_split_to_array` and
//! their like, `substring(text, pattern)` and `similar_to_escape`.

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;
use regex::{Captures, Regex};

use super::binary::part_of_bytes;
use super::regular_expression::Flags;
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

fn expression(row: &Row<'_>, flags: Flags) -> Result<Regex> {
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
fn all<'t>(regex: &Regex, text: &'t str, from: usize) -> Vec<Captures<'t>> {
    let mut found = Vec::new();
    let mut at = from;
    while at <= text.len()
        && let Some(captures) = regex.captures_at(text, at)
    {
        let Some(whole) = captures.get(0) else { break };
        at = match whole.is_empty() {
            false => whole.end(),
            true => match text.get(whole.end()..).and_then(|rest| rest.chars().next()) {
                Some(next) => whole.end() + next.len_utf8(),
                None => text.len() + 1,
            },
        };
        found.push(captures);
    }
    found
}

fn like(row: &Row<'_>) -> Result<ScalarValue> {
    let flags = Flags::read(row.text(2), Some("regexp_like"))?;
    let found = expression(row, flags)?.is_match(row.text(0));
    Ok(ScalarValue::Boolean(Some(found)))
}

fn count(row: &Row<'_>) -> Result<ScalarValue> {
    let start = count_from(row, 2, 1, "start", 1)?;
    let flags = Flags::read(row.text(3), Some("regexp_count"))?;
    let regex = expression(row, flags)?;
    let found = byte_of(row.text(0), start).map_or(0, |from| all(&regex, row.text(0), from).len());
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
    let found = byte_of(row.text(0), start).and_then(|from| {
        let captures = all(&regex, row.text(0), from).into_iter().nth(nth - 1)?;
        let place = captures.get(part)?;
        let byte = if end == 1 { place.end() } else { place.start() };
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
    let found = byte_of(row.text(0), start).and_then(|from| {
        let captures = all(&regex, row.text(0), from).into_iter().nth(nth - 1)?;
        Some(captures.get(part)?.as_str().to_owned())
    });
    Ok(ScalarValue::Utf8(found))
}

/// What the parts in parentheses match, or the whole where there are none.
fn parts(regex: &Regex, captures: &Captures<'_>) -> ScalarValue {
    let first = usize::from(regex.captures_len() > 1);
    let found: Vec<Option<String>> = captures
        .iter()
        .skip(first)
        .map(|part| part.map(|part| part.as_str().to_owned()))
        .collect();
    texts(&found)
}

fn first_match(row: &Row<'_>) -> Result<ScalarValue> {
    let flags = Flags::read(row.text(2), Some("regexp_match")).map_err(|error| {
        match row.text(2).contains('g') {
            true => error.with_hint("Use the regexp_matches function instead."),
            false => error,
        }
    })?;
    let regex = expression(row, flags)?;
    Ok(match regex.captures(row.text(0)) {
        Some(captures) => parts(&regex, &captures),
        None => ScalarValue::Null,
    })
}

fn matches(row: &Row<'_>) -> Result<ScalarValue> {
    let flags = Flags::read(row.text(2), None)?;
    let regex = expression(row, flags.once())?;
    let found: Vec<ScalarValue> = match flags.is_global {
        true => all(&regex, row.text(0), 0)
            .iter()
            .map(|captures| parts(&regex, captures))
            .collect(),
        false => regex
            .captures(row.text(0))
            .iter()
            .map(|captures| parts(&regex, captures))
            .collect(),
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
    Ok(text(replaced(&regex, row.text(0), row.text(2), 0, nth)))
}

fn replace_from(row: &Row<'_>) -> Result<ScalarValue> {
    let start = count_from(row, 3, 1, "start", 1)?;
    let flags = Flags::read(row.text(5), None)?;
    let otherwise = i64::from(!flags.is_global);
    let nth = count_from(row, 4, 0, "n", otherwise)?;
    let regex = expression(row, flags.once())?;
    let answer = match byte_of(row.text(0), start) {
        Some(from) => replaced(&regex, row.text(0), row.text(2), from, nth),
        None => row.text(0).to_owned(),
    };
    Ok(text(answer))
}

/// The text with the match of this number replaced, with all of them for 0.
fn replaced(regex: &Regex, text: &str, replacement: &str, from: usize, nth: usize) -> String {
    let mut answer = String::with_capacity(text.len());
    let mut end = 0;
    for (index, captures) in all(regex, text, from).iter().enumerate() {
        if nth > 0 && index + 1 != nth {
            continue;
        }
        let Some(whole) = captures.get(0) else {
            continue;
        };
        answer.push_str(text.get(end..whole.start()).unwrap_or_default());
        expand(replacement, captures, &mut answer);
        end = whole.end();
    }
    answer.push_str(text.get(end..).unwrap_or_default());
    answer
}

/// `\1` to `\9` are the parts, `\&` is the whole.
fn expand(replacement: &str, captures: &Captures<'_>, answer: &mut String) {
    let mut rest = replacement.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            answer.push(character);
            continue;
        }
        let part = |index: usize| captures.get(index).map_or("", |part| part.as_str());
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
    for captures in all(&regex, whole, 0) {
        let Some(found) = captures.get(0) else {
            continue;
        };
        if found.is_empty() && (found.start() >= whole.len() || found.start() == end) {
            continue;
        }
        pieces.push(whole.get(end..found.start()).map(str::to_owned));
        end = found.end();
    }
    pieces.push(whole.get(end..).map(str::to_owned));
    Ok(texts(&pieces))
}

/// `substring(text from pattern)`: the first part in parentheses, or the whole match.
fn substring(row: &Row<'_>) -> Result<ScalarValue> {
    let regex = expression(row, Flags::default())?;
    let found = regex.captures(row.text(0)).and_then(|captures| {
        let part = usize::from(captures.len() > 1);
        Some(captures.get(part)?.as_str().to_owned())
    });
    Ok(ScalarValue::Utf8(found))
}

/// `substring(text from pattern for escape)`: what the part between escaped quotation marks matches.
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

fn similar_substring(row: &Row<'_>) -> Result<ScalarValue> {
    let pattern = advanced(row.text(1), Some(row.text(2)))?;
    let regex = row
        .expressions
        .borrow_mut()
        .get(&pattern, Flags::default())?;
    let found = regex.captures(row.text(0)).and_then(|captures| {
        let part = usize::from(captures.len() > 1);
        Some(captures.get(part)?.as_str().to_owned())
    });
    Ok(ScalarValue::Utf8(found))
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
    let (mut marks, mut in_bracket) = (0, false);
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        if Some(character) == escape {
            let Some(escaped) = rest.next() else {
                // PostgreSQL takes one at the end for itself.
                break;
            };
            if escaped == '"' && !in_bracket {
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
            }
            continue;
        }
        match character {
            _ if in_bracket => {
                if character == '\\' {
                    answer.push('\\');
                }
                answer.push(character);
                in_bracket = character != ']';
            }
            '[' => {
                answer.push('[');
                in_bracket = true;
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
