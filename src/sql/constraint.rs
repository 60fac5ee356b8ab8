//! `PRIMARY KEY`, `UNIQUE`, `CHECK` and `FOREIGN KEY` of a table.

use std::fmt;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, ConstraintCharacteristics, DeferrableInitial, Expr,
    NullsDistinctOption,
};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::collation;
use super::cursor::{Parsed, Parser, fold, folded, object_name_from};
use super::foreign_key::ForeignKey;
use super::name::{Quoted, write_columns};
use super::renaming::{names_column, rename_column};
use super::shown::Shown;
use super::storage_clauses;
use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::walk::visit_expressions;

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Its name, given or made up as Postgres does.
    pub name: String,
    /// What it demands.
    pub rule: Rule,
}

/// What a constraint demands of the rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// No two rows have the same values in these columns.
    Unique {
        /// The columns.
        columns: Vec<String>,
        /// Whether they are the table's key, and so never NULL.
        primary: bool,
        /// Whether NULL is the same as NULL.
        nulls_equal: bool,
    },
    /// An expression that is not false.
    Check(Box<Expr>),
    /// Another table has a row with the values of these columns.
    ForeignKey(Box<ForeignKey>),
}

/// A constraint whose name may not be made up yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Its name, where it was given.
    pub name: Option<String>,
    /// What it demands.
    pub rule: Rule,
}

/// Constraints as they stand behind a column.
pub(super) struct DeclaredList<'a>(pub &'a [Declared]);

impl fmt::Display for DeclaredList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for declared in self.0 {
            f.write_str(" ")?;
            write_named(f, declared.name.as_deref())?;
            match &declared.rule {
                Rule::Check(condition) => write!(f, "CHECK ({})", Shown(condition.as_ref()))?,
                Rule::Unique { primary: true, .. } => f.write_str("PRIMARY KEY")?,
                Rule::Unique { nulls_equal, .. } => f.write_str(match nulls_equal {
                    true => "UNIQUE NULLS NOT DISTINCT",
                    false => "UNIQUE",
                })?,
                Rule::ForeignKey(key) => f.write_str(&key.references(&key.table.to_string()))?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_named(f, self.name.as_deref())?;
        self.rule.fmt(f)
    }
}

fn write_named(f: &mut fmt::Formatter<'_>, name: Option<&str>) -> fmt::Result {
    match name {
        Some(name) => write!(f, "CONSTRAINT {} ", Quoted(name)),
        None => Ok(()),
    }
}

impl From<Constraint> for Declared {
    fn from(constraint: Constraint) -> Self {
        Self {
            name: Some(constraint.name),
            rule: constraint.rule,
        }
    }
}

impl Rule {
    /// Whether it is about a column.
    pub fn names(&self, column: &str) -> bool {
        match self {
            Self::Unique { columns, .. } => columns.iter().any(|it| it == column),
            Self::Check(condition) => names_column(condition.as_ref(), column),
            Self::ForeignKey(key) => key.columns.iter().any(|it| it == column),
        }
    }

    /// The foreign key, if it is one.
    pub fn foreign_key(&self) -> Option<&ForeignKey> {
        match self {
            Self::ForeignKey(key) => Some(key),
            Self::Unique { .. } | Self::Check(_) => None,
        }
    }

    /// Has it name a column by its new name.
    pub fn rename_column(&mut self, old: &str, new: &str) {
        match self {
            Self::Unique { columns, .. } => {
                for column in columns.iter_mut().filter(|it| *it == old) {
                    *column = new.to_owned();
                }
            }
            Self::Check(condition) => rename_column(condition, old, new),
            Self::ForeignKey(key) => key.rename_column(old, new),
        }
    }
}

