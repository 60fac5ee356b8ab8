//! Any subquery, computed at once for all values that it refers to.
//!
//! The distinct values of the columns around are joined to what the subquery reads, and each operator
//! of it works for each of these values by itself: a group is one of a value, a window is partitioned
//! by it, a limit counts the rows of one. This is the dependent join of T. Neumann and A. Kemper,
//! "Unnesting Arbitrary Queries" (BTW 2015), pushed to the leaves.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, JoinType, NullEquality, TableReference};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::functions_aggregate::grouping::grouping_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Aggregate, Distinct, DistinctOn, Expr, ExprFunctionExt as _, FetchType, Filter, GroupingSet,
    Join, JoinConstraint, Limit, LogicalPlan, Operator, Projection, SkipType, SortExpr,
    SubqueryAlias, Union, Window, binary_expr, lit, when,
};
use tributary_udfs::postgres::{exact, may_equal_others, of_exact, row_number};

use super::grouping_sets;
use super::recursion::Step;
use super::references::references;
use crate::error::Error;

/// Names that nothing else in a plan has.
#[derive(Default)]
pub(super) struct Names {
    last: usize,
}

impl Names {
    pub(super) fn next(&mut self, what: &str) -> String {
        self.last += 1;
        format!("__{what}_{}", self.last)
    }
}

/// The distinct values that a subquery refers to.
#[derive(Clone)]
pub(super) struct Around {
    columns: Vec<Column>,
    /// The types of those whose values [may equal others](may_equal_others): there is an answer for each
    /// of these, and so their [bytes](exact) are in their place.
    exact: Vec<Option<FieldRef>>,
    values: LogicalPlan,
    /// The rows that a recursive query around reads of itself.
    step: Option<Step>,
}

/// What a subquery gives for the values around, with the columns that tell which.
pub(super) type Dependent = (LogicalPlan, Vec<Column>);

impl Around {
    /// Those of some columns of the rows around.
    pub(super) fn new(rows: LogicalPlan, columns: Vec<Column>, names: &mut Names) -> Result<Self> {
        let name = names.next("around");
        let schema = rows.schema();
        let exact = columns.iter().map(|column| {
            let field = schema.fields().get(schema.maybe_index_of_column(column)?)?;
            may_equal_others(field).then(|| Arc::clone(field))
        });
        let mut around = Self {
            exact: exact.collect(),
            columns,
            values: rows.clone(),
            step: None,
        };
        let values = around.keys().into_iter().enumerate();
        let values = values.map(|(index, value)| value.alias(format!("{name}_{index}")));
        let values = projected(rows, values.collect())?;
        around.values = LogicalPlan::Distinct(Distinct::All(Arc::new(values)));
        Ok(around)
    }

    /// What tells of a row around which of the values it has.
    pub(super) fn keys(&self) -> Vec<Expr> {
        let columns = self.columns.iter().zip(&self.exact);
        let keys = columns.map(|(column, field)| {
            let value = Expr::Column(column.clone());
            match field {
                Some(_) => exact(value),
                None => value,
            }
        });
        keys.collect()
    }

    /// The values once more, under a name of their own.
    fn again(&self, names: &mut Names) -> Result<Dependent> {
        let values = aliased(self.values.clone(), names.next("values"))?;
        let columns = values.schema().columns();
        Ok((values, columns))
    }

    /// The same values, within the recursive part of a query.
    pub(super) fn reading(&self, step: Step) -> Self {
        Self {
            step: Some(step),
            ..self.clone()
        }
    }

    fn is_referred_to(&self, plan: &LogicalPlan) -> Result<bool> {
        if let Some(step) = &self.step
            && step.is_read_by(plan)?
        {
            return Ok(true);
        }
        let references = references(plan)?;
        Ok(references
            .iter()
            .any(|column| self.columns.contains(column)))
    }

