//! Subqueries in forms that DataFusion runs, with the meaning that they have in PostgreSQL.
//!
//! Three things are done. What DataFusion turns into joins rightly stays as it is, or becomes an
//! aggregate that it does (`pulled_up`). `IN` is said with what is known of NULL where that matters:
//! DataFusion knows whether a row is equal, not whether one may be, which is enough only where NULL is
//! as good as false. And whatever else refers to the query around it is joined to the rows there for
//! all their values at once (`dependent`).

mod condition;
mod dependent;
mod grouping_sets;
mod guards;
mod join_condition;
mod lateral;
mod pulled_up;
mod recursion;
mod references;
mod shape;
pub mod shared_row;
mod substitution;
mod value_rows;

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema as _, JoinType};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison, SetQuantifier};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable as _, Filter, LogicalPlan, LogicalPlanBuilder, Operator, Values,
    binary_expr, lit, not, when,
};
use datafusion::scalar::ScalarValue;
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::JsonKind;

use super::only_row;
use super::rows_once::{RowsOnce, is_volatile};
use crate::error::Result;
use dependent::{Around, Names, aliased, as_expressions, joined, projected};
use guards::Parts;
pub(super) use references::has_subquery;
use references::{has, references};
use shape::{
    all_values, any_rows, comparison, filtered, first_row, gives_one_row, only_column, or_null,
    seems_never_null, without_order,
};
pub(super) use shape::{gives_few_rows, over, subquery};
pub(super) use substitution::with_values;
pub(super) use value_rows::apart as value_rows_apart;

/// Says subqueries in forms that can be run.
///
/// # Errors
/// 0A000 for what cannot be computed for all rows around at once.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut names = Names::default();
    let rewritten = plan.transform_up_with_subqueries(|node| rewrite_node(node, &mut names));
    Ok(rewritten.data()?)
}

fn rewrite_node(node: LogicalPlan, names: &mut Names) -> QueryResult<Transformed<LogicalPlan>> {
    let Transformed {
        data: node,
        transformed: is_other,
        ..
    } = match node {
        LogicalPlan::Join(join) => {
            let joined = lateral::rewrite(join, names)?;
            let is_joined = joined.transformed;
            match joined.data {
                LogicalPlan::Join(join) => {
                    let joined = join_condition::rewrite(join, names)?;
                    let is_changed = is_joined || joined.transformed;
                    Transformed::new_transformed(joined.data, is_changed)
                }
                // A condition with subqueries may be one of a filter now.
                LogicalPlan::Filter(filter) => return rewrite_filter(filter, names),
                other => return Ok(Transformed::yes(other)),
            }
        }
        LogicalPlan::Values(values) if value_rows::are_computed(&values) => {
            return rewrite_values(&values, names);
        }
        other => Transformed::no(other),
    };
    let Some(input) = rows_of(&node)? else {
        return Ok(Transformed::new_transformed(node, is_other));
    };
    let place = match &node {
        LogicalPlan::Projection(_) => Place::Column,
        LogicalPlan::Filter(_) => Place::Filter,
        _ => Place::Other,
    };
    let mut rows = Rows::new(input, place, names);
    let columns = node.schema().columns();
    let preserver = NamePreserver::new(&node);
    let rewritten = node.map_expressions(|expression| {
        if !has_subquery(&expression) {
            return Ok(Transformed::no(expression));
        }
        let name = preserver.save(&expression);
        let rewritten = match rows.place {
            Place::Filter => rows.condition(expression, true),
            _ => rows.parts(expression),
        }?;
        Ok(match rewritten.transformed {
            true => rewritten.update_data(|expression| name.restore(expression)),
            false => rewritten,
        })
    })?;
    if !rewritten.transformed {
        return Ok(Transformed::new_transformed(rewritten.data, is_other));
    }
    let node = rewritten.data;
    if !rows.are_joined {
        return Ok(Transformed::yes(node.recompute_schema()?));
    }
    let node = over(node, rows.plan)?;
    if node.schema().fields().len() == columns.len() {
        return Ok(Transformed::yes(node));
    }
    let columns = as_expressions(&columns).collect();
    Ok(Transformed::yes(projected(node, columns)?))
}

/// A filter in the place of another node.
fn rewrite_filter(filter: Filter, names: &mut Names) -> QueryResult<Transformed<LogicalPlan>> {
    let rewritten = rewrite_node(LogicalPlan::Filter(filter), names)?;
    Ok(Transformed::yes(rewritten.data))
}

