//! `pg_namespace`: schemas.

use super::OWNER;
use super::relation::namespaces;
use super::table::{Rows, Value, row};

pub static TABLE: Rows = Rows {
    of: "pg_namespace",
    make: |sources| {
        let all = namespaces(&sources.snapshot());
        Ok(all
            .into_iter()
            .map(|schema| row![schema.oid, schema.name, OWNER, Value::Null])
            .collect())
    },
};
