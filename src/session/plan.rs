//! From a query's syntax tree to its logical plan.

mod names;
mod plannable;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, cast};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast;
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::{self, JsonKind, JsonTypes};
use tributary_udfs::postgres::{
    BARE_NUMERIC, CHARACTER_LENGTH, CommonTypes, NumericArithmetic, SINGLE_BYTE,
};

pub use self::names::{
    is_relation, named_object, no_object, object, read_by_functions, resolve, resolve_among,
    resolve_definition, resolve_names, undefined_model, undefined_table,
};
use self::plannable::RowValues;
pub use self::plannable::{make_plannable, make_rows_plannable};
use super::composites::CompositeTypes;
use super::enums::{self, EnumTypes};
use super::{
    array_leaves, domains, grouped_by_keys, inner_orders, lateral_unnest, multisets, open_literals,
    plan_size, recursive_types, row_limits, rows_once, subqueries, user_functions,
    values_after_sort, waits_in_sorts,
};
use crate::catalog::pg_catalog::{EmptyQuery, StatementCatalog};
use crate::catalog::{Kind, Oid, Snapshot, pg_catalog};
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::sql::{
    QualifiedName, Statement, column_names, condition_clause, expanded_size, recursive_terms,
    references, value_types,
};

/// Plans a query whose names are resolved.
///
/// # Errors
/// What DataFusion's planner says; 54001 for a plan that is too large; those of `check_new`.
pub async fn query(context: &StatementContext, query: &ast::Query) -> Result<LogicalPlan> {
    check_new(query, &context.state)?;
    stored_query(context, query).await
}

/// What is refused of queries that are new.
///
/// # Errors
/// 42804 for `VALUES` of several types; those of [`recursive_terms::check`].
fn check_new(query: &ast::Query, state: &SessionState) -> Result<()> {
    value_types::check(query)?;
    let aggregates = state.aggregate_functions();
    recursive_terms::check(query, &|name: &str| aggregates.contains_key(name))
}

/// [`query()`] of one that was accepted before, whatever is refused of new ones now.
///
/// # Errors
/// What DataFusion's planner says; 54001 for a plan that is too large.
pub async fn stored_query(context: &StatementContext, query: &ast::Query) -> Result<LogicalPlan> {
    context.plan_views(views(&context.snapshot, query)?).await?;
    over_planned(&context.state, query).await
}

/// Plans a query, where the views that it reads are planned already.
///
/// # Errors
/// Those of [`make_plannable`] and of DataFusion's planner.
pub async fn over_planned(state: &SessionState, query: &ast::Query) -> Result<LogicalPlan> {
    planned_or_grouped(state, query, RowValues::Open).await
}

/// [`over_planned`] of a part of a query, whose values of rows [are settled](RowValues::Settled).
///
/// # Errors
/// Those of [`over_planned`].
pub(super) async fn settled(state: &SessionState, query: &ast::Query) -> Result<LogicalPlan> {
    planned_or_grouped(state, query, RowValues::Settled).await
}

async fn planned_or_grouped(
    state: &SessionState,
    query: &ast::Query,
    rows: RowValues,
) -> Result<LogicalPlan> {
    match planned(state, query.clone(), rows).await {
        Err(error) if error.sqlstate() == SqlState::GROUPING_ERROR => {
            let snapshot = StatementCatalog::of(state.config_options())?.snapshot();
            let mut grouped = query.clone();
            if !grouped_by_keys::complete(&mut grouped, &snapshot) {
                return Err(error);
            }
            planned(state, grouped, rows).await.map_err(|_| error)
        }
        planned => planned,
    }
}

async fn planned(state: &SessionState, query: ast::Query, rows: RowValues) -> Result<LogicalPlan> {
    expanded_size::check(&query)?;
    if pg_catalog::never_has_rows(&query)
        && let Ok(plan) = Box::pin(without_rows(state, query.clone(), rows)).await
    {
        return Ok(plan);
    }
    // What plans is large: callers' stacks are spared it.
    Box::pin(planned_with(state, query, EmptyQuery::NullTexts, rows)).await
}

/// Plans a query that never has rows, for the types of its columns; what cannot be planned can at least be
/// said to have none, as [`EmptyQuery::NullTexts`].
async fn without_rows(
    state: &SessionState,
    query: ast::Query,
    rows: RowValues,
) -> Result<LogicalPlan> {
    let plan = planned_with(state, query, EmptyQuery::AsWritten, rows).await?;
    let plan = LogicalPlanBuilder::from(plan).limit(0, Some(0))?.build()?;
    state.optimize(&plan)?;
    Ok(plan)
}

