//! `ALTER TABLE | VIEW | MATERIALIZED VIEW | DYNAMIC TABLE | MODEL | EXTERNAL TABLE | SCHEMA | SEQUENCE | TYPE | DOMAIN | INDEX [IF EXISTS] [ONLY] name action [, ...]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{ColumnDef, DataType, Expr};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::alter_attribute::AttributeChange;
use super::alter_domain::DomainChange;
use super::alter_identity::IdentityChange;
use super::collation;
use super::column_storage::ColumnStorage;
use super::columns::parse_column;
use super::constraint::{Declared, DeclaredList};
use super::create_sequence::{SequenceOptions, number};
use super::create_type::Place;
use super::cursor::{Parsed, Parser};
use super::drop::DropKind;
use super::foreign_key::Timing;
use super::name::{ObjectName, Quoted};
use super::options::{Literal, Options};
use super::shown::Shown;
use super::storage_clauses;
use crate::error::Error;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Alter {
    /// What kind of object.
    pub kind: DropKind,
    /// The object; a schema is a name without one.
    pub name: ObjectName,
    /// Whether a missing object is fine.
    pub if_exists: bool,
    /// What becomes of it, one after the other.
    pub actions: Vec<Action>,
}

/// Where a sequence goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Where it began.
    AtStart,
    /// With this number.
    With(i64),
}

/// What becomes of the object.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `RENAME TO`.
    RenameTo(String),
    /// `RENAME [COLUMN] old TO new`.
    RenameColumn(String, String),
    /// `RENAME CONSTRAINT old TO new`.
    RenameConstraint(String, String),
    /// `SET SCHEMA`.
    SetSchema(String),
    /// `OWNER TO`.
    OwnerTo(String),
    /// `ADD VALUE [IF NOT EXISTS] 'label' [BEFORE | AFTER 'label']`.
    AddValue {
        /// The label.
        label: String,
        /// Whether it may be there.
        if_not_exists: bool,
        /// Where it is put.
        place: Place,
    },
    /// `RENAME VALUE 'label' TO 'label'`.
    RenameValue(String, String),
    /// What becomes of an attribute of a composite type.
    Attribute(AttributeChange),
    /// What is said of a domain.
    Domain(DomainChange),
    /// What is said of the numbers of a sequence, and `RESTART [WITH n]`.
    Sequence(Box<SequenceOptions>, Option<Restart>),
    /// `SUSPEND`: the scheduler leaves a materialized view or model alone, or with `RESUME` no more.
    Suspend(bool),
    /// `REFRESH`: an external table gets the columns that its files have come to have.
    Refresh,
    /// One of those that say what is so of every table, such as `SET LOGGED`.
    Stays(&'static str),
    /// `SET (option = 'value', ...)` or, in Snowflake's words of what is refreshed,
    /// `SET option = 'value' ...`; of a model also `SET OPTIONS (...)`.
    SetOptions(Options),
    /// `RESET (option, ...)`.
    ResetOptions(Vec<String>),
    /// `ADD [COLUMN] [IF NOT EXISTS] name type ...`.
    AddColumn {
        /// The column.
        column: Box<ColumnDef>,
        /// What is declared with it.
        constraints: Vec<Declared>,
        /// Whether a column of that name is fine.
        if_not_exists: bool,
    },
    /// `DROP [COLUMN] [IF EXISTS] name [CASCADE]`.
    DropColumn {
        /// The column.
        name: String,
        /// Whether a missing one is fine.
        if_exists: bool,
        /// Whether what reads it goes too.
        cascade: bool,
    },
    /// `ALTER [COLUMN] name [SET DATA] TYPE type [USING value]`.
    SetType {
        /// The column.
        column: String,
        /// Its new type.
        data_type: Box<DataType>,
        /// How values are made of the old row.
        using: Option<Box<Expr>>,
    },
    /// `ALTER [COLUMN] name SET DEFAULT value`, or `DROP DEFAULT`.
    SetDefault(String, Option<Box<Expr>>),
    /// `ALTER [COLUMN] name DROP EXPRESSION [IF EXISTS]`: a column that was computed keeps its values.
    DropExpression {
        /// The column.
        column: String,
        /// Whether one that is not computed is fine.
        if_exists: bool,
    },
    /// `ALTER [COLUMN] name SET | DROP NOT NULL`.
    SetNotNull(String, bool),
    /// `ALTER [COLUMN] name` of the numbers that it gets.
    Identity(String, IdentityChange),
    /// `ALTER [COLUMN] name` of how it is kept.
    Storage(String, ColumnStorage),
    /// `ADD [CONSTRAINT name] ...`.
    AddConstraint(Declared),
    /// `VALIDATE CONSTRAINT name`.
    ValidateConstraint(String),
    /// `ALTER CONSTRAINT name [NOT] DEFERRABLE [INITIALLY DEFERRED | IMMEDIATE]`.
    AlterConstraint(String, Timing),
    /// `DROP CONSTRAINT [IF EXISTS] name [CASCADE]`.
    DropConstraint {
        /// The constraint.
        name: String,
        /// Whether a missing one is fine.
        if_exists: bool,
        /// Whether foreign keys that need it go too.
        cascade: bool,
    },
}

