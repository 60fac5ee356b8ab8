//! Frames of windows by `RANGE`, where what they are ordered by has none in DataFusion: times of day,
//! intervals and bytes.
//!
//! Times and intervals become numbers, and so does how far a frame reaches; bytes become their text, which
//! is in the same order.

use arrow::datatypes::{DataType, IntervalUnit};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::expr::WindowFunctionParams;
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable, WindowFrame, WindowFrameBound, WindowFrameUnits,
};
use datafusion::scalar::ScalarValue;

use super::comparable::form;
use super::datetime::read_interval;
use super::interval::span_of;
use super::moment_text::interval::Parts;
use crate::FunctionError;

/// What a frame reaches over.
#[derive(Clone, Copy)]
enum Over {
    Intervals,
    /// Months and days of an interval are nothing to them.
    Times,
}

/// Gives a window by `RANGE` an order that it can have a frame in; answers whether it had none. Intervals
/// themselves are not put in order here.
///
/// # Errors
/// 22013 for a frame that reaches less than nothing far, 0A000 for one that reaches over bytes, and what
/// reading an interval says.
pub(super) fn fit_range(window: &mut WindowFunctionParams, schema: &DFSchema) -> Result<bool> {
    let frame = &mut window.window_frame;
    let Some(first) = window.order_by.first_mut() else {
        return Ok(false);
    };
    if frame.units != WindowFrameUnits::Range {
        return Ok(false);
    }
    match first.expr.get_type(schema) {
        Ok(DataType::Interval(_)) => reach(frame, Over::Intervals),
        Ok(DataType::Time32(_) | DataType::Time64(_)) => {
            reach(frame, Over::Times)?;
            let interval = DataType::Interval(IntervalUnit::MonthDayNano);
            let time = Cast::new(Box::new(std::mem::take(&mut first.expr)), interval);
            first.expr = form(Expr::Cast(time));
            Ok(true)
        }
        Ok(DataType::Binary | DataType::LargeBinary) => {
            if [&frame.start_bound, &frame.end_bound]
                .into_iter()
                .any(is_far)
            {
                let message =
                    "RANGE with offset PRECEDING/FOLLOWING is not supported for column type bytea";
                return Err(FunctionError::unsupported(message).into());
            }
            let text = Cast::new(Box::new(std::mem::take(&mut first.expr)), DataType::Utf8);
            first.expr = Expr::Cast(text);
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Whether a frame reaches so far from the row.
fn is_far(bound: &WindowFrameBound) -> bool {
    match bound {
        WindowFrameBound::Preceding(distance) | WindowFrameBound::Following(distance) => {
            !distance.is_null()
        }
        WindowFrameBound::CurrentRow => false,
    }
}

/// Makes numbers of how far a frame reaches; whether it was told otherwise.
fn reach(frame: &mut WindowFrame, over: Over) -> Result<bool> {
    let mut is_changed = false;
    for bound in [&mut frame.start_bound, &mut frame.end_bound] {
        let (WindowFrameBound::Preceding(distance) | WindowFrameBound::Following(distance)) = bound
        else {
            continue;
        };
        let ScalarValue::Utf8(Some(text)) = &*distance else {
            continue;
        };
        let parts = read_interval(text, None)?;
        let parts = match over {
            Over::Intervals => parts,
            Over::Times => Parts {
                months: 0,
                days: 0,
                ..parts
            },
        };
        let length = span_of(parts.months, parts.days, parts.micros);
        if length < 0 {
            return Err(FunctionError::invalid_frame().into());
        }
        *distance = ScalarValue::Decimal128(Some(length), 38, 0);
        is_changed = true;
    }
    Ok(is_changed)
}
