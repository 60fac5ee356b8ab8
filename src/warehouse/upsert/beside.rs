//! Rows that are put into a keyed table in the commit of a change by hand: `MERGE` updates and deletes
//! rows, which wins whatever the versions, and inserts others, of which the latest wins.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;
use parking_lot::Mutex;

use super::order::Order;
use super::unique::Chunk;
use crate::error::{Error, Result, SqlState};
use crate::sql::name::listed;
use crate::warehouse::column_versions::with_column_versions;
use crate::warehouse::key_indexes::Covered;
use crate::warehouse::places::Places;
use crate::warehouse::schema::TableSchema;
use crate::warehouse::writer::as_stored;

/// Sees the rows that go into a table, and gives them on. It may add an error behind them, so that
/// there is no commit.
pub type Seen = Box<dyn FnOnce(SendableRecordBatchStream) -> SendableRecordBatchStream + Send>;

/// A change by hand that other rows are put in beside.
pub struct Beside {
    /// The new rows of the change, which go in whatever the table has. They end before the rows that
    /// are put in do.
    pub changed: SendableRecordBatchStream,
    /// The rows that go, as [`Modification::commit`](crate::warehouse::Modification::commit) has them.
    pub gone: Arc<Mutex<Places>>,
    /// Sees which of the rows that are put in go into the table.
    pub seen: Option<Seen>,
}

/// What a hash takes in a set, about.
const ENTRY: usize = 32;

/// The keys of the new rows of a change by hand.
pub(super) struct ByHand {
    covered: Arc<Covered>,
    order: Arc<Order>,
    hashes: Mutex<(HashSet<u128>, MemoryReservation)>,
}

impl ByHand {
    pub fn new(covered: Arc<Covered>, order: Arc<Order>, pool: &Arc<dyn MemoryPool>) -> Self {
        let memory = MemoryConsumer::new("keys of changed rows").register(pool);
        Self {
            covered,
            order,
            hashes: Mutex::new((HashSet::new(), memory)),
        }
    }

    /// The new rows of the change as rows of files, whose keys are noted as they pass.
    pub fn noted(
        self: &Arc<Self>,
        changed: SendableRecordBatchStream,
        files: &Arc<TableSchema>,
    ) -> SendableRecordBatchStream {
        let (known, schema) = (Arc::clone(self), Arc::clone(files));
        let changed = with_column_versions(changed, files);
        let own = changed.schema();
        let changed = changed.map(move |batch| {
            let batch = as_stored(&batch?, &schema)?;
            known.note(&batch)?;
            Ok::<_, DataFusionError>(batch)
        });
        Box::pin(RecordBatchStreamAdapter::new(own, changed))
    }

    fn note(&self, batch: &RecordBatch) -> Result<()> {
        let found = self.covered.hash_keys(&self.order.key(batch))?;
        let mut hashes = self.hashes.lock();
        let (hashes, memory) = &mut *hashes;
        hashes.extend(found);
        Ok(memory.try_resize(hashes.len() * ENTRY)?)
    }

    /// That no row of a chunk has the key of one of these rows.
    ///
    /// # Errors
    /// 21000 for one that has, with its key.
    pub fn refuse(&self, chunk: &Chunk) -> Result<()> {
        let known = self.hashes.lock();
        if known.0.is_empty() {
            return Ok(());
        }
        let mut hashes = chunk.hashes.iter();
        let Some(row) = hashes.position(|hash| known.0.contains(hash)) else {
            return Ok(());
        };
        let schema = chunk.rows.schema();
        let format = FormatOptions::default().with_null("NULL");
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for index in &self.order.columns.key {
            let column = ArrayFormatter::try_new(chunk.rows.column(*index), &format)?;
            names.push(schema.field(*index).name().clone());
            values.push(column.value(row).to_string());
        }
        Err(Error::new(
            SqlState::CARDINALITY_VIOLATION,
            "a row with the key of one that is inserted is changed by the same statement",
        )
        .with_detail(format!(
            "Key ({})=({}) is of a row that is inserted and of one that is changed.",
            listed(&names),
            values.join(", ")
        ))
        .with_hint("Ensure that rows are inserted with keys that no changed row has, or has then."))
    }
}