/// What is so of every table, and so is said of one without changing it.
const SO_ALREADY: [&str; 12] = [
    "SET LOGGED",
    "SET UNLOGGED",
    "SET WITHOUT OIDS",
    "SET WITHOUT CLUSTER",
    "SET TABLESPACE PG_DEFAULT",
    "SET ACCESS METHOD HEAP",
    "REPLICA IDENTITY DEFAULT",
    "DISABLE ROW LEVEL SECURITY",
    "NO FORCE ROW LEVEL SECURITY",
    "ENABLE TRIGGER ALL",
    "ENABLE TRIGGER USER",
    "DISABLE TRIGGER USER",
];

impl Alter {
    /// Whether it changes options of a model beside those that say when it is refreshed: its entities
    /// are made anew then.
    pub fn is_of_a_model(&self) -> bool {
        let is_other = |name: &str| !["target_lag", "schedule"].contains(&name);
        self.kind == DropKind::Model
            && self.actions.iter().any(|action| match action {
                Action::SetOptions(options) => options.0.iter().any(|(name, _)| is_other(name)),
                Action::ResetOptions(names) => names.iter().any(|name| is_other(name)),
                _ => false,
            })
    }

    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["ALTER"])?;
        // Snowflake's name of what is kept fresh.
        let kind = match parser.take_words(&["DYNAMIC", "TABLE"]) {
            true => DropKind::MaterializedView,
            false => DropKind::parse(parser, "ALTER")?,
        };
        let if_exists = kind != DropKind::Schema && parser.take_words(&["IF", "EXISTS"]);
        let _ = parser.take_word("ONLY");
        let name = match kind {
            DropKind::Schema => ObjectName {
                schema: None,
                name: parser.schema_name()?,
            },
            _ => parser.object_name()?,
        };
        let mut actions = vec![Action::parse(parser, kind)?];
        let has_several = matches!(kind, DropKind::Table | DropKind::Type);
        while has_several && parser.consume_token(&Token::Comma) {
            actions.push(Action::parse(parser, kind)?);
        }
        Ok(Self {
            kind,
            name,
            if_exists,
            actions,
        })
    }
}

