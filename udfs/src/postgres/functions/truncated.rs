//! `date_trunc` and `date_bin` over all moments that there are, the ends of time included. DataFusion
//! computes them in nanoseconds, which end in the years 1677 and 2262. Its `date_trunc` takes no intervals.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Field, FieldRef, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};

use super::super::converted::only_value;
use super::super::moment_text::interval::{Unit, unit};
use super::moment::{DAY, SECOND, micros, out_of_range};
use super::truncated_clock::CLOCK_TRUNC;
use super::truncated_interval::{self, INTERVAL};
use crate::FunctionError;
use crate::calendar;

/// Registers the functions, in the place of DataFusion's of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("date_trunc")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(DateTrunc {
        inner,
        signature: Signature::user_defined(Volatility::Immutable),
    })))?;
    registry.register_udf(Arc::clone(&CLOCK_TRUNC))?;
    let inner = registry.udf("date_bin")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(DateBin {
        inner,
        signature: Signature::user_defined(Volatility::Immutable),
    })))?;
    Ok(())
}

pub(super) fn is_end(moment: i64) -> bool {
    matches!(moment, i64::MIN | i64::MAX)
}

/// A column for columns, and one value for values.
pub(super) fn answer(
    moments: TimestampMicrosecondArray,
    args: &[ColumnarValue],
) -> Result<ColumnarValue> {
    let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
    let moments: ArrayRef = Arc::new(moments);
    Ok(match args.iter().any(is_column) {
        true => ColumnarValue::Array(moments),
        false => ColumnarValue::Scalar(only_value(&moments)?),
    })
}

/// DataFusion's function, which takes what is no timestamp in microseconds, and no interval.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DateTrunc {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

/// Whether the arguments are the name of a unit and an interval.
fn are_of_interval(given: &[DataType]) -> bool {
    match given {
        [name, DataType::Interval(_)] => name.is_string() || name.is_null(),
        _ => false,
    }
}

