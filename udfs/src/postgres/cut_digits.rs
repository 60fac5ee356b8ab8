//! `trunc` of a numeric, and `round` to more digits than it has: the answer has as many digits after the
//! point as were asked for. DataFusion keeps those that there were.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, DecimalType};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use datafusion::scalar::ScalarValue;

use super::range::out_of_range;
use crate::FunctionError;

/// The most digits that may be asked for, on either side of the point, as in PostgreSQL.
const MOST_DIGITS: i64 = 2000;

/// The function of DataFusion's, and the digits that are asked for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CutDigits {
    inner: Arc<ScalarUDF>,
    digits: i32,
}

impl CutDigits {
    /// What takes the place of a function of a value of this type; none for one that is another, whose
    /// digits are known of each row alone, or that answers as many as it is.
    pub(super) fn of(
        inner: &Arc<ScalarUDF>,
        given: &DataType,
        digits: Option<&Expr>,
    ) -> Option<Self> {
        let digits = match digits {
            None => 0,
            Some(Expr::Literal(value, _)) => literal(value)?,
            Some(_) => return None,
        };
        let is_own = inner.inner().downcast_ref::<Self>().is_some();
        let DataType::Decimal128(_, scale) = given else {
            return None;
        };
        let is_meant = match inner.name() {
            "trunc" => true,
            "round" => digits > i32::from(*scale),
            _ => false,
        };
        (is_meant && !is_own && cut_type(given, digits).is_some()).then(|| Self {
            inner: Arc::clone(inner),
            digits,
        })
    }

    /// Numerics without the digits that were not asked for, in the type of the answer.
    fn cut(&self, values: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
        let (DataType::Decimal128(_, from), DataType::Decimal128(precision, scale)) =
            (values.data_type(), to)
        else {
            return internal_err!("{} of {} is no numeric", self.name(), values.data_type());
        };
        let from = i32::from(*from);
        let power = |digits: i32| 10_i128.checked_pow(u32::try_from(digits).unwrap_or(0));
        let unit = power(from - self.digits);
        let factor = power(i32::from(*scale) - self.digits.min(from));
        let cut = |value: i128| -> Result<i128, FunctionError> {
            // Of more digits than there are, nothing is left.
            let Some(unit) = unit else { return Ok(0) };
            let cut = factor.and_then(|factor| (value / unit).checked_mul(factor));
            cut.filter(|cut| Decimal128Type::is_valid_decimal_precision(*cut, *precision))
                .ok_or_else(|| out_of_range(to))
        };
        let values = values.as_primitive::<Decimal128Type>();
        let cut = values.try_unary::<_, Decimal128Type, _>(cut)?;
        Ok(Arc::new(cut.with_data_type(to.clone())))
    }
}

/// The number of digits that a literal names.
fn literal(value: &ScalarValue) -> Option<i32> {
    let digits = match value {
        ScalarValue::Int32(Some(digits)) => i64::from(*digits),
        ScalarValue::Int64(Some(digits)) => *digits,
        _ => return None,
    };
    i32::try_from(digits.clamp(-MOST_DIGITS, MOST_DIGITS)).ok()
}

/// The type of numerics of so many digits after the point, as far as those before it leave room.
fn cut_type(given: &DataType, digits: i32) -> Option<DataType> {
    let DataType::Decimal128(precision, scale) = given else {
        return None;
    };
    let whole = precision.checked_sub(u8::try_from(*scale).ok()?)?;
    let room = DECIMAL128_MAX_PRECISION.checked_sub(whole)?;
    let scale = u8::try_from(digits.clamp(0, i32::from(room))).ok()?;
    let precision = (whole + scale).max(1);
    Some(DataType::Decimal128(precision, i8::try_from(scale).ok()?))
}

impl ScalarUDFImpl for CutDigits {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        let cut = arg_types.first();
        match cut.and_then(|given| cut_type(given, self.digits)) {
            Some(cut) => Ok(cut),
            None => internal_err!("{} is of numerics", self.name()),
        }
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(arg_types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let to = args.return_field.data_type();
        match args.args.first() {
            Some(ColumnarValue::Array(values)) => Ok(ColumnarValue::Array(self.cut(values, to)?)),
            Some(ColumnarValue::Scalar(value)) => {
                let cut = self.cut(&value.to_array()?, to)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&cut, 0)?))
            }
            None => internal_err!("{} of nothing", self.name()),
        }
    }
}
