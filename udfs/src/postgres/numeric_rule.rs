//! Puts the arithmetic of [`super::numeric`] in a plan.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::error::Result;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawBinaryExpr, RawWindowExpr,
};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    AggregateUDF, BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, ScalarUDF,
    WindowFunctionDefinition,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::arithmetic::{CheckedArithmetic, Operation};
use super::average::NumericAverage;
use super::comparable::order_by_form;
use super::conversion::{Conversion, ConversionForm};
use super::cut_digits::CutDigits;
use super::range_frames::fit_range;
use super::rule::POSTGRES_SUM;
use super::spread::SPREADS;
use super::whole::Whole;
use super::{decimals, numeric};
use crate::node_expressions::rewrite_parts;

/// The key of a field's metadata that tells a cast to `numeric` without digits, which keeps those
/// that a value has, from one that names as many.
pub const BARE_NUMERIC: &str = "tributary.bare_numeric";

/// What a cast to `numeric` gives where nothing tells how many digits there are.
pub const BARE_NUMERIC_TYPE: DataType = DataType::Decimal128(38, numeric::FEWEST_DIGITS);

pub(super) static NUMERIC_AVERAGE: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(NumericAverage::new())));

/// Numerics divide, multiply and average as PostgreSQL has it, and a `real` beside an integer or a numeric
/// is a `double precision`. As a planner of expressions it comes
/// before any type is derived from theirs; as an analyzer rule, before DataFusion's own that finds
/// common types, it serves what has its types later, such as parameters.
#[derive(Debug, Default)]
pub struct NumericArithmetic;

impl ExprPlanner for NumericArithmetic {
    fn plan_binary_op(
        &self,
        mut expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let operation = match expr.op {
            BinaryOperator::Plus => Operation::Add,
            BinaryOperator::Minus => Operation::Subtract,
            BinaryOperator::Multiply => Operation::Multiply,
            BinaryOperator::Divide => Operation::Divide,
            BinaryOperator::Modulo => Operation::Modulo,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        if is_single_beside_exact(&expr.left, &expr.right, schema) {
            (expr.left, expr.right) = (double(expr.left), double(expr.right));
        }
        if !are_numeric(operation, &expr.left, &expr.right, schema) {
            return Ok(PlannerResult::Original(expr));
        }
        let planned = arithmetic(operation, expr.left, expr.right);
        Ok(PlannerResult::Planned(planned))
    }

    fn plan_aggregate(
        &self,
        mut expr: RawAggregateExpr,
    ) -> Result<PlannerResult<RawAggregateExpr>> {
        if let Some(own) = own_aggregate(&expr.func) {
            expr.func = Arc::clone(own);
        }
        Ok(PlannerResult::Original(expr))
    }

    fn plan_window(&self, mut expr: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        if let WindowFunctionDefinition::AggregateUDF(function) = &expr.func_def
            && let Some(own) = own_aggregate(function)
        {
            expr.func_def = WindowFunctionDefinition::AggregateUDF(Arc::clone(own));
        }
        Ok(PlannerResult::Original(expr))
    }
}

impl AnalyzerRule for NumericArithmetic {
    fn name(&self) -> &str {
        "numeric_arithmetic"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        // Whether a type may have changed below.
        let mut is_changed = false;
        plan.transform_up_with_subqueries(|plan| {
            // The columns of VALUES have the types that they were planned with.
            if matches!(plan, LogicalPlan::Values(_)) {
                return Ok(Transformed::no(plan));
            }
            let schema = merge_schema(&plan.inputs());
            let rewritten = rewrite_parts(plan, |part| rewrite(part, &schema))?;
            is_changed |= rewritten.transformed;
            match is_changed {
                true => rewritten.map_data(LogicalPlan::recompute_schema),
                false => Ok(rewritten),
            }
        })
        .data()
    }
}

/// What takes the place of an aggregate of DataFusion's that answers values of other types.
fn own_aggregate(function: &AggregateUDF) -> Option<&'static Arc<AggregateUDF>> {
    if function == avg_udaf().as_ref() {
        return Some(&NUMERIC_AVERAGE);
    }
    if function == sum_udaf().as_ref() {
        return Some(&POSTGRES_SUM);
    }
    // One of them is registered with another alias, and so not as DataFusion has it.
    SPREADS.iter().find(|own| own.name() == function.name())
}

fn rewrite(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(match expression {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match Operation::of(op) {
            Some(operation) if are_numeric(operation, &left, &right, schema) => {
                Transformed::yes(arithmetic(operation, *left, *right))
            }
            Some(_) if is_single_beside_exact(&left, &right, schema) => {
                let (left, right) = (Box::new(double(*left)), Box::new(double(*right)));
                Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op, right }))
            }
            _ => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
        },
        // DataFusion refuses windows over intervals, times and bytes as it finds the types of their frames.
        Expr::WindowFunction(mut function) => {
            let is_fitted = fit_range(&mut function.params, schema)?;
            let is_changed = order_by_form(&mut function.params.order_by, schema) || is_fitted;
            Transformed::new_transformed(Expr::WindowFunction(function), is_changed)
        }
        Expr::Cast(cast) if cast.field.metadata().contains_key(BARE_NUMERIC) => {
            Transformed::yes(with_own_digits(cast, schema)?)
        }
        Expr::ScalarFunction(mut function) => {
            let is_cast = takes_numeric(&mut function, schema);
            let given = function.args.first().map(|value| value.get_type(schema));
            let own = match given {
                Some(Ok(given)) => own_function(&function.func, &given, function.args.get(1)),
                _ => None,
            };
            let is_changed = is_cast || own.is_some();
            if let Some(own) = own {
                function.func = Arc::new(own);
            }
            Transformed::new_transformed(Expr::ScalarFunction(function), is_changed)
        }
        other => Transformed::no(other),
    })
}

