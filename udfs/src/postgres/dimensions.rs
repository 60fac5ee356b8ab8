//! `array_dims`, a text: `[1:2][1:3]`. DataFusion gives an array of the lengths.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, UInt64Type};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};
use datafusion::scalar::ScalarValue;

/// Registers the function, in the place of DataFusion's.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("array_dims")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(ArrayDims { inner })))?;
    Ok(())
}

/// DataFusion's function, whose lengths are written as PostgreSQL does.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayDims {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for ArrayDims {
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
        self.inner.return_type(given)?;
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)?;
        Ok(Arc::new(Field::new(self.name(), DataType::Utf8, true)))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(given)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        let lengths = self.inner.return_type(&given)?;
        let field = args.return_field.as_ref().clone().with_data_type(lengths);
        args.return_field = Arc::new(field);
        Ok(match self.inner.invoke_with_args(args)? {
            ColumnarValue::Array(lengths) => ColumnarValue::Array(written(&lengths)?),
            ColumnarValue::Scalar(lengths) => {
                let texts = written(&lengths.to_array()?)?;
                ColumnarValue::Scalar(ScalarValue::try_from_array(&texts, 0)?)
            }
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// Arrays count from 1, and one without elements has no dimensions.
fn written(lengths: &ArrayRef) -> Result<ArrayRef> {
    let mut texts = StringBuilder::new();
    for lengths in lengths.as_list::<i32>().iter() {
        let Some(lengths) = lengths else {
            texts.append_null();
            continue;
        };
        let lengths = cast(&lengths, &DataType::UInt64)?;
        let lengths = lengths.as_primitive::<UInt64Type>().iter().flatten();
        let ranges: Vec<String> = lengths
            .filter(|length| *length > 0)
            .map(|length| format!("[1:{length}]"))
            .collect();
        texts.append_option((!ranges.is_empty()).then(|| ranges.concat()));
    }
    Ok(Arc::new(texts.finish()))
}
