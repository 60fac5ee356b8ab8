//! Names of objects and their numbers: `to_regclass` and the casts to `regclass`, `regtype` and the
//! like, which `rewrite` makes calls of.

use std::collections::HashMap;
use std::slice;
use std::sync::LazyLock;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::PG_CATALOG;
use super::data;
use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, BOOLEAN, TEXT, is_visible, number, string, text};
use super::information_schema::INFORMATION_SCHEMA;
use super::pg_proc;
use super::reg_casts::{known_namespace, known_role, number_of};
use super::relation::{Relation, namespaces, relation, relations};
use super::session_functions::list;
use super::types::{any_type_oid, format_any_type, is_standard, own_name, type_name};
use crate::catalog::Kind;
use crate::catalog::system::SystemSources;
use crate::error::{Error, Result, SqlState};
use crate::sql::model_functions::parse_name;
use crate::sql::name::Quoted;

/// Functions that tell whether an object of a kind that only PostgreSQL's own schema has is found
/// by its name alone, which it is.
const ALWAYS_VISIBLE: [&str; 11] = [
    "pg_collation_is_visible",
    "pg_conversion_is_visible",
    "pg_function_is_visible",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_statistics_obj_is_visible",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_ts_parser_is_visible",
    "pg_ts_template_is_visible",
];

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let answer = |name, argument, answer, call| {
        CatalogFunction::udf(name, &[&[argument]], answer, Call::Answer(call))
    };
    let look = |name, call| CatalogFunction::udf(name, &[&[TEXT]], BIGINT, Call::Look(call));
    let visible = ALWAYS_VISIBLE.map(|name| {
        answer(name, BIGINT, BOOLEAN, |_, values| {
            ScalarValue::Boolean(number(values, 0).map(|_| true))
        })
    });
    let numbers = DataType::new_list(BIGINT, true);
    let texts = DataType::new_list(TEXT, true);
    let mut all = vec![
        // What is cast to `regtype[]`, which is an array of numbers or of names, as names.
        CatalogFunction::udf(
            "regtype_names",
            &[slice::from_ref(&numbers), slice::from_ref(&texts)],
            texts.clone(),
            Call::Look(|sources, values| {
                let Some(oids) = type_oids(sources, values)? else {
                    return Ok(ScalarValue::Null);
                };
                let names = oids.into_iter().map(|oid| {
                    let oid = oid.and_then(|oid| u32::try_from(oid).ok());
                    let oid = oid.unwrap_or_default();
                    own_name(sources, oid).unwrap_or_else(|| type_name(oid))
                });
                Ok(list(names.collect()))
            }),
        ),
        // The same, where it is compared with numbers.
        CatalogFunction::udf(
            "regtype_numbers",
            &[slice::from_ref(&numbers), slice::from_ref(&texts)],
            numbers.clone(),
            Call::Look(|sources, values| {
                let Some(oids) = type_oids(sources, values)? else {
                    return Ok(ScalarValue::Null);
                };
                let oids: Vec<ScalarValue> = oids.into_iter().map(ScalarValue::Int64).collect();
                let oids = ScalarValue::new_list_nullable(&oids, &BIGINT);
                Ok(ScalarValue::List(oids))
            }),
        ),
        // What `indkey::text` is: a vector is shown without braces.
        CatalogFunction::udf(
            "vector_text",
            &[&[DataType::new_list(BIGINT, true)], &[TEXT]],
            TEXT,
            Call::Answer(|_, values| match values.first() {
                Some(ScalarValue::List(numbers)) if numbers.is_valid(0) => {
                    let numbers = numbers.value(0);
                    let numbers = numbers.as_primitive::<Int64Type>().iter().flatten();
                    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
                    text(Some(numbers.join(" ")))
                }
                Some(ScalarValue::Utf8(shown)) => ScalarValue::Utf8(shown.clone()),
                _ => ScalarValue::Utf8(None),
            }),
        ),
        // What is cast to `regclass` is a number, or a name.
        CatalogFunction::udf(
            "regclass_text",
            &[&[BIGINT], &[TEXT]],
            TEXT,
            Call::Look(|sources, values| {
                let oid = number_of(sources, values, known_oid)?;
                Ok(text(oid.map(|oid| match relation(sources, oid) {
                    Some(found) => relation_text(sources, &found),
                    None => unknown(oid),
                })))
            }),
        ),
        CatalogFunction::udf(
            "regclass_number",
            &[&[BIGINT], &[TEXT]],
            BIGINT,
            Call::Look(|sources, values| {
                number_of(sources, values, known_oid).map(ScalarValue::Int64)
            }),
        ),
        // What is compared with `pg_typeof(x)`.
        CatalogFunction::udf(
            "regtype_number",
            &[&[BIGINT], &[TEXT]],
            BIGINT,
            Call::Look(|sources, values| {
                number_of(sources, values, known_type).map(ScalarValue::Int64)
            }),
        ),
        answer("regproc_text", BIGINT, TEXT, |sources, values| {
            text(number(values, 0).map(|oid| name_of_function(sources, oid)))
        }),
        answer("regprocedure_text", BIGINT, TEXT, |sources, values| {
            text(number(values, 0).map(|oid| procedure_text(sources, oid)))
        }),
        answer("pg_type_is_visible", BIGINT, BOOLEAN, |sources, values| {
            ScalarValue::Boolean(number(values, 0).map(|oid| {
                let oid = u32::try_from(oid).unwrap_or_default();
                if is_standard(oid) {
                    let path = sources.search_path();
                    return path.iter().any(|schema| schema == INFORMATION_SCHEMA);
                }
                // A name in full is that of one that the path does not find.
                own_name(sources, oid).is_none_or(|name| {
                    parse_name(name.trim_end_matches("[]")).is_ok_and(|name| name.schema.is_none())
                })
            }))
        }),
        look("regclass_oid", |sources, values| {
            look_up(string(values, 0), |name| known_oid(sources, name))
        }),
        look("regtype_oid", |sources, values| {
            look_up(string(values, 0), |name| known_type(sources, name))
        }),
        look("regnamespace_oid", |sources, values| {
            look_up(string(values, 0), |name| known_namespace(sources, name))
        }),
        look("regrole_oid", |sources, values| {
            look_up(string(values, 0), |name| known_role(sources, name))
        }),
        look("regproc_oid", |sources, values| {
            look_up(string(values, 0), |name| known_function(sources, name))
        }),
        look("regprocedure_oid", |sources, values| {
            look_up(string(values, 0), |name| known_procedure(sources, name))
        }),
        answer("to_regclass", TEXT, TEXT, |sources, values| {
            let oid = string(values, 0).and_then(|name| relation_oid(sources, &name));
            let found = oid.and_then(|oid| relation(sources, oid));
            text(found.map(|found| relation_text(sources, &found)))
        }),
        answer("to_regclass_oid", TEXT, BIGINT, |sources, values| {
            ScalarValue::Int64(string(values, 0).and_then(|name| relation_oid(sources, &name)))
        }),
        answer("to_regtype", TEXT, TEXT, |sources, values| {
            let oid = string(values, 0).and_then(|name| any_type_oid(sources, &name));
            let oid = oid.and_then(|oid| u32::try_from(oid).ok());
            text(oid.map(|oid| format_any_type(sources, oid, -1)))
        }),
        answer("to_regtype_oid", TEXT, BIGINT, |sources, values| {
            let name = string(values, 0);
            ScalarValue::Int64(name.and_then(|name| any_type_oid(sources, &name)))
        }),
        answer("to_regnamespace_oid", TEXT, BIGINT, |sources, values| {
            ScalarValue::Int64(string(values, 0).and_then(|name| namespace_oid(sources, &name)))
        }),
        answer("to_regrole_oid", TEXT, BIGINT, |sources, values| {
            ScalarValue::Int64(string(values, 0).and_then(|name| role_oid(sources, &name)))
        }),
        answer("to_regproc_oid", TEXT, BIGINT, |sources, values| {
            let name = string(values, 0);
            ScalarValue::Int64(name.and_then(|name| known_function(sources, &name).ok()))
        }),
        answer("to_regnamespace", TEXT, TEXT, |sources, values| {
            let known = string(values, 0).filter(|name| namespace_oid(sources, name).is_some());
            text(known.map(|name| Quoted(&fold(&name)).to_string()))
        }),
        answer("to_regrole", TEXT, TEXT, |sources, values| {
            let known = string(values, 0).filter(|name| role_oid(sources, name).is_some());
            text(known.map(|name| Quoted(&fold(&name)).to_string()))
        }),
        answer("to_regprocedure", TEXT, TEXT, |sources, values| {
            let oid = string(values, 0).and_then(|text| procedure_oid(sources, &text));
            text(oid.map(|oid| procedure_text(sources, oid)))
        }),
        answer("to_regprocedure_oid", TEXT, BIGINT, |sources, values| {
            ScalarValue::Int64(string(values, 0).and_then(|text| procedure_oid(sources, &text)))
        }),
        answer("to_regproc", TEXT, TEXT, |sources, values| {
            let name = string(values, 0);
            let oid = name.and_then(|name| known_function(sources, &name).ok());
            text(oid.map(|oid| name_of_function(sources, oid)))
        }),
    ];
    all.extend(visible);
    all
}

