//! `VALUES` with arrays of documents, which are of one type however each is written: as a literal, by a cast, of
//! texts or of documents.
//!
//! DataFusion has found a type for the column before it was known what the elements are, and rows must have
//! exactly one.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{ExprSchemable, Values};

use super::arrays;
use super::rule::{call, kind_of_items};
use crate::FunctionError;

/// `VALUES` whose arrays tell of documents where one of their column does.
///
/// # Errors
/// 42846 for `json` and `jsonb` in one column.
pub(super) fn of_one_kind(values: Values) -> Result<Transformed<Values>> {
    let Values { schema, mut values } = values;
    let none = DFSchema::empty();
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    let mut is_changed = false;
    for (column, field) in fields.iter_mut().enumerate() {
        if !field.data_type().is_list() {
            continue;
        }
        let given = values.iter().filter_map(|row| row.get(column));
        let mut kinds = given.filter_map(|value| kind_of_items(value, &none));
        let Some(kind) = kinds.next() else {
            continue;
        };
        if let Some(other) = kinds.find(|other| *other != kind) {
            let message = format!(
                "VALUES could not convert type {}[] to {}[]",
                other.name(),
                kind.name()
            );
            return Err(FunctionError {
                sqlstate: "42846",
                message,
                hint: None,
            }
            .into());
        }
        let wanted = arrays::array_type(kind);
        for value in values.iter_mut().filter_map(|row| row.get_mut(column)) {
            let own = value.get_type(&none);
            if own.is_ok_and(|own| own.is_list() && own != wanted) {
                *value = call(arrays::declaration(kind), vec![std::mem::take(value)]);
                is_changed = true;
            }
        }
        if *field.data_type() != wanted {
            *field = Arc::new(field.as_ref().clone().with_data_type(wanted));
            is_changed = true;
        }
    }
    let schema = match is_changed {
        true => DFSchemaRef::new(DFSchema::from_unqualified_fields(
            fields.into(),
            HashMap::new(),
        )?),
        false => schema,
    };
    let values = Values { schema, values };
    Ok(Transformed::new_transformed(values, is_changed))
}
