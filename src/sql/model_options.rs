//! `OPTIONS (key = value, ...)` of a model: values are texts, `[...]` lists of values and `{...}`
//! structs of them, as DuckDB writes these; BigQuery's `ARRAY[...]` is read too.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::QualifiedName;
use super::cursor::{Failure, Parsed, Parser};
use super::model_functions::parse_name;
use super::name::{ObjectName, Quoted};
use super::options::{Literal, parse_options, parse_value};
use crate::error::{Error, Result, SqlState};

/// The options whose value is the name of a relation.
const RELATIONS: [&str; 4] = ["must_link", "cannot_link", "labels", "parameters"];

/// How deep lists and structs may be nested.
const MAX_DEPTH: usize = 4;

/// Options of a model, in the order written; keys are lower case and appear once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelOptions(pub Vec<(String, OptionValue)>);

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionValue {
    /// A text; a number, or a word such as `true`, is one too.
    Text(String),
    /// `[value, ...]`.
    List(Vec<OptionValue>),
    /// `{'key': value, ...}`; keys appear once.
    Struct(Vec<(String, OptionValue)>),
}

impl ModelOptions {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&OptionValue> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    /// The relations that options name, as they are named there.
    ///
    /// # Errors
    /// 22023 for a value that is no text, 42602 for one that is no name.
    pub fn relations(&self) -> Result<Vec<ObjectName>> {
        let named = self.0.iter().filter(|(key, value)| is_relation(key, value));
        named.map(|(key, value)| relation(key, value)).collect()
    }

    /// Writes the names of relations in full.
    ///
    /// # Errors
    /// Those of [`Self::relations`], and of `resolve`.
    pub fn qualify(
        &mut self,
        mut resolve: impl FnMut(ObjectName) -> Result<QualifiedName>,
    ) -> Result<()> {
        for (key, value) in &mut self.0 {
            if is_relation(key, value) {
                let full = resolve(relation(key, value)?)?;
                *value = OptionValue::Text(full.to_string());
            }
        }
        Ok(())
    }

    /// `(key = value, ...)`; a key alone is `true`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let key = |parser: &mut Parser| Ok(parser.identifier()?.to_lowercase());
        let value = |parser: &mut Parser| OptionValue::parse(parser, MAX_DEPTH);
        let bare = || OptionValue::Text("true".to_owned());
        parse_options(parser, key, value, bare).map(Self)
    }
}

/// A list is no relation, but what one could hold.
fn is_relation(key: &str, value: &OptionValue) -> bool {
    RELATIONS.contains(&key) && !matches!(value, OptionValue::List(_))
}

fn relation(key: &str, value: &OptionValue) -> Result<ObjectName> {
    let Some(text) = value.as_text() else {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("option \"{key}\" is not the name of a relation"),
        )
        .with_hint(format!("Write {key} = 'schema.name'.")));
    };
    parse_name(text).map_err(|error| error.within(format!("option \"{key}\"")))
}

impl OptionValue {
    /// The texts of a list, or of a struct, with what they are called: themselves, where they have no other
    /// names. A text alone is a list of one.
    pub fn named_texts(&self) -> Option<Vec<(String, String)>> {
        let itself = |text: &str| (text.to_owned(), text.to_owned());
        match self {
            Self::Text(text) => Some(vec![itself(text)]),
            Self::List(values) => {
                let texts = values.iter().map(|value| value.as_text().map(itself));
                texts.collect()
            }
            Self::Struct(fields) => {
                let texts = fields
                    .iter()
                    .map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned())));
                texts.collect()
            }
        }
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn parse(parser: &mut Parser, depth: usize) -> Parsed<Self> {
        if depth == 0 {
            return Err(parser.error_here(Error::new(
                SqlState::STATEMENT_TOO_COMPLEX,
                format!("an option is nested more than {MAX_DEPTH} deep"),
            )));
        }
        let is_array = parser.peek_word(0).as_deref() == Some("ARRAY")
            && parser.peek_nth_token_ref(1).token == Token::LBracket;
        if is_array {
            parser.advance_token();
        }
        if parser.consume_token(&Token::LBracket) {
            return Self::parse_list(parser, depth).map(Self::List);
        }
        if parser.consume_token(&Token::LBrace) {
            return Self::parse_struct(parser, depth).map(Self::Struct);
        }
        parse_value(parser).map(Self::Text)
    }

    fn parse_list(parser: &mut Parser, depth: usize) -> Parsed<Vec<Self>> {
        let mut values = Vec::new();
        if parser.consume_token(&Token::RBracket) {
            return Ok(values);
        }
        loop {
            values.push(Self::parse(parser, depth - 1)?);
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect_token(&Token::RBracket)?;
        Ok(values)
    }

    fn parse_struct(parser: &mut Parser, depth: usize) -> Parsed<Vec<(String, Self)>> {
        let mut fields: Vec<(String, Self)> = Vec::new();
        if parser.consume_token(&Token::RBrace) {
            return Ok(fields);
        }
        loop {
            let place = parser.peek_token_ref().span.start;
            let key = match &parser.peek_token_ref().token {
                Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) => parser.string()?,
                _ => parser.identifier()?,
            };
            if fields.iter().any(|(name, _)| *name == key) {
                let error = Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("\"{key}\" is given twice"),
                );
                return Err(Failure::Told(error, Some(place)));
            }
            parser.expect_token(&Token::Colon)?;
            fields.push((key, Self::parse(parser, depth - 1)?));
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect_token(&Token::RBrace)?;
        Ok(fields)
    }
}

impl From<&OptionValue> for serde_json::Value {
    fn from(value: &OptionValue) -> Self {
        match value {
            OptionValue::Text(text) => text.as_str().into(),
            OptionValue::List(values) => values.iter().map(Self::from).collect(),
            OptionValue::Struct(fields) => fields
                .iter()
                .map(|(key, value)| (key.clone(), Self::from(value)))
                .collect(),
        }
    }
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = |index| if index == 0 { "" } else { ", " };
        match self {
            Self::Text(text) => Literal(text).fmt(f),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", separator(index))?;
                }
                f.write_str("]")
            }
            Self::Struct(fields) => {
                f.write_str("{")?;
                for (index, (key, value)) in fields.iter().enumerate() {
                    write!(f, "{}{}: {value}", separator(index), Literal(key))?;
                }
                f.write_str("}")
            }
        }
    }
}

impl fmt::Display for ModelOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OPTIONS (")?;
        for (index, (key, value)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{} = {value}", Quoted(key))?;
        }
        f.write_str(")")
    }
}
