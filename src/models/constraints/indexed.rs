//! The columns of a table by which its rows are found through an index: those of its keys, those of
//! `CREATE INDEX`, and those that refreshes look for rows by: its own, and those of models that read it.

use arrow::datatypes::SchemaRef;
use tributary_udfs::json::JsonKind;

use super::declared::of;
use crate::catalog::Object;
use crate::instance::TracedKeys;
use crate::models::keyed;
use crate::sql::constraint::Rule;
use crate::sql::create_index::{BTREE, CreateIndex, HASH};
use crate::warehouse::IndexedKey;

/// The columns that an object's table has indexes of: the keys first, in the order of its constraints.
pub fn indexed(traced: &TracedKeys, object: &Object) -> Vec<IndexedKey> {
    // A keyed table has no other key.
    let mut found = match keyed::of(object) {
        Ok(Some(keyed)) => vec![keyed.indexed()],
        _ => {
            let keys = of(object).iter();
            let keys = keys.filter_map(|constraint| match &constraint.rule {
                Rule::Unique { columns, .. } => Some(IndexedKey::of(columns)),
                Rule::Check(_) | Rule::ForeignKey(_) => None,
            });
            keys.collect()
        }
    };
    let declared = object.indexes.iter();
    let declared = declared.filter(|index| finds_equal(index, &object.schema));
    let declared = declared.map(|index| index.key_columns().cloned().collect());
    let of_refreshes = traced.of(object.oid).into_iter();
    let of_refreshes = of_refreshes.chain(traced.read_of(object.oid));
    let traced = of_refreshes.filter(|columns| are_plain(columns.iter(), &object.schema));
    for columns in declared.chain(traced) {
        if !found.iter().any(|known| known.columns == columns) {
            found.push(IndexedKey::of(&columns));
        }
    }
    found
}

/// Whether rows with some values are found by an index: one of columns as they are, of all rows. Where
/// it was made for other questions, such as those that `gin` answers, it is recorded and nothing more.
fn finds_equal(index: &CreateIndex, columns: &SchemaRef) -> bool {
    [BTREE, HASH].contains(&index.method.as_str())
        && index.expressions().next().is_none()
        && index.key_columns().next().is_some()
        && are_plain(index.key_columns(), columns)
}

/// Whether equal values of these columns are the same.
fn are_plain<'a>(mut names: impl Iterator<Item = &'a String>, columns: &SchemaRef) -> bool {
    names.all(|name| {
        // Equal documents may have texts that differ.
        columns.field_with_name(name).is_ok_and(|field| {
            !field.data_type().is_nested() && JsonKind::of_field(field).is_none()
        })
    })
}
