//! Functions that answer row by row, in one of several forms that the types of the arguments choose.

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;

use super::super::conversion::{as_sent, as_text};
use super::regular_expression::Expressions;
use crate::FunctionError;
use crate::formatting::SessionTimeZone;

/// A type that such functions take or give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Integer,
    BigInt,
    Boolean,
    Float,
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    /// `text[]`
    Texts,
    /// `text[][]`, whose rows a function that gives rows gives.
    TextLists,
    Integers,
    BigInts,
    Floats,
    /// A numeric of six digits behind the point.
    Seconds,
    /// A numeric of three.
    Milliseconds,
    /// A numeric of twenty.
    Days,
    Timestamps,
    TimestampTzs,
    /// A value of any type, as the text that a cast gives.
    Shown,
    /// A value of any type, as the text that a client gets.
    Sent,
}

impl Type {
    pub(super) fn arrow(self) -> DataType {
        let list = |data_type| DataType::List(Arc::new(Field::new_list_field(data_type, true)));
        match self {
            Self::Text | Self::Shown | Self::Sent => DataType::Utf8,
            Self::Integer => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Float => DataType::Float64,
            Self::Bytes => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Nanosecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Texts => list(DataType::Utf8),
            Self::TextLists => list(Self::Texts.arrow()),
            Self::Seconds => DataType::Decimal128(38, 6),
            Self::Milliseconds => DataType::Decimal128(38, 3),
            Self::Days => DataType::Decimal128(38, 20),
            Self::Integers => list(DataType::Int32),
            Self::BigInts => list(DataType::Int64),
            Self::Floats => list(DataType::Float64),
            Self::Timestamps => list(Self::Timestamp.arrow()),
            Self::TimestampTzs => list(Self::TimestampTz.arrow()),
        }
    }

    /// How far a value of another type is from this one; `None` where it does not become one by
    /// itself. A text may be a literal of any type.
    fn distance(self, given: &DataType) -> Option<u32> {
        if *given == DataType::Null {
            return Some(1);
        }
        if matches!(self, Self::Shown | Self::Sent) {
            return Some(0);
        }
        if given.is_string() {
            return Some(if self == Self::Text { 0 } else { 4 });
        }
        match (self, given) {
            (Self::Integer, given) if given.is_integer() => match given {
                DataType::Int64 | DataType::UInt64 | DataType::UInt32 => Some(1),
                _ => Some(0),
            },
            (Self::BigInt, given) if given.is_integer() => Some(0),
            (Self::Float, given) if given.is_floating() => Some(0),
            (Self::Float, given) if given.is_decimal() => Some(1),
            (Self::Float, given) if given.is_integer() => Some(2),
            (Self::Boolean, DataType::Boolean) => Some(0),
            (Self::Bytes, given) if given.is_binary() => Some(0),
            (Self::Date, DataType::Date32 | DataType::Date64) => Some(0),
            (Self::Time, DataType::Time32(_) | DataType::Time64(_)) => Some(0),
            (Self::Timestamp, DataType::Timestamp(_, None)) => Some(0),
            // With time zone is what PostgreSQL prefers.
            (Self::Timestamp, DataType::Date32 | DataType::Date64) => Some(3),
            (Self::TimestampTz, DataType::Timestamp(_, Some(_))) => Some(0),
            (Self::TimestampTz, DataType::Timestamp(_, None)) => Some(3),
            (Self::TimestampTz, DataType::Date32 | DataType::Date64) => Some(2),
            (Self::Interval, DataType::Interval(_) | DataType::Duration(_)) => Some(0),
            (Self::Interval, DataType::Time32(_) | DataType::Time64(_)) => Some(2),
            (Self::Texts, DataType::List(item) | DataType::LargeList(item)) => {
                Some(u32::from(!item.data_type().is_string()))
            }
            (Self::Floats, DataType::List(item)) => match item.data_type() {
                item if item.is_floating() => Some(0),
                item if item.is_numeric() => Some(1),
                _ => None,
            },
            (Self::Timestamps, DataType::List(item)) => match item.data_type() {
                DataType::Timestamp(_, None) => Some(0),
                DataType::Date32 => Some(3),
                _ => None,
            },
            (Self::TimestampTzs, DataType::List(item)) => {
                matches!(item.data_type(), DataType::Timestamp(_, Some(_))).then_some(0)
            }
            _ => None,
        }
    }
}

