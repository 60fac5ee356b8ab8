//! Which columns a query's columns come from, and which decide on them, from its logical plan.
//!
//! The terms are those of OpenLineage's facet of column lineage. A column is a *direct* origin of
//! the values that are computed of it. An *indirect* one only decides: on a single column's values,
//! as the condition of a CASE, the FILTER or ORDER BY of an aggregate and the OVER of a window do;
//! or on the rows as a whole, as filters, join keys, grouping and sorting do, and these are told
//! once and not for every column.
//!
//! DataFusion's planner replaces a view by its plan as soon as it scans it
//! (`LogicalPlanBuilder::scan` asks `TableProvider::get_logical_plan`), and an alias that a user
//! gave to a subquery looks the same afterwards. To trace to a view itself, plan the query over
//! [`ColumnsOnly`] in the view's place.

mod tracer;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::TableReference;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, LogicalPlan, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Error, Result};
use tracer::{Origin, Tracer};

/// What a column does for another, or for the rows as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through {
    /// Its values are in those of the other.
    Value,
    /// The condition of a CASE.
    Conditional,
    /// WHERE, HAVING, FILTER.
    Filter,
    /// GROUP BY, DISTINCT ON.
    GroupBy,
    /// The condition of a join.
    Join,
    /// ORDER BY.
    Sort,
    /// The partitions and the order of a window.
    Window,
}

impl Through {
    /// OpenLineage's type of the transformation, in lower case.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Value => "direct",
            _ => "indirect",
        }
    }

    /// OpenLineage's subtype of an indirect transformation, in lower case.
    pub fn subtype(self) -> Option<&'static str> {
        Some(match self {
            Self::Value => return None,
            Self::Conditional => "conditional",
            Self::Filter => "filter",
            Self::GroupBy => "group_by",
            Self::Join => "join",
            Self::Sort => "sort",
            Self::Window => "window",
        })
    }
}

/// That a column of a query, or its rows as a whole, depend on a column of a relation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnLineage {
    /// The column of the query; none for its rows as a whole.
    pub output: Option<String>,
    /// The relation, named as in the query; of a version of a table, the table.
    pub source_table: TableReference,
    /// The column of the relation.
    pub source_column: String,
    /// How.
    pub through: Through,
}

/// The lineage of every column of a plan's output, in the order of the columns, then that of its
/// rows. A column without sources (a constant, a count) does not appear.
///
/// # Errors
/// A plan whose columns cannot be resolved, which the planner would not make.
pub fn lineage(plan: &LogicalPlan) -> Result<Vec<ColumnLineage>> {
    let mut tracer = Tracer::default();
    let columns = tracer.trace(plan)?;
    let names = plan.schema().fields().iter();
    let named = names.map(|field| Some(field.name().clone())).zip(columns);
    let all = named.chain([(None, tracer.rows())]);
    Ok(all
        .flat_map(|(output, origins)| {
            origins.into_iter().map(move |origin| {
                let Origin {
                    table,
                    column,
                    through,
                } = origin;
                ColumnLineage {
                    output: output.clone(),
                    source_table: table,
                    source_column: column,
                    through,
                }
            })
        })
        .collect())
}

/// A relation of which only the columns are known: queries over it can be planned, not run.
#[derive(Debug)]
pub struct ColumnsOnly(pub SchemaRef);

#[async_trait]
impl TableProvider for ColumnsOnly {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Err(Error::internal("a relation known by its columns alone was scanned").into())
    }
}

#[cfg(test)]
mod tests;
