//! `tributary.lineage`.

use arrow::array::ArrayRef;

use super::column::{Column, ColumnType, text};
use super::{SystemSources, SystemView};
use crate::error::Result;
use crate::sql::QualifiedName;

/// Which column comes from which.
#[derive(Debug)]
pub struct Lineage;

/// A column of a view, or its rows, and a column that they come from or depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineageEdge {
    /// The view or materialized view.
    pub relation: QualifiedName,
    /// Its column; none for its rows as a whole.
    pub column: Option<String>,
    /// The relation that it reads.
    pub source: QualifiedName,
    /// The column there.
    pub source_column: String,
    /// `direct` or `indirect`.
    pub kind: &'static str,
    /// Through what an indirect one decides.
    pub subtype: Option<&'static str>,
}

static COLUMNS: [Column; 8] = [
    Column::new(
        "schema",
        ColumnType::Text,
        "The schema of the view or materialized view.",
    ),
    Column::new("name", ColumnType::Text, "Its name."),
    Column::new(
        "column_name",
        ColumnType::Text,
        "Its column; NULL for its rows as a whole.",
    )
    .nullable(),
    Column::new(
        "source_schema",
        ColumnType::Text,
        "The schema of the relation that it reads.",
    ),
    Column::new("source_name", ColumnType::Text, "That relation's name."),
    Column::new(
        "source_column",
        ColumnType::Text,
        "The column there.",
    ),
    Column::new(
        "kind",
        ColumnType::Text,
        "`direct` where values of this column come from that one, `indirect` where it only decides on them or on the rows.",
    ),
    Column::new(
        "subtype",
        ColumnType::Text,
        "Through what an indirect one decides: of a column `conditional` (CASE), `filter` (FILTER), `sort` (ORDER BY of an aggregate) or `window` (OVER), of the rows `filter` (WHERE, HAVING), `join`, `group_by` or `sort`. NULL for a direct one.",
    )
    .nullable(),
];

impl SystemView for Lineage {
    fn name(&self) -> &'static str {
        "lineage"
    }

    fn description(&self) -> &'static str {
        "Which columns the columns of views and materialized views come from, and which decide on \
         their values or on the rows, one step each, read from the query plans, in the terms of \
         OpenLineage. A recursive query follows them to the sources. Those of relations that who asks \
         may not read are left out."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn is_made_as_read(&self) -> bool {
        false
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let snapshot = sources.snapshot();
        let rights = sources.rights(&snapshot);
        let mut all = sources.lineage()?;
        all.retain(|edge| {
            let relation = snapshot.relation(&edge.relation);
            relation.is_some_and(|relation| rights.may_read(relation))
        });
        let column = |of: fn(&LineageEdge) -> &str| text(all.iter().map(|edge| Some(of(edge))));
        Ok(vec![
            column(|edge| &edge.relation.schema),
            column(|edge| &edge.relation.name),
            text(all.iter().map(|edge| edge.column.as_deref())),
            column(|edge| &edge.source.schema),
            column(|edge| &edge.source.name),
            column(|edge| &edge.source_column),
            column(|edge| edge.kind),
            text(all.iter().map(|edge| edge.subtype)),
        ])
    }
}
