//! Names of types: in full where they are kept, and as numbers where they are planned.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{ColumnDef, ObjectName as AstName};

use super::enum_type;
use crate::catalog::{Object, Oid, Snapshot, pg_catalog};
use crate::error::Result;
use crate::session::{composites, domains, plan};
use crate::sql::cursor::object_name_from;
use crate::sql::qualify::ast_name;
use crate::sql::walk::VisitMut;
use crate::sql::{ObjectName, QualifiedName, Statement, type_literals, type_names};

/// The type of users', or of a relation's rows, that a name means. Those of PostgreSQL come first, as what is in `pg_catalog` does.
pub fn meant(name: &AstName, snapshot: &Snapshot, path: &[String]) -> Option<Arc<Object>> {
    meant_by(&object_name_from(name).ok()?, snapshot, path)
}

fn meant_by(name: &ObjectName, snapshot: &Snapshot, path: &[String]) -> Option<Arc<Object>> {
    if name.schema.is_none() && pg_catalog::is_built_in(&name.name) {
        return None;
    }
    resolve(name, snapshot, path)
}

/// The first type of a name along the path: one that users have made, or that of a relation's rows.
pub fn resolve(name: &ObjectName, snapshot: &Snapshot, path: &[String]) -> Option<Arc<Object>> {
    let known = |full: &QualifiedName| {
        let relation = || {
            snapshot
                .relation(full)
                .filter(|it| pg_catalog::has_row_type(it))
        };
        snapshot.type_named(full).or_else(relation)
    };
    let full = plan::resolve_among(name, path, &|full| known(full).is_some()).ok()?;
    known(&full).cloned()
}

/// Gives types of users' in a part of a statement their full names; answers which these are.
///
/// # Errors
/// None so far.
pub fn qualify(
    node: &mut impl VisitMut,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<BTreeSet<Oid>> {
    let mut found = BTreeSet::new();
    type_names::for_each(node, &mut |name| {
        if let Some(object) = meant(name, snapshot, path) {
            found.insert(object.oid);
            *name = ast_name(&object.name);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Gives types of users' that literals in a part of a definition name their full names; answers which
/// these are.
pub fn qualify_literals(
    node: &mut impl VisitMut,
    snapshot: &Snapshot,
    path: &[String],
) -> BTreeSet<Oid> {
    let mut found = BTreeSet::new();
    type_literals::name(node, |name| {
        let object = meant_by(name, snapshot, path)?;
        found.insert(object.oid);
        Some(object.name.clone())
    });
    found
}

/// [`qualify`] of a whole definition, its columns among it.
///
/// # Errors
/// Those of [`qualify`].
pub fn qualify_definition(
    statement: &mut Statement,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<BTreeSet<Oid>> {
    let mut found = BTreeSet::new();
    statement.for_each_type(&mut |name| {
        if let Some(object) = meant(name, snapshot, path) {
            found.insert(object.oid);
            *name = ast_name(&object.name);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Puts numbers in the place of names, as they are planned.
///
/// # Errors
/// Those of [`domains::number`] and [`composites::check_row_type`].
pub fn number(node: &mut impl VisitMut, snapshot: &Snapshot, path: &[String]) -> Result<()> {
    if snapshot.has_types() {
        domains::number(node, snapshot, path)?;
    }
    let mut is_numbered = false;
    type_names::for_each(node, &mut |name| {
        if let Some(object) = meant(name, snapshot, path) {
            composites::check_row_type(&object)?;
            number_name(name, &object);
            is_numbered = true;
        }
        Ok(())
    })?;
    if is_numbered {
        type_names::type_values(node);
    }
    Ok(())
}

/// Columns whose types are numbers, or those that domains are over, as they are planned.
pub fn number_columns(
    columns: &[ColumnDef],
    snapshot: &Snapshot,
    path: &[String],
) -> Vec<ColumnDef> {
    let mut columns = columns.to_vec();
    for column in &mut columns {
        // What cannot be declared is told where it is.
        let _ = domains::replace(&mut column.data_type, snapshot, path);
        if let Some(name) = type_names::named(&mut column.data_type)
            && let Some(object) = meant(name, snapshot, path)
        {
            number_name(name, &object);
        }
    }
    columns
}

fn number_name(name: &mut AstName, object: &Object) {
    if let Some(of) = enum_type(object) {
        *name = type_names::numbered(of.oid, of.array_oid);
    } else if let (Some(of), Some(kept)) =
        (composites::row_type(object), composites::data_type(object))
    {
        *name = type_names::numbered_as(of.oid, of.array_oid, &kept);
    }
}
