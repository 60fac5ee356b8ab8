//! Values as they compare, whatever they are encoded in.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, ListArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float16Type, Float32Type, Float64Type};
use datafusion::error::Result;

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// A type without its dictionary encodings, in which values are kept and answered.
pub(super) fn plain_type(given: &DataType) -> DataType {
    let plain_field = |field: &FieldRef| -> FieldRef {
        let plain = plain_type(field.data_type());
        Arc::new(Field::clone(field).with_data_type(plain))
    };
    match given {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        DataType::List(item) => DataType::List(plain_field(item)),
        DataType::LargeList(item) => DataType::LargeList(plain_field(item)),
        DataType::FixedSizeList(item, length) => {
            DataType::FixedSizeList(plain_field(item), *length)
        }
        other => other.clone(),
    }
}

/// Values in a type without dictionaries.
pub(super) fn plain(values: &ArrayRef, plain: &DataType) -> Result<ArrayRef> {
    if values.data_type() == plain {
        return Ok(Arc::clone(values));
    }
    Ok(cast(values, plain)?)
}

/// Values of which those that are equal in SQL have the same bytes: zero has one sign, and there is
/// one NaN, greater than everything else, as in PostgreSQL.
pub(super) fn canonical(values: &ArrayRef) -> Result<ArrayRef> {
    if !has_floats(values.data_type()) {
        return Ok(Arc::clone(values));
    }
    Ok(match values.data_type() {
        DataType::Float16 => Arc::new(
            values
                .as_primitive::<Float16Type>()
                .unary::<_, Float16Type>(|value| Half::from_f64(one_of_each(value.to_f64()))),
        ),
        DataType::Float32 => Arc::new(
            values
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(|value| one_of_each(f64::from(value)) as f32),
        ),
        DataType::Float64 => Arc::new(
            values
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(one_of_each),
        ),
        DataType::Struct(fields) => {
            let records = values.as_struct();
            let columns = records.columns().iter().map(canonical);
            let columns = columns.collect::<Result<Vec<_>>>()?;
            let nulls = records.nulls().cloned();
            Arc::new(StructArray::try_new(fields.clone(), columns, nulls)?)
        }
        DataType::List(item) => {
            let lists = values.as_list::<i32>();
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            let items = canonical(lists.values())?;
            Arc::new(ListArray::try_new(Arc::clone(item), offsets, items, nulls)?)
        }
        _ => Arc::clone(values),
    })
}

fn one_of_each(value: f64) -> f64 {
    if value == 0.0 {
        0.0
    } else if value.is_nan() {
        f64::NAN
    } else {
        value
    }
}

fn has_floats(given: &DataType) -> bool {
    match given {
        DataType::Struct(fields) => fields.iter().any(|field| has_floats(field.data_type())),
        DataType::List(item) => has_floats(item.data_type()),
        other => other.is_floating(),
    }
}
