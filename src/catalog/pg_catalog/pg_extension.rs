//! `pg_extension`: what this server has beside PostgreSQL, which is its own schema, as an extension that
//! every such server has. So `pg_dump` leaves it out.

use std::sync::Arc;

use super::OWNER;
use super::relation::{Relation, SYSTEM_SCHEMA_OID};
use super::table::{Row, Rows, Value, row};
use crate::catalog::system::SYSTEM_SCHEMA;

/// Its number: below the first for users' objects.
const EXTENSION: i64 = 14_999;
/// The numbers of `pg_extension`, `pg_namespace` and `pg_class`.
const EXTENSIONS: i64 = 3079;
const NAMESPACES: i64 = 2615;
const CLASSES: i64 = 1259;

pub static TABLE: Rows = Rows {
    of: "pg_extension",
    make: |_| {
        Ok(vec![row![
            EXTENSION,
            SYSTEM_SCHEMA,
            OWNER,
            SYSTEM_SCHEMA_OID,
            false,
            env!("CARGO_PKG_VERSION"),
            Value::Null,
            Value::Null,
        ]])
    },
};

/// The rows of `pg_depend` for what belongs to it: its schema, and the relations there.
pub fn members(relations: &[Arc<Relation>]) -> Vec<Row> {
    let member =
        |class: i64, oid: i64| -> Row { row![class, oid, 0, EXTENSIONS, EXTENSION, 0, "e"] };
    let own = relations.iter().filter(|it| it.schema == SYSTEM_SCHEMA);
    let own = own.map(|relation| member(CLASSES, relation.oid));
    std::iter::once(member(NAMESPACES, SYSTEM_SCHEMA_OID))
        .chain(own)
        .collect()
}
