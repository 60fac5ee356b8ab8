//! `format`, and texts in quotation marks: `quote_ident`, `quote_literal`, `quote_nullable`,
//! `parse_ident`.

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::row_function::{Form, Row, Type, form, of_nulls, text, texts};
use crate::FunctionError;

use Type::{Boolean, Sent, Shown, Text, Texts};

pub(super) const FORMAT: &[Form] = &[Form {
    parameters: &[Text],
    rest: Some(Sent),
    answer: Text,
    takes_null: true,
    call: format,
}];
pub(super) const QUOTE_IDENT: &[Form] =
    &[form(&[Text], Text, |row| Ok(text(identifier(row.text(0)))))];
pub(super) const QUOTE_LITERAL: &[Form] =
    &[form(&[Shown], Text, |row| Ok(text(literal(row.text(0)))))];
pub(super) const QUOTE_NULLABLE: &[Form] = &[of_nulls(&[Shown], Text, |row| {
    Ok(text(
        row.optional_text(0)
            .map_or_else(|| "NULL".to_owned(), literal),
    ))
})];
pub(super) const PARSE_IDENT: &[Form] = &[
    form(&[Text], Texts, parse_ident),
    form(&[Text, Boolean], Texts, parse_ident),
];

/// Words that PostgreSQL reserves so far that a name must be in quotation marks: all but those of
/// the category "unreserved" of its `kwlist.h`.
const RESERVED: &str = " all analyse analyze and any array as asc asymmetric authorization between \
    bigint binary bit boolean both case cast char character check coalesce collate collation column \
    concurrently constraint create cross current_catalog current_date current_role current_schema \
    current_time current_timestamp current_user dec decimal default deferrable desc distinct do else \
    end except exists extract false fetch float for foreign freeze from full grant greatest group \
    grouping having ilike in initially inner inout int integer intersect interval into is isnull join \
    lateral leading least left like limit localtime localtimestamp national natural nchar none \
    normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay \
    placing position precision primary real references returning right row select session_user setof \
    similar smallint some substring symmetric table tablesample then time timestamp to trailing treat \
    trim true union unique user using values varchar variadic verbose when where window with \
    xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot \
    xmlserialize xmltable ";

fn identifier(name: &str) -> String {
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty();
    match is_plain && !RESERVED.contains(&format!(" {name} ")) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn literal(value: &str) -> String {
    let doubled = value.replace('\'', "''");
    match doubled.contains('\\') {
        true => format!("E'{}'", doubled.replace('\\', "\\\\")),
        false => format!("'{doubled}'"),
    }
}

fn invalid(message: &str) -> FunctionError {
    FunctionError::invalid_argument(message)
}

/// A place of a format: `%[position][flags][width]type`.
#[derive(Default)]
struct Place {
    argument: Option<usize>,
    to_the_left: bool,
    width: Option<Width>,
}

enum Width {
    Characters(usize),
    /// That of the argument so many, or of the next one.
    Argument(Option<usize>),
}

fn format(row: &Row<'_>) -> Result<ScalarValue> {
    let Some(template) = row.optional_text(0) else {
        return Ok(ScalarValue::Null);
    };
    let mut answer = String::with_capacity(template.len());
    let mut next = 1;
    let mut rest = template.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '%' {
            answer.push(character);
            continue;
        }
        if rest.next_if_eq(&'%').is_some() {
            answer.push('%');
            continue;
        }
        let place = place(&mut rest)?;
        let kind = rest.next().ok_or_else(unterminated)?;
        if !matches!(kind, 's' | 'I' | 'L') {
            return Err(
                invalid(&format!("unrecognized format() type specifier \"{kind}\""))
                    .with_hint("For a single \"%\" use \"%%\".")
                    .into(),
            );
        }
        let mut to_the_left = place.to_the_left;
        let width = match place.width {
            None => 0,
            Some(Width::Characters(width)) => width,
            Some(Width::Argument(index)) => {
                let given = argument(row, index, &mut next)?;
                let width = match given {
                    None => 0,
                    Some(given) => given.trim().parse::<i32>().map_err(|_| FunctionError {
                        sqlstate: "22P02",
                        message: format!("invalid input syntax for type integer: \"{given}\""),
                        hint: None,
                    })?,
                };
                to_the_left |= width < 0;
                width.unsigned_abs() as usize
            }
        };
        let given = argument(row, place.argument, &mut next)?;
        let shown = match (kind, given) {
            ('s', given) => given.unwrap_or_default().to_owned(),
            ('I', Some(given)) => identifier(given),
            ('I', None) => {
                return Err(FunctionError {
                    sqlstate: "22004",
                    message: "null values cannot be formatted as an SQL identifier".to_owned(),
                    hint: None,
                }
                .into());
            }
            (_, given) => given.map_or_else(|| "NULL".to_owned(), literal),
        };
        let missing = width.saturating_sub(shown.chars().count());
        if missing > MOST_BLANKS {
            return Err(FunctionError::limit_exceeded(format!(
                "format() fills up with at most {MOST_BLANKS} blanks"
            ))
            .into());
        }
        let blanks = " ".repeat(missing);
        match to_the_left {
            true => answer.extend([shown.as_str(), blanks.as_str()]),
            false => answer.extend([blanks.as_str(), shown.as_str()]),
        }
    }
    Ok(text(answer))
}

