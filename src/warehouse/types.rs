//! Types that Delta Lake has, and how the others are kept in them.
//!
//! Delta knows fewer types than Arrow. A column of another type is stored as the nearest one that
//! loses nothing, and the type that was declared is kept beside it (see [`super::schema`]), so
//! that a scan gives it back:
//!
//! | declared | stored |
//! |---|---|
//! | `UInt8`, `UInt16`, `UInt32`, `UInt64` | `short`, `integer`, `long`, `decimal(20,0)` |
//! | `Float16` | `float` |
//! | strings of any layout, dictionaries of them | `string` |
//! | binaries of any layout | `binary` |
//! | `Date64` | `date` |
//! | `Timestamp` of any unit with a zone, without one | `timestamp`, `timestamp_ntz`, both in microseconds |
//! | `Time32`, `Time64`, `Duration` | `integer` or `long`, in their unit |
//! | `Interval` | `string`, as Postgres writes it |
//! | `Decimal32`, `Decimal64`, `Decimal256` up to 38 digits | `decimal` |
//! | other decimals | `string` |
//! | lists of any layout | `array` |
//!
//! Two things are not given back as they came: nanoseconds are cut to microseconds, and a column
//! of type `Null` becomes one of text, as in Postgres.

use std::sync::Arc;

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use tributary_udfs::composites::CompositeType;

use crate::error::{Error, Result, SqlState};

/// The zone of Delta's `timestamp`.
pub(super) const UTC: &str = "UTC";

/// The widest decimal of Delta.
const MAX_PRECISION: u8 = 38;

