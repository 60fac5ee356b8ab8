//! A system view as a table of DataFusion.

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
}

impl SystemTable {
    /// The number of the one relation that a filter is true of.
    fn relation(&self, filter: &Expr) -> Option<i64> {
        let Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) = filter
        else {
            return None;
        };
        match (left.as_ref(), right.as_ref()) {
            (Expr::Column(column), Expr::Literal(ScalarValue::Int64(Some(oid)), _))
            | (Expr::Literal(ScalarValue::Int64(Some(oid)), _), Expr::Column(column)) => {
                let columns = self.view.relation_columns();
                columns.contains(&column.name.as_str()).then_some(*oid)
            }
            _ => None,
        }
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
        let filters = filters.iter().map(|filter| match self.relation(filter) {
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
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
        // The journal is read from the disk.
        let rows = tokio::task::spawn_blocking(move || view.rows(&*sources))
            .await
            .map_err(|error| {
                crate::error::Error::internal(format!("tributary.{}: {error}", view.name()))
            })??;
        let plan =
            MemorySourceConfig::try_new_exec(&[vec![rows]], self.schema(), projection.cloned())?;
        Ok(plan)
    }
}
