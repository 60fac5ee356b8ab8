//! What a definition names in literals and does not read: `SELECT 'orders'::regclass`, and
//! `currval('orders_id_seq')`. It stands on that, but nobody has to be allowed to read it.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::Query;

use super::plan::named_object;
use crate::catalog::{Object, Oid, Snapshot};
use crate::error::Result;
use crate::sql::{ObjectName, QualifiedName, Statement, references, relation_literals};

/// The objects; none where it cannot be told what a definition reads. An index or a sequence of a column
/// is named as its table, and a table is read where such a sequence of it is.
pub fn of(snapshot: &Snapshot, object: &Object) -> BTreeSet<Oid> {
    let named = names(&object.definition);
    if named.is_empty() {
        return BTreeSet::new();
    }
    let read = match &object.definition {
        Statement::CreateFunction(create) => create
            .query()
            .and_then(|query| references::of_query(&query)),
        definition => references::relations(definition),
    };
    let mut alone: BTreeSet<Oid> = named
        .iter()
        .filter_map(full)
        .filter_map(|name| named_object(snapshot, &name))
        .collect();
    match objects_read(snapshot, read) {
        Some(read) => alone.retain(|oid| !read.contains(oid)),
        None => alone.clear(),
    }
    alone
}

/// What literals of a definition name.
pub fn names(definition: &Statement) -> Vec<ObjectName> {
    match definition {
        Statement::CreateView(create) => within(&create.query),
        Statement::CreateMaterializedView(create) => within(&create.query),
        Statement::CreateModel(create) => within(&create.query),
        Statement::CreateCheck(create) => within(&create.query),
        Statement::CreateFunction(create) => match create.query() {
            Ok(query) => within(&query),
            Err(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn within(query: &Query) -> Vec<ObjectName> {
    match relation_literals::has_any(query) {
        true => relation_literals::names(&mut query.clone()),
        false => Vec::new(),
    }
}

/// The objects that a definition reads; none where one has no full name.
fn objects_read(snapshot: &Snapshot, read: Result<Vec<ObjectName>>) -> Option<BTreeSet<Oid>> {
    let names: Option<Vec<QualifiedName>> = read.ok()?.iter().map(full).collect();
    let names = names?.into_iter();
    Some(
        names
            .filter_map(|name| named_object(snapshot, &name))
            .collect(),
    )
}

/// A name of a definition that is kept, which is full.
fn full(name: &ObjectName) -> Option<QualifiedName> {
    let schema = name.schema.as_ref()?;
    Some(QualifiedName::new(schema, &name.name))
}
