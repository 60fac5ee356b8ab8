//! A plan as PostgreSQL's programs read it: operators by the names that it has for what they do, with what
//! this server says of them.

use datafusion::common::stats::Precision;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::{ExecutionPlan, displayable};

use super::format::{Property, Value};

/// PostgreSQL's names of what operators do.
const NAMES: [(&str, &str); 21] = [
    ("AggregateExec", "Aggregate"),
    ("BoundedWindowAggExec", "WindowAgg"),
    ("CoalescePartitionsExec", "Gather"),
    ("CrossJoinExec", "Nested Loop"),
    ("DataSourceExec", "Seq Scan"),
    ("EmptyExec", "Result"),
    ("FilterExec", "Filter"),
    ("GlobalLimitExec", "Limit"),
    ("HashJoinExec", "Hash Join"),
    ("InterleaveExec", "Append"),
    ("LocalLimitExec", "Limit"),
    ("NestedLoopJoinExec", "Nested Loop"),
    ("PlaceholderRowExec", "Result"),
    ("RecursiveQueryExec", "Recursive Union"),
    ("SortExec", "Sort"),
    ("SortMergeJoinExec", "Merge Join"),
    ("SortPreservingMergeExec", "Gather Merge"),
    ("UnionExec", "Append"),
    ("UnnestExec", "ProjectSet"),
    ("WindowAggExec", "WindowAgg"),
    ("WorkTableExec", "WorkTable Scan"),
];

/// What is told of each operator beyond its name.
#[derive(Clone, Copy)]
pub(super) struct Told {
    /// The columns that it gives.
    pub(super) verbose: bool,
    /// How many rows it is thought to give.
    pub(super) costs: bool,
    /// How many rows it gave.
    pub(super) analyze: bool,
}

/// An operator with its inputs.
pub(super) fn node(plan: &dyn ExecutionPlan, told: Told) -> Vec<Property> {
    of_place(plan, told, &StatisticsContext::new(), None)
}

/// [`node`] at a place among the inputs of another one.
fn of_place(
    plan: &dyn ExecutionPlan,
    told: Told,
    context: &StatisticsContext,
    place: Option<&'static str>,
) -> Vec<Property> {
    let inputs = plan.children();
    // What computes a row of constants is one operator to PostgreSQL.
    let is_constant = plan.name() == "ProjectionExec"
        && matches!(inputs.as_slice(), [input] if input.name() == "PlaceholderRowExec");
    let name = match is_constant {
        true => "Result",
        false => called(plan.name()),
    };
    let mut properties = vec![("Node Type", Value::Text(name.to_owned()))];
    if let Some(place) = place {
        properties.push(("Parent Relationship", Value::Text(place.to_owned())));
    }
    properties.push(("Parallel Aware", Value::Truth(false)));
    properties.push(("Async Capable", Value::Truth(false)));
    if told.costs
        && let Ok(statistics) = context.compute(plan, &StatisticsArgs::new())
        && let Precision::Exact(rows) | Precision::Inexact(rows) = statistics.num_rows
    {
        properties.push(("Plan Rows", Value::Number(rows.to_string())));
    }
    if let Some(metrics) = plan.metrics().filter(|_| told.analyze)
        && let Some(rows) = metrics.output_rows()
    {
        properties.push(("Actual Rows", Value::Number(rows.to_string())));
        properties.push(("Actual Loops", Value::Number("1".to_owned())));
    }
    if told.verbose {
        let schema = plan.schema();
        let columns = schema.fields().iter().map(|field| field.name().clone());
        let columns = columns.map(Value::Text).collect();
        properties.push(("Output", Value::List("Item", columns)));
    }
    if is_constant {
        return properties;
    }
    let line = displayable(plan).one_line().to_string();
    properties.push(("Operator", Value::Text(line.trim_end().to_owned())));
    let is_append = name == "Append";
    let plans = inputs.iter().enumerate().map(|(index, input)| {
        let place = match index {
            _ if is_append => "Member",
            0 => "Outer",
            _ => "Inner",
        };
        Value::Record(of_place(input.as_ref(), told, context, Some(place)))
    });
    let plans: Vec<Value> = plans.collect();
    if !plans.is_empty() {
        properties.push(("Plans", Value::List("Plan", plans)));
    }
    properties
}

/// The name of an operator, without what tells how it works: `SortExec(TopK)`.
fn called(name: &str) -> &str {
    let name = name.split_once('(').map_or(name, |(name, _)| name);
    match NAMES.iter().find(|(own, _)| *own == name) {
        Some((_, known)) => known,
        None => name.strip_suffix("Exec").unwrap_or(name),
    }
}
