//! The functions of `pg_catalog` that clients call to describe objects.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::CatalogFunction;
use super::relation::{Relation, namespaces, relation, relations};
use super::{PG_CATALOG, format_type};
use crate::catalog::system::{REJECTED_ROWS, SYSTEM_SCHEMA, SystemSources, view};
use crate::sql::name::Quoted;
use crate::sql::{QualifiedName, Statement};

const BIGINT: DataType = DataType::Int64;
const TEXT: DataType = DataType::Utf8;
const BOOLEAN: DataType = DataType::Boolean;

/// The functions over these sources; names stand without `pg_catalog`, as `rewrite` leaves them.
pub fn functions(sources: &Arc<dyn SystemSources>) -> Vec<ScalarUDF> {
    let udf = |name, arguments: &[&[DataType]], answer, call| {
        CatalogFunction::udf(sources, name, arguments, answer, call)
    };
    vec![
        udf("format_type", &[&[BIGINT, BIGINT]], TEXT, |_, values| {
            let Some(oid) = number(values, 0) else {
                return ScalarValue::Utf8(None);
            };
            let modifier = number(values, 1).and_then(|modifier| i32::try_from(modifier).ok());
            let oid = u32::try_from(oid).unwrap_or(0);
            text(Some(format_type(oid, modifier.unwrap_or(-1))))
        }),
        udf("current_user", &[&[]], TEXT, |sources, _| {
            text(Some(sources.user()))
        }),
        udf("current_role", &[&[]], TEXT, |sources, _| {
            text(Some(sources.user()))
        }),
        udf("session_user", &[&[]], TEXT, |sources, _| {
            text(Some(sources.user()))
        }),
        udf("user", &[&[]], TEXT, |sources, _| {
            text(Some(sources.user()))
        }),
        udf("current_catalog", &[&[]], TEXT, |sources, _| {
            text(Some(sources.database()))
        }),
        udf("current_database", &[&[]], TEXT, |sources, _| {
            text(Some(sources.database()))
        }),
        udf("current_schema", &[&[]], TEXT, |sources, _| {
            text(sources.search_path().into_iter().next())
        }),
        udf("version", &[&[]], TEXT, |_, _| {
            text(Some(format!("PostgreSQL {}", crate::SERVER_VERSION)))
        }),
        udf("pg_get_userbyid", &[&[BIGINT]], TEXT, |sources, values| {
            text(number(values, 0).map(|oid| match oid {
                super::OWNER => sources.owner(),
                unknown => format!("unknown (OID={unknown})"),
            }))
        }),
        udf("pg_encoding_to_char", &[&[BIGINT]], TEXT, |_, values| {
            text(number(values, 0).map(|encoding| if encoding == 6 { "UTF8" } else { "" }))
        }),
        udf(
            "pg_table_is_visible",
            &[&[BIGINT]],
            BOOLEAN,
            |sources, values| {
                ScalarValue::Boolean(
                    number(values, 0)
                        .and_then(|oid| relation(sources, oid))
                        .map(|relation| is_visible(sources, &relation)),
                )
            },
        ),
        udf(
            "obj_description",
            &[&[BIGINT, TEXT], &[BIGINT]],
            TEXT,
            |sources, values| {
                let oid = number(values, 0);
                text(oid.and_then(|oid| comment(sources, oid, string(values, 1))))
            },
        ),
        udf(
            "col_description",
            &[&[BIGINT, BIGINT]],
            TEXT,
            |sources, values| {
                text(column_comment(
                    sources,
                    number(values, 0),
                    number(values, 1),
                ))
            },
        ),
        udf("shobj_description", &[&[BIGINT, TEXT]], TEXT, |_, _| {
            ScalarValue::Utf8(None)
        }),
        udf(
            "pg_get_viewdef",
            &[&[BIGINT, BOOLEAN], &[BIGINT]],
            TEXT,
            |sources, values| {
                let found = number(values, 0).and_then(|oid| relation(sources, oid));
                text(found.and_then(|relation| view_definition(&relation)))
            },
        ),
        udf(
            "pg_get_expr",
            &[&[TEXT, BIGINT, BOOLEAN], &[TEXT, BIGINT]],
            TEXT,
            |_, values| text(string(values, 0)),
        ),
        udf(
            "pg_relation_is_publishable",
            &[&[BIGINT]],
            BOOLEAN,
            |_, _| ScalarValue::Boolean(Some(false)),
        ),
        // How much room relations take is not known without asking the warehouse.
        udf("pg_table_size", &[&[BIGINT]], BIGINT, |_, _| {
            ScalarValue::Int64(None)
        }),
        udf("pg_relation_size", &[&[BIGINT]], BIGINT, |_, _| {
            ScalarValue::Int64(None)
        }),
        udf("pg_total_relation_size", &[&[BIGINT]], BIGINT, |_, _| {
            ScalarValue::Int64(None)
        }),
        udf("pg_size_pretty", &[&[BIGINT]], TEXT, |_, values| {
            text(number(values, 0).map(pretty_size))
        }),
        udf("regclass_text", &[&[BIGINT]], TEXT, |sources, values| {
            text(number(values, 0).map(|oid| match relation(sources, oid) {
                Some(found) => relation_text(sources, &found),
                None => oid.to_string(),
            }))
        }),
        udf("regclass_oid", &[&[TEXT]], BIGINT, |sources, values| {
            ScalarValue::Int64(string(values, 0).and_then(|name| relation_oid(sources, &name)))
        }),
        udf(
            "regnamespace_text",
            &[&[BIGINT]],
            TEXT,
            |sources, values| {
                let all = namespaces(&sources.snapshot());
                text(number(values, 0).map(|oid| {
                    let found = all.into_iter().find(|schema| schema.oid == oid);
                    found.map_or_else(
                        || oid.to_string(),
                        |schema| Quoted(&schema.name).to_string(),
                    )
                }))
            },
        ),
    ]
}