/// How a number is shown that is of no object.
pub(super) fn unknown(oid: i64) -> String {
    match oid {
        0 => "-".to_owned(),
        oid => oid.to_string(),
    }
}

pub(super) fn known_type(sources: &dyn SystemSources, name: &str) -> Result<i64> {
    any_type_oid(sources, name).ok_or_else(|| {
        let message = format!("type \"{name}\" does not exist");
        Error::new(SqlState::UNDEFINED_OBJECT, message)
    })
}

/// The numbers of the types that an array has the numbers or the names of.
fn type_oids(
    sources: &dyn SystemSources,
    values: &[ScalarValue],
) -> Result<Option<Vec<Option<i64>>>> {
    let Some(ScalarValue::List(types)) = values.first() else {
        return Ok(None);
    };
    if types.is_null(0) {
        return Ok(None);
    }
    let types = types.value(0);
    if let Some(numbers) = types.as_primitive_opt::<Int64Type>() {
        return Ok(Some(numbers.iter().collect()));
    }
    let names = types.as_string::<i32>().iter();
    let oids = names.map(|name| name.map(|name| known_type(sources, name)).transpose());
    oids.collect::<Result<_>>().map(Some)
}

/// The number that a text is, or that is found for it.
pub(super) fn look_up(
    name: Option<String>,
    find: impl FnOnce(&str) -> Result<i64>,
) -> Result<ScalarValue> {
    let Some(name) = name else {
        return Ok(ScalarValue::Int64(None));
    };
    match name.trim().parse() {
        Ok(oid) => Ok(ScalarValue::Int64(Some(oid))),
        Err(_) if name == "-" => Ok(ScalarValue::Int64(Some(0))),
        Err(_) => find(&name).map(|oid| ScalarValue::Int64(Some(oid))),
    }
}

