//! Values of enum types in earlier versions of tables, as the catalog knows their types now.
//!
//! A type that is not there any more has no order and no labels: its values are texts. A label that has got
//! another text since is shown with that one: `ALTER TYPE ... RENAME VALUE` writes the latest rows anew, and
//! the type keeps which versions came before ([`CreateType::renamed_in`]).

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{Column, TableReference};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit, when};
use tributary_udfs::enums::{self, EnumKind, EnumType};

use crate::catalog::{Object, Oid, Snapshot};
use crate::error::Result;
use crate::sql::Statement;
use crate::sql::create_type::{ALL_VERSIONS, CreateType, RenamedLabel};
use crate::sql::time_travel::{self, Version};
use crate::warehouse::{CHANGE_SIGN, COMMIT_VERSION};

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

/// The rows of an earlier version, which is asked for as this one.
///
/// # Errors
/// None so far: a plan that cannot be made.
pub(super) fn of_version(
    snapshot: &Snapshot,
    object: &Object,
    asked: Version,
    version: i64,
    rows: Arc<dyn TableProvider>,
) -> Result<Arc<dyn TableProvider>> {
    let value = |field: &Field| {
        let of = EnumKind::of_field(field)?.of;
        if definition(snapshot, of).is_none() {
            return Some(enums::text(column(field)).alias(field.name()));
        }
        renamed(snapshot, object.oid, field, |last| version <= last)
    };
    shown(object, asked, rows, value)
}

/// The values of a column of rows that commits have brought and taken: what a commit took was of the version
/// before it. None where no label has got another text.
///
/// # Errors
/// None so far: an expression that cannot be made.
pub(super) fn of_changes(
    snapshot: &Snapshot,
    object: &Object,
    field: &Field,
) -> Result<Option<Expr>> {
    let Some(kind) = EnumKind::of_field(field) else {
        return Ok(None);
    };
    let labels = earlier_labels(snapshot, object.oid, kind.of, |last| {
        (0..ALL_VERSIONS).contains(&last)
    });
    if labels.is_empty() {
        return Ok(None);
    }
    let (version, sign) = (
        Column::from_name(COMMIT_VERSION),
        Column::from_name(CHANGE_SIGN),
    );
    let mut value = column(field);
    for (label, last) in labels {
        let version = || Expr::Column(version.clone());
        let is_gone = Expr::Column(sign.clone()).lt(lit(0_i64));
        let after = lit(last.saturating_add(1));
        let had = version()
            .lt_eq(lit(last))
            .or(is_gone.and(version().lt_eq(after)));
        let renamed = enums::renamed(value.clone(), kind.of, &label.old, &label.new);
        value = when(had, renamed).otherwise(value)?;
    }
    let metadata = FieldMetadata::from(field.metadata().clone());
    Ok(Some(
        value.alias_with_metadata(field.name(), Some(metadata)),
    ))
}

/// Whether a label of a column of a table has got another text since a version of it.
pub fn is_renamed_since(snapshot: &Snapshot, object: &Object, version: i64) -> bool {
    let mut kinds = object
        .schema
        .fields()
        .iter()
        .filter_map(|field| EnumKind::of_field(field));
    let had = |last: i64| last != ALL_VERSIONS && version <= last;
    kinds.any(|kind| !earlier_labels(snapshot, object.oid, kind.of, had).is_empty())
}

/// The labels of a type that versions of a table have, as the last of these says, with other texts than now,
/// in the order in which they got those.
pub fn earlier_labels(
    snapshot: &Snapshot,
    table: Oid,
    of: EnumType,
    had: impl Fn(i64) -> bool,
) -> Vec<(&RenamedLabel, i64)> {
    let create = definition(snapshot, of).into_iter();
    let labels = create.flat_map(|create| create.renamed_in(table));
    labels.filter(|(_, last)| had(*last)).collect()
}

/// The values of a column with the texts that labels have now; none where they have them.
fn renamed(
    snapshot: &Snapshot,
    table: Oid,
    field: &Field,
    had: impl Fn(i64) -> bool,
) -> Option<Expr> {
    let of = EnumKind::of_field(field)?.of;
    let labels = earlier_labels(snapshot, table, of, had);
    if labels.is_empty() {
        return None;
    }
    let value = labels.iter().fold(column(field), |value, (label, _)| {
        enums::renamed(value, of, &label.old, &label.new)
    });
    let metadata = FieldMetadata::from(field.metadata().clone());
    Some(value.alias_with_metadata(field.name(), Some(metadata)))
}

/// Rows with something else in the place of the values of some columns.
fn shown(
    object: &Object,
    asked: Version,
    rows: Arc<dyn TableProvider>,
    value: impl Fn(&Field) -> Option<Expr>,
) -> Result<Arc<dyn TableProvider>> {
    let stored = rows.schema();
    let values = stored.fields().iter().map(|field| value(field));
    let values: Vec<Option<Expr>> = values.collect();
    if values.iter().all(Option::is_none) {
        return Ok(rows);
    }
    let fields = stored.fields().iter().zip(values);
    let values: Vec<Expr> = fields
        .map(|(field, value)| value.unwrap_or_else(|| column(field)))
        .collect();
    // Without a schema, so that it is none of a relation of the catalog, whose earlier rows stay the same.
    let name = time_travel::encode(&object.name.to_string(), asked);
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
