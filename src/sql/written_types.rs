//! Types as they are written: `integer[3][3]`, how long arrays are to be, which PostgreSQL reads where a type is named,
//! and nothing holds to; `_int4`, what its catalog calls `int4[]`; and `"timestamptz"`, a name in quotes.

use datafusion::sql::sqlparser::ast::{ArrayElemTypeDef, DataType, ObjectName};

use super::cursor::{Parser, folded};
use super::dialect::TributaryDialect;

/// The types of PostgreSQL's catalog, as it calls them.
const NAMES: [&str; 22] = [
    "bool",
    "bpchar",
    "bytea",
    "date",
    "float4",
    "float8",
    "int2",
    "int4",
    "int8",
    "interval",
    "json",
    "jsonb",
    "name",
    "numeric",
    "oid",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "uuid",
    "varchar",
];

/// Says a type in the words that sqlparser has for it, without how long its arrays are.
pub fn as_meant(data_type: &mut DataType) {
    match data_type {
        DataType::Array(ArrayElemTypeDef::SquareBracket(item, length)) => {
            *length = None;
            as_meant(item);
        }
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            if let Some(meant) = built_in(name) {
                *data_type = meant;
            }
        }
        _ => {}
    }
}

/// The type of the catalog that a name means which sqlparser has not read as one.
fn built_in(name: &ObjectName) -> Option<DataType> {
    let parts = name.0.iter().map(|part| part.as_ident());
    let name = match parts.collect::<Option<Vec<_>>>()?.as_slice() {
        [name] => *name,
        [schema, name] if folded(schema) == "pg_catalog" => *name,
        _ => return None,
    };
    let is_quoted = name.quote_style.is_some();
    let name = folded(name);
    let (element, is_array) = match name.strip_prefix('_') {
        Some(element) => (element, true),
        None => (name.as_str(), false),
    };
    if !NAMES.contains(&element) || !is_array && !is_quoted {
        return None;
    }
    let dialect = TributaryDialect::default();
    let element = Parser::new(&dialect, element)
        .ok()?
        .parse_data_type()
        .ok()?;
    Some(match is_array {
        true => DataType::Array(ArrayElemTypeDef::SquareBracket(Box::new(element), None)),
        false => element,
    })
}
