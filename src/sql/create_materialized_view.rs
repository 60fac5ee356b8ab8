//! `CREATE [OR REPLACE] MATERIALIZED VIEW [IF NOT EXISTS] name
//! [([column, ...] [, CONSTRAINT c EXPECT (condition) [ON VIOLATION DROP ROW | FAIL UPDATE]] ...)]
//! [COMMENT 'text'] [USING heap] [WITH (option = 'value', ...)] [TABLESPACE pg_default]
//! AS query [WITH [NO] DATA]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{Expr, Query};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser, no_duplicates};
use super::name::{ObjectName, Quoted, write_create};
use super::shown::Shown;
use super::{Options, query, storage_clauses};
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateMaterializedView {
    /// The materialized view.
    pub name: ObjectName,
    /// Names for the query's columns; empty where they keep their own.
    pub columns: Vec<String>,
    /// What each row must satisfy.
    pub expectations: Vec<Expectation>,
    /// How it is kept.
    pub options: Options,
    /// What it holds.
    pub query: Box<Query>,
    /// Whether it is filled at once; `run` and `REFRESH` fill it otherwise.
    pub with_data: bool,
    /// Whether an existing one is fine.
    pub if_not_exists: bool,
    /// Whether an existing one is replaced.
    pub or_replace: bool,
}

/// `CONSTRAINT name EXPECT (condition) [ON VIOLATION ...]`, as in Databricks.
///
/// As with CHECK, a row violates the expectation where the condition is false; NULL passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The constraint.
    pub name: String,
    /// What each row must satisfy, over the output columns.
    pub condition: Expr,
    /// What becomes of a row that does not.
    pub on_violation: OnViolation,
}

impl OnViolation {
    /// What is done, as the journal tells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::DropRow => "drop row",
            Self::FailUpdate => "fail update",
        }
    }
}

/// What becomes of a row that violates an expectation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnViolation {
    /// The row stays; the violation is counted.
    #[default]
    Keep,
    /// The row goes to `tributary.rejected_rows`.
    DropRow,
    /// The refresh fails.
    FailUpdate,
}

impl CreateMaterializedView {
    /// Parses the statement after `CREATE [OR REPLACE]`.
    pub(super) fn parse(parser: &mut Parser, or_replace: bool) -> Parsed<Self> {
        parser.expect_words(&["MATERIALIZED", "VIEW"])?;
        let if_not_exists = parser.take_if_not_exists(or_replace)?;
        let name = parser.object_name()?;
        let (columns, expectations) = parse_list(parser)?;
        if parser.peek_word(0).as_deref() == Some("COMMENT") {
            return Err(parser.error_here(
                Error::unsupported("COMMENT within CREATE MATERIALIZED VIEW")
                    .with_hint("Write COMMENT ON MATERIALIZED VIEW after it."),
            ));
        }
        storage_clauses::parse_method(parser)?;
        let options = Options::parse_with(parser)?;
        storage_clauses::parse_tablespace(parser)?;
        parser.expect_words(&["AS"])?;
        let query = query::parse(parser)?;
        let with_data = if parser.take_words(&["WITH", "NO", "DATA"]) {
            false
        } else {
            let _ = parser.take_words(&["WITH", "DATA"]);
            true
        };
        Ok(Self {
            name,
            columns,
            expectations,
            options,
            query,
            with_data,
            if_not_exists,
            or_replace,
        })
    }
}

/// `(column, ..., CONSTRAINT name EXPECT (...), ...)` in any order, or nothing.
fn parse_list(parser: &mut Parser) -> Parsed<(Vec<String>, Vec<Expectation>)> {
    let mut columns = Vec::new();
    let mut expectations: Vec<Expectation> = Vec::new();
    let place = parser.error_here(Error::internal(""));
    if !parser.consume_token(&Token::LParen) {
        return Ok((columns, expectations));
    }
    loop {
        if parser.peek_word(0).as_deref() == Some("CONSTRAINT") {
            let expectation = Expectation::parse(parser)?;
            let name = &expectation.name;
            if expectations.iter().any(|other| other.name == *name) {
                return Err(parser.error_here(Error::new(
                    SqlState::DUPLICATE_OBJECT,
                    format!("constraint \"{name}\" is given twice"),
                )));
            }
            expectations.push(expectation);
        } else {
            columns.push(parser.identifier()?);
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    no_duplicates(&columns).map_err(|error| place.with_error(error))?;
    Ok((columns, expectations))
}

impl Expectation {
    fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["CONSTRAINT"])?;
        let name = parser.identifier()?;
        if parser.peek_word(0).as_deref() == Some("CHECK") {
            return Err(parser.error_here(
                Error::unsupported("CHECK of a materialized view")
                    .with_hint("Write EXPECT (condition) ON VIOLATION FAIL UPDATE."),
            ));
        }
        parser.expect_words(&["EXPECT"])?;
        parser.expect_token(&Token::LParen)?;
        let place = parser.peek_token_ref().span.start;
        let condition = parser.parse_expr()?;
        query::check_expression(&condition, place)?;
        parser.expect_token(&Token::RParen)?;
        let on_violation = if !parser.take_words(&["ON", "VIOLATION"]) {
            OnViolation::Keep
        } else if parser.take_words(&["DROP", "ROW"]) {
            OnViolation::DropRow
        } else if parser.take_words(&["FAIL", "UPDATE"]) {
            OnViolation::FailUpdate
        } else {
            return parser.fail("DROP ROW or FAIL UPDATE");
        };
        Ok(Self {
            name,
            condition,
            on_violation,
        })
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Quoted(&self.name);
        write!(f, "CONSTRAINT {name} EXPECT ({})", Shown(&self.condition))?;
        f.write_str(match self.on_violation {
            OnViolation::Keep => "",
            OnViolation::DropRow => " ON VIOLATION DROP ROW",
            OnViolation::FailUpdate => " ON VIOLATION FAIL UPDATE",
        })
    }
}

impl fmt::Display for CreateMaterializedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = "MATERIALIZED VIEW";
        write_create(f, self.or_replace, kind, self.if_not_exists, &self.name)?;
        let columns = self.columns.iter().map(|name| Quoted(name).to_string());
        let expectations = self.expectations.iter().map(ToString::to_string);
        let list: Vec<String> = columns.chain(expectations).collect();
        if !list.is_empty() {
            write!(f, " ({})", list.join(", "))?;
        }
        self.options.write_with(f)?;
        write!(f, " AS {}", Shown(self.query.as_ref()))?;
        if self.with_data {
            Ok(())
        } else {
            f.write_str(" WITH NO DATA")
        }
    }
}
