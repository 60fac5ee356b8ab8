//! A similarity compared with a constant, as an expression.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{Operator, ScalarUDF};
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Column, Literal, lit};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use super::bound;
use super::predicate::{Bound, Metric, Predicate};
use crate::TrigramThresholds;

/// `call operator constant`, or a call that is a condition itself.
pub(super) struct Comparison<'a> {
    call: &'a ScalarFunctionExpr,
    /// The call, perhaps in casts.
    called: &'a Arc<dyn PhysicalExpr>,
    with: Option<(Operator, &'a Literal)>,
}

impl<'a> Comparison<'a> {
    /// Reads a condition; `None` where it compares no call of this library with a constant.
    pub(super) fn new(conjunct: &'a Arc<dyn PhysicalExpr>) -> Option<Self> {
        if let Some(call) = call_in(conjunct) {
            return Some(Self {
                call,
                called: conjunct,
                with: None,
            });
        }
        let binary = conjunct.downcast_ref::<BinaryExpr>()?;
        let (left, right) = (binary.left(), binary.right());
        let (called, operator, constant) = match (call_in(left), call_in(right)) {
            (Some(_), None) => (left, *binary.op(), right),
            (None, Some(_)) => (right, binary.op().swap()?, left),
            _ => return None,
        };
        Some(Self {
            call: call_in(called)?,
            called,
            with: Some((operator, constant.downcast_ref::<Literal>()?)),
        })
    }

    /// What the condition asks for, where an index can serve it.
    pub(super) fn predicate(&self) -> Option<Predicate> {
        let Some((operator, constant)) = self.with else {
            return alike(self.call);
        };
        let (metric, scale) = metric(self.call)?;
        let bound = match scale {
            Scale::Edits => bound::of_distance(operator, constant.value())?,
            Scale::Similarity => bound::of_similarity(operator, constant.value())?,
            Scale::Trigrams => bound::of_trigram_distance(operator, constant.value())?,
        };
        let bound = with_argument(self.call, bound)?;
        Some(Predicate { metric, bound })
    }

    /// The predicate of a condition that [`Self::of_texts`] made; `None` of any other.
    pub(super) fn predicate_of_texts(condition: &'a Arc<dyn PhysicalExpr>) -> Option<Predicate> {
        let read = Self::new(condition)?;
        let predicate = read.predicate()?;
        let place = |text: &Arc<dyn PhysicalExpr>| text.downcast_ref().map(Column::index);
        let (first, second) = read.texts();
        let of_texts = matches!(
            (place(first), place(second)),
            (Some(0), Some(1)) | (Some(1), Some(0))
        );
        (of_texts && read.is_implied()).then_some(predicate)
    }

    /// The texts that are compared, of a condition that has a predicate.
    pub(super) fn texts(&self) -> (&'a Arc<dyn PhysicalExpr>, &'a Arc<dyn PhysicalExpr>) {
        (&self.call.args()[0], &self.call.args()[1])
    }

    /// Whether a pair within the bound satisfies the comparison.
    pub(super) fn is_implied(&self) -> bool {
        !matches!(self.with, Some((Operator::Eq, _)))
    }

    /// The comparison over the columns `left` and `right`; what `=` bounds is what an index finds.
    pub(super) fn of_texts(&self, swapped: bool) -> Result<Arc<dyn PhysicalExpr>> {
        let columns: [Arc<dyn PhysicalExpr>; 2] = [
            Arc::new(Column::new("left", 0)),
            Arc::new(Column::new("right", 1)),
        ];
        let called = Arc::clone(self.called)
            .transform_down(|node| {
                let Some(call) = node.downcast_ref::<ScalarFunctionExpr>() else {
                    return Ok(Transformed::no(node));
                };
                let mut arguments = call.args().to_vec();
                arguments[0] = Arc::clone(&columns[usize::from(swapped)]);
                arguments[1] = Arc::clone(&columns[usize::from(!swapped)]);
                let node = node.with_new_children(arguments)?;
                Ok(Transformed::new(node, true, TreeNodeRecursion::Stop))
            })
            .data()?;
        let Some((operator, constant)) = self.with else {
            return Ok(called);
        };
        let operator = match (operator, metric(self.call)) {
            (Operator::Eq, Some((_, Scale::Similarity))) => Operator::GtEq,
            (Operator::Eq, _) => Operator::LtEq,
            (operator, _) => operator,
        };
        let constant = lit(constant.value().clone());
        Ok(Arc::new(BinaryExpr::new(called, operator, constant)))
    }
}

