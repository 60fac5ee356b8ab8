//! `WITH` of which clauses change rows.
//!
//! As in PostgreSQL, each change is made once and to the end, whether what it returns is read or not, and
//! all parts read what was there when the statement began: of the others' changes they see what `RETURNING`
//! gives. The changes are made one after another in one transaction, the statement behind them last, and
//! foreign keys are looked at when all are made. A row that two parts change is an error (21000), where
//! PostgreSQL makes one of the changes and does not tell which. What is returned, and the rows of a query
//! that stands behind the changes, are held in memory until all is committed.

mod moment;
mod planning;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use futures::{StreamExt as _, TryStreamExt as _};

pub use self::moment::Moment;
pub use self::planning::{ClausePlan, Plans, explained, lines, plan};
use super::query::Planned;
use super::referential;
use crate::error::Result;
use crate::models::constraints::TableChanges;
use crate::session::{Outcome, Session, rows_once};
use crate::sql::Statement;
use crate::sql::with_changes::{Parts, WithChanges};

/// Makes the changes and runs the statement behind them, in one commit.
///
/// # Errors
/// What the parts meet; 21000 for a row that two of them change; 53200 for what is returned and does not
/// fit into memory.
pub async fn execute(
    session: &Session,
    with: &WithChanges,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    session
        .together(async |session: &Session| run(session, with, parameters).await)
        .await
}

/// The parts, where a query whose rows may be others each time is run once for all that read it.
fn parts_of(session: &Session, with: &WithChanges) -> Result<Parts> {
    let state = session.statement().state;
    with.parts(|query| rows_once::calls_volatile(query, &state))
}

async fn run(
    session: &Session,
    with: &WithChanges,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let parts = parts_of(session, with)?;
    let statements = parts.clauses.iter().map(|part| &part.statement);
    let statements: Vec<&Statement> = statements.chain([&parts.main]).collect();
    referential::lock_all(session, &statements).await?;
    let moment = Arc::new(Moment::begin(session, &statements).await?);
    let within = session.at(Arc::clone(&moment));
    let mut noted = Vec::new();
    for part in &parts.clauses {
        let outcome = run_part(&within, &part.statement, parameters.clone(), &mut noted).await?;
        if let Outcome::Rows { stream, .. } = outcome {
            let rows = Held::of(&within, stream).await?;
            let table = MemTable::try_new(rows.schema, vec![rows.batches])?;
            moment.show(&part.name, Arc::new(table), Some(rows.memory));
        }
    }
    let outcome = run_part(&within, &parts.main, parameters, &mut noted).await?;
    let outcome = match outcome {
        Outcome::Rows { tag, stream } => Held::of(&within, stream).await?.answer(tag)?,
        outcome => outcome,
    };
    referential::settle_all(session, noted).await?;
    Ok(outcome)
}

async fn run_part(
    session: &Session,
    statement: &Statement,
    parameters: Vec<ScalarValue>,
    noted: &mut Vec<Arc<TableChanges>>,
) -> Result<Outcome> {
    match statement {
        Statement::Query(query) => {
            let planned = Box::pin(Planned::new(session, query, parameters)).await?;
            Ok(Outcome::Rows {
                tag: "SELECT",
                stream: planned.rows(session.notices()).await?,
            })
        }
        change => {
            Box::pin(referential::change_noting(
                session, change, parameters, noted,
            ))
            .await
        }
    }
}

/// Rows that are held in memory.
struct Held {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    memory: MemoryReservation,
}

impl Held {
    /// All rows of a stream.
    async fn of(session: &Session, mut rows: SendableRecordBatchStream) -> Result<Self> {
        let pool = &session.instance.runtime().memory_pool;
        let memory = MemoryConsumer::new("rows of a WITH that changes rows").register(pool);
        let (schema, mut batches) = (rows.schema(), Vec::new());
        while let Some(batch) = rows.try_next().await? {
            memory.try_grow(batch.get_array_memory_size())?;
            batches.push(batch);
        }
        Ok(Self {
            schema,
            batches,
            memory,
        })
    }

    /// The rows as what a statement answers.
    fn answer(self, tag: &'static str) -> Result<Outcome> {
        let memory = Arc::new(self.memory);
        let rows = MemoryStream::try_new(self.batches, Arc::clone(&self.schema), None)?;
        let rows = rows.inspect(move |_| {
            // The rows are accounted for until the last one is sent.
            let _ = &memory;
        });
        Ok(Outcome::Rows {
            tag,
            stream: Box::pin(RecordBatchStreamAdapter::new(self.schema, rows)),
        })
    }
}
