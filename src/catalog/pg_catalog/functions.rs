//! The functions of `pg_catalog` that clients call to describe objects.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::domains;
use super::function::{Call, CatalogFunction};
use super::information_schema::{self, INFORMATION_SCHEMA};
use super::relation::{Relation, namespaces, relation, searched_schemas};
use super::table_constraint::{constraints_of, expression_of, with_part};
use super::{
    PG_CATALOG, acl_default, acl_explode, advisory_lock_functions, data, definition_functions,
    expand_array, keywords, like_escape, name_functions, notification_functions, pg_cancel_backend,
    pg_database, pg_extension, pg_sleep, pg_terminate_backend, pg_typeof, privilege_functions,
    random_functions, reg_casts, sequence_functions, session_functions, size_functions, statistics,
    type_functions,
    types::{format_any_type, own_name, type_name},
    updatable_functions,
};
use crate::catalog::system::{REJECTED_ROWS, SYSTEM_SCHEMA, SystemSources, view};
use crate::catalog::{Kind, is_temporary_schema};
use crate::session::{composites, enums};
use crate::sql::name::Quoted;
use crate::sql::view_columns::shown_query;
use crate::sql::{QualifiedName, Statement};

pub(super) const BIGINT: DataType = DataType::Int64;
pub(super) const TEXT: DataType = DataType::Utf8;
pub(super) const BOOLEAN: DataType = DataType::Boolean;

/// An expression in which sequences and types that the path finds are named without their schema, as
/// PostgreSQL shows a `regclass` and casts.
pub(super) fn without_visible_schemas(sources: &dyn SystemSources, mut text: String) -> String {
    if text.contains("::") {
        let (snapshot, path) = (sources.snapshot(), sources.search_path());
        let types = snapshot.objects().filter(|it| it.kind == Kind::Type);
        for object in types {
            let shown = enums::shown_name(object, &snapshot, &path);
            text = text.replace(&format!("::{}", object.name), &format!("::{shown}"));
        }
    }
    if text.contains("::regclass") {
        let snapshot = sources.snapshot();
        for schema in sources.search_path() {
            let sequences = snapshot.relations_in(&schema);
            for sequence in sequences.filter(|it| it.kind == Kind::Sequence) {
                let full = format!("'{}'::regclass", sequence.name);
                let name = format!("'{}'::regclass", Quoted(&sequence.name.name));
                text = text.replace(&full, &name);
            }
        }
    }
    text
}

