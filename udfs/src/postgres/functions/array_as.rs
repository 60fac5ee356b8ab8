//! A cast between arrays, which have as many dimensions behind it as before, whatever their type says:
//! `ARRAY[ARRAY[1]]::text[]` is `{{1}}`. To DataFusion the elements of an array of two dimensions are arrays.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::common::utils::list_ndims;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

/// The name of the function of a value and a NULL of the type that is cast to. It is in plans alone, until
/// the type of the value is known.
pub const ARRAY_AS: &str = "array_as";

/// The function.
pub(super) fn array_as() -> ScalarUDF {
    ScalarUDF::new_from_impl(ArrayAs {
        signature: Signature::any(2, Volatility::Immutable),
    })
}

/// The field of values of one field that are cast to arrays of another.
pub fn as_deep_as(to: &FieldRef, from: &DataType) -> FieldRef {
    let mut innermost = to.data_type();
    let mut item = None;
    while let DataType::List(inner) = innermost {
        item = Some(inner);
        innermost = inner.data_type();
    }
    let (Some(item), DataType::List(_)) = (item, from) else {
        return Arc::clone(to);
    };
    let mut deep = DataType::List(Arc::clone(item));
    for _ in 1..list_ndims(from) {
        deep = DataType::List(Arc::new(Field::new_list_field(deep, true)));
    }
    match deep == *to.data_type() {
        true => Arc::clone(to),
        false => Arc::new(Field::clone(to).with_data_type(deep)),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayAs {
    signature: Signature,
}

impl ScalarUDFImpl for ArrayAs {
    fn name(&self) -> &str {
        ARRAY_AS
    }

    /// A cast leaves a column its name.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args.first() {
            Some(value) => Ok(value.schema_name().to_string()),
            None => internal_err!("{ARRAY_AS} has a value"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given {
            [from, to] => {
                let to = Arc::new(Field::new(ARRAY_AS, to.clone(), true));
                Ok(as_deep_as(&to, from).data_type().clone())
            }
            _ => internal_err!("{ARRAY_AS} has a value and a type"),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        match args.arg_fields {
            [from, to] => Ok(as_deep_as(to, from.data_type())),
            _ => internal_err!("{ARRAY_AS} has a value and a type"),
        }
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{ARRAY_AS} is a cast once its query is planned")
    }
}
