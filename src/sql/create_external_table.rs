//! `CREATE [OR REPLACE] EXTERNAL TABLE [IF NOT EXISTS] name [(columns)] STORED AS format
//! LOCATION 'url' [OPTIONS (key 'value', ...)]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::ColumnDef;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::Options;
use super::columns::{self, Columns};
use super::constraint;
use super::cursor::{Parsed, Parser};
use super::generated;
use super::identity;
use super::name::{ObjectName, Quoted, write_create};
use super::options::Literal;
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateExternalTable {
    /// The table.
    pub name: ObjectName,
    /// Declared columns; empty where the schema is inferred.
    pub columns: Vec<ColumnDef>,
    /// The format or system, in upper case: `CSV`, `JSON`, `PARQUET`, `ARROW`, `AVRO`.
    pub format: String,
    /// A path, folder, glob or URL.
    pub location: String,
    /// What the source is told.
    pub options: Options,
    /// Whether an existing table is fine.
    pub if_not_exists: bool,
    /// Whether an existing table is replaced.
    pub or_replace: bool,
}

impl CreateExternalTable {
    /// Parses the statement after `CREATE [OR REPLACE]`; its clauses come in any order.
    pub(super) fn parse(parser: &mut Parser, or_replace: bool) -> Parsed<Self> {
        parser.expect_words(&["EXTERNAL", "TABLE"])?;
        let if_not_exists = parser.take_if_not_exists(or_replace)?;
        let name = parser.object_name()?;
        let columns = parse_columns(parser)?;
        let (mut format, mut location, mut options) = (None, None, None);
        while !parser.at_end() {
            if format.is_none() && parser.take_words(&["STORED", "AS"]) {
                format = Some(parser.identifier()?.to_uppercase());
            } else if location.is_none() && parser.take_word("LOCATION") {
                location = Some(parser.string()?);
            } else if options.is_none() && parser.take_word("OPTIONS") {
                options = Some(Options::parse(parser)?);
            } else {
                let word = parser.peek_word(0).unwrap_or_default();
                if matches!(
                    word.as_str(),
                    "PARTITIONED" | "WITH" | "COMPRESSION" | "DELIMITER" | "UNBOUNDED" | "COMMENT"
                ) {
                    let error = Error::unsupported(format_args!("{word} of an external table"))
                        .with_hint("What a source is told stands in OPTIONS (name 'value', ...).");
                    return Err(parser.error_here(error));
                }
                return parser.fail("STORED AS, LOCATION or OPTIONS, each once");
            }
        }
        let missing = |clause: &str, hint: &str| {
            parser.error_here(
                Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("external table {name} has no {clause}"),
                )
                .with_hint(hint),
            )
        };
        let format = format.ok_or_else(|| missing("format", "Add STORED AS CSV, for example."))?;
        let location =
            location.ok_or_else(|| missing("location", "Add LOCATION 'path or URL'."))?;
        Ok(Self {
            name,
            columns,
            format,
            location,
            options: options.unwrap_or_default(),
            if_not_exists,
            or_replace,
        })
    }
}

fn parse_columns(parser: &mut Parser) -> Parsed<Vec<ColumnDef>> {
    if parser.peek_token_ref().token != Token::LParen {
        return Ok(Vec::new());
    }
    let place = parser.error_here(Error::internal(""));
    match columns::parse(parser)? {
        Columns::Declared(_, _, likes) if !likes.is_empty() => {
            Err(place.with_error(Error::unsupported("LIKE of an external table")))
        }
        Columns::Declared(columns, constraints, _) => {
            let has_default = columns.iter().any(|column| {
                let name = &column.name.value;
                constraint::default_of(&columns, name).is_some()
                    || identity::of_column(&columns, name).is_some()
                    || generated::expression_of(&columns, name).is_some()
            });
            let what = match (constraints.is_empty(), has_default) {
                (true, false) => return Ok(columns),
                (_, true) => "DEFAULT",
                (false, _) => "this constraint",
            };
            Err(place.with_error(Error::unsupported(format!("{what} of an external table"))))
        }
        Columns::Named(names) => Err(parser.error_here(columns::missing_types(&names))),
    }
}

impl fmt::Display for CreateExternalTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = "EXTERNAL TABLE";
        write_create(f, self.or_replace, kind, self.if_not_exists, &self.name)?;
        columns::write(f, &self.columns, &[])?;
        let lower = self.format.to_lowercase();
        match Quoted(&lower).to_string() {
            plain if plain == lower => write!(f, " STORED AS {}", self.format)?,
            _ => write!(f, " STORED AS \"{}\"", self.format.replace('"', "\"\""))?,
        }
        write!(f, " LOCATION {}", Literal(&self.location))?;
        self.options.write_options(f)
    }
}
