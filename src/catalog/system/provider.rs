//! A system view as a table of DataFusion.

use std::any::Any;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::logical_expr::{
    BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_plan::ExecutionPlan;

use super::{SystemSources, SystemView};
use crate::boxed::scan_by;

/// A system view as a table of DataFusion: each scan has the rows of its moment.
#[derive(Debug)]
pub struct SystemTable {
    view: &'static dyn SystemView,
    sources: Arc<dyn SystemSources>,
    schema: SchemaRef,
}

impl SystemTable {
    /// The table of a view over these sources.
    pub fn new(view: &'static dyn SystemView, sources: Arc<dyn SystemSources>) -> Self {
        Self {
            view,
            sources,
            schema: view.schema(),
        }
    }

    /// The system view that a relation is, where its rows are made as it is scanned.
    pub fn of(relation: &Arc<dyn TableProvider>) -> Option<&Self> {
        let relation: &dyn Any = relation.as_ref();
        let table = relation.downcast_ref::<Self>()?;
        table.view.is_made_as_read().then_some(table)
    }

    /// The same view over other sources.
    #[must_use]
    pub fn over(&self, sources: &Arc<dyn SystemSources>) -> Self {
        Self {
            view: self.view,
            sources: Arc::clone(sources),
            schema: Arc::clone(&self.schema),
        }
    }

    /// About how many rows it has: those of relations and their like, and of what every PostgreSQL has.
    pub fn rows(&self) -> u64 {
        const OF_THE_SERVER: u64 = 1000;
        OF_THE_SERVER + self.sources.snapshot().object_count() as u64
    }
}

impl SystemTable {
    /// The value that a filter binds a column to which has numbers of relations: a literal, or a parameter
    /// that is open yet.
    fn bound<'a>(&self, filter: &'a Expr) -> Option<&'a Expr> {
        let Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) = filter
        else {
            return None;
        };
        let (column, value) = match (left.as_ref(), right.as_ref()) {
            (Expr::Column(column), value) | (value, Expr::Column(column)) => (column, value),
            _ => return None,
        };
        let columns = self.view.relation_columns();
        columns.contains(&column.name.as_str()).then_some(value)
    }

    /// Whether a filter is true of one relation alone.
    fn binds(&self, filter: &Expr) -> bool {
        let bound = self.bound(filter);
        bound.is_some_and(|it| matches!(it, Expr::Placeholder(_)) || number(it).is_some())
    }

    /// The number of the one relation that a filter is true of.
    fn relation(&self, filter: &Expr) -> Option<i64> {
        number(self.bound(filter)?)
    }
}

/// The number that a literal is.
fn number(value: &Expr) -> Option<i64> {
    match value {
        Expr::Literal(ScalarValue::Int64(number), _) => *number,
        _ => None,
    }
}

impl TableProvider for SystemTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let filters = filters.iter().map(|filter| match self.binds(filter) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        });
        Ok(filters.collect())
    }

    scan_by!(SystemTable, scan_view);
}

impl SystemTable {
    async fn scan_view(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let relation = filters.iter().find_map(|filter| self.relation(filter));
        let narrowed = relation.and_then(|oid| self.sources.for_relation(oid));
        let sources = narrowed.unwrap_or_else(|| Arc::clone(&self.sources));
        let view = self.view;
        let rows = match view.arrays_at_hand(&*sources) {
            Some(arrays) => view.batch(arrays)?,
            // The journal is read from the disk.
            None => tokio::task::spawn_blocking(move || view.rows(&*sources))
                .await
                .map_err(|error| {
                    crate::error::Error::internal(format!("tributary.{}: {error}", view.name()))
                })??,
        };
        let plan =
            MemorySourceConfig::try_new_exec(&[vec![rows]], self.schema(), projection.cloned())?;
        Ok(plan)
    }
}
