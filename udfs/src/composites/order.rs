//! The order of rows, which is that of their attributes, one after the other. As in PostgreSQL, an attribute
//! that is NULL comes after all others and equals NULL, whichever way rows are ordered; where DataFusion orders
//! records, what is NULL within them comes first or is unknown.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Int32Array, ListArray, StringArray, StructArray,
};
use arrow::compute::SortOptions;
use arrow::datatypes::{
    DataType, Field, FieldRef, Float32Type, Float64Type, IntervalMonthDayNanoType, IntervalUnit,
};
use arrow::row::{RowConverter, SortField};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use crate::enums::{EnumDefinition, EnumKind};
use crate::postgres::one_nan;

/// What rows, or arrays of them, are ordered by: texts whose order is that of the values. `enums` are the
/// enum types of the attributes.
pub fn place(values: Expr, field: FieldRef, enums: Vec<EnumDefinition>) -> Expr {
    let function = PlaceOfRow {
        field,
        enums,
        signature: Signature::any(1, Volatility::Immutable),
    };
    ScalarUDF::new_from_impl(function).call(vec![values])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PlaceOfRow {
    /// What the values are.
    field: FieldRef,
    enums: Vec<EnumDefinition>,
    signature: Signature,
}

impl ScalarUDFImpl for PlaceOfRow {
    fn name(&self) -> &str {
        "tributary_composite_place"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(values)] => {
                let places = places(values, &self.field, &self.enums)?;
                Ok(ColumnarValue::Array(Arc::new(places)))
            }
            [ColumnarValue::Scalar(value)] => {
                let places = places(&value.to_array()?, &self.field, &self.enums)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                    &places, 0,
                )?))
            }
            _ => internal_err!("a place is that of one value"),
        }
    }
}

fn places(values: &ArrayRef, field: &Field, enums: &[EnumDefinition]) -> Result<StringArray> {
    let comparable = comparable(values, field, enums)?;
    let options = SortOptions {
        descending: false,
        nulls_first: false,
    };
    let sorted = SortField::new_with_options(comparable.data_type().clone(), options);
    let rows = RowConverter::new(vec![sorted])?.convert_columns(&[comparable])?;
    let texts = rows.iter().enumerate().map(|(row, bytes)| {
        values.is_valid(row).then(|| {
            let bytes = bytes.as_ref();
            let mut text = String::with_capacity(2 * bytes.len());
            for byte in bytes {
                // A text takes all that is written to it.
                let _ = write!(text, "{byte:02x}");
            }
            text
        })
    });
    Ok(texts.collect())
}

/// Values whose order as Arrow has it is that of PostgreSQL: labels as their places, intervals as their
/// lengths, floats with one zero and one NaN.
fn comparable(values: &ArrayRef, field: &Field, enums: &[EnumDefinition]) -> Result<ArrayRef> {
    if let (Some(kind), Some(labels)) = (EnumKind::of_field(field), values.as_string_opt::<i32>()) {
        let Some(of) = enums.iter().find(|definition| definition.of == kind.of) else {
            return internal_err!("the labels of an enum are not known");
        };
        let place = |label: &str| {
            let place = of.labels.iter().position(|known| known == label);
            place.and_then(|place| i32::try_from(place).ok())
        };
        let places = labels.iter().map(|label| label.and_then(place));
        return Ok(Arc::new(places.collect::<Int32Array>()));
    }
    Ok(match (values.data_type(), field.data_type()) {
        (DataType::Struct(_), DataType::Struct(parts)) => {
            let rows = values.as_struct();
            let columns = rows.columns().iter().zip(parts);
            let columns = columns.map(|(column, part)| comparable(column, part, enums));
            let columns = columns.collect::<Result<Vec<_>>>()?;
            let fields = columns.iter().enumerate().map(|(place, column)| {
                Field::new(place.to_string(), column.data_type().clone(), true)
            });
            let nulls = rows.nulls().cloned();
            Arc::new(StructArray::try_new(fields.collect(), columns, nulls)?)
        }
        (DataType::List(_), DataType::List(item)) => {
            let lists = values.as_list::<i32>();
            let items = comparable(lists.values(), item, enums)?;
            let item = Arc::new(Field::new("item", items.data_type().clone(), true));
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            Arc::new(ListArray::try_new(item, offsets, items, nulls)?)
        }
        (DataType::Float32, _) => {
            let floats = one_nan(values);
            let floats = floats.as_primitive::<Float32Type>();
            Arc::new(floats.unary::<_, Float32Type>(|value| value + 0.0))
        }
        (DataType::Float64, _) => {
            let floats = one_nan(values);
            let floats = floats.as_primitive::<Float64Type>();
            Arc::new(floats.unary::<_, Float64Type>(|value| value + 0.0))
        }
        (DataType::Interval(IntervalUnit::MonthDayNano), _) => {
            let intervals = values.as_primitive::<IntervalMonthDayNanoType>();
            let lengths = intervals.iter().map(|interval| {
                let interval = interval?;
                let days = i128::from(interval.months) * 30 + i128::from(interval.days);
                Some(days * DAY + i128::from(interval.nanoseconds))
            });
            Arc::new(lengths.collect::<Decimal128Array>())
        }
        _ => Arc::clone(values),
    })
}

/// The nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, StringArray};
    use arrow::datatypes::Fields;

    use super::*;
    use crate::enums::EnumType;

    #[test]
    fn rows_are_ordered_as_postgres_orders_them() {
        let of = EnumType {
            oid: 16_384,
            array_oid: 16_385,
        };
        let mood = of.field("mood");
        let parts = Fields::from(vec![
            mood,
            Arc::new(Field::new("number", DataType::Float64, true)),
        ]);
        let labels = [
            Some("sad"),
            Some("sad"),
            Some("sad"),
            Some("ok"),
            Some("ok"),
            None,
            None,
        ];
        let numbers = [
            Some(-1.0),
            Some(0.0),
            None,
            Some(1.0),
            Some(-f64::NAN),
            Some(0.0),
            None,
        ];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(labels.to_vec())),
            Arc::new(Float64Array::from(numbers.to_vec())),
        ];
        let rows = StructArray::new(parts.clone(), columns, None);
        let field = Field::new("row", DataType::Struct(parts.clone()), true);
        let definition = EnumDefinition {
            of,
            name: "mood".to_owned(),
            labels: vec!["sad".to_owned(), "ok".to_owned()],
        };
        let rows: ArrayRef = Arc::new(rows);
        let places = places(&rows, &field, std::slice::from_ref(&definition)).unwrap();
        for next in 1..places.len() {
            let (before, behind) = (places.value(next - 1), places.value(next));
            assert!(before < behind, "row {next} is not behind the one before");
        }
        let zeros: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec!["sad"; 2])),
            Arc::new(Float64Array::from(vec![0.0, -0.0])),
        ];
        let zeros: ArrayRef = Arc::new(StructArray::new(parts, zeros, None));
        let places = super::places(&zeros, &field, &[definition]).unwrap();
        assert_eq!(places.value(0), places.value(1));
    }

    #[test]
    fn no_row_has_no_place() {
        let parts = Fields::from(vec![Field::new("a", DataType::Int32, true)]);
        let field = Field::new("row", DataType::Struct(parts.clone()), true);
        let rows: ArrayRef = Arc::new(StructArray::new_null(parts, 2));
        let places = places(&rows, &field, &[]).unwrap();
        assert_eq!(places.null_count(), 2);
    }
}
