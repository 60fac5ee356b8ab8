//! `CREATE [UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table [USING method]
//! ({column | (expression)} [COLLATE collation] [class] [ASC | DESC] [NULLS FIRST | LAST], ...)
//! [INCLUDE (columns)] [NULLS [NOT] DISTINCT] [WITH (parameter = value, ...)] [TABLESPACE pg_default]
//! [WHERE condition]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::column_names;
use super::cursor::{Parsed, Parser, fold};
use super::name::{ObjectName, Quoted, write_columns};
use super::options::{Literal, Options};
use super::renaming::{names_column, rename_column};
use super::shown::Shown;
use super::storage_clauses;

/// The method of an index that names none.
pub const BTREE: &str = "btree";

/// The method of one that finds equal values alone.
pub const HASH: &str = "hash";

/// The name of a column that is an expression without a name of its own.
const EXPRESSION: &str = "expr";

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// Its name, where it was given.
    pub name: Option<String>,
    /// The table.
    pub table: ObjectName,
    /// The access method.
    pub method: String,
    /// What it is on.
    pub keys: Vec<IndexKey>,
    /// The columns that it only carries.
    pub included: Vec<String>,
    /// Whether no two rows have the same values in these columns.
    pub is_unique: bool,
    /// Whether NULL is the same as NULL.
    pub nulls_equal: bool,
    /// Its storage parameters.
    pub parameters: Options,
    /// Of which rows it is.
    pub condition: Option<Box<Expr>>,
    /// Whether an existing index is fine.
    pub if_not_exists: bool,
}

/// A column or an expression that an index is on.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexKey {
    /// The column, or an expression.
    pub value: KeyValue,
    /// The class of operators, where one is named.
    pub class: Option<String>,
    /// `DESC`.
    pub descending: bool,
    /// Whether NULL comes first.
    pub nulls_first: bool,
}

/// What a key is.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyValue {
    /// A column.
    Column(String),
    /// An expression.
    Expression(Box<Expr>),
}

impl CreateIndex {
    /// The names that PostgreSQL gives to the columns of the index: a column's own, that of the function
    /// which an expression calls, and the like, with a number where an earlier one has it.
    pub fn column_names(&self) -> Vec<String> {
        let keys = self.keys.iter().map(|key| match &key.value {
            KeyValue::Column(column) => column.clone(),
            KeyValue::Expression(expression) => {
                column_names::figure(expression).unwrap_or_else(|| EXPRESSION.to_owned())
            }
        });
        let mut names: Vec<String> = Vec::new();
        for name in keys.chain(self.included.iter().cloned()) {
            let numbered = (1_u32..).map(|number| format!("{name}{number}"));
            let mut candidates = std::iter::once(name.clone()).chain(numbered);
            let free = candidates.find(|candidate| !names.contains(candidate));
            names.push(free.unwrap_or(name));
        }
        names
    }

    /// Parses the statement after `CREATE`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let is_unique = parser.take_word("UNIQUE");
        parser.expect_words(&["INDEX"])?;
        let _ = parser.take_word("CONCURRENTLY");
        let if_not_exists = parser.take_words(&["IF", "NOT", "EXISTS"]);
        let is_named = if_not_exists || parser.peek_word(0).as_deref() != Some("ON");
        let name = match is_named {
            true => Some(parser.identifier()?),
            false => None,
        };
        parser.expect_words(&["ON"])?;
        let _ = parser.take_word("ONLY");
        let table = parser.object_name()?;
        let method = match parser.take_word("USING") {
            true => parser.identifier()?,
            false => BTREE.to_owned(),
        };
        let keys = parse_keys(parser)?;
        let included = match parser.take_word("INCLUDE") {
            true => parser.identifier_list()?,
            false => Vec::new(),
        };
        let nulls_equal = parser.take_words(&["NULLS", "NOT", "DISTINCT"]);
        let _ = parser.take_words(&["NULLS", "DISTINCT"]);
        let parameters = Options::parse_with(parser)?;
        storage_clauses::parse_tablespace(parser)?;
        let condition = match parser.take_word("WHERE") {
            true => Some(Box::new(parser.parse_expr()?)),
            false => None,
        };
        // What follows may be another element of CREATE SCHEMA.
        let is_followed = matches!(parser.peek_word(0).as_deref(), Some("CREATE" | "GRANT"));
        if !parser.at_end() && !is_followed {
            return parser.unsupported_here("this property of an index");
        }
        Ok(Self {
            name,
            table,
            method,
            keys,
            included,
            is_unique,
            nulls_equal,
            parameters,
            condition,
            if_not_exists,
        })
    }

    /// The columns that are named, each once; those within expressions are not among them.
    pub fn columns(&self) -> impl Iterator<Item = &String> {
        self.key_columns().chain(&self.included)
    }

    /// Those that are its keys.
    pub fn key_columns(&self) -> impl Iterator<Item = &String> {
        self.keys.iter().filter_map(|key| match &key.value {
            KeyValue::Column(column) => Some(column),
            KeyValue::Expression(_) => None,
        })
    }

    /// Whether it is about a column.
    pub fn names(&self, column: &str) -> bool {
        self.columns().any(|it| it == column)
            || self
                .expressions()
                .any(|expression| names_column(expression, column))
    }

    /// The expressions that it is on, and its condition.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let keys = self.keys.iter().filter_map(|key| match &key.value {
            KeyValue::Column(_) => None,
            KeyValue::Expression(expression) => Some(expression.as_ref()),
        });
        keys.chain(self.condition.as_deref())
    }

    /// Has it name a column by its new name.
    pub fn rename_column(&mut self, old: &str, new: &str) {
        let columns = self.keys.iter_mut().filter_map(|key| match &mut key.value {
            KeyValue::Column(column) => Some(column),
            KeyValue::Expression(expression) => {
                rename_column(expression.as_mut(), old, new);
                None
            }
        });
        for column in columns.chain(&mut self.included).filter(|it| *it == old) {
            *column = new.to_owned();
        }
        if let Some(condition) = &mut self.condition {
            rename_column(condition.as_mut(), old, new);
        }
    }

    /// What stands behind the method: keys, carried columns and conditions, with expressions written so.
    pub fn properties<'a>(
        &'a self,
        written: &'a dyn Fn(&Expr) -> String,
    ) -> impl fmt::Display + 'a {
        Properties(self, written)
    }
}

