//! Values and their orders as rows of bytes, and what is kept of a group as a list.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StructArray, new_null_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::error::Result;

use super::super::comparable::{canonical, plain, plain_type};
use super::counts::Counted;
use crate::FunctionError;

/// Turns a value and its orders into rows and back.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The type of the value, then those of the orders.
    types: Vec<DataType>,
    values: RowConverter,
    /// None where there is no order.
    orders: Option<RowConverter>,
}

/// The rows of a batch.
pub(super) struct Encoded {
    /// Which rows have a value, where not all do.
    valid: Option<NullBuffer>,
    values: Rows,
    orders: Option<Rows>,
}

impl Encoded {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.values.num_rows()
    }

    /// A row that occurs this often in a group; none where it has no value.
    pub(super) fn row(&self, row: usize, group: usize, count: i64) -> Option<Counted<'_>> {
        if self.valid.as_ref().is_some_and(|valid| valid.is_null(row)) {
            return None;
        }
        Some(Counted {
            group,
            count,
            value: self.values.row(row).data(),
            order: self
                .orders
                .as_ref()
                .map_or(&[], |orders| orders.row(row).data()),
        })
    }
}

/// The type of what is kept of a group: a list of its values, each with how often it occurs and the
/// greatest of its orders.
pub(crate) fn state_type(arguments: &[DataType]) -> DataType {
    DataType::List(item(arguments))
}

fn item(arguments: &[DataType]) -> FieldRef {
    Arc::new(Field::new_list_field(
        DataType::Struct(parts(arguments)),
        true,
    ))
}

fn parts(arguments: &[DataType]) -> Fields {
    let (value, orders) = arguments.split_at(arguments.len().min(1));
    let value = value
        .iter()
        .map(|value| Field::new("value", plain_type(value), true));
    let count = Field::new("count", DataType::Int64, true);
    let orders = orders.iter().enumerate();
    let orders = orders
        .map(|(place, order)| Field::new(format!("order_{}", place + 1), plain_type(order), true));
    value.chain([count]).chain(orders).collect()
}

impl Layout {
    /// The layout for a value and orders of these types.
    pub(crate) fn new(arguments: &[DataType]) -> Result<Self> {
        let types: Vec<DataType> = arguments.iter().map(plain_type).collect();
        let Some((value, orders)) = types.split_first() else {
            return Err(no_value());
        };
        let fields = |types: &[DataType]| {
            let types = types.iter().cloned();
            RowConverter::new(types.map(SortField::new).collect())
        };
        let values = fields(std::slice::from_ref(value))?;
        let orders = match orders {
            [] => None,
            orders => Some(fields(orders)?),
        };
        Ok(Self {
            types,
            values,
            orders,
        })
    }

    /// The rows of arguments.
    pub(super) fn encode(&self, arguments: &[ArrayRef]) -> Result<Encoded> {
        let columns = self.columns(arguments)?;
        let Some((value, orders)) = columns.split_first() else {
            return Err(no_value());
        };
        Ok(Encoded {
            valid: value.logical_nulls(),
            values: self.values.convert_columns(std::slice::from_ref(value))?,
            orders: match &self.orders {
                None => None,
                Some(converter) => Some(converter.convert_columns(orders)?),
            },
        })
    }

    /// The arguments as they are kept.
    pub(super) fn columns(&self, arguments: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        arguments
            .iter()
            .zip(&self.types)
            .map(|(argument, data_type)| canonical(&plain(argument, data_type)?))
            .collect()
    }

    /// The values of rows; NULL where there is none.
    pub(super) fn values(&self, rows: &[Option<&[u8]>]) -> Result<ArrayRef> {
        let parser = self.values.parser();
        let mut nothing = None;
        if rows.contains(&None) {
            let null = new_null_array(&self.types[0], 1);
            nothing = Some(self.values.convert_columns(&[null])?);
        }
        let nothing = nothing.as_ref().map(|rows| rows.row(0));
        let rows = rows
            .iter()
            .filter_map(|row| row.map(|row| parser.parse(row)).or(nothing));
        let mut columns = self.values.convert_rows(rows)?;
        columns.pop().ok_or_else(no_value)
    }

    /// What is kept of groups: values of several of them, group by group.
    pub(super) fn state(&self, kept: &[Counted<'_>], groups: usize) -> Result<ArrayRef> {
        let parser = self.values.parser();
        let values = kept.iter().map(|counted| parser.parse(counted.value));
        let mut columns = self.values.convert_rows(values)?;
        let counts: Int64Array = kept.iter().map(|counted| Some(counted.count)).collect();
        columns.push(Arc::new(counts));
        if let Some(converter) = &self.orders {
            let parser = converter.parser();
            let orders = kept.iter().map(|counted| parser.parse(counted.order));
            columns.extend(converter.convert_rows(orders)?);
        }
        let mut lengths = vec![0; groups];
        for counted in kept {
            lengths[counted.group] += 1;
        }
        self.lists(columns, lengths)
    }

    /// Each row as what is kept of a group of its own.
    pub(super) fn states_of_rows(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let mut columns = self.columns(arguments)?;
        let Some(value) = columns.first() else {
            return Err(no_value());
        };
        let rows = value.len();
        columns.insert(1, Arc::new(Int64Array::from(vec![1; rows])));
        self.lists(columns, vec![1; rows])
    }

    fn lists(&self, columns: Vec<ArrayRef>, lengths: Vec<usize>) -> Result<ArrayRef> {
        let records = StructArray::try_new(parts(&self.types), columns, None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let item = item(&self.types);
        Ok(Arc::new(ListArray::try_new(
            item,
            offsets,
            Arc::new(records),
            None,
        )?))
    }

    /// Memory in bytes.
    pub(super) fn size(&self) -> usize {
        self.values.size() + self.orders.as_ref().map_or(0, RowConverter::size)
    }
}

/// What is kept of groups, to be read.
pub(super) struct States<'a> {
    lists: &'a ListArray,
    counts: &'a Int64Array,
    rows: Encoded,
}

impl<'a> States<'a> {
    pub(super) fn new(layout: &Layout, states: &'a [ArrayRef]) -> Result<Self> {
        let lists = states.first().and_then(|state| state.as_list_opt::<i32>());
        let lists = lists.ok_or_else(no_value)?;
        let columns = lists.values().as_struct_opt().ok_or_else(no_value)?;
        let (value, rest) = columns.columns().split_first().ok_or_else(no_value)?;
        let (counts, orders) = rest.split_first().ok_or_else(no_value)?;
        let arguments: Vec<ArrayRef> = std::iter::once(value).chain(orders).cloned().collect();
        Ok(Self {
            lists,
            counts: counts.as_primitive_opt().ok_or_else(no_value)?,
            rows: layout.encode(&arguments)?,
        })
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }

    /// What is kept of a row, as of a group.
    pub(super) fn of_row(&self, row: usize, group: usize) -> impl Iterator<Item = Counted<'_>> {
        let offsets = self.lists.value_offsets();
        let items = match self.lists.is_valid(row) {
            true => offsets[row] as usize..offsets[row + 1] as usize,
            false => 0..0,
        };
        items.filter_map(move |item| self.rows.row(item, group, self.counts.value(item)))
    }
}

fn no_value() -> datafusion::error::DataFusionError {
    FunctionError::no_such_form("most_frequent takes a value").into()
}
