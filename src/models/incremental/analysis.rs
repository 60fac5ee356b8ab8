//! What a query's plan says of refreshing its rows: by which key, or what forbids it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Column, JoinType};
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::SessionState;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::delta::{
    Delta, Deltas, Leaf, LeafKey, Obstacle, below, grouped, is_comparable, is_one_of, is_plain,
};
use super::determinism::{self, Cause};
use super::inputs::{Input, Scan, key_of, scans};
use super::trace::told;
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::Result;
use crate::models::keyed;
use crate::models::lookback::Lookback;
use crate::session::{plan, rows_once};
use crate::sql::Options;
use crate::warehouse::{Arrival, Keyed};

/// The plan of a query, and what it reads.
#[derive(Debug)]
pub struct Analysis {
    /// The plan, optimized: what is analyzed is what is run.
    pub plan: LogicalPlan,
    /// What it reads.
    pub scans: BTreeMap<LeafKey, Scan>,
    /// The keys that changes could be traced by, the best first.
    candidates: Vec<Vec<Column>>,
    /// The columns that rows are known by, as far as the plan tells.
    natural: Option<Vec<Column>>,
    /// What makes the query depend on more than its inputs.
    pub(super) cause: Option<Cause>,
}

/// How a query can be refreshed.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// By this key.
    Keys(Vec<String>),
    /// By what is added to its inputs; where something else changes, by this key, if there is one.
    Added(Option<Vec<String>>),
    /// By reading the rows of its latest versions again, since this forbids better.
    Lookback(Lookback, Obstacle),
    /// In full alone.
    Full(Obstacle),
}

impl Analysis {
    /// Analyzes the plan of the query of a materialized view with these options.
    ///
    /// # Errors
    /// What the optimizer says.
    pub fn new(
        state: &SessionState,
        snapshot: &Snapshot,
        options: &Options,
        plan: &LogicalPlan,
    ) -> Result<Self> {
        let mut analysis = Self::of_any(state, snapshot, plan)?;
        analysis.natural = natural_key(snapshot, &analysis.plan);
        analysis.candidates = analysis.keys(keyed::declared(options)?)?;
        Ok(analysis)
    }

    /// Analyzes the plan of the query of a model, whose records columns of these names tell apart: by
    /// what they are named changes are traced, and by nothing else.
    ///
    /// # Errors
    /// What the optimizer says.
    pub fn of_records(
        state: &SessionState,
        snapshot: &Snapshot,
        plan: &LogicalPlan,
        names: &[String],
    ) -> Result<Self> {
        let mut analysis = Self::of_any(state, snapshot, plan)?;
        let schema = analysis.plan.schema();
        let columns = names.iter().map(|name| {
            let index = schema.index_of_column_by_name(None, name)?;
            is_plain(schema.field(index).data_type())
                .then(|| Column::from(schema.qualified_field(index)))
        });
        analysis.natural = columns.collect();
        analysis.candidates = analysis.natural.iter().cloned().collect();
        Ok(analysis)
    }

    fn of_any(state: &SessionState, snapshot: &Snapshot, plan: &LogicalPlan) -> Result<Self> {
        let cause = determinism::cause(state, plan)?;
        let wanted = plan::columns(plan);
        let plan = state.optimize(&plan::cast_to(plan.clone(), &wanted)?)?;
        let scans = scans(snapshot, &plan)?;
        let cause = match cause {
            Some(cause) => Some(cause),
            None => determinism::asks_models(&plan)?,
        };
        Ok(Self {
            plan,
            scans,
            candidates: Vec::new(),
            natural: None,
            cause,
        })
    }

    /// The plan of the first so many columns of the query, as text, without the numbers that the
    /// optimizer gives to what it names: it counts on from one plan to the next.
    pub(super) fn text(&self, state: &SessionState, width: usize) -> Result<String> {
        let columns = self.plan.schema().columns().into_iter().take(width);
        let named = columns
            .enumerate()
            .map(|(number, column)| Expr::Column(column).alias(format!("tributary:c{number}")));
        let first = LogicalPlanBuilder::from(self.plan.clone()).project(named)?;
        let plan = state.optimize(&first.build()?)?;
        Ok(without_numbers(&plan.display_indent().to_string()))
    }

