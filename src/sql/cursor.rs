//! Reading statements word by word: sqlparser's parser, and what Tributary's own statements need.

use std::ops::{Deref, DerefMut};

use datafusion::sql::sqlparser::ast::{DataType, Ident, ObjectNamePart};
use datafusion::sql::sqlparser::parser::{Parser as Tokens, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Word};

use super::alias_words;
use super::dialect::TributaryDialect;
use super::frame_exclusions;
use super::identity_options;
use super::limits;
use super::lock_clauses;
use super::name::{DATABASE, ObjectName};
use super::nested_joins;
use super::nested_sets;
use super::operators;
use super::row_expansions;
use super::rows_from;
use super::sampled;
use super::search_and_cycle;
use super::table_queries;
use super::time_travel;
use super::trailing_junk;
use super::unicode_escapes;
use super::written_types;
use crate::error::{Error, SqlState};

/// How deep expressions and subqueries may be nested.
const MAX_DEPTH: usize = 64;

/// How many expressions may be begun, with all that are begun anew, for any text.
const MIN_EXPRESSIONS: usize = 10_000;

/// How many more for each token.
const MAX_EXPRESSIONS_A_TOKEN: usize = 10;

/// What a statement's parser gives.
pub type Parsed<T> = Result<T, Failure>;

/// Why a statement could not be parsed.
#[derive(Debug)]
pub enum Failure {
    /// sqlparser's word on it, which carries the place in its text.
    Syntax(ParserError),
    /// Our own, with the place where it has one.
    Told(Error, Option<Location>),
}

impl From<ParserError> for Failure {
    fn from(error: ParserError) -> Self {
        Self::Syntax(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Told(error, None)
    }
}

impl Failure {
    /// Another error of our own at this failure's place.
    pub fn with_error(&self, error: Error) -> Self {
        let place = match self {
            Self::Told(_, place) => *place,
            Self::Syntax(_) => None,
        };
        Self::Told(error, place)
    }
}

/// sqlparser's parser over a text's tokens, with the reading of names, words and literals that
/// all statements share.
pub struct Parser<'a>(Tokens<'a>);

impl<'a> Deref for Parser<'a> {
    type Target = Tokens<'a>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Parser<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<'a> Parser<'a> {
    /// Cuts a text into tokens, ready to be parsed.
    ///
    /// # Errors
    /// What is not a token, and statements beyond the limits.
    pub fn new(dialect: &'a TributaryDialect, sql: &str) -> Parsed<Self> {
        let tokens = Tokenizer::new(dialect, sql)
            .tokenize_with_location()
            .map_err(ParserError::from)?;
        let tokens = unicode_escapes::read(tokens)?;
        limits::check(&tokens)?;
        trailing_junk::refuse(&tokens)?;
        let tokens = search_and_cycle::spelled_out(tokens, dialect)?;
        let tokens = lock_clauses::spelled_out(operators::without_signs(tokens));
        let tokens = rows_from::one_name(table_queries::spelled_out(tokens));
        let mut tokens = nested_sets::spelled_out(nested_joins::in_parentheses(tokens));
        alias_words::make_names(&mut tokens);
        operators::name_directions(&mut tokens);
        operators::without_schema(&mut tokens);
        operators::without_only(&mut tokens);
        row_expansions::without_parentheses(&mut tokens);
        operators::bare_frame_bounds(&mut tokens);
        frame_exclusions::leave_out(&mut tokens)?;
        identity_options::put_in_order(&mut tokens);
        for token in &mut tokens {
            make_displayable(token)?;
        }
        sampled::one_seed(&mut tokens);
        dialect.allow_expressions(MIN_EXPRESSIONS + MAX_EXPRESSIONS_A_TOKEN * tokens.len());
        let parser = Tokens::new(dialect)
            .with_recursion_limit(MAX_DEPTH)
            .with_tokens_with_locations(tokens);
        Ok(Self(parser))
    }

    /// Parses the name of a type.
    pub fn data_type(&mut self) -> Parsed<DataType> {
        let mut data_type = self.parse_data_type()?;
        written_types::as_meant(&mut data_type);
        Ok(data_type)
    }

