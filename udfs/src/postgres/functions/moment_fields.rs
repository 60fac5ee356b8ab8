//! Fields of moments that grow with them, so that those of the ends of time are infinite: the year, what
//! is counted by years, the Julian day and the seconds since 1970. Beside them those of the clock, which a
//! date has for `date_part`, that takes it for its midnight, and not for `extract`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array};
use arrow::datatypes::{
    DataType, Date32Type, IntervalMonthDayNanoType, IntervalUnit, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use super::super::converted::only_value;
use super::super::inner::as_inner;
use super::super::moment_text::interval::{Unit, unit};
use super::moment::{DAY, SECOND, micros};
use super::refused_fields::refusal;
use crate::FunctionError;
use crate::calendar;

/// A field that grows with the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    Decade,
    Century,
    Millennium,
    IsoYear,
    Julian,
    Epoch,
}

impl Field {
    /// The field of a name in lower case.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match (unit(name), name) {
            (Some(Unit::Year), _) => Self::Year,
            (Some(Unit::Decade), _) => Self::Decade,
            (Some(Unit::Century), _) => Self::Century,
            (Some(Unit::Millennium), _) => Self::Millennium,
            (None, "isoyear") => Self::IsoYear,
            (None, "julian" | "jd" | "j") => Self::Julian,
            (None, "epoch") => Self::Epoch,
            _ => return None,
        })
    }

    /// What a day has, and its midnight.
    pub(super) fn of_day(self, day: i64) -> i64 {
        // The year 0 is 1 BC.
        let counted = |year: i64| if year > 0 { year } else { year - 1 };
        let year = || calendar::date(day).0;
        match self {
            Self::Year => counted(year()),
            Self::IsoYear => counted(calendar::iso_week(day).0),
            Self::Decade => match year() {
                year if year >= 0 => year / 10,
                year => -((8 - (year - 1)) / 10),
            },
            Self::Century => match year() {
                year if year > 0 => (year + 99) / 100,
                year => -((99 - (year - 1)) / 100),
            },
            Self::Millennium => match year() {
                year if year > 0 => (year + 999) / 1000,
                year => -((999 - (year - 1)) / 1000),
            },
            Self::Julian => calendar::julian_day(day),
            Self::Epoch => day * (DAY / SECOND),
        }
    }

    /// What a moment has, in microseconds.
    fn of_moment(self, micros: i64) -> f64 {
        match self {
            Self::Epoch => micros as f64 / SECOND as f64,
            Self::Julian => {
                let day = self.of_day(micros.div_euclid(DAY)) as f64;
                day + micros.rem_euclid(DAY) as f64 / DAY as f64
            }
            _ => self.of_day(micros.div_euclid(DAY)) as f64,
        }
    }

    /// What an interval has; none of a field of dates alone.
    fn of_interval(self, months: i32, days: i32, micros: i64) -> Option<f64> {
        let years = months / 12;
        Some(f64::from(match self {
            Self::Year => years,
            Self::Decade => years / 10,
            Self::Century => years / 100,
            Self::Millennium => years / 1000,
            Self::Epoch => {
                // A year has 365.25 days there, a month 30.
                let days =
                    f64::from(years) * 365.25 + f64::from(months % 12) * 30.0 + f64::from(days);
                return Some(days * (DAY / SECOND) as f64 + micros as f64 / SECOND as f64);
            }
            Self::IsoYear | Self::Julian => return None,
        }))
    }
}

/// An end of time, of a date or a timestamp.
fn end<T: PartialEq>(value: T, least: T, greatest: T) -> Option<f64> {
    match value {
        value if value == least => Some(f64::NEG_INFINITY),
        value if value == greatest => Some(f64::INFINITY),
        _ => None,
    }
}

/// The error of a field of an end of time, which no numeric is.
pub(super) fn no_numeric() -> FunctionError {
    FunctionError::out_of_range("cannot convert infinity to numeric").with_hint(
        "Ask for date_part, which gives double precision, or leave these rows out by isfinite.",
    )
}