/// Rows of values, whose subqueries are those of queries now.
fn rewrite_values(values: &Values, names: &mut Names) -> QueryResult<Transformed<LogicalPlan>> {
    let apart = value_rows::computed_apart(values)?;
    let rewritten = apart.transform_up(|node| match node {
        LogicalPlan::Values(_) => Ok(Transformed::no(node)),
        node => rewrite_node(node, names),
    })?;
    Ok(Transformed::yes(rewritten.data))
}

/// The rows that the subqueries of a node are asked about; none where it has no subqueries.
fn rows_of(node: &LogicalPlan) -> QueryResult<Option<LogicalPlan>> {
    let mut are_there = false;
    node.apply_expressions(|expression| {
        are_there = has_subquery(expression);
        Ok(match are_there {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(match node.inputs().as_slice() {
        [input] if are_there => Some((*input).clone()),
        _ => None,
    })
}

/// Where an expression stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Among the columns of a query.
    Column,
    /// In a filter, which takes `EXISTS` as it is.
    Filter,
    /// Elsewhere, where DataFusion takes no subqueries that refer to the rows.
    Other,
}

/// The rows that expressions are computed over, with what subqueries are joined to them.
struct Rows<'a> {
    own: LogicalPlan,
    plan: LogicalPlan,
    place: Place,
    are_joined: bool,
    /// What is true of the rows that the part at hand is computed for.
    guards: Vec<Expr>,
    /// What subqueries give that are joined, under which guards.
    known: Vec<(LogicalPlan, Vec<Expr>, Expr)>,
    names: &'a mut Names,
}

impl<'a> Rows<'a> {
    fn new(own: LogicalPlan, place: Place, names: &'a mut Names) -> Self {
        Self {
            plan: own.clone(),
            own,
            place,
            are_joined: false,
            guards: Vec::new(),
            known: Vec::new(),
            names,
        }
    }

    fn schema(&self) -> &DFSchema {
        self.plan.schema()
    }

    /// An expression with all subqueries in it in forms that can be run.
    fn parts(&mut self, expression: Expr) -> QueryResult<Transformed<Expr>> {
        expression.rewrite(&mut Parts { rows: self })
    }

    fn part(&mut self, part: Expr) -> QueryResult<Transformed<Expr>> {
        Ok(Transformed::yes(match part {
            Expr::ScalarSubquery(subquery) if shared_row::mark(&subquery.subquery).is_some() => {
                self.shared_row(&subquery.subquery)?
            }
            Expr::ScalarSubquery(subquery) if !references(&subquery.subquery)?.is_empty() => {
                self.value_of(&subquery.subquery)?
            }
            Expr::ScalarSubquery(rows) => {
                let is_never_null = seems_never_null(&rows.subquery);
                let plan = match is_never_null {
                    true => or_null(&rows.subquery)?,
                    false => rows.subquery.as_ref().clone(),
                };
                match is_volatile(&plan)? {
                    // DataFusion computes equal ones once, of which each has a value of its own.
                    true => Expr::ScalarSubquery(subquery(RowsOnce::of(plan))),
                    false if is_never_null => Expr::ScalarSubquery(subquery(plan)),
                    false => return Ok(Transformed::no(Expr::ScalarSubquery(rows))),
                }
            }
            Expr::Exists(Exists { subquery, negated }) => {
                negated_if(negated, self.exists(&subquery.subquery)?)
            }
            Expr::InSubquery(membership) => {
                let negated = membership.negated;
                negated_if(negated, self.is_among(membership)?)
            }
            Expr::SetComparison(compared) => match as_membership(&compared) {
                Some(membership) => {
                    let negated = membership.negated;
                    negated_if(negated, self.is_among(membership)?)
                }
                None => self.compares(compared)?,
            },
            other => return Ok(Transformed::no(other)),
        }))
    }

    /// The value of a subquery that refers to these rows. Its rows are counted where they are read:
    /// that others have several is no error, as in PostgreSQL.
    fn value_of(&mut self, plan: &LogicalPlan) -> QueryResult<Expr> {
        if let Some(first) = first_row(plan)? {
            return self.value(first);
        }
        if gives_few_rows(plan) {
            return self.value(plan.clone());
        }
        let values = self.value(all_values(plan.clone())?)?;
        let only = only_row::FUNCTION.call(vec![values]);
        // What a document or a value of an enum type is, its list does not tell.
        let is_told = |field: &arrow::datatypes::Field| {
            JsonKind::of_field(field).is_none() && EnumKind::of_field(field).is_none()
        };
        Ok(match plan.schema().fields().first() {
            Some(field) if !is_told(field) => Expr::Cast(Cast {
                expr: Box::new(only),
                field: Arc::clone(field),
            }),
            _ => only,
        })
    }

    /// The record of a subquery whose values stand in several expressions. It is joined, so that it is
    /// computed once for all of them.
    fn shared_row(&mut self, plan: &LogicalPlan) -> QueryResult<Expr> {
        let references = references(plan)?;
        // An aggregate gives one row, and what it computes is not computed again above it.
        let is_aggregate = plan.exists(|node| Ok(matches!(node, LogicalPlan::Aggregate(_))))?;
        if is_aggregate && gives_few_rows(plan) {
            return self.join(plan, references);
        }
        // Of rows that are the same for all, the second one tells that there are too many.
        let rows = match references.is_empty() {
            true => LogicalPlanBuilder::from(plan.clone())
                .limit(0, Some(2))?
                .build()?,
            false => plan.clone(),
        };
        let records = self.join(&all_values(rows)?, references)?;
        Ok(only_row::IN_PLACE.call(vec![records]))
    }

    /// The value of a subquery that gives no more than one row.
    fn value(&mut self, plan: LogicalPlan) -> QueryResult<Expr> {
        let references = references(&plan)?;
        let stays = self.place != Place::Other
            && (references.is_empty() || self.has_all(&references) && pulled_up::is_value(&plan)?);
        match stays {
            true => Ok(Expr::ScalarSubquery(subquery(plan))),
            false => self.join(&plan, references),
        }
    }

    fn has_all(&self, references: &[Column]) -> bool {
        references.iter().all(|column| has(self.schema(), column))
    }

    /// Joins what a subquery gives to the rows that it gives it for, once for those that are the same.
    fn join(&mut self, plan: &LogicalPlan, references: Vec<Column>) -> QueryResult<Expr> {
        let mark = shared_row::mark(plan);
        let mut known = self.known.iter();
        let is_one = known.find(|(known, guards, _)| {
            let is_same = match mark {
                Some(_) => shared_row::mark(known) == mark,
                None => known == plan,
            };
            is_same && (guards.is_empty() || *guards == self.guards)
        });
        if let Some((.., value)) = is_one {
            return Ok(value.clone());
        }
        let value = self.join_apart(plan, references)?;
        if mark.is_some() || !is_volatile(plan)? {
            let known = (plan.clone(), self.guards.clone(), value.clone());
            self.known.push(known);
        }
        Ok(value)
    }

    fn join_apart(&mut self, plan: &LogicalPlan, references: Vec<Column>) -> QueryResult<Expr> {
        let value = only_column(plan)?;
        let name = self.names.next("subquery");
        let near: Vec<Column> = references
            .into_iter()
            .filter(|column| has(self.schema(), column))
            .collect();
        let (plan, on, keys) = if near.is_empty() {
            (plan.clone(), Vec::new(), Vec::new())
        } else {
            let is_own = near.iter().all(|column| has(self.own.schema(), column));
            // They are computed again to know their values.
            let rows = match is_own && !is_volatile(&self.own)? {
                true => self.own.clone(),
                false => {
                    self.plan = computed_once(self.plan.clone())?;
                    self.plan.clone()
                }
            };
            let rows = self.guarded(rows)?;
            let around = Around::new(rows, near, self.names)?;
            let (plan, keys) = around.join(plan, self.names)?;
            (plan, around.keys(), keys)
        };
        let key_name = |index: usize| format!("key_{index}");
        let mut columns = vec![value.alias("value")];
        let keys = keys.into_iter().enumerate();
        columns.extend(keys.map(|(index, key)| Expr::Column(key).alias(key_name(index))));
        let values = aliased(projected(plan, columns)?, &name)?;
        let of_name = |column: String| Column::new(Some(name.clone()), column);
        let on: Vec<(Expr, Expr)> = on
            .into_iter()
            .enumerate()
            .map(|(index, own)| (own, Expr::Column(of_name(key_name(index)))))
            .collect();
        let always = on.is_empty().then(|| lit(true));
        self.plan = joined(self.plan.clone(), values, JoinType::Left, on, always)?;
        self.are_joined = true;
        Ok(Expr::Column(of_name("value".to_owned())))
    }

    /// `EXISTS (subquery)`: a semi join or a mark join in a filter, where it can be, else a count.
    fn exists(&mut self, plan: &LogicalPlan) -> QueryResult<Expr> {
        if gives_one_row(plan) {
            return Ok(lit(true));
        }
        let plan = without_order(plan)?;
        let references = references(&plan)?;
        let stays = self.place == Place::Filter
            && !references.is_empty()
            && self.has_all(&references)
            && pulled_up::are_rows(&plan)?;
        match stays {
            true => Ok(Expr::Exists(Exists::new(subquery(plan), false))),
            false => self.value(any_rows(plan)?),
        }
    }

    /// `value IN (subquery)`: NULL where no row is equal and one may be.
    fn is_among(&mut self, membership: InSubquery) -> QueryResult<Expr> {
        let rows = membership.subquery.subquery.as_ref().clone();
        let references = references(&rows)?;
        if !references.is_empty() && gives_one_row(&rows) {
            let only = self.value(rows)?;
            return Ok(binary_expr(*membership.expr, Operator::Eq, only));
        }
        let own = self.plain(*membership.expr)?;
        let value = self.seen_within(&own)?;
        let rows = self.apart_from(rows, &value)?;
        let is_simple =
            references.is_empty() || self.has_all(&references) && pulled_up::are_rows(&rows)?;
        if !is_simple {
            let any = SetQuantifier::Any;
            return self.value(comparison(rows, value, Operator::Eq, &any)?);
        }
        let column = only_column(&rows)?;
        let found = self.exists(&filtered(&rows, column.clone().eq(value))?)?;
        let mut unknown = own.is_null().and(self.exists(&rows)?);
        if rows.schema().field(0).is_nullable() {
            unknown = unknown.or(self.exists(&filtered(&rows, column.is_null())?)?);
        }
        when(found, lit(true))
            .when(unknown, lit(ScalarValue::Boolean(None)))
            .otherwise(lit(false))
    }

    /// `value operator ANY (subquery)` or `ALL`.
    fn compares(&mut self, compared: SetComparison) -> QueryResult<Expr> {
        let value = self.plain(*compared.expr)?;
        let value = self.seen_within(&value)?;
        let rows = self.apart_from(compared.subquery.subquery.as_ref().clone(), &value)?;
        self.value(comparison(rows, value, compared.op, &compared.quantifier)?)
    }

    /// An expression without subqueries of the same value.
    fn plain(&mut self, expression: Expr) -> QueryResult<Expr> {
        if !has_subquery(&expression) {
            return Ok(expression);
        }
        let name = self.names.next("value");
        let mut columns: Vec<Expr> = as_expressions(&self.plan.schema().columns()).collect();
        columns.push(expression.alias(&name));
        self.plan = projected(self.plan.clone(), columns)?;
        self.are_joined = true;
        Ok(Expr::Column(Column::new_unqualified(name)))
    }

    /// An expression over these rows, as a subquery reads it.
    fn seen_within(&self, expression: &Expr) -> QueryResult<Expr> {
        let seen = expression.clone().transform(|part| match part {
            Expr::Column(column) => {
                let field = Arc::clone(self.schema().field_from_column(&column)?);
                Ok(Transformed::yes(Expr::OuterReferenceColumn(field, column)))
            }
            other => Ok(Transformed::no(other)),
        });
        seen.data()
    }

    /// Rows under a name of their own where they have columns of the names that a value refers to: a
    /// table beside itself.
    fn apart_from(&mut self, rows: LogicalPlan, value: &Expr) -> QueryResult<LogicalPlan> {
        let is_of_rows = value.exists(|part| {
            Ok(matches!(part, Expr::OuterReferenceColumn(_, column) if has(rows.schema(), column)))
        })?;
        match is_of_rows {
            true => aliased(rows, self.names.next("rows")),
            false => Ok(rows),
        }
    }

    /// Whether two values are documents, which are equal as other texts too.
    fn are_documents(&self, value: &Expr, rows: &LogicalPlan) -> bool {
        let is_document = |field: &arrow::datatypes::Field| JsonKind::of_field(field).is_some();
        let field = value.to_field(self.schema());
        field.is_ok_and(|(_, field)| is_document(&field)) || is_document(rows.schema().field(0))
    }
}

fn negated_if(negated: bool, expression: Expr) -> Expr {
    match negated {
        true => not(expression),
        false => expression,
    }
}

/// `= ANY` is `IN`, and `<> ALL` is `NOT IN`.
fn as_membership(compared: &SetComparison) -> Option<InSubquery> {
    let negated = match (compared.op, &compared.quantifier) {
        (Operator::Eq, SetQuantifier::Any) => false,
        (Operator::NotEq, SetQuantifier::All) => true,
        _ => return None,
    };
    Some(InSubquery::new(
        compared.expr.clone(),
        compared.subquery.clone(),
        negated,
    ))
}

/// Rows that are the same for all who read them.
fn computed_once(rows: LogicalPlan) -> QueryResult<LogicalPlan> {
    Ok(match is_volatile(&rows)? {
        true => RowsOnce::of(rows),
        false => rows,
    })
}
