//! `CREATE TYPE name AS (attribute type [COLLATE collation] [, ...])`. Rows of the type are ordered by their
//! attributes, one after the other; what is NULL comes last, and equals NULL. The rows of a table or a view are of a
//! type of its name, too, which casts and functions can name, and columns of tables cannot be of.

use std::fmt;

use datafusion::sql::sqlparser::ast::ColumnDef;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::create_type::{CreateType, number};
use super::cursor::{Failure, Parsed, Parser, fold, no_duplicates};
use super::name::ObjectName;
use super::{Statement, collation};
use crate::error::Error;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateComposite {
    /// The type.
    pub name: ObjectName,
    /// Its attributes, in their order: columns of which nothing but their types is said.
    pub attributes: Vec<ColumnDef>,
    /// The number of the type of its arrays, once it has one: one that fits the integers by which some
    /// clients know types.
    pub array_oid: u32,
}

/// Parses `CREATE TYPE` after `CREATE`, of a composite type or of an enum.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Statement> {
    parser.expect_words(&["TYPE"])?;
    let name = parser.object_name()?;
    if parser.take_words(&["AS", "ENUM"]) {
        return CreateType::parse(parser, name).map(Statement::CreateType);
    }
    let is_composite = parser.peek_nth_token_ref(1).token == Token::LParen;
    if is_composite && parser.take_word("AS") {
        return CreateComposite::parse(parser, name).map(Statement::CreateComposite);
    }
    let hint = "Types are enums and composite ones here: CREATE TYPE name AS ENUM ('label', ...) and \
                CREATE TYPE name AS (attribute type, ...).";
    let error = Error::unsupported("a type that is neither an enum nor a composite one");
    Err(parser.error_here(error.with_hint(hint)))
}

impl CreateComposite {
    /// Parses the attributes.
    fn parse(parser: &mut Parser, name: ObjectName) -> Parsed<Self> {
        let place = parser.peek_token_ref().span.start;
        let told = |error| Failure::Told(error, Some(place));
        parser.expect_token(&Token::LParen)?;
        let mut attributes = Vec::new();
        while parser.peek_token_ref().token != Token::RParen || !attributes.is_empty() {
            attributes.push(attribute(parser)?);
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect_token(&Token::RParen)?;
        if attributes.is_empty() {
            return Err(told(Error::unsupported("a type without attributes")));
        }
        let names = attributes.iter().map(|it| it.name.value.clone());
        no_duplicates(&names.collect::<Vec<_>>()).map_err(told)?;
        let array_oid = match parser.take_word("ARRAYS") {
            true => number(parser)?,
            false => 0,
        };
        Ok(Self {
            name,
            attributes,
            array_oid,
        })
    }
}

/// Parses an attribute.
pub(super) fn attribute(parser: &mut Parser) -> Parsed<ColumnDef> {
    let mut name = parser.parse_identifier()?;
    name.value = fold(name.value, name.quote_style);
    let data_type = parser.data_type()?;
    let place = parser.error_here(Error::internal(""));
    if parser.take_word("COLLATE") {
        let collation = parser.object_name()?;
        let checked = collation::check(&collation, &data_type);
        checked.map_err(|error| place.with_error(error))?;
    }
    Ok(ColumnDef {
        name,
        data_type,
        options: Vec::new(),
    })
}

impl fmt::Display for CreateComposite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CREATE TYPE {} AS (", self.name)?;
        for (index, attribute) in self.attributes.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{attribute}")?;
        }
        f.write_str(")")?;
        match self.array_oid {
            0 => Ok(()),
            oid => write!(f, " ARRAYS {oid}"),
        }
    }
}
