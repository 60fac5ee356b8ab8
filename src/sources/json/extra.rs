//! Keys of objects that are no columns.

use arrow::datatypes::{DataType, Fields};
use serde_json::{Map, Value};

/// Adds the paths of the keys that have no field to `found`, each once.
pub(super) fn find(
    fields: &Fields,
    object: &Map<String, Value>,
    within: &str,
    found: &mut Vec<String>,
) {
    for (key, value) in object {
        let path = match within {
            "" => key.clone(),
            within => format!("{within}.{key}"),
        };
        match fields.find(key) {
            Some((_, field)) => find_in(field.data_type(), value, &path, found),
            None if found.contains(&path) => {}
            None => found.push(path),
        }
    }
}

fn find_in(data_type: &DataType, value: &Value, path: &str, found: &mut Vec<String>) {
    match (data_type, value) {
        (DataType::Struct(fields), Value::Object(object)) => find(fields, object, path, found),
        (DataType::List(item), Value::Array(values)) => {
            let path = format!("{path}[]");
            for value in values {
                find_in(item.data_type(), value, &path, found);
            }
        }
        _ => {}
    }
}
