//! `FOREIGN KEY (columns) REFERENCES table [(columns)] [MATCH FULL | SIMPLE] [ON DELETE action]
//! [ON UPDATE action] [[NOT] DEFERRABLE] [INITIALLY DEFERRED | IMMEDIATE] [NOT VALID]`, which a column
//! has from `REFERENCES` on.

use std::fmt;

use datafusion::sql::sqlparser::ast::{
    ConstraintReferenceMatchKind, DeferrableInitial, ForeignKeyConstraint,
    ReferentialAction as Written,
};

use super::cursor::{Parsed, Parser, folded, object_name_from};
use super::name::{ObjectName, Quoted, write_columns};
use crate::error::{Error, Result};

/// What a foreign key demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The columns that refer to others.
    pub columns: Vec<String>,
    /// The table that they refer to.
    pub table: ObjectName,
    /// The columns there; none for those of its primary key, until that is looked up.
    pub referenced: Vec<String>,
    /// Whether all columns are NULL or none: `MATCH FULL`.
    pub is_full: bool,
    /// What becomes of a row whose row there goes.
    pub on_delete: ReferentialAction,
    /// What becomes of a row whose row there gets another key.
    pub on_update: ReferentialAction,
    /// When it is looked at.
    pub timing: Timing,
    /// Whether the rows that were there before it need not satisfy it.
    pub is_unproven: bool,
}

/// What becomes of rows that refer to one that is there no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferentialAction {
    /// Nothing: there may be none at the end.
    #[default]
    NoAction,
    /// Nothing: there may be none at all.
    Restrict,
    /// They go, or change, too.
    Cascade,
    /// They refer to nothing.
    SetNull,
    /// Their columns get their defaults.
    SetDefault,
}

/// When a foreign key is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timing {
    /// At the end of each statement: `NOT DEFERRABLE`.
    #[default]
    Immediate,
    /// At the end of each statement, unless `SET CONSTRAINTS` says otherwise: `DEFERRABLE`.
    Deferrable,
    /// At the end of the transaction, unless it says otherwise: `DEFERRABLE INITIALLY DEFERRED`.
    Deferred,
}

impl Timing {
    /// Whether it may be looked at later.
    pub fn is_deferrable(self) -> bool {
        self != Self::Immediate
    }

    /// Parses what is said of it; none where nothing is.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Option<Self>> {
        let (mut deferrable, mut deferred) = (None, None);
        loop {
            if parser.take_words(&["NOT", "DEFERRABLE"]) {
                deferrable = Some(false);
            } else if parser.take_word("DEFERRABLE") {
                deferrable = Some(true);
            } else if parser.take_words(&["INITIALLY", "DEFERRED"]) {
                deferred = Some(true);
            } else if parser.take_words(&["INITIALLY", "IMMEDIATE"]) {
                deferred = Some(false);
            } else {
                break;
            }
        }
        match (deferrable, deferred) {
            (None, None) => Ok(None),
            said => Ok(Some(
                Self::of(said.0, said.1).map_err(|error| parser.error_here(error))?,
            )),
        }
    }

    fn of(deferrable: Option<bool>, deferred: Option<bool>) -> Result<Self> {
        match (deferrable, deferred) {
            (Some(false), Some(true)) => Err(Error::new(
                crate::error::SqlState::SYNTAX_ERROR,
                "constraint declared INITIALLY DEFERRED must be DEFERRABLE",
            )),
            (_, Some(true)) => Ok(Self::Deferred),
            (Some(true), _) => Ok(Self::Deferrable),
            _ => Ok(Self::Immediate),
        }
    }
}

impl ReferentialAction {
    /// Whether it changes the rows that refer to others.
    pub fn changes_rows(self) -> bool {
        !matches!(self, Self::NoAction | Self::Restrict)
    }

    /// In the words of SQL.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }

    fn parse(parser: &mut Parser) -> Parsed<Self> {
        const ALL: [(&[&str], ReferentialAction); 5] = [
            (&["NO", "ACTION"], ReferentialAction::NoAction),
            (&["RESTRICT"], ReferentialAction::Restrict),
            (&["CASCADE"], ReferentialAction::Cascade),
            (&["SET", "NULL"], ReferentialAction::SetNull),
            (&["SET", "DEFAULT"], ReferentialAction::SetDefault),
        ];
        for (words, action) in ALL {
            if parser.take_words(words) {
                let is_list = parser.peek_token_ref().token
                    == datafusion::sql::sqlparser::tokenizer::Token::LParen;
                if is_list {
                    return parser.unsupported_here("a list of columns behind ON DELETE");
                }
                return Ok(action);
            }
        }
        parser.fail("NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT")
    }
}

