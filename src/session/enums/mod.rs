//! Enum types that users have made, in queries (`udfs/src/enums` says how their values are kept).
//!
//! A cast names the type by its numbers when it is planned, which the field of its values tells from
//! then on. A rule then reads and checks what is beside such values, and puts their places where they
//! are ordered (`rule`, `expressions`, `retyped`).

mod expressions;
mod naming;
mod operators;
pub(super) mod retyped;
mod rule;

use std::collections::BTreeMap;

use arrow::datatypes::{Field, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Cast, Expr, LogicalPlan};
use tributary_udfs::enums::{EnumDefinition, EnumKind, EnumType};

pub use naming::{
    meant, number, number_columns, qualify, qualify_definition, qualify_literals, resolve,
};
pub use operators::EnumOperators;
pub use rule::EnumTypes;

use crate::catalog::{Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::parameter_fields;
use crate::sql::name::Quoted;
use crate::sql::{ObjectName, Statement};

/// An enum type by the object that it is.
pub fn enum_type(object: &Object) -> Option<EnumType> {
    match &object.definition {
        Statement::CreateType(create) => Some(EnumType {
            oid: object.oid,
            array_oid: create.array_oid,
        }),
        _ => None,
    }
}

/// The name of a type as a session with this path sees it.
pub fn shown_name(object: &Object, snapshot: &Snapshot, path: &[String]) -> String {
    let name = ObjectName {
        schema: None,
        name: object.name.name.clone(),
    };
    match resolve(&name, snapshot, path) {
        Some(found) if found.oid == object.oid => Quoted(&object.name.name).to_string(),
        _ => object.name.to_string(),
    }
}

/// A type and its labels.
///
/// # Errors
/// 42704 for one that was dropped meanwhile.
pub fn definition(snapshot: &Snapshot, path: &[String], of: EnumType) -> Result<EnumDefinition> {
    let object = snapshot.object(of.oid);
    let create = object.and_then(|object| match &object.definition {
        Statement::CreateType(create) => Some((object, create)),
        _ => None,
    });
    let Some((object, create)) = create else {
        let message = format!("type with OID {} does not exist", of.oid);
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, message)
            .with_hint("It has been dropped meanwhile. Run the statement again."));
    };
    Ok(EnumDefinition {
        of,
        name: shown_name(object, snapshot, path),
        labels: create.texts(),
    })
}

/// The types of the columns of a table that are of enum types, or arrays of these.
///
/// # Errors
/// Those of [`definition`].
pub fn of_columns(
    snapshot: &Snapshot,
    path: &[String],
    columns: &Schema,
) -> Result<Vec<(String, EnumDefinition)>> {
    let mut found = Vec::new();
    for field in columns.fields() {
        if let Some(kind) = EnumKind::of_field(field) {
            let definition = definition(snapshot, path, kind.of)?;
            found.push((field.name().clone(), definition));
        }
    }
    Ok(found)
}

/// A value that is assigned to a column of an enum type, or of arrays of one.
pub fn assigned(value: Expr, field: &Field) -> Expr {
    match EnumKind::of_field(field) {
        Some(kind) => Expr::Cast(Cast::new_from_field(Box::new(value), kind.field(""))),
        None => value,
    }
}

/// [`assigned`], with texts read at once.
///
/// # Errors
/// 22P02 for a text that is no label; 42846 for a value of another type.
pub fn read_assigned(
    snapshot: &Snapshot,
    path: &[String],
    value: Expr,
    field: &Field,
    schema: &DFSchema,
) -> Result<Expr> {
    let expressions = expressions::Expressions {
        snapshot,
        path,
        schema,
    };
    Ok(expressions.rewrite(assigned(value, field))?.data)
}

/// The numbers of the types of parameters that stand beside values of enum types, or are cast to one.
///
/// # Errors
/// A parameter that stands beside values of several types.
pub fn parameters(plan: &LogicalPlan) -> Result<BTreeMap<usize, Oid>> {
    let mut found = BTreeMap::new();
    parameter_fields::for_each(plan, |number, field, _| {
        if let Some(kind) = EnumKind::of_field(field) {
            found.entry(number).or_insert_with(|| kind.oid());
        }
    })?;
    Ok(found)
}