/// So many blanks fill up one value at most.
const MOST_BLANKS: usize = 1 << 20;

fn unterminated() -> FunctionError {
    invalid("unterminated format() type specifier").with_hint("For a single \"%\" use \"%%\".")
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn place(rest: &mut Characters<'_>) -> Result<Place, FunctionError> {
    let mut place = Place::default();
    let mut ahead = rest.clone();
    if let Some(position) = digits(&mut ahead)? {
        if ahead.next_if_eq(&'$').is_some() {
            *rest = ahead;
            if position == 0 {
                return Err(invalid(
                    "format specifies argument 0, but arguments are numbered from 1",
                ));
            }
            place.argument = Some(position);
        } else {
            *rest = ahead;
            place.width = Some(Width::Characters(position));
            return Ok(place);
        }
    }
    while rest.next_if_eq(&'-').is_some() {
        place.to_the_left = true;
    }
    if rest.next_if_eq(&'*').is_some() {
        let mut ahead = rest.clone();
        let index = match digits(&mut ahead)? {
            Some(index) => {
                if ahead.next_if_eq(&'$').is_none() {
                    return Err(invalid("width argument position must be ended by \"$\""));
                }
                *rest = ahead;
                if index == 0 {
                    return Err(invalid(
                        "format specifies argument 0, but arguments are numbered from 1",
                    ));
                }
                Some(index)
            }
            None => None,
        };
        place.width = Some(Width::Argument(index));
    } else if let Some(width) = digits(rest)? {
        place.width = Some(Width::Characters(width));
    }
    Ok(place)
}

fn digits(rest: &mut Characters<'_>) -> Result<Option<usize>, FunctionError> {
    let mut found = String::new();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        found.push(digit);
    }
    if found.is_empty() {
        return Ok(None);
    }
    let number: i32 = found
        .parse()
        .map_err(|_| FunctionError::out_of_range("number is out of range"))?;
    Ok(usize::try_from(number).ok())
}

/// The argument of this number, or the next one.
fn argument<'a>(
    row: &'a Row<'_>,
    index: Option<usize>,
    next: &mut usize,
) -> Result<Option<&'a str>, FunctionError> {
    let index = index.unwrap_or(*next);
    *next = index + 1;
    if index >= row.len() {
        return Err(invalid("too few arguments for format()"));
    }
    Ok(row.optional_text(index))
}

/// The parts of a name; what is not in quotation marks is in lower case.
fn parse_ident(row: &Row<'_>) -> Result<ScalarValue> {
    let name = row.text(0);
    let is_strict = row.len() < 2 || row.boolean(1);
    let broken = || invalid(&format!("string is not a valid identifier: \"{name}\""));
    let mut parts = Vec::new();
    let mut rest = name.trim_start_matches(is_blank).chars().peekable();
    loop {
        let mut part = String::new();
        if rest.next_if_eq(&'"').is_some() {
            loop {
                match rest.next().ok_or_else(broken)? {
                    '"' if rest.next_if_eq(&'"').is_some() => part.push('"'),
                    '"' => break,
                    other => part.push(other),
                }
            }
            if part.is_empty() {
                return Err(broken().into());
            }
        } else {
            let begins = |first: &char| first.is_alphabetic() || *first == '_';
            if !rest.peek().is_some_and(begins) {
                return Err(broken().into());
            }
            while let Some(next) =
                rest.next_if(|next| next.is_alphanumeric() || matches!(next, '_' | '$'))
            {
                part.push(next.to_ascii_lowercase());
            }
        }
        parts.push(Some(part));
        while rest.next_if(|next| is_blank(*next)).is_some() {}
        match rest.next() {
            None => break,
            Some('.') => while rest.next_if(|next| is_blank(*next)).is_some() {},
            Some(_) if is_strict => return Err(broken().into()),
            Some(_) => break,
        }
    }
    Ok(texts(&parts))
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0c')
}
