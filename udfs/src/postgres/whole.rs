//! `floor` and `ceil` of a numeric, which have no digits after the point. DataFusion keeps as many as
//! there were, all of them zero.

use std::sync::Arc;

use arrow::compute::cast;
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// The function of DataFusion's.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Whole {
    inner: Arc<ScalarUDF>,
}

impl Whole {
    /// What takes the place of a function of a value of this type; none for one that is another, or
    /// gives whole numbers as it is.
    pub(super) fn of(inner: &Arc<ScalarUDF>, given: &DataType) -> Option<Self> {
        let is_own = inner.inner().downcast_ref::<Self>().is_some();
        let is_meant = matches!(inner.name(), "floor" | "ceil") && !is_own;
        (is_meant && whole_type(given).is_some()).then(|| Self {
            inner: Arc::clone(inner),
        })
    }
}

/// The type of the whole numbers next to those of a type that has digits after the point.
fn whole_type(given: &DataType) -> Option<DataType> {
    // One digit more than there are before the point: 9.5 is 10.
    let digits = |precision: u8, scale: i8| {
        let before = precision.saturating_sub(scale.unsigned_abs());
        before.saturating_add(1)
    };
    match given {
        DataType::Decimal128(precision, scale) if *scale > 0 => {
            let digits = digits(*precision, *scale).min(DECIMAL128_MAX_PRECISION);
            Some(DataType::Decimal128(digits, 0))
        }
        DataType::Decimal256(precision, scale) if *scale > 0 => {
            let digits = digits(*precision, *scale).min(DECIMAL256_MAX_PRECISION);
            Some(DataType::Decimal256(digits, 0))
        }
        _ => None,
    }
}

impl ScalarUDFImpl for Whole {
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
        match arg_types.first().and_then(whole_type) {
            Some(whole) => Ok(whole),
            None => self.inner.return_type(arg_types),
        }
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(arg_types)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let whole = args.return_field.data_type().clone();
        if let Some(given) = args.arg_fields.first() {
            let given = given.data_type().clone();
            args.return_field = Arc::new(Field::new(self.name(), given, true));
        }
        match self.inner.invoke_with_args(args)? {
            ColumnarValue::Array(values) => Ok(ColumnarValue::Array(cast(&values, &whole)?)),
            ColumnarValue::Scalar(value) => Ok(ColumnarValue::Scalar(value.cast_to(&whole)?)),
        }
    }
}
