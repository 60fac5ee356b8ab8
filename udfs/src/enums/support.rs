//! `enum_first(anyenum)`, `enum_last(anyenum)`, `enum_range(anyenum [, anyenum])`: what a type has, which
//! whoever plans a query knows and puts in their place.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};

use super::kind::EnumKind;
use crate::FunctionError;

/// The functions.
pub(super) fn all() -> [Arc<ScalarUDF>; 3] {
    let function = |name, signatures: &[usize], gives_array| {
        let signatures = signatures.iter().map(|count| TypeSignature::Any(*count));
        Arc::new(ScalarUDF::new_from_impl(Support {
            name,
            gives_array,
            signature: Signature::one_of(signatures.collect(), Volatility::Stable),
        }))
    };
    [
        function("enum_first", &[1], false),
        function("enum_last", &[1], false),
        function("enum_range", &[1, 2], true),
    ]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Support {
    name: &'static str,
    gives_array: bool,
    signature: Signature,
}

impl ScalarUDFImpl for Support {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of {} depends on its arguments", self.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let mut kinds = args
            .arg_fields
            .iter()
            .map(|field| EnumKind::of_field(field));
        let kind = kinds.find_map(|kind| kind);
        Ok(match (kind, self.gives_array) {
            (Some(kind), true) => EnumKind::array(kind.of).field(self.name),
            (Some(kind), false) => EnumKind::one(kind.of).field(self.name),
            (None, true) => {
                let texts = DataType::new_list(DataType::Utf8, true);
                Arc::new(Field::new(self.name, texts, true))
            }
            (None, false) => Arc::new(Field::new(self.name, DataType::Utf8, true)),
        })
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(FunctionError {
            sqlstate: "42804",
            message: format!("{} is called with what is of no enum type", self.name),
            hint: Some("Cast the argument to an enum type: NULL::mood.".to_owned()),
        }
        .into())
    }
}
