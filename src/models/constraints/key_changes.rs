//! What a statement changes that foreign keys are about: the values that new rows refer to, and the keys
//! that rows had which are gone or have others now.
//!
//! They are noted as the rows pass, and looked at when the statement's changes are made: by then it is
//! known which rows there are, and none of them has to be read again to find what they refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::error::Result as QueryResult;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use parking_lot::Mutex;

use super::declared::constraint_place;
use super::key_set::KeySet;
use crate::catalog::{Object, Oid, Reference};
use crate::error::{Error, Result, SqlState};
use crate::warehouse::{FILE_COLUMN, PLACE_COLUMN};

/// What is noted of the changes of a statement, table by table. It goes with the statement's state.
#[derive(Default)]
pub struct KeyChanges(Mutex<BTreeMap<Oid, Arc<TableChanges>>>);

impl KeyChanges {
    /// Has the changes of a table noted, those that were noted before forgotten.
    pub fn watch(&self, changes: Arc<TableChanges>) {
        self.0.lock().insert(changes.object.oid, changes);
    }

    /// What is noted of a table; none where nothing is.
    pub fn of(&self, table: Oid) -> Option<Arc<TableChanges>> {
        self.0.lock().get(&table).cloned()
    }
}

/// What is noted of the changes of a table.
pub struct TableChanges {
    /// The table.
    pub object: Arc<Object>,
    /// The foreign keys of others that were looked up; of one that has come since nothing is known.
    pub incoming: BTreeSet<(Oid, String)>,
    /// What new rows refer to, by foreign key.
    pub(super) referring: Vec<Referring>,
    /// The columns that others refer to, by their places; none where none of them change.
    pub referenced: Vec<usize>,
    /// The rows that went: these columns, and their places.
    gone: Mutex<Vec<RecordBatch>>,
    /// The rows that came in the place of others: these columns, and the places of those.
    come: Mutex<Vec<RecordBatch>>,
    memory: MemoryReservation,
}

/// What new rows refer to by one foreign key.
pub(super) struct Referring {
    reference: Reference,
    columns: Vec<usize>,
    values: Mutex<KeySet>,
}

impl TableChanges {
    /// What is to be noted of a table whose new rows are to satisfy `outgoing`, and whose columns
    /// `referenced` others refer to.
    ///
    /// # Errors
    /// A column that is not there.
    pub fn new(
        object: &Arc<Object>,
        outgoing: Vec<Reference>,
        incoming: &[Reference],
        referenced: Vec<usize>,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Self> {
        let mut referring = Vec::with_capacity(outgoing.len());
        for reference in outgoing {
            let columns = reference.key.columns.iter();
            let columns = columns.map(|name| object.schema.index_of(name));
            let columns: Vec<usize> = columns.collect::<Result<_, _>>()?;
            let fields = fields_of(object, &columns);
            referring.push(Referring {
                values: Mutex::new(KeySet::new(fields, pool)?),
                columns,
                reference,
            });
        }
        let incoming = incoming.iter();
        Ok(Self {
            object: Arc::clone(object),
            incoming: incoming
                .map(|reference| (reference.table.oid, reference.name.clone()))
                .collect(),
            referring,
            referenced,
            gone: Mutex::default(),
            come: Mutex::default(),
            memory: MemoryConsumer::new("changes of keys").register(pool),
        })
    }

    /// Takes what new rows refer to, each with the foreign key.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn referring(&self) -> Result<Vec<(Reference, RecordBatch)>> {
        let mut found = Vec::new();
        for referring in &self.referring {
            let values = referring.values.lock();
            if !values.is_empty() {
                found.push((referring.reference.clone(), values.rows()?));
            }
        }
        Ok(found)
    }

    /// The rows that went, and those that came in the place of some: the columns that others refer to,
    /// and the places of those that went.
    pub fn moved(&self) -> (Vec<RecordBatch>, Vec<RecordBatch>) {
        (self.gone.lock().clone(), self.come.lock().clone())
    }

    /// Notes what new rows refer to.
    ///
    /// # Errors
    /// 23503 for a row with a NULL and a value where `MATCH FULL` forbids both.
    pub(super) fn add(&self, batch: &RecordBatch) -> QueryResult<()> {
        for referring in &self.referring {
            let columns = batch.project(&referring.columns)?;
            let columns = columns.columns();
            if referring.reference.key.is_full {
                check_full(&referring.reference, &self.object, columns)?;
            }
            referring.values.lock().take_in(columns)?;
        }
        Ok(())
    }

    /// Notes rows that come in the place of others, by the places of those.
    ///
    /// # Errors
    /// 53200 without memory.
    pub(super) fn replace(&self, places: &[ArrayRef], batch: &RecordBatch) -> QueryResult<()> {
        self.note(&self.come, places, batch)
    }

    /// Notes rows that go: the columns that others refer to, and their places.
    ///
    /// # Errors
    /// 53200 without memory.
    pub(super) fn remove(&self, batch: RecordBatch) -> QueryResult<()> {
        self.memory.try_grow(batch.get_array_memory_size())?;
        self.gone.lock().push(batch);
        Ok(())
    }

    fn note(
        &self,
        to: &Mutex<Vec<RecordBatch>>,
        places: &[ArrayRef],
        batch: &RecordBatch,
    ) -> QueryResult<()> {
        if self.referenced.is_empty() {
            return Ok(());
        }
        let columns = batch.project(&self.referenced)?;
        let columns = columns.columns().iter().chain(places).cloned().collect();
        let noted = RecordBatch::try_new(self.schema(), columns)?;
        self.memory.try_grow(noted.get_array_memory_size())?;
        to.lock().push(noted);
        Ok(())
    }

    /// The columns of what is noted of rows.
    pub fn schema(&self) -> SchemaRef {
        let own = fields_of(&self.object, &self.referenced).into_iter();
        let own = own.map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
        let places = [
            arrow::datatypes::Field::new(FILE_COLUMN, arrow::datatypes::DataType::UInt32, true),
            arrow::datatypes::Field::new(PLACE_COLUMN, arrow::datatypes::DataType::Int64, true),
        ];
        let places = places.into_iter().map(Arc::new);
        Arc::new(Schema::new(own.chain(places).collect::<Vec<_>>()))
    }
}

fn fields_of(object: &Object, columns: &[usize]) -> Vec<FieldRef> {
    let fields = columns.iter();
    let fields = fields.filter_map(|index| object.schema.fields().get(*index).cloned());
    fields.collect()
}

fn check_full(reference: &Reference, object: &Object, columns: &[ArrayRef]) -> Result<()> {
    let rows = columns.first().map_or(0, |column| column.len());
    let nulls = |row: usize| columns.iter().filter(|it| it.is_null(row)).count();
    let is_mixed = |row: usize| ![0, columns.len()].contains(&nulls(row));
    match (0..rows).any(is_mixed) {
        true => Err(not_there(reference, object)
            .with_detail("MATCH FULL does not allow mixing of null and nonnull key values.")),
        false => Ok(()),
    }
}

/// The error of a row that refers to none.
pub fn not_there(reference: &Reference, object: &Object) -> Error {
    let (table, name) = (&object.name.name, &reference.name);
    Error::new(
        SqlState::FOREIGN_KEY_VIOLATION,
        format!("insert or update on table \"{table}\" violates foreign key constraint \"{name}\""),
    )
    .with_constraint(constraint_place(object, name))
}
