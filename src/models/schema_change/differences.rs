//! In what columns differ from those before: in a record the fields do, each by its path, as in
//! `address.city`, and `orders[].amount` in a list of records.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{DataType, Fields, Schema};
use tributary_udfs::type_name;

use crate::sources::is_same;

/// What has become of columns, if anything has.
pub fn described(old: &Schema, new: &Schema) -> Option<String> {
    described_by_files(old, new, &BTreeMap::new())
}

/// [`described`], with the file in which the values are that have a column be of another type, where it is
/// known.
pub fn described_by_files(
    old: &Schema,
    new: &Schema,
    files: &BTreeMap<String, String>,
) -> Option<String> {
    let mut changes = Vec::new();
    let file_of = |column: &str| files.get(column).map(String::as_str);
    describe_fields("", old.fields(), new.fields(), &file_of, &mut changes);
    (!changes.is_empty()).then(|| changes.join(", "))
}

/// The path of a field within a record, or of a column.
pub(super) fn path(within: &str, name: &str) -> String {
    match within {
        "" => name.to_owned(),
        within => format!("{within}.{name}"),
    }
}

/// The path of what is in a list.
pub(super) fn item_path(list: &str) -> String {
    format!("{list}[]")
}

fn describe_fields<'a>(
    within: &str,
    old: &Fields,
    new: &Fields,
    file_of: &dyn Fn(&str) -> Option<&'a str>,
    changes: &mut Vec<String>,
) {
    for field in old {
        let path = path(within, field.name());
        let Some((_, now)) = new.find(field.name()) else {
            changes.push(format!("column \"{path}\" removed"));
            continue;
        };
        let file = file_of(field.name());
        describe_type(&path, field.data_type(), now.data_type(), file, changes);
        // Of columns a query may prove it at one time and not at another.
        if !within.is_empty() && field.is_nullable() != now.is_nullable() {
            changes.push(describe_nullability(&path, now.is_nullable()));
        }
    }
    for field in new {
        if old.find(field.name()).is_none() {
            let path = path(within, field.name());
            changes.push(format!("column \"{path}\" added"));
        }
    }
}

fn describe_type(
    path: &str,
    was: &DataType,
    is: &DataType,
    file: Option<&str>,
    changes: &mut Vec<String>,
) {
    if is_same(was, is) {
        return;
    }
    match (was, is) {
        (DataType::Struct(old), DataType::Struct(new)) => {
            let known = changes.len();
            describe_fields(path, old, new, &|_| file, changes);
            if changes.len() == known {
                changes.push(format!("fields of column \"{path}\" in another order"));
            }
        }
        (DataType::List(old), DataType::List(new))
            if have_fields(was, is) || is_same(old.data_type(), new.data_type()) =>
        {
            let path = item_path(path);
            describe_type(&path, old.data_type(), new.data_type(), file, changes);
            if old.is_nullable() != new.is_nullable() {
                changes.push(describe_nullability(&path, new.is_nullable()));
            }
        }
        _ => changes.push(format!(
            "type of column \"{path}\" changed from {} to {}{}",
            type_name(was),
            type_name(is),
            file.map_or_else(String::new, |file| format!(" in {file}"))
        )),
    }
}

/// Whether both types are records, or lists of records.
pub(super) fn have_fields(one: &DataType, other: &DataType) -> bool {
    match (one, other) {
        (DataType::Struct(_), DataType::Struct(_)) => true,
        (DataType::List(one), DataType::List(other)) => {
            have_fields(one.data_type(), other.data_type())
        }
        _ => false,
    }
}

fn describe_nullability(path: &str, may_be_null: bool) -> String {
    match may_be_null {
        true => format!("column \"{path}\" may be NULL"),
        false => format!("column \"{path}\" is NOT NULL"),
    }
}

