//! The relations that a statement reads beside the table that it changes.

use std::fmt::Write as _;

use crate::error::{Error, Result};
use crate::instance::StatementContext;
use crate::session::plan;
use crate::sql::name::Quoted;
use crate::sql::{Statement, parse_one};

/// Columns of relations, each with the name by which expressions know its relation.
#[derive(Default)]
pub struct Beside {
    columns: Vec<(String, String)>,
}

impl Beside {
    /// Those of a `FROM`; `with` is the clause of the statement.
    ///
    /// # Errors
    /// What planning says.
    pub async fn of(
        context: &StatementContext,
        search_path: &[String],
        with: &str,
        from: &str,
    ) -> Result<Self> {
        let Statement::Query(mut query) = parse_one(&format!("{with}SELECT * FROM {from}"))? else {
            return Err(Error::internal("relations are not read by a query"));
        };
        plan::resolve_names(&mut query, &context.snapshot, search_path)?;
        let plan = plan::query(context, &query).await?;
        let columns = plan.schema().iter().map(|(relation, field)| {
            let relation = relation.map_or("", |relation| relation.table());
            (relation.to_owned(), field.name().clone())
        });
        Ok(Self {
            columns: columns.collect(),
        })
    }

    /// The place of a column by its full name.
    pub(super) fn qualified(&self, relation: &str, column: &str) -> Option<usize> {
        let is_it = |known: &(String, String)| known.0 == relation && known.1 == column;
        self.columns.iter().position(is_it)
    }

    /// The places of columns of this name.
    pub(super) fn named(&self, column: &str) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, known)| known.1 == column)
            .map(|(place, _)| place)
            .collect()
    }

    /// Whether a relation has this name.
    pub fn has_relation(&self, relation: &str) -> bool {
        self.columns.iter().any(|known| known.0 == relation)
    }

    /// Whether a relation has a column of this name.
    pub fn has_column(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.1 == column)
    }

    /// The first relation that has a column of this name.
    pub fn relation_of(&self, column: &str) -> Option<&str> {
        let mut columns = self.columns.iter();
        let found = columns.find(|known| known.1 == column)?;
        Some(&found.0)
    }

    /// Whether several relations have a column of this name.
    pub(super) fn is_ambiguous(&self, column: &str) -> bool {
        self.named(column).len() > 1
    }

    /// The names of the columns of a relation.
    pub fn names(&self, relation: &str) -> Vec<&str> {
        let columns = self.columns.iter();
        columns
            .filter(|known| known.0 == relation)
            .map(|known| known.1.as_str())
            .collect()
    }

    /// The columns of a relation, or all, as expressions.
    pub(super) fn all(&self, relation: Option<&str>) -> Vec<String> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, known)| relation.is_none_or(|relation| known.0 == relation))
            .map(|(place, _)| self.column(place))
            .collect()
    }

    /// A column as an expression.
    pub(super) fn column(&self, place: usize) -> String {
        let mut text = String::new();
        if let Some((relation, column)) = self.columns.get(place) {
            if !relation.is_empty() {
                let _ = write!(text, "{}.", Quoted(relation));
            }
            let _ = write!(text, "{}", Quoted(column));
        }
        text
    }
}
