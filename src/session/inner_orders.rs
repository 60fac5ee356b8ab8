//! `ORDER BY` of a query within another one: rows come in its order as long as nothing changes that, as in
//! PostgreSQL, and so do the values that `array_agg` and its like gather of them.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNodeRewriter};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Filter, Limit, LogicalPlan, Projection, SortExpr, SubqueryAlias,
};

use crate::error::Result;

/// The aggregates whose answers depend on the order of rows.
pub const GATHERING: [&str; 2] = ["array_agg", "string_agg"];

/// Before the number of a column that rows are in order by.
const KEY: &str = "tributary:order:";

/// Leaves out sorts after which nothing of their order is to be seen, has aggregates gather values in the order
/// of the rows that they are of, and leaves first rows out where these are still next to their sort.
///
/// # Errors
/// What DataFusion says of a plan that it has made.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut orders = Orders {
        is_seen: Vec::new(),
    };
    Ok(plan.rewrite_with_subqueries(&mut orders).data()?)
}

/// Whether the order of rows is seen by the nodes around the one that is looked at, the next one last.
struct Orders {
    is_seen: Vec<bool>,
}

impl TreeNodeRewriter for Orders {
    type Node = LogicalPlan;

    fn f_down(&mut self, plan: LogicalPlan) -> QueryResult<Transformed<LogicalPlan>> {
        let is_seen = self.is_seen.last().is_none_or(|is_seen| *is_seen);
        let plan = match plan {
            LogicalPlan::Aggregate(aggregate) => LogicalPlan::Aggregate(in_order(aggregate)?),
            LogicalPlan::Limit(limit) if limit.fetch.is_none() => above_sort(limit)?,
            other if is_seen => other,
            other => unsorted(other),
        };
        self.is_seen.push(sees_order(&plan, is_seen));
        Ok(Transformed::yes(plan))
    }

    fn f_up(&mut self, plan: LogicalPlan) -> QueryResult<Transformed<LogicalPlan>> {
        self.is_seen.pop();
        Ok(Transformed::no(plan))
    }
}

/// What a plan sorts, where it does nothing else.
fn unsorted(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => {
            unsorted(Arc::unwrap_or_clone(sort.input))
        }
        other => other,
    }
}

/// What leaves out first rows, right above the sort that tells which ones these are: DataFusion leaves out a sort
/// above which columns are computed and none is left of those that it is by.
fn above_sort(limit: Limit) -> QueryResult<LogicalPlan> {
    if !is_of_sort(&limit.input) {
        return Ok(LogicalPlan::Limit(limit));
    }
    let below = |input: &Arc<LogicalPlan>| {
        let input = Arc::clone(input);
        above_sort(Limit {
            input,
            ..limit.clone()
        })
    };
    Ok(match limit.input.as_ref() {
        LogicalPlan::Projection(projection) => {
            let (columns, rows) = (projection.expr.clone(), below(&projection.input)?);
            let schema = Arc::clone(&projection.schema);
            let computed = Projection::try_new_with_schema(columns, Arc::new(rows), schema)?;
            LogicalPlan::Projection(computed)
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let rows = Arc::new(below(&alias.input)?);
            LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(rows, alias.alias.clone())?)
        }
        _ => LogicalPlan::Limit(limit),
    })
}

/// Whether a plan sorts rows, and computes columns of these that have the same values if they are computed for fewer.
fn is_of_sort(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(projection) => {
            !projection.expr.iter().any(Expr::is_volatile) && is_of_sort(&projection.input)
        }
        LogicalPlan::SubqueryAlias(alias) => is_of_sort(&alias.input),
        _ => false,
    }
}

/// Whether anything depends on the order of a node's inputs, where it does or does not on its own.
fn sees_order(plan: &LogicalPlan, is_seen: bool) -> bool {
    match plan {
        LogicalPlan::Aggregate(_)
        | LogicalPlan::Distinct(Distinct::All(_))
        | LogicalPlan::Join(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::Union(_) => false,
        LogicalPlan::Filter(_)
        | LogicalPlan::Projection(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Unnest(_) => is_seen,
        _ => true,
    }
}

/// An aggregate whose functions that gather values do so in the order of the rows.
fn in_order(aggregate: Aggregate) -> QueryResult<Aggregate> {
    let by_sets = matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]);
    if by_sets || !aggregate.aggr_expr.iter().any(gathers) {
        return Ok(aggregate);
    }
    let Some(ordered) = ordered(&aggregate.input, &mut 0)? else {
        return Ok(aggregate);
    };
    let gathered = aggregate.aggr_expr.into_iter().map(|expression| {
        if !gathers(&expression) {
            return expression;
        }
        let name = NamePreserver::new_for_projection().save(&expression);
        name.restore(with_order(expression, &ordered.keys))
    });
    let gathered = gathered.collect();
    Aggregate::try_new(Arc::new(ordered.rows), aggregate.group_expr, gathered)
}