/// What a form answers for one row.
pub(super) type Answer = fn(&Row<'_>) -> Result<ScalarValue>;

/// One form of a function.
pub(super) struct Form {
    pub(super) parameters: &'static [Type],
    /// The type of any number of arguments behind the parameters.
    pub(super) rest: Option<Type>,
    pub(super) answer: Type,
    /// Whether it is asked for rows with a NULL among the arguments, which are NULL else.
    pub(super) takes_null: bool,
    pub(super) call: Answer,
}

/// A form whose answer to NULL is NULL.
pub(super) const fn form(parameters: &'static [Type], answer: Type, call: Answer) -> Form {
    Form {
        parameters,
        rest: None,
        answer,
        takes_null: false,
        call,
    }
}

/// A form that says what it makes of NULL.
pub(super) const fn of_nulls(parameters: &'static [Type], answer: Type, call: Answer) -> Form {
    Form {
        parameters,
        rest: None,
        answer,
        takes_null: true,
        call,
    }
}

/// The arguments of a call, and what it knows of its session.
pub(super) struct Row<'a> {
    values: &'a [ScalarValue],
    pub(super) zone: &'a SessionTimeZone,
    /// The moment at which it is called, in microseconds.
    pub(super) now: i64,
    pub(super) expressions: &'a RefCell<Expressions>,
}

impl Row<'_> {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn optional_text(&self, index: usize) -> Option<&str> {
        self.values.get(index)?.try_as_str().flatten()
    }

    pub(super) fn text(&self, index: usize) -> &str {
        self.optional_text(index).unwrap_or_default()
    }

    pub(super) fn optional_integer(&self, index: usize) -> Option<i64> {
        match self.values.get(index)? {
            ScalarValue::Int32(value) => value.map(i64::from),
            ScalarValue::Int64(value)
            | ScalarValue::TimestampMicrosecond(value, _)
            | ScalarValue::Time64Nanosecond(value) => *value,
            ScalarValue::Date32(value) => value.map(i64::from),
            _ => None,
        }
    }

    /// A number; of a date its days, of a timestamp its microseconds, of a time its nanoseconds.
    pub(super) fn integer(&self, index: usize) -> i64 {
        self.optional_integer(index).unwrap_or_default()
    }

    /// Whether an argument is a timestamp with time zone.
    pub(super) fn has_zone(&self, index: usize) -> bool {
        matches!(
            self.values.get(index),
            Some(ScalarValue::TimestampMicrosecond(_, Some(_)))
        )
    }

    pub(super) fn float(&self, index: usize) -> f64 {
        match self.values.get(index) {
            Some(ScalarValue::Float64(Some(value))) => *value,
            _ => 0.0,
        }
    }

    pub(super) fn boolean(&self, index: usize) -> bool {
        matches!(
            self.values.get(index),
            Some(ScalarValue::Boolean(Some(true)))
        )
    }

    pub(super) fn bytes(&self, index: usize) -> &[u8] {
        match self.values.get(index) {
            Some(ScalarValue::Binary(Some(value))) => value,
            _ => &[],
        }
    }

    /// The elements of an array.
    pub(super) fn list(&self, index: usize) -> Option<ArrayRef> {
        match self.values.get(index)? {
            ScalarValue::List(list) if list.is_valid(0) => Some(list.value(0)),
            _ => None,
        }
    }

    pub(super) fn data_type(&self, index: usize) -> DataType {
        let value = self.values.get(index);
        value.map_or(DataType::Null, ScalarValue::data_type)
    }

    pub(super) fn is_date(&self, index: usize) -> bool {
        matches!(self.values.get(index), Some(ScalarValue::Date32(_)))
    }

    pub(super) fn is_time(&self, index: usize) -> bool {
        matches!(
            self.values.get(index),
            Some(ScalarValue::Time64Nanosecond(_))
        )
    }

    pub(super) fn is_timestamp(&self, index: usize) -> bool {
        matches!(
            self.values.get(index),
            Some(ScalarValue::TimestampMicrosecond(..))
        )
    }

    pub(super) fn is_interval(&self, index: usize) -> bool {
        matches!(
            self.values.get(index),
            Some(ScalarValue::IntervalMonthDayNano(_))
        )
    }

    pub(super) fn optional_interval(&self, index: usize) -> Option<IntervalMonthDayNano> {
        match self.values.get(index) {
            Some(ScalarValue::IntervalMonthDayNano(value)) => *value,
            _ => None,
        }
    }

    pub(super) fn interval(&self, index: usize) -> IntervalMonthDayNano {
        self.optional_interval(index)
            .unwrap_or(IntervalMonthDayNano::ZERO)
    }
}

