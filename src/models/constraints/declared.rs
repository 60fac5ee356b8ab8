//! The constraints and defaults that a table's definition has.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::DFSchema;
use datafusion::execution::SessionState;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::sqlparser::ast::Expr;

use super::default_value::DefaultValue;
use crate::catalog::Object;
use crate::error::{ColumnPlace, Error, Result};
use crate::instance::StatementContext;
use crate::models::expression;
use crate::sql::Statement;
use crate::sql::constraint::{self, Constraint, Rule};
use crate::sql::create_table::CreateTable;

/// The constraints of a table.
pub fn of(object: &Object) -> &[Constraint] {
    match &object.definition {
        Statement::CreateTable(create) => &create.constraints,
        _ => &[],
    }
}

/// The default of a column.
pub fn default_of<'a>(object: &'a Object, column: &str) -> Option<&'a Expr> {
    match &object.definition {
        Statement::CreateTable(create) => constraint::default_of(&create.columns, column),
        _ => None,
    }
}

/// A check, ready to be computed.
///
/// # Errors
/// What planning says, the constraint named.
pub(super) fn condition_of(
    state: &SessionState,
    columns: &SchemaRef,
    constraint: &Constraint,
    condition: &Expr,
) -> Result<Arc<dyn PhysicalExpr>> {
    let columns = DFSchema::try_from(Arc::clone(columns))?;
    expression::condition(state, &columns, condition.clone(), "CHECK")
        .map_err(|error| error.within(format!("constraint \"{}\"", constraint.name)))
}

/// A column of a table, as errors name it.
pub fn place(table: &Object, column: &str) -> ColumnPlace {
    ColumnPlace {
        schema: table.name.schema.clone(),
        relation: table.name.name.clone(),
        column: column.to_owned(),
    }
}

/// That the constraints and defaults of a table that is declared can be planned.
///
/// # Errors
/// What planning says, the constraint or the column named.
pub async fn validate(
    context: &StatementContext,
    columns: &SchemaRef,
    create: &CreateTable,
) -> Result<()> {
    for constraint in &create.constraints {
        if let Rule::Check(condition) = &constraint.rule {
            condition_of(&context.state, columns, constraint, condition)?;
        }
    }
    for field in columns.fields() {
        if let Some(default) = constraint::default_of(&create.columns, field.name()) {
            DefaultValue::new(context, field, default)
                .await
                .map_err(|error| error.within(format!("default of column \"{}\"", field.name())))?;
        }
    }
    Ok(())
}