impl Action {
    fn parse(parser: &mut Parser, kind: DropKind) -> Parsed<Self> {
        if parser.take_words(&["RENAME", "TO"]) {
            return parser.identifier().map(Self::RenameTo);
        }
        if parser.take_words(&["OWNER", "TO"]) {
            return parser.identifier().map(Self::OwnerTo);
        }
        if kind == DropKind::Schema {
            return parser.fail("RENAME TO or OWNER TO");
        }
        if matches!(kind, DropKind::MaterializedView | DropKind::Model) {
            if parser.take_word("SUSPEND") {
                return Ok(Self::Suspend(true));
            }
            if parser.take_word("RESUME") {
                return Ok(Self::Suspend(false));
            }
        }
        if kind == DropKind::ExternalTable && parser.take_word("REFRESH") {
            return Ok(Self::Refresh);
        }
        if parser.take_words(&["SET", "SCHEMA"]) {
            return parser.identifier().map(Self::SetSchema);
        }
        if kind == DropKind::Sequence {
            return Self::parse_sequence(parser);
        }
        if kind == DropKind::Type {
            return Self::parse_type(parser);
        }
        if kind == DropKind::Domain {
            return DomainChange::parse(parser).map(Self::Domain);
        }
        if matches!(kind, DropKind::MaterializedView | DropKind::Model) {
            if parser.take_word("SET") {
                let _ = kind == DropKind::Model && parser.take_word("OPTIONS");
                return Options::parse_set(parser).map(Self::SetOptions);
            }
            if parser.take_word("RESET") {
                return Self::parse_reset(parser);
            }
        }
        // What else may follow, as LOGGED or TABLESPACE, has no parentheses.
        if matches!(kind, DropKind::Table | DropKind::View | DropKind::Index) {
            if parser.peek_nth_token_ref(1).token == Token::LParen && parser.take_word("SET") {
                return Options::parse(parser).map(Self::SetOptions);
            }
            if parser.take_word("RESET") {
                return Self::parse_reset(parser);
            }
        }
        if parser.take_words(&["RENAME", "CONSTRAINT"]) {
            let (old, new) = renamed(parser)?;
            return Ok(Self::RenameConstraint(old, new));
        }
        if parser.take_word("RENAME") {
            let _ = parser.take_word("COLUMN");
            let (old, new) = renamed(parser)?;
            return Ok(Self::RenameColumn(old, new));
        }
        if kind == DropKind::Index
            && parser.peek_word(1).as_deref() == Some("TABLESPACE")
            && parser.take_word("SET")
        {
            storage_clauses::parse_tablespace(parser)?;
            return Ok(Self::Stays("SET TABLESPACE PG_DEFAULT"));
        }
        if kind != DropKind::Table {
            return parser.unsupported_here(format_args!("this action of ALTER {kind}"));
        }
        if parser.take_word("ADD") {
            return Self::parse_add(parser);
        }
        if parser.take_words(&["DROP", "CONSTRAINT"]) {
            let if_exists = parser.take_words(&["IF", "EXISTS"]);
            let name = parser.identifier()?;
            let cascade = take_behavior(parser);
            return Ok(Self::DropConstraint {
                name,
                if_exists,
                cascade,
            });
        }
        if parser.take_words(&["VALIDATE", "CONSTRAINT"]) {
            return parser.identifier().map(Self::ValidateConstraint);
        }
        if parser.take_words(&["ALTER", "CONSTRAINT"]) {
            let name = parser.identifier()?;
            return match Timing::parse(parser)? {
                Some(timing) => Ok(Self::AlterConstraint(name, timing)),
                None => parser.fail("DEFERRABLE or NOT DEFERRABLE"),
            };
        }
        if parser.take_word("DROP") {
            let _ = parser.take_word("COLUMN");
            let if_exists = parser.take_words(&["IF", "EXISTS"]);
            let name = parser.identifier()?;
            let cascade = take_behavior(parser);
            return Ok(Self::DropColumn {
                name,
                if_exists,
                cascade,
            });
        }
        if parser.take_word("ALTER") {
            return Self::parse_alter(parser);
        }
        for stated in SO_ALREADY {
            let words: Vec<&str> = stated.split(' ').collect();
            if parser.take_words(&words) {
                return Ok(Self::Stays(stated));
            }
        }
        match parser.peek_word(0) {
            Some(word) => parser.unsupported_here(format_args!("ALTER TABLE ... {word}")),
            None => parser.fail("an action"),
        }
    }

    fn parse_type(parser: &mut Parser) -> Parsed<Self> {
        if parser.take_words(&["RENAME", "VALUE"]) {
            let old = parser.string()?;
            parser.expect_words(&["TO"])?;
            return Ok(Self::RenameValue(old, parser.string()?));
        }
        if let Some(change) = AttributeChange::parse(parser)? {
            return Ok(Self::Attribute(change));
        }
        if !parser.take_words(&["ADD", "VALUE"]) {
            return parser.unsupported_here("this action of ALTER TYPE");
        }
        let if_not_exists = parser.take_words(&["IF", "NOT", "EXISTS"]);
        let label = parser.string()?;
        let place = if parser.take_word("BEFORE") {
            Place::Before(parser.string()?)
        } else if parser.take_word("AFTER") {
            Place::After(parser.string()?)
        } else {
            Place::Last
        };
        Ok(Self::AddValue {
            label,
            if_not_exists,
            place,
        })
    }

    fn parse_sequence(parser: &mut Parser) -> Parsed<Self> {
        let mut options = SequenceOptions::default();
        let mut restart = None;
        loop {
            if parser.take_word("RESTART") {
                let with = parser.take_word("WITH");
                restart = Some(match with || !parser.at_end() && !is_option(parser) {
                    true => Restart::With(number(parser)?),
                    false => Restart::AtStart,
                });
            } else if !options.parse_one(parser)? {
                break;
            }
        }
        match restart.is_none() && options == SequenceOptions::default() {
            true => parser.fail("an option of a sequence"),
            false => Ok(Self::Sequence(Box::new(options), restart)),
        }
    }

