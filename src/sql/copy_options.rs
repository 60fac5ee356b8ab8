//! The options of `COPY`, in today's form `(FORMAT csv, HEADER)` and in the old one, `CSV HEADER`.

use datafusion::sql::sqlparser::tokenizer::{Token, Word};

use super::copy::{CopyFormat, Forced, Header, Quoting};
use super::cursor::{Failure, Parsed, Parser};
use super::options::parse_value;
use crate::config::ClientEncoding;
use crate::error::{Error, SqlState};

/// An option, and where it stands.
struct Given {
    key: String,
    value: Value,
    place: Failure,
}

/// What an option is given.
enum Value {
    /// Nothing: its name stands alone.
    Nothing,
    /// A string, a number or a word, as text.
    Text(String),
    /// `*`.
    Star,
    /// `(a, b)`.
    List(Vec<String>),
}

/// What was written; `None` stands for Postgres's default.
#[derive(Default)]
struct Written {
    format: Option<Format>,
    delimiter: Option<String>,
    null: Option<String>,
    header: Option<Header>,
    freeze: Option<bool>,
    quote: Option<String>,
    escape: Option<String>,
    encoding: Option<&'static str>,
    force_quote: Option<Quoting>,
    force_not_null: Option<Vec<String>>,
    force_null: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Text,
    Csv,
    Binary,
}

/// Parses the options after `STDIN` or `STDOUT`; `binary` is where that was said before the table.
pub(super) fn parse(
    parser: &mut Parser,
    binary: Option<Failure>,
    is_from: bool,
) -> Parsed<(CopyFormat, Option<&'static str>)> {
    let before = binary.map(|place| Given::word("format", "binary", place));
    let mut given: Vec<Given> = before.into_iter().collect();
    let _ = parser.take_word("WITH");
    if parser.peek_token_ref().token == Token::LParen {
        parse_list(parser, &mut given)?;
    } else {
        parse_old(parser, &mut given)?;
    }
    let mut written = Written::default();
    for option in given {
        written.set(option, is_from)?;
    }
    let encoding = written.encoding;
    Ok((written.fill(is_from)?, encoding))
}

