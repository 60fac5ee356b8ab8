//! Finds, in the filter of a join, a similarity that an index can serve.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::JoinSide;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, conjunction_opt, split_conjunction};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};

use super::comparison::Comparison;
use super::predicate::{Bound, Metric, Predicate};
use super::similarity::Similarity;

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
        let (first, second) = comparison.texts();
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

pub(super) fn is_text(data_type: &DataType) -> bool {
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