/// The functions; names stand without `pg_catalog`, as `rewrite` leaves them.
pub fn functions() -> Vec<ScalarUDF> {
    let udf = |name, arguments: &[&[DataType]], answer, call| {
        CatalogFunction::udf(name, arguments, answer, Call::Answer(call))
    };
    let mut all = vec![
        udf(
            "format_type",
            &[&[BIGINT, BIGINT], &[BIGINT, BIGINT, BIGINT]],
            TEXT,
            |sources, values| {
                let Some(oid) = number(values, 0) else {
                    return ScalarValue::Utf8(None);
                };
                let modifier = number(values, 1).and_then(|modifier| i32::try_from(modifier).ok());
                let oid = u32::try_from(oid).unwrap_or(0);
                let mut name = match modifier {
                    Some(modifier) => format_any_type(sources, oid, modifier),
                    None => own_name(sources, oid).unwrap_or_else(|| type_name(oid)),
                };
                // Of an array the name tells one dimension.
                if let Some(dimensions) = number(values, 2)
                    && name.ends_with("[]")
                {
                    name.extend((1..dimensions).map(|_| "[]"));
                }
                text(Some(name))
            },
        ),
        udf("current_user", &[&[]], TEXT, |sources, _| {
            text(Some(sources.user()))
        }),
        udf("current_role", &[&[]], TEXT, |sources, _| {
            text(Some(sources.user()))
        }),
        udf("session_user", &[&[]], TEXT, |sources, _| {
            text(Some(sources.session_user()))
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
            let mut path = searched_schemas(sources).into_iter();
            text(path.find(|schema| !is_temporary_schema(schema)))
        }),
        udf("version", &[&[]], TEXT, |_, _| {
            text(Some(format!("PostgreSQL {}", crate::SERVER_VERSION)))
        }),
        udf("pg_get_userbyid", &[&[BIGINT]], TEXT, |sources, values| {
            text(number(values, 0).map(|oid| {
                let name = name_functions::role_name(sources, oid);
                name.unwrap_or_else(|| format!("unknown (OID={oid})"))
            }))
        }),
        udf("pg_encoding_to_char", &[&[BIGINT]], TEXT, |_, values| {
            text(number(values, 0).map(encoding_name))
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
        udf(
            "shobj_description",
            &[&[BIGINT, TEXT]],
            TEXT,
            |sources, values| {
                let class = string(values, 1);
                let class = class.as_deref().and_then(super::table);
                text(
                    number(values, 0).zip(class).and_then(|(oid, class)| {
                        pg_database::shared_comment(sources, class.oid, oid)
                    }),
                )
            },
        ),
        CatalogFunction::udf(
            "pg_get_viewdef",
            &[&[BIGINT, BOOLEAN], &[BIGINT], &[TEXT, BOOLEAN], &[TEXT]],
            TEXT,
            Call::Look(|sources, values| {
                let oid = reg_casts::number_of(sources, values, name_functions::known_oid)?;
                let found = oid.and_then(|oid| relation(sources, oid));
                Ok(text(found.and_then(|relation| view_definition(&relation))))
            }),
        ),
        udf(
            "pg_get_expr",
            &[&[TEXT, BIGINT, BOOLEAN], &[TEXT, BIGINT]],
            TEXT,
            |sources, values| {
                let tree = string(values, 0);
                let found = number(values, 1).and_then(|oid| relation(sources, oid));
                let pretty = matches!(values.get(2), Some(ScalarValue::Boolean(Some(true))));
                let of_domain = tree
                    .as_deref()
                    .and_then(|tree| domains::expression_of(sources, tree, pretty));
                text(of_domain.or_else(|| {
                    let (tree, found) = tree.zip(found)?;
                    let text = expression_of(found.object.as_deref()?, &tree, pretty)?;
                    Some(without_visible_schemas(sources, text))
                }))
            },
        ),
        udf(
            "pg_relation_is_publishable",
            &[&[BIGINT]],
            BOOLEAN,
            |_, _| ScalarValue::Boolean(Some(false)),
        ),
    ];
    all.extend(session_functions::functions());
    all.extend(notification_functions::functions());
    all.extend(privilege_functions::functions());
    all.extend(name_functions::functions());
    all.extend(reg_casts::functions());
    all.extend(definition_functions::functions());
    all.push(acl_default::function());
    all.push(acl_explode::function());
    all.extend(advisory_lock_functions::functions());
    all.push(expand_array::function());
    all.extend(information_schema::type_figures::functions());
    all.push(keywords::function());
    all.push(like_escape::function());
    all.push(pg_cancel_backend::function());
    all.push(pg_terminate_backend::function());
    all.extend(sequence_functions::functions());
    all.extend(pg_sleep::functions());
    all.push(pg_typeof::function());
    all.extend(random_functions::functions());
    all.extend(size_functions::functions());
    all.extend(statistics::functions());
    all.extend(type_functions::functions());
    all.extend(updatable_functions::functions());
    all
}

/// PostgreSQL's name of an encoding by its number, of which 6 is that of all texts here.
fn encoding_name(number: i64) -> &'static str {
    const NAMES: [&str; 42] = [
        "SQL_ASCII",
        "EUC_JP",
        "EUC_CN",
        "EUC_KR",
        "EUC_TW",
        "EUC_JIS_2004",
        "UTF8",
        "MULE_INTERNAL",
        "LATIN1",
        "LATIN2",
        "LATIN3",
        "LATIN4",
        "LATIN5",
        "LATIN6",
        "LATIN7",
        "LATIN8",
        "LATIN9",
        "LATIN10",
        "WIN1256",
        "WIN1258",
        "WIN866",
        "WIN874",
        "KOI8R",
        "WIN1251",
        "WIN1252",
        "ISO_8859_5",
        "ISO_8859_6",
        "ISO_8859_7",
        "ISO_8859_8",
        "WIN1250",
        "WIN1253",
        "WIN1254",
        "WIN1255",
        "WIN1257",
        "KOI8U",
        "SJIS",
        "BIG5",
        "GBK",
        "UHC",
        "GB18030",
        "JOHAB",
        "SHIFT_JIS_2004",
    ];
    let place = usize::try_from(number).ok();
    place
        .and_then(|place| NAMES.get(place))
        .copied()
        .unwrap_or("")
}

/// The query of a view or materialized view, as `pg_get_viewdef` gives it.
pub fn view_definition(relation: &Relation) -> Option<String> {
    let (query, columns) = match &relation.object.as_ref()?.definition {
        Statement::CreateView(create) => (&create.query, &create.columns),
        Statement::CreateMaterializedView(create) => (&create.query, &create.columns),
        _ => return None,
    };
    let query = shown_query(query, &relation.name, columns);
    Some(format!(" {query};"))
}

pub(super) fn number(values: &[ScalarValue], index: usize) -> Option<i64> {
    match values.get(index)? {
        ScalarValue::Int64(number) => *number,
        ScalarValue::Int32(number) => number.map(i64::from),
        _ => None,
    }
}

pub(super) fn string(values: &[ScalarValue], index: usize) -> Option<String> {
    match values.get(index)? {
        ScalarValue::Utf8(text) => text.clone(),
        _ => None,
    }
}

pub(super) fn text<T: Into<String>>(value: Option<T>) -> ScalarValue {
    ScalarValue::Utf8(value.map(Into::into))
}

/// Whether a name alone means this relation: nothing in an earlier schema of the path hides it.
pub(super) fn is_visible(sources: &dyn SystemSources, relation: &Relation) -> bool {
    let snapshot = sources.snapshot();
    let path = sources.search_path();
    let is_part = relation.kind == "i" || relation.identity.is_some();
    let mut schemas = std::iter::once(PG_CATALOG).chain(path.iter().map(String::as_str));
    let first = schemas.find(|schema| match *schema {
        own if is_part && own == relation.schema => true,
        PG_CATALOG => super::table(&relation.name).is_some(),
        INFORMATION_SCHEMA => information_schema::table(&relation.name).is_some(),
        SYSTEM_SCHEMA => view(&relation.name).is_some() || relation.name == REJECTED_ROWS,
        schema => {
            let name = QualifiedName::new(schema, &relation.name);
            let of_rows = snapshot.type_named(&name);
            snapshot.relation(&name).is_some()
                || of_rows.is_some_and(|it| composites::composite_type(it).is_some())
        }
    });
    first == Some(relation.schema.as_str())
}

fn comment(sources: &dyn SystemSources, oid: i64, of: Option<String>) -> Option<String> {
    if of.as_deref() == Some("pg_namespace") {
        let all = namespaces(&sources.snapshot());
        return all.into_iter().find(|schema| schema.oid == oid)?.comment;
    }
    if of.as_deref() == Some("pg_constraint") {
        let snapshot = sources.snapshot();
        let found = with_part(&snapshot, oid).find_map(|object| {
            let comments = &object.part_comments.constraints;
            let of_table = constraints_of(object).find(|it| it.oid == oid);
            let name = match &of_table {
                Some(found) => &found.constraint.name,
                None => {
                    let mut of_domain = domains::constraints_of(object);
                    &of_domain.find(|it| it.oid == oid)?.check.name
                }
            };
            Some(comments.get(name).cloned())
        });
        return found.flatten();
    }
    if of.as_deref() == Some("pg_extension") {
        return pg_extension::comment(oid).map(str::to_owned);
    }
    if let Some(class) = of.filter(|of| of != "pg_class") {
        let class = super::table(&class)?.oid;
        let snapshot = sources.snapshot();
        let object = u32::try_from(oid).ok().and_then(|oid| snapshot.object(oid));
        if let Some(own) = object.filter(|it| matches!(it.kind, Kind::Function | Kind::Type)) {
            return own.comment.clone();
        }
        return data::comment(class, oid).map(str::to_owned);
    }
    relation(sources, oid)?.comment.clone()
}

fn column_comment(
    sources: &dyn SystemSources,
    oid: Option<i64>,
    number: Option<i64>,
) -> Option<String> {
    let relation = relation(sources, oid?)?;
    let index = usize::try_from(number?.checked_sub(1)?).ok()?;
    let field = relation.columns.fields().get(index)?;
    relation.column_comments.get(field.name()).cloned()
}