/// What the operator `%` asks for, which takes its bound from a setting.
fn alike(call: &ScalarFunctionExpr) -> Option<Predicate> {
    if call.fun().name() != "similarity_op" || call.args().len() != 2 {
        return None;
    }
    let thresholds = call.config_options().extensions.get::<TrigramThresholds>();
    let threshold = match thresholds {
        Some(thresholds) => thresholds.similarity_threshold,
        None => TrigramThresholds::default().similarity_threshold,
    };
    (threshold > 0.0).then_some(Predicate {
        metric: Metric::Trigram,
        bound: Bound::AtLeast(threshold),
    })
}

/// The call of a function of this library, perhaps in casts that keep the order of its values.
fn call_in(expression: &Arc<dyn PhysicalExpr>) -> Option<&ScalarFunctionExpr> {
    if let Some(cast) = expression.downcast_ref::<CastExpr>() {
        let wider = matches!(cast.cast_type(), DataType::Int64 | DataType::Float64);
        return if wider { call_in(cast.expr()) } else { None };
    }
    let call = expression.downcast_ref::<ScalarFunctionExpr>()?;
    is_own(call.fun()).then_some(call)
}

/// Whether a function is of this library, rather than another of the same name.
pub(super) fn is_own(function: &ScalarUDF) -> bool {
    static OWN: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(crate::all_scalar_functions);
    OWN.iter().any(|own| own.as_ref() == function)
}

/// What the values of a function are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Scale {
    /// Numbers of edits.
    Edits,
    /// Large for texts that are alike.
    Similarity,
    /// pg_trgm's distance: 1 less the similarity.
    Trigrams,
}

/// What a call compares texts by, and nothing else.
fn metric(call: &ScalarFunctionExpr) -> Option<(Metric, Scale)> {
    let count = call.args().len();
    let ngrams = |default: u32| match call.args().get(2) {
        None => Some(default),
        Some(n) => number(n).filter(|n| n.fract() == 0.0).map(|n| n as u32),
    };
    let metric = match (call.fun().name(), count) {
        ("levenshtein", 2) => Metric::Levenshtein,
        ("levenshtein", 5) | ("levenshtein_less_equal", 6) if has_unit_costs(call) => {
            Metric::Levenshtein
        }
        ("levenshtein_less_equal", 3) | ("edit_distance", 2) => Metric::Levenshtein,
        ("osa_distance", 2 | 3) => Metric::Osa,
        ("damerau_levenshtein", 2 | 3) => Metric::DamerauLevenshtein,
        ("hamming", 2) => Metric::Hamming,
        ("normalized_levenshtein", 2 | 3) => Metric::NormalizedLevenshtein,
        ("jaro_similarity", 2 | 3) => Metric::Jaro,
        ("jaro_winkler_similarity", 2 | 3) => Metric::JaroWinkler,
        ("jaccard", 2 | 3) => Metric::Jaccard { n: ngrams(1)? },
        ("sorensen_dice", 2 | 3) => Metric::Dice { n: ngrams(2)? },
        ("cosine", 2 | 3) => Metric::Cosine { n: ngrams(2)? },
        ("overlap_coefficient", 2 | 3) => Metric::Overlap { n: ngrams(2)? },
        ("similarity", 2) => Metric::Trigram,
        ("similarity_dist", 2) => return Some((Metric::Trigram, Scale::Trigrams)),
        ("token_sort_ratio", 2) => Metric::TokenSort,
        ("token_set_ratio", 2) => Metric::TokenSet,
        _ => return None,
    };
    let scale = match metric {
        Metric::Levenshtein | Metric::Osa | Metric::DamerauLevenshtein | Metric::Hamming => {
            Scale::Edits
        }
        _ => Scale::Similarity,
    };
    Some((metric, scale))
}

fn has_unit_costs(call: &ScalarFunctionExpr) -> bool {
    call.args()[2..5]
        .iter()
        .all(|cost| number(cost) == Some(1.0))
}

/// The bound, together with that of the call's own last argument.
fn with_argument(call: &ScalarFunctionExpr, bound: Bound) -> Option<Bound> {
    let argument = || call.args().last().and_then(number);
    match (call.fun().name(), call.args().len(), bound) {
        // Beyond its argument, the function may answer anything that is greater.
        ("levenshtein_less_equal", _, Bound::AtMost(distance))
        | ("osa_distance" | "damerau_levenshtein", 3, Bound::AtMost(distance)) => {
            (f64::from(distance) <= argument()?).then_some(bound)
        }
        // Below its argument, the function answers 0; outside of 0 to 1 it is an error.
        (
            "jaro_similarity" | "jaro_winkler_similarity" | "normalized_levenshtein",
            3,
            Bound::AtLeast(similarity),
        ) => {
            let cutoff = argument().filter(|cutoff| (0.0..=1.0).contains(cutoff))?;
            Some(Bound::AtLeast(similarity.max(cutoff)))
        }
        _ => Some(bound),
    }
}

fn number(expression: &Arc<dyn PhysicalExpr>) -> Option<f64> {
    bound::number(expression.downcast_ref::<Literal>()?.value())
}