    /// An expression over these values in place of the columns around.
    fn within(&self, expression: Expr, values: &[Column]) -> Result<Expr> {
        let within = expression.transform_up(|part| {
            let Expr::OuterReferenceColumn(_, column) = &part else {
                return Ok(Transformed::no(part));
            };
            let places = self.columns.iter().zip(&self.exact).zip(values);
            let mut found = places.filter(|((own, _), _)| *own == column);
            let Some(((_, field), value)) = found.next() else {
                return Ok(Transformed::no(part));
            };
            let value = Expr::Column(value.clone());
            Ok(Transformed::yes(match field {
                Some(field) => of_exact(value, field),
                None => value,
            }))
        });
        within.data()
    }

    /// [`Self::within`], under the name that the expression has.
    fn named_within(&self, expression: &Expr, values: &[Column]) -> Result<Expr> {
        let name = NamePreserver::new_for_projection().save(expression);
        Ok(name.restore(self.within(expression.clone(), values)?))
    }

    fn all_named_within(&self, expressions: &[Expr], values: &[Column]) -> Result<Vec<Expr>> {
        let expressions = expressions.iter();
        expressions
            .map(|expression| self.named_within(expression, values))
            .collect()
    }

    fn order_within(&self, order: &[SortExpr], values: &[Column]) -> Result<Vec<SortExpr>> {
        let order = order.iter().cloned().map(|sort| {
            Ok(SortExpr {
                expr: self.within(sort.expr, values)?,
                ..sort
            })
        });
        order.collect()
    }

