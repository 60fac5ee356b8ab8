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
    let (named, read) = match &object.definition {
        Statement::CreateFunction(create) => match create.query() {
            Ok(query) => (names(&query), references::of_query(&query)),
            Err(_) => return BTreeSet::new(),
        },
        definition => {
            let query = match definition {
                Statement::CreateView(create) => &create.query,
                Statement::CreateMaterializedView(create) => &create.query,
                Statement::CreateModel(create) => &create.query,
                Statement::CreateCheck(create) => &create.query,
                _ => return BTreeSet::new(),
            };
            match names(query) {
                named if named.is_empty() => return BTreeSet::new(),
                named => (named, references::relations(definition)),
            }
        }
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

/// What literals of a query name.
fn names(query: &Query) -> Vec<ObjectName> {
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