    /// Whether it reads sources, which have no change feed.
    pub fn reads_sources(&self) -> bool {
        let mut inputs = self.scans.values().map(|scan| &scan.input);
        inputs.any(
            |input| matches!(input, Input::Other(object) if object.kind == Kind::ExternalTable),
        )
    }

    /// Whether the query gives other rows as time passes.
    pub fn tells_time(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| cause.tells_time)
    }

    /// Why rows whose definition was told to be another one are none of this query's. What it computes of the
    /// time is within its plan, and so within what definitions are told apart by.
    pub fn why_defined_anew(&self) -> String {
        match &self.cause {
            Some(cause) => told(&cause.obstacle),
            None => "a definition, a setting or the server has changed".to_owned(),
        }
    }

    /// Whether each row has a value of its own in this key, as far as the plan tells.
    pub fn tells_rows_apart(&self, key: &[Column]) -> bool {
        self.natural.as_deref() == Some(key)
    }

    /// How the query can be refreshed, whichever of its inputs change.
    pub fn verdict(&self) -> Verdict {
        if let Some(cause) = &self.cause {
            return Verdict::Full(cause.obstacle.clone());
        }
        if self.is_row_wise() && self.reads_files() {
            return Verdict::Added(None);
        }
        let key = match self.choose(&self.if_changed(|_| true)) {
            Ok((key, _)) => key,
            Err(obstacle) => return Verdict::Full(obstacle),
        };
        let whole = self.changing_all();
        let tables = self.scans.values().filter_map(|scan| scan.input.fed());
        let tables: BTreeSet<Oid> = tables.map(|(object, _)| object.oid).collect();
        match whole.first() {
            Some((_, obstacle)) if whole.len() >= tables.len() => Verdict::Full(obstacle.clone()),
            _ => Verdict::Keys(self.names(&key)),
        }
    }

    /// The tables whose changes may change all rows, each with what makes them do so.
    pub fn changing_all(&self) -> Vec<(Arc<Object>, Obstacle)> {
        let mut found: Vec<(Arc<Object>, Obstacle)> = Vec::new();
        for scan in self.scans.values() {
            let Some((object, _)) = scan.input.fed() else {
                continue;
            };
            let is_known = found.iter().any(|(known, _)| known.oid == object.oid);
            if is_known {
                continue;
            }
            let deltas = self.if_changed(|changed| changed.oid == object.oid);
            if let Ok((_, Delta::Everything(what))) = self.choose(&deltas) {
                let obstacle = Obstacle::new(what, "all rows depend on it");
                found.push((Arc::clone(object), obstacle));
            }
        }
        found
    }

    /// What the order tells in which the query gives its rows: something where it says so.
    pub fn arrival(&self) -> Arrival {
        match is_ordered(&self.plan) {
            true => Arrival::Tells,
            false => Arrival::TellsNothing,
        }
    }

    /// The first key that the changes can be traced by, and the delta.
    ///
    /// # Errors
    /// What is in the way of the best key.
    pub fn choose(&self, deltas: &Deltas) -> std::result::Result<(Vec<Column>, Delta), Obstacle> {
        if let Some(cause) = &self.cause {
            return Err(cause.obstacle.clone());
        }
        let (mut first, mut all) = (None, None);
        for key in &self.candidates {
            match deltas.of_query(&self.plan, key) {
                // Another key may tell more.
                Ok(everything @ Delta::Everything(_)) => {
                    all = all.or(Some((key.clone(), everything)));
                }
                Ok(delta) => return Ok((key.clone(), delta)),
                Err(obstacle) => first = first.or(Some(obstacle)),
            }
        }
        let none = || Obstacle::new("the query", "none of its columns is a key");
        all.ok_or_else(|| first.unwrap_or_else(none))
    }

    /// The names that the object's columns have for those of the plan.
    pub fn names(&self, key: &[Column]) -> Vec<String> {
        key.iter().map(|column| column.name.clone()).collect()
    }

    /// As if rows of these tables had changed.
    fn if_changed(&self, has_changed: impl Fn(&Object) -> bool) -> Deltas {
        let mut leaves = HashMap::new();
        for (key, scan) in &self.scans {
            let leaf = match &scan.input {
                Input::Fixed => Leaf::Same,
                input if input.object().is_some_and(|object| !has_changed(object)) => Leaf::Same,
                Input::Table(_) | Input::Companion(..) => {
                    let columns = scan.scan.projected_schema.as_arrow().clone();
                    Leaf::Changed(Arc::new(EmptyTable::new(Arc::new(columns))))
                }
                Input::Other(object) => {
                    let kind = object.kind;
                    Leaf::Other(format!("{} tells no changes", kind.with_article()))
                }
                Input::Unknown => Leaf::Other("it tells no changes".to_owned()),
            };
            leaves.insert(key.clone(), leaf);
        }
        Deltas::new(leaves)
    }

    /// What the rows of the plan could be told apart by.
    fn keys(&self, keyed: Option<Keyed>) -> Result<Vec<Vec<Column>>> {
        let schema = self.plan.schema();
        let mut found: Vec<Vec<Column>> = Vec::new();
        if let Some(keyed) = keyed {
            let columns = keyed.key.iter().map(|name| {
                let index = schema.index_of_column_by_name(None, name)?;
                Some(Column::from(schema.qualified_field(index)))
            });
            // Of several rows of a key one is kept, so that no other key will do.
            return Ok(columns.collect::<Option<Vec<_>>>().into_iter().collect());
        }
        // Any columns will do; by few of them more rows than need be are computed again. Arrays and records
        // come last: no index finds them.
        let has_type = |column: &Column, is_of: fn(&DataType) -> bool| {
            let index = schema.index_of_column(column);
            index.is_ok_and(|index| is_of(schema.field(index).data_type()))
        };
        let deltas = self.if_changed(|_| true);
        let traces =
            |key: &[Column]| matches!(deltas.of_query(&self.plan, key), Ok(Delta::Keys(_)));
        for is_of in [is_plain as fn(&DataType) -> bool, is_comparable] {
            let mut natural = self.natural.clone().unwrap_or_default();
            natural.retain(|column| has_type(column, is_of));
            if natural.is_empty() {
                continue;
            }
            let is_traced = traces(&natural);
            found.push(natural);
            if is_traced {
                return Ok(found);
            }
        }
        // Two columns that are traced each may not be so together, as what is chosen of groups.
        let together = |columns: &[Column]| {
            let mut traced = Vec::with_capacity(columns.len());
            let alone = columns
                .iter()
                .filter(|column| traces(std::slice::from_ref(*column)));
            for column in alone {
                traced.push(column.clone());
                if !traces(&traced) {
                    traced.pop();
                }
            }
            traced
        };
        let mut all = schema.columns();
        all.retain(|column| has_type(column, is_comparable));
        let mut plain = all.clone();
        plain.retain(|column| has_type(column, is_plain));
        let traced = together(&plain);
        if traced.is_empty() {
            found.push(together(&all));
        }
        found.extend([traced, plain]);
        found.retain(|key| !key.is_empty());
        Ok(found)
    }
}

