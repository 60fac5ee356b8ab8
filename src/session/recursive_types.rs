//! The types of the columns of recursive queries: those of the part that does not read the query itself, as in
//! PostgreSQL, which refuses a part that reads it and makes others of them.
//!
//! DataFusion casts what that part gives, and so rounds: the part is marked, so that the types that it has of its
//! own are told. Numerics have any digits in both parts.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::TableReference;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{
    Expr, LogicalPlan, Projection, RecursiveQuery, SubqueryAlias, TableScanBuilder,
};
use datafusion::sql::sqlparser::ast::{Query, SetExpr, SetOperator, TableFactor, VisitorMut};
use tributary_udfs::postgres::{BARE_NUMERIC_TYPE, of_any_digits};

use super::rows_once::reads;
use crate::error::{Error, Result, SqlState, full_name};
use crate::sql::walk::{VisitMut, ended, flow};
use crate::sql::{Statement, parse_one};

/// The name of the part of a query that reads the query itself.
const MARK: &str = "tributary:step";

/// Marks the parts of recursive queries that read these: `SELECT * FROM (part) AS mark`.
///
/// # Errors
/// None that parsing the query has not met.
pub fn mark(query: &mut Query) -> Result<()> {
    struct Marker;
    impl VisitorMut for Marker {
        type Break = Error;

        fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
            let Some(with) = query.with.as_mut().filter(|with| with.recursive) else {
                return ControlFlow::Continue(());
            };
            for cte in &mut with.cte_tables {
                let name = &cte.alias.name.value;
                if let SetExpr::SetOperation {
                    op: SetOperator::Union,
                    right,
                    ..
                } = cte.query.body.as_mut()
                    && reads(&**right, name) > 0
                {
                    flow(wrap(right))?;
                }
            }
            ControlFlow::Continue(())
        }
    }
    ended(VisitMut::visit(query, &mut Marker))
}

fn wrap(part: &mut Box<SetExpr>) -> Result<()> {
    let text = format!("SELECT * FROM (SELECT 1) AS \"{MARK}\"");
    if let Statement::Query(mut wrapped) = parse_one(&text)?
        && let SetExpr::Select(select) = wrapped.body.as_mut()
        && let Some(from) = select.from.first_mut()
        && let TableFactor::Derived { subquery, .. } = &mut from.relation
    {
        std::mem::swap(&mut subquery.body, part);
        *part = wrapped.body;
        return Ok(());
    }
    Err(Error::internal("a part that is marked is none"))
}

/// Has both parts of recursive queries give columns of the same types.
///
/// # Errors
/// 42804 for a part that reads the query itself and makes other types of its columns.
pub fn settle(plan: LogicalPlan) -> QueryResult<LogicalPlan> {
    let mut is_changed = false;
    plan.transform_up_with_subqueries(|node| {
        let settled = match node {
            LogicalPlan::RecursiveQuery(query) => of_query(query)?,
            node => Transformed::no(node),
        };
        is_changed |= settled.transformed;
        match is_changed {
            true => settled.map_data(LogicalPlan::recompute_schema),
            false => Ok(settled),
        }
    })
    .data()
}

fn of_query(query: RecursiveQuery) -> QueryResult<Transformed<LogicalPlan>> {
    let Some((projection, step)) = step_of(&query.recursive_term) else {
        return Ok(Transformed::no(LogicalPlan::RecursiveQuery(query)));
    };
    let own = query.static_term.schema().fields().iter();
    let given = step.schema.fields().iter().enumerate();
    let is_of_any_digits = own.zip(given).map(|(own, (place, given))| {
        let (own, given) = (own.data_type(), given.data_type());
        match own.is_decimal() && (given.is_decimal() || given.is_integer()) {
            true => Ok(own != given || *own == BARE_NUMERIC_TYPE),
            false if becomes(given, own) || is_literal(&step.input, place) => Ok(false),
            false => Err(of_other_type(&query.name, place, own, given)),
        }
    });
    let is_of_any_digits: Vec<bool> = is_of_any_digits.collect::<Result<_>>()?;
    if !is_of_any_digits.contains(&true) {
        return Ok(Transformed::no(LogicalPlan::RecursiveQuery(query)));
    }
    let columns = query.static_term.schema().columns().into_iter();
    let columns = columns.zip(&is_of_any_digits).map(|(column, is_other)| {
        let value = Expr::Column(column.clone());
        match is_other {
            true => of_any_digits(value).alias_qualified(column.relation, column.name),
            false => value,
        }
    });
    let first = Projection::try_new(columns.collect(), Arc::clone(&query.static_term))?;
    let fields = first.schema.fields().iter();
    let fields: Vec<Field> = fields
        .map(|field| Field::clone(field).with_nullable(true))
        .collect();
    let rows = CteWorkTable::new(&query.name, Arc::new(Schema::new(fields)));
    let rows = provider_as_source(Arc::new(rows));
    let next = step.input.as_ref().clone();
    let next = next.transform_up_with_subqueries(|node| match node {
        LogicalPlan::TableScan(scan)
            if scan.table_name.schema().is_none() && scan.table_name.table() == query.name =>
        {
            let scan = TableScanBuilder::new(scan.table_name, Arc::clone(&rows))
                .with_projection(scan.projection)
                .with_filters(scan.filters)
                .with_fetch(scan.fetch);
            Ok(Transformed::yes(LogicalPlan::TableScan(scan.build()?)))
        }
        node => Ok(Transformed::yes(node.recompute_schema()?)),
    })?;
    let step = SubqueryAlias::try_new(Arc::new(next.data), TableReference::bare(MARK))?;
    let given = step.schema.columns().into_iter().zip(&is_of_any_digits);
    let columns = given
        .zip(&projection.expr)
        .map(|((column, is_other), own)| {
            let name = column.name.clone();
            match is_other {
                true => of_any_digits(Expr::Column(column)).alias(name),
                false => own.clone(),
            }
        });
    let step = Arc::new(LogicalPlan::SubqueryAlias(step));
    let next = Projection::try_new(columns.collect(), step)?;
    let settled = RecursiveQuery::try_new(
        query.name,
        Arc::new(LogicalPlan::Projection(first)),
        Arc::new(LogicalPlan::Projection(next)),
        query.is_distinct,
    )?;
    Ok(Transformed::yes(LogicalPlan::RecursiveQuery(settled)))
}

