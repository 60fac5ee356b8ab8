//! The constraints' part in the commit of the rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::execution::SessionState;
use datafusion::physical_plan::execute_stream;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use parking_lot::Mutex;

use super::key::{Key, Keys};
use super::key_changes::TableChanges;
use crate::catalog::Reference;
use crate::error::{Error, Result};
use crate::instance::LockGuard;
use crate::models::replacement::{Unchanged, replaced_meanwhile};
use crate::models::table_id;
use crate::warehouse::{CommitMark, Covered, Modification, Participant, Places};

/// Takes part in a commit of rows.
pub(super) struct Keeping {
    pub(super) unchanged: Unchanged,
    pub(super) state: SessionState,
    pub(super) keys: Arc<Keys>,
    /// What is noted of rows that foreign keys are about.
    pub(super) changes: Option<Arc<TableChanges>>,
    /// The places of rows that go.
    pub(super) gone: Option<Arc<Mutex<Places>>>,
    /// Kept until the commit has ended.
    pub(super) _guard: Option<LockGuard>,
}

impl Participant for Keeping {
    fn prepare<'a>(&'a self, mark: &'a CommitMark) -> BoxFuture<'a, Result<()>> {
        async move {
            self.unchanged.prepare(mark).await?;
            for key in self.keys.0.iter() {
                self.look_for(key).await?;
            }
            self.note_gone().await
        }
        .boxed()
    }
}

impl Keeping {
    /// Looks for rows that stay and have a key of a new one.
    async fn look_for(&self, key: &Mutex<Key>) -> Result<()> {
        let object = &self.unchanged.object;
        let (mut columns, is_empty) = {
            let key = key.lock();
            (key.columns.clone(), key.values.is_empty())
        };
        let table = table_id(object);
        let warehouse = &self.unchanged.instance.warehouse;
        if is_empty || !warehouse.exists(&table).await? {
            return Ok(());
        }
        let width = object.schema.fields().len();
        let count = columns.len();
        columns.extend([width, width + 1]);
        let modification = warehouse.modify(&table).await?;
        let rows = match self.places(&modification, key).await {
            Some(places) if places.is_empty() => return Ok(()),
            Some(places) => modification.rows_at(places)?,
            None => modification.rows()?,
        };
        // Files whose bounds tell that they have none of the keys are not read.
        let filters = key.lock().bounds()?;
        let plan = rows.scan(&self.state, Some(&columns), &filters, None);
        let mut rows = execute_stream(plan.await?, self.state.task_ctx())?;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            let files = batch.column(count).as_primitive::<UInt32Type>();
            let places = batch.column(count + 1).as_primitive::<Int64Type>();
            let key = key.lock();
            let found = key.encode(&batch.columns()[..count])?;
            for (row, value) in found.iter().enumerate() {
                let goes = || {
                    let gone = self.gone.as_ref().map(|gone| gone.lock());
                    gone.is_some_and(|gone| gone.contains(files.value(row), places.value(row)))
                };
                let columns = &batch.columns()[..count];
                if key.values.contains(value.as_ref()) && !key.is_apart(columns, row) && !goes() {
                    return Err(key.exists(object, columns, row)?);
                }
            }
        }
        Ok(())
    }

    /// Notes the keys of rows that go, which others may refer to.
    async fn note_gone(&self) -> Result<()> {
        let gone = match &self.gone {
            Some(gone) => gone.lock().clone(),
            None => return Ok(()),
        };
        let object = &self.unchanged.object;
        let instance = &self.unchanged.instance;
        if gone.is_empty() {
            return Ok(());
        }
        let none = BTreeSet::new();
        let known = self.changes.as_ref().map_or(&none, |it| &it.incoming);
        let references = instance.catalog.snapshot().references_to(&object.name);
        let is_new = |it: &Reference| !known.contains(&(it.table.oid, it.name.clone()));
        if references.iter().any(is_new) {
            return Err(replaced_meanwhile(object));
        }
        let changes = self.changes.as_ref();
        let Some(changes) = changes.filter(|it| !it.referenced.is_empty()) else {
            return Ok(());
        };
        let modification = instance.warehouse.modify(&table_id(object)).await?;
        let width = object.schema.fields().len();
        let mut columns = changes.referenced.clone();
        columns.extend([width, width + 1]);
        let rows = modification.rows_at(gone)?;
        let plan = rows.scan(&self.state, Some(&columns), &[], None).await?;
        let mut rows = execute_stream(plan, self.state.task_ctx())?;
        let schema = changes.schema();
        while let Some(batch) = rows.next().await {
            let columns = batch?.columns().to_vec();
            changes.remove(RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        }
        Ok(())
    }

    /// Where rows may stand that have a key of a new one, as an index tells: none where it does not
    /// pay to ask one, or it cannot be asked.
    async fn places(&self, modification: &Modification, key: &Mutex<Key>) -> Option<Places> {
        let indexed = key.lock().indexed();
        let covered = match modification.covered(&self.state, &indexed).await {
            Ok(covered) => covered.filter(Covered::is_complete)?,
            Err(error) => return self.unasked(&error),
        };
        let taken = key.lock().taken();
        let found = match taken {
            Ok(taken) => covered.places(&taken).await,
            Err(error) => Err(error.into()),
        };
        match found {
            Ok(places) => Some(places),
            Err(error) => self.unasked(&error),
        }
    }

    /// The table is read instead.
    fn unasked(&self, error: &Error) -> Option<Places> {
        let table = &self.unchanged.object.name;
        tracing::warn!(%table, %error, "a key index could not be asked");
        None
    }
}
