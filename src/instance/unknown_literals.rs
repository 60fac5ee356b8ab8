//! Operators as PostgreSQL plans them where DataFusion knows no such operator: a literal beside a
//! truth, an interval, an array or, in arithmetic, a number or a moment is read as one, and so is one that is
//! joined to bytes; vectors of the catalog count from 0.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, IntervalUnit};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawBinaryExpr, RawFieldAccessExpr,
};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, GetFieldAccess, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::sql::distinct_literals;
use crate::wire::types::POSTGRES_TYPE;

/// The planner.
#[derive(Debug)]
pub(super) struct UnknownLiterals;

impl ExprPlanner for UnknownLiterals {
    fn plan_binary_op(
        &self,
        mut expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let distinct = distinct_literals::marked(&expr.op);
        let compares = distinct.is_some()
            || matches!(
                expr.op,
                BinaryOperator::Eq
                    | BinaryOperator::NotEq
                    | BinaryOperator::Lt
                    | BinaryOperator::LtEq
                    | BinaryOperator::Gt
                    | BinaryOperator::GtEq
            );
        let is_truth = |side: &Expr| matches!(side.get_type(schema), Ok(DataType::Boolean));
        if compares && is_unknown(&expr.right) && is_truth(&expr.left) {
            expr.right = truth(expr.right);
        } else if compares && is_unknown(&expr.left) && is_truth(&expr.right) {
            expr.left = truth(expr.left);
        }
        let is_interval = |side: &Expr| matches!(side.get_type(schema), Ok(DataType::Interval(_)));
        let takes_intervals = compares || matches!(expr.op, Plus | Minus);
        if takes_intervals && is_unknown(&expr.right) && is_interval(&expr.left) {
            expr.right = interval(expr.right);
        } else if takes_intervals && is_unknown(&expr.left) && is_interval(&expr.right) {
            expr.left = interval(expr.left);
        }
        // Of two of a kind a difference is taken.
        let moment = |side: &Expr| side.get_type(schema).ok().filter(is_moment);
        if expr.op == Minus {
            if let Some(moment) = moment(&expr.left).filter(|_| is_unknown(&expr.right)) {
                expr.right = Expr::Cast(Cast::new(Box::new(expr.right), moment));
            } else if let Some(moment) = moment(&expr.right).filter(|_| is_unknown(&expr.left)) {
                expr.left = Expr::Cast(Cast::new(Box::new(expr.left), moment));
            }
        }
        let array = |side: &Expr| side.get_type(schema).ok().filter(DataType::is_list);
        let contains = matches!(expr.op, BinaryOperator::AtArrow | BinaryOperator::ArrowAt);
        if compares || contains {
            let read_as = |literal: Expr, array: DataType| {
                let array = match contains {
                    true => as_deep_as(&literal, array),
                    false => array,
                };
                Expr::Cast(Cast::new(Box::new(literal), array))
            };
            if let Some(array) = array(&expr.left).filter(|_| is_unknown(&expr.right)) {
                expr.right = read_as(expr.right, array);
            } else if let Some(array) = array(&expr.right).filter(|_| is_unknown(&expr.left)) {
                expr.left = read_as(expr.left, array);
            }
        }
        // A literal beside an array is no element, but an array; NULL is one that is NULL.
        if matches!(expr.op, BinaryOperator::StringConcat) {
            let is_array = |side: &Expr| is_unknown(side) || is_null(side);
            if let Some(array) = array(&expr.left).filter(|_| is_array(&expr.right)) {
                expr.right = Expr::Cast(Cast::new(Box::new(expr.right), array));
            } else if let Some(array) = array(&expr.right).filter(|_| is_array(&expr.left)) {
                expr.left = Expr::Cast(Cast::new(Box::new(expr.left), array));
            }
        }
        let bytes = |side: &Expr| {
            let own = side.get_type(schema).ok();
            own.filter(|own| *own == DataType::Binary)
        };
        if matches!(expr.op, BinaryOperator::StringConcat) {
            if let Some(bytes) = bytes(&expr.left).filter(|_| is_unknown(&expr.right)) {
                expr.right = Expr::Cast(Cast::new(Box::new(expr.right), bytes));
            } else if let Some(bytes) = bytes(&expr.right).filter(|_| is_unknown(&expr.left)) {
                expr.left = Expr::Cast(Cast::new(Box::new(expr.left), bytes));
            }
        }
        use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};
        if matches!(expr.op, Plus | Minus | Multiply | Divide | Modulo) {
            let number =
                |literal: &Expr, beside: &Expr| number(literal, &beside.get_type(schema).ok()?);
            if let Some(value) = number(&expr.right, &expr.left) {
                expr.right = value;
            } else if let Some(value) = number(&expr.left, &expr.right) {
                expr.left = value;
            }
        }
        match distinct {
            Some(op) => {
                let (left, right) = (Box::new(expr.left), Box::new(expr.right));
                let compared = Expr::BinaryExpr(BinaryExpr::new(left, op, right));
                Ok(PlannerResult::Planned(compared))
            }
            None => Ok(PlannerResult::Original(expr)),
        }
    }

    /// The items of an array that is written out: DataFusion finds no type for a text beside a moment.
    fn plan_array_literal(
        &self,
        items: Vec<Expr>,
        schema: &DFSchema,
    ) -> Result<PlannerResult<Vec<Expr>>> {
        let typed = items
            .iter()
            .filter(|item| !is_unknown(item) && !is_null(item));
        let types = typed.map(|item| item.get_type(schema));
        let types = types.collect::<Result<Vec<DataType>>>();
        let Some(beside) = types.ok().and_then(|types| read_beside(&types)) else {
            return Ok(PlannerResult::Original(items));
        };
        let items = items.into_iter().map(|item| match is_unknown(&item) {
            true => Expr::Cast(Cast::new(Box::new(item), beside.clone())),
            false => item,
        });
        Ok(PlannerResult::Original(items.collect()))
    }

    fn plan_field_access(
        &self,
        mut expr: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let is_vector = || {
            let field = expr.expr.to_field(schema).ok();
            field.is_some_and(|(_, field)| {
                let declared = field.metadata().get(POSTGRES_TYPE);
                declared.is_some_and(|name| name == "int2vector" || name == "oidvector")
            })
        };
        if matches!(expr.field_access, GetFieldAccess::ListIndex { .. })
            && is_vector()
            && let GetFieldAccess::ListIndex { key } = &mut expr.field_access
        {
            **key = std::mem::replace(key.as_mut(), lit(0_i64)) + lit(1_i64);
        }
        Ok(PlannerResult::Original(expr))
    }
}

