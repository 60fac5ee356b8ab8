//! `pg_extension`: what this server has beside PostgreSQL, which is its own schema, as an extension that
//! every such server has, and `plpgsql`, which every PostgreSQL has: its language stands in `pg_language`. So
//! `pg_dump` leaves them out.

use std::sync::Arc;

use super::relation::{PG_CATALOG_OID, Relation, SYSTEM_SCHEMA_OID};
use super::table::{Row, Rows, Value, row};
use super::{OWNER, PG_CATALOG};
use crate::catalog::system::SYSTEM_SCHEMA;

/// An extension.
struct Extension {
    /// Its number: below the first for users' objects.
    oid: i64,
    name: &'static str,
    schema: (&'static str, i64),
    version: &'static str,
    comment: &'static str,
}

const OWN: Extension = Extension {
    oid: 14_999,
    name: SYSTEM_SCHEMA,
    schema: (SYSTEM_SCHEMA, SYSTEM_SCHEMA_OID),
    version: env!("CARGO_PKG_VERSION"),
    comment: "what this server has beside PostgreSQL",
};

const PLPGSQL: Extension = Extension {
    oid: 13_559,
    name: "plpgsql",
    schema: (PG_CATALOG, PG_CATALOG_OID),
    version: "1.0",
    comment: PLPGSQL_COMMENT,
};

/// What PostgreSQL says of `plpgsql`.
const PLPGSQL_COMMENT: &str = "PL/pgSQL procedural language";

const ALL: [&Extension; 2] = [&OWN, &PLPGSQL];

/// The functions and the language of `plpgsql`.
const PLPGSQL_FUNCTIONS: [i64; 3] = [13_560, 13_561, 13_562];
const PLPGSQL_LANGUAGE: i64 = 13_563;

/// The numbers of `pg_extension`, `pg_namespace`, `pg_class`, `pg_proc` and `pg_language`.
const EXTENSIONS: i64 = 3079;
const NAMESPACES: i64 = 2615;
const CLASSES: i64 = 1259;
const FUNCTIONS: i64 = 1255;
const LANGUAGES: i64 = 2612;

/// Whether there is an extension of this name.
pub fn is_extension(name: &str) -> bool {
    ALL.iter().any(|it| it.name == name)
}

/// What is said of an extension.
pub fn extension_comment(name: &str) -> Option<&'static str> {
    let extension = ALL.iter().find(|it| it.name == name)?;
    Some(extension.comment)
}

/// What is said of the extension of a number.
pub fn comment(oid: i64) -> Option<&'static str> {
    let extension = ALL.iter().find(|it| it.oid == oid)?;
    Some(extension.comment)
}

pub static TABLE: Rows = Rows {
    of: "pg_extension",
    make: |_| {
        let rows = ALL.iter().map(|it| {
            row![
                it.oid,
                it.name,
                OWNER,
                it.schema.1,
                false,
                it.version,
                Value::Null,
                Value::Null,
            ]
        });
        Ok(rows.collect())
    },
};

pub static AVAILABLE: Rows = Rows {
    of: "pg_available_extensions",
    make: |_| {
        let rows = ALL.iter();
        let rows = rows.map(|it| row![it.name, it.version, it.version, it.comment]);
        Ok(rows.collect())
    },
};

pub static AVAILABLE_VERSIONS: Rows = Rows {
    of: "pg_available_extension_versions",
    make: |_| {
        let rows = ALL.iter().map(|it| {
            row![
                it.name,
                it.version,
                true,
                true,
                it.name == PLPGSQL.name,
                false,
                it.schema.0,
                Value::Null,
                it.comment,
            ]
        });
        Ok(rows.collect())
    },
};

/// The rows of `pg_description` for extensions.
pub fn descriptions() -> Vec<Row> {
    let rows = ALL.iter();
    rows.map(|it| row![it.oid, EXTENSIONS, 0, it.comment])
        .collect()
}

/// The rows of `pg_depend` for what belongs to extensions: to this server's, its schema and the relations
/// there.
pub fn members(relations: &[Arc<Relation>]) -> Vec<Row> {
    let member = |of: &Extension, class: i64, oid: i64| -> Row {
        row![class, oid, 0, EXTENSIONS, of.oid, 0, "e"]
    };
    let own = relations.iter().filter(|it| it.schema == SYSTEM_SCHEMA);
    let own = own.map(|relation| member(&OWN, CLASSES, relation.oid));
    let functions = PLPGSQL_FUNCTIONS.into_iter();
    let functions = functions.map(|function| member(&PLPGSQL, FUNCTIONS, function));
    std::iter::once(member(&OWN, NAMESPACES, SYSTEM_SCHEMA_OID))
        .chain(own)
        .chain(functions)
        .chain([member(&PLPGSQL, LANGUAGES, PLPGSQL_LANGUAGE)])
        .collect()
}
