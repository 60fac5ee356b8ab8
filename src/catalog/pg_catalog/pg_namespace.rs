//! `pg_namespace`: schemas.

use super::relation::namespaces;
use super::table::{Rows, Value, row};
use crate::catalog::privilege::Privilege;

pub static TABLE: Rows = Rows {
    of: "pg_namespace",
    make: |sources| {
        let snapshot = sources.snapshot();
        let rows = namespaces(&snapshot).into_iter().map(|schema| {
            let access = schema.access.unwrap_or_default();
            let items = access.items(&snapshot, &Privilege::OF_SCHEMAS, None);
            let owner = i64::from(access.owner());
            row![schema.oid, schema.name, owner, Value::texts(items)]
        });
        Ok(rows.collect())
    },
};
