//! What a function keeps of each row, as one row of bytes that compares as its columns do.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::compute::{SortOptions, take};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::error::Result;

use super::comparable::{canonical, plain, plain_type};
use super::survivor::Survivor;
use crate::FunctionError;

/// Turns the columns that are kept into rows and back: the rank, the orders, the value, and the
/// answer where it is not the value. Earlier ones outweigh later ones, and NULL comes before
/// everything else.
#[derive(Debug)]
pub(super) struct Layout {
    survivor: &'static Survivor,
    converter: RowConverter,
    /// The columns that are kept.
    kept: Vec<Kept>,
    /// Which of them is the value.
    value: usize,
}

#[derive(Debug)]
struct Kept {
    part: Part,
    data_type: DataType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Rank,
    /// The argument at a position, counted from 0.
    Order(usize),
    /// Likewise.
    Parameter(usize),
}

impl Layout {
    /// The layout for arguments of these types.
    pub(super) fn new(survivor: &'static Survivor, arguments: &[DataType]) -> Result<Self> {
        let mut parts: Vec<Part> = survivor.rank.iter().map(|_| Part::Rank).collect();
        parts.extend((survivor.parameters.len()..arguments.len()).map(Part::Order));
        let value = parts.len();
        parts.push(Part::Parameter(0));
        if survivor.answer != 0 {
            parts.push(Part::Parameter(survivor.answer));
        }
        let kept: Vec<Kept> = parts
            .into_iter()
            .map(|part| {
                let data_type = match part {
                    Part::Rank => DataType::Int64,
                    Part::Order(position) | Part::Parameter(position) => {
                        plain_type(argument(arguments, position)?)
                    }
                };
                Ok(Kept { part, data_type })
            })
            .collect::<Result<_>>()?;
        let fields = kept.iter().map(|kept| {
            let options = SortOptions {
                descending: survivor.earliest && matches!(kept.part, Part::Order(_)),
                nulls_first: true,
            };
            SortField::new_with_options(kept.data_type.clone(), options)
        });
        Ok(Self {
            survivor,
            converter: RowConverter::new(fields.collect())?,
            kept,
            value,
        })
    }

    /// The names and types of the columns that are kept.
    pub(super) fn fields(&self) -> impl Iterator<Item = (String, &DataType)> {
        self.kept.iter().map(|kept| {
            let name = match kept.part {
                Part::Rank => "rank".to_owned(),
                Part::Order(position) => {
                    format!("order_{}", position + 1 - self.survivor.parameters.len())
                }
                Part::Parameter(position) => self.survivor.parameters[position].to_owned(),
            };
            (name, &kept.data_type)
        })
    }

    /// The columns to keep of arguments.
    pub(super) fn columns(&self, arguments: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let columns = self.kept.iter().map(|kept| match kept.part {
            Part::Rank => match self.survivor.rank {
                Some(rank) => Ok(Arc::new(rank(arguments)?) as ArrayRef),
                None => Err(no_argument(0)),
            },
            Part::Order(position) => {
                canonical(&plain(argument(arguments, position)?, &kept.data_type)?)
            }
            Part::Parameter(position) => plain(argument(arguments, position)?, &kept.data_type),
        });
        columns.collect()
    }

    /// Which of the rows have a value, where not all do.
    pub(super) fn with_value(&self, columns: &[ArrayRef]) -> Result<Option<NullBuffer>> {
        Ok(self.value_of(columns)?.logical_nulls())
    }

    /// The value of each row.
    pub(super) fn value_of<'a>(&self, columns: &'a [ArrayRef]) -> Result<&'a ArrayRef> {
        argument(columns, self.value)
    }

    /// The value of each row, to put another in its place.
    pub(super) fn value_of_mut<'a>(&self, columns: &'a mut [ArrayRef]) -> Result<&'a mut ArrayRef> {
        let value = self.value;
        columns.get_mut(value).ok_or_else(|| no_argument(value))
    }

    /// The answer of each row.
    pub(super) fn answer_of<'a>(&self, columns: &'a [ArrayRef]) -> Result<&'a ArrayRef> {
        argument(columns, self.kept.len() - 1)
    }

    /// The rows of these columns.
    pub(super) fn encode(&self, columns: &[ArrayRef]) -> Result<Rows> {
        Ok(self.converter.convert_columns(columns)?)
    }

    /// The columns of rows that this layout has encoded; NULL in all where there is no row.
    pub(super) fn decode(&self, rows: &[Option<&[u8]>]) -> Result<Vec<ArrayRef>> {
        let parser = self.converter.parser();
        let present: Vec<&[u8]> = rows.iter().copied().flatten().collect();
        if present.is_empty() {
            let kept = self.kept.iter();
            return Ok(kept
                .map(|kept| new_null_array(&kept.data_type, rows.len()))
                .collect());
        }
        let complete = present.len() == rows.len();
        let columns = self
            .converter
            .convert_rows(present.into_iter().map(|row| parser.parse(row)))?;
        if complete {
            return Ok(columns);
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
        let columns = columns.iter();
        columns
            .map(|column| Ok(take(column, &indices, None)?))
            .collect()
    }

    /// Memory in bytes.
    pub(super) fn size(&self) -> usize {
        self.converter.size()
    }
}

fn argument<T>(arguments: &[T], position: usize) -> Result<&T> {
    arguments.get(position).ok_or_else(|| no_argument(position))
}

fn no_argument(position: usize) -> datafusion::error::DataFusionError {
    FunctionError::no_such_form(format!("argument {} is missing", position + 1)).into()
}
