//! Columns as templates see them: each value is made when a template asks for it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringArray, StringViewArray, UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, UInt64Type};
use datafusion::common::HashMap;
use datafusion::error::Result;
use minijinja::{Error, ErrorKind, Value};

use super::values::{EntriesOfRow, ItemsOfRow, RecordOfRow};
use crate::formatting::SessionTimeZone;
use crate::postgres;

/// The text of decimals and of `real`, by the number that a template calculates with in their place.
///
/// Whoever prints such a number right after reading it, as templates do, finds the text that it
/// has in SQL: `12.50` rather than `12.5`.
#[derive(Debug, Default)]
pub(super) struct Printed(Mutex<HashMap<u64, String>>);

impl Printed {
    fn insert(&self, number: f64, text: &str) {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts.insert(number.to_bits(), text.to_owned());
    }

    /// The text of a number, if it was one that was read.
    pub(super) fn get(&self, number: f64) -> Option<String> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts.get(&number.to_bits()).cloned()
    }

    /// Forgets what one row has left.
    pub(super) fn clear(&self) {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts.clear();
    }
}

/// A column of any type.
#[derive(Debug)]
pub(super) struct Column {
    nulls: Option<NullBuffer>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Booleans(BooleanArray),
    Integers(Int64Array),
    Unsigned(UInt64Array),
    Floats(arrow::array::Float64Array),
    /// Numbers by their text, which says more than a floating-point number does.
    Numbers(StringArray, Arc<Printed>),
    Texts(StringViewArray),
    /// What templates do not calculate with, by its text in SQL.
    Shown(StringArray),
    Records(Arc<Record>),
    /// The items of all rows, and where those of each row end.
    Lists(Arc<Column>, Vec<usize>),
    /// Keys and values of all rows, and where those of each row end.
    Maps(Arc<Column>, Arc<Column>, Vec<usize>),
}

impl Column {
    /// The column of an array.
    pub(super) fn new(array: &ArrayRef, printed: &Arc<Printed>) -> Result<Self> {
        let nulls = array.logical_nulls();
        let values = match array.data_type() {
            DataType::Boolean => Values::Booleans(array.as_boolean().clone()),
            DataType::UInt64 => Values::Unsigned(array.as_primitive::<UInt64Type>().clone()),
            given if given.is_integer() => {
                let integers = cast(array, &DataType::Int64)?;
                Values::Integers(integers.as_primitive::<Int64Type>().clone())
            }
            DataType::Float64 => Values::Floats(array.as_primitive::<Float64Type>().clone()),
            given if given.is_floating() || given.is_decimal() => {
                Values::Numbers(shown(array)?, Arc::clone(printed))
            }
            given if given.is_string() => {
                let texts = cast(array, &DataType::Utf8View)?;
                Values::Texts(texts.as_string_view().clone())
            }
            DataType::Dictionary(_, values) => {
                return Self::new(&cast(array, values)?, printed);
            }
            DataType::Struct(_) => Values::Records(Arc::new(Record::new(array, printed))),
            DataType::List(items)
            | DataType::LargeList(items)
            | DataType::ListView(items)
            | DataType::LargeListView(items)
            | DataType::FixedSizeList(items, _) => {
                let lists = cast(array, &DataType::LargeList(Arc::clone(items)))?;
                let lists = lists.as_list::<i64>();
                let items = Self::new(lists.values(), printed)?;
                let offsets = lists.offsets().iter();
                Values::Lists(Arc::new(items), offsets.map(|end| *end as usize).collect())
            }
            DataType::Map(..) => {
                let maps = array.as_map();
                let keys = Self::new(maps.keys(), printed)?;
                let values = Self::new(maps.values(), printed)?;
                let offsets = maps.offsets().iter().map(|end| *end as usize).collect();
                Values::Maps(Arc::new(keys), Arc::new(values), offsets)
            }
            _ => Values::Shown(shown(array)?),
        };
        Ok(Self { nulls, values })
    }

    /// The value of a row.
    pub(super) fn value(&self, row: usize) -> Value {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Value::from(());
        }
        match &self.values {
            Values::Booleans(array) => array.value(row).into(),
            Values::Integers(array) => array.value(row).into(),
            Values::Unsigned(array) => array.value(row).into(),
            Values::Floats(array) => array.value(row).into(),
            Values::Numbers(array, printed) => number(array.value(row), printed),
            Values::Texts(array) => array.value(row).into(),
            Values::Shown(array) => array.value(row).into(),
            Values::Records(record) => Value::from_object(RecordOfRow {
                record: Arc::clone(record),
                row,
            }),
            Values::Lists(items, offsets) => Value::from_object(ItemsOfRow {
                items: Arc::clone(items),
                rows: offsets[row]..offsets[row + 1],
            }),
            Values::Maps(keys, values, offsets) => Value::from_object(EntriesOfRow {
                keys: Arc::clone(keys),
                values: Arc::clone(values),
                rows: offsets[row]..offsets[row + 1],
            }),
        }
    }
}

/// Values as a cast to text shows them.
fn shown(array: &ArrayRef) -> Result<StringArray> {
    Ok(postgres::as_text(array, &SessionTimeZone::default())?
        .as_string::<i32>()
        .clone())
}

fn number(text: &str, printed: &Printed) -> Value {
    if let Ok(integer) = text.parse::<i128>() {
        return integer.into();
    }
    match text.parse::<f64>() {
        Ok(number) => {
            printed.insert(number, text);
            number.into()
        }
        // Numbers are shown as Rust reads them; this one would print at least.
        Err(_) => text.into(),
    }
}

/// A column of records.
#[derive(Debug)]
pub(super) struct Record {
    fields: Vec<(Arc<Field>, ArrayRef)>,
    columns: Vec<OnceLock<Result<Column, String>>>,
    printed: Arc<Printed>,
}

impl Record {
    /// The records of an array of structs.
    pub(super) fn new(array: &ArrayRef, printed: &Arc<Printed>) -> Self {
        let records = array.as_struct();
        let fields = records.fields().iter().zip(records.columns());
        Self {
            fields: fields
                .map(|(field, column)| (Arc::clone(field), Arc::clone(column)))
                .collect(),
            columns: records.fields().iter().map(|_| OnceLock::new()).collect(),
            printed: Arc::clone(printed),
        }
    }

    /// The names of the fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(field, _)| field.name().as_str())
    }

    /// What a field is in a row; `None` where there is no such field.
    pub(super) fn value(&self, name: &str, row: usize) -> Option<Value> {
        let position = self.names().position(|known| known == name)?;
        let (_, array) = self.fields.get(position)?;
        // Many a field is not in the template, and is never looked at.
        let column = self
            .columns
            .get(position)?
            .get_or_init(|| Column::new(array, &self.printed).map_err(|error| error.to_string()));
        Some(match column {
            Ok(column) => column.value(row),
            Err(message) => Error::new(ErrorKind::BadSerialization, message.clone()).into(),
        })
    }
}
