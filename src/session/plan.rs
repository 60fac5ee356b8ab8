//! From a query's syntax tree to its logical plan.

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

use super::composites::CompositeTypes;
use super::enums::{self, EnumTypes};
use super::{
    array_leaves, domains, grouped_by_keys, lateral_unnest, multisets, open_literals, plan_size,
    populated_rows, row_fields, row_limits, rows_once, subqueries, user_functions,
    values_after_sort, waits_in_sorts,
};
use crate::catalog::pg_catalog::{EmptyQuery, StatementCatalog};
use crate::catalog::{Kind, Object, Oid, Snapshot, meant_schema, pg_catalog, system};
use crate::error::{Error, Result, SqlState, nearest};
use crate::execute;
use crate::instance::StatementContext;
use crate::models::constraints;
use crate::sql::create_function::type_text;
use crate::sql::name::ObjectName;
use crate::sql::qualify::{Named, qualify};
use crate::sql::{
    QualifiedName, Statement, alias_columns, ambiguous_columns, casts_in_names, column_names,
    constant_keys, derived_names, distinct_literals, expanded_size, function_literals,
    having_alone, hidden_columns, hypothetical_sets, integer_literals, merged_columns,
    model_functions, moment_precision, named_arguments, named_windows, order_names,
    outer_aggregates, outer_columns, outer_relations, record_arguments, references,
    relation_literals, relation_names, relation_wildcards, renamed_wildcards, repeated_columns,
    repeated_groups, row_expansions, row_membership, row_values, sampled, sequence_calls,
    set_operation_keys, set_returning, standard_forms, table_changes, time_travel, untyped_texts,
    value_types, values, variadic, whole_rows, with_changes, with_ties,
};

/// Schemas that are looked at after those of the search path.
const IMPLICIT_SCHEMAS: [&str; 1] = [pg_catalog::PG_CATALOG];

/// Resolves the names in a query that a user wrote: see [`qualify`]. Answers what it reads.
///
/// # Errors
/// 42P01 for a relation and 42704 for a model that does not exist, naming the nearest.
pub fn resolve_names(
    query: &mut ast::Query,
    snapshot: &Snapshot,
    search_path: &[String],
) -> Result<BTreeSet<Oid>> {
    populated_rows::declare(query, snapshot, search_path)?;
    let functions = user_functions::qualify(query, snapshot, search_path)?;
    let mut reads = read_by_functions(snapshot, functions);
    reads.extend(enums::qualify(query, snapshot, search_path)?);
    qualify(query, |name, named| {
        let full = resolve_among(&name, search_path, &|full| is_relation(snapshot, full));
        let full = full.map_err(|_| match named {
            Named::Relation => undefined_table(&name, snapshot),
            Named::Model => undefined_model(&name, snapshot),
        })?;
        if let Some(object) = snapshot.relation(&full) {
            reads.insert(object.oid);
        } else if let Some((table, _)) = constraints::identity_sequence(snapshot, &full) {
            reads.insert(table.oid);
        }
        Ok(full)
    })?;
    Ok(reads)
}

/// [`resolve_names`] of the query of a definition, of which literals that name relations, and types and
/// functions of users', get full names too. Answers what it stands on, which is what it reads and what it
/// names so; that it is `own` itself which it names says nothing.
///
/// # Errors
/// Those of [`resolve_names`]; 42P01 for a relation that a literal names and that does not exist.
pub fn resolve_definition(
    query: &mut ast::Query,
    snapshot: &Snapshot,
    search_path: &[String],
    own: Option<&ObjectName>,
) -> Result<BTreeSet<Oid>> {
    let mut stands_on = resolve_names(query, snapshot, search_path)?;
    let exists = |full: &QualifiedName| {
        is_relation(snapshot, full) || named_object(snapshot, full).is_some()
    };
    relation_literals::for_each(query, |literal, name| {
        let full = resolve_among(&name, search_path, &exists)?;
        if let Some(object) = named_object(snapshot, &full) {
            *literal = sequence_calls::argument(&full);
            if own != Some(&ObjectName::from(full)) {
                stands_on.insert(object);
            }
        }
        Ok(())
    })?;
    stands_on.extend(enums::qualify_literals(query, snapshot, search_path));
    stands_on.extend(functions_in_literals(query, snapshot, search_path));
    Ok(stands_on)
}