impl ScalarUDFImpl for DateTrunc {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if are_of_interval(given) {
            return Ok(vec![DataType::Utf8, INTERVAL]);
        }
        let given = given
            .iter()
            .map(|given| Arc::new(Field::new("", given.clone(), true)));
        let fields = fields_with_udf(&given.collect::<Vec<_>>(), self.inner.as_ref())?;
        let types = fields.iter().map(|field| field.data_type().clone());
        Ok(types.collect())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match are_of_interval(given) {
            true => Ok(INTERVAL),
            false => self.inner.return_type(given),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        if are_of_interval(&given) {
            return Ok(Arc::new(Field::new(self.name(), INTERVAL, true)));
        }
        // DataFusion's takes no name of a unit but a literal.
        let name = args.scalar_arguments.first().copied().flatten();
        match (given.as_slice(), name) {
            (_, Some(name)) if !name.is_null() => self.inner.return_field_from_args(args),
            ([_, moment @ DataType::Timestamp(TimeUnit::Microsecond, _)], _) => {
                Ok(Arc::new(Field::new(self.name(), moment.clone(), true)))
            }
            _ => self.inner.return_field_from_args(args),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn output_ordering(&self, input: &[ExprProperties]) -> Result<SortProperties> {
        self.inner.output_ordering(input)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let [_, value] = args.args.as_slice()
            && value.data_type() == INTERVAL
        {
            return truncated_interval::of(&args.args);
        }
        if let [name, moment] = args.args.as_slice()
            && let DataType::Timestamp(TimeUnit::Microsecond, zone) = moment.data_type()
            && !is_one_name(name)
        {
            let names = cast(&name.to_array(args.number_rows)?, &DataType::Utf8)?;
            let moments = moment.to_array(args.number_rows)?;
            let begun = each_begun(names.as_string(), moments.as_primitive(), zone.is_some())?;
            return answer(begun.with_timezone_opt(zone), &args.args);
        }
        let given = match args.args.as_slice() {
            [ColumnarValue::Scalar(name), moment] => {
                match (name.try_as_str().flatten(), moment.data_type()) {
                    (Some(name), DataType::Timestamp(TimeUnit::Microsecond, zone)) => Some((
                        Step::named(name, zone.is_some())?,
                        moment.to_array(1)?,
                        zone,
                    )),
                    _ => None,
                }
            }
            _ => None,
        };
        let Some((step, moments, zone)) = given else {
            return self.inner.invoke_with_args(args);
        };
        let moments = moments.as_primitive::<TimestampMicrosecondType>();
        let begun: TimestampMicrosecondArray =
            moments.try_unary(|moment| match is_end(moment) {
                true => Ok(moment),
                false => step.begun(moment),
            })?;
        answer(begun.with_timezone_opt(zone), &args.args[1..])
    }
}

fn is_one_name(name: &ColumnarValue) -> bool {
    matches!(name, ColumnarValue::Scalar(name) if !name.is_null())
}

/// Moments, each cut to the unit that is named beside it.
fn each_begun(
    names: &StringArray,
    moments: &TimestampMicrosecondArray,
    has_zone: bool,
) -> Result<TimestampMicrosecondArray, FunctionError> {
    let begun = names.iter().zip(moments).map(|(name, moment)| {
        let (Some(name), Some(moment)) = (name, moment) else {
            return Ok(None);
        };
        let step = Step::named(name, has_zone)?;
        match is_end(moment) {
            true => Ok(Some(moment)),
            false => step.begun(moment).map(Some),
        }
    });
    begun.collect()
}

/// What a moment is cut to.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many microseconds.
    Micros(i64),
    Week,
    /// Months of a year.
    Months(i64),
    Decade,
    Century,
    Millennium,
}

impl Step {
    fn named(name: &str, has_zone: bool) -> Result<Self, FunctionError> {
        let name = name.to_lowercase();
        let kind = match has_zone {
            true => "timestamp with time zone",
            false => "timestamp without time zone",
        };
        if matches!(name.as_str(), "quarter" | "qtr") {
            return Ok(Self::Months(3));
        }
        if matches!(
            name.as_str(),
            "timezone" | "timezone_hour" | "timezone_minute"
        ) {
            return Err(FunctionError::unsupported(format!(
                "unit \"{name}\" not supported for type {kind}"
            )));
        }
        Ok(match unit(&name) {
            Some(Unit::Microsecond) => Self::Micros(1),
            Some(Unit::Millisecond) => Self::Micros(SECOND / 1_000),
            Some(Unit::Second) => Self::Micros(SECOND),
            Some(Unit::Minute) => Self::Micros(60 * SECOND),
            Some(Unit::Hour) => Self::Micros(3_600 * SECOND),
            Some(Unit::Day) => Self::Micros(DAY),
            Some(Unit::Week) => Self::Week,
            Some(Unit::Month) => Self::Months(1),
            Some(Unit::Year) => Self::Months(12),
            Some(Unit::Decade) => Self::Decade,
            Some(Unit::Century) => Self::Century,
            Some(Unit::Millennium) => Self::Millennium,
            None => {
                let message = format!("unit \"{name}\" not recognized for type {kind}");
                return Err(FunctionError::invalid_argument(message));
            }
        })
    }

