//! Which types hold all values of which others, and which type holds those of two.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

/// The digits of the widest `numeric`.
const MAX_DIGITS: i16 = 38;

/// Whether values of one type are values of the other: records have the same fields, in the same order.
/// What items of lists, and keys and values of maps, are called says nothing of them.
pub fn is_same(one: &DataType, other: &DataType) -> bool {
    use DataType::{FixedSizeList, LargeList, LargeListView, List, ListView, Map, Struct};
    let same_field = |one: &Field, other: &Field| {
        one.is_nullable() == other.is_nullable() && is_same(one.data_type(), other.data_type())
    };
    match (one, other) {
        (Struct(left), Struct(right)) => {
            let mut pairs = left.iter().zip(right);
            left.len() == right.len()
                && pairs.all(|(left, right)| left.name() == right.name() && same_field(left, right))
        }
        (List(left), List(right))
        | (LargeList(left), LargeList(right))
        | (ListView(left), ListView(right))
        | (LargeListView(left), LargeListView(right)) => same_field(left, right),
        (FixedSizeList(left, size), FixedSizeList(right, other_size)) => {
            size == other_size && same_field(left, right)
        }
        (Map(left, sorted), Map(right, other_sorted)) => {
            let parts = (left.data_type(), right.data_type());
            let (Struct(left), Struct(right)) = parts else {
                return one.equals_datatype(other);
            };
            let mut pairs = left.iter().zip(right);
            sorted == other_sorted
                && left.len() == right.len()
                && pairs.all(|(left, right)| same_field(left, right))
        }
        _ => one.equals_datatype(other),
    }
}

/// Whether each value of one type is one of the other.
pub fn widens(from: &DataType, to: &DataType) -> bool {
    let is_integer = |data_type: &DataType| data_type.is_integer();
    match (digits(from), to) {
        // Doubles have all integers of 53 bits.
        (Some((whole, 0)), DataType::Float64) => whole <= 15,
        (Some((whole, 0)), DataType::Float32) => whole <= 7,
        (Some(_), to) if from.is_signed_integer() && to.is_unsigned_integer() => false,
        (Some((whole, fraction)), to) => digits(to).is_some_and(|(of_whole, of_fraction)| {
            // The greatest number of an integer type has its digits, but not all others of so many do.
            let fills = is_integer(to) && !(from.is_signed_integer() && to.is_signed_integer());
            let fills = fills && !(from.is_unsigned_integer() && to.is_unsigned_integer());
            (whole < of_whole || whole == of_whole && !fills) && fraction <= of_fraction
        }),
        (None, DataType::Float64) => matches!(from, DataType::Float16 | DataType::Float32),
        (None, DataType::Float32) => *from == DataType::Float16,
        // Days from year 1 to 9999 and beyond are within what a timestamp of microseconds tells.
        (None, DataType::Timestamp(TimeUnit::Microsecond, None)) => matches!(
            from,
            DataType::Date32 | DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, None)
        ),
        _ => false,
    }
}

/// How many digits numbers of an exact type have before and behind the point.
fn digits(data_type: &DataType) -> Option<(i16, i16)> {
    Some(match data_type {
        DataType::Int8 | DataType::UInt8 => (3, 0),
        DataType::Int16 | DataType::UInt16 => (5, 0),
        DataType::Int32 | DataType::UInt32 => (10, 0),
        DataType::Int64 => (19, 0),
        DataType::UInt64 => (20, 0),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            (i16::from(*precision) - i16::from(*scale), i16::from(*scale))
        }
        _ => return None,
    })
}

/// The type without the layouts that a file's writer chooses: dictionaries, runs and views.
pub fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        other => other.clone(),
    }
}

