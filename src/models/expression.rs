//! SQL expressions that definitions have beside their query, ready to be computed.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    ColumnarValue, EmptyRelation, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast,
};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::sqlparser::ast::{self, ExprWithAlias};
use tributary_udfs::type_name;

use crate::catalog::pg_catalog::StatementCatalog;
use crate::error::{Error, Result, SqlState};
use crate::models::incremental::{Cause, cause_in};
use crate::session::{enums, plan, user_functions};
use crate::sql::{distinct_literals, integer_literals, row_membership, standard_forms};

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
    as_condition(state, schema, planned, place)
}

/// A condition that gives a row the same value whenever it is computed; it may call functions that users have
/// made.
///
/// # Errors
/// Those of [`condition`]; 42P17 for a function that depends on the moment, the session or chance; 0A000
/// for one of users that reads rows.
pub async fn steady_condition(
    state: &SessionState,
    schema: &DFSchema,
    expression: ast::Expr,
    place: &str,
) -> Result<Arc<dyn PhysicalExpr>> {
    let planned = steady(state, schema, expression, place).await?;
    as_condition(state, schema, planned, place)
}

fn as_condition(
    state: &SessionState,
    schema: &DFSchema,
    planned: Expr,
    place: &str,
) -> Result<Arc<dyn PhysicalExpr>> {
    match planned.get_type(schema)? {
        DataType::Boolean => ready(state, schema, planned),
        other => Err(mismatch(place, "boolean", &other)),
    }
}

/// The text of a value over columns of this schema, which is the same whenever it is computed of a row;
/// `place` is where it stands.
///
/// # Errors
/// 42804 for a value that has no text; those of [`steady_condition`].
pub async fn steady_text(
    state: &SessionState,
    schema: &DFSchema,
    expression: ast::Expr,
    place: &str,
) -> Result<Arc<dyn PhysicalExpr>> {
    let planned = steady(state, schema, expression, place).await?;
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
            "argument of {place} must be type {wanted}, not type {}",
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
    standard_forms::name_all_fields(&mut expression);
    integer_literals::mark_in(&mut expression);
    distinct_literals::mark(&mut expression);
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
    only_expression(plan::finish(over_columns(schema, expression)?, state)?)
}

/// The same of one that gives a row one value whenever it is computed, with what functions that users have
/// made compute in the place of their calls.
async fn steady(
    state: &SessionState,
    schema: &DFSchema,
    mut expression: ast::Expr,
    place: &str,
) -> Result<Expr> {
    let sources = StatementCatalog::of(state.config_options())?;
    let snapshot = sources.snapshot();
    user_functions::mark(&mut expression, &snapshot, &sources.search_path())?;
    let mut expression = read(state, schema, expression)?;
    refuse_functions_of_many_rows(&expression, place)?;
    if snapshot.has_functions() {
        let rows = over_columns(schema, expression)?;
        let rows = Box::pin(user_functions::expand(rows, state)).await?;
        expression = in_one_step(rows, place)?;
        refuse_functions_of_many_rows(&expression, place)?;
    }
    refuse_changing(&expression, place)?;
    only_expression(plan::finish(over_columns(schema, expression)?, state)?)
}

/// What a plan of [`over_columns`] computes, with what it computes before in the place of its columns.
fn in_one_step(plan: LogicalPlan, place: &str) -> Result<Expr> {
    let LogicalPlan::Projection(rows) = &plan else {
        return Err(Error::internal("an expression is planned as no projection"));
    };
    let mut below = Arc::clone(&rows.input);
    let mut expression = only_expression(plan)?;
    while let LogicalPlan::Projection(step) = below.as_ref() {
        let placed = expression.transform(|part| {
            let computed = match &part {
                Expr::Column(column) => step.schema.maybe_index_of_column(column),
                _ => None,
            };
            Ok(match computed.and_then(|at| step.expr.get(at)) {
                Some(computed) => Transformed::yes(computed.clone().unalias()),
                None => Transformed::no(part),
            })
        });
        expression = placed.data()?;
        let input = Arc::clone(&step.input);
        below = input;
    }
    let is_subquery = |part: &Expr| {
        let is_one = matches!(
            part,
            Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::SetComparison(_)
        );
        Ok(is_one)
    };
    let is_of_columns = matches!(below.as_ref(), LogicalPlan::EmptyRelation(_));
    if !is_of_columns || expression.exists(is_subquery)? {
        return Err(
            Error::unsupported(format!("a function that reads rows in {place}"))
                .with_hint("Call it in the query, which gives a column."),
        );
    }
    Ok(expression)
}

