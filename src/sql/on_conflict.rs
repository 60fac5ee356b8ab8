//! `ON CONFLICT [(column | (expression), ...) [WHERE ...] | ON CONSTRAINT name] DO NOTHING | DO UPDATE SET ...
//! [WHERE ...]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{Expr, Ident};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::assignment::{self, Assignment};
use super::cursor::{Parsed, Parser, fold};
use super::delete::{condition, write_condition};
use super::name::{Quoted, write_columns};
use super::shown::Shown;
use crate::error::{Error, SqlState};

/// The clause.
#[derive(Clone, Debug, PartialEq)]
pub struct OnConflict {
    /// Which key conflicts.
    pub key: ConflictKey,
    /// The condition of rows that an index of that key has to be of. It is of all rows here.
    pub rows: Option<Box<Expr>>,
    /// What happens then; `None` for nothing.
    pub update: Option<ConflictUpdate>,
}

/// Which key conflicts.
#[derive(Clone, Debug, PartialEq)]
pub enum ConflictKey {
    /// Any of the table's.
    Any,
    /// The one of these columns, each named once.
    Columns(Vec<String>),
    /// One of columns and expressions. No key is of an expression.
    Expressions(Vec<Expr>),
    /// The one of this name.
    Constraint(String),
}

/// What becomes of a row that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictUpdate {
    /// The new values.
    pub assignments: Vec<Assignment>,
    /// Which rows change.
    pub condition: Option<Expr>,
}

impl OnConflict {
    /// Parses the clause, where it is there; `table` is what expressions call the table.
    pub(super) fn parse(parser: &mut Parser, table: &str) -> Parsed<Option<Self>> {
        if !parser.take_words(&["ON", "CONFLICT"]) {
            return Ok(None);
        }
        let place = parser.error_here(Error::internal(""));
        let key = if parser.take_words(&["ON", "CONSTRAINT"]) {
            ConflictKey::Constraint(parser.identifier()?)
        } else if parser.consume_token(&Token::LParen) {
            parse_target(parser)?
        } else {
            ConflictKey::Any
        };
        let rows = match key {
            ConflictKey::Columns(_) | ConflictKey::Expressions(_) => {
                condition(parser)?.map(Box::new)
            }
            ConflictKey::Any | ConflictKey::Constraint(_) => None,
        };
        parser.expect_words(&["DO"])?;
        if parser.take_word("NOTHING") {
            return Ok(Some(Self {
                key,
                rows,
                update: None,
            }));
        }
        parser.expect_words(&["UPDATE", "SET"])?;
        if key == ConflictKey::Any {
            return Err(place.with_error(
                Error::new(
                    SqlState::SYNTAX_ERROR,
                    "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                )
                .with_hint("For example, ON CONFLICT (column_name)."),
            ));
        }
        let update = ConflictUpdate {
            assignments: assignment::parse(parser, table)?,
            condition: condition(parser)?,
        };
        Ok(Some(Self {
            key,
            rows,
            update: Some(update),
        }))
    }
}

/// The columns and expressions of a key, behind `(`.
fn parse_target(parser: &mut Parser) -> Parsed<ConflictKey> {
    let mut columns: Vec<String> = Vec::new();
    let mut all = Vec::new();
    loop {
        let value = parse_key(parser)?;
        if let Expr::Identifier(name) = &value
            && !columns.contains(&name.value)
        {
            columns.push(name.value.clone());
        }
        all.push(value);
        if !parser.consume_token(&Token::Comma) {
            parser.expect_token(&Token::RParen)?;
            break;
        }
    }
    let is_column = |value: &Expr| matches!(value, Expr::Identifier(_));
    Ok(match all.iter().all(is_column) {
        true => ConflictKey::Columns(columns),
        false => ConflictKey::Expressions(all),
    })
}

/// A column, or an expression without the parentheses around it.
fn parse_key(parser: &mut Parser) -> Parsed<Expr> {
    // A word that begins an expression, such as `interval`, is a column's name here.
    let next = &parser.peek_nth_token_ref(1).token;
    if matches!(next, Token::Comma | Token::RParen) {
        let name = parser.identifier()?;
        return Ok(Expr::Identifier(Ident::with_quote('"', name)));
    }
    let mut value = parser.parse_expr()?;
    if !matches!(
        value,
        Expr::Nested(_) | Expr::Function(_) | Expr::Collate { .. }
    ) {
        return parser.fail("a column, or an expression in parentheses");
    }
    while let Expr::Nested(inner) = value {
        value = *inner;
    }
    Ok(match value {
        Expr::Identifier(name) => {
            let name = fold(name.value, name.quote_style);
            Expr::Identifier(Ident::with_quote('"', name))
        }
        other => other,
    })
}

impl fmt::Display for OnConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(" ON CONFLICT")?;
        match &self.key {
            ConflictKey::Any => {}
            ConflictKey::Columns(columns) => write_columns(f, columns)?,
            ConflictKey::Expressions(all) => {
                for (place, value) in all.iter().enumerate() {
                    f.write_str(if place == 0 { " (" } else { ", " })?;
                    match value {
                        Expr::Identifier(name) => write!(f, "{}", Quoted(&name.value))?,
                        value => write!(f, "({})", Shown(value))?,
                    }
                }
                f.write_str(")")?;
            }
            ConflictKey::Constraint(name) => write!(f, " ON CONSTRAINT {}", Quoted(name))?,
        }
        write_condition(f, self.rows.as_deref())?;
        let Some(update) = &self.update else {
            return f.write_str(" DO NOTHING");
        };
        f.write_str(" DO UPDATE SET ")?;
        assignment::write(f, &update.assignments)?;
        write_condition(f, update.condition.as_ref())
    }
}