/// The narrowest type that holds the values of both, but for integers that a double rounds: of these
/// each is looked at as it is read. `None` where the two have no type in common.
pub(super) fn common(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::{Date32, Float64, List, Null, Struct, Timestamp};
    let (one, other) = (plain(one), plain(other));
    if is_same(&one, &other) || other == Null || widens(&other, &one) {
        return Some(one);
    }
    if one == Null || widens(&one, &other) {
        return Some(other);
    }
    if let (Some(left), Some(right)) = (item(&one), item(&other)) {
        return common_field(left, right).map(List);
    }
    match (&one, &other) {
        (Timestamp(left, zone), Timestamp(right, other_zone)) => {
            let zone = zone.as_ref().or(other_zone.as_ref());
            Some(Timestamp(finer(*left, *right), zone.cloned()))
        }
        (Date32, moment @ Timestamp(..)) | (moment @ Timestamp(..), Date32) => Some(moment.clone()),
        (Struct(left), Struct(right)) => common_fields(left, right).map(Struct),
        _ if one.is_floating() && other.is_numeric() || one.is_numeric() && other.is_floating() => {
            Some(Float64)
        }
        _ => {
            let ((whole, fraction), (of_whole, of_fraction)) = (digits(&one)?, digits(&other)?);
            let (whole, fraction) = (whole.max(of_whole), fraction.max(of_fraction));
            let (precision, scale) = (u8::try_from(whole + fraction), i8::try_from(fraction));
            match (precision, scale) {
                (Ok(precision), Ok(scale)) if i16::from(precision) <= MAX_DIGITS => {
                    Some(DataType::Decimal128(precision, scale))
                }
                _ => Some(Float64),
            }
        }
    }
}

/// Where two types that have none in common differ: they themselves, or what is within them at a path.
pub(super) fn conflict<'a>(
    path: &str,
    one: &'a DataType,
    other: &'a DataType,
) -> (String, &'a DataType, &'a DataType) {
    if let (Some(left), Some(right)) = (item(one), item(other)) {
        let path = format!("{path}[]");
        return conflict(&path, left.data_type(), right.data_type());
    }
    if let (DataType::Struct(left), DataType::Struct(right)) = (one, other) {
        for field in left {
            if let Some((_, found)) = right.find(field.name())
                && common(field.data_type(), found.data_type()).is_none()
            {
                let path = format!("{path}.{}", field.name());
                return conflict(&path, field.data_type(), found.data_type());
            }
        }
    }
    (path.to_owned(), one, other)
}

/// What the items of a list are, whatever the layout that a file's writer chose for it.
fn item(data_type: &DataType) -> Option<&Field> {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Some(item)
        }
        _ => None,
    }
}

fn common_field(one: &Field, other: &Field) -> Option<Arc<Field>> {
    let data_type = common(one.data_type(), other.data_type())?;
    let is_nullable = one.is_nullable() || other.is_nullable();
    let field = one.clone().with_data_type(data_type);
    Some(Arc::new(field.with_nullable(is_nullable)))
}

fn common_fields(one: &Fields, other: &Fields) -> Option<Fields> {
    let named = |fields: &Fields, name: &str| fields.find(name).map(|(_, field)| Arc::clone(field));
    let mut fields = Vec::with_capacity(one.len());
    for field in one {
        fields.push(match named(other, field.name()) {
            Some(found) => common_field(field, &found)?,
            None => Arc::new(field.as_ref().clone().with_nullable(true)),
        });
    }
    let new = other.iter().filter(|it| named(one, it.name()).is_none());
    fields.extend(new.map(|field| Arc::new(field.as_ref().clone().with_nullable(true))));
    Some(fields.into())
}

fn finer(one: TimeUnit, other: TimeUnit) -> TimeUnit {
    let fineness = |unit: TimeUnit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    if fineness(other) > fineness(one) {
        other
    } else {
        one
    }
}

#[cfg(test)]
mod tests {
    use DataType::*;

    use super::*;

    const MICRO: DataType = Timestamp(TimeUnit::Microsecond, None);

    #[test]
    fn a_type_widens_where_no_value_is_lost() {
        for (from, to) in [
            (Int32, Int64),
            (UInt8, Int16),
            (UInt32, Int64),
            (UInt32, UInt64),
            (Int32, Float64),
            (Int16, Float32),
            (Float32, Float64),
            (Int64, Decimal128(19, 0)),
            (Decimal128(4, 0), Int16),
            (Decimal128(8, 2), Decimal128(10, 3)),
            (Date32, MICRO),
        ] {
            assert!(widens(&from, &to), "{from} to {to}");
            assert!(!widens(&to, &from), "{to} to {from}");
        }
        for (from, to) in [
            (UInt8, Int8),
            (UInt32, Int32),
            (UInt64, Int64),
            (Int64, UInt64),
            (Int64, Float64),
            (Int32, Float32),
            (Decimal128(5, 0), Int16),
            (Decimal128(10, 3), Decimal128(10, 2)),
            (Boolean, Int64),
            (Int64, Utf8),
            (Date32, Int32),
        ] {
            assert!(!widens(&from, &to), "{from} to {to}");
        }
    }