    /// The `n`th word ahead, in upper case; `None` where there is another token or a quoted name.
    pub fn peek_word(&self, n: usize) -> Option<String> {
        match &self.peek_nth_token_ref(n).token {
            Token::Word(Word {
                value,
                quote_style: None,
                ..
            }) => Some(value.to_ascii_uppercase()),
            _ => None,
        }
    }

    /// Takes these words, in upper case, or nothing.
    pub fn take_words(&mut self, words: &[&str]) -> bool {
        let all = words
            .iter()
            .enumerate()
            .all(|(n, word)| self.peek_word(n).is_some_and(|next| next == *word));
        if all {
            for _ in words {
                self.advance_token();
            }
        }
        all
    }

    /// Takes one word, in upper case, if it is next.
    pub fn take_word(&mut self, word: &str) -> bool {
        self.take_words(&[word])
    }

    /// Takes these words or fails.
    pub fn expect_words(&mut self, words: &[&str]) -> Parsed<()> {
        for word in words {
            if !self.take_word(word) {
                return self.fail(word);
            }
        }
        Ok(())
    }

    /// Fails at the next token, where `expected` should be.
    pub fn fail<T>(&self, expected: &str) -> Parsed<T> {
        Ok(self.expected_ref(expected, self.peek_token_ref())?)
    }

    /// An error of our own at the next token.
    pub fn error_here(&self, error: Error) -> Failure {
        Failure::Told(error, Some(self.peek_token_ref().span.start))
    }

    /// That something at the next token is not supported.
    pub fn unsupported_here<T>(&self, what: impl std::fmt::Display) -> Parsed<T> {
        Err(self.error_here(Error::unsupported(what)))
    }

    /// `IF NOT EXISTS`, which does not go with `OR REPLACE`.
    pub fn take_if_not_exists(&mut self, or_replace: bool) -> Parsed<bool> {
        let error = Error::new(
            SqlState::SYNTAX_ERROR,
            "OR REPLACE and IF NOT EXISTS cannot be combined",
        );
        let failure = self.error_here(error);
        let taken = self.take_words(&["IF", "NOT", "EXISTS"]);
        if taken && or_replace {
            return Err(failure);
        }
        Ok(taken)
    }

    /// An identifier, folded to lower case unless it was quoted.
    pub fn identifier(&mut self) -> Parsed<String> {
        let token = self.next_token();
        match token.token {
            Token::Word(word) => Ok(fold(word.value, word.quote_style)),
            _ => Ok(self.expected("a name", token)?),
        }
    }

    /// `(identifier, ...)`.
    pub fn identifier_list(&mut self) -> Parsed<Vec<String>> {
        self.expect_token(&Token::LParen)?;
        let mut names = vec![self.identifier()?];
        while self.consume_token(&Token::Comma) {
            names.push(self.identifier()?);
        }
        self.expect_token(&Token::RParen)?;
        Ok(names)
    }

    /// `(identifier, ...)` if a parenthesis is next, with no name twice.
    pub fn optional_columns(&mut self) -> Parsed<Vec<String>> {
        if self.peek_token_ref().token != Token::LParen {
            return Ok(Vec::new());
        }
        let failure_place = self.peek_token_ref().span.start;
        let names = self.identifier_list()?;
        no_duplicates(&names).map_err(|error| Failure::Told(error, Some(failure_place)))?;
        Ok(names)
    }

    /// The parts of a name: `a`, `a.b`, `a.b.c`.
    pub fn name_parts(&mut self) -> Parsed<Vec<String>> {
        let mut parts = vec![self.identifier()?];
        while self.consume_token(&Token::Period) {
            parts.push(self.identifier()?);
        }
        Ok(parts)
    }

    /// The name of an object.
    pub fn object_name(&mut self) -> Parsed<ObjectName> {
        let place = self.peek_token_ref().span.start;
        let parts = self.name_parts()?;
        object_name_of(parts).map_err(|error| Failure::Told(error, Some(place)))
    }

    /// The name of a schema, perhaps behind the database's.
    pub fn schema_name(&mut self) -> Parsed<String> {
        let place = self.peek_token_ref().span.start;
        let mut parts = self.name_parts()?;
        if parts.len() == 2 && parts.first().is_some_and(|part| part == DATABASE) {
            parts.remove(0);
        }
        match (parts.pop(), parts.is_empty()) {
            (Some(name), true) => Ok(name),
            _ => {
                let error = Error::new(SqlState::SYNTAX_ERROR, "a schema's name has one part");
                Err(Failure::Told(error, Some(place)))
            }
        }
    }

