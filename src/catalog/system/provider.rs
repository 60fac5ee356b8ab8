//! A system view as a table of DataFusion.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::{SystemSources, SystemView};

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

#[async_trait]
impl TableProvider for SystemTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (view, sources) = (self.view, Arc::clone(&self.sources));
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