    /// What a plan gives for each of the values.
    ///
    /// # Errors
    /// 0A000 for operators that cannot be told apart by value.
    pub(super) fn join(&self, plan: &LogicalPlan, names: &mut Names) -> Result<Dependent> {
        if !self.is_referred_to(plan)? {
            let (values, columns) = self.again(names)?;
            let joined = joined(values, plan.clone(), JoinType::Inner, Vec::new(), None)?;
            return Ok((joined, columns));
        }
        match plan {
            LogicalPlan::TableScan(scan) => match &self.step {
                Some(step) if step.is(scan) => step.read(scan, names),
                _ => Err(unsupported()),
            },
            LogicalPlan::RecursiveQuery(query) => self.recursive(query, names),
            LogicalPlan::Projection(projection) => {
                let (input, values) = self.join(&projection.input, names)?;
                let mut expressions = self.all_named_within(&projection.expr, &values)?;
                expressions.extend(as_expressions(&values));
                Ok((projected(input, expressions)?, values))
            }
            LogicalPlan::Filter(filter) => {
                let (input, values) = self.join(&filter.input, names)?;
                let condition = self.within(filter.predicate.clone(), &values)?;
                let filter = Filter::try_new(condition, Arc::new(input))?;
                Ok((LogicalPlan::Filter(filter), values))
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let (input, values) = self.join(&alias.input, names)?;
                let renamed = SubqueryAlias::try_new(Arc::new(input), alias.alias.clone())?;
                let values = values.into_iter();
                let values = values
                    .map(|value| Column::new(Some(alias.alias.clone()), value.name))
                    .collect();
                Ok((LogicalPlan::SubqueryAlias(renamed), values))
            }
            LogicalPlan::Sort(sort) => {
                let (input, values) = self.join(&sort.input, names)?;
                let mut sort = sort.clone();
                sort.expr = self.order_within(&sort.expr, &values)?;
                sort.input = Arc::new(input);
                Ok((LogicalPlan::Sort(sort), values))
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate, names),
            LogicalPlan::Window(window) => self.window(window, names),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let (input, values) = self.join(input, names)?;
                let distinct = Distinct::All(Arc::new(input));
                Ok((LogicalPlan::Distinct(distinct), values))
            }
            LogicalPlan::Distinct(Distinct::On(distinct)) => self.distinct_on(distinct, names),
            LogicalPlan::Limit(limit) => self.limit(limit, names),
            LogicalPlan::Join(join) => self.join_of(join, names),
            LogicalPlan::Union(union) => self.union(union, names),
            // What is lateral to nothing in its own query.
            LogicalPlan::Subquery(lateral) => self.join(&lateral.subquery, names),
            LogicalPlan::Unnest(unnest) => {
                let (input, values) = self.join(&unnest.input, names)?;
                let unnested = plan.with_new_exprs(plan.expressions(), vec![input])?;
                Ok((unnested, values))
            }
            _ => Err(unsupported()),
        }
    }

    fn aggregate(&self, aggregate: &Aggregate, names: &mut Names) -> Result<Dependent> {
        if let [Expr::GroupingSet(sets)] = aggregate.group_expr.as_slice() {
            return self.aggregate_by_sets(aggregate, &grouping_sets::of(sets)?, names);
        }
        if !aggregate.group_expr.is_empty() {
            let (input, values) = self.join(&aggregate.input, names)?;
            let mut groups = self.all_named_within(&aggregate.group_expr, &values)?;
            groups.extend(as_expressions(&values));
            let aggregates = self.all_named_within(&aggregate.aggr_expr, &values)?;
            let grouped = Aggregate::try_new(Arc::new(input), groups, aggregates)?;
            return Ok((LogicalPlan::Aggregate(grouped), values));
        }
        let (rows, own, is_row) = self.join_or_none(&aggregate.input, names)?;
        let aggregates = self.aggregates_where(aggregate, &own, &is_row)?;
        let groups = as_expressions(&own).collect();
        let grouped = Aggregate::try_new(Arc::new(rows), groups, aggregates)?;
        Ok((LogicalPlan::Aggregate(grouped), own))
    }

    /// What a plan gives for each of the values, and a row for each that it gives none for. An
    /// aggregate without groups gives a row of no rows too: those that are only there for their value
    /// are left out of it by a filter, the condition that is answered.
    fn join_or_none(
        &self,
        plan: &LogicalPlan,
        names: &mut Names,
    ) -> Result<(LogicalPlan, Vec<Column>, Expr)> {
        let (input, values) = self.join(plan, names)?;
        let is_row = names.next("is_row");
        let mut columns: Vec<Expr> = as_expressions(&input.schema().columns()).collect();
        columns.push(lit(true).alias(&is_row));
        let rows = projected(input, columns)?;
        let (all, own) = self.again(names)?;
        let keys = as_expressions(&own).zip(as_expressions(&values)).collect();
        let rows = joined(all, rows, JoinType::Left, keys, None)?;
        let is_row = Expr::Column(Column::new_unqualified(is_row)).is_not_null();
        Ok((rows, own, is_row))
    }

    /// Aggregates of the rows for which this holds.
    fn aggregates_where(
        &self,
        aggregate: &Aggregate,
        values: &[Column],
        is_row: &Expr,
    ) -> Result<Vec<Expr>> {
        let aggregates = aggregate.aggr_expr.iter().map(|expression| {
            let name = NamePreserver::new_for_projection().save(expression);
            let expression = self.within(expression.clone(), values)?;
            let filtered = expression.transform_up(|part| match part {
                Expr::AggregateFunction(function) if function.func.name() != "grouping" => {
                    Ok(Transformed::yes(where_too(function, is_row.clone())))
                }
                part => Ok(Transformed::no(part)),
            });
            Ok(name.restore(filtered.data()?))
        });
        aggregates.collect()
    }

    /// An aggregate for each of several sets of groups. That of no groups gives a row of no rows too,
    /// the others do not.
    fn aggregate_by_sets(
        &self,
        aggregate: &Aggregate,
        sets: &[Vec<Expr>],
        names: &mut Names,
    ) -> Result<Dependent> {
        let has_all = sets.iter().any(Vec::is_empty);
        let (rows, values, is_row) = match has_all {
            true => self.join_or_none(&aggregate.input, names)?,
            false => {
                let (rows, values) = self.join(&aggregate.input, names)?;
                (rows, values, lit(true))
            }
        };
        let mut groups: Vec<Expr> = Vec::new();
        let mut own_sets = Vec::with_capacity(sets.len());
        for set in sets {
            let mut set = self.all_named_within(set, &values)?;
            for group in &set {
                if !groups.contains(group) {
                    groups.push(group.clone());
                }
            }
            set.extend(as_expressions(&values));
            own_sets.push(set);
        }
        let by_sets = vec![Expr::GroupingSet(GroupingSet::GroupingSets(own_sets))];
        if !has_all {
            let aggregates = self.all_named_within(&aggregate.aggr_expr, &values)?;
            let grouped = Aggregate::try_new(Arc::new(rows), by_sets, aggregates)?;
            return Ok((LogicalPlan::Aggregate(grouped), values));
        }
        let all = match u32::try_from(groups.len()) {
            Ok(groups @ 1..31) => (1_i32 << groups) - 1,
            _ => return Err(unsupported()),
        };
        let mut aggregates = self.aggregates_where(aggregate, &values, &is_row)?;
        let (count_name, set_name) = (names.next("count"), names.next("set"));
        let is_one = when(is_row, lit(1_i32)).end()?;
        aggregates.push(count(is_one).alias(&count_name));
        aggregates.push(grouping_udaf().call(groups).alias(&set_name));
        let grouped = Aggregate::try_new(Arc::new(rows), by_sets, aggregates)?;
        let column = |name: &str| Expr::Column(Column::new_unqualified(name));
        let has_rows = column(&count_name).gt(lit(0_i64));
        let stays = has_rows.or(column(&set_name).eq(lit(all)));
        let left = Filter::try_new(stays, Arc::new(LogicalPlan::Aggregate(grouped)))?;
        let own = aggregate.schema.columns().into_iter();
        let own = own.filter(|column| column.name != Aggregate::INTERNAL_GROUPING_ID);
        let columns = own.chain(values.iter().cloned()).map(Expr::Column);
        let columns = columns.collect();
        Ok((projected(LogicalPlan::Filter(left), columns)?, values))
    }

    fn window(&self, window: &Window, names: &mut Names) -> Result<Dependent> {
        let (input, values) = self.join(&window.input, names)?;
        let expressions = window.window_expr.iter().map(|expression| {
            let name = NamePreserver::new_for_projection().save(expression);
            let expression = self.within(expression.clone(), &values)?;
            let partitioned = expression.transform_up(|part| {
                let Expr::WindowFunction(mut function) = part else {
                    return Ok(Transformed::no(part));
                };
                let partition = &mut function.params.partition_by;
                partition.extend(as_expressions(&values));
                Ok(Transformed::yes(Expr::WindowFunction(function)))
            });
            Ok(name.restore(partitioned.data()?))
        });
        let expressions = expressions.collect::<Result<Vec<_>>>()?;
        let window = Window::try_new(expressions, Arc::new(input))?;
        Ok((LogicalPlan::Window(window), values))
    }

    fn distinct_on(&self, distinct: &DistinctOn, names: &mut Names) -> Result<Dependent> {
        let (input, values) = self.join(&distinct.input, names)?;
        let mut on: Vec<Expr> = as_expressions(&values).collect();
        for expression in &distinct.on_expr {
            on.push(self.within(expression.clone(), &values)?);
        }
        let mut select = self.all_named_within(&distinct.select_expr, &values)?;
        select.extend(as_expressions(&values));
        let order = distinct.sort_expr.as_ref().map(|order| {
            let values_first = as_expressions(&values).map(|value| value.sort(true, false));
            let mut whole: Vec<SortExpr> = values_first.collect();
            whole.extend(self.order_within(order, &values)?);
            Ok::<_, DataFusionError>(whole)
        });
        let distinct = DistinctOn::try_new(on, select, order.transpose()?, Arc::new(input))?;
        Ok((LogicalPlan::Distinct(Distinct::On(distinct)), values))
    }

    fn limit(&self, limit: &Limit, names: &mut Names) -> Result<Dependent> {
        let (SkipType::Literal(skip), FetchType::Literal(fetch)) =
            (limit.get_skip_type()?, limit.get_fetch_type()?)
        else {
            return Err(unsupported());
        };
        // Columns are computed of what a limit leaves as well as before it, where its order is known.
        if let LogicalPlan::Projection(projection) = limit.input.as_ref() {
            let limit = Limit {
                input: Arc::clone(&projection.input),
                ..limit.clone()
            };
            let input = Arc::new(LogicalPlan::Limit(limit));
            let projection = Projection::try_new(projection.expr.clone(), input)?;
            return self.join(&LogicalPlan::Projection(projection), names);
        }
        let (input, values) = self.join(&limit.input, names)?;
        if skip == 0 && fetch.is_none() {
            return Ok((input, values));
        }
        let order = match &input {
            LogicalPlan::Sort(sort) => sort.expr.clone(),
            _ => Vec::new(),
        };
        let number = row_number()
            .call(Vec::new())
            .partition_by(as_expressions(&values).collect());
        let number = match order.is_empty() {
            true => number.build()?,
            false => number.order_by(order).build()?,
        };
        let columns = as_expressions(&input.schema().columns()).collect();
        let (input, place) = numbered(input, number, names)?;
        let bound = |count: usize| lit(i64::try_from(count).unwrap_or(i64::MAX));
        let mut stays = place.clone().gt(bound(skip));
        if let Some(fetch) = fetch {
            stays = stays.and(place.lt_eq(bound(skip.saturating_add(fetch))));
        }
        let left = Filter::try_new(stays, Arc::new(input))?;
        Ok((projected(LogicalPlan::Filter(left), columns)?, values))
    }

    fn join_of(&self, join: &Join, names: &mut Names) -> Result<Dependent> {
        let is_left = self.is_referred_to(&join.left)?;
        let is_right = self.is_referred_to(&join.right)?;
        use JoinType::{Inner, Left, LeftAnti, LeftMark, LeftSemi, Right};
        let (depends_left, depends_right) = match join.join_type {
            Inner => (is_left || !is_right, is_right),
            Left | LeftSemi | LeftAnti | LeftMark => (true, is_right),
            Right => (is_left, true),
            _ => return Err(unsupported()),
        };
        let side = |plan: &Arc<LogicalPlan>, depends: bool, names: &mut Names| match depends {
            true => self.join(plan, names),
            false => Ok((plan.as_ref().clone(), Vec::new())),
        };
        let (left, left_values) = side(&join.left, depends_left, names)?;
        let (right, right_values) = side(&join.right, depends_right, names)?;
        let values = match depends_left && join.join_type != Right {
            true => &left_values,
            false => &right_values,
        };
        let mut on = Vec::with_capacity(join.on.len());
        for (left, right) in &join.on {
            on.push((
                self.within(left.clone(), &left_values)?,
                self.within(right.clone(), &right_values)?,
            ));
        }
        let mut filter = match &join.filter {
            Some(filter) => Some(self.within(filter.clone(), values)?),
            None => None,
        };
        for (left, right) in left_values.iter().zip(&right_values) {
            let is_same = binary_expr(
                Expr::Column(left.clone()),
                Operator::IsNotDistinctFrom,
                Expr::Column(right.clone()),
            );
            filter = Some(match filter {
                Some(filter) => filter.and(is_same),
                None => is_same,
            });
        }
        let joined = Join::try_new(
            Arc::new(left),
            Arc::new(right),
            on,
            filter,
            join.join_type,
            join.join_constraint,
            join.null_equality,
            join.null_aware,
        )?;
        Ok((LogicalPlan::Join(joined), values.clone()))
    }

    fn union(&self, union: &Union, names: &mut Names) -> Result<Dependent> {
        let own = union.schema.columns();
        let name = names.next("union");
        let value_name = |index: usize| format!("{name}_{index}");
        let mut inputs = Vec::with_capacity(union.inputs.len());
        for input in &union.inputs {
            let columns = input.schema().columns();
            let (input, values) = self.join(input, names)?;
            let columns = columns.into_iter().zip(&own);
            let columns = columns.map(|(column, own)| Expr::Column(column).alias(&own.name));
            let values = values.into_iter().enumerate();
            let values = values.map(|(index, value)| Expr::Column(value).alias(value_name(index)));
            inputs.push(Arc::new(projected(input, columns.chain(values).collect())?));
        }
        let all = LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?);
        let columns = all.schema().columns();
        let names_of_own = own.iter().zip(&columns).map(|(own, column)| {
            Expr::Column(column.clone()).alias_qualified(own.relation.clone(), &own.name)
        });
        let values: Vec<Column> = columns.iter().skip(own.len()).cloned().collect();
        let columns = names_of_own.chain(as_expressions(&values)).collect();
        Ok((projected(all, columns)?, values))
    }
}