impl From<Written> for ReferentialAction {
    fn from(written: Written) -> Self {
        match written {
            Written::NoAction => Self::NoAction,
            Written::Restrict => Self::Restrict,
            Written::Cascade => Self::Cascade,
            Written::SetNull => Self::SetNull,
            Written::SetDefault => Self::SetDefault,
        }
    }
}

impl ForeignKey {
    /// Parses what stands behind `FOREIGN KEY`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let columns = parser.identifier_list()?;
        parser.expect_words(&["REFERENCES"])?;
        let table = parser.object_name()?;
        let mut key = Self {
            columns,
            table,
            referenced: parser.optional_columns()?,
            is_full: false,
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            timing: Timing::Immediate,
            is_unproven: false,
        };
        loop {
            if parser.take_words(&["MATCH", "FULL"]) {
                key.is_full = true;
            } else if parser.take_words(&["MATCH", "PARTIAL"]) {
                return parser.unsupported_here("MATCH PARTIAL");
            } else if parser.take_words(&["ON", "DELETE"]) {
                key.on_delete = ReferentialAction::parse(parser)?;
            } else if parser.take_words(&["ON", "UPDATE"]) {
                key.on_update = ReferentialAction::parse(parser)?;
            } else if parser.take_words(&["NOT", "VALID"]) {
                key.is_unproven = true;
            } else if let Some(timing) = Timing::parse(parser)? {
                key.timing = timing;
            } else if !parser.take_words(&["MATCH", "SIMPLE"]) {
                return Ok(key);
            }
        }
    }

    /// The one that a column is declared with.
    ///
    /// # Errors
    /// 0A000 for what there is not; 42601 for words that do not go together.
    pub(super) fn of_column(column: &str, written: &ForeignKeyConstraint) -> Result<Self> {
        let said = written.characteristics.as_ref();
        if said.is_some_and(|said| said.enforced.is_some()) {
            return Err(Error::unsupported("ENFORCED of a foreign key"));
        }
        let deferred = said.and_then(|said| said.initially.as_ref());
        let deferred = deferred.map(|it| *it == DeferrableInitial::Deferred);
        let referenced = written.referred_columns.iter();
        let is_full = match written.match_kind {
            Some(ConstraintReferenceMatchKind::Full) => true,
            Some(ConstraintReferenceMatchKind::Partial) => {
                return Err(Error::unsupported("MATCH PARTIAL"));
            }
            _ => false,
        };
        Ok(Self {
            columns: vec![column.to_owned()],
            table: object_name_from(&written.foreign_table)?,
            referenced: referenced.map(folded).collect(),
            is_full,
            on_delete: written.on_delete.map(Into::into).unwrap_or_default(),
            on_update: written.on_update.map(Into::into).unwrap_or_default(),
            timing: Timing::of(said.and_then(|said| said.deferrable), deferred)?,
            is_unproven: false,
        })
    }

    /// Has one of its own columns go by a new name.
    pub fn rename_column(&mut self, old: &str, new: &str) {
        rename(&mut self.columns, old, new);
    }

    /// Has one of the columns that it refers to go by a new name.
    pub fn rename_referenced(&mut self, old: &str, new: &str) {
        rename(&mut self.referenced, old, new);
    }

    /// As a column has it, or with the name of its table as `table` says.
    pub fn references(&self, table: &str) -> String {
        let names = |columns: &[String]| {
            let names = columns.iter().map(|name| Quoted(name).to_string());
            names.collect::<Vec<_>>().join(", ")
        };
        let mut text = format!("REFERENCES {table}");
        if !self.referenced.is_empty() {
            text.push_str(&format!("({})", names(&self.referenced)));
        }
        if self.is_full {
            text.push_str(" MATCH FULL");
        }
        for (event, action) in [("UPDATE", self.on_update), ("DELETE", self.on_delete)] {
            if action != ReferentialAction::NoAction {
                text.push_str(&format!(" ON {event} {}", action.words()));
            }
        }
        text.push_str(match self.timing {
            Timing::Immediate => "",
            Timing::Deferrable => " DEFERRABLE",
            Timing::Deferred => " DEFERRABLE INITIALLY DEFERRED",
        });
        if self.is_unproven {
            text.push_str(" NOT VALID");
        }
        text
    }
}

fn rename(columns: &mut [String], old: &str, new: &str) {
    for column in columns.iter_mut().filter(|it| *it == old) {
        new.clone_into(column);
    }
}

impl fmt::Display for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FOREIGN KEY")?;
        write_columns(f, &self.columns)?;
        write!(f, " {}", self.references(&self.table.to_string()))
    }
}
