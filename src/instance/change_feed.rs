//! The rows of `table_changes`, as a plan over what a table's log tells.
//!
//! Of commits that brought and took rows, those that were only copied cancel out: of equal rows as many
//! are left as there are more on one side. What is left of one key on both sides is an update.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{Column, TableReference, UnnestOptions};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum;
use datafusion::functions_nested::expr_fn::range;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, cast, lit,
    when,
};
use tributary_udfs::postgres::CHARACTER_LENGTH;

use super::earlier_enums;
use super::row_hash::{RowHash, any_of, has_equals};
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::constraints;
use crate::sql::table_changes::TABLE_CHANGES;
use crate::warehouse::{
    CHANGE_SIGN, COMMIT_TIMESTAMP, COMMIT_VERSION, ChangeFeed, commit_timestamp_type,
};

/// What kind of change a row is.
const CHANGE_TYPE: &str = "_change_type";

/// The name of a feed's rows within its plan, by which `EXPLAIN` shows them. It has no schema, so that it
/// is none of a relation of the catalog.
fn feed_of(object: &Object) -> TableReference {
    TableReference::bare(format!("{TABLE_CHANGES}({})", object.name))
}

/// Of how many equal rows there are more after a commit than before it.
const SURPLUS: &str = "tributary:surplus";
const SAME: &str = "tributary:same";
const LEAST: &str = "tributary:least";
const MOST: &str = "tributary:most";
const COPY: &str = "tributary:copy";

/// The columns of an object's changes: its own, and three more, as in Databricks.
///
/// # Errors
/// 42701 where it has a column of such a name.
pub fn columns(object: &Object) -> Result<SchemaRef> {
    let added = [
        Field::new(CHANGE_TYPE, DataType::Utf8, true),
        Field::new(COMMIT_VERSION, DataType::Int64, true),
        Field::new(COMMIT_TIMESTAMP, commit_timestamp_type(), true),
    ];
    if let Some(taken) = added
        .iter()
        .find(|field| object.schema.column_with_name(field.name()).is_some())
    {
        return Err(Error::new(
            SqlState::DUPLICATE_COLUMN,
            format!("{} has a column \"{}\"", object.described(), taken.name()),
        )
        .with_detail("table_changes gives that name to a column of its own.")
        .with_hint("Give the column another name."));
    }
    let own = object.schema.fields().iter().cloned();
    let all: Vec<_> = own.chain(added.map(Arc::new)).collect();
    Ok(Arc::new(Schema::new(all)))
}

/// The changes that a feed tells of.
///
/// # Errors
/// Those of [`columns`].
pub fn relation(
    snapshot: &Snapshot,
    object: &Object,
    feed: &ChangeFeed,
) -> Result<Arc<dyn TableProvider>> {
    let columns = columns(object)?;
    let plain = scan(snapshot, object, &feed.plain)?;
    let kind = when(column(CHANGE_SIGN).gt(lit(0_i64)), lit("insert")).otherwise(lit("delete"))?;
    let plain = plain.project(shown(object, kind))?.build()?;
    let mixed = mixed(snapshot, object, feed)?;
    let all = LogicalPlanBuilder::from(plain).union(mixed)?;
    let types = columns.fields().iter();
    let typed = types.map(|field| {
        let mut metadata = field.metadata().clone();
        if let Some(length) = object.character_length(field.name()) {
            metadata.insert(CHARACTER_LENGTH.to_owned(), length.to_metadata());
        }
        let value = cast(column(field.name()), field.data_type().clone());
        value.alias_with_metadata(field.name(), Some(FieldMetadata::from(metadata)))
    });
    Ok(Arc::new(ViewTable::new(all.project(typed)?.build()?, None)))
}

/// The rows of a feed. A label that has another text since is no change.
fn scan(
    snapshot: &Snapshot,
    object: &Object,
    rows: &Arc<dyn TableProvider>,
) -> Result<LogicalPlanBuilder> {
    let source = provider_as_source(Arc::clone(rows));
    let scan = LogicalPlanBuilder::scan(feed_of(object), source, None)?;
    let fields = object.schema.fields().iter();
    let values = fields.map(|field| earlier_enums::of_changes(snapshot, object, field));
    let values = values.collect::<Result<Vec<Option<Expr>>>>()?;
    if values.iter().all(Option::is_none) {
        return Ok(scan);
    }
    let own = object.schema.fields().iter().zip(values);
    let own = own.map(|(field, value)| value.unwrap_or_else(|| column(field.name())));
    let added = [COMMIT_VERSION, COMMIT_TIMESTAMP, CHANGE_SIGN].map(column);
    Ok(scan.project(own.chain(added))?)
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// The columns that are shown, with this kind of change.
fn shown(object: &Object, kind: Expr) -> Vec<Expr> {
    let own = object.schema.fields().iter();
    own.map(|field| column(field.name()))
        .chain([
            kind.alias(CHANGE_TYPE),
            column(COMMIT_VERSION),
            column(COMMIT_TIMESTAMP),
        ])
        .collect()
}

/// The changes of commits that brought and took rows.
fn mixed(snapshot: &Snapshot, object: &Object, feed: &ChangeFeed) -> Result<LogicalPlan> {
    // What is equal and not the same has changed, and a group of such values keeps none of them.
    let (more, alike): (Vec<_>, Vec<_>) = object
        .schema
        .fields()
        .iter()
        .partition(|field| has_equals(field.data_type()));
    let more: Vec<Expr> = more.iter().map(|field| column(field.name())).collect();
    let same = (!more.is_empty()).then(|| RowHash::new().of(more.clone()).alias(SAME));
    let groups = alike
        .iter()
        .map(|field| column(field.name()))
        .chain([column(COMMIT_VERSION), column(COMMIT_TIMESTAMP)]);
    let surplus = sum(column(CHANGE_SIGN)).alias(SURPLUS);
    let kept = more.into_iter().map(any_of);
    let mut changed = scan(snapshot, object, &feed.mixed)?
        .aggregate(groups.chain(same), [surplus].into_iter().chain(kept))?
        .filter(column(SURPLUS).not_eq(lit(0_i64)))?;
    let came = column(SURPLUS).gt(lit(0_i64));
    let mut kind = when(came.clone(), lit("insert")).otherwise(lit("delete"))?;
    if let Some(key) = constraints::key_of(object) {
        let partition: Vec<Expr> = key
            .iter()
            .map(|name| column(name))
            .chain([column(COMMIT_VERSION)])
            .collect();
        let over = |function, name: &str| -> Result<Expr> {
            let function = WindowFunctionDefinition::AggregateUDF(function);
            let function = WindowFunction::new(function, vec![column(SURPLUS)]);
            let over = Expr::from(function).partition_by(partition.clone());
            Ok(over.build()?.alias(name))
        };
        changed = changed.window([over(min_udaf(), LEAST)?, over(max_udaf(), MOST)?])?;
        let both = column(LEAST)
            .lt(lit(0_i64))
            .and(column(MOST).gt(lit(0_i64)));
        let image = when(came, lit("update_postimage")).otherwise(lit("update_preimage"))?;
        kind = when(both, image).otherwise(kind)?;
    }
    let count =
        when(column(SURPLUS).lt(lit(0_i64)), -column(SURPLUS)).otherwise(column(SURPLUS))?;
    let copies = range(lit(0_i64), count, lit(1_i64)).alias(COPY);
    let all = shown(object, kind.clone());
    let each = changed
        .project(all.into_iter().chain([copies]))?
        .unnest_column_with_options(COPY, UnnestOptions::default())?
        .project(shown(object, column(CHANGE_TYPE)))?;
    Ok(each.build()?)
}