/// The query of a view or materialized view, as `pg_get_viewdef` gives it.
pub fn view_definition(relation: &Relation) -> Option<String> {
    let query = match &relation.object.as_ref()?.definition {
        Statement::CreateView(create) => &create.query,
        Statement::CreateMaterializedView(create) => &create.query,
        _ => return None,
    };
    Some(format!(" {query};"))
}

fn number(values: &[ScalarValue], index: usize) -> Option<i64> {
    match values.get(index)? {
        ScalarValue::Int64(number) => *number,
        _ => None,
    }
}

fn string(values: &[ScalarValue], index: usize) -> Option<String> {
    match values.get(index)? {
        ScalarValue::Utf8(text) => text.clone(),
        _ => None,
    }
}

fn text<T: Into<String>>(value: Option<T>) -> ScalarValue {
    ScalarValue::Utf8(value.map(Into::into))
}

/// Whether a name alone means this relation: nothing in an earlier schema of the path hides it.
fn is_visible(sources: &dyn SystemSources, relation: &Relation) -> bool {
    let snapshot = sources.snapshot();
    let path = sources.search_path();
    let mut schemas = std::iter::once(PG_CATALOG).chain(path.iter().map(String::as_str));
    let first = schemas.find(|schema| match *schema {
        PG_CATALOG => super::table(&relation.name).is_some(),
        SYSTEM_SCHEMA => view(&relation.name).is_some() || relation.name == REJECTED_ROWS,
        schema => {
            let name = QualifiedName::new(schema, &relation.name);
            snapshot.relation(&name).is_some()
        }
    });
    first == Some(relation.schema.as_str())
}

fn comment(sources: &dyn SystemSources, oid: i64, of: Option<String>) -> Option<String> {
    if of.as_deref() == Some("pg_namespace") {
        let all = namespaces(&sources.snapshot());
        return all.into_iter().find(|schema| schema.oid == oid)?.comment;
    }
    if of.is_some_and(|of| of != "pg_class") {
        return None;
    }
    relation(sources, oid)?.comment
}

fn column_comment(
    sources: &dyn SystemSources,
    oid: Option<i64>,
    number: Option<i64>,
) -> Option<String> {
    let mut relation = relation(sources, oid?)?;
    let index = usize::try_from(number?.checked_sub(1)?).ok()?;
    let field = relation.columns.fields().get(index)?.clone();
    relation.column_comments.remove(field.name())
}

/// A relation as a name of type `regclass` is shown: with its schema where it must be.
fn relation_text(sources: &dyn SystemSources, relation: &Relation) -> String {
    let name = Quoted(&relation.name);
    if is_visible(sources, relation) {
        return name.to_string();
    }
    format!("{}.{name}", Quoted(&relation.schema))
}

/// The number of the relation that a text of type `regclass` means.
fn relation_oid(sources: &dyn SystemSources, name: &str) -> Option<i64> {
    if let Ok(oid) = name.parse() {
        return Some(oid);
    }
    let parts: Vec<String> = name.split('.').map(fold).collect();
    let (schema, name) = match parts.as_slice() {
        [name] => (None, name),
        [schema, name] | [_, schema, name] => (Some(schema), name),
        _ => return None,
    };
    let all = relations(sources);
    all.iter()
        .filter(|relation| relation.name == *name)
        .find(|relation| match schema {
            Some(schema) => relation.schema == *schema,
            None => is_visible(sources, relation),
        })
        .map(|relation| relation.oid)
}

/// A part of a name: folded to lower case unless it is quoted.
fn fold(part: &str) -> String {
    let quoted = part
        .strip_prefix('"')
        .and_then(|part| part.strip_suffix('"'));
    match quoted {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => part.to_lowercase(),
    }
}

/// A size as PostgreSQL's `pg_size_pretty` shows it: in the largest unit in which it has five digits.
fn pretty_size(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    let mut size = bytes;
    let mut unit = 0;
    while size.unsigned_abs() >= 10 * 1024 && unit + 1 < UNITS.len() {
        // Rounded to the nearest, away from zero.
        size = (size + 512 * size.signum()) / 1024;
        unit += 1;
    }
    format!("{size} {}", UNITS[unit])
}
