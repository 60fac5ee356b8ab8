//! Finds, in the filter of a join, a similarity that an index can serve.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Schema};
use datafusion::common::JoinSide;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{Operator, ScalarUDF};
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Column, Literal, lit};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{
    PhysicalExpr, ScalarFunctionExpr, conjunction_opt, split_conjunction,
};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};

use super::bound;
use super::predicate::{Bound, Metric, Predicate};
use super::similarity::Similarity;
use crate::TrigramThresholds;

/// A filter, taken apart.
#[derive(Debug)]
pub(super) struct Recognized {
    pub(super) similarity: Similarity,
    /// What remains of the filter.
    pub(super) filter: Option<JoinFilter>,
}

/// The most selective similarity of a filter, if there is one at all.
pub(super) fn recognize(
    filter: &JoinFilter,
    left: &Schema,
    right: &Schema,
) -> Result<Option<Recognized>> {
    let conjuncts = split_conjunction(filter.expression());
    let mut best: Option<(usize, Conjunct)> = None;
    for (place, conjunct) in conjuncts.iter().enumerate() {
        let Some(found) = Conjunct::new(conjunct, filter, left, right)? else {
            continue;
        };
        let better = best.as_ref().is_none_or(|(_, best)| {
            selectivity(&found.similarity.predicate) < selectivity(&best.similarity.predicate)
        });
        if better {
            best = Some((place, found));
        }
    }
    let Some((place, found)) = best else {
        return Ok(None);
    };
    let remaining = conjuncts
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != place || !found.is_implied)
        .map(|(_, conjunct)| Arc::clone(conjunct));
    let filter = match conjunction_opt(remaining) {
        None => None,
        Some(remaining) => Some(narrowed(filter, remaining)?),
    };
    Ok(Some(Recognized {
        similarity: found.similarity,
        filter,
    }))
}

/// A rough order of predicates by how few pairs they let through, and how fast these are found.
fn selectivity(predicate: &Predicate) -> f64 {
    match predicate.bound {
        Bound::AtMost(distance) => 0.1 * f64::from(distance),
        Bound::AtLeast(similarity) => {
            let similarity = match predicate.metric {
                Metric::TokenSet | Metric::TokenSort => similarity / 100.0,
                _ => similarity,
            };
            let weight = match predicate.metric {
                // A text that has all words of the other is as similar as its equal, and an
                // n-gram or a letter of any text is found in many others.
                Metric::TokenSet | Metric::Overlap { .. } => 4.0,
                Metric::Jaro | Metric::JaroWinkler => 3.0,
                _ => 2.0,
            };
            weight * (1.0 - similarity)
        }
    }
}

/// A condition that an index can serve.
struct Conjunct {
    similarity: Similarity,
    /// Whether the index leaves nothing to be tested.
    is_implied: bool,
}

impl Conjunct {
    fn new(
        conjunct: &Arc<dyn PhysicalExpr>,
        filter: &JoinFilter,
        left: &Schema,
        right: &Schema,
    ) -> Result<Option<Self>> {
        let Some(comparison) = Comparison::new(conjunct) else {
            return Ok(None);
        };
        let Some(predicate) = comparison.predicate() else {
            return Ok(None);
        };
        let columns = filter.column_indices();
        let arguments = comparison.call.args();
        let (first, second) = (&arguments[0], &arguments[1]);
        let (left_text, right_text) = match (side(first, columns), side(second, columns)) {
            (Some(JoinSide::Left), Some(JoinSide::Right)) => (first, second),
            (Some(JoinSide::Right), Some(JoinSide::Left)) => (second, first),
            _ => return Ok(None),
        };
        let left_text = over_side(left_text, columns, left)?;
        let right_text = over_side(right_text, columns, right)?;
        if !is_text(&left_text.data_type(left)?) || !is_text(&right_text.data_type(right)?) {
            return Ok(None);
        }
        let swapped = side(first, columns) == Some(JoinSide::Right);
        let comparison_of_texts = comparison.of_texts(swapped)?;
        Ok(Some(Self {
            similarity: Similarity {
                predicate,
                left: left_text,
                right: right_text,
                comparison: comparison_of_texts,
            },
            is_implied: comparison.is_implied(),
        }))
    }
}