    fn parse_add(parser: &mut Parser) -> Parsed<Self> {
        if let Some(constraint) = Declared::parse(parser)? {
            return Ok(Self::AddConstraint(constraint));
        }
        let _ = parser.take_word("COLUMN");
        let if_not_exists = parser.take_words(&["IF", "NOT", "EXISTS"]);
        let (column, constraints) = parse_column(parser)?;
        Ok(Self::AddColumn {
            column: Box::new(column),
            constraints,
            if_not_exists,
        })
    }

    fn parse_reset(parser: &mut Parser) -> Parsed<Self> {
        let mut names = Vec::new();
        parser.expect_token(&Token::LParen)?;
        loop {
            let mut name = parser.identifier()?;
            while parser.consume_token(&Token::Period) {
                name.push('.');
                name.push_str(&parser.identifier()?);
            }
            names.push(name.to_lowercase());
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect_token(&Token::RParen)?;
        Ok(Self::ResetOptions(names))
    }

    fn parse_alter(parser: &mut Parser) -> Parsed<Self> {
        let _ = parser.take_word("COLUMN");
        let column = parser.identifier()?;
        if parser.take_words(&["SET", "DEFAULT"]) {
            let value = parser.parse_expr()?;
            return Ok(Self::SetDefault(column, Some(Box::new(value))));
        }
        if parser.take_words(&["DROP", "DEFAULT"]) {
            return Ok(Self::SetDefault(column, None));
        }
        if parser.take_words(&["DROP", "EXPRESSION"]) {
            let if_exists = parser.take_words(&["IF", "EXISTS"]);
            return Ok(Self::DropExpression { column, if_exists });
        }
        if parser.take_words(&["SET", "NOT", "NULL"]) {
            return Ok(Self::SetNotNull(column, true));
        }
        if parser.take_words(&["DROP", "NOT", "NULL"]) {
            return Ok(Self::SetNotNull(column, false));
        }
        if parser.take_words(&["SET", "DATA", "TYPE"]) || parser.take_word("TYPE") {
            let data_type = Box::new(parser.data_type()?);
            let place = parser.error_here(Error::internal(""));
            if parser.take_word("COLLATE") {
                let collation = parser.object_name()?;
                let checked = collation::check(&collation, &data_type);
                checked.map_err(|error| place.with_error(error))?;
            }
            let using = match parser.take_word("USING") {
                true => Some(Box::new(parser.parse_expr()?)),
                false => None,
            };
            return Ok(Self::SetType {
                column,
                data_type,
                using,
            });
        }
        if let Some(storage) = ColumnStorage::parse(parser)? {
            return Ok(Self::Storage(column, storage));
        }
        if let Some(change) = IdentityChange::parse(parser)? {
            return Ok(Self::Identity(column, change));
        }
        parser.unsupported_here("this action of ALTER COLUMN")
    }
}

/// Whether a word comes next, which a number is not.
fn is_option(parser: &Parser) -> bool {
    parser.peek_word(0).is_some()
}

/// Parses `old TO new`.
pub(super) fn renamed(parser: &mut Parser) -> Parsed<(String, String)> {
    let old = parser.identifier()?;
    parser.expect_words(&["TO"])?;
    Ok((old, parser.identifier()?))
}

/// Whether `CASCADE` was said.
pub(super) fn take_behavior(parser: &mut Parser) -> bool {
    let cascade = parser.take_word("CASCADE");
    let _ = !cascade && parser.take_word("RESTRICT");
    cascade
}

impl fmt::Display for Alter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "ALTER {} {if_exists}{}", self.kind, self.name)?;
        for (index, action) in self.actions.iter().enumerate() {
            let separator = if index == 0 { " " } else { ", " };
            write!(f, "{separator}{action}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exists = |is: &bool| if *is { "IF EXISTS " } else { "" };
        match self {
            Self::RenameTo(name) => write!(f, "RENAME TO {}", Quoted(name)),
            Self::RenameColumn(old, new) => {
                write!(f, "RENAME COLUMN {} TO {}", Quoted(old), Quoted(new))
            }
            Self::RenameConstraint(old, new) => {
                write!(f, "RENAME CONSTRAINT {} TO {}", Quoted(old), Quoted(new))
            }
            Self::SetSchema(name) => write!(f, "SET SCHEMA {}", Quoted(name)),
            Self::OwnerTo(name) => write!(f, "OWNER TO {}", Quoted(name)),
            Self::AddValue {
                label,
                if_not_exists,
                place,
            } => {
                let if_not_exists = if *if_not_exists { "IF NOT EXISTS " } else { "" };
                write!(f, "ADD VALUE {if_not_exists}{}", Literal(label))?;
                match place {
                    Place::Last => Ok(()),
                    Place::Before(neighbor) => write!(f, " BEFORE {}", Literal(neighbor)),
                    Place::After(neighbor) => write!(f, " AFTER {}", Literal(neighbor)),
                }
            }
            Self::RenameValue(old, new) => {
                write!(f, "RENAME VALUE {} TO {}", Literal(old), Literal(new))
            }
            Self::Attribute(change) => change.fmt(f),
            Self::Domain(change) => change.fmt(f),
            Self::Sequence(options, restart) => {
                let options = options.to_string();
                f.write_str(options.trim_start())?;
                let gap = if options.is_empty() { "" } else { " " };
                match restart {
                    Some(Restart::AtStart) => write!(f, "{gap}RESTART"),
                    Some(Restart::With(number)) => write!(f, "{gap}RESTART WITH {number}"),
                    None => Ok(()),
                }
            }
            Self::Suspend(suspends) => f.write_str(if *suspends { "SUSPEND" } else { "RESUME" }),
            Self::Refresh => f.write_str("REFRESH"),
            Self::Stays(stated) => f.write_str(stated),
            Self::SetOptions(options) => {
                f.write_str("SET")?;
                options.write_list(f)
            }
            Self::ResetOptions(names) => {
                let names: Vec<_> = names.iter().map(|name| Quoted(name).to_string()).collect();
                write!(f, "RESET ({})", names.join(", "))
            }
            Self::AddColumn {
                column,
                constraints,
                if_not_exists,
            } => {
                let if_not_exists = if *if_not_exists { "IF NOT EXISTS " } else { "" };
                write!(
                    f,
                    "ADD COLUMN {if_not_exists}{column}{}",
                    DeclaredList(constraints)
                )
            }
            Self::DropColumn {
                name,
                if_exists,
                cascade,
            } => {
                let cascade = if *cascade { " CASCADE" } else { "" };
                write!(
                    f,
                    "DROP COLUMN {}{}{cascade}",
                    exists(if_exists),
                    Quoted(name)
                )
            }
            Self::SetType {
                column,
                data_type,
                using,
            } => {
                write!(f, "ALTER COLUMN {} TYPE {data_type}", Quoted(column))?;
                match using {
                    Some(value) => write!(f, " USING {}", Shown(value.as_ref())),
                    None => Ok(()),
                }
            }
            Self::SetDefault(column, Some(value)) => write!(
                f,
                "ALTER COLUMN {} SET DEFAULT {}",
                Quoted(column),
                Shown(value.as_ref())
            ),
            Self::SetDefault(column, None) => {
                write!(f, "ALTER COLUMN {} DROP DEFAULT", Quoted(column))
            }
            Self::DropExpression { column, if_exists } => {
                let if_exists = if *if_exists { " IF EXISTS" } else { "" };
                let column = Quoted(column);
                write!(f, "ALTER COLUMN {column} DROP EXPRESSION{if_exists}")
            }
            Self::SetNotNull(column, true) => {
                write!(f, "ALTER COLUMN {} SET NOT NULL", Quoted(column))
            }
            Self::SetNotNull(column, false) => {
                write!(f, "ALTER COLUMN {} DROP NOT NULL", Quoted(column))
            }
            Self::Identity(column, change) => {
                write!(f, "ALTER COLUMN {} {change}", Quoted(column))
            }
            Self::Storage(column, storage) => {
                write!(f, "ALTER COLUMN {} {storage}", Quoted(column))
            }
            Self::AddConstraint(constraint) => write!(f, "ADD {constraint}"),
            Self::ValidateConstraint(name) => write!(f, "VALIDATE CONSTRAINT {}", Quoted(name)),
            Self::AlterConstraint(name, timing) => {
                let timing = match timing {
                    Timing::Immediate => "NOT DEFERRABLE",
                    Timing::Deferrable => "DEFERRABLE",
                    Timing::Deferred => "DEFERRABLE INITIALLY DEFERRED",
                };
                write!(f, "ALTER CONSTRAINT {} {timing}", Quoted(name))
            }
            Self::DropConstraint {
                name,
                if_exists,
                cascade,
            } => {
                let cascade = if *cascade { " CASCADE" } else { "" };
                write!(
                    f,
                    "DROP CONSTRAINT {}{}{cascade}",
                    exists(if_exists),
                    Quoted(name)
                )
            }
        }
    }
}
