//! The operators of PostgreSQL's `pg_trgm`.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, ScalarUDF};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::functions;
use crate::arguments::is_text;

/// The operators that nothing else has, and their functions.
const OPERATORS: [(&str, &str); 9] = [
    ("<%", "word_similarity_op"),
    ("%>", "word_similarity_commutator_op"),
    ("<<%", "strict_word_similarity_op"),
    ("%>>", "strict_word_similarity_commutator_op"),
    ("<->", "similarity_dist"),
    ("<<->", "word_similarity_dist_op"),
    ("<->>", "word_similarity_dist_commutator_op"),
    ("<<<->", "strict_word_similarity_dist_op"),
    ("<->>>", "strict_word_similarity_dist_commutator_op"),
];

/// The function of `%` where both sides are text; of numbers it is the remainder.
const OF_PERCENT: &str = "similarity_op";

/// Plans the operators of `pg_trgm` as calls of their functions.
///
/// sqlparser reads them in the dialect `PostgreSQL` (`%` and `<->` in others too).
#[derive(Debug)]
pub(crate) struct TrigramOperators {
    functions: Vec<Arc<ScalarUDF>>,
}

impl TrigramOperators {
    pub(crate) fn new() -> Self {
        Self {
            functions: functions(),
        }
    }

    /// The function of an operator between such expressions; none where it is not of `pg_trgm`.
    fn function(&self, expr: &RawBinaryExpr, schema: &DFSchema) -> Option<&Arc<ScalarUDF>> {
        let name = match &expr.op {
            BinaryOperator::Modulo if are_texts(&expr.left, &expr.right, schema) => OF_PERCENT,
            BinaryOperator::LtDashGt => "similarity_dist",
            BinaryOperator::Custom(operator) => {
                OPERATORS.iter().find(|(known, _)| known == operator)?.1
            }
            _ => return None,
        };
        self.functions
            .iter()
            .find(|function| function.name() == name)
    }
}

impl ExprPlanner for TrigramOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let Some(function) = self.function(&expr, schema) else {
            return Ok(PlannerResult::Original(expr));
        };
        let call = function.call(vec![expr.left, expr.right]);
        Ok(PlannerResult::Planned(call))
    }
}

/// Whether one side is text, and the other text or NULL.
fn are_texts(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    let (Ok(left), Ok(right)) = (left.get_type(schema), right.get_type(schema)) else {
        return false;
    };
    is_text(&left) && (is_text(&right) || right.is_null()) || left.is_null() && is_text(&right)
}
