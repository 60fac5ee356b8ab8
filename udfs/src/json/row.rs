//! A record of values by name, whose fields keep what type of JSON they are.

use std::sync::Arc;

use arrow::array::{ArrayRef, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use crate::composites::without_part;

/// The function: names and values in turn.
pub(super) fn udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(RowOfValues {
        signature: Signature::variadic_any(Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RowOfValues {
    signature: Signature,
}

impl ScalarUDFImpl for RowOfValues {
    fn name(&self) -> &str {
        "tributary_row"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of a record depends on its fields")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let pairs = args
            .scalar_arguments
            .chunks(2)
            .zip(args.arg_fields.chunks(2));
        let fields = pairs.map(|(names, fields)| {
            let name = names.first().copied().flatten();
            let name = name.and_then(|name| name.try_as_str().flatten());
            match (name, fields) {
                (Some(name), [_, field]) => {
                    let field = Field::clone(field).with_name(name).with_nullable(true);
                    Ok(without_part(field))
                }
                _ => plan_err!("a record is made of names and values"),
            }
        });
        let fields: Fields = fields.collect::<Result<_>>()?;
        Ok(Arc::new(Field::new(
            self.name(),
            DataType::Struct(fields),
            false,
        )))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let DataType::Struct(fields) = args.return_field.data_type() else {
            return internal_err!("a record is a struct");
        };
        let values = args.args.iter().skip(1).step_by(2);
        let columns: Vec<ArrayRef> = values
            .map(|value| value.to_array(args.number_rows))
            .collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(
            fields.clone(),
            columns,
            None,
        )?)))
    }
}
