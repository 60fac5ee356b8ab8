//! `information_schema.schemata`, the name of the catalog, and the roles that a client has.

use super::super::relation::namespaces;
use super::super::table::{Rows, Value, row};

pub static TABLE: Rows = Rows {
    of: "schemata",
    make: |sources| {
        let all = namespaces(&sources.snapshot()).into_iter();
        let rows = all.map(|schema| {
            row![
                sources.database(),
                schema.name,
                sources.owner(),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
            ]
        });
        Ok(rows.collect())
    },
};

pub static CATALOG: Rows = Rows {
    of: "information_schema_catalog_name",
    make: |sources| Ok(vec![row![sources.database()]]),
};

pub static ROLES: Rows = Rows {
    of: "enabled_roles",
    make: |sources| Ok(vec![row![sources.owner()]]),
};