/// Rows with their number, and the column that has it: one that a window of them computes already, for
/// DataFusion would take the same function of two windows out of both, to below them.
fn numbered(input: LogicalPlan, number: Expr, names: &mut Names) -> Result<(LogicalPlan, Expr)> {
    if let Some(place) = computed_by_window(&input, &number) {
        return Ok((input, place));
    }
    let number = number.alias(names.next("number"));
    let place = Expr::Column(Column::new_unqualified(number.schema_name().to_string()));
    let numbered = Window::try_new(vec![number], Arc::new(input))?;
    Ok((LogicalPlan::Window(numbered), place))
}

/// The column of rows that has the values of a function over a window.
fn computed_by_window(rows: &LogicalPlan, function: &Expr) -> Option<Expr> {
    match rows {
        LogicalPlan::Sort(sort) => computed_by_window(&sort.input, function),
        LogicalPlan::Window(window) => {
            let mut own = window.window_expr.iter();
            match own.position(|own| own.clone().unalias() == *function) {
                Some(index) => {
                    let first = window.input.schema().fields().len();
                    let field = window.schema.qualified_field(first + index);
                    Some(Expr::Column(Column::from(field)))
                }
                None => computed_by_window(&window.input, function),
            }
        }
        _ => None,
    }
}

/// An aggregate of the rows for which this holds too.
fn where_too(mut function: AggregateFunction, condition: Expr) -> Expr {
    let filter = function.params.filter.take();
    function.params.filter = Some(Box::new(match filter {
        Some(filter) => condition.and(*filter),
        None => condition,
    }));
    Expr::AggregateFunction(function)
}

