//! A value and what it is ordered by, as one row of bytes that compares as they do.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array, new_null_array};
use arrow::compute::{cast, take};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::error::Result;

/// Turns columns (the value, then what it is ordered by) into rows and back.
///
/// In a row the value comes last, so that it decides between rows of the same order, and NULL
/// comes before everything else.
#[derive(Debug)]
pub(super) struct Layout {
    converter: RowConverter,
    /// The types of the columns, the value first.
    types: Vec<DataType>,
}

/// A type without its dictionary encoding, in which values are kept and answered.
pub(super) fn plain(given: &DataType) -> DataType {
    match given {
        DataType::Dictionary(_, values) => plain(values),
        other => other.clone(),
    }
}

impl Layout {
    /// The layout for arguments of these types, the value first.
    pub(super) fn new(arguments: &[DataType]) -> Result<Self> {
        let types: Vec<DataType> = arguments.iter().map(plain).collect();
        let fields = value_last(&types)
            .map(|given| SortField::new(given.clone()))
            .collect();
        Ok(Self {
            converter: RowConverter::new(fields)?,
            types,
        })
    }

    /// The columns without their dictionary encoding.
    pub(super) fn plain_columns(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        columns
            .iter()
            .zip(&self.types)
            .map(|(column, plain)| {
                if column.data_type() == plain {
                    Ok(Arc::clone(column))
                } else {
                    Ok(cast(column, plain)?)
                }
            })
            .collect()
    }

    /// The rows of these columns.
    pub(super) fn encode(&self, columns: &[ArrayRef]) -> Result<Rows> {
        let plain = self.plain_columns(columns)?;
        let ordered: Vec<ArrayRef> = value_last(&plain).map(Arc::clone).collect();
        Ok(self.converter.convert_columns(&ordered)?)
    }

    /// The columns of rows that this layout has encoded; NULL in all where there is no row.
    pub(super) fn decode(&self, rows: &[Option<&[u8]>]) -> Result<Vec<ArrayRef>> {
        let parser = self.converter.parser();
        let present: Vec<&[u8]> = rows.iter().copied().flatten().collect();
        if present.is_empty() {
            let columns = self.types.iter();
            return Ok(columns
                .map(|given| new_null_array(given, rows.len()))
                .collect());
        }
        let complete = present.len() == rows.len();
        let columns = self
            .converter
            .convert_rows(present.into_iter().map(|row| parser.parse(row)))?;
        let columns = value_first(&columns).map(Arc::clone);
        if complete {
            return Ok(columns.collect());
        }
        let mut next = 0_u64;
        let indices: UInt64Array = rows
            .iter()
            .map(|row| {
                row.map(|_| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        columns
            .map(|column| Ok(take(&column, &indices, None)?))
            .collect()
    }

    /// Memory in bytes.
    pub(super) fn size(&self) -> usize {
        self.converter.size()
    }
}

fn value_last<T>(value_first: &[T]) -> impl Iterator<Item = &T> {
    value_first.iter().skip(1).chain(value_first.first())
}

fn value_first<T>(value_last: &[T]) -> impl Iterator<Item = &T> {
    let orders = value_last.len().saturating_sub(1);
    value_last.last().into_iter().chain(&value_last[..orders])
}
