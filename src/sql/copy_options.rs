//! The options of `COPY`, in today's form `(FORMAT csv, HEADER)` and in the old one, `CSV HEADER`.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::Options;
use super::copy::CopyFormat;
use super::cursor::{Parsed, Parser};
use crate::config::ClientEncoding;
use crate::error::{Error, SqlState};

/// What was written; `None` stands for Postgres's default.
#[derive(Default)]
struct Written {
    csv: bool,
    binary: bool,
    delimiter: Option<String>,
    null: Option<String>,
    header: bool,
    quote: Option<String>,
    escape: Option<String>,
    encoding: Option<&'static str>,
}

/// Parses the options after `STDIN` or `STDOUT`; `binary` is whether that was said before the table.
pub(super) fn parse(
    parser: &mut Parser,
    binary: bool,
) -> Parsed<(CopyFormat, Option<&'static str>)> {
    let mut written = Written {
        binary,
        ..Written::default()
    };
    let _ = parser.take_word("WITH");
    let place = parser.error_here(Error::internal(""));
    if parser.peek_token_ref().token == Token::LParen {
        for (key, value) in Options::parse(parser)?.0 {
            written
                .set(&key, value)
                .map_err(|error| place.with_error(error))?;
        }
    } else {
        parse_old(parser, &mut written)?;
    }
    let encoding = written.encoding;
    let format = written.fill().map_err(|error| place.with_error(error))?;
    Ok((format, encoding))
}

/// `DELIMITER [AS] 'x' NULL [AS] '' CSV HEADER QUOTE [AS] '"' ESCAPE [AS] '"'`.
fn parse_old(parser: &mut Parser, written: &mut Written) -> Parsed<()> {
    while let Some(word) = parser.peek_word(0) {
        match word.as_str() {
            "CSV" => written.csv = true,
            "HEADER" => written.header = true,
            "BINARY" => written.binary = true,
            "FORCE" => return parser.unsupported_here("FORCE of COPY"),
            "FREEZE" => {}
            "ENCODING" => {
                let place = parser.error_here(Error::internal(""));
                parser.advance_token();
                let name = parser.string()?;
                written.encoding = Some(encoding(&name).map_err(|error| place.with_error(error))?);
                continue;
            }
            "DELIMITER" | "NULL" | "QUOTE" | "ESCAPE" => {
                parser.advance_token();
                let _ = parser.take_word("AS");
                let value = Some(parser.string()?);
                match word.as_str() {
                    "DELIMITER" => written.delimiter = value,
                    "NULL" => written.null = value,
                    "QUOTE" => written.quote = value,
                    _ => written.escape = value,
                }
                continue;
            }
            _ => break,
        }
        parser.advance_token();
    }
    Ok(())
}

impl Written {
    fn set(&mut self, key: &str, value: String) -> Result<(), Error> {
        match key {
            "format" => {
                (self.csv, self.binary) = match value.to_lowercase().as_str() {
                    "csv" => (true, false),
                    "text" => (false, false),
                    "binary" => (false, true),
                    _ => {
                        return Err(invalid(format!("COPY format \"{value}\" not recognized"))
                            .with_hint("The formats are text, csv and binary."));
                    }
                }
            }
            "header" => self.header = boolean(key, &value)?,
            "delimiter" => self.delimiter = Some(value),
            "null" => self.null = Some(value),
            "quote" => self.quote = Some(value),
            "escape" => self.escape = Some(value),
            "freeze" => {
                boolean(key, &value)?;
            }
            "encoding" => self.encoding = Some(encoding(&value)?),
            "force_quote" | "force_not_null" | "force_null" | "default" | "on_error"
            | "log_verbosity" | "reject_limit" => {
                return Err(Error::unsupported(format!(
                    "{} of COPY",
                    key.to_uppercase()
                )));
            }
            _ => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("option \"{key}\" not recognized"),
                ));
            }
        }
        Ok(())
    }

    fn fill(self) -> Result<CopyFormat, Error> {
        if self.binary {
            let only_in_lines = [
                ("DELIMITER", self.delimiter.is_some()),
                ("NULL", self.null.is_some()),
                ("HEADER", self.header),
                ("CSV", self.csv),
            ];
            if let Some((what, _)) = only_in_lines.iter().find(|(_, written)| *written) {
                let message = format!("cannot specify {what} in BINARY mode");
                return Err(Error::new(SqlState::SYNTAX_ERROR, message));
            }
        }
        if !self.csv {
            for (what, value) in [("QUOTE", &self.quote), ("ESCAPE", &self.escape)] {
                if value.is_some() {
                    return Err(invalid(format!("COPY {what} requires CSV mode")));
                }
            }
            if self.binary {
                return Ok(CopyFormat::Binary);
            }
            let format = CopyFormat::Text {
                delimiter: one_byte("delimiter", self.delimiter, b'\t')?,
                null: self.null.unwrap_or_else(|| "\\N".to_owned()),
                header: self.header,
            };
            return check(format);
        }
        let quote = one_byte("quote", self.quote, b'"')?;
        check(CopyFormat::Csv {
            delimiter: one_byte("delimiter", self.delimiter, b',')?,
            null: self.null.unwrap_or_default(),
            header: self.header,
            quote,
            escape: one_byte("escape", self.escape, quote)?,
        })
    }
}

/// What Postgres refuses, since the lines could not be read back.
fn check(format: CopyFormat) -> Result<CopyFormat, Error> {
    let (delimiter, null, quote) = match &format {
        CopyFormat::Text {
            delimiter, null, ..
        } => (*delimiter, null, None),
        CopyFormat::Csv {
            delimiter,
            null,
            quote,
            ..
        } => (*delimiter, null, Some(*quote)),
        CopyFormat::Binary => return Ok(format),
    };
    if matches!(delimiter, b'\n' | b'\r') {
        return Err(invalid(
            "COPY delimiter cannot be newline or carriage return",
        ));
    }
    if null.contains(['\n', '\r']) {
        return Err(invalid(
            "COPY null representation cannot use newline or carriage return",
        ));
    }
    if null.as_bytes().contains(&delimiter) {
        return Err(invalid(
            "COPY delimiter character must not appear in the NULL specification",
        ));
    }
    match quote {
        Some(quote) if quote == delimiter => {
            Err(invalid("COPY delimiter and quote must be different"))
        }
        Some(quote) if null.as_bytes().contains(&quote) => Err(invalid(
            "CSV quote character must not appear in the NULL specification",
        )),
        None if b"\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(&delimiter) => Err(invalid(
            format!("COPY delimiter cannot be \"{}\"", char::from(delimiter)),
        )),
        _ => Ok(format),
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
        Some(_) => Err(invalid(format!(
            "COPY {what} must be a single one-byte character"
        ))),
    }
}

fn boolean(key: &str, value: &str) -> Result<bool, Error> {
    match value.to_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        "match" if key == "header" => Err(Error::unsupported("HEADER MATCH of COPY")),
        _ => Err(invalid(format!("{key} requires a Boolean value"))),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}
