//! `COPY ... FROM ... WHERE`: which rows are put in.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{Fields, Schema};
use datafusion::common::{DFSchema, TableReference};
use datafusion::execution::SessionState;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::sqlparser::ast::Expr;

use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::models::{constraints, expression};
use crate::session::row_functions;
use crate::sql::walk::visit_expressions;

/// Where the expression stands, as errors say it.
const PLACE: &str = "COPY FROM WHERE conditions";

/// The condition, ready to be computed of rows that have all columns of the table.
///
/// # Errors
/// 0A000 for a subquery or a set-returning function, 42803 and 42P20 for aggregate and window functions,
/// 42804 for what is no condition, 42P10 for a column that is computed, which rows do not have yet; what
/// planning says.
pub(super) fn of(
    state: &SessionState,
    target: &Object,
    written: &Expr,
) -> Result<Arc<dyn PhysicalExpr>> {
    let subquery = visit_expressions(written, |part| match part {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    if subquery.is_break() {
        let message = "cannot use subquery in COPY FROM WHERE condition";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message));
    }
    row_functions::refuse(state, written, PLACE)?;
    let columns = constraints::typed(&target.schema, |name| target.character_length(name));
    // What a column may not have is found out of rows that are put in.
    let fields = columns.fields().iter();
    let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
    let columns = Schema::new(fields.collect::<Fields>());
    let name = TableReference::bare(target.name.name.as_str());
    let columns = DFSchema::try_from_qualified_schema(name, &columns)?;
    let condition = expression::condition(state, &columns, written.clone(), "WHERE")?;
    let mut read = collect_columns(&condition).into_iter();
    let computed = read.find(|read| constraints::generated_of(target, read.name()).is_some());
    match computed {
        Some(column) => Err(Error::new(
            SqlState::INVALID_COLUMN_REFERENCE,
            "generated columns are not supported in COPY FROM WHERE conditions",
        )
        .with_detail(format!(
            "Column \"{}\" is a generated column.",
            column.name()
        ))),
        None => Ok(condition),
    }
}
