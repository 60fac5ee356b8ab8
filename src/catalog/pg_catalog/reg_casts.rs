//! What casts to `regnamespace`, `regrole` and arrays of names of objects are, which `rewrite` makes calls
//! of.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, TEXT, number, string, text};
use super::name_functions::{known_oid, namespace_oid, role_name, role_oid, unknown};
use super::relation::namespaces;
use crate::catalog::system::SystemSources;
use crate::error::{Error, Result, SqlState};
use crate::sql::name::Quoted;

/// The number of the object of a name, which must be there.
type Known = fn(&dyn SystemSources, &str) -> Result<i64>;

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let texts = DataType::new_list(TEXT, true);
    vec![
        CatalogFunction::udf(
            "regnamespace_text",
            &[&[BIGINT], &[TEXT]],
            TEXT,
            Call::Look(|sources, values| {
                let oid = number_of(sources, values, known_namespace)?;
                Ok(text(oid.map(|oid| {
                    let all = namespaces(&sources.snapshot());
                    let found = all.into_iter().find(|schema| schema.oid == oid);
                    found.map_or_else(|| unknown(oid), |schema| Quoted(&schema.name).to_string())
                })))
            }),
        ),
        CatalogFunction::udf(
            "regrole_text",
            &[&[BIGINT], &[TEXT]],
            TEXT,
            Call::Look(|sources, values| {
                let oid = number_of(sources, values, known_role)?;
                Ok(text(oid.map(|oid| match role_name(sources, oid) {
                    Some(name) => Quoted(&name).to_string(),
                    None => unknown(oid),
                })))
            }),
        ),
        CatalogFunction::udf(
            "regnamespace_number",
            &[&[BIGINT], &[TEXT]],
            BIGINT,
            Call::Look(|sources, values| {
                number_of(sources, values, known_namespace).map(ScalarValue::Int64)
            }),
        ),
        CatalogFunction::udf(
            "regrole_number",
            &[&[BIGINT], &[TEXT]],
            BIGINT,
            Call::Look(|sources, values| {
                number_of(sources, values, known_role).map(ScalarValue::Int64)
            }),
        ),
        // What a cast of names to an array of such a type is: the numbers of what they mean.
        CatalogFunction::udf(
            "reg_oids",
            &[&[TEXT, texts]],
            DataType::new_list(BIGINT, true),
            Call::Look(|sources, values| match (string(values, 0), values.get(1)) {
                (Some(kind), Some(ScalarValue::List(names))) if names.is_valid(0) => {
                    let names = names.value(0);
                    let known: Known = match kind.as_str() {
                        "regclass" => known_oid,
                        "regrole" => known_role,
                        _ => known_namespace,
                    };
                    let names = names.as_string::<i32>().iter();
                    let oids = names.map(|name| {
                        let oid = name.map(|name| known(sources, name));
                        Ok(ScalarValue::Int64(oid.transpose()?))
                    });
                    let oids = oids.collect::<Result<Vec<_>>>()?;
                    let oids = ScalarValue::new_list_nullable(&oids, &BIGINT);
                    Ok(ScalarValue::List(oids))
                }
                _ => Ok(ScalarValue::Null),
            }),
        ),
    ]
}

/// The number of the object that a number means, or a name by `known`.
pub(super) fn number_of(
    sources: &dyn SystemSources,
    values: &[ScalarValue],
    known: Known,
) -> Result<Option<i64>> {
    match (number(values, 0), string(values, 0)) {
        (Some(oid), _) => Ok(Some(oid)),
        (None, Some(name)) => known(sources, &name).map(Some),
        (None, None) => Ok(None),
    }
}

/// The number of the schema of a name.
pub(super) fn known_namespace(sources: &dyn SystemSources, name: &str) -> Result<i64> {
    namespace_oid(sources, name).ok_or_else(|| {
        let message = format!("schema \"{name}\" does not exist");
        Error::new(SqlState::INVALID_SCHEMA_NAME, message)
    })
}

/// The number of the role of a name.
pub(super) fn known_role(sources: &dyn SystemSources, name: &str) -> Result<i64> {
    role_oid(sources, name).ok_or_else(|| {
        let message = format!("role \"{name}\" does not exist");
        Error::new(SqlState::UNDEFINED_OBJECT, message)
    })
}
