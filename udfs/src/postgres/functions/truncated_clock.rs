//! `date_trunc` of a moment to an hour or less in a time zone: how far the zone is from UTC stays as it is,
//! so that an hour that its clock shows twice is two hours (`timestamptz_trunc_internal`).

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::super::moment_text::interval::{Unit, unit};
use super::moment::SECOND;
use super::truncated::{answer, is_end};
use crate::FunctionError;
use crate::formatting::Zone;

/// The function of the name of a unit, a moment and a time zone.
pub(in crate::postgres) static CLOCK_TRUNC: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    Arc::new(ScalarUDF::new_from_impl(ClockTrunc {
        signature: Signature::user_defined(Volatility::Immutable),
    }))
});

/// Whether a literal names an hour, or what is less.
pub(in crate::postgres) fn is_of_clock(name: Option<&Expr>) -> bool {
    let Some(Expr::Literal(name, _)) = name else {
        return false;
    };
    let name = name.try_as_str().flatten().unwrap_or_default();
    step(name).is_some()
}

/// The microseconds of a unit of the clock.
fn step(name: &str) -> Option<i64> {
    Some(match unit(&name.to_lowercase())? {
        Unit::Microsecond => 1,
        Unit::Millisecond => SECOND / 1_000,
        Unit::Second => SECOND,
        Unit::Minute => 60 * SECOND,
        Unit::Hour => 3_600 * SECOND,
        _ => return None,
    })
}

fn moment_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ClockTrunc {
    signature: Signature,
}

impl ScalarUDFImpl for ClockTrunc {
    fn name(&self) -> &str {
        "date_trunc_clock"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let is_moment = |given: &DataType| {
            matches!(
                given,
                DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Null
            ) || given.is_string()
        };
        match given {
            [_, moment, _] if is_moment(moment) => {
                Ok(vec![DataType::Utf8, moment_type(), DataType::Utf8])
            }
            _ => {
                let given: Vec<String> = given.iter().map(crate::type_name).collect();
                let message = format!("function date_trunc({}) does not exist", given.join(", "));
                Err(FunctionError::no_such_form(message).into())
            }
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(moment_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ColumnarValue::Scalar(name), moment, zone] = args.args.as_slice() else {
            return internal_err!("date_trunc has the name of a unit, a moment and a time zone");
        };
        let Some(step) = name.try_as_str().flatten().and_then(step) else {
            return internal_err!("{name} is no unit of the clock");
        };
        let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
        let rows = match args.args.iter().any(is_column) {
            true => args.number_rows,
            false => 1,
        };
        // What all rows have in common is looked up once.
        let common = match zone {
            ColumnarValue::Scalar(name) => {
                name.try_as_str().flatten().map(Zone::named).transpose()?
            }
            ColumnarValue::Array(_) => None,
        };
        let moments = cast(&moment.to_array(rows)?, &moment_type())?;
        let moments = moments.as_primitive::<TimestampMicrosecondType>();
        let zones = cast(&zone.to_array(rows)?, &DataType::Utf8)?;
        let zones = zones.as_string::<i32>();
        let mut begun = Vec::with_capacity(rows);
        for row in 0..rows {
            if moments.is_null(row) || zones.is_null(row) {
                begun.push(None);
                continue;
            }
            let zone = match common {
                Some(zone) => zone,
                None => Zone::named(zones.value(row))?,
            };
            begun.push(Some(truncated(moments.value(row), zone, step)));
        }
        let begun = TimestampMicrosecondArray::from(begun).with_timezone("UTC");
        answer(begun, &args.args)
    }
}

/// When the step of the zone's clock began that a moment is in.
fn truncated(moment: i64, zone: Zone, step: i64) -> i64 {
    if is_end(moment) {
        return moment;
    }
    let local = moment.saturating_add(zone.offset_at(moment) * SECOND);
    moment - local.rem_euclid(step)
}
