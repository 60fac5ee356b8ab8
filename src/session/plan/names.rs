//! What the names in queries mean.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast;

use crate::catalog::{Kind, Object, Oid, Snapshot, meant_schema, pg_catalog, system};
use crate::error::{Error, Result, SqlState, nearest};
use crate::models::constraints;
use crate::session::{enums, populated_rows, user_functions};
use crate::sql::create_function::type_text;
use crate::sql::name::ObjectName;
use crate::sql::qualify::{Named, qualify};
use crate::sql::{
    QualifiedName, Statement, function_literals, relation_literals, sequence_calls, with_changes,
};

/// Schemas that are looked at after those of the search path.
const IMPLICIT_SCHEMAS: [&str; 1] = [pg_catalog::PG_CATALOG];

/// Resolves the names in a query that a user wrote: see [`qualify`]. Answers what it reads.
///
/// # Errors
/// 42P01 for a relation and 42704 for a model that does not exist, naming the nearest.
pub fn resolve_names(
    query: &mut ast::Query,
    snapshot: &Snapshot,
    search_path: &[String],
) -> Result<BTreeSet<Oid>> {
    populated_rows::declare(query, snapshot, search_path)?;
    let functions = user_functions::qualify(query, snapshot, search_path)?;
    let mut reads = read_by_functions(snapshot, functions);
    reads.extend(enums::qualify(query, snapshot, search_path)?);
    qualify(query, |name, named| {
        let full = resolve_among(&name, search_path, &|full| is_relation(snapshot, full));
        let full = full.map_err(|_| match named {
            Named::Relation => undefined_table(&name, snapshot),
            Named::Model => undefined_model(&name, snapshot),
        })?;
        if let Some(object) = snapshot.relation(&full) {
            reads.insert(object.oid);
        } else if let Some((table, _)) = constraints::identity_sequence(snapshot, &full) {
            reads.insert(table.oid);
        }
        Ok(full)
    })?;
    Ok(reads)
}

/// [`resolve_names`] of the query of a definition, of which literals that name relations, and types and
/// functions of users', get full names too. Answers what it stands on, which is what it reads and what it
/// names so; that it is `own` itself which it names says nothing.
///
/// # Errors
/// Those of [`resolve_names`]; 42P01 for a relation that a literal names and that does not exist.
pub fn resolve_definition(
    query: &mut ast::Query,
    snapshot: &Snapshot,
    search_path: &[String],
    own: Option<&ObjectName>,
) -> Result<BTreeSet<Oid>> {
    let mut stands_on = resolve_names(query, snapshot, search_path)?;
    let exists = |full: &QualifiedName| {
        is_relation(snapshot, full) || named_object(snapshot, full).is_some()
    };
    relation_literals::for_each(query, |literal, name| {
        let full = resolve_among(&name, search_path, &exists)?;
        if let Some(object) = named_object(snapshot, &full) {
            *literal = sequence_calls::argument(&full);
            if own != Some(&ObjectName::from(full)) {
                stands_on.insert(object);
            }
        }
        Ok(())
    })?;
    stands_on.extend(enums::qualify_literals(query, snapshot, search_path));
    stands_on.extend(functions_in_literals(query, snapshot, search_path));
    Ok(stands_on)
}

/// Gives functions of users' that literals in a definition name their full names; answers which these are.
/// Those that are named with types of users' are looked up by who reads.
fn functions_in_literals(
    query: &mut ast::Query,
    snapshot: &Snapshot,
    search_path: &[String],
) -> BTreeSet<Oid> {
    let mut found = BTreeSet::new();
    if !snapshot.has_functions() {
        return found;
    }
    function_literals::name(query, |function| {
        if pg_catalog::is_ambiguous(snapshot, function, search_path) {
            return None;
        }
        let object = pg_catalog::function_named(snapshot, function, search_path)?;
        let Statement::CreateFunction(create) = &object.definition else {
            return None;
        };
        let types = create.arguments.iter().map(|it| type_text(&it.data_type));
        let types: Vec<String> = types.collect();
        if function.types.is_some() && types.iter().any(|it| it.contains('.')) {
            return None;
        }
        found.insert(object.oid);
        let full = QualifiedName::new(&object.name.schema, &create.name.name);
        Some((full, types))
    });
    found
}

/// The object that a relation is, or that its index or its identity column's sequence is of; none for
/// those of the server.
pub fn named_object(snapshot: &Snapshot, full: &QualifiedName) -> Option<Oid> {
    if let Some(object) = snapshot.relation(full) {
        return Some(object.oid);
    }
    let numbered = constraints::identity_sequence(snapshot, full);
    numbered
        .map(|(table, _)| table.oid)
        .or_else(|| pg_catalog::table_of_index(snapshot, full))
}

/// Functions, and what their bodies read, which a query reads where it calls them.
pub fn read_by_functions(snapshot: &Snapshot, functions: BTreeSet<Oid>) -> BTreeSet<Oid> {
    let mut reads = functions.clone();
    for oid in functions {
        if let Some(function) = snapshot.object(oid) {
            let read = snapshot.read_by(function);
            reads.extend(read.iter().map(|object| object.oid));
        }
    }
    reads
}

