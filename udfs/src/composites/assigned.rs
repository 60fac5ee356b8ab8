//! `UPDATE ... SET home.street = value`: a row with another value of an attribute.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::compute::{is_null, nullif};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{exec_err, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

/// The function's name.
pub const ASSIGNED: &str = "attribute_assign";

static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    Arc::new(ScalarUDF::new_from_impl(AssignAttribute {
        signature: Signature::any(3, Volatility::Immutable),
    }))
});

/// The function: a row, the name of an attribute, and its value, which is of the attribute's type. A row
/// that is NULL has no other values.
pub(super) fn udf() -> Arc<ScalarUDF> {
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AssignAttribute {
    signature: Signature,
}

impl ScalarUDFImpl for AssignAttribute {
    fn name(&self) -> &str {
        ASSIGNED
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of {ASSIGNED} is that of its row")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        match args.arg_fields.first() {
            Some(row) => {
                let data_type = row.data_type().clone();
                Ok(Arc::new(Field::new(ASSIGNED, data_type, true)))
            }
            None => exec_err!("{ASSIGNED} is called without arguments"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [row, ColumnarValue::Scalar(name), value] = args.args.as_slice() else {
            return exec_err!("{ASSIGNED} takes a row, a name and a value");
        };
        let (rows, value) = (
            row.to_array(args.number_rows)?,
            value.to_array(args.number_rows)?,
        );
        let (Some(rows), Some(name)) = (rows.as_struct_opt(), name.try_as_str().flatten()) else {
            return exec_err!("{ASSIGNED} takes a row, a name and a value");
        };
        let parts = rows.fields();
        let fits = |(_, part): &(usize, &FieldRef)| part.data_type() == value.data_type();
        let Some((place, _)) = parts.find(name).filter(fits) else {
            return exec_err!("\"{name}\" is no attribute of the type of this value");
        };
        let is_none = is_null(rows)?;
        let columns = rows.columns().iter().enumerate().map(|(own, column)| {
            Ok(match own == place {
                true => Arc::clone(&value),
                false => nullif(column, &is_none)?,
            })
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let assigned = StructArray::try_new(parts.clone(), columns, None)?;
        Ok(ColumnarValue::Array(Arc::new(assigned)))
    }
}
