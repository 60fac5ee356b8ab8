//! How a file's column becomes one of the table, of another type.
//!
//! What each value of a type is in the other is read by a cast. Where a cast may lose something, each
//! value is held against what it is when it is cast back, so that 10.75 is no `bigint`, and 10.0 is. The
//! pairs of types are those that Postgres assigns to each other, and texts, which are read.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array, ListArray, StructArray,
    new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp::distinct;
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use arrow::util::display::FormatOptions;
use std::sync::Arc;

use super::widening::{is_same, plain, widens};
use crate::error::{Error, Result};

/// How the values of an array become those of a type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Conversion {
    /// They are of the type.
    Same,
    /// By a cast, which keeps all.
    Widened,
    /// By a cast, which reads those that it can.
    Read,
    /// By a cast, which keeps those that are the same when they are cast back.
    Exact,
    /// Field by field: where each stands, if anywhere.
    Struct(Vec<Option<(usize, Conversion)>>),
    /// Item by item.
    List(Box<Conversion>),
}

/// Types that cannot be made of each other.
#[derive(Debug, PartialEq)]
pub(super) struct Conflict {
    /// The column, with the field in it.
    pub path: String,
    pub from: DataType,
    pub to: DataType,
}

impl Conversion {
    /// How a column becomes one of the table. The fields within it that the table lacks are added to
    /// `extra`.
    pub fn between(
        path: &str,
        from: &DataType,
        to: &DataType,
        extra: &mut Vec<String>,
    ) -> std::result::Result<Self, Conflict> {
        let conflict = || Conflict {
            path: path.to_owned(),
            from: from.clone(),
            to: to.clone(),
        };
        if from == to {
            return Ok(Self::Same);
        }
        match (from, to) {
            (DataType::Struct(fields), DataType::Struct(wanted)) => {
                let named = |fields: &Fields, name: &str| fields.find(name).is_some();
                let unknown = fields.iter().filter(|it| !named(wanted, it.name()));
                extra.extend(unknown.map(|field| format!("{path}.{}", field.name())));
                let each = wanted.iter().map(|field| {
                    let Some((place, found)) = fields.find(field.name()) else {
                        return Ok(None);
                    };
                    let path = format!("{path}.{}", field.name());
                    Self::between(&path, found.data_type(), field.data_type(), extra)
                        .map(|conversion| Some((place, conversion)))
                });
                each.collect::<std::result::Result<_, _>>()
                    .map(Self::Struct)
            }
            (
                DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _),
                DataType::List(wanted),
            ) => {
                let path = format!("{path}[]");
                Self::between(&path, item.data_type(), wanted.data_type(), extra)
                    .map(|conversion| Self::List(Box::new(conversion)))
            }
            (DataType::Map(..), DataType::Map(..)) if is_same(from, to) => Ok(Self::Widened),
            _ => scalar(&plain(from), &plain(to)).ok_or_else(conflict),
        }
    }

    /// Whether it may find values that it cannot keep.
    pub fn is_checked(&self) -> bool {
        match self {
            Self::Same | Self::Widened => false,
            Self::Read | Self::Exact => true,
            Self::Struct(fields) => fields.iter().flatten().any(|(_, field)| field.is_checked()),
            Self::List(item) => item.is_checked(),
        }
    }

    /// The values, and which of them could not be kept, if any.
    ///
    /// # Errors
    /// What the cast meets beyond single values.
    pub fn convert(
        &self,
        array: &ArrayRef,
        to: &Field,
    ) -> Result<(ArrayRef, Option<BooleanBuffer>)> {
        let data_type = to.data_type();
        match self {
            Self::Same => Ok((Arc::clone(array), None)),
            Self::Widened => Ok((cast(array, data_type)?, None)),
            Self::Read => {
                let read = cast_with_options(array, data_type, &SAFE)?;
                let lost = lost(array, &read);
                Ok((read, lost))
            }
            Self::Exact => exact(array, data_type),
            Self::Struct(fields) => structs(array, data_type, fields),
            Self::List(item) => lists(array, data_type, item),
        }
    }
}

/// What cannot be cast is NULL.
const SAFE: CastOptions<'static> = CastOptions {
    safe: true,
    format_options: FormatOptions::new(),
};

