//! Values of enum types in earlier versions of tables, as the catalog knows their types now.
//!
//! A type that is not there any more has no order and no labels: its values are texts.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, TableReference};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use tributary_udfs::enums::{self, EnumKind, EnumType};

use crate::catalog::{Object, Snapshot};
use crate::error::Result;
use crate::sql::Statement;
use crate::sql::create_type::CreateType;
use crate::sql::time_travel::Version;

/// The columns of an earlier version.
pub(super) fn columns(snapshot: &Snapshot, stored: &SchemaRef) -> SchemaRef {
    let fields = stored.fields().iter().map(|field| {
        let kind = EnumKind::of_field(field);
        match kind.filter(|kind| definition(snapshot, kind.of).is_none()) {
            None => Arc::clone(field),
            Some(kind) => {
                let texts = match kind.is_array {
                    true => DataType::new_list(DataType::Utf8, true),
                    false => DataType::Utf8,
                };
                Arc::new(Field::new(field.name(), texts, true))
            }
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The rows of an earlier version that a query asks for.
///
/// # Errors
/// None so far: a plan that cannot be made.
pub(super) fn of_version(
    snapshot: &Snapshot,
    object: &Object,
    version: i64,
    rows: Arc<dyn TableProvider>,
) -> Result<Arc<dyn TableProvider>> {
    let stored = rows.schema();
    let values = stored.fields().iter();
    let values: Vec<Option<Expr>> = values.map(|field| value(snapshot, field)).collect();
    shown(object, version, rows, values)
}

/// What a column of an earlier version has in the place of its values, if anything.
fn value(snapshot: &Snapshot, field: &Field) -> Option<Expr> {
    let of = EnumKind::of_field(field)?.of;
    match definition(snapshot, of) {
        Some(_) => None,
        None => Some(enums::text(column(field)).alias(field.name())),
    }
}

/// Rows with something else in the place of the values of some columns.
fn shown(
    object: &Object,
    version: i64,
    rows: Arc<dyn TableProvider>,
    values: Vec<Option<Expr>>,
) -> Result<Arc<dyn TableProvider>> {
    if values.iter().all(Option::is_none) {
        return Ok(rows);
    }
    let stored = rows.schema();
    let fields = stored.fields().iter().zip(values);
    let values: Vec<Expr> = fields
        .map(|(field, value)| value.unwrap_or_else(|| column(field)))
        .collect();
    // Without a schema, so that it is none of a relation of the catalog.
    let name = format!("{} {}", object.name, Version::Number(version));
    let source = provider_as_source(rows);
    let scan = LogicalPlanBuilder::scan(TableReference::bare(name), source, None)?;
    let plan = scan.project(values)?.build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

fn column(field: &Field) -> Expr {
    Expr::Column(Column::from_name(field.name()))
}

/// The type that the catalog has.
fn definition(snapshot: &Snapshot, of: EnumType) -> Option<&CreateType> {
    match snapshot.object(of.oid).map(|object| &object.definition) {
        Some(Statement::CreateType(create)) => Some(create),
        _ => None,
    }
}
