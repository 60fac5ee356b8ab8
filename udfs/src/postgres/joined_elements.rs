//! `array_to_string`, which joins the texts that clients get of elements. DataFusion's writes numbers,
//! moments and truths otherwise.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};

use super::conversion::as_sent;
use super::converted::only_value;
use super::inner::as_inner;
use crate::formatting::SessionTimeZone;

/// Registers the function, in the place of DataFusion's.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("array_to_string")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(ArrayToString { inner })))?;
    Ok(())
}

/// DataFusion's function, over texts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayToString {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for ArrayToString {
    as_inner!();

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let zone = SessionTimeZone::of(&args.config_options);
        if let ([lists, ..], [field, ..]) =
            (args.args.as_mut_slice(), args.arg_fields.as_mut_slice())
        {
            let is_scalar = matches!(lists, ColumnarValue::Scalar(_));
            let sent = sent_elements(&lists.to_array(1)?, &zone)?;
            *field = Arc::new(
                field
                    .as_ref()
                    .clone()
                    .with_data_type(sent.data_type().clone()),
            );
            *lists = match is_scalar {
                true => ColumnarValue::Scalar(only_value(&sent)?),
                false => ColumnarValue::Array(sent),
            };
        }
        self.inner.invoke_with_args(args)
    }
}

/// Arrays of the texts of their elements, as deep as they were.
fn sent_elements(values: &ArrayRef, zone: &SessionTimeZone) -> Result<ArrayRef> {
    let Some(lists) = values.as_list_opt::<i32>() else {
        return match values.data_type() {
            DataType::Null => Ok(Arc::clone(values)),
            data_type if data_type.is_string() => Ok(Arc::clone(values)),
            _ => as_sent(values, zone),
        };
    };
    let elements = sent_elements(lists.values(), zone)?;
    let field = Field::new_list_field(elements.data_type().clone(), true);
    Ok(Arc::new(ListArray::try_new(
        Arc::new(field),
        lists.offsets().clone(),
        elements,
        lists.nulls().cloned(),
    )?))
}
