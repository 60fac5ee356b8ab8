//! Rows that are computed when a query asks for them.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::future::BoxFuture;
use futures::stream;

use crate::error::Result;

type Compute = dyn Fn() -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync;

struct Computed {
    name: &'static str,
    schema: SchemaRef,
    compute: Box<Compute>,
}

/// A relation of these columns, whose rows `compute` makes each time it is read.
///
/// # Errors
/// None that DataFusion gives for one stream of the relation's own columns.
pub fn relation(
    name: &'static str,
    schema: SchemaRef,
    compute: impl Fn() -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync + 'static,
) -> Result<Arc<dyn TableProvider>> {
    let rows = Computed {
        name,
        schema: Arc::clone(&schema),
        compute: Box::new(compute),
    };
    let table = StreamingTable::try_new(schema, vec![Arc::new(rows)])?;
    Ok(Arc::new(table))
}

impl fmt::Debug for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartitionStream for Computed {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = (self.compute)();
        let rows = stream::once(async { rows.await.map_err(DataFusionError::from) });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            rows,
        ))
    }
}