/// Gives functions of users' that literals in a definition name their full names; answers which these are.
/// Those that are named with types of users' are looked up by who reads.
fn functions_in_literals(
    query: &mut ast::Query,
    snapshot: &Snapshot,
    search_path: &[String],
) -> BTreeSet<Oid> {
    let mut found = BTreeSet::new();
    if !snapshot.has_functions() {
        return found;
    }
    function_literals::name(query, |function| {
        if pg_catalog::is_ambiguous(snapshot, function, search_path) {
            return None;
        }
        let object = pg_catalog::function_named(snapshot, function, search_path)?;
        let Statement::CreateFunction(create) = &object.definition else {
            return None;
        };
        let types = create.arguments.iter().map(|it| type_text(&it.data_type));
        let types: Vec<String> = types.collect();
        if function.types.is_some() && types.iter().any(|it| it.contains('.')) {
            return None;
        }
        found.insert(object.oid);
        let full = QualifiedName::new(&object.name.schema, &create.name.name);
        Some((full, types))
    });
    found
}

/// The object that a relation is, or that its index or its identity column's sequence is of; none for
/// those of the server.
pub fn named_object(snapshot: &Snapshot, full: &QualifiedName) -> Option<Oid> {
    if let Some(object) = snapshot.relation(full) {
        return Some(object.oid);
    }
    let numbered = constraints::identity_sequence(snapshot, full);
    numbered
        .map(|(table, _)| table.oid)
        .or_else(|| pg_catalog::table_of_index(snapshot, full))
}

/// Functions, and what their bodies read, which a query reads where it calls them.
pub fn read_by_functions(snapshot: &Snapshot, functions: BTreeSet<Oid>) -> BTreeSet<Oid> {
    let mut reads = functions.clone();
    for oid in functions {
        if let Some(function) = snapshot.object(oid) {
            let read = snapshot.read_by(function);
            reads.extend(read.iter().map(|object| object.oid));
        }
    }
    reads
}

/// The relation that a name means.
///
/// # Errors
/// 42P01 where there is none, naming the nearest.
pub fn resolve(
    name: &ObjectName,
    snapshot: &Snapshot,
    search_path: &[String],
) -> Result<QualifiedName> {
    resolve_among(name, search_path, &|full| is_relation(snapshot, full))
        .map_err(|_| undefined_table(name, snapshot))
}

/// Whether there is a relation of this name, the server's own among them.
pub fn is_relation(snapshot: &Snapshot, full: &QualifiedName) -> bool {
    match full.schema.as_str() {
        system::SYSTEM_SCHEMA => system::exists(&full.name),
        // What a clause of a statement has returned is known to that statement alone.
        with_changes::SCHEMA => true,
        schema => match pg_catalog::schema(schema) {
            Some(tables) => tables.get(&full.name).is_some(),
            None => {
                snapshot.relation(full).is_some()
                    || constraints::identity_sequence(snapshot, full).is_some()
            }
        },
    }
}

/// The first relation of a name along the search path that `exists`.
///
/// # Errors
/// 42P01 where none does.
pub fn resolve_among(
    name: &ObjectName,
    search_path: &[String],
    exists: &dyn Fn(&QualifiedName) -> bool,
) -> Result<QualifiedName> {
    let found = match &name.schema {
        Some(schema) => {
            let schema = meant_schema(schema, search_path);
            Some(QualifiedName::new(schema, &name.name)).filter(exists)
        }
        None => {
            let schemas = search_path
                .iter()
                .map(String::as_str)
                .chain(IMPLICIT_SCHEMAS);
            schemas
                .map(|schema| QualifiedName::new(schema, &name.name))
                .find(exists)
        }
    };
    found.ok_or_else(|| {
        Error::new(
            SqlState::UNDEFINED_TABLE,
            format!("relation \"{}\" does not exist", name.between_quotes()),
        )
    })
}

/// The object of the catalog that a name means.
///
/// # Errors
/// 42P01 where there is none, naming the nearest; 42501 for the server's own.
pub fn object(
    name: &ObjectName,
    snapshot: &Snapshot,
    search_path: &[String],
) -> Result<Arc<Object>> {
    let full = resolve_among(name, search_path, &|full| snapshot.relation(full).is_some());
    let found = full.ok().and_then(|full| snapshot.relation(&full).cloned());
    found.ok_or_else(|| no_object(name, snapshot, search_path))
}