/// The field as the table will give it back: without encodings and without the metadata of
/// wherever it came from, but for that of types.
pub(super) fn declared_field(field: &Field) -> Result<Field> {
    let metadata = field
        .metadata()
        .iter()
        .filter(|(key, _)| key.starts_with("ARROW:extension:"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Ok(Field::new(
        field.name(),
        declared_type(field.data_type())?,
        field.is_nullable() || field.data_type().is_null(),
    )
    .with_metadata(metadata))
}

fn declared_type(data_type: &DataType) -> Result<DataType> {
    let child = |field: &Arc<Field>| declared_field(field).map(Arc::new);
    Ok(match data_type {
        DataType::Null => DataType::Utf8,
        DataType::RunEndEncoded(_, values) => declared_type(values.data_type())?,
        DataType::List(field) | DataType::ListView(field) => DataType::List(child(field)?),
        DataType::LargeList(field) | DataType::LargeListView(field) => {
            DataType::LargeList(child(field)?)
        }
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(child(field)?, *size),
        // Of which type they are attributes is part of what the values are.
        DataType::Struct(fields) if CompositeType::of(data_type).is_some() => {
            let declared = fields.iter().map(|field| {
                let metadata = field.metadata().clone();
                Ok(declared_field(field)?.with_metadata(metadata))
            });
            DataType::Struct(declared.collect::<Result<Fields>>()?)
        }
        DataType::Struct(fields) => DataType::Struct(declared_fields(fields)?),
        DataType::Map(field, sorted) => DataType::Map(child(field)?, *sorted),
        other => other.clone(),
    })
}

fn declared_fields(fields: &Fields) -> Result<Fields> {
    fields.iter().map(|field| declared_field(field)).collect()
}

/// The type that Delta stores a declared type as.
///
/// # Errors
/// 0A000 for a type that nothing in Delta can hold.
pub(super) fn stored_type(declared: &DataType) -> Result<DataType> {
    let stored = nearest_type(declared)?;
    if *declared != stored
        && !(can_cast_types(declared, &stored) && can_cast_types(&stored, declared))
    {
        return Err(unsupported(declared));
    }
    Ok(stored)
}

fn nearest_type(declared: &DataType) -> Result<DataType> {
    use DataType as T;
    Ok(match declared {
        T::Boolean | T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::Float32 | T::Float64 => {
            declared.clone()
        }
        T::UInt8 => T::Int16,
        T::UInt16 => T::Int32,
        T::UInt32 => T::Int64,
        T::UInt64 => T::Decimal128(20, 0),
        T::Float16 => T::Float32,
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Interval(_) => T::Utf8,
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => T::Binary,
        T::Date32 | T::Date64 => T::Date32,
        T::Timestamp(_, None) => T::Timestamp(TimeUnit::Microsecond, None),
        T::Timestamp(_, Some(_)) => T::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        T::Time32(_) => T::Int32,
        T::Time64(_) | T::Duration(_) => T::Int64,
        T::Decimal32(precision, scale)
        | T::Decimal64(precision, scale)
        | T::Decimal128(precision, scale)
        | T::Decimal256(precision, scale) => {
            let fits = *precision <= MAX_PRECISION
                && u8::try_from(*scale).is_ok_and(|scale| scale <= *precision);
            if fits {
                T::Decimal128(*precision, *scale)
            } else {
                T::Utf8
            }
        }
        T::Dictionary(_, values) => nearest_type(values)?,
        T::List(field) | T::LargeList(field) | T::FixedSizeList(field, _) => {
            T::List(Arc::new(stored_field(field, "element")?))
        }
        T::Struct(fields) if !fields.is_empty() => {
            let fields: Result<Fields> = fields
                .iter()
                .map(|field| stored_field(field, field.name()))
                .collect();
            T::Struct(fields?)
        }
        T::Map(entries, _) => {
            let T::Struct(fields) = entries.data_type() else {
                return Err(unsupported(declared));
            };
            let [key, value] = fields.as_ref() else {
                return Err(unsupported(declared));
            };
            let entry = Fields::from(vec![
                stored_field(key, "key")?.with_nullable(false),
                stored_field(value, "value")?,
            ]);
            T::Map(
                Arc::new(Field::new("key_value", T::Struct(entry), false)),
                false,
            )
        }
        _ => return Err(unsupported(declared)),
    })
}

fn stored_field(field: &Field, name: &str) -> Result<Field> {
    Ok(Field::new(
        name,
        nearest_type(field.data_type())?,
        field.is_nullable(),
    ))
}

fn unsupported(data_type: &DataType) -> Error {
    Error::unsupported(format!("a column of type {data_type}"))
        .with_hint("Cast the column to another type.")
}

/// Whether values in their stored form sort as they do in their declared form, so that bounds of
/// the one are bounds of the other.
pub(super) fn keeps_order(declared: &DataType, stored: &DataType) -> bool {
    match declared {
        DataType::Dictionary(_, values) => keeps_order(values, stored),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => *stored == DataType::Utf8,
        _ => !declared.is_nested() && !matches!(stored, DataType::Utf8 | DataType::Binary),
    }
}

/// Delta's name of a stored type that is not nested.
pub(super) fn delta_name(stored: &DataType) -> Option<String> {
    Some(
        match stored {
            DataType::Boolean => "boolean",
            DataType::Int8 => "byte",
            DataType::Int16 => "short",
            DataType::Int32 => "integer",
            DataType::Int64 => "long",
            DataType::Float32 => "float",
            DataType::Float64 => "double",
            DataType::Utf8 => "string",
            DataType::Binary => "binary",
            DataType::Date32 => "date",
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "timestamp",
            DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp_ntz",
            DataType::Decimal128(precision, scale) => {
                return Some(format!("decimal({precision},{scale})"));
            }
            _ => return None,
        }
        .to_owned(),
    )
}

/// The Arrow type of a name of Delta's.
///
/// # Errors
/// 0A000 for a type that only other engines write.
pub(super) fn from_delta_name(name: &str) -> Result<DataType> {
    Ok(match name {
        "boolean" => DataType::Boolean,
        "byte" => DataType::Int8,
        "short" => DataType::Int16,
        "integer" => DataType::Int32,
        "long" => DataType::Int64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "string" => DataType::Utf8,
        "binary" => DataType::Binary,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
        other => {
            let digits = other
                .strip_prefix("decimal(")
                .and_then(|rest| rest.strip_suffix(')'))
                .and_then(|rest| rest.split_once(','));
            let decimal = digits.and_then(|(precision, scale)| {
                Some(DataType::Decimal128(
                    precision.trim().parse().ok()?,
                    scale.trim().parse().ok()?,
                ))
            });
            decimal.ok_or_else(|| {
                Error::new(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!("a column of Delta type \"{other}\" is not supported"),
                )
            })?
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow::array::{Array, IntervalDayTimeArray, IntervalMonthDayNanoArray};
    use arrow::compute::cast;
    use arrow::datatypes::{IntervalDayTime, IntervalMonthDayNano};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_of_a_type_stay_rows_of_it() {
        let of = CompositeType {
            oid: 16_384,
            array_oid: 16_385,
        };
        let fields = Fields::from(vec![Field::new("street", DataType::Utf8, true)]);
        let row = of.data_type(&fields);
        let field = Field::new("home", row.clone(), true);
        let given = HashMap::from([("tributary.told".to_owned(), "x".to_owned())]);
        let declared = declared_field(&field.with_metadata(given)).unwrap();
        assert_eq!(declared.data_type(), &row);
        assert!(declared.metadata().is_empty());
        // What other engines read knows nothing of it.
        assert_eq!(stored_type(&row).unwrap(), DataType::Struct(fields));
    }

    proptest! {
        #[test]
        fn intervals_survive_as_text(
            months in -100_000..100_000,
            days in -100_000..100_000,
            milliseconds in any::<i32>(),
            nanoseconds in any::<i64>(),
        ) {
            let whole = IntervalMonthDayNano::new(months, days, nanoseconds);
            let whole = IntervalMonthDayNanoArray::from(vec![whole]);
            let text = cast(&whole, &stored_type(whole.data_type()).unwrap()).unwrap();
            let back = cast(&text, whole.data_type()).unwrap();
            prop_assert_eq!(back.to_data(), whole.to_data());

            let short = IntervalDayTimeArray::from(vec![IntervalDayTime::new(days, milliseconds)]);
            let text = cast(&short, &stored_type(short.data_type()).unwrap()).unwrap();
            let back = cast(&text, short.data_type()).unwrap();
            prop_assert_eq!(back.to_data(), short.to_data());
        }

        #[test]
        fn delta_names_are_read_back(precision in 1_u8..=38, scale in 0_i8..=38) {
            let plain = [
                DataType::Boolean,
                DataType::Int8,
                DataType::Float64,
                DataType::Utf8,
                DataType::Binary,
                DataType::Date32,
                DataType::Timestamp(TimeUnit::Microsecond, None),
                DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
                DataType::Decimal128(precision, scale.min(precision as i8)),
            ];
            for data_type in plain {
                let name = delta_name(&data_type).unwrap();
                prop_assert_eq!(from_delta_name(&name).unwrap(), data_type);
            }
        }
    }
}
