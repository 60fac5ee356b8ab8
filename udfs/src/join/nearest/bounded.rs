//! A similarity to a constant, computed no further than a bound.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, Float64Type, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_expr::expressions::{Literal, lit};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_expr_common::physical_expr::is_volatile;

use super::super::comparison::is_own;

/// Distances, each with the name of the form that takes a bound as its last argument, where there
/// is one. The others are counted in one pass over a text, which a bound does not shorten.
const DISTANCES: [(&str, Option<&str>); 6] = [
    ("levenshtein", Some("levenshtein_less_equal")),
    ("edit_distance", Some("levenshtein_less_equal")),
    ("damerau_levenshtein", Some("damerau_levenshtein")),
    ("osa_distance", Some("osa_distance")),
    ("hamming", None),
    ("similarity_dist", None),
];

/// Similarities, in the same way.
const SIMILARITIES: [(&str, Option<&str>); 10] = [
    ("normalized_levenshtein", Some("normalized_levenshtein")),
    ("jaro_similarity", Some("jaro_similarity")),
    ("jaro_winkler_similarity", Some("jaro_winkler_similarity")),
    ("similarity", None),
    ("jaccard", None),
    ("sorensen_dice", None),
    ("cosine", None),
    ("overlap_coefficient", None),
    ("token_sort_ratio", None),
    ("token_set_ratio", None),
];

/// Those that may be told how many characters an n-gram has.
const OF_NGRAMS: [&str; 4] = ["jaccard", "sorensen_dice", "cosine", "overlap_coefficient"];

/// What rows are ordered by: the nearest first.
#[derive(Clone, Debug)]
pub(in crate::join) struct Bounded {
    expression: Arc<dyn PhysicalExpr>,
    /// The function that computes it up to a bound.
    form: Option<Arc<ScalarUDF>>,
    /// Whether large values are near.
    pub(super) is_similarity: bool,
    /// Whether NULL comes first, so that such rows are all to be kept.
    pub(super) nulls_first: bool,
}

impl Bounded {
    /// A call that compares texts with a constant, in the order in which the nearest come first.
    pub(in crate::join) fn new(
        expression: &Arc<dyn PhysicalExpr>,
        options: SortOptions,
        schema: &Schema,
    ) -> Result<Option<Self>> {
        let Some(call) = expression.downcast_ref::<ScalarFunctionExpr>() else {
            return Ok(None);
        };
        let known = if options.descending {
            &SIMILARITIES[..]
        } else {
            &DISTANCES[..]
        };
        let name = call.fun().name();
        let Some((_, form)) = known.iter().find(|(known, _)| *known == name) else {
            return Ok(None);
        };
        let arguments = match call.args() {
            [left, right] => [left, right],
            [left, right, n] if OF_NGRAMS.contains(&name) && is_constant(n) => [left, right],
            _ => return Ok(None),
        };
        let constants = arguments.into_iter().filter(|text| is_constant(text));
        if constants.count() != 1
            || collect_columns(expression).is_empty()
            || !is_own(call.fun())
            || is_volatile(expression)
        {
            return Ok(None);
        }
        let form = form.and_then(|form| {
            let functions = crate::all_scalar_functions();
            functions
                .into_iter()
                .find(|function| function.name() == form)
        });
        let _ = expression.data_type(schema)?;
        Ok(Some(Self {
            expression: Arc::clone(expression),
            form,
            is_similarity: options.descending,
            nulls_first: options.nulls_first,
        }))
    }

    /// The value of each row; what is further than the bound may have any value that is.
    pub(super) fn evaluate(&self, rows: &RecordBatch, bound: Option<f64>) -> Result<Float64Array> {
        let expression = match bound {
            Some(bound) => self.bounded(rows, bound)?,
            None => Arc::clone(&self.expression),
        };
        let values: ArrayRef = expression.evaluate(rows)?.into_array(rows.num_rows())?;
        let values = cast(&values, &DataType::Float64)?;
        Ok(values.as_primitive::<Float64Type>().clone())
    }

    fn bounded(&self, rows: &RecordBatch, bound: f64) -> Result<Arc<dyn PhysicalExpr>> {
        let call = self.expression.downcast_ref::<ScalarFunctionExpr>();
        let (Some(call), Some(form)) = (call, &self.form) else {
            return Ok(Arc::clone(&self.expression));
        };
        let bound = if self.is_similarity {
            ScalarValue::from(bound.clamp(0.0, 1.0))
        } else {
            ScalarValue::from(bound.clamp(0.0, f64::from(i32::MAX)) as i32)
        };
        let mut arguments = call.args().to_vec();
        arguments.push(lit(bound));
        let config = Arc::new(call.config_options().clone());
        let call =
            ScalarFunctionExpr::try_new(Arc::clone(form), arguments, rows.schema_ref(), config)?;
        Ok(Arc::new(call))
    }

    /// The order in which the nearest come first.
    pub(in crate::join) fn options(&self) -> SortOptions {
        SortOptions {
            descending: self.is_similarity,
            nulls_first: self.nulls_first,
        }
    }

    /// The expression itself.
    pub(in crate::join) fn expression(&self) -> &Arc<dyn PhysicalExpr> {
        &self.expression
    }
}

/// Whether an argument is one value, and not NULL.
fn is_constant(argument: &Arc<dyn PhysicalExpr>) -> bool {
    let literal = argument.downcast_ref::<Literal>();
    literal.is_some_and(|literal| !literal.value().is_null())
}