pub(super) fn namespace_oid(sources: &dyn SystemSources, name: &str) -> Option<i64> {
    let name = fold(name);
    let all = namespaces(&sources.snapshot());
    let found = all.into_iter().find(|schema| schema.name == name);
    found.map(|schema| schema.oid)
}

/// The number of a role.
pub(super) fn role_oid(sources: &dyn SystemSources, name: &str) -> Option<i64> {
    let name = fold(name);
    match sources.snapshot().role(&name) {
        Some(role) => Some(role.oid.into()),
        None => (name == sources.owner()).then_some(super::OWNER),
    }
}

/// The name of a role.
pub(super) fn role_name(sources: &dyn SystemSources, oid: i64) -> Option<String> {
    if oid == super::OWNER {
        return Some(sources.owner());
    }
    let snapshot = sources.snapshot();
    let role = snapshot.object(u32::try_from(oid).ok()?)?;
    (role.kind == Kind::Role).then(|| role.name.name.clone())
}

/// The number and the name of each built-in function.
fn built_in() -> impl Iterator<Item = (i64, &'static str)> {
    let lines = data::rows_of("pg_proc").unwrap_or_default().lines();
    lines.filter_map(|line| {
        let mut fields = line.split('\t');
        Some((fields.next()?.parse().ok()?, fields.next()?))
    })
}

