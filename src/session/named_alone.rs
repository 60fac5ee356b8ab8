//! What a definition names in literals and does not read: `SELECT 'orders'::regclass`, and
//! `currval('orders_id_seq')`. It stands on that, but nobody has to be allowed to read it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::Query;

use super::plan::named_object;
use super::user_functions;
use crate::catalog::pg_catalog::function_named;
use crate::catalog::{Object, Oid, Snapshot};
use crate::error::Result;
use crate::sql::{
    ObjectName, QualifiedName, Statement, function_literals, references, relation_literals,
};

/// The objects; none where it cannot be told what a definition reads. An index or a sequence of a column
/// is named as its table, and a table is read where such a sequence of it is.
pub fn of(snapshot: &Snapshot, object: &Object) -> BTreeSet<Oid> {
    let mut alone = relations(snapshot, object);
    alone.extend(functions(snapshot, object));
    alone
}

/// The functions that a definition names, and does not call.
fn functions(snapshot: &Snapshot, object: &Object) -> BTreeSet<Oid> {
    let mut named = BTreeSet::new();
    if !snapshot.has_functions() {
        return named;
    }
    let query = query(&object.definition);
    let Some(query) = query.filter(|query| function_literals::has_any(&**query)) else {
        return named;
    };
    let mut query = query.into_owned();
    function_literals::name(&mut query, |function| {
        named.extend(function_named(snapshot, function, &[]).map(|it| it.oid));
        None
    });
    if !named.is_empty() {
        match user_functions::qualify(&mut query, snapshot, &[]) {
            Ok(called) => named.retain(|oid| !called.contains(oid)),
            Err(_) => named.clear(),
        }
    }
    named
}

fn relations(snapshot: &Snapshot, object: &Object) -> BTreeSet<Oid> {
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

/// The relations that literals of a definition name.
pub fn names(definition: &Statement) -> Vec<ObjectName> {
    query(definition).map_or_else(Vec::new, |query| within(&query))
}

/// The query that a definition has literals in.
fn query(definition: &Statement) -> Option<Cow<'_, Query>> {
    Some(match definition {
        Statement::CreateView(create) => Cow::Borrowed(create.query.as_ref()),
        Statement::CreateMaterializedView(create) => Cow::Borrowed(create.query.as_ref()),
        Statement::CreateModel(create) => Cow::Borrowed(create.query.as_ref()),
        Statement::CreateCheck(create) => Cow::Borrowed(create.query.as_ref()),
        Statement::CreateFunction(create) => Cow::Owned(*create.query().ok()?),
        _ => return None,
    })
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