/// How values of one plain type become those of another.
fn scalar(from: &DataType, to: &DataType) -> Option<Conversion> {
    use DataType::{Binary, Boolean, Date32, Date64, FixedSizeBinary, Null, Time32, Time64};
    use DataType::{Timestamp, Utf8};
    let is_time = |it: &DataType| matches!(it, Time32(_) | Time64(_));
    let is_bytes = |it: &DataType| matches!(it, Binary | FixedSizeBinary(_));
    if *from == *to || *from == Null || widens(from, to) {
        return Some(Conversion::Widened);
    }
    match (from, to) {
        // Moments are kept to the microsecond, as in Postgres.
        (Timestamp(..), Timestamp(TimeUnit::Microsecond, _)) => Some(Conversion::Widened),
        (Timestamp(..) | Date32 | Date64, Timestamp(..) | Date32 | Date64) => {
            Some(Conversion::Exact)
        }
        _ if from.is_numeric() && to.is_numeric() => Some(Conversion::Exact),
        _ if is_time(from) && is_time(to) => Some(Conversion::Exact),
        (from, Utf8)
            if from.is_numeric()
                || is_time(from)
                || is_bytes(from)
                || matches!(from, Boolean | Date32 | Date64 | Timestamp(..)) =>
        {
            Some(Conversion::Read)
        }
        (Utf8, to)
            if to.is_numeric()
                || is_time(to)
                || matches!(to, Binary | Boolean | Date32 | Date64 | Timestamp(..)) =>
        {
            Some(Conversion::Read)
        }
        (from, Binary) if is_bytes(from) => Some(Conversion::Widened),
        _ => None,
    }
}

/// Which values are NULL though they were not.
fn lost(array: &ArrayRef, read: &ArrayRef) -> Option<BooleanBuffer> {
    if read.logical_null_count() == array.logical_null_count() {
        return None;
    }
    let (before, after) = (array.logical_nulls(), read.logical_nulls());
    let is_null = |nulls: &Option<arrow::buffer::NullBuffer>, row| {
        nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    };
    Some(BooleanBuffer::collect_bool(array.len(), |row| {
        is_null(&after, row) && !is_null(&before, row)
    }))
}

fn exact(array: &ArrayRef, to: &DataType) -> Result<(ArrayRef, Option<BooleanBuffer>)> {
    // Layouts are of no matter to the values.
    let plain = cast(array, &plain(array.data_type()))?;
    let kept = cast_with_options(&plain, to, &SAFE)?;
    let back = cast_with_options(&kept, plain.data_type(), &SAFE)?;
    let differ: BooleanArray = distinct(
        &without_negative_zeros(&back),
        &without_negative_zeros(&plain),
    )?;
    let any = differ.true_count() > 0;
    Ok((kept, any.then(|| differ.values().clone())))
}

/// Negative zero is no other number.
fn without_negative_zeros(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Float32 => {
            let array: &Float32Array = array.as_primitive();
            Arc::new(array.unary::<_, arrow::datatypes::Float32Type>(|value| value + 0.0))
        }
        DataType::Float64 => {
            let array: &Float64Array = array.as_primitive();
            Arc::new(array.unary::<_, arrow::datatypes::Float64Type>(|value| value + 0.0))
        }
        _ => Arc::clone(array),
    }
}

fn structs(
    array: &ArrayRef,
    to: &DataType,
    fields: &[Option<(usize, Conversion)>],
) -> Result<(ArrayRef, Option<BooleanBuffer>)> {
    let DataType::Struct(wanted) = to else {
        return Err(Error::internal("a struct becomes what is none"));
    };
    let array = array.as_struct();
    let mut columns = Vec::with_capacity(fields.len());
    let mut bad: Option<BooleanBuffer> = None;
    for (field, source) in wanted.iter().zip(fields) {
        let Some((place, conversion)) = source else {
            columns.push(new_null_array(field.data_type(), array.len()));
            continue;
        };
        let (column, lost) = conversion.convert(array.column(*place), field)?;
        columns.push(column);
        if let Some(lost) = lost {
            bad = Some(match bad {
                Some(bad) => &bad | &lost,
                None => lost,
            });
        }
    }
    // What is within no struct is nothing.
    if let (Some(bad), Some(nulls)) = (&mut bad, array.nulls()) {
        *bad = &*bad & nulls.inner();
    }
    let nulls = array.nulls().cloned();
    let made = StructArray::try_new_with_length(wanted.clone(), columns, nulls, array.len())?;
    Ok((Arc::new(made), bad))
}