fn parse_keys(parser: &mut Parser) -> Parsed<Vec<IndexKey>> {
    parser.expect_token(&Token::LParen)?;
    let mut keys = Vec::new();
    loop {
        let value = match parser.parse_expr()? {
            Expr::Collate { expr, .. } => *expr,
            other => other,
        };
        let value = match value {
            Expr::Identifier(name) => KeyValue::Column(fold(name.value, name.quote_style)),
            Expr::Nested(inner) => KeyValue::Expression(inner),
            expression @ Expr::Function(_) => KeyValue::Expression(Box::new(expression)),
            _ => return parser.fail("a column, or an expression in parentheses"),
        };
        let is_class = !matches!(
            parser.peek_word(0).as_deref(),
            None | Some("ASC" | "DESC" | "NULLS")
        );
        let class = match is_class {
            true => Some(parser.object_name()?.name),
            false => None,
        };
        let descending = !parser.take_word("ASC") && parser.take_word("DESC");
        let nulls_first = parser.take_words(&["NULLS", "FIRST"])
            || !parser.take_words(&["NULLS", "LAST"]) && descending;
        keys.push(IndexKey {
            value,
            class,
            descending,
            nulls_first,
        });
        if !parser.consume_token(&Token::Comma) {
            parser.expect_token(&Token::RParen)?;
            return Ok(keys);
        }
    }
}

impl fmt::Display for CreateIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unique = if self.is_unique { "UNIQUE " } else { "" };
        let if_not_exists = if self.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        };
        write!(f, "CREATE {unique}INDEX {if_not_exists}")?;
        if let Some(name) = &self.name {
            write!(f, "{} ", Quoted(name))?;
        }
        write!(f, "ON {}", self.table)?;
        if self.method != BTREE {
            write!(f, " USING {}", Quoted(&self.method))?;
        }
        write!(f, " {}", self.properties(&shown))
    }
}

struct Properties<'a>(&'a CreateIndex, &'a dyn Fn(&Expr) -> String);

impl fmt::Display for Properties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, key) in self.0.keys.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{}{key}", key.value.text(self.1))?;
        }
        f.write_str(")")?;
        if !self.0.included.is_empty() {
            f.write_str(" INCLUDE")?;
            write_columns(f, &self.0.included)?;
        }
        if self.0.nulls_equal {
            f.write_str(" NULLS NOT DISTINCT")?;
        }
        write_parameters(f, &self.0.parameters)?;
        match &self.0.condition {
            Some(condition) => write!(f, " WHERE {}", (self.1)(condition.as_ref())),
            None => Ok(()),
        }
    }
}

/// An expression as it was written.
fn shown(expression: &Expr) -> String {
    Shown(expression).to_string()
}

/// ` WITH (name='value', ...)`, as Postgres shows it, or nothing.
fn write_parameters(f: &mut fmt::Formatter<'_>, parameters: &Options) -> fmt::Result {
    for (index, (name, value)) in parameters.0.iter().enumerate() {
        let separator = if index == 0 { " WITH (" } else { ", " };
        write!(f, "{separator}{}={}", Quoted(name), Literal(value))?;
    }
    match parameters.0.is_empty() {
        true => Ok(()),
        false => f.write_str(")"),
    }
}

/// What is said of a key behind its value.
impl fmt::Display for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(class) = &self.class {
            write!(f, " {}", Quoted(class))?;
        }
        f.write_str(match (self.descending, self.nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        })
    }
}

impl KeyValue {
    /// As SQL has it, with expressions written so.
    pub fn text(&self, written: &dyn Fn(&Expr) -> String) -> String {
        match self {
            Self::Column(column) => Quoted(column).to_string(),
            Self::Expression(expression) => match expression.as_ref() {
                call @ Expr::Function(_) => written(call),
                other => format!("({})", written(other)),
            },
        }
    }
}
