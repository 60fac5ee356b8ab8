//! Keeps filters from coming to stand on another column of the same name.
//!
//! As DataFusion moves conditions down a plan of operators, it looks for their columns by name, and
//! takes the first one of it. The rows of a join may have several: `id` of orders and `id` of
//! customers. A condition on the second would be asked of the first, on its side of the join.
//!
//! Nor are filters moved where no scan takes any: that leaves the plan as it is, for much of the time in
//! which the catalog's queries are planned.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::filter_pushdown::ChildFilterDescription;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use crate::unary::{Unary, UnaryExec};

type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// These rules, of which those that move filters move none by a name that is not one column's.
pub(super) fn guard(rules: Vec<Rule>) -> Vec<Rule> {
    let guarded = rules.into_iter().map(|rule| match rule.name() {
        "FilterPushdown" | "FilterPushdown(Post)" => Arc::new(ByUniqueNames(rule)) as Rule,
        _ => rule,
    });
    guarded.collect()
}

#[derive(Debug)]
struct ByUniqueNames(Rule);

impl PhysicalOptimizerRule for ByUniqueNames {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // Each filter stays where it is, which need not be found out.
        if !takes_filters(&plan) {
            return Ok(plan);
        }
        let plan = plan.transform_up(|plan| {
            Ok(match Barrier::before(&plan) {
                Some(barrier) => Transformed::yes(Arc::new(UnaryExec::new(plan, barrier)) as _),
                None => Transformed::no(plan),
            })
        });
        let plan = self.0.optimize(plan.data()?, config)?;
        plan.transform_up(|plan| {
            Ok(match plan.downcast_ref::<UnaryExec<Barrier>>() {
                Some(barrier) => Transformed::yes(Arc::clone(&barrier.input)),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// Whether a plan has scans that take filters: of rows that are at hand none does.
fn takes_filters(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let children = plan.children();
    match children.is_empty() {
        true => !gives_rows_at_hand(plan),
        false => children.into_iter().any(takes_filters),
    }
}

fn gives_rows_at_hand(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let scan = plan.downcast_ref::<DataSourceExec>();
    let is_of_memory = scan.is_some_and(|scan| {
        let source = scan.data_source();
        source.downcast_ref::<MemorySourceConfig>().is_some()
    });
    is_of_memory || plan.downcast_ref::<PlaceholderRowExec>().is_some()
}

/// Lets those filters alone pass to its input whose columns can be found by name. It stands in a plan
/// only as long as filters are moved.
#[derive(Clone, Debug)]
struct Barrier {
    /// The places of columns whose names no other has.
    unique: HashSet<usize>,
}

impl Barrier {
    /// That before an operator, if it needs one.
    fn before(plan: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        let unique = match mixes_names(plan) {
            true => HashSet::new(),
            false => unique_columns(plan.as_ref()),
        };
        (unique.len() < plan.schema().fields().len()).then_some(Self { unique })
    }
}

/// Whether an operator takes filters in that it looks for by name among others: one that filters, and
/// leaves out columns then.
fn mixes_names(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.downcast_ref::<FilterExec>().is_some_and(|filter| {
        let input = filter.input();
        unique_columns(input.as_ref()).len() < input.schema().fields().len()
    })
}

fn unique_columns(plan: &dyn ExecutionPlan) -> HashSet<usize> {
    let schema = plan.schema();
    let (mut seen, mut repeated) = (HashSet::new(), HashSet::new());
    for field in schema.fields() {
        if !seen.insert(field.name()) {
            repeated.insert(field.name());
        }
    }
    let fields = schema.fields().iter().enumerate();
    fields
        .filter(|(_, field)| !repeated.contains(field.name()))
        .map(|(place, _)| place)
        .collect()
}

impl Unary for Barrier {
    const NAME: &'static str = "UniqueNamesExec";

    fn filters(
        &self,
        filters: &[Arc<dyn PhysicalExpr>],
        input: &Arc<dyn ExecutionPlan>,
    ) -> Result<ChildFilterDescription> {
        let unique = self.unique.clone();
        ChildFilterDescription::from_child_with_allowed_indices(filters, unique, input)
    }
}
