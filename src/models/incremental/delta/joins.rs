//! The delta of a join.

use std::sync::Arc;

use datafusion::common::{Column, DFSchema, JoinType};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Projection, lit};
use datafusion::scalar::ScalarValue;

use super::parts::{add_columns, all_of, described, plan_of, select};
use super::{Delta, Deltas, Obstacle, Traced};

impl Deltas {
    /// Takes one condition out of a join by which changes cannot be traced; false where there is none.
    fn leave_out(&self, join: &mut Join) -> bool {
        if join.filter.take().is_some() {
            return true;
        }
        let is_traced = |node: &LogicalPlan, expression: &Expr| {
            let mut read = Vec::new();
            add_columns(&mut read, [expression]);
            self.of(node, &read).is_ok()
        };
        let lost = join.on.iter().position(|(left, right)| {
            !is_traced(&join.left, left) || !is_traced(&join.right, right)
        });
        lost.map(|place| join.on.remove(place)).is_some()
    }

    pub(super) fn of_join(&self, join: &Join, columns: &[Column]) -> Traced<Delta> {
        let (left, right) = (join.left.schema(), join.right.schema());
        let has = |schema: &DFSchema, column: &Column| schema.has_column(column);
        let own = |schema: &DFSchema| -> Vec<Column> {
            let own = columns.iter().filter(|column| has(schema, column));
            own.cloned().collect()
        };
        if let Some(own) = columns
            .iter()
            .find(|column| !has(left, column) && !has(right, column))
        {
            return Err(Obstacle::new(
                described(&LogicalPlan::Join(join.clone())),
                format!("the key's column \"{}\" is computed by it", own.name),
            ));
        }
        // By fewer conditions more pairs are found than there are. So where the changes of a side cannot
        // be traced by a column, the conditions that read it are left out.
        let mut join = join.clone();
        let (l, r) = loop {
            let (mut of_left, mut of_right) = (own(left), own(right));
            add_columns(&mut of_left, join.on.iter().map(|(left, _)| left));
            add_columns(&mut of_right, join.on.iter().map(|(_, right)| right));
            let mut by_filter = Vec::new();
            add_columns(&mut by_filter, &join.filter);
            for column in by_filter {
                let side = if has(left, &column) {
                    &mut of_left
                } else {
                    &mut of_right
                };
                if !side.contains(&column) {
                    side.push(column);
                }
            }
            let deltas = self
                .of(&join.left, &of_left)
                .and_then(|l| Ok((l, self.of(&join.right, &of_right)?)));
            let obstacle = match deltas {
                Ok(deltas) => break deltas,
                Err(obstacle) => obstacle,
            };
            // Without any of them all rows of one side are pairs of each of the other.
            if !self.leave_out(&mut join) || join.on.is_empty() {
                return Err(obstacle);
            }
        };
        let join = &join;
        for delta in [&l, &r] {
            if let Delta::Everything(_) = delta {
                return Ok(delta.clone());
            }
        }
        if join.null_aware && matches!(r, Delta::Keys(_)) {
            return Err(Obstacle::new(
                "NOT IN",
                "a NULL among the rows of its subquery decides on all rows",
            ));
        }
        let (l, r) = (plan_of(l), plan_of(r));
        let pairs = Pairs { join };
        let sides = Sides::of(join.join_type);
        let mut found = Vec::new();
        let reads_right = columns.iter().any(|column| has(right, column));
        let reads_left = columns.iter().any(|column| has(left, column));
        // Rows of the one side alone, whatever becomes of their partners.
        if let Some(l) = &l
            && (sides.keeps_left && !reads_right)
        {
            found.push(select(l.clone(), columns)?);
        }
        if let Some(r) = &r
            && (sides.keeps_right && !reads_left)
        {
            found.push(select(r.clone(), columns)?);
        }
        // Where all rows of a delta are keys already, its pairs only matter to rows of the other side
        // that may have lost their partner, or found one.
        let left_is_told = sides.keeps_left && !reads_right;
        let right_is_told = sides.keeps_right && !reads_left;
        let wants_left = !left_is_told || sides.keeps_right && reads_left;
        let wants_right = !right_is_told || sides.keeps_left && reads_right;
        let mut met = Vec::new();
        if let Some(l) = l.as_ref().filter(|_| wants_left) {
            met.push(pairs.of(l.clone(), join.right.as_ref().clone())?);
        }
        if let Some(r) = r.as_ref().filter(|_| wants_right) {
            met.push(pairs.of(join.left.as_ref().clone(), r.clone())?);
        }
        if let (Some(l), Some(r), true) = (&l, &r, wants_left && wants_right) {
            met.push(pairs.of(l.clone(), r.clone())?);
        }
        for pair in &met {
            found.push(select(pair.clone(), columns)?);
        }
        if sides.keeps_left && reads_right {
            for rows in l.iter().chain(&met) {
                found.push(select_or_null(rows.clone(), columns, left, &join.schema)?);
            }
        }
        if sides.keeps_right && reads_left {
            for rows in r.iter().chain(&met) {
                found.push(select_or_null(rows.clone(), columns, right, &join.schema)?);
            }
        }
        all_of(found, columns)
    }
}

/// Of which sides of a join rows without a partner are answered, or partners only decide.
struct Sides {
    keeps_left: bool,
    keeps_right: bool,
}

impl Sides {
    fn of(kind: JoinType) -> Self {
        use JoinType::{
            Full, Inner, Left, LeftAnti, LeftMark, LeftSemi, Right, RightAnti, RightMark, RightSemi,
        };
        let (keeps_left, keeps_right) = match kind {
            Inner => (false, false),
            Left | LeftSemi | LeftAnti | LeftMark => (true, false),
            Right | RightSemi | RightAnti | RightMark => (false, true),
            Full => (true, true),
        };
        Self {
            keeps_left,
            keeps_right,
        }
    }
}

/// The pairs that a join brings together, of other inputs.
struct Pairs<'a> {
    join: &'a Join,
}

impl Pairs<'_> {
    fn of(&self, left: LogicalPlan, right: LogicalPlan) -> QueryResult<LogicalPlan> {
        let join = self.join;
        Ok(LogicalPlan::Join(Join::try_new(
            Arc::new(left),
            Arc::new(right),
            join.on.clone(),
            join.filter.clone(),
            JoinType::Inner,
            JoinConstraint::On,
            join.null_equality,
            false,
        )?))
    }
}

/// These columns of a plan, and NULL for those that are not of one side of a join.
fn select_or_null(
    plan: LogicalPlan,
    columns: &[Column],
    side: &DFSchema,
    types: &DFSchema,
) -> QueryResult<LogicalPlan> {
    let mut selected = Vec::with_capacity(columns.len());
    for column in columns {
        selected.push(match side.has_column(column) {
            true => Expr::Column(column.clone()),
            false => {
                let index = types.index_of_column(column)?;
                let null = ScalarValue::try_from(types.field(index).data_type())?;
                lit(null).alias_qualified(column.relation.clone(), column.name.clone())
            }
        });
    }
    Projection::try_new(selected, Arc::new(plan)).map(LogicalPlan::Projection)
}