/// `call operator constant`, or a call that is a condition itself.
struct Comparison<'a> {
    call: &'a ScalarFunctionExpr,
    /// The call, perhaps in casts.
    called: &'a Arc<dyn PhysicalExpr>,
    with: Option<(Operator, &'a Literal)>,
}

impl<'a> Comparison<'a> {
    fn new(conjunct: &'a Arc<dyn PhysicalExpr>) -> Option<Self> {
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

    fn predicate(&self) -> Option<Predicate> {
        let Some((operator, constant)) = self.with else {
            return alike(self.call);
        };
        let metric = metric(self.call)?;
        let bound = if is_distance(metric) {
            bound::of_distance(operator, constant.value())?
        } else {
            bound::of_similarity(operator, constant.value())?
        };
        let bound = with_argument(self.call, bound)?;
        Some(Predicate { metric, bound })
    }

    /// Whether a pair within the bound satisfies the comparison.
    fn is_implied(&self) -> bool {
        !matches!(self.with, Some((Operator::Eq, _)))
    }

    /// The comparison over the columns `left` and `right`; what `=` bounds is what an index finds.
    fn of_texts(&self, swapped: bool) -> Result<Arc<dyn PhysicalExpr>> {
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
        let operator = match (operator, metric(self.call).is_some_and(is_distance)) {
            (Operator::Eq, true) => Operator::LtEq,
            (Operator::Eq, false) => Operator::GtEq,
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

fn is_distance(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Levenshtein | Metric::Osa | Metric::DamerauLevenshtein | Metric::Hamming
    )
}

/// What a call compares texts by, and nothing else.
fn metric(call: &ScalarFunctionExpr) -> Option<Metric> {
    let count = call.args().len();
    let ngrams = |default: u32| match call.args().get(2) {
        None => Some(default),
        Some(n) => number(n).filter(|n| n.fract() == 0.0).map(|n| n as u32),
    };
    Some(match (call.fun().name(), count) {
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
        ("token_sort_ratio", 2) => Metric::TokenSort,
        ("token_set_ratio", 2) => Metric::TokenSet,
        _ => return None,
    })
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

/// The one side whose columns an expression reads.
fn side(expression: &Arc<dyn PhysicalExpr>, columns: &[ColumnIndex]) -> Option<JoinSide> {
    if is_volatile(expression) {
        return None;
    }
    let mut sides = collect_columns(expression)
        .into_iter()
        .map(|column| columns.get(column.index()).map(|column| column.side));
    let first = sides.next()??;
    let same = sides.all(|side| side == Some(first));
    (same && first != JoinSide::None).then_some(first)
}

/// An expression over a filter's columns, over those of a side.
fn over_side(
    expression: &Arc<dyn PhysicalExpr>,
    columns: &[ColumnIndex],
    schema: &Schema,
) -> Result<Arc<dyn PhysicalExpr>> {
    Arc::clone(expression)
        .transform(|node| {
            let Some(column) = node.downcast_ref::<Column>() else {
                return Ok(Transformed::no(node));
            };
            let index = columns[column.index()].index;
            let column = Column::new(schema.field(index).name(), index);
            Ok(Transformed::yes(Arc::new(column) as _))
        })
        .data()
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// A filter of which only a part remains, with the columns that this needs.
fn narrowed(filter: &JoinFilter, remaining: Arc<dyn PhysicalExpr>) -> Result<JoinFilter> {
    let mut used: Vec<usize> = collect_columns(&remaining)
        .into_iter()
        .map(|column| column.index())
        .collect();
    used.sort_unstable();
    let columns = used
        .iter()
        .map(|at| filter.column_indices()[*at].clone())
        .collect();
    let schema = filter.schema().project(&used)?;
    let remaining = remaining
        .transform(|node| {
            let Some(column) = node.downcast_ref::<Column>() else {
                return Ok(Transformed::no(node));
            };
            let Ok(at) = used.binary_search(&column.index()) else {
                return Ok(Transformed::no(node));
            };
            let column = Column::new(column.name(), at);
            Ok(Transformed::yes(Arc::new(column) as _))
        })
        .data()?;
    Ok(JoinFilter::new(remaining, columns, Arc::new(schema)))
}