pub(super) fn as_expressions(columns: &[Column]) -> impl Iterator<Item = Expr> {
    columns.iter().cloned().map(Expr::Column)
}

pub(super) fn projected(plan: LogicalPlan, expressions: Vec<Expr>) -> Result<LogicalPlan> {
    let projection = Projection::try_new(expressions, Arc::new(plan))?;
    Ok(LogicalPlan::Projection(projection))
}

pub(super) fn aliased(plan: LogicalPlan, name: impl Into<TableReference>) -> Result<LogicalPlan> {
    let alias = SubqueryAlias::try_new(Arc::new(plan), name)?;
    Ok(LogicalPlan::SubqueryAlias(alias))
}

/// A join in which NULL is NULL.
pub(super) fn joined(
    left: LogicalPlan,
    right: LogicalPlan,
    join_type: JoinType,
    keys: Vec<(Expr, Expr)>,
    filter: Option<Expr>,
) -> Result<LogicalPlan> {
    // Of no keys, what a filter above says of NULL is the join's too.
    let null_equality = match keys.is_empty() {
        true => NullEquality::NullEqualsNothing,
        false => NullEquality::NullEqualsNull,
    };
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::new(left),
        Arc::new(right),
        keys,
        filter,
        join_type,
        JoinConstraint::On,
        null_equality,
        false,
    )?))
}

/// What a subquery has that cannot be computed for all rows around at once.
pub(super) fn unsupported() -> DataFusionError {
    Error::unsupported("this form of a subquery that refers to the query around it")
        .with_hint("Write it as a join.")
        .into()
}