impl Declared {
    /// Parses a constraint that stands beside the columns; `None` where none does.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Option<Self>> {
        let named = parser.peek_word(0).as_deref() == Some("CONSTRAINT");
        let first = if named { 2 } else { 0 };
        let second = parser.peek_word(first + 1);
        let what = match (parser.peek_word(first).as_deref(), second.as_deref()) {
            (Some("PRIMARY"), Some("KEY")) | (Some("UNIQUE"), None | Some("NULLS")) => None,
            (Some("CHECK"), None) => None,
            (Some("FOREIGN"), Some("KEY")) => None,
            (Some("EXCLUDE"), _) if named => Some("EXCLUDE"),
            _ if named => Some("this constraint"),
            _ => return Ok(None),
        };
        if let Some(what) = what {
            return parser.unsupported_here(format_args!("{what} of a table"));
        }
        let name = if parser.take_word("CONSTRAINT") {
            Some(parser.identifier()?)
        } else {
            None
        };
        let rule = if parser.take_word("CHECK") {
            parser.expect_token(&Token::LParen)?;
            let condition = parser.parse_expr()?;
            parser.expect_token(&Token::RParen)?;
            // Rows that there are hold it, too, and no table inherits from another.
            while parser.take_words(&["NOT", "VALID"]) || parser.take_words(&["NO", "INHERIT"]) {}
            Rule::Check(Box::new(condition))
        } else if parser.take_words(&["FOREIGN", "KEY"]) {
            Rule::ForeignKey(Box::new(ForeignKey::parse(parser)?))
        } else {
            let primary = parser.take_words(&["PRIMARY", "KEY"]);
            if !primary {
                parser.expect_words(&["UNIQUE"])?;
            }
            let nulls_equal = parser.take_words(&["NULLS", "NOT", "DISTINCT"]);
            let _ = parser.take_words(&["NULLS", "DISTINCT"]);
            let columns = parser.optional_columns()?;
            storage_clauses::parse_index_clauses(parser)?;
            Rule::Unique {
                columns,
                primary,
                nulls_equal,
            }
        };
        let _ = parser.take_words(&["NOT", "DEFERRABLE"]);
        let _ = parser.take_words(&["INITIALLY", "IMMEDIATE"]);
        if matches!(
            parser.peek_word(0).as_deref(),
            Some("DEFERRABLE" | "INITIALLY" | "INCLUDE" | "USING" | "NO")
        ) {
            return parser.unsupported_here("this property of a constraint");
        }
        Ok(Some(Self { name, rule }))
    }

    /// Takes the constraints out of a column's options; `DEFAULT`, identity and `NOT NULL` stay.
    ///
    /// # Errors
    /// 0A000 for what a column cannot have here.
    pub(super) fn of_column(column: &mut ColumnDef) -> Result<Vec<Self>> {
        let name = column.name.value.clone();
        let mut found = Vec::new();
        let mut kept: Vec<ColumnOptionDef> = Vec::new();
        for mut option in std::mem::take(&mut column.options) {
            let unique = |primary, nulls_equal| Rule::Unique {
                columns: vec![name.clone()],
                primary,
                nulls_equal,
            };
            let rule = match &option.option {
                ColumnOption::Null => continue,
                ColumnOption::Collation(collation) => {
                    collation::check(&object_name_from(collation)?, &column.data_type)?;
                    continue;
                }
                ColumnOption::NotNull | ColumnOption::Default(_) => {
                    option.name = None;
                    if !kept.contains(&option) {
                        kept.push(option);
                    }
                    continue;
                }
                ColumnOption::PrimaryKey(key) => {
                    refuse_deferrable(key.characteristics.as_ref(), &name)?;
                    unique(true, false)
                }
                ColumnOption::Unique(key) => {
                    refuse_deferrable(key.characteristics.as_ref(), &name)?;
                    let nulls_equal = key.nulls_distinct == NullsDistinctOption::NotDistinct;
                    unique(false, nulls_equal)
                }
                ColumnOption::Check(check) => Rule::Check(check.expr.clone()),
                ColumnOption::ForeignKey(key) => {
                    Rule::ForeignKey(Box::new(ForeignKey::of_column(&name, key)?))
                }
                ColumnOption::Generated { .. } => {
                    option.name = None;
                    kept.push(option);
                    continue;
                }
                _ => return Err(refused("this constraint", &name)),
            };
            found.push(Self {
                name: option.name.map(|name| fold(name.value, name.quote_style)),
                rule,
            });
        }
        column.options = kept;
        Ok(found)
    }
}

/// Keys are looked at as rows come.
fn refuse_deferrable(said: Option<&ConstraintCharacteristics>, column: &str) -> Result<()> {
    let is_deferrable = |said: &ConstraintCharacteristics| said.deferrable == Some(true);
    let waits =
        |said: &ConstraintCharacteristics| said.initially == Some(DeferrableInitial::Deferred);
    match said.is_some_and(|said| is_deferrable(said) || waits(said)) {
        true => Err(refused("DEFERRABLE", column).with_hint(
            "Foreign keys alone can wait for the end of the transaction; leave it out.",
        )),
        false => Ok(()),
    }
}

fn refused(what: &str, column: &str) -> Error {
    Error::unsupported(format!("{what} of column \"{column}\""))
}

