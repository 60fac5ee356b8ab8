//! The rows of `pg_depend` for what is of types that users have made: other types, and functions that take or
//! give their values. A dump has these types, and the tables whose rows are of them, before that.

use std::collections::BTreeSet;

use super::pg_proc;
use super::table::{Row, row};
use super::table_constraint::row_type;
use super::types::relation_of_rows;
use crate::catalog::system::SystemSources;
use crate::catalog::{Kind, Object, Snapshot};
use crate::session::own_types;

/// The number of `pg_type`.
const TYPE: i64 = 1247;
/// The number of `pg_proc`.
const PROCEDURE: i64 = 1255;

/// What types and functions there are depend on.
pub(super) fn rows(sources: &dyn SystemSources) -> Vec<Row> {
    let snapshot = sources.snapshot();
    let mut rows: Vec<Row> = Vec::new();
    for object in snapshot.objects() {
        let (class, types) = match object.kind {
            Kind::Type => (TYPE, types_within(&snapshot, object)),
            Kind::Function => (PROCEDURE, types_of_function(sources, &snapshot, object)),
            _ => continue,
        };
        let own = i64::from(object.oid);
        let rows_of = types
            .into_iter()
            .map(|of| row![class, own, 0, TYPE, of, 0, "n"]);
        rows.extend(rows_of);
    }
    rows
}

/// The type that a domain is over, and those of the attributes of a composite type.
fn types_within(snapshot: &Snapshot, object: &Object) -> BTreeSet<i64> {
    let read = object.depends_on.iter();
    let is_type = |oid: &&u32| {
        let found = snapshot.object(**oid);
        found.is_some_and(|found| found.kind == Kind::Type)
    };
    read.filter(is_type).map(|oid| i64::from(*oid)).collect()
}

/// The types that a function takes and gives, those of rows included; that of the elements for an array.
fn types_of_function(
    sources: &dyn SystemSources,
    snapshot: &Snapshot,
    object: &Object,
) -> BTreeSet<i64> {
    let own = |oid: i64| {
        let number = u32::try_from(oid).ok()?;
        let named = own_types::with_oid(snapshot, number);
        let of_rows = || relation_of_rows(snapshot, oid).map(|(relation, _)| row_type(relation));
        named
            .map(|(object, _)| i64::from(object.oid))
            .or_else(of_rows)
    };
    let numbers = pg_proc::type_numbers(sources, object);
    numbers.into_iter().filter_map(own).collect()
}
