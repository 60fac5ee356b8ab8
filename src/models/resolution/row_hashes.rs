//! Hashes of records as their query gives them, by which those are known that have changed.

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::row::{RowConverter, SortField};
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use parking_lot::Mutex;

use crate::error::Result;

/// Hashes of rows in their order, as they pass.
#[derive(Clone)]
pub struct RowHashes(Arc<Mutex<(Vec<u64>, MemoryReservation)>>);

impl RowHashes {
    /// Of no rows yet; their memory is taken from the pool.
    pub fn new(pool: &Arc<dyn MemoryPool>) -> Self {
        let memory = MemoryConsumer::new("hashes of records").register(pool);
        Self(Arc::new(Mutex::new((Vec::new(), memory))))
    }

    /// Takes in the rows of a batch.
    ///
    /// # Errors
    /// For a type that has no hash; where memory does not suffice.
    pub fn push(&self, batch: &RecordBatch) -> Result<()> {
        let new = hashes(batch)?;
        let (all, memory) = &mut *self.0.lock();
        memory.try_grow(size_of_val(new.as_slice()))?;
        all.extend(new);
        Ok(())
    }

    /// The hashes of all rows.
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut self.0.lock().0)
    }
}

/// The hash of each row: of all of its values in the places of their columns, NULL being one of them.
/// Two rows of one hash are taken for equal: with 64 bits that is wrong once in 2^64 changes.
///
/// # Errors
/// For a type that has no hash.
pub fn hashes(batch: &RecordBatch) -> Result<Vec<u64>> {
    let mut rows = vec![0; batch.num_rows()];
    let mut values = vec![0; batch.num_rows()];
    for column in batch.columns() {
        hash_values(column, &mut values)?;
        let nulls = column
            .logical_nulls()
            .filter(|nulls| nulls.null_count() > 0);
        for (at, (row, value)) in rows.iter_mut().zip(&values).enumerate() {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(at));
            *row = mix(*row, if is_null { NULL } else { *value });
        }
    }
    Ok(rows)
}

/// The hash of each value of a column; any of one that is NULL. DataFusion passes over NULLs within a
/// list or a struct, so that these are hashed as arrow writes them in rows.
fn hash_values(column: &ArrayRef, hashes: &mut [u64]) -> Result<()> {
    let state = RandomState::with_seed(0);
    let fields = vec![SortField::new(column.data_type().clone())];
    if column.data_type().is_nested() && RowConverter::supports_fields(&fields) {
        let rows = RowConverter::new(fields)?.convert_columns(std::slice::from_ref(column))?;
        for (hash, row) in hashes.iter_mut().zip(&rows) {
            *hash = state.hash_one(row.as_ref());
        }
        return Ok(());
    }
    create_hashes([column], &state, hashes)?;
    Ok(())
}

/// What stands for NULL, and another odd constant of "wyhash" by Wang Yi.
const NULL: u64 = 0x8ebc_6af0_9c88_c6e3;
const SECRET: u64 = 0xa076_1d64_78bd_642f;

/// Mixes two numbers, whose order matters, by the halves of their product.
fn mix(left: u64, right: u64) -> u64 {
    let product = u128::from(left ^ SECRET) * u128::from(right ^ NULL.rotate_left(32));
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, ListArray, StringArray, StructArray};
    use arrow::datatypes::{DataType, Field, Int64Type};

    use super::*;

    fn hashes_of(columns: Vec<ArrayRef>) -> Vec<u64> {
        let named = columns.into_iter().enumerate();
        let named = named.map(|(at, column)| (format!("column {at}"), column, true));
        hashes(&RecordBatch::try_from_iter_with_nullable(named).unwrap()).unwrap()
    }

    fn are_distinct(hashes: &[u64]) -> bool {
        let mut distinct = hashes.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len() == hashes.len()
    }

    #[test]
    fn a_value_in_another_column_is_another_row() {
        let text = |values: [Option<&str>; 5]| -> ArrayRef {
            Arc::new(StringArray::from(values.to_vec()))
        };
        let left = text([Some("x"), None, None, Some("x"), Some("")]);
        let right = text([None, Some("x"), None, Some("x"), None]);
        let found = hashes_of(vec![left.clone(), right.clone()]);
        assert!(are_distinct(&found), "{found:?}");
        // The same rows once more have the same hashes.
        assert_eq!(hashes_of(vec![left.clone(), right]), found);
        // So it is of numbers beside texts, and of a column that is all NULL.
        let numbers = Int64Array::from(vec![Some(1), None, Some(2), None, Some(3)]);
        let none = Int64Array::from(vec![None; 5]);
        let (numbers, none): (ArrayRef, ArrayRef) = (Arc::new(numbers), Arc::new(none));
        let one = hashes_of(vec![left.clone(), numbers.clone(), none.clone()]);
        let other = hashes_of(vec![left, none, numbers]);
        let has_number = [0, 2, 4].map(|row| one[row] != other[row]);
        assert_eq!(has_number, [true; 3]);
        assert_eq!([one[1], one[3]], [other[1], other[3]]);
    }

    #[test]
    fn a_value_elsewhere_within_another_is_another_row() {
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some(vec![Some(1), None]),
            Some(vec![None, Some(1)]),
            Some(vec![Some(1)]),
            Some(vec![]),
            None,
        ]);
        let found = hashes_of(vec![Arc::new(lists)]);
        assert!(are_distinct(&found), "{found:?}");
        let field = |name: &str| Arc::new(Field::new(name, DataType::Int64, true));
        let left: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, None]));
        let right: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(1), None]));
        let structs = StructArray::from(vec![(field("left"), left), (field("right"), right)]);
        let found = hashes_of(vec![Arc::new(structs)]);
        assert!(are_distinct(&found), "{found:?}");
    }
}
