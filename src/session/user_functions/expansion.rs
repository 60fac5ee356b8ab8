//! The plans of bodies in the place of calls.
//!
//! A body without tables is an expression over the values of the arguments. Any other is a subquery,
//! which refers to them as columns of the row around it: these get names that nothing else has.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType};
use datafusion::error::Result as QueryResult;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{conjunction, merge_schema, split_conjunction_owned};
use datafusion::logical_expr::{
    Distinct, EmptyRelation, Expr, ExprSchemable as _, FetchType, Filter, Join, Limit, LogicalPlan,
    LogicalPlanBuilder, Projection, SkipType, lit, when,
};
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast;
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::JsonKind;

use super::call::{Call, as_call};
use super::{body, enter};
use crate::catalog::pg_catalog::StatementCatalog;
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::domains::DomainKind;
use crate::session::{plan, subqueries};
use crate::sql::Statement;
use crate::sql::create_function::CreateFunction;

/// The most expressions that are put in the place of calls: a function that uses its argument twice
/// doubles with each function that does the same with it.
const MAX_PUT: usize = 20_000;

/// The largest argument that is put in several places; a larger one is a column beside them.
const MAX_REPEATED: usize = 64;

/// Puts what functions compute in the place of their calls.
///
/// # Errors
/// What planning bodies says; 54001 where functions call each other without end, or too often; 0A000 for a call in
/// the condition of an outer join that is about both sides.
pub async fn expand(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    let snapshot = StatementCatalog::of(state.config_options())?.snapshot();
    if !snapshot.has_functions() {
        return Ok(plan);
    }
    let mut bodies = Bodies {
        state,
        snapshot: &snapshot,
        known: BTreeMap::new(),
        open: Vec::new(),
        arguments: 0,
        put: 0,
    };
    bodies.expand(plan).await
}

/// The bodies of functions, each planned once.
struct Bodies<'a> {
    state: &'a SessionState,
    snapshot: &'a Snapshot,
    known: BTreeMap<Oid, Body>,
    /// The functions whose bodies are being planned.
    open: Vec<Oid>,
    /// How many columns there are for arguments.
    arguments: usize,
    /// How many expressions were put in the place of calls.
    put: usize,
}

/// The planned body of a function.
struct Body {
    /// The relation whose columns stand for the arguments.
    relation: String,
    arguments: Vec<Argument>,
    /// What it answers, over the column of its value.
    answer: Expr,
    value: Value,
    strict: bool,
}

/// An argument, as the plan of a body has it.
struct Argument {
    /// The names of the columns that stand for it.
    columns: Vec<String>,
    /// Its type, and a cast of its column to that.
    field: FieldRef,
    cast: Expr,
}

impl Argument {
    /// A value as one of the argument's type.
    fn of(&self, value: Expr, schema: &DFSchema) -> QueryResult<Expr> {
        let value = match value {
            Expr::Placeholder(placeholder) if placeholder.field.is_none() => {
                let field = Some(Arc::clone(&self.field));
                Expr::Placeholder(Placeholder::new_with_field(placeholder.id, field))
            }
            other => other,
        };
        let (_, field) = value.to_field(schema)?;
        let is_one = field.data_type() == self.field.data_type()
            && JsonKind::of_field(&field) == JsonKind::of_field(&self.field)
            && EnumKind::of_field(&field) == EnumKind::of_field(&self.field)
            // What a value is one of a domain by, its field does not tell for sure.
            && DomainKind::of_field(&self.field).is_none();
        match is_one {
            true => Ok(value),
            false => in_place_of_columns(&self.cast, &value),
        }
    }
}

enum Value {
    /// An expression without subqueries.
    Expression(Expr),
    /// The first row of these.
    Rows(LogicalPlan),
}

type Expanded<'a> = Pin<Box<dyn Future<Output = Result<LogicalPlan>> + Send + 'a>>;

