//! The columns that `CREATE TABLE` and `CREATE EXTERNAL TABLE` declare.

use std::fmt;

use datafusion::sql::sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, NullsDistinctOption,
};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::constraint::{Constraint, Declared};
use super::cursor::{Failure, Parsed, Parser, fold, no_duplicates};
use super::generated;
use super::identity;
use super::like::{Like, Likes};
use super::storage_clauses;
use super::written_types;
use crate::error::{Error, SqlState};

/// What stands between the parentheses.
pub(super) enum Columns {
    /// Names with types, constraints in their order, and relations whose columns come with them.
    Declared(Vec<ColumnDef>, Vec<Declared>, Vec<Like>),
    /// Names alone.
    Named(Vec<String>),
}

/// Parses `(name type [NOT NULL] ..., constraint, ...)` or `(name, ...)`.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Columns> {
    let place = parser.peek_token_ref().span.start;
    parser.expect_token(&Token::LParen)?;
    let mut declared = Vec::new();
    let mut names = Vec::new();
    let mut constraints = Vec::new();
    let mut likes = Vec::new();
    loop {
        if parser.peek_word(0).as_deref() == Some("LIKE") {
            if declared.len() < names.len() {
                return parser.fail("a name without a type, as before");
            }
            likes.push(Like::parse(parser, declared.len())?);
            if !parser.consume_token(&Token::Comma) {
                break;
            }
            continue;
        }
        if let Some(constraint) = Declared::parse(parser)? {
            constraints.push(constraint);
            if !parser.consume_token(&Token::Comma) {
                break;
            }
            continue;
        }
        let alone = matches!(
            parser.peek_nth_token_ref(1).token,
            Token::Comma | Token::RParen
        );
        if alone {
            if !declared.is_empty() || !likes.is_empty() {
                parser.advance_token();
                return parser.fail("a data type");
            }
            names.push(parser.identifier()?);
        } else {
            let (column, own) = parse_column(parser)?;
            constraints.extend(own);
            if declared.len() < names.len() {
                return parser.fail("a name without a type, as before");
            }
            names.push(column.name.value.clone());
            declared.push(column);
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    no_duplicates(&names).map_err(|error| Failure::Told(error, Some(place)))?;
    Ok(if declared.is_empty() && likes.is_empty() {
        Columns::Named(names)
    } else {
        Columns::Declared(declared, constraints, likes)
    })
}

/// Parses a column and what is declared with it.
pub(super) fn parse_column(parser: &mut Parser) -> Parsed<(ColumnDef, Vec<Declared>)> {
    let place = parser.peek_token_ref().span.start;
    let mut column = parser.parse_column_def()?;
    written_types::as_meant(&mut column.data_type);
    parse_key_clauses(parser, &mut column)?;
    let told = |error| Failure::Told(error, Some(place));
    column.name.value = fold(column.name.value, column.name.quote_style);
    generated::check(&column).map_err(told)?;
    identity::complete(&mut column).map_err(told)?;
    let constraints = Declared::of_column(&mut column).map_err(told)?;
    Ok((column, constraints))
}

/// `NULLS [NOT] DISTINCT` of a column's `UNIQUE`, and how the index of its key is stored, at which sqlparser
/// stops, and what comes behind them.
fn parse_key_clauses(parser: &mut Parser, column: &mut ColumnDef) -> Parsed<()> {
    while matches!(
        parser.peek_word(0).as_deref(),
        Some("NULLS" | "WITH" | "USING")
    ) && let Some(ColumnOptionDef {
        option: key @ (ColumnOption::Unique(_) | ColumnOption::PrimaryKey(_)),
        ..
    }) = column.options.last_mut()
    {
        if let ColumnOption::Unique(unique) = key
            && parser.take_word("NULLS")
        {
            unique.nulls_distinct = match parser.take_word("NOT") {
                true => NullsDistinctOption::NotDistinct,
                false => NullsDistinctOption::Distinct,
            };
            parser.expect_words(&["DISTINCT"])?;
        }
        storage_clauses::parse_index_clauses(parser)?;
        if matches!(
            parser.peek_word(0).as_deref(),
            Some("NULLS" | "WITH" | "USING")
        ) {
            return parser.fail("another property of the column");
        }
        loop {
            let name = match parser.take_word("CONSTRAINT") {
                true => Some(parser.parse_identifier()?),
                false => None,
            };
            match parser.parse_optional_column_option()? {
                Some(option) => column.options.push(ColumnOptionDef { name, option }),
                None if name.is_some() => return parser.fail("a constraint"),
                None => break,
            }
        }
    }
    Ok(())
}

/// Writes ` (name type, ..., constraint, ...)`, or nothing.
pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    columns: &[ColumnDef],
    constraints: &[Constraint],
) -> fmt::Result {
    for (index, column) in columns.iter().enumerate() {
        let separator = if index == 0 { " (" } else { ", " };
        write!(f, "{separator}{column}")?;
    }
    for constraint in constraints {
        write!(f, ", {constraint}")?;
    }
    if columns.is_empty() {
        Ok(())
    } else {
        f.write_str(")")
    }
}

/// Writes ` (name type, LIKE table, ..., constraint, ...)`.
pub(super) fn write_likes(
    f: &mut fmt::Formatter<'_>,
    columns: &[ColumnDef],
    likes: &Likes,
) -> fmt::Result {
    let mut items = Vec::new();
    let mut tables = likes.tables.iter().peekable();
    for place in 0..=columns.len() {
        while let Some(like) = tables.next_if(|like| like.place <= place) {
            items.push(like.to_string());
        }
        items.extend(columns.get(place).map(ToString::to_string));
    }
    items.extend(likes.declared.iter().map(ToString::to_string));
    write!(f, " ({})", items.join(", "))
}

/// That names alone are not enough here.
pub(super) fn missing_types(names: &[String]) -> Error {
    let name = names.first().map_or("", String::as_str);
    Error::new(
        SqlState::SYNTAX_ERROR,
        format!("column \"{name}\" has no data type"),
    )
    .with_hint("Only a table made by AS query takes the types of its columns from the query.")
}
