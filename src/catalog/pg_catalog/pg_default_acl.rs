//! `pg_default_acl`: what others may do with objects that roles will make.

use super::relation::namespaces;
use super::table::{Rows, Value, row};
use crate::catalog::default_privileges::ANYWHERE;

pub static TABLE: Rows = Rows {
    of: "pg_default_acl",
    make: |sources| {
        let snapshot = sources.snapshot();
        let schemas = namespaces(&snapshot);
        let rows = snapshot
            .all_default_privileges()
            .map(|(schema, privileges)| {
                let access = privileges.access();
                let items = access.items(&snapshot, privileges.of.privileges(), None);
                let mut items = items.unwrap_or_default();
                if schema != ANYWHERE {
                    // What is said of a schema is beside what the owner may.
                    let owners = format!("{}=", snapshot.role_name(privileges.role));
                    items.retain(|item| !item.starts_with(&owners));
                }
                // What all may comes first, as they have the least number.
                items.sort_by_key(|item| !item.starts_with('='));
                let mut known = schemas.iter().filter(|it| it.name == schema);
                let namespace = known.next().map_or(0, |it| it.oid);
                row![
                    i64::from(privileges.oid),
                    i64::from(privileges.role),
                    namespace,
                    privileges.of.letter(),
                    Value::texts(Some(items)),
                ]
            });
        Ok(rows.collect())
    },
};