    /// A string literal.
    pub fn string(&mut self) -> Parsed<String> {
        let token = self.next_token();
        match token.token {
            Token::SingleQuotedString(text) | Token::EscapedStringLiteral(text) => Ok(text),
            _ => Ok(self.expected("a string literal", token)?),
        }
    }

    /// Whether a statement ends here.
    pub fn at_end(&self) -> bool {
        matches!(self.peek_token_ref().token, Token::SemiColon | Token::EOF)
    }
}

/// The name that these parts, folded already, make.
pub fn object_name_of(parts: Vec<String>) -> Result<ObjectName, Error> {
    let written = parts.join(".");
    let mut parts = parts.into_iter().rev();
    let name = ObjectName {
        name: parts.next().unwrap_or_default(),
        schema: parts.next(),
    };
    if let Some(database) = parts.next() {
        if parts.next().is_some() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                format!("improper qualified name (too many dotted names): {written}"),
            ));
        }
        if database != DATABASE {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("cross-database references are not implemented: {written}"),
            )
            .with_hint(format!("The one database is \"{DATABASE}\".")));
        }
    }
    time_travel::refuse_encoded(&name.name)?;
    Ok(name)
}

/// The name that sqlparser read.
pub fn object_name_from(
    name: &datafusion::sql::sqlparser::ast::ObjectName,
) -> Result<ObjectName, Error> {
    let parts = name
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(Ident {
                value, quote_style, ..
            }) => Ok(fold(value.clone(), *quote_style)),
            ObjectNamePart::Function(function) => {
                Err(Error::unsupported(format!("the name {function}")))
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    object_name_of(parts)
}

/// Folds an identifier as Postgres does: ASCII letters to lower case, unless it was quoted.
pub fn fold(identifier: String, quote_style: Option<char>) -> String {
    match quote_style {
        Some(_) => identifier,
        None => identifier.to_ascii_lowercase(),
    }
}

/// The name that an identifier is, as Postgres [folds](fold) it.
pub fn folded(name: &Ident) -> String {
    fold(name.value.clone(), name.quote_style)
}

/// That no column is named twice.
pub fn no_duplicates(names: &[String]) -> Result<(), Error> {
    let mut seen = std::collections::HashSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Error::new(
            SqlState::DUPLICATE_COLUMN,
            format!("column \"{name}\" specified more than once"),
        )),
    }
}

/// Replaces tokens that sqlparser would not display as text that reads back the same.
///
/// sqlparser takes a doubled quote within a string for one that is escaped already, so that
/// `'a''''b'` would come back as `'a''b'`; as an `E''` string it keeps its value. It does not
/// escape quotes in `N''` strings at all.
fn make_displayable(token: &mut TokenWithSpan) -> Parsed<()> {
    let misread = |text: &str, quote: char| {
        let mut previous = None;
        text.chars().any(|character| {
            let pair = character == quote && matches!(previous, Some(p) if p == quote || p == '\\');
            previous = Some(character);
            pair
        })
    };
    let text = match &mut token.token {
        Token::SingleQuotedString(text)
        | Token::NationalStringLiteral(text)
        | Token::UnicodeStringLiteral(text) => std::mem::take(text),
        Token::DollarQuotedString(text) => std::mem::take(&mut text.value),
        Token::Word(Word {
            value,
            quote_style: Some(quote),
            ..
        }) => {
            let problem = if value.is_empty() {
                "zero-length delimited identifier"
            } else if misread(value, *quote) {
                "an identifier with two quotes in a row, or a backslash before a quote,"
            } else {
                return Ok(());
            };
            let error = if value.is_empty() {
                Error::new(SqlState::SYNTAX_ERROR, problem)
            } else {
                Error::unsupported(problem)
            };
            return Err(Failure::Told(error, Some(token.span.start)));
        }
        _ => return Ok(()),
    };
    token.token = if misread(&text, '\'') {
        Token::EscapedStringLiteral(text)
    } else {
        Token::SingleQuotedString(text)
    };
    Ok(())
}
