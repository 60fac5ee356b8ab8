//! What queries are said in before they are planned: forms that DataFusion's planner knows.

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast;

use crate::catalog::pg_catalog::{self, EmptyQuery, StatementCatalog};
use crate::error::Result;
use crate::execute;
use crate::session::{
    enums, populated_rows, recursive_types, row_fields, rows_once, user_functions,
};
use crate::sql::{
    alias_columns, ambiguous_columns, casts_in_names, column_names, constant_keys, derived_names,
    distinct_literals, hidden_columns, hypothetical_sets, integer_literals, merged_columns,
    misplaced_defaults, model_functions, moment_precision, named_arguments, named_windows,
    one_group, order_names, outer_aggregates, outer_columns, outer_relations, record_arguments,
    recursive_terms, relation_names, relation_wildcards, renamed_wildcards, repeated_columns,
    repeated_groups, row_expansions, row_membership, row_values, sampled, set_operation_keys,
    set_returning, standard_forms, table_changes, time_travel, untyped_texts, value_types, values,
    variadic, whole_rows, with_ties,
};

/// What is known of the values within a query that may be rows, whose attributes stand for them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RowValues {
    /// Nothing.
    Open,
    /// Attributes stand where they are rows: the query is a part of another one, in which they were looked at.
    /// To look again, at each in all parts that it is in, would take twice as long with each query around it.
    Settled,
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
    make(query, state, EmptyQuery::NullTexts, RowValues::Open).await
}

/// [`make_plannable`], by what is known of the query.
///
/// # Errors
/// Those of [`make_plannable`].
pub(super) async fn make(
    query: &mut ast::Query,
    state: &SessionState,
    empty: EmptyQuery,
    rows: RowValues,
) -> Result<()> {
    Box::pin(say_plannably(query, state, (empty, rows), values::rewrite)).await?;
    integer_literals::mark(query);
    Ok(())
}

/// [`make_plannable`] of the rows that are put into a table.
///
/// # Errors
/// Those of [`make_plannable`] and of [`recursive_terms::check`]; 42804 for `VALUES` of several types within it.
pub async fn make_rows_plannable(query: &mut ast::Query, state: &SessionState) -> Result<()> {
    value_types::check_assigned(query)?;
    let aggregates = state.aggregate_functions();
    recursive_terms::check(query, &|name: &str| aggregates.contains_key(name))?;
    let how = (EmptyQuery::NullTexts, RowValues::Open);
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
    misplaced_defaults::check(query)?;
    recursive_terms::put_in_order(query);
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
    populated_rows::as_values(query)?;
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
    one_group::rewrite(query, &is_aggregate);
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
    recursive_types::mark(query)?;
    rows_once::mark(query, state)?;
    distinct_literals::mark(query);
    Ok(())
}
