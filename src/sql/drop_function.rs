//! `DROP FUNCTION | ROUTINE [IF EXISTS] name [([argument] type, ...)], ... [CASCADE | RESTRICT]`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::create_function::{parse_types, signature};
use super::cursor::{Parsed, Parser};
use super::dialect::TributaryDialect;
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropFunction {
    /// The functions.
    pub functions: Vec<FunctionName>,
    /// Whether one that is missing is fine.
    pub if_exists: bool,
    /// Whether what stands on them goes too.
    pub cascade: bool,
}

/// A function by its name, and the types of its arguments where several have that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// Its name.
    pub name: ObjectName,
    /// Types, as signatures have them.
    pub types: Option<Vec<String>>,
}

impl DropFunction {
    /// Parses the statement after `DROP`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        if !parser.take_word("ROUTINE") {
            parser.expect_words(&["FUNCTION"])?;
        }
        let if_exists = parser.take_words(&["IF", "EXISTS"]);
        let functions = FunctionName::parse_list(parser)?;
        let cascade = parser.take_word("CASCADE");
        let _ = !cascade && parser.take_word("RESTRICT");
        Ok(Self {
            functions,
            if_exists,
            cascade,
        })
    }
}

impl FunctionName {
    /// Parses a name, perhaps with types in parentheses.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let name = parser.object_name()?;
        let types = match parser.peek_token_ref().token == Token::LParen {
            true => Some(parse_types(parser)?),
            false => None,
        };
        Ok(Self { name, types })
    }

    /// The function that a text names, as one of type `regprocedure` does, or `regproc` without types.
    pub fn read(text: &str) -> Option<Self> {
        let dialect = TributaryDialect::default();
        let mut parser = Parser::new(&dialect, text).ok()?;
        let name = Self::parse(&mut parser).ok()?;
        let is_all = parser.peek_token_ref().token == Token::EOF;
        is_all.then_some(name)
    }

    /// Parses several, with commas between them.
    pub(super) fn parse_list(parser: &mut Parser) -> Parsed<Vec<Self>> {
        let mut functions = vec![Self::parse(parser)?];
        while parser.consume_token(&Token::Comma) {
            functions.push(Self::parse(parser)?);
        }
        Ok(functions)
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.types {
            Some(types) => {
                let name = self.name.to_string();
                f.write_str(&signature(&name, types.iter().cloned()))
            }
            None => self.name.fmt(f),
        }
    }
}

impl fmt::Display for DropFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        let functions: Vec<String> = self.functions.iter().map(ToString::to_string).collect();
        let cascade = if self.cascade { " CASCADE" } else { "" };
        write!(
            f,
            "DROP FUNCTION {if_exists}{}{cascade}",
            functions.join(", ")
        )
    }
}