/// Whether rows come in an order that the query asks for.
fn is_ordered(node: &LogicalPlan) -> bool {
    match node {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(projection) => is_ordered(&projection.input),
        LogicalPlan::Limit(limit) => is_ordered(&limit.input),
        _ => false,
    }
}

/// The columns of a node by which its rows are known, as far as its form tells: those of groups, and
/// keys of tables that are passed on. What it answers need not be a key; it is where to look first.
fn natural_key(snapshot: &Snapshot, node: &LogicalPlan) -> Option<Vec<Column>> {
    match node {
        LogicalPlan::TableScan(scan) => key_of(snapshot, scan),
        LogicalPlan::Filter(filter) => natural_key(snapshot, &filter.input),
        LogicalPlan::Sort(sort) => natural_key(snapshot, &sort.input),
        LogicalPlan::Window(window) => natural_key(snapshot, &window.input),
        LogicalPlan::Distinct(datafusion::logical_expr::Distinct::All(input)) => {
            natural_key(snapshot, input).or_else(|| Some(input.schema().columns()))
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let inner = natural_key(snapshot, &alias.input)?;
            below(alias.input.schema(), &alias.schema, &inner).ok()
        }
        LogicalPlan::Projection(projection) => {
            let inner = natural_key(snapshot, &projection.input)?;
            let passed = inner.iter().map(|column| {
                let mut same = vec![column.clone()];
                add_same(&projection.input, column, &mut same);
                let place = projection.expr.iter().position(|expression| {
                    let expression = expression.clone().unalias();
                    let mut same = same.iter();
                    same.any(|column| expression == Expr::Column(column.clone()))
                })?;
                Some(Column::from(projection.schema.qualified_field(place)))
            });
            passed.collect()
        }
        LogicalPlan::Aggregate(aggregate) => {
            // Of several groupings, the columns that all of them have.
            let groups = grouping_set_to_exprlist(&aggregate.group_expr).ok()?.len();
            let columns = aggregate.schema.columns().into_iter().take(groups).zip(0..);
            let columns = columns.filter(|(_, place)| grouped(aggregate, *place).is_some());
            let columns: Vec<Column> = columns.map(|(column, _)| column).collect();
            (!columns.is_empty()).then_some(columns)
        }
        LogicalPlan::Union(union) => {
            let mut keys = union.inputs.iter().map(|input| {
                let inner = natural_key(snapshot, input)?;
                below(input.schema(), &union.schema, &inner).ok()
            });
            let first = keys.next()??;
            keys.all(|key| key.as_ref() == Some(&first))
                .then_some(first)
        }
        LogicalPlan::Join(join) => {
            let left = natural_key(snapshot, &join.left);
            let right = natural_key(snapshot, &join.right);
            let is_joined_by = |key: &Option<Vec<Column>>, is_left: bool| {
                key.as_ref().is_some_and(|key| {
                    key.iter().all(|column| {
                        let column = Expr::Column(column.clone());
                        join.on
                            .iter()
                            .any(|(left, right)| column == *if is_left { left } else { right })
                    })
                })
            };
            match join.join_type {
                JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => left,
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => right,
                JoinType::Left | JoinType::Inner if is_joined_by(&right, false) => left,
                JoinType::Right | JoinType::Inner if is_joined_by(&left, true) => right,
                _ => Some(left?.into_iter().chain(right?).collect()),
            }
        }
        _ => None,
    }
}

