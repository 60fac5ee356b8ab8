//! `WITH (key = 'value')` and `OPTIONS (key 'value')`: options as text, in the order written.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::{Token, Word};

use super::cursor::{Failure, Parsed, Parser};
use super::dialect::TributaryDialect;
use super::name::Quoted;
use crate::error::{Error, Result, SqlState, nearest};

/// Options of a statement; keys are lower case and appear once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(pub Vec<(String, String)>);

impl Options {
    /// Gives `key` a value, whether it had one or not.
    pub fn set(&mut self, key: &str, value: &str) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((key.to_owned(), value.to_owned())),
        }
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// The names that the value of `key` lists, as in `'id, "Ref Nr"'`; none where it has no value.
    ///
    /// # Errors
    /// 42602 for what is no list of names.
    pub fn names(&self, key: &str) -> Result<Vec<String>> {
        let Some(text) = self.get(key) else {
            return Ok(Vec::new());
        };
        let dialect = TributaryDialect::default();
        let parsed = Parser::new(&dialect, text).and_then(|mut parser| {
            let mut names = vec![parser.identifier()?];
            while parser.consume_token(&Token::Comma) {
                names.push(parser.identifier()?);
            }
            Ok(parser.at_end().then_some(names))
        });
        parsed.ok().flatten().ok_or_else(|| {
            let message = format!("invalid value for option \"{key}\": \"{text}\"");
            Error::new(SqlState::INVALID_NAME, message)
                .with_hint("Write names of columns as in SQL: 'id' or 'id, \"Ref Nr\"'.")
        })
    }

    /// Has the list of names that `key` has say `new` where it says `old`.
    ///
    /// # Errors
    /// 42602 for what is no list of names.
    pub fn rename(&mut self, key: &str, old: &str, new: &str) -> Result<()> {
        let mut names = self.names(key)?;
        if !names.iter().any(|name| name == old) {
            return Ok(());
        }
        for name in names.iter_mut().filter(|name| name.as_str() == old) {
            new.clone_into(name);
        }
        let names: Vec<String> = names.iter().map(|it| Quoted(it).to_string()).collect();
        self.set(key, &names.join(", "));
        Ok(())
    }

    /// That every option is one of `known`; `object` is whose options they are, as in
    /// `materialized view raw.contact`.
    ///
    /// # Errors
    /// 22023 for an unknown option, with the nearest known one.
    pub fn check_known(&self, known: &[&str], object: impl fmt::Display) -> Result<()> {
        check_known(self.0.iter().map(|(key, _)| key.as_str()), known, object)
    }

    /// `(key [=] value, ...)`; a key alone is `true`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parse_options(parser, parse_key, parse_value, || "true".to_owned()).map(Self)
    }

    /// As [`Self::parse`], or without parentheses and commas: `key = value key = value`.
    pub(super) fn parse_set(parser: &mut Parser) -> Parsed<Self> {
        if parser.peek_token_ref().token == Token::LParen {
            return Self::parse(parser);
        }
        let mut options = Self::default();
        loop {
            let key = parse_key(parser)?;
            parser.expect_token(&Token::Eq)?;
            options.set(&key, &parse_value(parser)?);
            if parser.peek_word(0).is_none() {
                return Ok(options);
            }
        }
    }

    /// `WITH (...)` where it is next.
    pub(super) fn parse_with(parser: &mut Parser) -> Parsed<Self> {
        if parser.take_word("WITH") {
            Self::parse(parser)
        } else {
            Ok(Self::default())
        }
    }

    /// ` (key = 'value', ...)`.
    pub(super) fn write_list(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "", " =")
    }

    /// ` WITH (key = 'value', ...)`, or nothing.
    pub(super) fn write_with(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, " WITH", " =")
    }

    /// ` OPTIONS (key 'value', ...)`, or nothing.
    pub(super) fn write_options(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, " OPTIONS", "")
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, word: &str, equals: &str) -> fmt::Result {
        for (index, (key, value)) in self.0.iter().enumerate() {
            match index {
                0 => write!(f, "{word} (")?,
                _ => f.write_str(", ")?,
            }
            if Quoted(key).to_string() == *key {
                f.write_str(key)?;
            } else {
                write!(f, "{}", Literal(key))?;
            }
            write!(f, "{equals} {}", Literal(value))?;
        }
        if !self.0.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// That every option is one of `known`; `object` is whose options they are.
///
/// # Errors
/// 22023 for an unknown option, with the nearest known one.
pub fn check_known<'a>(
    keys: impl IntoIterator<Item = &'a str>,
    known: &[&str],
    object: impl fmt::Display,
) -> Result<()> {
    let Some(key) = keys.into_iter().find(|key| !known.contains(key)) else {
        return Ok(());
    };
    let error = Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("{object} has no option \"{key}\""),
    );
    Err(match nearest(key, known.iter().copied()) {
        Some(name) => error.with_hint(format!("Perhaps you meant \"{name}\".")),
        None => error.with_hint(format!("Its options are: {}.", known.join(", "))),
    })
}

/// `(key [=] value, ...)`, each key once; a key alone has the value `bare`.
pub(super) fn parse_options<V>(
    parser: &mut Parser,
    key: impl Fn(&mut Parser) -> Parsed<String>,
    value: impl Fn(&mut Parser) -> Parsed<V>,
    bare: impl Fn() -> V,
) -> Parsed<Vec<(String, V)>> {
    let mut options: Vec<(String, V)> = Vec::new();
    parser.expect_token(&Token::LParen)?;
    loop {
        let place = parser.peek_token_ref().span.start;
        let key = key(parser)?;
        let _ = parser.consume_token(&Token::Eq);
        let value = match parser.peek_token_ref().token {
            Token::Comma | Token::RParen => bare(),
            _ => value(parser)?,
        };
        if options.iter().any(|(name, _)| *name == key) {
            let error = Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("option \"{key}\" is given twice"),
            );
            return Err(Failure::Told(error, Some(place)));
        }
        options.push((key, value));
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(options)
}

fn parse_key(parser: &mut Parser) -> Parsed<String> {
    let mut key = match &parser.peek_token_ref().token {
        Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) => {
            return Ok(parser.string()?.to_lowercase());
        }
        _ => parser.identifier()?,
    };
    while parser.consume_token(&Token::Period) {
        key.push('.');
        key.push_str(&parser.identifier()?);
    }
    Ok(key.to_lowercase())
}

/// A string, a number or a word, as text.
pub(super) fn parse_value(parser: &mut Parser) -> Parsed<String> {
    let token = parser.next_token();
    match token.token {
        Token::SingleQuotedString(text) | Token::EscapedStringLiteral(text) => Ok(text),
        Token::Number(number, _) => Ok(number),
        Token::Minus => match parser.next_token().token {
            Token::Number(number, _) => Ok(format!("-{number}")),
            _ => Ok(parser.expected("a value", token)?),
        },
        Token::Word(Word {
            value,
            quote_style: None,
            ..
        }) => Ok(value.to_ascii_lowercase()),
        _ => Ok(parser.expected("a value", token)?),
    }
}

/// A string as an SQL literal.
pub struct Literal<'a>(pub &'a str);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}