    fn record(fields: &[(&str, DataType)]) -> DataType {
        let fields = fields.iter();
        let fields = fields.map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
        Struct(fields.collect())
    }

    #[test]
    fn records_are_the_same_where_fields_of_the_same_names_are() {
        let (a, c) = (record(&[("a", Int64)]), record(&[("c", Int64)]));
        let list = |item: &DataType| DataType::new_list(item.clone(), true);
        let map = |entries: [&str; 2], values: &DataType| {
            let fields = [
                Field::new(entries[0], Utf8, false),
                Field::new(entries[1], values.clone(), true),
            ];
            let entries = Struct(fields.into_iter().collect());
            Map(Arc::new(Field::new("entries", entries, false)), false)
        };
        for (one, other) in [
            (a.clone(), c.clone()),
            (list(&a), list(&c)),
            (record(&[("r", a.clone())]), record(&[("r", c.clone())])),
            (map(["key", "value"], &a), map(["key", "value"], &c)),
            (a.clone(), record(&[("a", Int32)])),
            (
                record(&[("a", Int64), ("b", Int64)]),
                record(&[("b", Int64), ("a", Int64)]),
            ),
        ] {
            assert!(!is_same(&one, &other), "{one} and {other}");
            assert!(is_same(&one, &one), "{one}");
        }
        let element = List(Arc::new(Field::new("element", a.clone(), true)));
        assert!(is_same(&list(&a), &element));
        assert!(is_same(
            &map(["key", "value"], &a),
            &map(["keys", "values"], &a)
        ));
    }

    #[test]
    fn records_have_the_fields_of_both_in_common() {
        let list = |item: &DataType| DataType::new_list(item.clone(), true);
        let both = |of_a: DataType| record(&[("a", of_a), ("c", Int64)]);
        let (a, c) = (record(&[("a", Int64)]), record(&[("c", Int64)]));
        for (one, other, expected) in [
            (a.clone(), c.clone(), Some(both(Int64))),
            (list(&a), list(&c), Some(list(&both(Int64)))),
            (
                LargeList(Arc::new(Field::new("item", a.clone(), true))),
                list(&c),
                Some(list(&both(Int64))),
            ),
            (
                record(&[("r", list(&a))]),
                record(&[("r", list(&c))]),
                Some(record(&[("r", list(&both(Int64)))])),
            ),
            (both(Int32), a.clone(), Some(both(Int64))),
            (a.clone(), record(&[("a", Boolean)]), None),
        ] {
            assert_eq!(common(&one, &other), expected, "{one} and {other}");
        }
    }

    #[test]
    fn a_conflict_is_where_types_differ() {
        let list = |item: &DataType| DataType::new_list(item.clone(), true);
        let of = |a: DataType| record(&[("n", Int64), ("rs", list(&record(&[("a", a)])))]);
        let (one, other) = (of(Int64), of(Boolean));
        let found = conflict("o", &one, &other);
        assert_eq!(found, ("o.rs[].a".to_owned(), &Int64, &Boolean));
        let found = conflict("o", &Date32, &one);
        assert_eq!(found, ("o".to_owned(), &Date32, &one));
    }

    #[test]
    fn two_types_have_one_in_common_whatever_their_order() {
        for (one, other, expected) in [
            (Int32, Int64, Some(Int64)),
            (Int64, Float64, Some(Float64)),
            (Int64, Null, Some(Int64)),
            (UInt64, Int64, Some(Decimal128(20, 0))),
            (Decimal128(38, 0), Decimal128(10, 5), Some(Float64)),
            (Decimal128(8, 2), Int64, Some(Decimal128(21, 2))),
            (Date32, MICRO, Some(MICRO)),
            (
                Dictionary(Box::new(Int32), Box::new(Utf8)),
                Utf8View,
                Some(Utf8),
            ),
            (Int64, Utf8, None),
            (Boolean, Int64, None),
            (Date32, Int64, None),
        ] {
            assert_eq!(common(&one, &other), expected, "{one} and {other}");
            assert_eq!(common(&other, &one), expected, "{other} and {one}");
        }
    }
}