fn is_moment(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(..)
    )
}

/// The type that literals among items of these types are read as; none where another rule finds one.
fn read_beside(types: &[DataType]) -> Option<DataType> {
    let (first, others) = types.split_first()?;
    if others.iter().all(|other| other == first) {
        let is_read = is_moment(first)
            || first.is_list()
            || matches!(
                first,
                DataType::Interval(_) | DataType::Boolean | DataType::Binary
            );
        return is_read.then(|| first.clone());
    }
    let are_moments = types.iter().all(|own| moment_rank(own).is_some());
    let widest = types.iter().max_by_key(|own| moment_rank(own));
    widest.filter(|_| are_moments).cloned()
}

/// Where a type stands among dates and moments, of which one with a zone comes first.
fn moment_rank(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Date32 => Some(0),
        DataType::Timestamp(_, None) => Some(1),
        DataType::Timestamp(_, Some(_)) => Some(2),
        _ => None,
    }
}

fn is_unknown(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Utf8(Some(_)), _))
}

/// The type of an array with as many dimensions as a literal has: of what contains what, only elements count.
fn as_deep_as(literal: &Expr, mut array: DataType) -> DataType {
    let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = literal else {
        return array;
    };
    let marks = text.chars().filter(|mark| !mark.is_ascii_whitespace());
    let given = marks.take_while(|mark| *mark == '{').count();
    while let DataType::List(item) = &array
        && item.data_type().is_list()
    {
        array = item.data_type().clone();
    }
    // More than PostgreSQL knows are told as such by who reads the text.
    for _ in 1..given.min(7) {
        array = DataType::new_list(array, true);
    }
    array
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Null, _))
}

/// A literal as a number of the kind that stands beside it; one of the type `numeric` keeps its digits.
fn number(literal: &Expr, beside: &DataType) -> Option<Expr> {
    let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = literal else {
        return None;
    };
    match beside {
        DataType::Decimal128(..) | DataType::Decimal256(..) => decimal(text.trim()).map(lit),
        other if other.is_numeric() => Some(Expr::Cast(Cast::new(
            Box::new(literal.clone()),
            other.clone(),
        ))),
        _ => None,
    }
}

/// Digits with at most one point between them, as exactly as they are written.
fn decimal(text: &str) -> Option<ScalarValue> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    let unsigned = digits.trim_start_matches(['+', '-']);
    let is_plain = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    let precision = u8::try_from(unsigned.len()).ok()?;
    let scale = i8::try_from(fraction.len()).ok()?;
    let fits = is_plain && precision <= DECIMAL128_MAX_PRECISION;
    let value = fits.then(|| digits.parse::<i128>().ok())??;
    Some(ScalarValue::Decimal128(Some(value), precision, scale))
}

fn interval(literal: Expr) -> Expr {
    let data_type = DataType::Interval(IntervalUnit::MonthDayNano);
    Expr::Cast(Cast::new(Box::new(literal), data_type))
}

fn truth(literal: Expr) -> Expr {
    Expr::Cast(Cast::new(Box::new(literal), DataType::Boolean))
}