/// The columns of a node that have the value of another one of it: what functions give of a column that
/// is grouped by.
fn add_same(node: &LogicalPlan, column: &Column, same: &mut Vec<Column>) {
    match node {
        LogicalPlan::Filter(filter) => add_same(&filter.input, column, same),
        LogicalPlan::Sort(sort) => add_same(&sort.input, column, same),
        LogicalPlan::Aggregate(aggregate) => {
            let places = 0..aggregate.schema.fields().len();
            let of = |place: usize| Column::from(aggregate.schema.qualified_field(place));
            let Some(group) = places.clone().find(|place| of(*place) == *column) else {
                return;
            };
            let Some(group) = grouped(aggregate, group) else {
                return;
            };
            let equal = places.filter(|place| {
                grouped(aggregate, *place) == Some(group) || is_one_of(aggregate, *place, group)
            });
            same.extend(equal.map(of));
        }
        _ => {}
    }
}

/// What names begin with that end in numbers: of subqueries, of what is computed once for several
/// places, of what is computed closer to a scan, and of rows that are computed once.
const NUMBERED: [&str; 4] = [
    "_sq_",
    "__common_expr_",
    "__datafusion_extracted_",
    rows_once::MARK,
];

fn without_numbers(plan: &str) -> String {
    let mut text = String::with_capacity(plan.len());
    let mut rest = plan;
    let end_of_name = |rest: &str| {
        let ends = NUMBERED.iter();
        ends.filter_map(|name| Some(rest.find(name)? + name.len()))
            .min()
    };
    while let Some(end) = end_of_name(rest) {
        let (name, after) = rest.split_at(end);
        text.push_str(name);
        rest = after.trim_start_matches(|it: char| it.is_ascii_digit());
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_the_same_whatever_the_optimizer_counted_before() {
        let plan = |number: usize| {
            let next = number + 1;
            format!(
                "Projection: __common_expr_{number} AS x, __scalar_sq_{next}.y, a1\n  \
                 Projection: f(a1) AS __common_expr_{number}, __datafusion_extracted_{next}\n  \
                 SubqueryAlias: tributary:once:{number}"
            )
        };
        assert_eq!(without_numbers(&plan(1)), without_numbers(&plan(98)));
        assert!(without_numbers(&plan(1)).contains("f(a1) AS __common_expr_, "));
    }
}