/// Makes a numeric of an integer that is rounded or cut to a number of digits: `round(5, 2)` is 5.00.
fn takes_numeric(function: &mut ScalarFunction, schema: &DFSchema) -> bool {
    let is_meant = matches!(function.func.name(), "round" | "trunc");
    let [value, _] = function.args.as_mut_slice() else {
        return false;
    };
    let own = value.get_type(schema).ok();
    let own = own.filter(|own| is_meant && own.is_integer());
    let Some(exact) = own.as_ref().and_then(numeric::exact) else {
        return false;
    };
    let literal = match &*value {
        Expr::Literal(literal, _) => numeric::literal(literal),
        _ => None,
    };
    *value = match literal {
        Some(literal) => Expr::Literal(literal, None),
        None => Expr::Cast(Cast::new(Box::new(std::mem::take(value)), exact)),
    };
    true
}

/// What takes the place of a function of DataFusion's that answers numerics of other digits.
fn own_function(
    function: &Arc<ScalarUDF>,
    given: &DataType,
    digits: Option<&Expr>,
) -> Option<ScalarUDF> {
    if let Some(whole) = Whole::of(function, given) {
        return Some(ScalarUDF::new_from_impl(whole));
    }
    CutDigits::of(function, given, digits).map(ScalarUDF::new_from_impl)
}

fn are_numeric(operation: Operation, left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    match (left.get_type(schema), right.get_type(schema)) {
        (Ok(left), Ok(right)) => numeric::answer(operation, &left, &right).is_some(),
        _ => false,
    }
}

/// Whether one operand is a `real` and the other an integer or a numeric: PostgreSQL computes with both
/// as `double precision`, DataFusion with seven digits.
fn is_single_beside_exact(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    let is_exact = |of: &DataType| of.is_integer() || of.is_decimal();
    match (left.get_type(schema), right.get_type(schema)) {
        (Ok(DataType::Float32), Ok(other)) | (Ok(other), Ok(DataType::Float32)) => is_exact(&other),
        _ => false,
    }
}

fn double(operand: Expr) -> Expr {
    Expr::Cast(Cast::new(Box::new(operand), DataType::Float64))
}

fn arithmetic(operation: Operation, left: Expr, right: Expr) -> Expr {
    let function = ScalarUDF::new_from_impl(CheckedArithmetic::new(operation));
    let operands = vec![shortened(left), shortened(right)];
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), operands))
}

/// A literal integer next to a numeric needs no more digits than it has.
fn shortened(operand: Expr) -> Expr {
    match operand {
        Expr::Literal(value, metadata) => {
            let value = numeric::literal(&value).unwrap_or(value);
            Expr::Literal(value, metadata)
        }
        other => other,
    }
}

/// A cast to `numeric` without digits: to those that a value of this type has.
fn with_own_digits(cast: Cast, schema: &DFSchema) -> Result<Expr> {
    let from = cast.expr.get_type(schema)?;
    if from.is_decimal() {
        return Ok(*cast.expr);
    }
    let literal = match cast.expr.as_ref() {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    };
    if let Some(value) = literal.and_then(numeric::literal) {
        return Ok(Expr::Literal(value, None));
    }
    let text = literal.and_then(ScalarValue::try_as_str).flatten();
    let to = match numeric::exact(&from) {
        Some(exact) => exact,
        None => text.and_then(of_text).unwrap_or(BARE_NUMERIC_TYPE),
    };
    if from.is_string() {
        let function = ScalarUDF::new_from_impl(Conversion::new(to, ConversionForm::Exact));
        let call = ScalarFunction::new_udf(Arc::new(function), vec![*cast.expr]);
        return Ok(Expr::ScalarFunction(call));
    }
    // That no digits were named is still to be known of it.
    let field = cast.field.as_ref().clone().with_data_type(to);
    Ok(Expr::Cast(Cast::new_from_field(cast.expr, Arc::new(field))))
}

/// A numeric as one that may have any digits.
pub fn of_any_digits(value: Expr) -> Expr {
    let to_any = Conversion::new(BARE_NUMERIC_TYPE, ConversionForm::Plain);
    ScalarUDF::new_from_impl(to_any).call(vec![value])
}

/// The type of the numeric that a text shows digit by digit.
fn of_text(text: &str) -> Option<DataType> {
    let text = decimals::spelled_out(text);
    let number = text.trim().trim_start_matches(['+', '-']);
    let (_, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_plain = number
        .bytes()
        .all(|byte| byte == b'.' || byte.is_ascii_digit());
    let scale = i8::try_from(fraction.len()).ok()?;
    let fits = is_plain && number.len() <= usize::from(arrow::datatypes::DECIMAL128_MAX_PRECISION);
    fits.then_some(DataType::Decimal128(
        arrow::datatypes::DECIMAL128_MAX_PRECISION,
        scale,
    ))
}