impl Bodies<'_> {
    fn expand(&mut self, plan: LogicalPlan) -> Expanded<'_> {
        Box::pin(async move {
            let called = called(&plan)?;
            if called.is_empty() {
                return Ok(plan);
            }
            for function in called {
                if !self.known.contains_key(&function) {
                    enter(&mut self.open, function)?;
                    let body = self.planned(function).await?;
                    self.known.insert(function, body);
                    self.open.pop();
                }
            }
            let rewritten = plan.transform_up_with_subqueries(|node| {
                self.within(node)?.map_data(LogicalPlan::recompute_schema)
            });
            Ok(rewritten.data()?)
        })
    }

    async fn planned(&mut self, function: Oid) -> Result<Body> {
        let missing = || Error::internal("a function that is called does not exist");
        let object = self.snapshot.object(function).ok_or_else(missing)?;
        let Statement::CreateFunction(create) = &object.definition else {
            return Err(missing());
        };
        let create = body::with_current_row(create, self.snapshot);
        let create = create.as_ref();
        let mut query = body::value(create, self.snapshot)?;
        plan::make_plannable(&mut query, self.state).await?;
        let statement = ast::Statement::Query(query);
        let statement = PlannerStatement::Statement(Box::new(statement));
        let within = |error: Error| error.within(format!("SQL function \"{}\"", create.name.name));
        let plan = self.state.statement_to_plan(statement).await;
        let plan = self
            .expand(plan.map_err(|error| within(error.into()))?)
            .await?;
        Body::of(create, plan)
    }

    /// A node without calls.
    fn within(&mut self, node: LogicalPlan) -> QueryResult<Transformed<LogicalPlan>> {
        if !has_calls(&node)? {
            return Ok(Transformed::no(node));
        }
        match node {
            LogicalPlan::Join(join) => self.within_join(join),
            LogicalPlan::Values(values) => {
                let rows = subqueries::value_rows_apart(&values, is_calling)?;
                rows.transform_up(|node| self.within(node))
            }
            node => self.within_rows(node),
        }
    }

    fn within_rows(&mut self, node: LogicalPlan) -> QueryResult<Transformed<LogicalPlan>> {
        let mut input = match node.inputs().as_slice() {
            [input] => (*input).clone(),
            _ => LogicalPlanBuilder::empty(true).build()?,
        };
        let columns = node.schema().columns();
        let preserver = NamePreserver::new(&node);
        // What DISTINCT ON tells rows apart by is what they are sorted by, and computed once.
        let is_told_apart = matches!(node, LogicalPlan::Distinct(Distinct::On(_)));
        let mut known: Vec<(Expr, Expr)> = Vec::new();
        let rewritten = node.map_expressions(|expression| {
            if !is_calling(&expression) {
                return Ok(Transformed::no(expression));
            }
            let name = preserver.save(&expression);
            let rewritten = expression.transform_up(|part| {
                if !is_told_apart || as_call(&part).is_none() {
                    return self.value(part, &mut input);
                }
                if let Some((_, answer)) = known.iter().find(|(call, _)| *call == part) {
                    return Ok(Transformed::yes(answer.clone()));
                }
                let answer = self.value(part.clone(), &mut input)?;
                known.push((part, answer.data.clone()));
                Ok(answer)
            })?;
            Ok(rewritten.update_data(|expression| name.restore(expression)))
        })?;
        let node = rewritten.data;
        if node.inputs().is_empty() {
            return Ok(Transformed::yes(node));
        }
        let node = subqueries::over(node, input)?;
        if node.schema().fields().len() == columns.len() {
            return Ok(Transformed::yes(node));
        }
        let columns = columns.into_iter().map(Expr::Column).collect();
        let node = Projection::try_new(columns, Arc::new(node))?;
        Ok(Transformed::yes(LogicalPlan::Projection(node)))
    }

    /// Conditions of an inner join that have calls are a filter above it; calls in those of an outer
    /// join are expressions, or computed on the side that they are about.
    fn within_join(&mut self, join: Join) -> QueryResult<Transformed<LogicalPlan>> {
        let all = join.filter.clone().unwrap_or_else(|| lit(true));
        let conditions = split_conjunction_owned(all).into_iter();
        let (moved, others): (Vec<Expr>, Vec<Expr>) = conditions.partition(is_calling);
        let columns = join.schema.columns();
        let mut join = join;
        if join.join_type == JoinType::Inner {
            join.filter = conjunction(others);
            let condition = conjunction(moved).unwrap_or_else(|| lit(true));
            let filter = Filter::try_new(condition, Arc::new(LogicalPlan::Join(join)))?;
            return self.within_rows(LogicalPlan::Filter(filter));
        }
        let mut others = others;
        for condition in moved {
            let placed = condition.transform_up(|part| self.beside(part, &mut join))?;
            others.push(placed.data);
        }
        let joined = Join::try_new(
            join.left,
            join.right,
            join.on,
            conjunction(others),
            join.join_type,
            join.join_constraint,
            join.null_equality,
            join.null_aware,
        )?;
        let columns = columns.into_iter().map(Expr::Column).collect();
        let joined = Projection::try_new(columns, Arc::new(LogicalPlan::Join(joined)))?;
        Ok(Transformed::yes(LogicalPlan::Projection(joined)))
    }

    /// A call in the condition of an outer join: an expression of both sides, or a column of the side
    /// that its arguments are of.
    fn beside(&mut self, part: Expr, join: &mut Join) -> QueryResult<Transformed<Expr>> {
        if as_call(&part).is_none() {
            return Ok(Transformed::no(part));
        }
        let schema = join.left.schema().join(join.right.schema())?;
        let mut rows = LogicalPlan::EmptyRelation(EmptyRelation {
            produce_one_row: false,
            schema: Arc::new(schema),
        });
        let answer = self.value(part.clone(), &mut rows)?;
        let is_expression = matches!(rows, LogicalPlan::EmptyRelation(_));
        if is_expression && !subqueries::has_subquery(&answer.data) {
            return Ok(answer);
        }
        let read: Vec<Column> = part.column_refs().into_iter().cloned().collect();
        let is_of = |side: &LogicalPlan| {
            let mut read = read.iter();
            read.all(|column| side.schema().maybe_index_of_column(column).is_some())
        };
        let side = match (is_of(&join.right), is_of(&join.left)) {
            (true, _) => &mut join.right,
            (_, true) => &mut join.left,
            _ => {
                let what = "a function of both sides in the condition of an outer join";
                return Err(Error::unsupported(what)
                    .with_hint("Compute its arguments in subqueries.")
                    .into());
            }
        };
        let name = self.next_argument();
        let computed = with_columns(side.as_ref().clone(), vec![part.alias(&name)])?;
        *side = Arc::new(self.within_rows(computed)?.data);
        Ok(Transformed::yes(Expr::Column(Column::new_unqualified(
            name,
        ))))
    }

    fn next_argument(&mut self) -> String {
        self.arguments += 1;
        format!("__argument_{}", self.arguments)
    }

    /// What a call answers over these rows, which get the columns that are computed for it.
    fn value(&mut self, part: Expr, rows: &mut LogicalPlan) -> QueryResult<Transformed<Expr>> {
        let Some(call) = Call::of(&part, rows.schema())? else {
            return Ok(Transformed::no(part));
        };
        let missing = || Error::internal("the body of a function is not planned");
        let body = self.known.get(&call.function).ok_or_else(missing)?;
        let mut values = Vec::with_capacity(call.values.len());
        let mut put = match &body.value {
            Value::Expression(expression) => size(expression)?,
            Value::Rows(_) => 1,
        };
        let given = call.values.into_iter().zip(&body.arguments).enumerate();
        for (place, (value, argument)) in given {
            let value = argument.of(value, rows.schema())?;
            let (uses, is_put) = match &body.value {
                _ if matches!(value, Expr::Literal(..)) => (1, true),
                Value::Expression(expression) => {
                    let uses = body.uses(expression, place)? + usize::from(body.strict);
                    let is_small = !value.is_volatile() && size(&value)? <= MAX_REPEATED;
                    (uses, uses < 2 || is_small)
                }
                Value::Rows(_) => (1, false),
            };
            if is_put {
                put += uses * size(&value)?;
                values.push(value);
                continue;
            }
            self.arguments += 1;
            let name = format!("__argument_{}", self.arguments);
            *rows = with_columns(rows.clone(), vec![value.alias(&name)])?;
            values.push(Expr::Column(Column::new_unqualified(name)));
        }
        self.put += put;
        if self.put > MAX_PUT {
            let what = format!("functions compute more than {MAX_PUT} expressions");
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, what)
                .with_detail("What functions compute is put in the place of their calls.")
                .with_hint("Compute what they use several times in a subquery in FROM.")
                .into());
        }
        let answer = body.answer(&values)?;
        if !body.strict || values.is_empty() {
            return Ok(Transformed::yes(answer));
        }
        let tests = values.into_iter().map(Expr::is_not_null);
        let are_there = tests.reduce(Expr::and).unwrap_or_else(|| lit(true));
        Ok(Transformed::yes(when(are_there, answer).end()?))
    }
}