fn lists(
    array: &ArrayRef,
    to: &DataType,
    conversion: &Conversion,
) -> Result<(ArrayRef, Option<BooleanBuffer>)> {
    let DataType::List(wanted) = to else {
        return Err(Error::internal("a list becomes what is none"));
    };
    let item = match array.data_type() {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => item,
        _ => return Err(Error::internal("what is no list becomes one")),
    };
    let array = cast(array, &DataType::List(Arc::clone(item)))?;
    let array = array.as_list::<i32>();
    let (values, lost) = conversion.convert(array.values(), wanted)?;
    let offsets = array.offsets();
    let bad = lost.map(|lost| {
        BooleanBuffer::collect_bool(array.len(), |row| {
            let bound = |at: usize| {
                offsets
                    .get(at)
                    .map_or(0, |offset| offset.unsigned_abs() as usize)
            };
            array.is_valid(row) && (bound(row)..bound(row + 1)).any(|item| lost.value(item))
        })
    });
    let nulls = array.nulls().cloned();
    let made = ListArray::try_new(Arc::clone(wanted), offsets.clone(), values, nulls)?;
    Ok((Arc::new(made), bad))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date32Array, Int64Array, StringArray, TimestampMicrosecondArray};

    use super::*;

    /// What becomes of each value: as text, or nothing where it cannot be kept.
    fn read(array: ArrayRef, to: DataType) -> Vec<Option<String>> {
        let conversion = Conversion::between("c", array.data_type(), &to, &mut Vec::new()).unwrap();
        let (read, bad) = conversion
            .convert(&array, &Field::new("c", to, true))
            .unwrap();
        let texts = cast(&read, &DataType::Utf8).unwrap();
        let texts = texts.as_string::<i32>();
        (0..texts.len())
            .map(|row| {
                let is_bad = bad.as_ref().is_some_and(|bad| bad.value(row));
                (!is_bad).then(|| texts.value(row).to_owned())
            })
            .collect()
    }

    #[test]
    fn values_are_kept_where_they_are_the_same() {
        let kept = |text: &str| Some(text.to_owned());
        let doubles = Arc::new(Float64Array::from(vec![10.0, 10.75, -0.0, 1e300, f64::NAN]));
        let whole = [kept("10"), None, kept("0"), None, None];
        assert_eq!(read(doubles.clone(), DataType::Int64), whole);
        let tenths = [kept("10.0"), None, kept("0.0"), None, None];
        assert_eq!(read(doubles, DataType::Decimal128(8, 1)), tenths);
        let numbers = Arc::new(Int64Array::from(vec![7, 1 << 53, (1 << 53) + 1, i64::MAX]));
        let exact = read(numbers.clone(), DataType::Float64);
        assert_eq!(
            exact.iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, true, false, false]
        );
        assert_eq!(
            read(numbers, DataType::Int16),
            [kept("7"), None, None, None]
        );
        let texts = Arc::new(StringArray::from(vec!["7", "007", "x", ""]));
        assert_eq!(
            read(texts, DataType::Int64),
            [kept("7"), kept("7"), None, None]
        );
        let day = 86_400_000_000;
        let moments = Arc::new(TimestampMicrosecondArray::from(vec![day, day + 1]));
        assert_eq!(read(moments, DataType::Date32), [kept("1970-01-02"), None]);
    }

    #[test]
    fn types_of_other_kinds_are_in_conflict() {
        for (from, to) in [
            (DataType::Boolean, DataType::Int64),
            (DataType::Int64, DataType::Boolean),
            (DataType::Int32, DataType::Date32),
            (DataType::Date32, DataType::Int32),
            (DataType::Date32, DataType::Float64),
        ] {
            let found = Conversion::between("c", &from, &to, &mut Vec::new());
            assert!(found.is_err(), "{from} to {to}: {found:?}");
        }
    }

    #[test]
    fn what_is_within_lists_and_structs_is_looked_at_too() {
        let item = |data_type| Arc::new(Field::new("item", data_type, true));
        let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.5, 3.0]));
        let offsets = arrow::buffer::OffsetBuffer::from_lengths([1, 1, 1]);
        let lists: ArrayRef = Arc::new(ListArray::new(
            item(DataType::Float64),
            offsets,
            values,
            None,
        ));
        let fields = Fields::from(vec![
            Field::new("xs", lists.data_type().clone(), true),
            Field::new("new", DataType::Date32, true),
        ]);
        let days: ArrayRef = Arc::new(Date32Array::from(vec![0, 0, 0]));
        let structs: ArrayRef = Arc::new(StructArray::new(fields, vec![lists, days], None));
        let to = DataType::Struct(Fields::from(vec![
            Field::new("gone", DataType::Utf8, true),
            Field::new("xs", DataType::List(item(DataType::Int64)), true),
        ]));
        let mut extra = Vec::new();
        let conversion = Conversion::between("c", structs.data_type(), &to, &mut extra).unwrap();
        assert_eq!(extra, ["c.new"]);
        let (read, bad) = conversion
            .convert(&structs, &Field::new("c", to.clone(), true))
            .unwrap();
        assert_eq!(*read.data_type(), to);
        let bad = bad.unwrap();
        assert_eq!(
            [bad.value(0), bad.value(1), bad.value(2)],
            [false, true, false]
        );
    }
}
