//! `trunc` of a numeric, which has as many digits after the point as it is cut to.
//!
//! DataFusion keeps those of the number, with zeros in their places.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};
use datafusion::scalar::ScalarValue;

/// Registers the function, in the place of DataFusion's.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("trunc")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(TruncatedNumber {
        inner,
    })))?;
    Ok(())
}

/// The function of DataFusion's that cuts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TruncatedNumber {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for TruncatedNumber {
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
        self.inner.signature()
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let places = match args.scalar_arguments.get(1) {
            None => Some(0),
            Some(given) => given.and_then(number_of_places),
        };
        let field = self.inner.return_field_from_args(args)?;
        let cut = places.and_then(|places| cut_to(field.data_type(), places));
        Ok(match cut {
            Some(cut) => Arc::new(field.as_ref().clone().with_data_type(cut)),
            None => field,
        })
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(given)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let answer = Arc::clone(&args.return_field);
        if !answer.data_type().is_decimal() {
            return self.inner.invoke_with_args(args);
        }
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        let inner = self.inner.return_type(&given)?;
        args.return_field = Arc::new(answer.as_ref().clone().with_data_type(inner));
        // The digits that this leaves out are zeros.
        self.inner
            .invoke_with_args(args)?
            .cast_to(answer.data_type(), None)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// To how many digits after the point a literal says to cut; none where it is NULL.
fn number_of_places(literal: &ScalarValue) -> Option<i64> {
    match literal.cast_to(&DataType::Int64) {
        Ok(ScalarValue::Int64(places)) => places,
        _ => None,
    }
}

/// The type of numerics that are cut to so many digits after the point; none for other numbers, and
/// where no digit is left out.
fn cut_to(numeric: &DataType, places: i64) -> Option<DataType> {
    let kept = |scale: i8| {
        let places = i8::try_from(places.clamp(0, i64::from(i8::MAX))).ok()?;
        (places < scale).then_some(places)
    };
    match numeric {
        DataType::Decimal128(digits, scale) => Some(DataType::Decimal128(*digits, kept(*scale)?)),
        DataType::Decimal256(digits, scale) => Some(DataType::Decimal256(*digits, kept(*scale)?)),
        _ => None,
    }
}
