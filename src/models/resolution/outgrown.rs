//! Whether there are more records than a model that compares all pairs is fit for.

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt, stream};

use crate::error::Result;

/// The records of a query, of which the first have been looked at.
pub(super) struct Outgrown {
    /// All of them, from the first one on.
    pub(super) rows: SendableRecordBatchStream,
    /// Whether there are more than so many.
    pub(super) is_outgrown: bool,
}

impl Outgrown {
    /// Looks whether there are more records than `most`, which are few: they are held in memory until
    /// they are read.
    ///
    /// # Errors
    /// What the query meets.
    pub(super) async fn look(mut rows: SendableRecordBatchStream, most: usize) -> Result<Self> {
        let schema = rows.schema();
        let mut first = Vec::new();
        let mut read = 0;
        while read <= most
            && let Some(batch) = rows.try_next().await?
        {
            read += batch.num_rows();
            first.push(batch);
        }
        let rows = stream::iter(first.into_iter().map(Ok)).chain(rows);
        Ok(Self {
            rows: Box::pin(RecordBatchStreamAdapter::new(schema, rows)),
            is_outgrown: read > most,
        })
    }

    /// Why a model learns anew then.
    pub(super) fn reason(most: usize) -> String {
        format!(
            "every record was compared with every other, and there are more than {most} by now: it learns anew, and which pairs to compare, too"
        )
    }
}