/// The error of a name that is no object of the catalog: of none at all, or of one of the server's
/// own views, which are no objects.
pub fn no_object(name: &ObjectName, snapshot: &Snapshot, search_path: &[String]) -> Error {
    match resolve(name, snapshot, search_path) {
        Ok(own) => Error::new(
            SqlState::INSUFFICIENT_PRIVILEGE,
            format!("permission denied: \"{}\" is a system view", own.name),
        )
        .with_detail(format!(
            "The schema \"{}\" belongs to the server itself, and what is in it cannot be changed.",
            own.schema
        )),
        Err(error) => error,
    }
}

/// The error of a relation that does not exist.
pub fn undefined_table(name: &ObjectName, snapshot: &Snapshot) -> Error {
    let error = Error::new(
        SqlState::UNDEFINED_TABLE,
        format!("relation \"{}\" does not exist", name.between_quotes()),
    );
    let relations = snapshot
        .objects()
        .filter(|object| !object.schema.fields().is_empty());
    match meant(name, relations.map(|object| &object.name)) {
        Some(near) => error.with_hint(format!("Perhaps you meant {near}.")),
        None => error,
    }
}

/// The error of a model that does not exist.
pub fn undefined_model(name: &ObjectName, snapshot: &Snapshot) -> Error {
    let error = Error::new(
        SqlState::UNDEFINED_OBJECT,
        format!("model \"{}\" does not exist", name.between_quotes()),
    );
    let models = snapshot
        .objects()
        .filter(|object| object.kind == Kind::Model);
    match meant(name, models.map(|object| &object.name)) {
        Some(near) => error.with_hint(format!("Perhaps you meant {near}.")),
        None => error.with_hint("CREATE MODEL makes one; tributary.models lists them."),
    }
}

/// Which of the names a typist most likely meant: that name in another schema, or the nearest.
fn meant<'a>(name: &ObjectName, known: impl Iterator<Item = &'a QualifiedName>) -> Option<String> {
    let known: Vec<&QualifiedName> = known.collect();
    let elsewhere: Vec<String> = known
        .iter()
        .filter(|full| full.name == name.name)
        .map(ToString::to_string)
        .collect();
    if !elsewhere.is_empty() {
        return Some(elsewhere.join(" or "));
    }
    if name.schema.is_some() {
        let all: Vec<String> = known.iter().map(ToString::to_string).collect();
        return nearest(&name.to_string(), all.iter().map(String::as_str)).map(str::to_owned);
    }
    let near = nearest(&name.name, known.iter().map(|full| full.name.as_str()))?;
    let full = known.iter().find(|full| full.name == near)?;
    Some(full.to_string())
}

/// Plans a query whose names are resolved.
///
/// # Errors
/// What DataFusion's planner says; 54001 for a plan that is too large; 42804 for `VALUES` of several types.
pub async fn query(context: &StatementContext, query: &ast::Query) -> Result<LogicalPlan> {
    value_types::check(query)?;
    stored_query(context, query).await
}

/// [`query()`] of one that was accepted before, whatever is refused of new ones now.
///
/// # Errors
/// What DataFusion's planner says; 54001 for a plan that is too large.
pub async fn stored_query(context: &StatementContext, query: &ast::Query) -> Result<LogicalPlan> {
    context.plan_views(views(&context.snapshot, query)?).await?;
    over_planned(&context.state, query).await
}