/// Answers of the types that functions give.
pub(super) fn text(value: impl Into<String>) -> ScalarValue {
    ScalarValue::Utf8(Some(value.into()))
}

pub(super) fn bytes(value: impl Into<Vec<u8>>) -> ScalarValue {
    ScalarValue::Binary(Some(value.into()))
}

pub(super) fn integer(value: i64) -> Result<ScalarValue> {
    let value =
        i32::try_from(value).map_err(|_| FunctionError::out_of_range("integer out of range"))?;
    Ok(ScalarValue::Int32(Some(value)))
}

pub(super) fn texts(values: &[Option<String>]) -> ScalarValue {
    let values: Vec<ScalarValue> = values.iter().cloned().map(ScalarValue::Utf8).collect();
    ScalarValue::List(ScalarValue::new_list_nullable(&values, &DataType::Utf8))
}

/// A function that answers row by row.
pub(super) struct RowFunction {
    name: &'static str,
    forms: &'static [Form],
    /// DataFusion's function of that name, for all but bytes.
    inner: Option<Arc<ScalarUDF>>,
    aliases: Vec<String>,
    signature: Signature,
}

impl RowFunction {
    pub(super) fn udf(
        name: &'static str,
        forms: &'static [Form],
        volatility: Volatility,
        inner: Option<Arc<ScalarUDF>>,
    ) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(Self {
            name,
            forms,
            aliases: inner
                .iter()
                .flat_map(|inner| inner.aliases().to_vec())
                .collect(),
            inner,
            signature: Signature::user_defined(volatility),
        }))
    }

    /// The form for arguments of these types, and what each becomes.
    fn choose(&self, given: &[DataType]) -> Option<(&'static Form, Vec<DataType>)> {
        // Texts are for DataFusion's function, where there is one.
        if self.inner.is_some() && !given.first().is_some_and(DataType::is_binary) {
            return None;
        }
        let distance = |form: &Form| {
            let fits = match form.rest {
                Some(_) => given.len() >= form.parameters.len(),
                None => given.len() == form.parameters.len(),
            };
            if !fits {
                return None;
            }
            let wanted = form
                .parameters
                .iter()
                .copied()
                .chain(form.rest.into_iter().cycle());
            given
                .iter()
                .zip(wanted)
                .map(|(given, wanted)| wanted.distance(given))
                .sum::<Option<u32>>()
        };
        let near = self
            .forms
            .iter()
            .filter_map(|form| distance(form).map(|distance| (form, distance)));
        let (form, _) = near.min_by_key(|(_, distance)| *distance)?;
        let wanted = form
            .parameters
            .iter()
            .copied()
            .chain(form.rest.into_iter().cycle());
        let types = given
            .iter()
            .zip(wanted)
            .map(|(given, wanted)| match wanted {
                Type::Shown | Type::Sent => given.clone(),
                wanted => wanted.arrow(),
            });
        Some((form, types.collect()))
    }
}