impl Body {
    /// The parts of a planned [`body::value`].
    fn of(create: &CreateFunction, plan: LogicalPlan) -> Result<Self> {
        let unlike = || Error::internal("the body of a function is planned as something else");
        let LogicalPlan::Projection(projection) = plan else {
            return Err(unlike());
        };
        let LogicalPlan::Join(join) = projection.input.as_ref() else {
            return Err(unlike());
        };
        let mut casts = projection.expr.iter().cloned().map(Expr::unalias);
        let answer = casts.next().ok_or_else(unlike)?;
        let arguments = create.arguments.iter().zip(casts).enumerate();
        let arguments = arguments.map(|(place, (argument, cast))| {
            let (_, field) = cast.to_field(join.left.schema())?;
            let columns = std::iter::once(body::column_of(place)).chain(argument.name.clone());
            Ok(Argument {
                columns: columns.collect(),
                cast,
                field,
            })
        });
        Ok(Self {
            relation: body::relation_of(create)?,
            arguments: arguments.collect::<Result<_>>()?,
            answer,
            value: Value::of(join.right.as_ref()),
            strict: create.strict,
        })
    }

    /// The argument that a column around the body stands for.
    fn place_of(&self, column: &Column) -> Option<usize> {
        let is_one = column
            .relation
            .as_ref()
            .is_some_and(|it| it.table() == self.relation);
        let mut arguments = self.arguments.iter();
        arguments.position(|argument| is_one && argument.columns.contains(&column.name))
    }