/// The name of each built-in function by its number: in full where others have the name too.
static NAMES: LazyLock<HashMap<i64, String>> = LazyLock::new(|| {
    let mut counts = HashMap::new();
    for (_, name) in built_in() {
        *counts.entry(name).or_insert(0) += 1;
    }
    let names = built_in().map(|(oid, name)| match counts.get(name) {
        Some(1) => (oid, Quoted(name).to_string()),
        _ => (oid, format!("{PG_CATALOG}.{}", Quoted(name))),
    });
    names.collect()
});

/// The numbers of the built-in functions of a name.
fn function_oids(name: &str) -> Vec<i64> {
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    let name = fold(name);
    let found = built_in().filter(|(_, known)| *known == name);
    found.map(|(oid, _)| oid).collect()
}

/// The name of a function, as one of type `regproc` is shown.
fn name_of_function(sources: &dyn SystemSources, oid: i64) -> String {
    let own = pg_proc::name(sources, oid, false);
    own.unwrap_or_else(|| function_text(oid))
}

/// The number of the one built-in function of a name.
fn only_function(name: &str) -> Option<i64> {
    match function_oids(name).as_slice() {
        [oid] => Some(*oid),
        _ => None,
    }
}

/// The number of the function that a name with the types of its arguments means.
fn procedure_oid(sources: &dyn SystemSources, text: &str) -> Option<i64> {
    let text = text.trim();
    let (name, types) = text.strip_suffix(')')?.split_once('(')?;
    if let Some(own) = pg_proc::number(sources, text) {
        return Some(own);
    }
    let types = types.split(',').filter(|it| !it.trim().is_empty());
    let types: Option<Vec<u32>> = types
        .map(|it| u32::try_from(any_type_oid(sources, it)?).ok())
        .collect();
    let types = types?;
    let shown: Vec<String> = types.iter().map(|oid| type_name(*oid)).collect();
    let own = pg_proc::number(sources, &format!("{}({})", name.trim(), shown.join(",")));
    let name = name.trim();
    let name = fold(name.strip_prefix("pg_catalog.").unwrap_or(name));
    own.or_else(|| {
        let mut known = signatures().filter(|(_, known, _)| *known == name);
        let found = known.find(|(_, _, own)| *own == types);
        found.map(|(oid, _, _)| oid)
    })
}

/// The number of the one function of a name.
pub(super) fn known_function(sources: &dyn SystemSources, name: &str) -> Result<i64> {
    let own = pg_proc::number(sources, name);
    if let Some(own) = own.filter(|_| !pg_proc::is_ambiguous(sources, name)) {
        return Ok(own);
    }
    match function_oids(name).as_slice() {
        [oid] if own.is_none() => Ok(*oid),
        [] if own.is_none() => {
            let message = format!("function \"{name}\" does not exist");
            Err(Error::new(SqlState::UNDEFINED_FUNCTION, message))
        }
        _ => {
            let message = format!("more than one function named \"{name}\"");
            Err(Error::new(SqlState::AMBIGUOUS_FUNCTION, message)
                .with_hint("Name one by regprocedure, with the types of its arguments."))
        }
    }
}