/// The relation that a name means.
///
/// # Errors
/// 42P01 where there is none, naming the nearest.
pub fn resolve(
    name: &ObjectName,
    snapshot: &Snapshot,
    search_path: &[String],
) -> Result<QualifiedName> {
    resolve_among(name, search_path, &|full| is_relation(snapshot, full))
        .map_err(|_| undefined_table(name, snapshot))
}

/// Whether there is a relation of this name, the server's own among them.
pub fn is_relation(snapshot: &Snapshot, full: &QualifiedName) -> bool {
    match full.schema.as_str() {
        system::SYSTEM_SCHEMA => system::exists(&full.name),
        // What a clause of a statement has returned is known to that statement alone.
        with_changes::SCHEMA => true,
        schema => match pg_catalog::schema(schema) {
            Some(tables) => tables.get(&full.name).is_some(),
            None => {
                snapshot.relation(full).is_some()
                    || constraints::identity_sequence(snapshot, full).is_some()
            }
        },
    }
}

/// The first relation of a name along the search path that `exists`.
///
/// # Errors
/// 42P01 where none does.
pub fn resolve_among(
    name: &ObjectName,
    search_path: &[String],
    exists: &dyn Fn(&QualifiedName) -> bool,
) -> Result<QualifiedName> {
    let found = match &name.schema {
        Some(schema) => {
            let schema = meant_schema(schema, search_path);
            Some(QualifiedName::new(schema, &name.name)).filter(exists)
        }
        None => {
            let schemas = search_path
                .iter()
                .map(String::as_str)
                .chain(IMPLICIT_SCHEMAS);
            schemas
                .map(|schema| QualifiedName::new(schema, &name.name))
                .find(exists)
        }
    };
    found.ok_or_else(|| {
        Error::new(
            SqlState::UNDEFINED_TABLE,
            format!("relation \"{}\" does not exist", name.between_quotes()),
        )
    })
}

/// The object of the catalog that a name means.
///
/// # Errors
/// 42P01 where there is none, naming the nearest; 42501 for the server's own.
pub fn object(
    name: &ObjectName,
    snapshot: &Snapshot,
    search_path: &[String],
) -> Result<Arc<Object>> {
    let full = resolve_among(name, search_path, &|full| snapshot.relation(full).is_some());
    let found = full.ok().and_then(|full| snapshot.relation(&full).cloned());
    found.ok_or_else(|| no_object(name, snapshot, search_path))
}

/// The error of a name that is no object of the catalog: of none at all, or of one of the server's
/// own views, which are no objects.
pub fn no_object(name: &ObjectName, snapshot: &Snapshot, search_path: &[String]) -> Error {
    match resolve(name, snapshot, search_path) {
        Ok(own) => Error::new(
            SqlState::INSUFFICIENT_PRIVILEGE,
            format!("permission denied: \"{}\" is a system view", own.name),
        )
        .with_detail(format!(
            "The schema \"{}\" belongs to the server itself, and what is in it cannot be changed.",
            own.schema
        )),
        Err(error) => error,
    }
}

/// The error of a relation that does not exist.
pub fn undefined_table(name: &ObjectName, snapshot: &Snapshot) -> Error {
    let error = Error::new(
        SqlState::UNDEFINED_TABLE,
        format!("relation \"{}\" does not exist", name.between_quotes()),
    );
    let relations = snapshot
        .objects()
        .filter(|object| !object.schema.fields().is_empty());
    match meant(name, relations.map(|object| &object.name)) {
        Some(near) => error.with_hint(format!("Perhaps you meant {near}.")),
        None => error,
    }
}

/// The error of a model that does not exist.
pub fn undefined_model(name: &ObjectName, snapshot: &Snapshot) -> Error {
    let error = Error::new(
        SqlState::UNDEFINED_OBJECT,
        format!("model \"{}\" does not exist", name.between_quotes()),
    );
    let models = snapshot
        .objects()
        .filter(|object| object.kind == Kind::Model);
    match meant(name, models.map(|object| &object.name)) {
        Some(near) => error.with_hint(format!("Perhaps you meant {near}.")),
        None => error.with_hint("CREATE MODEL makes one; tributary.models lists them."),
    }
}

/// Which of the names a typist most likely meant: that name in another schema, or the nearest.
fn meant<'a>(name: &ObjectName, known: impl Iterator<Item = &'a QualifiedName>) -> Option<String> {
    let known: Vec<&QualifiedName> = known.collect();
    let elsewhere: Vec<String> = known
        .iter()
        .filter(|full| full.name == name.name)
        .map(ToString::to_string)
        .collect();
    if !elsewhere.is_empty() {
        return Some(elsewhere.join(" or "));
    }
    if name.schema.is_some() {
        let all: Vec<String> = known.iter().map(ToString::to_string).collect();
        return nearest(&name.to_string(), all.iter().map(String::as_str)).map(str::to_owned);
    }
    let near = nearest(&name.name, known.iter().map(|full| full.name.as_str()))?;
    let full = known.iter().find(|full| full.name == near)?;
    Some(full.to_string())
}
