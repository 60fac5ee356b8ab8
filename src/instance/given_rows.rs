//! Rows of functions come in the order in which these give them, as far as that is seen.
//!
//! DataFusion hands batches of rows about among cores wherever something is computed of them, behind which they are
//! in no order: `SELECT v + 1 FROM generate_series(1, 100000) v` began with a row in the middle.

use std::sync::Arc;

use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::memory::LazyMemoryExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::scalar_subquery::ScalarSubqueryExec;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::scalar::ScalarValue;

use crate::session::inner_orders::GATHERING;

/// What DataFusion makes of an element of `array_agg`, and its like.
const TAKING_ONE: [&str; 3] = ["first_value", "last_value", "nth_value"];

/// What of the order of an operator's rows is seen above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Order,
    /// The order of the elements of its lists, too, which are rows there.
    OrderOfLists,
}

/// Whether functions give rows to a plan whose order is seen: the query answers with them, numbers them, gathers
/// them or takes the first ones. Lists of the rows of tables do not count, as these are in no order, and none of
/// `few` elements, which are never handed about.
pub(super) fn are_in_order(plan: &Arc<dyn ExecutionPlan>, few: usize) -> bool {
    let mut nodes = vec![(plan, Seen::Order)];
    while let Some((node, seen)) = nodes.pop() {
        let is_given = match seen {
            Seen::Nothing => false,
            Seen::Order => node.is::<LazyMemoryExec>(),
            Seen::OrderOfLists => node.is::<LazyMemoryExec>() || node.is::<PlaceholderRowExec>(),
        };
        if is_given {
            return true;
        }
        let inputs = node.children().into_iter().enumerate();
        nodes.extend(inputs.map(|(place, input)| (input, seen_below(node, place, seen, few))));
    }
    false
}

/// What is seen of the order of the input at this place.
fn seen_below(node: &Arc<dyn ExecutionPlan>, place: usize, seen: Seen, few: usize) -> Seen {
    if let Some(aggregate) = node.downcast_ref::<AggregateExec>() {
        return match gathers(aggregate) {
            true => Seen::Order,
            false => Seen::Nothing,
        };
    }
    if node.is::<ScalarSubqueryExec>() {
        return match place {
            0 => seen,
            _ => Seen::Order,
        };
    }
    if node.children().len() > 1 || orders(node) {
        return Seen::Nothing;
    }
    let is_of_first_rows = node.is::<GlobalLimitExec>() || node.is::<LocalLimitExec>();
    let is_window = node.is::<WindowAggExec>() || node.is::<BoundedWindowAggExec>();
    match seen {
        Seen::Nothing if is_of_first_rows || is_window => Seen::Order,
        Seen::Order if node.is::<UnnestExec>() => match are_short(node, few) {
            true => Seen::Nothing,
            false => Seen::OrderOfLists,
        },
        Seen::Order | Seen::OrderOfLists if keeps_order(node) => seen,
        _ => Seen::Nothing,
    }
}

/// Whether an aggregate gathers values in no order of its own.
fn gathers(aggregate: &AggregateExec) -> bool {
    let mut calls = aggregate.aggr_expr().iter();
    calls.any(|call| {
        let name = call.fun().name();
        let depends = GATHERING.contains(&name) || TAKING_ONE.contains(&name);
        depends && call.order_bys().is_empty()
    })
}

/// Whether an operator takes rows in an order of its own.
fn orders(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.required_input_ordering().iter().any(Option::is_some)
}

fn keeps_order(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.is::<UnnestExec>() || node.maintains_input_order().iter().all(|keeps| *keeps)
}

/// Whether the lists that an operator takes apart are known, and have no more elements than `few`.
fn are_short(node: &Arc<dyn ExecutionPlan>, few: usize) -> bool {
    let [input] = node.children()[..] else {
        return false;
    };
    let Some(projection) = input.downcast_ref::<ProjectionExec>() else {
        return false;
    };
    projection.expr().iter().all(|column| {
        let value = column.expr.downcast_ref::<Literal>().map(Literal::value);
        match value {
            Some(ScalarValue::List(list)) => list.values().len() <= few,
            Some(_) => true,
            None => false,
        }
    })
}
