//! The columns that `CREATE TABLE` and `CREATE EXTERNAL TABLE` declare.

use std::fmt;

use datafusion::sql::sqlparser::ast::{ColumnDef, ColumnOption};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Failure, Parsed, Parser, fold, no_duplicates};
use crate::error::{Error, SqlState};

/// What stands between the parentheses.
pub(super) enum Columns {
    /// Names with types.
    Declared(Vec<ColumnDef>),
    /// Names alone.
    Named(Vec<String>),
}

/// Parses `(name type [NOT NULL], ...)` or `(name, ...)`.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Columns> {
    let place = parser.peek_token_ref().span.start;
    parser.expect_token(&Token::LParen)?;
    let mut declared = Vec::new();
    let mut names = Vec::new();
    loop {
        refuse_table_constraint(parser)?;
        let alone = matches!(
            parser.peek_nth_token_ref(1).token,
            Token::Comma | Token::RParen
        );
        if alone {
            if !declared.is_empty() {
                parser.advance_token();
                return parser.fail("a data type");
            }
            names.push(parser.identifier()?);
        } else {
            let column = parse_column(parser)?;
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
    Ok(if declared.is_empty() {
        Columns::Named(names)
    } else {
        Columns::Declared(declared)
    })
}

fn parse_column(parser: &mut Parser) -> Parsed<ColumnDef> {
    let place = parser.peek_token_ref().span.start;
    let mut column = parser.parse_column_def()?;
    column.name.value = fold(column.name.value, column.name.quote_style);
    column
        .options
        .retain(|option| option.option != ColumnOption::Null);
    for option in &mut column.options {
        let what = match option.option {
            ColumnOption::NotNull => {
                option.name = None;
                continue;
            }
            ColumnOption::Default(_) => "DEFAULT",
            ColumnOption::PrimaryKey(_) => "PRIMARY KEY",
            ColumnOption::Unique(_) => "UNIQUE",
            ColumnOption::Check(_) => "CHECK",
            ColumnOption::ForeignKey(_) => "REFERENCES",
            ColumnOption::Generated { .. } => "GENERATED",
            _ => "this constraint",
        };
        let error = Error::unsupported(format!("{what} of column \"{}\"", column.name.value));
        return Err(Failure::Told(error, Some(place)));
    }
    column.options.dedup();
    Ok(column)
}

fn refuse_table_constraint(parser: &Parser) -> Parsed<()> {
    let first = usize::from(parser.peek_word(0).as_deref() == Some("CONSTRAINT")) * 2;
    let second = parser.peek_word(first + 1);
    let what = match (parser.peek_word(first).as_deref(), second.as_deref()) {
        (Some("PRIMARY"), Some("KEY")) => "PRIMARY KEY",
        (Some("FOREIGN"), Some("KEY")) => "FOREIGN KEY",
        (Some("UNIQUE"), None | Some("NULLS")) => "UNIQUE",
        (Some("CHECK"), None) => "CHECK",
        (Some("EXCLUDE"), _) if first > 0 => "EXCLUDE",
        (Some("LIKE"), Some(_)) => "LIKE",
        _ if first > 0 => "this constraint",
        _ => return Ok(()),
    };
    parser.unsupported_here(format_args!("{what} of a table"))
}

/// Writes ` (name type, ...)`, or nothing.
pub(super) fn write(f: &mut fmt::Formatter<'_>, columns: &[ColumnDef]) -> fmt::Result {
    for (index, column) in columns.iter().enumerate() {
        let separator = if index == 0 { " (" } else { ", " };
        write!(f, "{separator}{column}")?;
    }
    if columns.is_empty() {
        Ok(())
    } else {
        f.write_str(")")
    }
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
