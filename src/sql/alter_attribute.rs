//! What `ALTER TYPE` says of the attributes of a composite type: `ADD ATTRIBUTE name type`,
//! `DROP ATTRIBUTE [IF EXISTS] name`, `ALTER ATTRIBUTE name [SET DATA] TYPE type`,
//! `RENAME ATTRIBUTE name TO name`. `CASCADE` and `RESTRICT` are of tables that are declared `OF` a type,
//! which there are none of.

use std::fmt;

use datafusion::sql::sqlparser::ast::{ColumnDef, DataType};

use super::alter::{renamed, take_behavior};
use super::create_composite::attribute;
use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// What becomes of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeChange {
    /// The type has it from now on.
    Add(Box<ColumnDef>),
    /// The type has it no more.
    Drop {
        /// The attribute.
        name: String,
        /// Whether a missing one is fine.
        if_exists: bool,
    },
    /// It gets another type.
    SetType {
        /// The attribute.
        name: String,
        /// Its new type.
        data_type: Box<DataType>,
    },
    /// It gets another name.
    Rename(String, String),
}

impl AttributeChange {
    /// Parses the change; none where it is none of an attribute.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Option<Self>> {
        let change = if parser.take_words(&["ADD", "ATTRIBUTE"]) {
            Self::Add(Box::new(attribute(parser)?))
        } else if parser.take_words(&["DROP", "ATTRIBUTE"]) {
            let if_exists = parser.take_words(&["IF", "EXISTS"]);
            let name = parser.identifier()?;
            Self::Drop { name, if_exists }
        } else if parser.take_words(&["ALTER", "ATTRIBUTE"]) {
            let name = parser.identifier()?;
            let _ = parser.take_words(&["SET", "DATA"]);
            parser.expect_words(&["TYPE"])?;
            let data_type = Box::new(parser.data_type()?);
            Self::SetType { name, data_type }
        } else if parser.take_words(&["RENAME", "ATTRIBUTE"]) {
            let (old, new) = renamed(parser)?;
            Self::Rename(old, new)
        } else {
            return Ok(None);
        };
        take_behavior(parser);
        Ok(Some(change))
    }
}

impl fmt::Display for AttributeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(attribute) => write!(f, "ADD ATTRIBUTE {attribute}"),
            Self::Drop { name, if_exists } => {
                let if_exists = if *if_exists { "IF EXISTS " } else { "" };
                write!(f, "DROP ATTRIBUTE {if_exists}{}", Quoted(name))
            }
            Self::SetType { name, data_type } => {
                write!(f, "ALTER ATTRIBUTE {} TYPE {data_type}", Quoted(name))
            }
            Self::Rename(old, new) => {
                write!(f, "RENAME ATTRIBUTE {} TO {}", Quoted(old), Quoted(new))
            }
        }
    }
}