/// Adds the columns, and fields within them, that are not there any more to `missing`.
pub(super) fn find_missing(
    within: &str,
    old: &Fields,
    new: &Fields,
    missing: &mut BTreeSet<String>,
) {
    for field in old {
        let path = path(within, field.name());
        match new.find(field.name()) {
            None => {
                missing.insert(path);
            }
            Some((_, now)) => find_missing_in(&path, field.data_type(), now.data_type(), missing),
        }
    }
}

fn find_missing_in(path: &str, was: &DataType, is: &DataType, missing: &mut BTreeSet<String>) {
    match (was, is) {
        (DataType::Struct(old), DataType::Struct(new)) => find_missing(path, old, new, missing),
        (DataType::List(old), DataType::List(new)) => {
            find_missing_in(&item_path(path), old.data_type(), new.data_type(), missing);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use DataType::{Int64, Utf8};
    use arrow::datatypes::Field;

    use super::*;

    fn fields(columns: &[(&str, DataType)]) -> Fields {
        let fields = columns.iter();
        let fields = fields.map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
        fields.collect()
    }

    fn record(columns: &[(&str, DataType)]) -> DataType {
        DataType::Struct(fields(columns))
    }

    fn list(item: DataType) -> DataType {
        DataType::new_list(item, true)
    }

    #[test]
    fn fields_of_records_are_told_by_their_paths() {
        let a = || record(&[("a", Int64)]);
        let never_null = DataType::Struct(vec![Field::new("a", Int64, false)].into());
        for (was, is, expected) in [
            (a(), a(), None),
            (
                a(),
                record(&[("c", Int64)]),
                Some("column \"o.a\" removed, column \"o.c\" added"),
            ),
            (
                list(record(&[("r", a())])),
                list(record(&[("r", record(&[("a", Utf8)]))])),
                Some("type of column \"o[].r.a\" changed from bigint to text"),
            ),
            (
                record(&[("a", Int64), ("b", Int64)]),
                record(&[("b", Int64), ("a", Int64)]),
                Some("fields of column \"o\" in another order"),
            ),
            (
                list(Int64),
                list(Utf8),
                Some("type of column \"o\" changed from bigint[] to text[]"),
            ),
            (
                list(Int64),
                DataType::new_list(Int64, false),
                Some("column \"o[]\" is NOT NULL"),
            ),
            (never_null, a(), Some("column \"o.a\" may be NULL")),
            (
                a(),
                list(a()),
                Some("type of column \"o\" changed from record to record[]"),
            ),
        ] {
            let schema = |data_type: &DataType| Schema::new(fields(&[("o", data_type.clone())]));
            let found = described(&schema(&was), &schema(&is));
            assert_eq!(found.as_deref(), expected, "{was} to {is}");
        }
    }

    #[test]
    fn a_file_is_named_for_what_has_another_type() {
        let old = fields(&[
            ("n", Int64),
            ("o", list(record(&[("a", Int64)]))),
            ("gone", Utf8),
        ]);
        let new = fields(&[("n", Utf8), ("o", list(record(&[("a", Utf8)])))]);
        let files = [("o", "b.json"), ("gone", "c.json")];
        let files = files.map(|(column, file)| (column.to_owned(), file.to_owned()));
        let found = described_by_files(&Schema::new(old), &Schema::new(new), &files.into());
        assert_eq!(
            found.as_deref(),
            Some(
                "type of column \"n\" changed from bigint to text, type of column \"o[].a\" changed from bigint to text in b.json, column \"gone\" removed"
            )
        );
    }

    #[test]
    fn what_is_missing_is_found_within_lists_of_records() {
        let old = fields(&[
            ("gone", Int64),
            ("os", list(record(&[("a", Int64), ("b", Int64)]))),
        ]);
        let new = fields(&[("os", list(record(&[("b", Int64), ("c", Int64)])))]);
        let mut missing = BTreeSet::new();
        find_missing("", &old, &new, &mut missing);
        assert_eq!(Vec::from_iter(missing), ["gone", "os[].a"]);
    }
}
