//! Whether rows refer to others that are there.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};
use futures::TryStreamExt as _;

use super::prove::prove;
use super::{key_column, memory, named_keys};
use crate::catalog::{Object, Reference};
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::StatementContext;
use crate::models::constraints::{KeySet, Shown, constraint_place, not_there};
use crate::session::{Session, plan};
use crate::sql::foreign_key::ReferentialAction;
use crate::sql::name::Quoted;
use crate::sql::{QualifiedName, Statement, parse_one};

/// Keys that rows of a foreign key refer to, or may.
pub struct Check {
    /// The foreign key.
    pub reference: Reference,
    /// What happened to the other table; none where rows began to refer to these.
    action: Option<ReferentialAction>,
    /// The keys; none where all rows are looked at.
    keys: Option<RecordBatch>,
    /// What the keys take.
    _memory: Option<MemoryReservation>,
}

impl Check {
    /// Of keys that rows have begun to refer to.
    ///
    /// # Errors
    /// 53200 without memory.
    pub(super) fn of_rows(
        reference: Reference,
        keys: RecordBatch,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Self> {
        Ok(Self {
            reference,
            action: None,
            _memory: Some(memory(keys.get_array_memory_size(), pool)?),
            keys: Some(keys),
        })
    }

    /// Of keys that were there and may not be any more.
    ///
    /// # Errors
    /// 53200 without memory.
    pub(super) fn of_keys(
        reference: Reference,
        action: ReferentialAction,
        keys: RecordBatch,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Self> {
        Ok(Self {
            reference,
            action: Some(action),
            _memory: Some(memory(keys.get_array_memory_size(), pool)?),
            keys: Some(keys),
        })
    }

    /// Of all rows.
    pub(super) fn of_all(reference: Reference) -> Self {
        Self {
            reference,
            action: None,
            keys: None,
            _memory: None,
        }
    }

    /// Whether it may be made when the transaction ends.
    pub fn is_deferrable(&self) -> bool {
        self.action != Some(ReferentialAction::Restrict)
            && self.reference.key.timing.is_deferrable()
    }

    /// How much memory its keys take.
    pub fn bytes(&self) -> usize {
        let keys = self.keys.as_ref();
        keys.map_or(0, RecordBatch::get_array_memory_size)
    }

    /// Looks whether there are rows that refer to a key which is not there.
    ///
    /// # Errors
    /// 23503 where there are; 53200 without memory.
    pub async fn run(&self, session: &Session) -> Result<()> {
        let snapshot = session.instance.catalog.snapshot();
        let own = snapshot.object(self.reference.table.oid);
        let mut known = own.into_iter().flat_map(crate::catalog::references_of);
        // It may have been dropped since, or its tables.
        let Some(reference) = known.find(|it| it.is(&self.reference)) else {
            return Ok(());
        };
        let Some(other) = snapshot.relation(&reference.referenced()) else {
            return Ok(());
        };
        let table = &reference.table;
        session.check_unchanged(table).await?;
        session.check_unchanged(other).await?;
        let Some(keys) = &self.keys else {
            return prove(session, &reference).await;
        };
        let keys = named_keys(keys)?;
        let pool = &session.instance.runtime().memory_pool;
        let fields = keys.schema().fields().to_vec();
        let mut missing = KeySet::new(fields, pool)?;
        missing.take_in(keys.columns())?;
        let context = session.statement();
        let mut found = matching(&context, &keys, other, &reference.key.referenced).await?;
        while let Some(batch) = found.try_next().await? {
            missing.take_out(batch.columns())?;
        }
        drop(found);
        if missing.is_empty() {
            return Ok(());
        }
        let missing = missing.rows()?;
        let _memory = memory(missing.get_array_memory_size(), pool)?;
        let context = session.statement();
        let mut left = matching(&context, &missing, table, &reference.key.columns).await?;
        while let Some(key) = left.try_next().await? {
            if key.num_rows() > 0 {
                return Err(self.violated(session, &reference, other, &key)?);
            }
        }
        Ok(())
    }

    fn violated(
        &self,
        session: &Session,
        reference: &Reference,
        other: &Object,
        key: &RecordBatch,
    ) -> Result<Error> {
        let table = &reference.table;
        let state = session.statement().state;
        let shown = Shown::new(&state);
        let schema = key.schema();
        let values = shown.key(schema.fields(), key.columns(), 0)?;
        if self.action.is_none() {
            let columns = reference.key.columns.join(", ");
            return Ok(not_there(reference, table).with_detail(format!(
                "Key ({columns})=({values}) is not present in table \"{}\".",
                other.name.name
            )));
        }
        let columns = reference.key.referenced.join(", ");
        Ok(Error::new(
            SqlState::FOREIGN_KEY_VIOLATION,
            format!(
                "update or delete on table \"{}\" violates foreign key constraint \"{}\" on table \"{}\"",
                other.name.name, reference.name, table.name.name
            ),
        )
        .with_detail(format!(
            "Key ({columns})=({values}) is still referenced from table \"{}\".",
            table.name.name
        ))
        .with_constraint(constraint_place(table, &reference.name)))
    }
}

/// Those of some keys that rows of a table have, each at least once, the least first.
async fn matching(
    context: &StatementContext,
    keys: &RecordBatch,
    table: &Object,
    columns: &[String],
) -> Result<SendableRecordBatchStream> {
    let name = QualifiedName::new(&table.name.schema, format!("{}@keys", table.name.name));
    let rows = MemTable::try_new(keys.schema(), vec![vec![keys.clone()]])?;
    context.show(&name, Arc::new(rows));
    let condition = columns
        .iter()
        .enumerate()
        .map(|(place, column)| format!("t.{} = k.{}", Quoted(column), key_column(place)));
    let condition: Vec<String> = condition.collect();
    let places = (1..=columns.len()).map(|place| place.to_string());
    let places: Vec<String> = places.collect();
    let text = format!(
        "SELECT DISTINCT k.* FROM {name} AS k JOIN {} AS t ON {} ORDER BY {}",
        table.name,
        condition.join(" AND "),
        places.join(", ")
    );
    stream_of(context, &text).await
}

/// The rows of a query of the server's own.
pub(in crate::execute) async fn rows_of(
    context: StatementContext,
    text: &str,
) -> Result<Vec<RecordBatch>> {
    let rows = stream_of(&context, text).await?;
    Ok(rows.try_collect().await?)
}

/// [`rows_of`], one batch after the other.
pub(in crate::execute) async fn stream_of(
    context: &StatementContext,
    text: &str,
) -> Result<SendableRecordBatchStream> {
    let Statement::Query(text) = parse_one(text)? else {
        return Err(Error::internal("SELECT is no query"));
    };
    let planned = plan::query(context, &text).await?;
    query::stream(context.state.clone(), planned).await
}
