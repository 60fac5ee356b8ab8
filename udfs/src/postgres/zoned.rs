//! What depends on the session's time zone: days and hours of moments, and moments out of dates and
//! local times.
//!
//! A `timestamptz` is a moment in UTC here whatever the session; DataFusion computes its day, its
//! hour and its date in UTC too. PostgreSQL computes them in the session's `TimeZone`.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, Operator, ScalarUDF};
use datafusion::scalar::ScalarValue;

use super::functions::{CLOCK_TRUNC, is_of_clock, timestamp_plus};
use super::now::Now;
use super::rule::convert;
use crate::formatting::{self, SessionTimeZone};

/// Fields of `date_part` that are the same in every time zone.
const ABSOLUTE: [&str; 2] = ["epoch", "nanosecond"];

static TIMEZONE: LazyLock<Option<Arc<ScalarUDF>>> = LazyLock::new(|| {
    let functions = formatting::functions();
    functions
        .into_iter()
        .find(|function| function.name() == "timezone")
});

/// Computes what depends on the time zone in the session's. In UTC nothing is to be done.
pub(super) fn rewrite(
    expression: Expr,
    schema: &DFSchema,
    zone: &SessionTimeZone,
) -> Transformed<Expr> {
    if zone.is_utc() {
        return Transformed::no(expression);
    }
    let is_moment = |expression: &Expr| {
        matches!(
            expression.get_type(schema),
            Ok(DataType::Timestamp(_, Some(_)))
        )
    };
    let shift = |expression: Expr| in_zone(expression, zone);
    match expression {
        Expr::ScalarFunction(mut function)
            if function.name() == "date_trunc"
                && function.args.get(1).is_some_and(is_moment)
                && function.args.len() == 2 =>
        {
            if is_of_clock(function.args.first()) {
                function.func = Arc::clone(&CLOCK_TRUNC);
                function.args.push(named(zone));
                return Transformed::yes(Expr::ScalarFunction(function));
            }
            function.args[1] = shift(std::mem::take(&mut function.args[1]));
            Transformed::yes(shift(Expr::ScalarFunction(function)))
        }
        Expr::ScalarFunction(mut function)
            if matches!(function.name(), "date_part" | "double_field")
                && function.args.get(1).is_some_and(is_moment)
                && !is_absolute(function.args.first()) =>
        {
            function.args[1] = shift(std::mem::take(&mut function.args[1]));
            Transformed::yes(Expr::ScalarFunction(function))
        }
        Expr::ScalarFunction(function) if function.name() == "current_date" => {
            let now = ScalarFunction::new_udf(Arc::new(Now::udf()), Vec::new());
            let now = Expr::ScalarFunction(now);
            let today = Expr::Cast(Cast::new(Box::new(shift(now)), DataType::Date32));
            Transformed::yes(today)
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::Plus | Operator::Minus),
            right,
        }) if is_moment(&left) && matches!(right.get_type(schema), Ok(DataType::Interval(_))) => {
            let interval = match op {
                Operator::Minus => Expr::Negative(right),
                _ => *right,
            };
            Transformed::yes(timestamp_plus(*left, interval))
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Plus,
            right,
        }) if is_moment(&right) && matches!(left.get_type(schema), Ok(DataType::Interval(_))) => {
            Transformed::yes(timestamp_plus(*right, *left))
        }
        Expr::Cast(mut cast) => {
            let from = cast.expr.get_type(schema);
            let changed = match (from, cast.field.data_type()) {
                (
                    Ok(DataType::Timestamp(_, Some(_))),
                    DataType::Date32
                    | DataType::Date64
                    | DataType::Time32(_)
                    | DataType::Time64(_)
                    | DataType::Timestamp(_, None),
                )
                | (Ok(DataType::Timestamp(_, None)), DataType::Timestamp(_, Some(_))) => {
                    shift(*cast.expr)
                }
                (Ok(DataType::Date32 | DataType::Date64), DataType::Timestamp(_, Some(_))) => {
                    let midnight = DataType::Timestamp(TimeUnit::Microsecond, None);
                    shift(convert(Cast::new(cast.expr, midnight), schema).data)
                }
                _ => return Transformed::no(Expr::Cast(cast)),
            };
            cast.expr = Box::new(changed);
            Transformed::yes(Expr::Cast(cast))
        }
        other => Transformed::no(other),
    }
}

/// The local time of a moment, or the moment of a local time.
fn in_zone(expression: Expr, zone: &SessionTimeZone) -> Expr {
    let Some(function) = TIMEZONE.as_ref() else {
        return expression;
    };
    Expr::ScalarFunction(ScalarFunction::new_udf(
        Arc::clone(function),
        vec![named(zone), expression],
    ))
}

fn named(zone: &SessionTimeZone) -> Expr {
    Expr::Literal(ScalarValue::Utf8(Some(zone.time_zone.clone())), None)
}

fn is_absolute(field: Option<&Expr>) -> bool {
    let Some(Expr::Literal(field, _)) = field else {
        return false;
    };
    let field = field.try_as_str().flatten().unwrap_or_default();
    ABSOLUTE.iter().any(|name| field.eq_ignore_ascii_case(name))
}
