//! `[WITH ...] MERGE INTO name [[AS] alias] USING source ON condition
//! WHEN MATCHED | NOT MATCHED [BY TARGET] | NOT MATCHED BY SOURCE [AND condition]
//! THEN UPDATE SET column = value, ... | UPDATE SET * | DELETE | INSERT [(columns)] VALUES (...) | INSERT * | DO NOTHING ...
//! [RETURNING ...]`. The source is a table, a query, a function that gives rows, or a join of such. As in Delta
//! Lake, `*` stands for the columns that the table and the source both have, by their names; others keep their
//! values, or get their defaults. `merge_action()` in `RETURNING` is `INSERT`, `UPDATE` or `DELETE`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{Expr, SelectItem, TableFactor, With};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::assignment::{self, Assignment, is_default};
use super::cursor::{Failure, Parsed, Parser};
use super::identity::Overriding;
use super::name::write_columns;
use super::returning::{self, Target};
use super::shown::Shown;
use super::with;
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// Queries that it may read by a name.
    pub with: Option<With>,
    /// The table.
    pub target: Target,
    /// What it is held against.
    pub source: TableFactor,
    /// Which rows of both match.
    pub on: Expr,
    /// What happens, in order: of each row, the first clause that holds.
    pub clauses: Vec<Clause>,
    /// What is answered of each row that changes.
    pub returning: Vec<SelectItem>,
}

/// `WHEN ... [AND condition] THEN action`.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// Which rows it is for.
    pub when: When,
    /// Which of them.
    pub condition: Option<Expr>,
    /// What happens with them.
    pub action: Action,
}

/// Which rows a clause is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Those that match.
    Matched,
    /// Those of the source that match none of the table.
    NotMatched,
    /// Those of the table that match none of the source.
    NotMatchedBySource,
}

/// What happens with a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It gets these values.
    Update(Vec<Assignment>),
    /// It gets the values of the source's columns, by their names.
    UpdateAll,
    /// It goes.
    Delete,
    /// It is put into the table.
    Insert {
        /// The columns that are given; empty for the first ones, in order.
        columns: Vec<String>,
        /// What becomes of values of identity columns.
        overriding: Option<Overriding>,
        /// Their values; `None` for `DEFAULT`. Empty for `DEFAULT VALUES`.
        values: Vec<Option<Expr>>,
    },
    /// Its columns are put into those of the table that have their names.
    InsertAll,
    /// Nothing.
    DoNothing,
}

impl Merge {
    /// Parses the statement behind its `WITH`.
    pub(super) fn parse(parser: &mut Parser, with: Option<With>) -> Parsed<Self> {
        parser.expect_words(&["MERGE"])?;
        let _ = parser.take_word("INTO");
        let target = Target::parse(parser, &["USING"])?;
        parser.expect_words(&["USING"])?;
        let _ = parser.take_word("ONLY");
        let joined = parser.parse_table_and_joins()?;
        let source = match joined.joins.is_empty() {
            true => joined.relation,
            false => TableFactor::NestedJoin {
                table_with_joins: Box::new(joined),
                alias: None,
            },
        };
        parser.expect_words(&["ON"])?;
        let on = parser.parse_expr()?;
        let mut clauses = Vec::new();
        while parser.peek_word(0).as_deref() == Some("WHEN") {
            let clause = Clause::parse(parser, target.name())?;
            let is_last = |known: &Clause| known.when == clause.when && known.condition.is_none();
            if clauses.iter().any(is_last) {
                let message = "unreachable WHEN clause specified after unconditional WHEN clause";
                let error = Error::new(SqlState::SYNTAX_ERROR, message);
                return Err(Failure::Told(error, None));
            }
            clauses.push(clause);
        }
        if clauses.is_empty() {
            return parser.fail("WHEN");
        }
        Ok(Self {
            with,
            target,
            source,
            on,
            clauses,
            returning: returning::parse(parser)?,
        })
    }
}

