//! `pg_enum`: the labels of enum types.

use super::table::{Rows, Value, row};
use super::table_constraint::label_number;
use crate::sql::Statement;

pub static TABLE: Rows = Rows {
    of: "pg_enum",
    make: |sources| {
        let mut rows = Vec::new();
        for object in sources.snapshot().objects() {
            let Statement::CreateType(create) = &object.definition else {
                continue;
            };
            for label in &create.labels {
                rows.push(row![
                    label_number(object, label.number),
                    i64::from(object.oid),
                    Value::Float(label.order.into()),
                    label.text.as_str(),
                ]);
            }
        }
        Ok(rows)
    },
};
