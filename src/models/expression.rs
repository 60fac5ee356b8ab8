//! SQL expressions that definitions have beside their query, ready to be computed.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::SessionState;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    EmptyRelation, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast,
};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::sqlparser::ast::{self, ExprWithAlias};
use tributary_udfs::type_name;

use crate::catalog::pg_catalog::StatementCatalog;
use crate::error::{Error, Result, SqlState};
use crate::session::{enums, plan};
use crate::sql::{integer_literals, row_membership};

/// A condition over columns of this schema; `place` is where it stands.
///
/// # Errors
/// 42804 for what is no condition; 42803 and 42P20 for aggregate and window functions; what planning
/// says.
pub fn condition(
    state: &SessionState,
    schema: &DFSchema,
    expression: ast::Expr,
    place: &str,
) -> Result<Arc<dyn PhysicalExpr>> {
    let planned = planned(state, schema, expression, place)?;
    match planned.get_type(schema)? {
        DataType::Boolean => ready(state, schema, planned),
        other => Err(mismatch(place, "boolean", &other)),
    }
}

/// The text of a value over columns of this schema; `place` is where it stands.
///
/// # Errors
/// 42804 for a value that has no text; those of [`condition`].
pub fn text(
    state: &SessionState,
    schema: &DFSchema,
    expression: ast::Expr,
    place: &str,
) -> Result<Arc<dyn PhysicalExpr>> {
    let planned = planned(state, schema, expression, place)?;
    match planned.get_type(schema)? {
        DataType::Utf8 => ready(state, schema, planned),
        other if other.is_nested() => Err(mismatch(place, "one that has a text", &other)),
        _ => ready(state, schema, cast(planned, DataType::Utf8)),
    }
}

fn mismatch(place: &str, wanted: &str, found: &DataType) -> Error {
    Error::new(
        SqlState::DATATYPE_MISMATCH,
        format!(
            "argument of {place} must be type {wanted}, not {}",
            type_name(found)
        ),
    )
}

/// A value over columns of this schema, with the types and the arithmetic that it would have in a query;
/// `place` is where it stands.
///
/// # Errors
/// 42803 and 42P20 for aggregate and window functions; what planning says.
pub fn value(
    state: &SessionState,
    schema: &DFSchema,
    expression: ast::Expr,
    place: &str,
) -> Result<Expr> {
    planned(state, schema, expression, place)
}

/// An expression as DataFusion's planner reads it, before anything is put into its place.
///
/// # Errors
/// What planning says.
pub fn read(state: &SessionState, schema: &DFSchema, mut expression: ast::Expr) -> Result<Expr> {
    row_membership::rewrite_expression(&mut expression)?;
    integer_literals::mark_in(&mut expression);
    let sources = StatementCatalog::of(state.config_options())?;
    enums::number(&mut expression, &sources.snapshot(), &sources.search_path())?;
    let expression = ExprWithAlias {
        expr: expression,
        alias: None,
    };
    Ok(state.create_logical_expr_from_sql_expr(expression, schema)?)
}

/// An expression with the types and the arithmetic that it would have in a query.
fn planned(
    state: &SessionState,
    schema: &DFSchema,
    expression: ast::Expr,
    place: &str,
) -> Result<Expr> {
    let expression = read(state, schema, expression)?;
    refuse_functions_of_many_rows(&expression, place)?;
    let rows = LogicalPlan::EmptyRelation(EmptyRelation {
        produce_one_row: false,
        schema: Arc::new(schema.clone()),
    });
    let rows = LogicalPlanBuilder::from(rows)
        .project([expression])?
        .build()?;
    let LogicalPlan::Projection(mut rows) = plan::finish(rows, state)? else {
        return Err(Error::internal("an expression is planned as no projection"));
    };
    match (rows.expr.pop(), rows.expr.is_empty()) {
        (Some(expression), true) => Ok(expression.unalias()),
        _ => Err(Error::internal(
            "an expression is planned as several columns",
        )),
    }
}

/// An expression that is simplified, without which some functions cannot be computed.
///
/// # Errors
/// What simplifying it meets.
pub fn ready(
    state: &SessionState,
    schema: &DFSchema,
    planned: Expr,
) -> Result<Arc<dyn PhysicalExpr>> {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(Arc::clone(state.config_options()))
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    let simplified = ExprSimplifier::new(context).simplify(planned)?;
    Ok(state.create_physical_expr(simplified, schema)?)
}

fn refuse_functions_of_many_rows(expression: &Expr, place: &str) -> Result<()> {
    let mut refused = None;
    expression.apply(|part| {
        refused = match part {
            Expr::AggregateFunction(_) => Some((SqlState::GROUPING_ERROR, "aggregate")),
            Expr::WindowFunction(_) => Some((SqlState::WINDOWING_ERROR, "window")),
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        Ok(TreeNodeRecursion::Stop)
    })?;
    match refused {
        None => Ok(()),
        Some((sqlstate, functions)) => Err(Error::new(
            sqlstate,
            format!("{functions} functions are not allowed in {place}"),
        )
        .with_hint("Compute it in the query, which gives a column.")),
    }
}
