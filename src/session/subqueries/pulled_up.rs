//! Which subqueries DataFusion turns into joins with their right meaning.
//!
//! It pulls the conditions that refer to the query around up to a join. That is right over filters,
//! inner joins and aggregates of everything; it does the same over windows, outer joins, groups and
//! limits, where it is not, since these are then computed before the condition. It also loses the row
//! that an aggregate without groups gives of no rows, but where the aggregate is a value. And it does
//! not tell a column of the query around from one of these rows that has its name.

use arrow::datatypes::Field;
use datafusion::common::Column;
use datafusion::common::tree_node::TreeNode;
use datafusion::error::Result;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Distinct, Expr, ExprSchemable, JoinType, LogicalPlan, Operator,
};
use tributary_udfs::json::JsonKind;
use tributary_udfs::postgres::is_by_form;

use super::references::{has, has_subquery, references};

/// Whether `EXISTS` and `IN` of these rows can be a semi join.
pub(super) fn are_rows(plan: &LogicalPlan) -> Result<bool> {
    let mut correlated = Correlated::of(plan, false)?;
    Ok(correlated.are_pulled_up(plan)? && correlated.have_names_of_their_own(plan))
}

/// Whether a lateral join with these rows can be a join on their conditions.
pub(super) fn are_joined(plan: &LogicalPlan) -> Result<bool> {
    let is_counted = plan.exists(|node| {
        Ok(matches!(
            node,
            LogicalPlan::Distinct(_) | LogicalPlan::Subquery(_)
        ))
    })?;
    Ok(!is_counted && are_rows(plan)?)
}

/// Whether the one value of these rows, an aggregate of all, can be found by a left join.
pub(super) fn is_value(plan: &LogicalPlan) -> Result<bool> {
    let mut inner = plan;
    let mut is_computed = false;
    loop {
        inner = match inner {
            LogicalPlan::Projection(projection) if are_plain(&projection.expr) => {
                let mut values = projection.expr.iter();
                is_computed |= values.any(|value| value.clone().unalias().try_as_col().is_none());
                &projection.input
            }
            // What tells that there is no row has no name above it.
            LogicalPlan::SubqueryAlias(alias) if !is_computed => &alias.input,
            LogicalPlan::Aggregate(aggregate)
                if aggregate.group_expr.is_empty() && are_plain(&aggregate.aggr_expr) =>
            {
                let mut correlated = Correlated::of(plan, true)?;
                return Ok(correlated.are_pulled_up(&aggregate.input)?
                    && correlated.have_names_of_their_own(plan));
            }
            _ => return Ok(false),
        };
    }
}

/// The columns of a subquery that conditions hold against those around.
struct Correlated {
    columns: Vec<Column>,
    /// The columns around.
    around: Vec<Column>,
    /// Whether the rows are grouped by these columns, so that the conditions must be equalities.
    are_values: bool,
}

impl Correlated {
    fn of(plan: &LogicalPlan, are_values: bool) -> Result<Self> {
        Ok(Self {
            columns: Vec::new(),
            around: references(plan)?,
            are_values,
        })
    }

    fn are_pulled_up(&mut self, plan: &LogicalPlan) -> Result<bool> {
        if references(plan)?.is_empty() {
            return Ok(true);
        }
        let is_of =
            |rows: &LogicalPlan| self.around.iter().any(|column| has(rows.schema(), column));
        if is_of(plan) || plan.inputs().into_iter().any(is_of) {
            return Ok(false);
        }
        match plan {
            LogicalPlan::Projection(projection) => {
                Ok(are_plain(&projection.expr) && self.are_pulled_up(&projection.input)?)
            }
            // Above it the columns that a condition compares go by other names.
            LogicalPlan::SubqueryAlias(_) => Ok(false),
            LogicalPlan::Distinct(Distinct::All(input)) if !self.are_values => {
                self.are_pulled_up(input)
            }
            LogicalPlan::Filter(filter) => {
                for condition in split_conjunction(&filter.predicate) {
                    if !condition.contains_outer() {
                        continue;
                    }
                    if has_subquery(condition)
                        || self.are_values && !is_equality(condition, &filter.input)
                    {
                        return Ok(false);
                    }
                    let columns = condition.column_refs().into_iter();
                    self.columns.extend(columns.cloned());
                }
                self.are_pulled_up(&filter.input)
            }
            LogicalPlan::Join(join) if join.join_type == JoinType::Inner => {
                let on = join.on.iter().flat_map(|(left, right)| [left, right]);
                let is_plain = !on.chain(&join.filter).any(Expr::contains_outer);
                Ok(is_plain
                    && self.are_pulled_up(&join.left)?
                    && self.are_pulled_up(&join.right)?)
            }
            _ => Ok(false),
        }
    }

    /// Whether no two columns of the join that is made would have one name.
    fn have_names_of_their_own(mut self, plan: &LogicalPlan) -> bool {
        self.columns.sort();
        self.columns.dedup();
        let mut names: Vec<&str> = self.columns.iter().map(|column| &column.name[..]).collect();
        names.sort_unstable();
        names.dedup();
        let LogicalPlan::Projection(projection) = plan else {
            return names.len() == self.columns.len();
        };
        names.len() == self.columns.len()
            && projection.expr.iter().all(|expression| match expression {
                Expr::Column(column) => {
                    self.columns.contains(column) || !names.contains(&&column.name[..])
                }
                other => !names.contains(&&other.schema_name().to_string()[..]),
            })
    }
}

fn are_plain(expressions: &[Expr]) -> bool {
    !expressions.iter().any(Expr::contains_outer)
}

/// Whether a condition says that a column is equal to something of the query around, with no
/// conversion that would hide the column, as the form is in which intervals are compared.
fn is_equality(condition: &Expr, input: &LogicalPlan) -> bool {
    let Expr::BinaryExpr(BinaryExpr {
        left,
        op: Operator::Eq,
        right,
    }) = condition
    else {
        return false;
    };
    let (column, other) = match (left.as_ref(), right.as_ref()) {
        (column @ Expr::Column(_), other) | (other, column @ Expr::Column(_)) => (column, other),
        _ => return false,
    };
    if other.any_column_refs() {
        return false;
    }
    let field = |expression: &Expr| expression.to_field(input.schema()).ok();
    let (Some((_, column)), Some((_, other))) = (field(column), field(other)) else {
        return false;
    };
    let is_one = column.data_type() == other.data_type()
        || column.data_type().is_integer() && other.data_type().is_integer();
    let is_plain =
        |field: &Field| !is_by_form(field.data_type()) && JsonKind::of_field(field).is_none();
    is_one && is_plain(&column) && is_plain(&other)
}