/// Gives constraints their names, and the columns of a primary key `NOT NULL`.
///
/// # Errors
/// 42703 for a column that is not there; 42P16 for a second primary key; 42710 for a name that is
/// given twice.
pub fn complete(
    table: &str,
    columns: &mut [ColumnDef],
    declared: Vec<Declared>,
) -> Result<Vec<Constraint>> {
    let mut constraints: Vec<Constraint> = Vec::new();
    let mut has_key = false;
    for item in declared {
        if let Rule::Unique {
            columns: keys,
            primary,
            ..
        } = &item.rule
        {
            if *primary && std::mem::replace(&mut has_key, true) {
                return Err(Error::new(
                    SqlState::INVALID_TABLE_DEFINITION,
                    format!("multiple primary keys for table \"{table}\" are not allowed"),
                ));
            }
            for key in keys {
                let names = columns.iter().map(|column| column.name.value.clone());
                let names: Vec<String> = names.collect();
                let Some(column) = columns.iter_mut().find(|it| it.name.value == *key) else {
                    let error = Error::new(
                        SqlState::UNDEFINED_COLUMN,
                        format!("column \"{key}\" named in key does not exist"),
                    );
                    return Err(match nearest(key, names.iter().map(String::as_str)) {
                        Some(near) => {
                            error.with_hint(format!("Perhaps you meant the column \"{near}\"."))
                        }
                        None => error,
                    });
                };
                let not_null = ColumnOptionDef {
                    name: None,
                    option: ColumnOption::NotNull,
                };
                if *primary && !column.options.contains(&not_null) {
                    column.options.push(not_null);
                }
            }
        }
        if let Rule::ForeignKey(key) = &item.rule {
            let is_missing = |name: &&String| columns.iter().all(|it| it.name.value != **name);
            if let Some(missing) = key.columns.iter().find(is_missing) {
                return Err(Error::new(
                    SqlState::UNDEFINED_COLUMN,
                    format!(
                        "column \"{missing}\" referenced in foreign key constraint does not exist"
                    ),
                ));
            }
        }
        let taken = |name: &String| constraints.iter().any(|known| known.name == *name);
        let name = match item.name {
            Some(name) if taken(&name) => {
                return Err(Error::new(
                    SqlState::DUPLICATE_OBJECT,
                    format!("constraint \"{name}\" for relation \"{table}\" already exists"),
                ));
            }
            Some(name) => name,
            None => {
                let base = made_up_name(table, columns, &item.rule);
                let numbered = (1..).map(|number| format!("{base}{number}"));
                std::iter::once(base.clone())
                    .chain(numbered)
                    .find(|name| !taken(name))
                    .unwrap_or(base)
            }
        };
        constraints.push(Constraint {
            name,
            rule: item.rule,
        });
    }
    Ok(constraints)
}

/// A check of one column is named for it, wherever it is declared.
fn made_up_name(table: &str, columns: &[ColumnDef], rule: &Rule) -> String {
    match rule {
        Rule::Unique { primary: true, .. } => format!("{table}_pkey"),
        Rule::Unique { columns, .. } => format!("{table}_{}_key", columns.join("_")),
        Rule::Check(condition) => match named_columns(columns, condition).as_slice() {
            [column] => format!("{table}_{column}_check"),
            _ => format!("{table}_check"),
        },
        Rule::ForeignKey(key) => format!("{table}_{}_fkey", key.columns.join("_")),
    }
}

/// The columns that a condition is about, each once.
fn named_columns(columns: &[ColumnDef], condition: &Expr) -> Vec<String> {
    let mut named = Vec::new();
    let _: ControlFlow<()> = visit_expressions(condition, |expression| {
        let last = match expression {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        if let Some(name) = last {
            let name = folded(name);
            let is_column = columns.iter().any(|column| column.name.value == name);
            if is_column && !named.contains(&name) {
                named.push(name);
            }
        }
        ControlFlow::Continue(())
    });
    named
}

/// The default of a declared column.
pub fn default_of<'a>(columns: &'a [ColumnDef], name: &str) -> Option<&'a Expr> {
    let column = columns.iter().find(|column| column.name.value == name)?;
    column
        .options
        .iter()
        .find_map(|option| match &option.option {
            ColumnOption::Default(value) => Some(value),
            _ => None,
        })
}

/// The defaults of declared columns.
pub fn defaults_mut(columns: &mut [ColumnDef]) -> impl Iterator<Item = &mut Expr> {
    let options = columns.iter_mut().flat_map(|column| &mut column.options);
    options.filter_map(|option| match &mut option.option {
        ColumnOption::Default(value) => Some(value),
        _ => None,
    })
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_named(f, Some(&self.name))?;
        self.rule.fmt(f)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check(condition) => write!(f, "CHECK ({})", Shown(condition.as_ref())),
            Self::ForeignKey(key) => key.fmt(f),
            Self::Unique {
                columns,
                primary,
                nulls_equal,
            } => {
                f.write_str(if *primary { "PRIMARY KEY" } else { "UNIQUE" })?;
                if *nulls_equal {
                    f.write_str(" NULLS NOT DISTINCT")?;
                }
                write_columns(f, columns)
            }
        }
    }
}
