//! Comparisons of intervals by how long they are.
//!
//! Arrow compares months, then days, then the rest, so that 48 hours are less than a day. To
//! PostgreSQL a month has 30 days and a day 24 hours where intervals are compared.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::{DFSchema, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, SortExpr, Volatility,
};
use datafusion::scalar::ScalarValue;

const DAY: i128 = 86_400_000_000_000;
const DAYS_OF_MONTH: i128 = 30;
/// Nanoseconds of any interval.
const SPAN: DataType = DataType::Decimal128(38, 0);

/// Whether all of these are intervals.
pub(super) fn are_intervals<const N: usize>(expressions: [&Expr; N], schema: &DFSchema) -> bool {
    expressions.iter().all(|expression| {
        expression
            .get_type(schema)
            .is_ok_and(|data_type| matches!(data_type, DataType::Interval(_)))
    })
}

/// How long an interval is.
pub(super) fn span(interval: Expr) -> Expr {
    let function = ScalarUDF::new_from_impl(IntervalSpan::new());
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), vec![interval]))
}

/// How long an interval of months, days and microseconds is, as [`span`] tells it.
pub(super) fn span_of(months: i64, days: i64, micros: i64) -> i128 {
    let days = i128::from(months) * DAYS_OF_MONTH + i128::from(days);
    days * DAY + i128::from(micros) * 1000
}

/// Puts intervals in order by how long they are; answers whether there were any.
pub(super) fn order_by_span(order: &mut [SortExpr], schema: &DFSchema) -> bool {
    let mut is_changed = false;
    for sort in order {
        if are_intervals([&sort.expr], schema) {
            sort.expr = span(std::mem::take(&mut sort.expr));
            is_changed = true;
        }
    }
    is_changed
}

/// How long an interval is, in nanoseconds.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IntervalSpan {
    signature: Signature,
}

impl IntervalSpan {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IntervalSpan {
    fn name(&self) -> &str {
        "interval_span"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(SPAN)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), SPAN, nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(intervals)] => Ok(ColumnarValue::Array(spans(intervals)?)),
            [ColumnarValue::Scalar(interval)] => {
                let span = spans(&interval.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                    &span, 0,
                )?))
            }
            _ => exec_err!("an interval has one span"),
        }
    }
}

/// How long intervals are.
pub(super) fn spans(intervals: &ArrayRef) -> Result<ArrayRef> {
    let intervals = cast(intervals, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
    let spans: Decimal128Array = intervals
        .iter()
        .map(|interval| {
            interval.map(|interval| {
                let days = i128::from(interval.months) * DAYS_OF_MONTH + i128::from(interval.days);
                days * DAY + i128::from(interval.nanoseconds)
            })
        })
        .collect();
    Ok(Arc::new(spans.with_data_type(SPAN)))
}
