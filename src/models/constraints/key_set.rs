//! Values of a few columns, each once.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use datafusion::error::Result as QueryResult;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};

/// What an entry of a set takes beside the values themselves, about.
const ENTRY: usize = 64;

/// The values that rows have in some columns, each once. Rows with a NULL there are in none.
pub struct KeySet {
    fields: SchemaRef,
    converter: RowConverter,
    values: HashSet<Box<[u8]>>,
    bytes: usize,
    memory: MemoryReservation,
}

impl KeySet {
    /// An empty one of these columns.
    ///
    /// # Errors
    /// A type whose values cannot be compared.
    pub fn new(fields: Vec<FieldRef>, pool: &Arc<dyn MemoryPool>) -> QueryResult<Self> {
        let sorted = fields.iter();
        let sorted = sorted.map(|field| SortField::new(field.data_type().clone()));
        Ok(Self {
            converter: RowConverter::new(sorted.collect())?,
            fields: Arc::new(Schema::new(fields)),
            values: HashSet::new(),
            bytes: 0,
            memory: MemoryConsumer::new("values of foreign keys").register(pool),
        })
    }

    /// Takes in the values of rows.
    ///
    /// # Errors
    /// 53200 without memory.
    pub fn take_in(&mut self, columns: &[ArrayRef]) -> QueryResult<()> {
        let rows = self.converter.convert_columns(columns)?;
        for row in 0..rows.num_rows() {
            if columns.iter().any(|column| column.is_null(row)) {
                continue;
            }
            let row = rows.row(row);
            let bytes: &[u8] = row.as_ref();
            if !self.values.contains(bytes) {
                self.bytes += bytes.len() + ENTRY;
                self.values.insert(bytes.into());
            }
        }
        self.memory.try_resize(self.bytes)
    }

    /// Takes out the values of rows.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn take_out(&mut self, columns: &[ArrayRef]) -> QueryResult<()> {
        let rows = self.converter.convert_columns(columns)?;
        for row in &rows {
            self.values.remove(row.as_ref());
        }
        Ok(())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.fields
    }

    /// The values as rows.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn rows(&self) -> QueryResult<RecordBatch> {
        let parser = self.converter.parser();
        let rows = self.values.iter().map(|value| parser.parse(value));
        let columns = self.converter.convert_rows(rows)?;
        Ok(RecordBatch::try_new(Arc::clone(&self.fields), columns)?)
    }
}