/// Whether a function gathers values in no order of its own.
fn gathers(expression: &Expr) -> bool {
    match expression {
        Expr::Alias(alias) => gathers(&alias.expr),
        Expr::AggregateFunction(call) => {
            GATHERING.contains(&call.func.name())
                && call.params.order_by.is_empty()
                && !call.params.distinct
        }
        _ => false,
    }
}

fn with_order(expression: Expr, keys: &[SortExpr]) -> Expr {
    match expression {
        Expr::Alias(mut alias) => {
            *alias.expr = with_order(*alias.expr, keys);
            Expr::Alias(alias)
        }
        Expr::AggregateFunction(mut call) => {
            call.params.order_by = keys.to_vec();
            Expr::AggregateFunction(call)
        }
        other => other,
    }
}

/// Rows, and what of their columns they are in order by.
struct Ordered {
    rows: LogicalPlan,
    keys: Vec<SortExpr>,
}

/// The rows of a plan without the sort that they come out of, with the columns that it is by; none where no sort
/// orders them, or one by values that are others each time.
fn ordered(plan: &LogicalPlan, named: &mut usize) -> QueryResult<Option<Ordered>> {
    match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => {
            let varies = |key: &SortExpr| key.expr.is_volatile() || key.expr.contains_outer();
            if sort.expr.iter().any(varies) {
                return Ok(None);
            }
            let rows = sort.input.as_ref().clone();
            let keys = sort.expr.clone();
            Ok(Some(Ordered { rows, keys }))
        }
        LogicalPlan::Filter(filter) => {
            let Some(Ordered { rows, keys }) = ordered(&filter.input, named)? else {
                return Ok(None);
            };
            let left = Filter::try_new(filter.predicate.clone(), Arc::new(rows))?;
            let rows = LogicalPlan::Filter(left);
            Ok(Some(Ordered { rows, keys }))
        }
        LogicalPlan::Projection(projection) => {
            let inner = ordered(&projection.input, named)?;
            inner
                .map(|inner| projected(&projection.expr, inner, named))
                .transpose()
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let Some(inner) = ordered(&alias.input, named)? else {
                return Ok(None);
            };
            let all = inner.rows.schema().columns().into_iter().map(Expr::Column);
            let all: Vec<Expr> = all.collect();
            let Ordered { rows, keys } = projected(&all, inner, named)?;
            let names = rows.schema().columns();
            let aliased = SubqueryAlias::try_new(Arc::new(rows), alias.alias.clone())?;
            let own = aliased.schema.columns();
            let keys = keys.into_iter().filter_map(|key| {
                let is_key = |name: &Column| key.expr == Expr::Column(name.clone());
                let expr = Expr::Column(own.get(names.iter().position(is_key)?)?.clone());
                Some(SortExpr { expr, ..key })
            });
            let keys = keys.collect();
            let rows = LogicalPlan::SubqueryAlias(aliased);
            Ok(Some(Ordered { rows, keys }))
        }
        _ => Ok(None),
    }
}

/// Rows of which these columns are computed, behind which those stand that they are in order by and that are not
/// among them.
fn projected(columns: &[Expr], inner: Ordered, named: &mut usize) -> QueryResult<Ordered> {
    let mut all = columns.to_vec();
    let mut places = Vec::with_capacity(inner.keys.len());
    for key in &inner.keys {
        let computed = |column: &Expr| column.clone().unalias() == key.expr;
        places.push(match columns.iter().position(computed) {
            Some(place) => place,
            None => {
                all.push(key.expr.clone().alias(format!("{KEY}{named}")));
                *named += 1;
                all.len() - 1
            }
        });
    }
    let projection = Projection::try_new(all, Arc::new(inner.rows))?;
    let names: Vec<Column> = projection.schema.columns();
    let keys = inner
        .keys
        .into_iter()
        .zip(places)
        .filter_map(|(key, place)| {
            let expr = Expr::Column(names.get(place)?.clone());
            Some(SortExpr { expr, ..key })
        });
    let keys = keys.collect();
    let rows = LogicalPlan::Projection(projection);
    Ok(Ordered { rows, keys })
}
