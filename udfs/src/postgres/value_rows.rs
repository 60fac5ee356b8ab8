//! The types of `VALUES`, which are those of its first row. What tells the lengths of texts in an array is not
//! among them, since such casts give plain arrays; and rows must have exactly the types that are told.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{ExprSchemable, Values};

/// `VALUES` with the types that its rows have.
pub(super) fn of_own_types(values: Values) -> Result<Values> {
    let Values { schema, values } = values;
    let none = DFSchema::empty();
    let first = values.first().into_iter().flatten();
    let types = first.map(|value| value.get_type(&none));
    let Ok(types) = types.collect::<Result<Vec<DataType>>>() else {
        return Ok(Values { schema, values });
    };
    let told = schema.fields().iter();
    let is_other = |(told, own): (&FieldRef, &DataType)| own.is_list() && told.data_type() != own;
    if types.len() != schema.fields().len() || !told.zip(&types).any(is_other) {
        return Ok(Values { schema, values });
    }
    let fields = schema.fields().iter().zip(types);
    let fields = fields.map(|(told, own)| match own.is_list() {
        true => Arc::new(told.as_ref().clone().with_data_type(own)),
        false => Arc::clone(told),
    });
    let schema = DFSchema::from_unqualified_fields(fields.collect(), HashMap::new())?;
    Ok(Values {
        schema: DFSchemaRef::new(schema),
        values,
    })
}