/// `(key [value], ...)`.
fn parse_list(parser: &mut Parser, given: &mut Vec<Given>) -> Parsed<()> {
    parser.expect_token(&Token::LParen)?;
    loop {
        let place = parser.error_here(Error::internal(""));
        let key = parser.identifier()?;
        let value = match parser.peek_token_ref().token {
            Token::Comma | Token::RParen => Value::Nothing,
            Token::Mul => {
                parser.advance_token();
                Value::Star
            }
            Token::LParen => {
                parser.advance_token();
                let names = comma_separated(parser, name_or_text)?;
                parser.expect_token(&Token::RParen)?;
                Value::List(names)
            }
            _ => Value::Text(parse_value(parser)?),
        };
        given.push(Given { key, value, place });
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(())
}

/// `DELIMITER [AS] 'x' NULL [AS] '' CSV HEADER QUOTE [AS] '"' ESCAPE [AS] '"' FORCE QUOTE * ...`.
fn parse_old(parser: &mut Parser, given: &mut Vec<Given>) -> Parsed<()> {
    while let Some(word) = parser.peek_word(0) {
        let place = parser.error_here(Error::internal(""));
        let key = word.to_lowercase();
        let option = match word.as_str() {
            "CSV" | "BINARY" => {
                parser.advance_token();
                Given::word("format", &key, place)
            }
            "HEADER" | "FREEZE" => {
                parser.advance_token();
                let value = Value::Nothing;
                Given { key, value, place }
            }
            "DELIMITER" | "NULL" | "QUOTE" | "ESCAPE" | "ENCODING" => {
                parser.advance_token();
                let _ = word != "ENCODING" && parser.take_word("AS");
                let value = Value::Text(parser.string()?);
                Given { key, value, place }
            }
            "FORCE" => {
                parser.advance_token();
                let (key, value) = parse_force(parser)?;
                let key = key.to_owned();
                Given { key, value, place }
            }
            _ => break,
        };
        given.push(option);
    }
    Ok(())
}

/// `QUOTE * | QUOTE a, b | NOT NULL a, b | NULL a, b`, after `FORCE`.
fn parse_force(parser: &mut Parser) -> Parsed<(&'static str, Value)> {
    let key = if parser.take_word("QUOTE") {
        if parser.consume_token(&Token::Mul) {
            return Ok(("force_quote", Value::Star));
        }
        "force_quote"
    } else if parser.take_words(&["NOT", "NULL"]) {
        "force_not_null"
    } else if parser.take_word("NULL") {
        "force_null"
    } else {
        return parser.fail("QUOTE, NULL or NOT NULL");
    };
    let names = comma_separated(parser, |parser| parser.identifier())?;
    Ok((key, Value::List(names)))
}

fn comma_separated(
    parser: &mut Parser,
    item: impl Fn(&mut Parser) -> Parsed<String>,
) -> Parsed<Vec<String>> {
    let mut items = vec![item(parser)?];
    while parser.consume_token(&Token::Comma) {
        items.push(item(parser)?);
    }
    Ok(items)
}

/// A name, which may stand in single quotes too.
fn name_or_text(parser: &mut Parser) -> Parsed<String> {
    match parser.peek_token_ref().token {
        Token::Word(Word { .. }) => parser.identifier(),
        _ => parser.string(),
    }
}

impl Given {
    fn word(key: &str, value: &str, place: Failure) -> Self {
        Self {
            key: key.to_owned(),
            value: Value::Text(value.to_owned()),
            place,
        }
    }

    /// What it says as text.
    fn text(self) -> Result<String, Error> {
        match self.value {
            Value::Text(text) => Ok(text),
            Value::Star => Ok("*".to_owned()),
            Value::List(names) => Ok(names.join(".")),
            Value::Nothing => Err(syntax(format!("{} requires a parameter", self.key))),
        }
    }

    fn boolean(&self) -> Option<bool> {
        match &self.value {
            Value::Nothing => Some(true),
            Value::Text(text) => match text.to_lowercase().as_str() {
                "true" | "on" | "1" => Some(true),
                "false" | "off" | "0" => Some(false),
                _ => None,
            },
            Value::Star | Value::List(_) => None,
        }
    }

    fn header(&self, is_from: bool) -> Result<Header, Error> {
        match (self.boolean(), &self.value) {
            (Some(true), _) => Ok(Header::Line),
            (Some(false), _) => Ok(Header::None),
            (None, Value::Text(text)) if text.eq_ignore_ascii_case("match") => match is_from {
                true => Ok(Header::Match),
                false => Err(Error::new(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "cannot use \"match\" with HEADER in COPY TO",
                )),
            },
            _ => Err(syntax(format!(
                "{} requires a Boolean value or \"match\"",
                self.key
            ))),
        }
    }

    fn format(self) -> Parsed<Format> {
        let place = self.at(Error::internal(""));
        let name = self.text()?;
        match name.as_str() {
            "csv" => Ok(Format::Csv),
            "text" => Ok(Format::Text),
            "binary" => Ok(Format::Binary),
            _ => Err(place.with_error(
                invalid(format!("COPY format \"{name}\" not recognized"))
                    .with_hint("The formats are text, csv and binary."),
            )),
        }
    }

    fn names(self) -> Parsed<Vec<String>> {
        match self.value {
            Value::List(names) => Ok(names),
            _ => Err(self.no_names()),
        }
    }

    fn quoting(self) -> Parsed<Quoting> {
        match self.value {
            Value::Star => Ok(Quoting::All),
            Value::List(names) => Ok(Quoting::Columns(names)),
            _ => Err(self.no_names()),
        }
    }

    fn no_names(&self) -> Failure {
        self.at(invalid(format!(
            "argument to option \"{}\" must be a list of column names",
            self.key
        )))
    }

    /// Where it stands.
    fn at(&self, error: Error) -> Failure {
        self.place.with_error(error)
    }
}

impl Written {
    fn set(&mut self, option: Given, is_from: bool) -> Parsed<()> {
        if self.has(&option.key) {
            return Err(option.at(syntax("conflicting or redundant options")));
        }
        match option.key.as_str() {
            "format" => self.format = Some(option.format()?),
            "header" => self.header = Some(option.header(is_from)?),
            "delimiter" => self.delimiter = Some(option.text()?),
            "null" => self.null = Some(option.text()?),
            "quote" => self.quote = Some(option.text()?),
            "escape" => self.escape = Some(option.text()?),
            "freeze" => {
                let says = option.boolean();
                let error = || syntax("freeze requires a Boolean value");
                self.freeze = Some(says.ok_or_else(error)?);
            }
            "encoding" => {
                let place = option.at(Error::internal(""));
                let found = encoding(&option.text()?);
                self.encoding = Some(found.map_err(|error| place.with_error(error))?);
            }
            "force_quote" => self.force_quote = Some(option.quoting()?),
            "force_not_null" => self.force_not_null = Some(option.names()?),
            "force_null" => self.force_null = Some(option.names()?),
            key => {
                return Err(option.at(syntax(format!("option \"{key}\" not recognized"))));
            }
        }
        Ok(())
    }

    /// Whether the option was given.
    fn has(&self, key: &str) -> bool {
        match key {
            "format" => self.format.is_some(),
            "header" => self.header.is_some(),
            "delimiter" => self.delimiter.is_some(),
            "null" => self.null.is_some(),
            "quote" => self.quote.is_some(),
            "escape" => self.escape.is_some(),
            "freeze" => self.freeze.is_some(),
            "encoding" => self.encoding.is_some(),
            "force_quote" => self.force_quote.is_some(),
            "force_not_null" => self.force_not_null.is_some(),
            "force_null" => self.force_null.is_some(),
            _ => false,
        }
    }

    /// The format that is meant; what does not go together is refused, in Postgres's order.
    fn fill(self, is_from: bool) -> Result<CopyFormat, Error> {
        let format = self.format.unwrap_or(Format::Text);
        let is_csv = format == Format::Csv;
        if format == Format::Binary {
            let only_in_lines = [
                ("DELIMITER", self.delimiter.is_some()),
                ("NULL", self.null.is_some()),
            ];
            if let Some((what, _)) = only_in_lines.iter().find(|(_, written)| *written) {
                return Err(syntax(format!("cannot specify {what} in BINARY mode")));
            }
        }
        let delimiter = one_byte(
            "delimiter",
            self.delimiter,
            if is_csv { b',' } else { b'\t' },
        )?;
        if matches!(delimiter, b'\n' | b'\r') {
            return Err(invalid(
                "COPY delimiter cannot be newline or carriage return",
            ));
        }
        let null = match self.null {
            Some(null) => null,
            None if is_csv => String::new(),
            None => "\\N".to_owned(),
        };
        if null.contains(['\n', '\r']) {
            return Err(invalid(
                "COPY null representation cannot use newline or carriage return",
            ));
        }
        if !is_csv && b"\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(&delimiter) {
            let delimiter = char::from(delimiter);
            return Err(invalid(format!("COPY delimiter cannot be \"{delimiter}\"")));
        }
        let header = self.header.unwrap_or_default();
        if format == Format::Binary && header != Header::None {
            return Err(refused("cannot specify HEADER in BINARY mode"));
        }
        if !is_csv && self.quote.is_some() {
            return Err(refused("COPY quote available only in CSV mode"));
        }
        let quote = one_byte("quote", self.quote, b'"')?;
        if is_csv && quote == delimiter {
            return Err(invalid("COPY delimiter and quote must be different"));
        }
        if !is_csv && self.escape.is_some() {
            return Err(refused("COPY escape available only in CSV mode"));
        }
        let escape = one_byte("escape", self.escape, quote)?;
        let forces = [
            ("quote", self.force_quote.is_some(), "TO", !is_from),
            ("not null", self.force_not_null.is_some(), "FROM", is_from),
            ("null", self.force_null.is_some(), "FROM", is_from),
        ];
        for (what, _, direction, is_of_direction) in forces.iter().filter(|force| force.1) {
            if !is_csv {
                let message = format!("COPY force {what} available only in CSV mode");
                return Err(refused(message));
            }
            if !is_of_direction {
                let message = format!("COPY force {what} only available using COPY {direction}");
                return Err(refused(message));
            }
        }
        if null.as_bytes().contains(&delimiter) {
            return Err(refused(
                "COPY delimiter must not appear in the NULL specification",
            ));
        }
        if is_csv && null.as_bytes().contains(&quote) {
            return Err(refused(
                "CSV quote character must not appear in the NULL specification",
            ));
        }
        Ok(match format {
            Format::Binary => CopyFormat::Binary,
            Format::Text => CopyFormat::Text {
                delimiter,
                null,
                header,
            },
            Format::Csv => CopyFormat::Csv {
                delimiter,
                null,
                header,
                quote,
                escape,
                forced: Forced {
                    quote: self.force_quote.unwrap_or_default(),
                    not_null: self.force_not_null.unwrap_or_default(),
                    null: self.force_null.unwrap_or_default(),
                },
            },
        })
    }
}

/// An encoding by its name.
fn encoding(name: &str) -> Result<&'static str, Error> {
    ClientEncoding::named(name).ok_or_else(|| {
        invalid("argument to option \"encoding\" must be a valid encoding name")
            .with_detail(format!("There is no encoding \"{name}\" here."))
    })
}

fn one_byte(what: &str, value: Option<String>, default: u8) -> Result<u8, Error> {
    match value.as_deref().map(str::as_bytes) {
        None => Ok(default),
        Some([byte]) => Ok(*byte),
        Some(_) => Err(refused(format!(
            "COPY {what} must be a single one-byte character"
        ))),
    }
}

fn syntax(message: impl Into<String>) -> Error {
    Error::new(SqlState::SYNTAX_ERROR, message)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

/// As Postgres tells what it does not do.
fn refused(message: impl Into<String>) -> Error {
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
}