    /// When the step began that a moment is in.
    fn begun(self, moment: i64) -> Result<i64, FunctionError> {
        if let Self::Micros(step) = self {
            return Ok(moment - moment.rem_euclid(step));
        }
        let day = moment.div_euclid(DAY);
        let (year, month, _) = calendar::date(day);
        // The year 0 is 1 BC, and the first century, before or after Christ, has a hundred years.
        let first_of = |years: i64| match year > 0 {
            true => (year + years - 1) / years * years - years + 1,
            false => -((years - year) / years * years) + 1,
        };
        let january = |year: i64| calendar::day_number(year, 1, 1);
        let first = match self {
            Self::Week => day - calendar::weekday(day) + 1,
            Self::Months(months) => {
                calendar::day_number(year, (month - 1) / months * months + 1, 1)
            }
            Self::Decade => january(year.div_euclid(10) * 10),
            Self::Century => january(first_of(100)),
            Self::Millennium => january(first_of(1_000)),
            Self::Micros(_) => day,
        };
        match calendar::julian_day(first) >= 0 {
            true => Ok(first * DAY),
            false => Err(out_of_range("timestamp")),
        }
    }
}

/// DataFusion's function, which takes what is no timestamp.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DateBin {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

/// The type of the moments of a call; none where DataFusion's function takes it.
fn moment_type(given: &[DataType]) -> Option<DataType> {
    let [_, moments @ ..] = given else {
        return None;
    };
    let is_moment = |it: &DataType| {
        matches!(
            it,
            DataType::Timestamp(..) | DataType::Date32 | DataType::Null
        ) || it.is_string()
    };
    if moments.is_empty() || moments.len() > 2 || !moments.iter().all(is_moment) {
        return None;
    }
    // With time zone is what PostgreSQL prefers.
    let is_local = |it: &DataType| matches!(it, DataType::Timestamp(_, None));
    let has_zone = |it: &DataType| matches!(it, DataType::Timestamp(_, Some(_)) | DataType::Date32);
    let zone = match moments.iter().any(has_zone) || !moments.iter().any(is_local) {
        true => Some("UTC".into()),
        false => None,
    };
    Some(DataType::Timestamp(TimeUnit::Microsecond, zone))
}

impl ScalarUDFImpl for DateBin {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if let Some(moment) = moment_type(given) {
            let mut types = vec![moment; given.len()];
            if let Some(stride) = types.first_mut() {
                *stride = DataType::Interval(IntervalUnit::MonthDayNano);
            }
            return Ok(types);
        }
        let given = given
            .iter()
            .map(|given| Arc::new(Field::new("", given.clone(), true)));
        let fields = fields_with_udf(&given.collect::<Vec<_>>(), self.inner.as_ref())?;
        let types = fields.iter().map(|field| field.data_type().clone());
        Ok(types.collect())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match moment_type(given) {
            Some(moment) => Ok(moment),
            None => self.inner.return_type(given),
        }
    }

    fn output_ordering(&self, input: &[ExprProperties]) -> Result<SortProperties> {
        self.inner.output_ordering(input)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given: Vec<DataType> = args.args.iter().map(ColumnarValue::data_type).collect();
        let Some(DataType::Timestamp(_, zone)) = moment_type(&given) else {
            return self.inner.invoke_with_args(args);
        };
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let (Some(strides), Some(moments)) = (arrays.first(), arrays.get(1)) else {
            return internal_err!("date_bin has an interval and a moment");
        };
        let strides = strides.as_primitive::<IntervalMonthDayNanoType>();
        let moments = moments.as_primitive::<TimestampMicrosecondType>();
        let origins = arrays.get(2);
        let origins = origins.map(|them| them.as_primitive::<TimestampMicrosecondType>());
        let mut begun = Vec::with_capacity(moments.len());
        for row in 0..moments.len() {
            let is_null = strides.is_null(row)
                || moments.is_null(row)
                || origins.is_some_and(|origins| origins.is_null(row));
            if is_null {
                begun.push(None);
                continue;
            }
            let origin = origins.map_or(0, |origins| origins.value(row));
            begun.push(Some(bin(strides.value(row), moments.value(row), origin)?));
        }
        let begun = TimestampMicrosecondArray::from(begun).with_timezone_opt(zone);
        answer(begun, &args.args)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// The last of the moments that are whole strides from the origin (`timestamp_bin`).
fn bin(stride: IntervalMonthDayNano, moment: i64, origin: i64) -> Result<i64, FunctionError> {
    let invalid = |message: &str| FunctionError {
        sqlstate: "22008",
        message: message.to_owned(),
        hint: None,
    };
    if is_end(moment) {
        return Ok(moment);
    }
    if is_end(origin) {
        return Err(invalid("origin out of range"));
    }
    if stride.months != 0 {
        return Err(FunctionError::unsupported(
            "timestamps cannot be binned into intervals containing months or years",
        )
        .with_hint("Use date_trunc for months, quarters and years."));
    }
    let wide = || out_of_range("interval");
    let days = i64::from(stride.days).checked_mul(DAY).ok_or_else(wide)?;
    let stride = days.checked_add(micros(stride)).ok_or_else(wide)?;
    if stride <= 0 {
        return Err(invalid("stride must be greater than zero"));
    }
    let passed = moment.checked_sub(origin).ok_or_else(wide)?;
    let begun = moment.checked_sub(passed.rem_euclid(stride));
    let begun = begun.filter(|begun| calendar::julian_day(begun.div_euclid(DAY)) >= 0);
    begun.ok_or_else(|| out_of_range("timestamp"))
}