/// Registers the functions; `date_part` in the place of DataFusion's.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("date_part")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(DatePart { inner })))?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(DoubleField {
        signature: Signature::user_defined(Volatility::Immutable),
    })))?;
    Ok(())
}

/// DataFusion's function, which gives whole numbers, with years as PostgreSQL counts them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DatePart {
    inner: Arc<ScalarUDF>,
}

/// The name of the field that is asked for.
fn name_of(argument: Option<&ColumnarValue>) -> Option<String> {
    match argument {
        Some(ColumnarValue::Scalar(name)) => Some(name.try_as_str()??.to_lowercase()),
        _ => None,
    }
}

impl ScalarUDFImpl for DatePart {
    as_inner!();

    fn preimage(
        &self,
        args: &[Expr],
        value: &Expr,
        info: &SimplifyContext,
    ) -> Result<PreimageResult> {
        // Years before Christ are not those of DataFusion.
        match value.as_literal() {
            Some(ScalarValue::Int32(Some(year))) if *year > 0 => {
                self.inner.preimage(args, value, info)
            }
            _ => Ok(PreimageResult::None),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = name_of(args.args.first()).unwrap_or_default();
        let refused = args.arg_fields.get(1);
        if let Some(refusal) = refused.and_then(|of| refusal(&name, of.data_type())) {
            return Err(refusal.into());
        }
        let is_year = Field::named(&name) == Some(Field::Year);
        let is_quarter = matches!(name.as_str(), "quarter" | "qtr");
        let own = args.args.get(1).filter(|_| is_year || is_quarter);
        let Some(moment) = own else {
            return self.inner.invoke_with_args(args);
        };
        let moments = moment.to_array(1)?;
        let year = |day: i64| i32::try_from(Field::Year.of_day(day)).map_err(|_| no_numeric());
        let fields: Int32Array = match moments.data_type() {
            DataType::Interval(IntervalUnit::MonthDayNano) if is_quarter => {
                let intervals = moments.as_primitive::<IntervalMonthDayNanoType>();
                intervals.unary(|interval| interval.months % 12 / 3 + 1)
            }
            _ if is_quarter => return self.inner.invoke_with_args(args),
            DataType::Date32 => {
                let days = moments.as_primitive::<Date32Type>();
                days.try_unary(|day| match end(day, i32::MIN, i32::MAX) {
                    Some(_) => Err(no_numeric()),
                    None => year(i64::from(day)),
                })?
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let moments = moments.as_primitive::<TimestampMicrosecondType>();
                moments.try_unary(|moment| match end(moment, i64::MIN, i64::MAX) {
                    Some(_) => Err(no_numeric()),
                    None => year(moment.div_euclid(DAY)),
                })?
            }
            _ => return self.inner.invoke_with_args(args),
        };
        answer(Arc::new(fields), moment)
    }
}

/// A column for a column, and one value for one.
fn answer(values: ArrayRef, given: &ColumnarValue) -> Result<ColumnarValue> {
    Ok(match given {
        ColumnarValue::Array(_) => ColumnarValue::Array(values),
        ColumnarValue::Scalar(_) => ColumnarValue::Scalar(only_value(&values)?),
    })
}

/// Such a field as a double, as `date_part` of PostgreSQL gives it. Moments with a time zone are of UTC.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DoubleField {
    signature: Signature,
}

