//! `COMMENT ON kind name | CONSTRAINT name ON [DOMAIN] name IS 'text' | NULL`.

use std::fmt;

use super::create_role::role_name;
use super::cursor::{Failure, Parsed, Parser, object_name_of};
use super::drop::DropKind;
use super::drop_function::FunctionName;
use super::name::{ObjectName, Quoted};
use super::options::Literal;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// What the comment is on.
    pub on: CommentOn,
    /// The comment; `None` takes it away.
    pub text: Option<String>,
}

/// What a comment can be on.
#[derive(Clone, Debug, PartialEq)]
pub enum CommentOn {
    /// A schema.
    Schema(String),
    /// A relation or check; the kind written must be the object's.
    Object(DropKind, ObjectName),
    /// A constraint of a table.
    Constraint(String, ObjectName),
    /// A condition of a domain.
    DomainConstraint(String, ObjectName),
    /// A database.
    Database(String),
    /// An index.
    Index(ObjectName),
    /// A column of a relation, or an attribute of a composite type.
    Column(ObjectName, String),
    /// A function.
    Function(FunctionName),
    /// A role.
    Role(String),
    /// An extension.
    Extension(String),
}

impl Comment {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["COMMENT", "ON"])?;
        let on = if parser.take_word("COLUMN") {
            let place = parser.peek_token_ref().span.start;
            let mut parts = parser.name_parts()?;
            let column = parts.pop().unwrap_or_default();
            if parts.is_empty() {
                return parser.fail("a relation's name before the column's");
            }
            let relation =
                object_name_of(parts).map_err(|error| Failure::Told(error, Some(place)))?;
            CommentOn::Column(relation, column)
        } else if parser.take_word("CONSTRAINT") {
            let name = parser.identifier()?;
            parser.expect_words(&["ON"])?;
            // A table may have that name.
            let is_domain = parser.peek_word(1).as_deref() != Some("IS");
            match is_domain && parser.take_word("DOMAIN") {
                true => CommentOn::DomainConstraint(name, parser.object_name()?),
                false => CommentOn::Constraint(name, parser.object_name()?),
            }
        } else if parser.take_word("DATABASE") {
            CommentOn::Database(parser.identifier()?)
        } else if parser.take_word("FUNCTION") {
            CommentOn::Function(FunctionName::parse(parser)?)
        } else if parser.take_word("EXTENSION") {
            CommentOn::Extension(parser.identifier()?)
        } else if parser.take_word("ROLE") {
            CommentOn::Role(role_name(parser)?)
        } else {
            match DropKind::parse(parser, "COMMENT ON")? {
                DropKind::Schema => CommentOn::Schema(parser.schema_name()?),
                DropKind::Index => CommentOn::Index(parser.object_name()?),
                kind => CommentOn::Object(kind, parser.object_name()?),
            }
        };
        parser.expect_words(&["IS"])?;
        let text = if parser.take_word("NULL") {
            None
        } else {
            Some(parser.string()?)
        };
        Ok(Self { on, text })
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("COMMENT ON ")?;
        match &self.on {
            CommentOn::Schema(name) => write!(f, "SCHEMA {}", Quoted(name))?,
            CommentOn::Object(kind, name) => write!(f, "{kind} {name}")?,
            CommentOn::Constraint(name, table) => {
                write!(f, "CONSTRAINT {} ON {table}", Quoted(name))?;
            }
            CommentOn::DomainConstraint(name, domain) => {
                write!(f, "CONSTRAINT {} ON DOMAIN {domain}", Quoted(name))?;
            }
            CommentOn::Database(name) => write!(f, "DATABASE {}", Quoted(name))?,
            CommentOn::Index(name) => write!(f, "INDEX {name}")?,
            CommentOn::Function(name) => write!(f, "FUNCTION {name}")?,
            CommentOn::Role(name) => write!(f, "ROLE {}", Quoted(name))?,
            CommentOn::Extension(name) => write!(f, "EXTENSION {}", Quoted(name))?,
            CommentOn::Column(relation, column) => {
                write!(f, "COLUMN {relation}.{}", Quoted(column))?;
            }
        }
        match &self.text {
            Some(text) => write!(f, " IS {}", Literal(text)),
            None => f.write_str(" IS NULL"),
        }
    }
}
