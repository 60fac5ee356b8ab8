//! Plans the operators of `json` and `jsonb`, their subscripts and their aggregates.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawBinaryExpr, RawFieldAccessExpr, RawWindowExpr,
};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, GetFieldAccess};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::function::Definition;
use super::kind::JsonKind;
use super::rule::{as_kind, call, is_no_text, is_unknown};
use super::{
    json_agg, json_extract_path, json_get, jsonb_concat, jsonb_contains, jsonb_delete,
    jsonb_exists, jsonb_path, jsonb_set,
};
use crate::FunctionError;
use crate::wording::type_name;

/// Operators that documents alone have, and those of documents among others.
#[derive(Debug)]
pub struct JsonOperators;

impl ExprPlanner for JsonOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let left = JsonKind::of(&expr.left, schema);
        let right = JsonKind::of(&expr.right, schema);
        let stored = Some(JsonKind::Jsonb);
        let definition: Option<&'static Definition> = match &expr.op {
            BinaryOperator::Arrow => Some(&json_get::PART),
            BinaryOperator::LongArrow => Some(&json_get::TEXT),
            BinaryOperator::HashArrow => Some(&json_extract_path::OPERATOR),
            BinaryOperator::HashLongArrow => Some(&json_extract_path::OPERATOR_TEXT),
            BinaryOperator::HashMinus => Some(&jsonb_set::DELETE),
            BinaryOperator::Question => Some(&jsonb_exists::ONE),
            BinaryOperator::QuestionPipe => Some(&jsonb_exists::ANY),
            BinaryOperator::QuestionAnd => Some(&jsonb_exists::ALL),
            BinaryOperator::AtQuestion => Some(&jsonb_path::EXISTS_OPERATOR),
            BinaryOperator::AtAt => Some(&jsonb_path::MATCH_OPERATOR),
            BinaryOperator::Minus if left == stored => Some(&jsonb_delete::FUNCTION),
            _ => None,
        };
        if let Some(definition) = definition {
            let is_stored = !matches!(
                expr.op,
                BinaryOperator::Arrow
                    | BinaryOperator::LongArrow
                    | BinaryOperator::HashArrow
                    | BinaryOperator::HashLongArrow
            );
            if left == Some(JsonKind::Json) && is_stored {
                return Err(no_such_operator(&expr, schema));
            }
            return Ok(PlannerResult::Planned(call(
                definition,
                vec![expr.left, expr.right],
            )));
        }
        if is_without_operator(&expr, left, right, schema) {
            return Err(no_such_operator(&expr, schema));
        }
        if matches!(expr.op, BinaryOperator::And | BinaryOperator::Or)
            && let Some(document) = left.or(right)
        {
            return Err(FunctionError {
                sqlstate: "42804",
                message: format!(
                    "argument of {} must be type boolean, not type {}",
                    expr.op,
                    document.name()
                ),
                hint: None,
            }
            .into());
        }
        let is_either = left == stored || right == stored;
        let fits = |own: Option<JsonKind>, operand: &Expr| {
            own == stored || own.is_none() && is_unknown(operand)
        };
        let both_fit = fits(left, &expr.left) && fits(right, &expr.right);
        let (definition, is_reversed): (&'static Definition, bool) = match &expr.op {
            BinaryOperator::StringConcat if is_either && both_fit => {
                (&jsonb_concat::FUNCTION, false)
            }
            BinaryOperator::AtArrow if is_either && both_fit => (&jsonb_contains::FUNCTION, false),
            BinaryOperator::ArrowAt if is_either && both_fit => (&jsonb_contains::FUNCTION, true),
            BinaryOperator::AtArrow | BinaryOperator::ArrowAt
                if is_either || left.is_some() || right.is_some() =>
            {
                return Err(no_such_operator(&expr, schema));
            }
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let left = as_kind(expr.left, JsonKind::Jsonb, schema);
        let right = as_kind(expr.right, JsonKind::Jsonb, schema);
        let operands = match is_reversed {
            true => vec![right, left],
            false => vec![left, right],
        };
        Ok(PlannerResult::Planned(call(definition, operands)))
    }

    /// `document['key']`, `document[0]`
    fn plan_field_access(
        &self,
        expr: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        match JsonKind::of(&expr.expr, schema) {
            Some(JsonKind::Jsonb) => {}
            Some(other) => {
                return Err(FunctionError {
                    sqlstate: "42804",
                    message: format!(
                        "cannot subscript type {} because it does not support subscripting",
                        other.name()
                    ),
                    hint: None,
                }
                .into());
            }
            None => return Ok(PlannerResult::Original(expr)),
        }
        let key = match expr.field_access {
            GetFieldAccess::NamedStructField { name } => Expr::Literal(name, None),
            GetFieldAccess::ListIndex { key } => *key,
            GetFieldAccess::ListRange { .. } => {
                return Err(FunctionError {
                    sqlstate: "42804",
                    message: "jsonb subscript does not support slices".to_owned(),
                    hint: None,
                }
                .into());
            }
        };
        let step = Expr::Cast(Cast::new(Box::new(key), DataType::Utf8));
        Ok(PlannerResult::Planned(call(
            &json_extract_path::JSONB,
            vec![expr.expr, step],
        )))
    }

    fn plan_aggregate(&self, expr: RawAggregateExpr) -> Result<PlannerResult<RawAggregateExpr>> {
        Ok(match json_agg::plan(&expr)? {
            Some(planned) => PlannerResult::Planned(planned),
            None => PlannerResult::Original(expr),
        })
    }

    fn plan_window(&self, expr: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        Ok(match json_agg::plan_window(&expr)? {
            Some(planned) => PlannerResult::Planned(planned),
            None => PlannerResult::Original(expr),
        })
    }
}

/// Whether a document stands beside a truth that it is compared with, or beside a number, a truth or a
/// moment that it is joined or added to. DataFusion's planner would speak of a text, or make one of both.
fn is_without_operator(
    expr: &RawBinaryExpr,
    left: Option<JsonKind>,
    right: Option<JsonKind>,
    schema: &DFSchema,
) -> bool {
    use BinaryOperator::{
        Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Plus, StringConcat,
    };
    let other = match (left, right) {
        (Some(_), None) => &expr.right,
        (None, Some(_)) => &expr.left,
        _ => return false,
    };
    match &expr.op {
        Eq | NotEq | Lt | LtEq | Gt | GtEq => {
            matches!(other.get_type(schema), Ok(DataType::Boolean))
        }
        Plus | Minus | Multiply | Divide | Modulo | StringConcat => is_no_text(other, schema),
        _ => false,
    }
}

fn no_such_operator(expr: &RawBinaryExpr, schema: &DFSchema) -> datafusion::error::DataFusionError {
    let name = |operand: &Expr| match JsonKind::of(operand, schema) {
        Some(kind) => kind.name().to_owned(),
        None if is_unknown(operand) => "unknown".to_owned(),
        None => type_name(&operand.get_type(schema).unwrap_or(DataType::Null)),
    };
    FunctionError {
        sqlstate: "42883",
        message: format!(
            "operator does not exist: {} {} {}",
            name(&expr.left),
            expr.op,
            name(&expr.right)
        ),
        hint: Some("No operator matches the given name and argument types. You might need to add explicit type casts.".to_owned()),
    }
    .into()
}