impl ScalarUDFImpl for DoubleField {
    fn name(&self) -> &str {
        "double_field"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let local = || DataType::Timestamp(TimeUnit::Microsecond, None);
        let moment = match given {
            [_, DataType::Date32 | DataType::Date64] => DataType::Date32,
            [_, DataType::Timestamp(_, Some(_))] => {
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
            }
            [_, DataType::Timestamp(_, None) | DataType::Null] => local(),
            [_, DataType::Time32(_) | DataType::Time64(_)] => {
                DataType::Time64(TimeUnit::Nanosecond)
            }
            [_, DataType::Interval(_) | DataType::Duration(_)] => {
                DataType::Interval(IntervalUnit::MonthDayNano)
            }
            [_, text] if text.is_string() => local(),
            _ => {
                let given: Vec<String> = given.iter().map(crate::type_name).collect();
                let message = format!("function date_part({}) does not exist", given.join(", "));
                return Err(FunctionError::no_such_form(message).into());
            }
        };
        Ok(vec![DataType::Utf8, moment])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [name, moment] = args.args.as_slice() else {
            return internal_err!("date_part has two arguments");
        };
        let name = name_of(Some(name)).unwrap_or_default();
        let moments = moment.to_array(1)?;
        let values = match (Field::named(&name), unit(&name).and_then(clock)) {
            (Some(field), _) => doubles(field, &moments)?,
            (None, Some(of)) => Some(clock_doubles(of, &moments)?),
            (None, None) => None,
        };
        let Some(values) = values else {
            let unknown =
                || FunctionError::invalid_argument(format!("unit \"{name}\" not recognized"));
            let refused = refusal(&name, moments.data_type());
            return Err(refused.unwrap_or_else(unknown).into());
        };
        answer(Arc::new(values), moment)
    }
}

/// A field of the clock, of microseconds since midnight or in an interval; none for other units.
fn clock(unit: Unit) -> Option<fn(i64) -> f64> {
    const MINUTE: i64 = 60 * SECOND;
    let of: fn(i64) -> f64 = match unit {
        Unit::Hour => |micros| (micros / (60 * MINUTE)) as f64,
        Unit::Minute => |micros| (micros / MINUTE % 60) as f64,
        Unit::Second => |micros| (micros % MINUTE) as f64 / SECOND as f64,
        Unit::Millisecond => |micros| (micros % MINUTE) as f64 / 1e3,
        Unit::Microsecond => |micros| (micros % MINUTE) as f64,
        _ => return None,
    };
    Some(of)
}

/// A field of the clock of all values, NULL at the ends of time.
fn clock_doubles(of: fn(i64) -> f64, moments: &ArrayRef) -> Result<Float64Array> {
    Ok(match moments.data_type() {
        DataType::Date32 => {
            let days = moments.as_primitive::<Date32Type>();
            days.unary_opt(|day| end(day, i32::MIN, i32::MAX).is_none().then(|| of(0)))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let moments = moments.as_primitive::<TimestampMicrosecondType>();
            moments.unary_opt(|moment| {
                let is_finite = end(moment, i64::MIN, i64::MAX).is_none();
                is_finite.then(|| of(moment.rem_euclid(DAY)))
            })
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let intervals = moments.as_primitive::<IntervalMonthDayNanoType>();
            intervals.unary(|interval| of(micros(interval)))
        }
        DataType::Time64(TimeUnit::Nanosecond) => {
            let times = moments.as_primitive::<Time64NanosecondType>();
            times.unary(|nanos| of(nanos / 1_000))
        }
        other => return internal_err!("{other} has no clock"),
    })
}

/// The field of all values; none where their type does not have it.
fn doubles(field: Field, moments: &ArrayRef) -> Result<Option<Float64Array>> {
    Ok(match moments.data_type() {
        DataType::Date32 => {
            let days = moments.as_primitive::<Date32Type>();
            Some(days.unary(|day| {
                end(day, i32::MIN, i32::MAX).unwrap_or_else(|| field.of_day(i64::from(day)) as f64)
            }))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let moments = moments.as_primitive::<TimestampMicrosecondType>();
            Some(moments.unary(|moment| {
                end(moment, i64::MIN, i64::MAX).unwrap_or_else(|| field.of_moment(moment))
            }))
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            if field.of_interval(0, 0, 0).is_none() {
                return Ok(None);
            }
            let intervals = moments.as_primitive::<IntervalMonthDayNanoType>();
            Some(intervals.unary_opt(|it| field.of_interval(it.months, it.days, micros(it))))
        }
        DataType::Time64(TimeUnit::Nanosecond) if field == Field::Epoch => {
            let times = moments.as_primitive::<Time64NanosecondType>();
            Some(times.unary(|nanos| (nanos / 1_000) as f64 / SECOND as f64))
        }
        DataType::Time64(_) => None,
        other => return internal_err!("{other} has no such field"),
    })
}
