//! `tributary.lineage`.

use arrow::array::ArrayRef;

use super::column::{Column, ColumnType, text};
use super::{SystemSources, SystemView};
use crate::error::Result;
use crate::sql::QualifiedName;

/// Which column comes from which.
#[derive(Debug)]
pub struct Lineage;

/// A column of a view, and a column that its values come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineageEdge {
    /// The view or materialized view.
    pub relation: QualifiedName,
    /// Its column.
    pub column: String,
    /// The relation that it reads.
    pub source: QualifiedName,
    /// The column there.
    pub source_column: String,
}

static COLUMNS: [Column; 6] = [
    Column::new(
        "schema",
        ColumnType::Text,
        "The schema of the view or materialized view.",
    ),
    Column::new("name", ColumnType::Text, "Its name."),
    Column::new("column_name", ColumnType::Text, "Its column."),
    Column::new(
        "source_schema",
        ColumnType::Text,
        "The schema of the relation that it reads.",
    ),
    Column::new("source_name", ColumnType::Text, "That relation's name."),
    Column::new(
        "source_column",
        ColumnType::Text,
        "The column there that values of this column come from.",
    ),
];

impl SystemView for Lineage {
    fn name(&self) -> &'static str {
        "lineage"
    }

    fn description(&self) -> &'static str {
        "Which columns the columns of views and materialized views come from, one step each, read \
         from the query plans. A recursive query follows them to the sources."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let all = sources.lineage()?;
        let column = |of: fn(&LineageEdge) -> &str| text(all.iter().map(|edge| Some(of(edge))));
        Ok(vec![
            column(|edge| &edge.relation.schema),
            column(|edge| &edge.relation.name),
            column(|edge| &edge.column),
            column(|edge| &edge.source.schema),
            column(|edge| &edge.source.name),
            column(|edge| &edge.source_column),
        ])
    }
}
