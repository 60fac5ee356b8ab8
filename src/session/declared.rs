//! The types that clients know columns by where the values have a wider one: a column of
//! `varchar(10)`, `name` or `uuid` is text to expressions.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan};
use tributary_udfs::postgres::{CHARACTER_LENGTH, CharacterLength};

use crate::catalog::Snapshot;
use crate::sql::QualifiedName;
use crate::wire::types::POSTGRES_TYPE;

/// Says of the columns of an answer by which types they were declared, or cast to, in the plan that
/// they come of.
pub fn declare(schema: SchemaRef, plan: &LogicalPlan, snapshot: &Snapshot) -> SchemaRef {
    if schema.fields().len() != plan.schema().fields().len() {
        return schema;
    }
    let fields = schema.fields().iter().enumerate().map(|(index, field)| {
        let length = match field.data_type() {
            DataType::Utf8 => length(plan, index, snapshot),
            _ => None,
        };
        match length {
            Some(length) => {
                let mut metadata = field.metadata().clone();
                metadata.insert(POSTGRES_TYPE.to_owned(), length.sql());
                Arc::new(field.as_ref().clone().with_metadata(metadata))
            }
            None => Arc::clone(field),
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Follows a column to the cast or the table that it comes of.
fn length(plan: &LogicalPlan, index: usize, snapshot: &Snapshot) -> Option<CharacterLength> {
    let (_, field) = plan.schema().iter().nth(index)?;
    if let Some(cast) = field.metadata().get(CHARACTER_LENGTH) {
        return CharacterLength::from_metadata(cast);
    }
    match plan {
        LogicalPlan::Projection(projection) => {
            let input = projection.input.as_ref();
            let column = column_of(projection.expr.get(index)?)?;
            length(
                input,
                input.schema().maybe_index_of_column(column)?,
                snapshot,
            )
        }
        LogicalPlan::Aggregate(aggregate) => {
            let input = aggregate.input.as_ref();
            let column = column_of(aggregate.group_expr.get(index)?)?;
            length(
                input,
                input.schema().maybe_index_of_column(column)?,
                snapshot,
            )
        }
        LogicalPlan::Filter(filter) => length(&filter.input, index, snapshot),
        LogicalPlan::Sort(sort) => length(&sort.input, index, snapshot),
        LogicalPlan::Limit(limit) => length(&limit.input, index, snapshot),
        LogicalPlan::SubqueryAlias(alias) => length(&alias.input, index, snapshot),
        LogicalPlan::Distinct(Distinct::All(input)) => length(input, index, snapshot),
        LogicalPlan::Window(window) => {
            let width = window.input.schema().fields().len();
            (index < width).then(|| length(&window.input, index, snapshot))?
        }
        LogicalPlan::Join(join) => {
            let width = join.left.schema().fields().len();
            match index.checked_sub(width) {
                None => length(&join.left, index, snapshot),
                Some(index) if index < join.right.schema().fields().len() => {
                    length(&join.right, index, snapshot)
                }
                Some(_) => None,
            }
        }
        LogicalPlan::TableScan(scan) => {
            let schema = scan.table_name.schema()?;
            let name = QualifiedName::new(schema, scan.table_name.table());
            snapshot.relation(&name)?.character_length(field.name())
        }
        _ => None,
    }
}

fn column_of(expression: &Expr) -> Option<&datafusion::common::Column> {
    match expression {
        Expr::Alias(alias) => column_of(&alias.expr),
        Expr::Column(column) => Some(column),
        _ => None,
    }
}