/// A plan of rows that have these columns, which computes an expression of them.
fn over_columns(schema: &DFSchema, expression: Expr) -> Result<LogicalPlan> {
    let rows = LogicalPlan::EmptyRelation(EmptyRelation {
        produce_one_row: false,
        schema: Arc::new(schema.clone()),
    });
    let rows = LogicalPlanBuilder::from(rows).project([expression])?;
    Ok(rows.build()?)
}

/// What a plan of [`over_columns`] computes.
fn only_expression(plan: LogicalPlan) -> Result<Expr> {
    let LogicalPlan::Projection(mut rows) = plan else {
        return Err(Error::internal("an expression is planned as no projection"));
    };
    match (rows.expr.pop(), rows.expr.is_empty()) {
        (Some(expression), true) => Ok(expression.unalias()),
        _ => Err(Error::internal(
            "an expression is planned as several columns",
        )),
    }
}

/// An expression that is simplified, without which some functions cannot be computed. It is analyzed
/// before, as one of a query is: else DataFusion would compute casts of constants, and turn comparisons
/// with casts around, before these are PostgreSQL's.
///
/// # Errors
/// What analyzing and simplifying it meets.
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
    let options = state.config_options();
    let row = over_columns(schema, planned)?;
    let row = state
        .analyzer()
        .execute_and_check(row, options, |_, _| ())?;
    let analyzed = only_expression(row)?;
    let simplified = ExprSimplifier::new(context).simplify(analyzed)?;
    Ok(state.create_physical_expr(simplified, schema)?)
}

/// The value of an expression without columns.
///
/// # Errors
/// What [`ready`] and computing it meet.
pub fn constant(state: &SessionState, planned: Expr) -> Result<ScalarValue> {
    let value = ready(state, &DFSchema::empty(), planned)?;
    let one_row = RecordBatch::try_new_with_options(
        Arc::new(Schema::empty()),
        Vec::new(),
        &RecordBatchOptions::new().with_row_count(Some(1)),
    )?;
    Ok(match value.evaluate(&one_row)? {
        ColumnarValue::Scalar(value) => value,
        ColumnarValue::Array(values) => ScalarValue::try_from_array(&values, 0)?,
    })
}

/// That the literals of an expression which are read as values of other types can be: as in Postgres,
/// they are read when it is declared, whatever it computes later.
///
/// # Errors
/// What reading one meets.
pub fn check_literals(state: &SessionState, planned: &Expr) -> Result<()> {
    let mut refused = None;
    planned.apply(|part| {
        if let Expr::Cast(read) = part
            && let Expr::Literal(literal, _) = read.expr.as_ref()
            && literal.try_as_str().flatten().is_some()
            && let Err(error) = constant(state, part.clone())
        {
            refused = Some(error);
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    refused.map_or(Ok(()), Err)
}

/// Refuses an expression that gives one row now this value and now another.
fn refuse_changing(expression: &Expr, place: &str) -> Result<()> {
    let Some(Cause { obstacle, .. }) = cause_in(expression)? else {
        return Ok(());
    };
    Err(Error::new(
        SqlState::INVALID_OBJECT_DEFINITION,
        format!("functions in {place} must be marked IMMUTABLE"),
    )
    .with_detail(format!("{}: {}.", obstacle.node, obstacle.reason))
    .with_hint("Compute it in the query, which gives a column."))
}

fn refuse_functions_of_many_rows(expression: &Expr, place: &str) -> Result<()> {
    let mut refused = None;
    expression.apply(|part| {
        refused = match part {
            Expr::AggregateFunction(_) => Some((SqlState::GROUPING_ERROR, "aggregate")),
            Expr::WindowFunction(_) => Some((SqlState::WINDOWING_ERROR, "window")),
            Expr::Unnest(_) => Some((SqlState::FEATURE_NOT_SUPPORTED, "set-returning")),
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
