//! `has_table_privilege` and the like. There is one role, which owns everything, and every client is
//! that role: each may do what it asks of, as long as that is something.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, BOOLEAN, TEXT, string};
use super::name_functions::relation_oid;
use super::relation::{namespaces, relation};
use crate::catalog::system::SystemSources;
use crate::error::{Error, Result, SqlState};

/// What each function asks of, whose names PostgreSQL's manual lists.
const PRIVILEGES: [&str; 16] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
    "USAGE",
    "CREATE",
    "CONNECT",
    "TEMPORARY",
    "TEMP",
    "EXECUTE",
    "MEMBER",
    "SET",
    "ALTER SYSTEM",
];

/// Functions on objects other than relations and schemas: all of those are the server's.
const OTHERS: [&str; 9] = [
    "has_database_privilege",
    "has_foreign_data_wrapper_privilege",
    "has_function_privilege",
    "has_language_privilege",
    "has_parameter_privilege",
    "has_server_privilege",
    "has_tablespace_privilege",
    "has_type_privilege",
    "pg_has_role",
];

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let udf = |name, arguments: &[&[DataType]], call| {
        CatalogFunction::udf(name, arguments, BOOLEAN, Call::Look(call))
    };
    let on_object: &[&[DataType]] = &[
        &[BIGINT, TEXT],
        &[TEXT, TEXT],
        &[BIGINT, BIGINT, TEXT],
        &[BIGINT, TEXT, TEXT],
        &[TEXT, BIGINT, TEXT],
        &[TEXT, TEXT, TEXT],
    ];
    let on_column: &[&[DataType]] = &[
        &[BIGINT, BIGINT, TEXT],
        &[BIGINT, TEXT, TEXT],
        &[TEXT, BIGINT, TEXT],
        &[TEXT, TEXT, TEXT],
        &[BIGINT, BIGINT, BIGINT, TEXT],
        &[BIGINT, BIGINT, TEXT, TEXT],
        &[BIGINT, TEXT, BIGINT, TEXT],
        &[BIGINT, TEXT, TEXT, TEXT],
        &[TEXT, BIGINT, BIGINT, TEXT],
        &[TEXT, BIGINT, TEXT, TEXT],
        &[TEXT, TEXT, BIGINT, TEXT],
        &[TEXT, TEXT, TEXT, TEXT],
    ];
    let mut all = vec![
        udf("has_table_privilege", on_object, on_relation),
        udf("has_any_column_privilege", on_object, on_relation),
        udf("has_sequence_privilege", on_object, on_relation),
        udf("has_column_privilege", on_column, |sources, values| {
            on_relation_at(sources, values, 2)
        }),
        udf("has_schema_privilege", on_object, |sources, values| {
            check(sources, values, 1)?;
            let all = namespaces(&sources.snapshot());
            match object(values, 1) {
                Some(ScalarValue::Int64(Some(oid))) => {
                    let is_there = all.iter().any(|schema| schema.oid == *oid);
                    Ok(ScalarValue::Boolean(is_there.then_some(true)))
                }
                Some(ScalarValue::Utf8(Some(name))) => {
                    match all.iter().any(|schema| schema.name == *name) {
                        true => Ok(ScalarValue::Boolean(Some(true))),
                        false => {
                            let message = format!("schema \"{name}\" does not exist");
                            Err(Error::new(SqlState::INVALID_SCHEMA_NAME, message))
                        }
                    }
                }
                _ => Ok(ScalarValue::Boolean(None)),
            }
        }),
    ];
    all.extend(OTHERS.map(|name| {
        udf(name, on_object, |sources, values| {
            check(sources, values, 1)?;
            let is_known = values.iter().all(|value| !value.is_null());
            Ok(ScalarValue::Boolean(is_known.then_some(true)))
        })
    }));
    all
}

fn on_relation(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    on_relation_at(sources, values, 1)
}

/// Whether there is a relation, named by the argument that is so many before the last.
fn on_relation_at(
    sources: &dyn SystemSources,
    values: &[ScalarValue],
    before_last: usize,
) -> Result<ScalarValue> {
    check(sources, values, before_last)?;
    match object(values, before_last) {
        Some(ScalarValue::Int64(Some(oid))) => {
            let found = relation(sources, *oid);
            Ok(ScalarValue::Boolean(found.map(|_| true)))
        }
        Some(ScalarValue::Utf8(Some(name))) => match relation_oid(sources, name) {
            Some(_) => Ok(ScalarValue::Boolean(Some(true))),
            None => {
                let message = format!("relation \"{name}\" does not exist");
                Err(Error::new(SqlState::UNDEFINED_TABLE, message))
            }
        },
        _ => Ok(ScalarValue::Boolean(None)),
    }
}

fn object(values: &[ScalarValue], before_last: usize) -> Option<&ScalarValue> {
    values.get(values.len().checked_sub(before_last + 1)?)
}

/// That the role, where one is named before the object, and the privilege are known.
fn check(sources: &dyn SystemSources, values: &[ScalarValue], before_last: usize) -> Result<()> {
    if values.len() > before_last + 1
        && let Some(role) = string(values, 0)
        && role != sources.owner()
        && role != sources.user()
    {
        let message = format!("role \"{role}\" does not exist");
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
    }
    let Some(privileges) = string(values, values.len().saturating_sub(1)) else {
        return Ok(());
    };
    for privilege in privileges.split(',') {
        let privilege = privilege.trim().to_uppercase();
        let name = privilege
            .strip_suffix(" WITH GRANT OPTION")
            .or_else(|| privilege.strip_suffix(" WITH ADMIN OPTION"))
            .unwrap_or(&privilege);
        if !PRIVILEGES.contains(&name) {
            let message = format!("unrecognized privilege type: \"{}\"", privileges.trim());
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
        }
    }
    Ok(())
}