impl Clause {
    fn parse(parser: &mut Parser, table: &str) -> Parsed<Self> {
        parser.expect_words(&["WHEN"])?;
        let when = if parser.take_word("MATCHED") {
            When::Matched
        } else {
            parser.expect_words(&["NOT", "MATCHED"])?;
            if parser.take_words(&["BY", "SOURCE"]) {
                When::NotMatchedBySource
            } else {
                let _ = parser.take_words(&["BY", "TARGET"]);
                When::NotMatched
            }
        };
        let condition = if parser.take_word("AND") {
            Some(parser.parse_expr()?)
        } else {
            None
        };
        parser.expect_words(&["THEN"])?;
        let action = match (when, parser.peek_word(0).as_deref()) {
            (_, Some("DO")) => {
                parser.expect_words(&["DO", "NOTHING"])?;
                Action::DoNothing
            }
            (When::NotMatched, Some("INSERT")) => Action::parse_insert(parser)?,
            (When::NotMatched, _) => return parser.fail("INSERT or DO NOTHING"),
            (_, Some("UPDATE")) => {
                parser.expect_words(&["UPDATE", "SET"])?;
                match when == When::Matched && parser.consume_token(&Token::Mul) {
                    true => Action::UpdateAll,
                    false => Action::Update(assignment::parse(parser, table)?),
                }
            }
            (_, Some("DELETE")) => {
                parser.expect_words(&["DELETE"])?;
                Action::Delete
            }
            _ => return parser.fail("UPDATE, DELETE or DO NOTHING"),
        };
        Ok(Self {
            when,
            condition,
            action,
        })
    }
}

impl Action {
    fn parse_insert(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["INSERT"])?;
        if parser.consume_token(&Token::Mul) {
            return Ok(Self::InsertAll);
        }
        let columns = parser.optional_columns()?;
        // Defaults are for all columns.
        if columns.is_empty() && parser.take_words(&["DEFAULT", "VALUES"]) {
            return Ok(Self::Insert {
                columns: Vec::new(),
                overriding: None,
                values: Vec::new(),
            });
        }
        let overriding = Overriding::parse(parser)?;
        parser.expect_words(&["VALUES"])?;
        parser.expect_token(&Token::LParen)?;
        let values = parser.parse_comma_separated(|parser| parser.parse_expr())?;
        parser.expect_token(&Token::RParen)?;
        let values = values
            .into_iter()
            .map(|value| (!is_default(&value)).then_some(value));
        Ok(Self::Insert {
            columns,
            overriding,
            values: values.collect(),
        })
    }
}

impl fmt::Display for Merge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, on) = (Shown(&self.source), Shown(&self.on));
        let with = with::Clause(self.with.as_ref());
        write!(f, "{with}MERGE INTO {} USING {source} ON {on}", self.target)?;
        for clause in &self.clauses {
            write!(f, " {clause}")?;
        }
        returning::write(f, &self.returning)
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.when {
            When::Matched => "WHEN MATCHED",
            When::NotMatched => "WHEN NOT MATCHED",
            When::NotMatchedBySource => "WHEN NOT MATCHED BY SOURCE",
        })?;
        if let Some(condition) = &self.condition {
            write!(f, " AND {}", Shown(condition))?;
        }
        write!(f, " THEN {}", self.action)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Update(assignments) => {
                f.write_str("UPDATE SET ")?;
                assignment::write(f, assignments)
            }
            Self::UpdateAll => f.write_str("UPDATE SET *"),
            Self::InsertAll => f.write_str("INSERT *"),
            Self::Delete => f.write_str("DELETE"),
            Self::DoNothing => f.write_str("DO NOTHING"),
            Self::Insert { values, .. } if values.is_empty() => {
                f.write_str("INSERT DEFAULT VALUES")
            }
            Self::Insert {
                columns,
                overriding,
                values,
            } => {
                f.write_str("INSERT")?;
                write_columns(f, columns)?;
                if let Some(overriding) = overriding {
                    overriding.fmt(f)?;
                }
                for (index, value) in values.iter().enumerate() {
                    f.write_str(if index == 0 { " VALUES (" } else { ", " })?;
                    match value {
                        Some(value) => write!(f, "{}", Shown(value))?,
                        None => f.write_str("DEFAULT")?,
                    }
                }
                f.write_str(")")
            }
        }
    }
}
