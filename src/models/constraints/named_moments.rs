//! Dates and moments that the definition of a table names, as they were read when it was declared, so
//! that it means the same whoever puts rows in.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::DFSchema;
use datafusion::execution::SessionState;

use crate::error::Result;
use crate::models::kept_literals;
use crate::sql::constraint::{self, Rule};
use crate::sql::create_table::CreateTable;
use crate::sql::generated;

/// Keeps the dates and the moments that the checks, the defaults and the computed columns of a table name,
/// which have been looked at before.
///
/// # Errors
/// Two columns of one name.
pub fn keep_moments(
    state: &SessionState,
    columns: &SchemaRef,
    create: &mut CreateTable,
) -> Result<()> {
    let known = DFSchema::try_from(Arc::clone(columns))?;
    for declared in &mut create.constraints {
        if let Rule::Check(condition) = &mut declared.rule {
            kept_literals::in_expression(state, &known, condition, None);
        }
    }
    for computed in generated::expressions_mut(&mut create.columns) {
        kept_literals::in_expression(state, &known, computed, None);
    }
    let none = DFSchema::empty();
    for column in &mut create.columns {
        let field = columns.field_with_name(&column.name.value).ok();
        let assigned = field.map(|field| field.data_type());
        for default in constraint::defaults_mut(std::slice::from_mut(column)) {
            kept_literals::in_expression(state, &none, default, assigned);
        }
    }
    Ok(())
}