    /// How often an expression takes an argument.
    fn uses(&self, expression: &Expr, place: usize) -> QueryResult<usize> {
        let mut uses = 0;
        expression.apply(|part| {
            if let Expr::OuterReferenceColumn(_, column) = part {
                uses += usize::from(self.place_of(column) == Some(place));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(uses)
    }

    /// What the function answers for these values.
    fn answer(&self, values: &[Expr]) -> QueryResult<Expr> {
        let value_of = |column: &Column| values.get(self.place_of(column)?).cloned();
        let value = match &self.value {
            Value::Expression(expression) => expression
                .clone()
                .transform(|part| match &part {
                    Expr::OuterReferenceColumn(_, column) => Ok(match value_of(column) {
                        Some(value) => Transformed::yes(value),
                        None => Transformed::no(part),
                    }),
                    _ => Ok(Transformed::no(part)),
                })
                .data()?,
            Value::Rows(rows) => {
                let rows = subqueries::with_values(rows.clone(), &|field, column| {
                    Some(match value_of(column)? {
                        Expr::Column(column) => {
                            Expr::OuterReferenceColumn(Arc::clone(field), column)
                        }
                        value => value,
                    })
                })?;
                let captured = || Error::internal("an argument of a function is no column");
                Expr::ScalarSubquery(subqueries::subquery(rows.ok_or_else(captured)?))
            }
        };
        in_place_of_columns(&self.answer, &value)
    }
}

impl Value {
    /// The rows of a body, without what only names them.
    fn of(rows: &LogicalPlan) -> Self {
        let mut inner = rows;
        loop {
            inner = match inner {
                LogicalPlan::SubqueryAlias(alias) => &alias.input,
                LogicalPlan::Subquery(subquery) => &subquery.subquery,
                LogicalPlan::Projection(projection) => match projection.expr.as_slice() {
                    [expression]
                        if matches!(expression.clone().unalias(), Expr::Column(_))
                            && projection.input.schema().fields().len() == 1 =>
                    {
                        &projection.input
                    }
                    _ => break,
                },
                LogicalPlan::Limit(limit) if is_first_of_few(limit) => &limit.input,
                _ => break,
            };
        }
        if let LogicalPlan::Projection(projection) = inner
            && let LogicalPlan::EmptyRelation(empty) = projection.input.as_ref()
            && empty.produce_one_row
            && let [expression] = projection.expr.as_slice()
            && !subqueries::has_subquery(expression)
        {
            return Self::Expression(expression.clone().unalias());
        }
        Self::Rows(inner.clone())
    }
}

/// Whether a limit takes the first row of rows that are no more.
fn is_first_of_few(limit: &Limit) -> bool {
    matches!(limit.get_skip_type(), Ok(SkipType::Literal(0)))
        && matches!(limit.get_fetch_type(), Ok(FetchType::Literal(Some(1))))
        && subqueries::gives_few_rows(&limit.input)
}

/// An expression over one column, over this value.
fn in_place_of_columns(expression: &Expr, value: &Expr) -> QueryResult<Expr> {
    let put = expression.clone().transform(|part| {
        Ok(match part {
            Expr::Column(_) => Transformed::new(value.clone(), true, TreeNodeRecursion::Jump),
            other => Transformed::no(other),
        })
    });
    put.data()
}

/// The functions that a plan calls.
fn called(plan: &LogicalPlan) -> QueryResult<BTreeSet<Oid>> {
    let mut found = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        if has_calls(node)? {
            let schema = merge_schema(&node.inputs());
            node.apply_expressions(|expression| {
                expression.apply(|part| {
                    found.extend(Call::of(part, &schema)?.map(|call| call.function));
                    Ok(TreeNodeRecursion::Continue)
                })
            })?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

fn has_calls(node: &LogicalPlan) -> QueryResult<bool> {
    let mut has_some = false;
    node.apply_expressions(|expression| {
        has_some |= is_calling(expression);
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(has_some)
}

/// How many expressions one is made of.
fn size(expression: &Expr) -> QueryResult<usize> {
    let mut parts = 0;
    expression.apply(|_| {
        parts += 1;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(parts)
}

fn is_calling(expression: &Expr) -> bool {
    let is_call = |part: &Expr| Ok(as_call(part).is_some());
    expression.exists(is_call).unwrap_or(false)
}

/// Rows with more columns.
fn with_columns(rows: LogicalPlan, more: Vec<Expr>) -> QueryResult<LogicalPlan> {
    let own = rows.schema().columns().into_iter().map(Expr::Column);
    let columns = own.chain(more).collect();
    let columns = Projection::try_new(columns, Arc::new(rows))?;
    Ok(LogicalPlan::Projection(columns))
}
