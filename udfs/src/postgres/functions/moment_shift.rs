//! Moments and intervals: `timestamp + interval` and its like, as PostgreSQL's `timestamp.c` has them.
//! DataFusion refuses the ends of time, which stay where they are, and knows fewer years.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{
    DataType, Field, FieldRef, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::{DFSchema, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable as _, Operator, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::super::converted::only_value;
use super::moment::{later, out_of_range};
use crate::FunctionError;
use crate::formatting::Zone;

/// What an interval does to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Shift {
    Later,
    Earlier,
}

/// Whether these are a moment and an interval, which are added or subtracted.
pub(in crate::postgres) fn is_shift(binary: &BinaryExpr, schema: &DFSchema) -> bool {
    if !matches!(binary.op, Operator::Plus | Operator::Minus) {
        return false;
    }
    let (Ok(left), Ok(right)) = (binary.left.get_type(schema), binary.right.get_type(schema))
    else {
        return false;
    };
    is_moment(&left) && is_interval(&right)
        || is_interval(&left) && is_moment(&right) && binary.op == Operator::Plus
}

/// What [`is_shift`] is true of, as a call. Days are those of UTC.
pub(in crate::postgres) fn shift(binary: BinaryExpr, schema: &DFSchema) -> Expr {
    let BinaryExpr { left, op, right } = binary;
    let (moment, interval) = match left.get_type(schema) {
        Ok(left_type) if is_interval(&left_type) => (right, left),
        _ => (left, right),
    };
    let shift = match op {
        Operator::Minus => Shift::Earlier,
        _ => Shift::Later,
    };
    let function = ScalarUDF::new_from_impl(MomentShift::new(shift));
    let args = vec![*moment, *interval];
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), args))
}

/// Registers the functions.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for shift in [Shift::Later, Shift::Earlier] {
        let function = ScalarUDF::new_from_impl(MomentShift::new(shift));
        registry.register_udf(Arc::new(function))?;
    }
    Ok(())
}

/// Files have moments in nanoseconds, too, which stay with DataFusion.
fn is_moment(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(TimeUnit::Microsecond, zone) => zone
            .as_deref()
            .is_none_or(|zone| matches!(zone, "UTC" | "+00:00")),
        _ => false,
    }
}

fn is_interval(data_type: &DataType) -> bool {
    *data_type == DataType::Interval(IntervalUnit::MonthDayNano)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MomentShift {
    shift: Shift,
    signature: Signature,
}

impl MomentShift {
    fn new(shift: Shift) -> Self {
        Self {
            shift,
            signature: Signature::any(2, Volatility::Immutable),
        }
    }

    fn shifted(&self, moment: i64, interval: IntervalMonthDayNano) -> Result<i64, FunctionError> {
        let interval = match self.shift {
            Shift::Later => interval,
            Shift::Earlier => negated(interval).ok_or_else(|| out_of_range("interval"))?,
        };
        later(moment, interval, Zone::Utc)
    }
}

impl ScalarUDFImpl for MomentShift {
    fn name(&self) -> &str {
        match self.shift {
            Shift::Later => "moment_plus",
            Shift::Earlier => "moment_minus",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [moment, interval] if is_moment(moment) && is_interval(interval) => Ok(moment.clone()),
            _ => plan_err!("{} takes a timestamp and an interval", self.name()),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        let types = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone());
        let types: Vec<_> = types.collect();
        let answer = self.return_type(&types)?;
        Ok(Arc::new(Field::new(self.name(), answer, nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [moments, intervals] = arrays.as_slice() else {
            return internal_err!("{} has two operands", self.name());
        };
        let (Some(moments), Some(intervals)) = (
            moments.as_primitive_opt::<TimestampMicrosecondType>(),
            intervals.as_primitive_opt::<IntervalMonthDayNanoType>(),
        ) else {
            return internal_err!("{} takes a timestamp and an interval", self.name());
        };
        let zone = moments.timezone().map(str::to_owned);
        let shifted = moments.iter().zip(intervals).map(|pair| match pair {
            (Some(moment), Some(interval)) => self.shifted(moment, interval).map(Some),
            _ => Ok(None),
        });
        let shifted = shifted.collect::<Result<TimestampMicrosecondArray, FunctionError>>()?;
        let shifted = shifted.with_timezone_opt(zone);
        let shifted: ArrayRef = Arc::new(shifted);
        let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
        Ok(match args.args.iter().any(is_column) {
            true => ColumnarValue::Array(shifted),
            false => ColumnarValue::Scalar(only_value(&shifted)?),
        })
    }
}

fn negated(interval: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
    Some(IntervalMonthDayNano::new(
        interval.months.checked_neg()?,
        interval.days.checked_neg()?,
        interval.nanoseconds.checked_neg()?,
    ))
}
