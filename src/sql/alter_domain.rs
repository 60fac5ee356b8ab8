//! `ALTER DOMAIN name SET DEFAULT value | DROP DEFAULT | SET NOT NULL | DROP NOT NULL
//! | ADD [CONSTRAINT name] CHECK (condition) [NOT VALID] | VALIDATE CONSTRAINT name
//! | DROP CONSTRAINT [IF EXISTS] name | RENAME CONSTRAINT name TO name`, and what `ALTER` does with other
//! objects, too: `RENAME TO name`, `OWNER TO role`, `SET SCHEMA schema`.

use std::fmt;

use datafusion::sql::sqlparser::ast::Expr;

use super::create_domain::DeclaredCheck;
use super::cursor::{Parsed, Parser};
use super::name::Quoted;
use super::shown::Shown;

/// What becomes of a domain.
#[derive(Clone, Debug, PartialEq)]
pub enum DomainChange {
    /// Another default, or none.
    SetDefault(Option<Box<Expr>>),
    /// Whether NULL is none of its values.
    SetNotNull(bool),
    /// One more condition.
    AddCheck(DeclaredCheck),
    /// One condition less.
    DropCheck {
        /// The condition.
        name: String,
        /// Whether a missing one is fine.
        if_exists: bool,
    },
    /// A condition gets another name.
    RenameCheck(String, String),
    /// The values of before satisfy a condition.
    ValidateCheck(String),
}

impl DomainChange {
    /// Parses an action.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        if parser.take_words(&["SET", "DEFAULT"]) {
            let value = parser.parse_expr()?;
            return Ok(Self::SetDefault(Some(Box::new(value))));
        }
        if parser.take_words(&["DROP", "DEFAULT"]) {
            return Ok(Self::SetDefault(None));
        }
        if parser.take_words(&["SET", "NOT", "NULL"]) {
            return Ok(Self::SetNotNull(true));
        }
        if parser.take_words(&["DROP", "NOT", "NULL"]) {
            return Ok(Self::SetNotNull(false));
        }
        if parser.take_word("ADD") {
            let name = match parser.take_word("CONSTRAINT") {
                true => Some(parser.identifier()?),
                false => None,
            };
            return match DeclaredCheck::parse(parser, name)? {
                Some(declared) => Ok(Self::AddCheck(declared)),
                None => parser.fail("CHECK"),
            };
        }
        if parser.take_words(&["DROP", "CONSTRAINT"]) {
            let if_exists = parser.take_words(&["IF", "EXISTS"]);
            let name = parser.identifier()?;
            let _ = parser.take_word("CASCADE") || parser.take_word("RESTRICT");
            return Ok(Self::DropCheck { name, if_exists });
        }
        if parser.take_words(&["RENAME", "CONSTRAINT"]) {
            let old = parser.identifier()?;
            parser.expect_words(&["TO"])?;
            return Ok(Self::RenameCheck(old, parser.identifier()?));
        }
        if parser.take_words(&["VALIDATE", "CONSTRAINT"]) {
            return parser.identifier().map(Self::ValidateCheck);
        }
        parser.fail("an action of ALTER DOMAIN")
    }
}

impl fmt::Display for DomainChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetDefault(Some(value)) => write!(f, "SET DEFAULT {}", Shown(value.as_ref())),
            Self::SetDefault(None) => f.write_str("DROP DEFAULT"),
            Self::SetNotNull(true) => f.write_str("SET NOT NULL"),
            Self::SetNotNull(false) => f.write_str("DROP NOT NULL"),
            Self::AddCheck(declared) => write!(f, "ADD {declared}"),
            Self::DropCheck { name, if_exists } => {
                let if_exists = if *if_exists { "IF EXISTS " } else { "" };
                write!(f, "DROP CONSTRAINT {if_exists}{}", Quoted(name))
            }
            Self::RenameCheck(old, new) => {
                write!(f, "RENAME CONSTRAINT {} TO {}", Quoted(old), Quoted(new))
            }
            Self::ValidateCheck(name) => write!(f, "VALIDATE CONSTRAINT {}", Quoted(name)),
        }
    }
}
