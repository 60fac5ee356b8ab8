//! Comparisons of a distance or similarity with a constant, which need no more than that bound.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, LogicalPlan, Operator, ScalarUDF, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use super::{
    damerau_levenshtein, edit_distance, jaro_similarity, jaro_winkler_similarity, levenshtein,
    levenshtein_less_equal, normalized_levenshtein, osa_distance,
};
use crate::arguments::{Function, declare};
use crate::node_expressions::rewrite_parts;

/// Gives the functions of this folder the bound that a comparison with a constant implies:
/// `levenshtein(a, b) <= 2` becomes `levenshtein_less_equal(a, b, 2) <= 2`, and
/// `jaro_similarity(a, b) >= 0.9` becomes `jaro_similarity(a, b, 0.9) >= 0.9`. The truth value is
/// the same for every input, NULL too; the answer comes sooner.
///
/// A call that a plan node has more than once stays as it is, so that it is still computed once
/// for all.
#[derive(Debug, Default)]
pub(crate) struct BoundComparisons;

/// What a bound makes of a function.
#[derive(Clone)]
enum Bound {
    /// The greatest distance of interest is the third argument of this function.
    Distance(Arc<ScalarUDF>),
    /// The least similarity of interest, from 0 to 1, is the third argument of the same function.
    Similarity,
}

/// The functions that have a bound, by name.
static BOUNDS: LazyLock<HashMap<&'static str, (Arc<ScalarUDF>, Bound)>> = LazyLock::new(|| {
    let distances: [(&Function, &Function); 4] = [
        (&levenshtein::FUNCTION, &levenshtein_less_equal::FUNCTION),
        (&edit_distance::FUNCTION, &levenshtein_less_equal::FUNCTION),
        (&osa_distance::FUNCTION, &osa_distance::FUNCTION),
        (
            &damerau_levenshtein::FUNCTION,
            &damerau_levenshtein::FUNCTION,
        ),
    ];
    let similarities: [&Function; 3] = [
        &jaro_similarity::FUNCTION,
        &jaro_winkler_similarity::FUNCTION,
        &normalized_levenshtein::FUNCTION,
    ];
    let mut bounds = HashMap::new();
    for (function, of_bound) in distances {
        for (declared, of_bound) in declare(&[function]).into_iter().zip(declare(&[of_bound])) {
            bounds.insert(function.form.name, (declared, Bound::Distance(of_bound)));
        }
    }
    for function in similarities {
        for declared in declare(&[function]) {
            bounds.insert(function.form.name, (declared, Bound::Similarity));
        }
    }
    bounds
});

impl OptimizerRule for BoundComparisons {
    fn name(&self) -> &str {
        "bound_similarity_comparisons"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let computes = matches!(
            plan,
            LogicalPlan::Filter(_)
                | LogicalPlan::Join(_)
                | LogicalPlan::Projection(_)
                | LogicalPlan::Aggregate(_)
        );
        let calls = if computes {
            calls(&plan)?
        } else {
            HashMap::new()
        };
        if calls.is_empty() {
            return Ok(Transformed::no(plan));
        }
        rewrite_parts(plan, |part| Ok(bounded(part, &calls)))
    }
}

/// The calls that may get a bound, and how often the node has each.
fn calls(plan: &LogicalPlan) -> Result<HashMap<ScalarFunction, usize>> {
    let mut calls = HashMap::new();
    plan.apply_expressions(|expression| {
        expression.apply(|expression| {
            if let Some((call, _)) = bound_of(expression) {
                *calls.entry(call.clone()).or_default() += 1;
            }
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(calls)
}

/// A call of two arguments of a function that takes a bound.
fn bound_of(expression: &Expr) -> Option<(&ScalarFunction, &'static Bound)> {
    let Expr::ScalarFunction(call) = expression else {
        return None;
    };
    let (function, bound) = BOUNDS.get(call.func.name())?;
    (*function == call.func && call.args.len() == 2).then_some((call, bound))
}

/// A comparison with a bound in it, where the expression is one that can have it.
fn bounded(expression: Expr, calls: &HashMap<ScalarFunction, usize>) -> Transformed<Expr> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = &expression else {
        return Transformed::no(expression);
    };
    let with_bound = |called: &Expr, operator: Operator, constant: &Expr| {
        let constant = number(constant)?;
        with_bound(called, operator, constant, calls)
    };
    let rewritten = match with_bound(left, *op, right) {
        Some(left) => Some((left, (**right).clone())),
        None => op
            .swap()
            .and_then(|operator| with_bound(right, operator, left))
            .map(|right| ((**left).clone(), right)),
    };
    match rewritten {
        None => Transformed::no(expression),
        Some((left, right)) => Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(
            Box::new(left),
            *op,
            Box::new(right),
        ))),
    }
}

/// A call with the bound of its comparison.
fn with_bound(
    called: &Expr,
    operator: Operator,
    constant: f64,
    calls: &HashMap<ScalarFunction, usize>,
) -> Option<Expr> {
    // A distance keeps its value where it is compared as a wider number. A similarity does as what
    // it is; as another type it might be rounded onto the constant.
    if let Expr::Cast(cast) = called
        && let Some((_, bound)) = bound_of(&cast.expr)
        && matches!(
            (bound, cast.field.data_type()),
            (_, DataType::Float64) | (Bound::Distance(_), DataType::Int64 | DataType::Float32)
        )
    {
        let inner = with_bound(&cast.expr, operator, constant, calls)?;
        let field = Arc::clone(&cast.field);
        return Some(Expr::Cast(Cast {
            expr: Box::new(inner),
            field,
        }));
    }
    let (call, bound) = bound_of(called)?;
    if calls.get(call) != Some(&1) {
        return None;
    }
    let (function, bound) = match bound {
        Bound::Distance(of_bound) => (of_bound, lit(greatest(operator, constant)?)),
        Bound::Similarity => (&call.func, lit(least(operator, constant)?)),
    };
    let mut args = call.args.clone();
    args.push(bound);
    let call = ScalarFunction::new_udf(Arc::clone(function), args);
    Some(Expr::ScalarFunction(call))
}

/// The greatest distance that must be told from those beyond it, for the comparison to hold as
/// before.
fn greatest(operator: Operator, constant: f64) -> Option<i64> {
    let greatest = match operator {
        Operator::Lt | Operator::GtEq => constant.ceil() - 1.0,
        Operator::LtEq | Operator::Gt | Operator::Eq | Operator::NotEq => constant.floor(),
        _ => return None,
    };
    // A negative bound would be none.
    (0.0..f64::from(i32::MAX))
        .contains(&greatest)
        .then_some(greatest as i64)
}

/// The least similarity that must be told from 0, for the comparison to hold as before.
fn least(operator: Operator, constant: f64) -> Option<f64> {
    let compares = matches!(
        operator,
        Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::Eq
            | Operator::NotEq
    );
    (compares && constant > 0.0 && constant <= 1.0).then_some(constant)
}

/// A constant number that is not NULL.
fn number(expression: &Expr) -> Option<f64> {
    let Expr::Literal(value, _) = expression else {
        return None;
    };
    if !value.data_type().is_numeric() {
        return None;
    }
    match value.cast_to(&DataType::Float64).ok()? {
        ScalarValue::Float64(number) => number,
        _ => None,
    }
}