impl fmt::Debug for RowFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowFunction({})", self.name)
    }
}

impl PartialEq for RowFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for RowFunction {}

impl Hash for RowFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for RowFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let args: Vec<String> = args
            .iter()
            .map(|arg| arg.schema_name().to_string())
            .collect();
        Ok(format!("{}({})", self.name, args.join(",")))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if let Some((_, types)) = self.choose(given) {
            return Ok(types);
        }
        if let Some(inner) = &self.inner {
            let given = given
                .iter()
                .map(|given| Arc::new(Field::new("", given.clone(), true)));
            let fields = fields_with_udf(&given.collect::<Vec<_>>(), inner.as_ref())?;
            return Ok(fields
                .iter()
                .map(|field| field.data_type().clone())
                .collect());
        }
        let given: Vec<String> = given.iter().map(crate::type_name).collect();
        let message = format!(
            "function {}({}) does not exist",
            self.name,
            given.join(", ")
        );
        Err(FunctionError::no_such_form(message).into())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match (self.choose(given), &self.inner) {
            (Some((form, _)), _) => Ok(form.answer.arrow()),
            (None, Some(inner)) => inner.return_type(given),
            (None, None) => internal_err!("{} is called wrongly", self.name),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        match (self.choose(&given), &self.inner) {
            // Some of DataFusion's functions tell the type of their answers by nothing else.
            (None, Some(inner)) => inner.return_field_from_args(args),
            _ => Ok(Arc::new(Field::new(
                self.name,
                self.return_type(&given)?,
                true,
            ))),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given: Vec<DataType> = args.args.iter().map(ColumnarValue::data_type).collect();
        let form = match (self.choose(&given), &self.inner) {
            (Some((form, _)), _) => form,
            (None, Some(inner)) => return inner.invoke_with_args(args),
            (None, None) => return internal_err!("{} is called wrongly", self.name),
        };
        let is_scalar = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Scalar(_));
        let is_constant =
            self.signature.volatility != Volatility::Volatile && args.args.iter().all(is_scalar);
        let rows = if is_constant { 1 } else { args.number_rows };
        let zone = SessionTimeZone::of(&args.config_options);
        let wanted = form
            .parameters
            .iter()
            .copied()
            .chain(form.rest.into_iter().cycle());
        let mut columns = Vec::with_capacity(args.args.len());
        for (argument, wanted) in args.args.iter().zip(wanted) {
            let array = argument.to_array(rows)?;
            columns.push(match wanted {
                Type::Shown => as_text(&array, &zone)?,
                Type::Sent => as_sent(&array, &zone)?,
                wanted => cast(&array, &wanted.arrow())?,
            });
        }
        let answers = answers(form, &columns, rows, &zone)?;
        match answers.as_slice() {
            [answer] if is_constant => Ok(ColumnarValue::Scalar(answer.clone())),
            [] => Ok(ColumnarValue::Array(new_empty_array(&form.answer.arrow()))),
            _ => Ok(ColumnarValue::Array(ScalarValue::iter_to_array(answers)?)),
        }
    }
}

fn answers(
    form: &Form,
    columns: &[ArrayRef],
    rows: usize,
    zone: &SessionTimeZone,
) -> Result<Vec<ScalarValue>> {
    let expressions = RefCell::new(Expressions::default());
    let null = ScalarValue::try_from(&form.answer.arrow())?;
    let now = chrono::Utc::now().timestamp_micros();
    let mut answers = Vec::with_capacity(rows);
    for row in 0..rows {
        let values = columns
            .iter()
            .map(|column| ScalarValue::try_from_array(column, row))
            .collect::<Result<Vec<_>>>()?;
        if !form.takes_null && values.iter().any(ScalarValue::is_null) {
            answers.push(null.clone());
            continue;
        }
        let row = Row {
            values: &values,
            zone,
            now,
            expressions: &expressions,
        };
        let answer = (form.call)(&row)?;
        answers.push(if answer.is_null() {
            null.clone()
        } else {
            answer
        });
    }
    Ok(answers)
}
