//! `DEFAULT` of a column.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{FieldRef, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{ExprSchemable as _, LogicalPlan, cast};
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::sqlparser::ast::{Expr, Value};
use tributary_udfs::composites::CompositeKind;
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::{self, JsonKind};

use super::assignable::check_assignable;
use crate::catalog::pg_catalog::StatementCatalog;
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::models::expression;
use crate::session::{composites, enums, plan, row_functions};
use crate::sql::shown::Shown;
use crate::sql::walk::visit_expressions;
use crate::sql::{Statement, parse_one};

/// Where the expressions stand, as errors say it.
const PLACE: &str = "DEFAULT expressions";

/// The default of a column, ready to be computed.
pub struct DefaultValue {
    value: Arc<dyn PhysicalExpr>,
}

impl DefaultValue {
    /// Plans the default of a column.
    ///
    /// # Errors
    /// 0A000 for a subquery, a column or a set-returning function, 42803 and 42P20 for aggregate and
    /// window functions; 42804 for a value that the column does not take; what planning says.
    pub async fn new(context: &StatementContext, field: &FieldRef, written: &Expr) -> Result<Self> {
        let state = &context.state;
        refuse(written)?;
        row_functions::refuse(state, written, PLACE)?;
        let text = format!("SELECT {} AS \"default\"", Shown(written));
        let Statement::Query(query) = parse_one(&text)? else {
            return Err(Error::internal("a default is not read as a query"));
        };
        let planned = plan::query(context, &query)
            .await
            .map_err(without_columns)?;
        let LogicalPlan::Projection(mut row) = planned else {
            return Err(Error::internal("a default is planned as no projection"));
        };
        let Some(value) = row.expr.pop() else {
            return Err(Error::internal("a default is planned as no value"));
        };
        let value = value.unalias();
        let columns = DFSchema::empty();
        let given = value.get_type(&columns)?;
        check_assignable(field, &given)?;
        let value = match JsonKind::of_field(field) {
            _ if EnumKind::of_field(field).is_some() => {
                let sources = StatementCatalog::of(state.config_options())?;
                let path = sources.search_path();
                enums::read_assigned(&sources.snapshot(), &path, value, field, &columns)?
            }
            _ if given != *field.data_type() && CompositeKind::of(field.data_type()).is_some() => {
                let sources = StatementCatalog::of(state.config_options())?;
                let path = sources.search_path();
                composites::read_assigned(&sources.snapshot(), &path, value, field, &columns)?
            }
            Some(kind) => json::assigned(value, kind, &columns)?,
            None if given == *field.data_type() => value,
            None => cast(value, field.data_type().clone()),
        };
        let value = expression::ready(state, &columns, value)?;
        let default = Self { value };
        if is_literal(written) {
            default.values(1)?;
        }
        Ok(default)
    }

    /// A value for each of so many rows.
    ///
    /// # Errors
    /// What computing it meets.
    pub fn values(&self, rows: usize) -> Result<ArrayRef> {
        let batch = RecordBatch::try_new_with_options(
            Arc::new(Schema::empty()),
            Vec::new(),
            &RecordBatchOptions::new().with_row_count(Some(rows)),
        )?;
        Ok(self.value.evaluate(&batch)?.into_array(rows)?)
    }
}

/// A default sees no columns, whether there are any of the name or not.
fn without_columns(error: Error) -> Error {
    match error.sqlstate() {
        SqlState::UNDEFINED_COLUMN => cannot_use("column reference"),
        _ => error,
    }
}

fn cannot_use(what: &str) -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("cannot use {what} in DEFAULT expression"),
    )
}

/// Refuses what is no value of its own.
fn refuse(written: &Expr) -> Result<()> {
    let found = visit_expressions(written, |part| match part {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => {
            ControlFlow::Break("subquery")
        }
        Expr::CompoundIdentifier(_) => ControlFlow::Break("column reference"),
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(what) => Err(cannot_use(what)),
    }
}

/// Whether a default is a literal, of which Postgres tells when it is declared that it is wrong.
fn is_literal(written: &Expr) -> bool {
    match written {
        Expr::Value(value) => !matches!(value.value, Value::Placeholder(_)),
        Expr::Nested(value) => is_literal(value),
        Expr::UnaryOp { expr, .. } => is_literal(expr),
        Expr::Cast { expr, .. } => is_literal(expr),
        Expr::TypedString(_) => true,
        _ => false,
    }
}