/// What is known of the values within a query that may be rows, whose attributes stand for them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowValues {
    /// Nothing.
    Open,
    /// Attributes stand where they are rows: the query is a part of another one, in which they were looked at.
    /// To look again, at each in all parts that it is in, would take twice as long with each query around it.
    Settled,
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
    Box::pin(say_plannably(
        &mut query,
        state,
        (empty, rows),
        values::rewrite,
    ))
    .await?;
    integer_literals::mark(&mut query);
    let statement = PlannerStatement::Statement(Box::new(ast::Statement::Query(Box::new(query))));
    let plan = state.statement_to_plan(statement).await?;
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
/// 54001 for a plan that is too large; those of `coerced`, `row_limits::compute` and `open_literals::read`.
pub fn finish(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    plan_size::check(&plan)?;
    let plan = domains::settle(array_leaves::rewrite(plan)?, state)?;
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

/// Says what DataFusion's planner does not know in forms that it does: clients' questions of
/// `pg_catalog`, functions that give rows, forms of standard SQL, names in `ORDER BY`, versions of
/// tables, hidden columns, functions on models, types of integer literals.
///
/// # Errors
/// 22023 for a version that is none; what looking up a source meets; 42883 for a function on a model
/// that is called wrongly; 42P09 for `relation.*` that may be of two relations; 0A000 for
/// `WITH ORDINALITY` of a function that gives several columns, and for an aggregate in a subquery of
/// columns of the query around; 42702 for a name in a subquery that may be of two columns; 42804 for
/// `VALUES` of documents and others; 42601 for rows of several lengths that are compared, and `WITH TIES` without
/// an order.
pub async fn make_plannable(query: &mut ast::Query, state: &SessionState) -> Result<()> {
    let empty = EmptyQuery::NullTexts;
    let how = (empty, RowValues::Open);
    Box::pin(say_plannably(query, state, how, values::rewrite)).await?;
    integer_literals::mark(query);
    Ok(())
}

/// [`make_plannable`] of the rows that are put into a table.
///
/// # Errors
/// Those of [`make_plannable`]; 42804 for `VALUES` of several types within it.
pub async fn make_rows_plannable(query: &mut ast::Query, state: &SessionState) -> Result<()> {
    value_types::check_assigned(query)?;
    let empty = EmptyQuery::NullTexts;
    let how = (empty, RowValues::Open);
    Box::pin(say_plannably(query, state, how, values::rewrite_assigned)).await?;
    integer_literals::mark_assigned(query);
    Ok(())
}

async fn say_plannably(
    query: &mut ast::Query,
    state: &SessionState,
    (empty, rows): (EmptyQuery, RowValues),
    rewrite_values: fn(&mut ast::Query) -> Result<()>,
) -> Result<()> {
    let sources = StatementCatalog::of(state.config_options())?;
    constant_keys::rewrite(query)?;
    with_ties::mark(query)?;
    variadic::rewrite(query)?;
    set_operation_keys::rewrite(query)?;
    named_windows::rewrite(query)?;
    hypothetical_sets::rewrite(query)?;
    relation_names::check(query)?;
    if rows == RowValues::Open {
        row_fields::expand(query, state).await?;
    }
    if sources.snapshot().has_functions() {
        let written = query.clone();
        user_functions::mark(query, &sources.snapshot(), &sources.search_path())?;
        // Bodies of functions may stand in the query now.
        if *query != written {
            row_fields::expand(query, state).await?;
        }
    }
    row_expansions::check(&*query)?;
    enums::number(query, &sources.snapshot(), &sources.search_path())?;
    untyped_texts::rewrite(query);
    pg_catalog::rewrite(query, &sources.snapshot(), empty);
    named_arguments::rewrite(query)?;
    moment_precision::rewrite(query);
    sampled::rewrite(query)?;
    rewrite_values(query)?;
    outer_columns::name(query);
    column_names::make_branches_unique(query);
    derived_names::name(query);
    order_names::rewrite(query)?;
    renamed_wildcards::expand(query, state).await?;
    alias_columns::complete(query, state).await?;
    repeated_columns::name(query, state).await?;
    ambiguous_columns::check(query, state).await?;
    outer_aggregates::check(query, state).await?;
    merged_columns::rewrite(query, state).await?;
    whole_rows::expand(query, state).await?;
    outer_relations::qualify(query, state).await?;
    let aggregates = state.aggregate_functions();
    let is_aggregate = |name: &str| aggregates.contains_key(name);
    row_membership::rewrite(query, &is_aggregate)?;
    having_alone::rewrite(query, &is_aggregate);
    repeated_groups::tell(query);
    casts_in_names::tell(query, &is_aggregate);
    record_arguments::rewrite(query);
    row_values::rewrite(query);
    set_returning::rewrite(query, state)?;
    standard_forms::rewrite(query)?;
    execute::time_travel::settle(query, state).await?;
    time_travel::rewrite(query)?;
    hidden_columns::expose(query, state).await?;
    model_functions::rewrite(query)?;
    table_changes::rewrite(query)?;
    relation_wildcards::rewrite(query)?;
    rows_once::mark(query, state)?;
    distinct_literals::mark(query);
    Ok(())
}

/// [`definition`], of one that is given anew.
///
/// # Errors
/// Those of [`definition`]; 42804 for `VALUES` of several types.
pub async fn new_definition(
    context: &StatementContext,
    text: &ast::Query,
    columns: &[String],
) -> Result<LogicalPlan> {
    value_types::check(text)?;
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
                field.data_type().clone()
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