async fn planned_with(
    state: &SessionState,
    mut query: ast::Query,
    empty: EmptyQuery,
    rows: RowValues,
) -> Result<LogicalPlan> {
    let clause = condition_clause::of(&query);
    plannable::make(&mut query, state, empty, rows).await?;
    let statement = PlannerStatement::Statement(Box::new(ast::Statement::Query(Box::new(query))));
    let plan = state.statement_to_plan(statement).await;
    let plan = plan.map_err(|error| condition_clause::named(error.into(), clause))?;
    complete(plan, state).await
}

/// What is left to do for a plan that DataFusion has made of a query.
///
/// # Errors
/// Those of [`user_functions::expand`] and [`finish`].
pub async fn complete(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    finish(user_functions::expand(plan, state).await?, state)
}

/// What is left to do for a plan without calls of users' functions, or one that parameters have been
/// bound to.
///
/// # Errors
/// 54001 for a plan that is too large; those of `recursive_types::settle`, `coerced`, `row_limits::compute` and
/// `open_literals::read`.
pub fn finish(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    plan_size::check(&plan)?;
    let plan = inner_orders::rewrite(plan)?;
    let plan = recursive_types::settle(array_leaves::rewrite(plan)?)?;
    let plan = domains::settle(plan, state)?;
    let snapshot = StatementCatalog::of(state.config_options())?.snapshot();
    let plan = open_literals::read(plan, &snapshot)?;
    let plan = values_after_sort::rewrite(row_limits::compute(plan, state)?)?;
    let plan = waits_in_sorts::rewrite(plan)?;
    let plan = rows_once::rewrite(plan)?;
    let plan = lateral_unnest::rewrite(plan)?;
    let plan = subqueries::rewrite(multisets::rewrite(plan)?)?;
    coerced(plan, state)
}

/// A plan whose expressions and columns have the types that they are computed with. DataFusion finds
/// these when a plan is run: `SELECT 1 UNION SELECT 2.5` is one of integers till then. Where
/// parameters are open, they are found once these are bound.
///
/// # Errors
/// 42804 where types do not fit together.
fn coerced(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    if plan.get_parameter_names()?.is_empty() {
        let options = state.config_options();
        let plan = CompositeTypes.analyze(plan, options)?;
        let plan = EnumTypes.analyze(plan, options)?;
        let plan = JsonTypes.analyze(plan, options)?;
        let plan = CommonTypes.analyze(plan, options)?;
        let plan = NumericArithmetic.analyze(plan, options)?;
        return Ok(TypeCoercion::new().analyze(plan, options)?);
    }
    Ok(plan)
}

/// The views that a query reads itself, and those that functions read which it calls.
///
/// # Errors
/// A name that cannot be one.
pub fn views(snapshot: &Snapshot, query: &ast::Query) -> Result<Vec<Oid>> {
    let named = references::of_query(query)?.into_iter().filter_map(|name| {
        let full = QualifiedName::new(&name.schema?, &name.name);
        snapshot.relation(&full).map(|object| object.oid)
    });
    let mut read: BTreeSet<Oid> = named.collect();
    if snapshot.has_functions() {
        let functions = user_functions::qualify(&mut query.clone(), snapshot, &[])?;
        read.extend(read_by_functions(snapshot, functions));
    }
    let is_view = |oid: &Oid| {
        let object = snapshot.object(*oid);
        object.is_some_and(|object| object.kind == Kind::View)
    };
    Ok(read.into_iter().filter(is_view).collect())
}

/// [`definition`], of one that is given anew.
///
/// # Errors
/// Those of [`definition`] and of `check_new`.
pub async fn new_definition(
    context: &StatementContext,
    text: &ast::Query,
    columns: &[String],
) -> Result<LogicalPlan> {
    check_new(text, &context.state)?;
    definition(context, text, columns).await
}

/// Plans the query of a definition, with the names that it gives to the columns.
///
/// # Errors
/// 42701 for a name given twice; 42601 for more names than columns.
pub async fn definition(
    context: &StatementContext,
    text: &ast::Query,
    columns: &[String],
) -> Result<LogicalPlan> {
    context.plan_views(views(&context.snapshot, text)?).await?;
    definition_over_planned(&context.state, text, columns).await
}

/// [`definition`], where the views that it reads are planned already.
///
/// # Errors
/// Those of [`definition`].
pub async fn definition_over_planned(
    state: &SessionState,
    text: &ast::Query,
    columns: &[String],
) -> Result<LogicalPlan> {
    let mut unique = text.clone();
    // Of several `*` nothing tells which columns are whose, so that names could not be given back.
    if !column_names::has_several_wildcards(text) {
        column_names::make_unique(&mut unique);
    }
    let plan = over_planned(state, &unique).await?;
    let own = column_names::rename(Arc::clone(plan.schema().inner()), text);
    let own = own.fields().iter().map(|field| field.name().clone());
    named(plan, own.collect(), columns)
}