/// The number of the function of a name with the types of its arguments, which must be there.
pub(super) fn known_procedure(sources: &dyn SystemSources, text: &str) -> Result<i64> {
    if !text.contains('(') {
        let message = "expected a left parenthesis";
        return Err(Error::new(SqlState::INVALID_TEXT_REPRESENTATION, message)
            .with_hint("Write the types of the function's arguments behind its name."));
    }
    procedure_oid(sources, text).ok_or_else(|| {
        let message = format!("function \"{text}\" does not exist");
        Error::new(SqlState::UNDEFINED_FUNCTION, message)
    })
}

/// The number of the function that a text means: its number, its name with the types of its arguments, or
/// the name alone where only one has it, which a number that is cast to `regproc` is.
pub(super) fn called_function(sources: &dyn SystemSources, text: &str) -> Result<i64> {
    if let Ok(oid) = text.trim().parse() {
        return Ok(oid);
    }
    let alone = match text.contains('(') {
        true => None,
        false => pg_proc::number(sources, text).or_else(|| only_function(text)),
    };
    alone.map_or_else(|| known_procedure(sources, text), Ok)
}

fn procedure_text(sources: &dyn SystemSources, oid: i64) -> String {
    if let Some(own) = pg_proc::name(sources, oid, true) {
        return own;
    }
    let found = signatures().find(|(known, _, _)| *known == oid);
    found.map_or_else(
        || unknown(oid),
        |(_, name, types)| {
            let types: Vec<String> = types.iter().map(|oid| type_name(*oid)).collect();
            format!("{}({})", Quoted(name), types.join(","))
        },
    )
}

/// The number, the name and the types of the arguments of each built-in function.
fn signatures() -> impl Iterator<Item = (i64, &'static str, Vec<u32>)> {
    /// The place of `proargtypes` among the columns.
    const TYPES: usize = 19;
    let lines = data::rows_of("pg_proc").unwrap_or_default().lines();
    lines.filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let types = fields.get(TYPES)?.split_whitespace();
        let types: Vec<u32> = types.filter_map(|oid| oid.parse().ok()).collect();
        Some((fields.first()?.parse().ok()?, *fields.get(1)?, types))
    })
}

/// The name of each built-in function, and the number of the type that it answers with.
pub fn function_answers() -> impl Iterator<Item = (&'static str, u32)> {
    /// The places of `proname` and `prorettype` among the columns.
    const PLACES: (usize, usize) = (1, 18);
    let lines = data::rows_of("pg_proc").unwrap_or_default().lines();
    lines.filter_map(|line| {
        let (name, rest) = (PLACES.0, PLACES.1 - PLACES.0 - 1);
        let mut fields = line.split('\t');
        Some((fields.nth(name)?, fields.nth(rest)?.parse().ok()?))
    })
}

/// The name of a built-in function, as one of type `regproc` is shown.
pub fn function_text(oid: i64) -> String {
    let found = NAMES.get(&oid);
    found.map_or_else(|| unknown(oid), Clone::clone)
}

/// A relation as a name of type `regclass` is shown: with its schema where it must be.
pub(super) fn relation_text(sources: &dyn SystemSources, relation: &Relation) -> String {
    let name = Quoted(&relation.name);
    if is_visible(sources, relation) {
        return name.to_string();
    }
    format!("{}.{name}", Quoted(&relation.schema))
}

/// [`relation_oid`] of a name that must be one.
pub(super) fn known_oid(sources: &dyn SystemSources, name: &str) -> Result<i64> {
    relation_oid(sources, name).ok_or_else(|| {
        let message = format!("relation \"{name}\" does not exist");
        Error::new(SqlState::UNDEFINED_TABLE, message)
    })
}

/// The number of the relation that a text of type `regclass` means.
pub(super) fn relation_oid(sources: &dyn SystemSources, name: &str) -> Option<i64> {
    if let Ok(oid) = name.parse() {
        return Some(oid);
    }
    let parts = parts(name);
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

/// The parts of a name, which may have blanks around them.
fn parts(name: &str) -> Vec<String> {
    let mut is_quoted = false;
    let parts = name.split(|character| {
        is_quoted ^= character == '"';
        character == '.' && !is_quoted
    });
    parts.map(|part| fold(part.trim())).collect()
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
