//! Arrays that stand for others: dictionaries, runs, unions and the array of nothing.

use arrow::array::types::{Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow::array::{Array, AsArray, RunArray, UnionArray};
use arrow::datatypes::{DataType, Field, UnionFields};
use bytes::BytesMut;

use super::list::Dimensions;
use super::{Column, Encode, Style};
use crate::error::{Error, Result};

/// Values kept once each, by their index.
pub(super) fn dictionary<'a>(array: &'a dyn Array, style: Style) -> Result<Box<dyn Encode + 'a>> {
    let dictionary = array.as_any_dictionary();
    let values = dictionary.values();
    if values.is_empty() {
        return Ok(Box::new(Nulls));
    }
    let keys = dictionary.normalized_keys();
    let field = Field::new("", values.data_type().clone(), true);
    Ok(Box::new(Indirect {
        index: move |row: usize| keys[row],
        values: Column::new(&field, values.as_ref(), style)?,
    }))
}

/// Values kept once for each run of rows.
pub(super) fn runs<'a>(
    run_ends: &DataType,
    values: &Field,
    array: &'a dyn Array,
    style: Style,
) -> Result<Box<dyn Encode + 'a>> {
    match run_ends {
        DataType::Int16 => runs_of(values, array.as_run::<Int16Type>(), style),
        DataType::Int32 => runs_of(values, array.as_run::<Int32Type>(), style),
        _ => runs_of(values, array.as_run::<Int64Type>(), style),
    }
}

fn runs_of<'a, R: RunEndIndexType>(
    values: &Field,
    array: &'a RunArray<R>,
    style: Style,
) -> Result<Box<dyn Encode + 'a>> {
    Ok(Box::new(Indirect {
        index: |row| array.get_physical_index(row),
        values: Column::new(values, array.values().as_ref(), style)?,
    }))
}

/// Values that stand elsewhere than their row.
struct Indirect<'a, F> {
    index: F,
    values: Column<'a>,
}

impl<F: Fn(usize) -> usize + Send + Sync> Encode for Indirect<'_, F> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.values.text((self.index)(row), out)
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.values.values.binary((self.index)(row), out)
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.values.json((self.index)(row), out)
    }

    fn as_array(&self) -> Option<&dyn Dimensions> {
        self.values
            .values
            .as_array()
            .map(|_| self as &dyn Dimensions)
    }
}

impl<F: Fn(usize) -> usize + Send + Sync> Dimensions for Indirect<'_, F> {
    fn measure(&self, row: usize, depth: usize, lengths: &mut Vec<usize>) -> Result<()> {
        match self.values.values.as_array() {
            Some(inner) => inner.measure((self.index)(row), depth, lengths),
            None => Ok(()),
        }
    }

    fn flatten(&self, row: usize, out: &mut BytesMut) -> Result<bool> {
        match self.values.values.as_array() {
            Some(inner) => inner.flatten((self.index)(row), out),
            None => Ok(false),
        }
    }
}

/// Values each of one of several types, sent as `text`.
pub(super) struct Unions<'a> {
    array: &'a UnionArray,
    children: Vec<(i8, Column<'a>)>,
}

impl<'a> Unions<'a> {
    /// Prepares to write values of these types.
    pub(super) fn new(fields: &UnionFields, array: &'a UnionArray, style: Style) -> Result<Self> {
        let children = fields
            .iter()
            .map(|(type_id, field)| {
                Column::new(field, array.child(type_id).as_ref(), style)
                    .map(|column| (type_id, column))
            })
            .collect::<Result<_>>()?;
        Ok(Self { array, children })
    }

    fn child(&self, row: usize) -> Result<(&Column<'a>, usize)> {
        let type_id = self.array.type_id(row);
        self.children
            .iter()
            .find(|(id, _)| *id == type_id)
            .map(|(_, column)| (column, self.array.value_offset(row)))
            .ok_or_else(|| Error::internal(format!("a union has no type {type_id}")))
    }
}

impl Encode for Unions<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let (column, index) = self.child(row)?;
        column.text(index, out)
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let (column, index) = self.child(row)?;
        column.json(index, out)
    }
}

/// No values at all: every row is NULL.
pub(super) struct Nulls;

impl Encode for Nulls {
    fn text(&self, _row: usize, _out: &mut BytesMut) -> Result<()> {
        Ok(())
    }

    fn binary(&self, _row: usize, _out: &mut BytesMut) -> Result<()> {
        Ok(())
    }
}
