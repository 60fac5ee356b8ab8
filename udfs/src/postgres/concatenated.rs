//! `concat` and `concat_ws`, in whose texts a truth is `t` or `f`. DataFusion casts it, to `true` or
//! `false`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;

use super::conversion::as_sent;
use crate::formatting::SessionTimeZone;

/// Registers the functions, in the place of DataFusion's of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for name in ["concat", "concat_ws"] {
        let concatenated = Concatenated {
            inner: registry.udf(name)?,
            signature: Signature::user_defined(Volatility::Immutable),
        };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(concatenated)))?;
    }
    Ok(())
}

/// A function that takes truths for texts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concatenated {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for Concatenated {
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
        let fields = given.iter();
        let fields = fields.map(|given| Arc::new(Field::new("", given.clone(), true)));
        let fields: Vec<FieldRef> = fields.collect();
        let coerced = fields_with_udf(&fields, self.inner.as_ref())?;
        let taken = given
            .iter()
            .zip(&coerced)
            .map(|(given, coerced)| match given {
                DataType::Boolean => DataType::Boolean,
                _ => coerced.data_type().clone(),
            });
        Ok(taken.collect())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let given = given.iter().map(|given| match given {
            DataType::Boolean => DataType::Utf8,
            other => other.clone(),
        });
        self.inner.return_type(&given.collect::<Vec<_>>())
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let zone = SessionTimeZone::of(&args.config_options);
        for (value, field) in args.args.iter_mut().zip(&mut args.arg_fields) {
            if value.data_type() != DataType::Boolean {
                continue;
            }
            let is_scalar = matches!(value, ColumnarValue::Scalar(_));
            let sent = as_sent(&value.to_array(1)?, &zone)?;
            *value = match is_scalar {
                true => ColumnarValue::Scalar(ScalarValue::try_from_array(&sent, 0)?),
                false => ColumnarValue::Array(sent),
            };
            *field = Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8));
        }
        self.inner.invoke_with_args(args)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