/// A plan whose columns have the names of a definition, and where it gives none those of its query.
fn named(plan: LogicalPlan, own: Vec<String>, given: &[String]) -> Result<LogicalPlan> {
    if given.len() > own.len() {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "more column names are specified than the query has columns",
        ));
    }
    let rest = own.into_iter().skip(given.len());
    let names: Vec<String> = given.iter().cloned().chain(rest).collect();
    let mut seen = BTreeSet::new();
    for name in &names {
        if !seen.insert(name) {
            return Err(Error::new(
                SqlState::DUPLICATE_COLUMN,
                format!("column \"{name}\" specified more than once"),
            )
            .with_hint("Give one of them another name with AS."));
        }
    }
    let columns = plan.schema().columns();
    if columns.iter().map(|column| &column.name).eq(&names) {
        return Ok(plan);
    }
    let renamed = columns
        .into_iter()
        .zip(names)
        .map(|(column, name)| datafusion::logical_expr::Expr::Column(column).alias(name));
    Ok(LogicalPlanBuilder::from(plan).project(renamed)?.build()?)
}

/// The columns of a plan, as a relation's.
pub fn columns(plan: &LogicalPlan) -> SchemaRef {
    let fields: arrow::datatypes::Fields = plan
        .schema()
        .fields()
        .iter()
        .map(|field| {
            // A literal NULL has no type of its own; a column needs one, and Postgres says text.
            let data_type = if *field.data_type() == DataType::Null {
                DataType::Utf8
            } else {
                without_item_lengths(field.data_type())
            };
            // The length that a cast gave was kept there; it holds for no other rows.
            let mut metadata = field.metadata().clone();
            metadata.remove(CHARACTER_LENGTH);
            metadata.remove(BARE_NUMERIC);
            metadata.remove(SINGLE_BYTE);
            field
                .as_ref()
                .clone()
                .with_data_type(data_type)
                .with_nullable(true)
                .with_metadata(metadata)
        })
        .collect();
    SchemaRef::new(arrow::datatypes::Schema::new(fields))
}

/// A type of arrays without the length that a cast gave to their items.
fn without_item_lengths(data_type: &DataType) -> DataType {
    match data_type {
        DataType::List(item) => {
            let mut metadata = item.metadata().clone();
            metadata.remove(CHARACTER_LENGTH);
            let kept = without_item_lengths(item.data_type());
            let item = item.as_ref().clone().with_data_type(kept);
            DataType::List(Arc::new(item.with_metadata(metadata)))
        }
        other => other.clone(),
    }
}

/// Casts a plan's columns, by position, to those of `schema`.
///
/// # Errors
/// 42804 where the types do not fit.
pub fn cast_to(plan: LogicalPlan, schema: &SchemaRef) -> Result<LogicalPlan> {
    let own = plan.schema().columns();
    if plan
        .schema()
        .fields()
        .iter()
        .zip(schema.fields())
        .all(|(own, wanted)| are_of_one_type(own, wanted))
    {
        return Ok(plan);
    }
    let casts = own.into_iter().zip(schema.fields()).map(|(column, field)| {
        let name = column.name.clone();
        let value = datafusion::logical_expr::Expr::Column(column);
        if EnumKind::of_field(field).is_some() {
            return Ok(enums::assigned(value, field).alias(name));
        }
        match JsonKind::of_field(field) {
            Some(kind) => Ok(json::assigned(value, kind, plan.schema())?.alias(name)),
            None => Ok(cast(value, field.data_type().clone()).alias(name)),
        }
    });
    let casts = casts.collect::<Result<Vec<_>>>()?;
    Ok(LogicalPlanBuilder::from(plan).project(casts)?.build()?)
}

/// Whether values of a column are those of another.
fn are_of_one_type(own: &Field, wanted: &Field) -> bool {
    own.data_type() == wanted.data_type()
        && JsonKind::of_field(own) == JsonKind::of_field(wanted)
        && EnumKind::of_field(own) == EnumKind::of_field(wanted)
}

/// The query that a statement reads with, if it has one.
pub fn query_of(statement: &mut Statement) -> Option<&mut ast::Query> {
    match statement {
        Statement::Query(query) => Some(query),
        Statement::Explain(explain) => query_of(&mut explain.statement),
        Statement::CreateView(create) => Some(&mut create.query),
        Statement::CreateMaterializedView(create) => Some(&mut create.query),
        Statement::CreateModel(create) => Some(&mut create.query),
        Statement::CreateTable(create) => create.query.as_deref_mut(),
        Statement::CreateCheck(create) => Some(&mut create.query),
        Statement::Insert(insert) => Some(&mut insert.source),
        Statement::Declare(declare) => Some(&mut declare.query),
        Statement::Copy(copy) => match &mut copy.direction {
            crate::sql::copy::Direction::QueryToStdout(query) => Some(query),
            _ => None,
        },
        _ => None,
    }
}