/// The part that was marked, below what its columns are cast by.
fn step_of(part: &LogicalPlan) -> Option<(&Projection, &SubqueryAlias)> {
    match part {
        LogicalPlan::Projection(projection) => match projection.input.as_ref() {
            LogicalPlan::SubqueryAlias(step) if step.alias.table() == MARK => {
                Some((projection, step))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a column has no type but that of what it stands beside.
fn is_literal(plan: &LogicalPlan, place: usize) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => {
            let value = projection.expr.get(place).cloned().map(Expr::unalias);
            match value {
                Some(Expr::Literal(value, _)) => value.is_null() || value.data_type().is_string(),
                Some(Expr::Placeholder(_)) => true,
                _ => false,
            }
        }
        LogicalPlan::Filter(filter) => is_literal(&filter.input, place),
        LogicalPlan::Sort(sort) => is_literal(&sort.input, place),
        LogicalPlan::Limit(limit) => is_literal(&limit.input, place),
        _ => false,
    }
}

/// Whether values of a type are of another one in what both have in common.
fn becomes(given: &DataType, own: &DataType) -> bool {
    match (given, own) {
        (DataType::List(given), DataType::List(own)) => becomes(given.data_type(), own.data_type()),
        (given, own) if given == own || given.is_null() => true,
        (given, own) if given.is_string() && own.is_string() => true,
        (given, own) => match (rank(given), rank(own)) {
            (Some((given_kind, given)), Some((own_kind, own))) => {
                given_kind == own_kind && given <= own
            }
            // What is neither a number nor a moment is told where it is planned.
            (None, None) => !given.is_null(),
            _ => false,
        },
    }
}

/// Which of the types of a kind takes the values of which.
fn rank(data_type: &DataType) -> Option<(u8, u8)> {
    Some(match data_type {
        DataType::Boolean => (0, 0),
        DataType::Int16 => (1, 0),
        DataType::Int32 => (1, 1),
        DataType::Int64 => (1, 2),
        decimal if decimal.is_decimal() => (1, 3),
        DataType::Float32 => (1, 4),
        DataType::Float64 => (1, 5),
        DataType::Date32 => (2, 0),
        DataType::Timestamp(_, None) => (2, 1),
        DataType::Timestamp(_, Some(_)) => (2, 2),
        DataType::Utf8 => (3, 0),
        DataType::Binary => (4, 0),
        DataType::Time64(_) => (5, 0),
        DataType::Interval(_) => (6, 0),
        DataType::List(_) => (7, 0),
        _ => return None,
    })
}

fn of_other_type(query: &str, place: usize, own: &DataType, given: &DataType) -> Error {
    if rank(given).map(|(kind, _)| kind) != rank(own).map(|(kind, _)| kind) {
        let message = format!(
            "UNION types {} and {} cannot be matched",
            full_name(own),
            full_name(given)
        );
        return Error::new(SqlState::DATATYPE_MISMATCH, message);
    }
    let message = format!(
        "recursive query \"{query}\" column {} has type {} in non-recursive term but type {} overall",
        place + 1,
        full_name(own),
        full_name(given)
    );
    Error::new(SqlState::DATATYPE_MISMATCH, message)
        .with_hint("Cast the output of the non-recursive term to the correct type.")
}
