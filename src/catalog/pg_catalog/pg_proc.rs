//! The rows of `pg_proc` for functions that users have made, and how these are written.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::DataType;

use super::named_functions::{self, function_named};
use super::table::{Rows, Value, row};
use super::types::{any_type_oid, own_name};
use crate::catalog::privilege::Privilege;
use crate::catalog::system::SystemSources;
use crate::catalog::{Kind, Object};
use crate::sql::Statement;
use crate::sql::create_function::{Body, CreateFunction, Returns, type_text};
use crate::sql::drop_function::FunctionName;
use crate::sql::function_hints::{self, Parallel};
use crate::sql::function_settings::FunctionSetting;
use crate::sql::name::Quoted;
use crate::sql::options::Literal;
use crate::sql::shown::Shown;

/// PostgreSQL's number of the language `sql`.
const SQL: i64 = 14;
/// PostgreSQL's number of the type `record`.
const RECORD: i64 = 2249;
/// What PostgreSQL thinks a function costs, and how many rows it gives.
const COST: f64 = 100.0;
const ROWS: f64 = 1000.0;

pub static TABLE: Rows = Rows {
    of: "pg_proc",
    make: |sources| {
        let snapshot = sources.snapshot();
        let mut rows = Vec::new();
        for object in snapshot.objects() {
            let (Some(create), Some(schema)) =
                (definition(object), snapshot.schema(&object.name.schema))
            else {
                continue;
            };
            let types: Vec<i64> = create
                .arguments
                .iter()
                .map(|argument| number_of(sources, &type_text(&argument.data_type)))
                .collect();
            let is_named = create.arguments.iter().any(|it| it.name.is_some());
            let mut names: Vec<String> = create
                .arguments
                .iter()
                .map(|it| it.name.clone().unwrap_or_default())
                .collect();
            let (all_types, modes, returned, returns_set) = match &create.returns {
                Returns::Type(of) => (
                    Value::Null,
                    Value::Null,
                    number_of(sources, &type_text(of)),
                    false,
                ),
                Returns::SetOf(of) => (
                    Value::Null,
                    Value::Null,
                    number_of(sources, &type_text(of)),
                    true,
                ),
                Returns::Table(columns) => {
                    let columns_of = columns.iter();
                    let given = columns_of.map(|(_, of)| number_of(sources, &type_text(of)));
                    names.extend(columns.iter().map(|(name, _)| name.clone()));
                    let modes = types.iter().map(|_| "i".to_owned());
                    let modes = modes.chain(columns.iter().map(|_| "t".to_owned()));
                    let returned = match columns.as_slice() {
                        [(_, of)] => number_of(sources, &type_text(of)),
                        _ => RECORD,
                    };
                    (
                        Value::Numbers(types.iter().copied().chain(given).collect()),
                        Value::Texts(modes.collect()),
                        returned,
                        true,
                    )
                }
            };
            let items = object
                .access
                .items(&snapshot, &Privilege::OF_FUNCTIONS, None);
            let has_names = is_named || matches!(create.returns, Returns::Table(_));
            let defaults = create.arguments.iter().filter(|it| it.default.is_some());
            let source = match &create.body {
                Body::Text(text, _) => text.clone(),
                Body::Return(_) | Body::Atomic(_) => String::new(),
            };
            rows.push(row![
                i64::from(object.oid),
                create.name.name.as_str(),
                i64::from(schema.oid),
                i64::from(object.access.owner()),
                SQL,
                Value::Float(cost(create)),
                Value::Float(rows_of(create)),
                0,
                0,
                "f",
                create.security_definer,
                create.hints.leakproof.unwrap_or(false),
                create.strict,
                returns_set,
                create.volatility.letter(),
                create.hints.parallel.map_or("u", Parallel::letter),
                i64::try_from(create.arguments.len()).unwrap_or(i64::MAX),
                i64::try_from(defaults.count()).unwrap_or(i64::MAX),
                returned,
                Value::Numbers(types),
                all_types,
                modes,
                match has_names {
                    true => Value::Texts(names),
                    false => Value::Null,
                },
                Value::Null,
                Value::Null,
                source,
                Value::Null,
                Value::Null,
                settings(create),
                Value::texts(items),
            ]);
        }
        Ok(rows)
    },
};

/// What a call of a function is said to cost.
fn cost(create: &CreateFunction) -> f64 {
    create
        .hints
        .cost
        .as_deref()
        .map_or(COST, function_hints::number)
}

/// How many rows a call of a function is said to give; none for one that gives a value.
fn rows_of(create: &CreateFunction) -> f64 {
    match &create.returns {
        Returns::Type(_) => 0.0,
        Returns::SetOf(_) | Returns::Table(_) => create
            .hints
            .rows
            .as_deref()
            .map_or(ROWS, function_hints::number),
    }
}

/// What settings are while a function runs; NULL where it says nothing of them.
fn settings(create: &CreateFunction) -> Value {
    let settings = create.settings.iter().filter_map(FunctionSetting::shown);
    let settings: Vec<String> = settings
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Value::texts((!settings.is_empty()).then_some(settings))
}

/// The numbers of the types that a function takes and gives.
pub(super) fn type_numbers(sources: &dyn SystemSources, object: &Object) -> Vec<i64> {
    let Some(create) = definition(object) else {
        return Vec::new();
    };
    let mut types: Vec<_> = create.arguments.iter().map(|it| &it.data_type).collect();
    match &create.returns {
        Returns::Type(of) | Returns::SetOf(of) => types.push(of),
        Returns::Table(columns) => types.extend(columns.iter().map(|(_, of)| of)),
    }
    let types = types.into_iter().map(type_text);
    types.map(|name| number_of(sources, &name)).collect()
}

/// The definition of a function.
fn definition(object: &Object) -> Option<&CreateFunction> {
    match &object.definition {
        Statement::CreateFunction(create) => Some(create),
        _ => None,
    }
}

/// The number of a type by its name, of users' ones too; that of `record` for one that has none.
fn number_of(sources: &dyn SystemSources, name: &str) -> i64 {
    any_type_oid(sources, name).unwrap_or(RECORD)
}

/// A type as PostgreSQL writes it; one that users have made by the name that the session sees it by.
fn shown_type(sources: &dyn SystemSources, data_type: &DataType) -> String {
    let text = type_text(data_type);
    let oid = any_type_oid(sources, &text).and_then(|oid| u32::try_from(oid).ok());
    oid.and_then(|oid| own_name(sources, oid)).unwrap_or(text)
}

/// The function of a number.
fn function(sources: &dyn SystemSources, oid: i64) -> Option<Arc<Object>> {
    let snapshot = sources.snapshot();
    let object = snapshot.object(u32::try_from(oid).ok()?)?;
    (object.kind == Kind::Function).then(|| Arc::clone(object))
}

/// The name of a function, with the types of its arguments where they are asked for.
pub fn name(sources: &dyn SystemSources, oid: i64, with_types: bool) -> Option<String> {
    let object = function(sources, oid)?;
    let create = definition(&object)?;
    let path = sources.search_path();
    let schema = match path.contains(&object.name.schema) {
        true => String::new(),
        false => format!("{}.", Quoted(&object.name.schema)),
    };
    let name = Quoted(&create.name.name);
    let types = create
        .arguments
        .iter()
        .map(|it| shown_type(sources, &it.data_type));
    let types = match with_types {
        true => format!("({})", types.collect::<Vec<_>>().join(",")),
        false => String::new(),
    };
    Some(format!("{schema}{name}{types}"))
}

/// The number of a function that a name, perhaps with types, means.
pub fn number(sources: &dyn SystemSources, text: &str) -> Option<i64> {
    let function = FunctionName::read(text)?;
    let snapshot = sources.snapshot();
    let found = function_named(&snapshot, &function, &sources.search_path())?;
    Some(found.oid.into())
}

/// Whether a text names functions of several arguments, and none of them alone.
pub fn is_ambiguous(sources: &dyn SystemSources, text: &str) -> bool {
    let path = sources.search_path();
    FunctionName::read(text).is_some_and(|function| {
        named_functions::is_ambiguous(&sources.snapshot(), &function, &path)
    })
}

/// The arguments of a function; with `full` also their defaults.
pub fn arguments(sources: &dyn SystemSources, oid: i64, full: bool) -> Option<String> {
    let object = function(sources, oid)?;
    let create = definition(&object)?;
    let arguments = create.arguments.iter().map(|argument| {
        let name = argument.name.as_ref();
        let name = name.map_or_else(String::new, |name| format!("{} ", Quoted(name)));
        let default = match &argument.default {
            Some(default) if full => format!(" DEFAULT {}", Shown(default)),
            _ => String::new(),
        };
        format!(
            "{name}{}{default}",
            shown_type(sources, &argument.data_type)
        )
    });
    Some(arguments.collect::<Vec<_>>().join(", "))
}

/// The default of one of a function's arguments, by its place from 0 on.
pub fn default_of(sources: &dyn SystemSources, oid: i64, argument: usize) -> Option<String> {
    let object = function(sources, oid)?;
    let argument = definition(&object)?.arguments.get(argument)?;
    Some(Shown(argument.default.as_ref()?).to_string())
}

/// What a function answers.
pub fn result(sources: &dyn SystemSources, oid: i64) -> Option<String> {
    let object = function(sources, oid)?;
    Some(match &definition(&object)?.returns {
        Returns::Type(of) => shown_type(sources, of),
        Returns::SetOf(of) => format!("SETOF {}", shown_type(sources, of)),
        Returns::Table(columns) => {
            let columns = columns.iter();
            let columns = columns.map(|(name, of)| {
                let of = shown_type(sources, of);
                format!("{} {of}", Quoted(name))
            });
            format!("TABLE({})", columns.collect::<Vec<_>>().join(", "))
        }
    })
}

/// The body of a function that is no text.
pub fn body(sources: &dyn SystemSources, oid: i64) -> Option<String> {
    let object = function(sources, oid)?;
    match &definition(&object)?.body {
        Body::Text(..) => None,
        Body::Return(value) => Some(format!("RETURN {}", Shown(value.as_ref()))),
        Body::Atomic(query) => Some(format!("BEGIN ATOMIC\n {};\nEND", Shown(query.as_ref()))),
    }
}

/// The statement that makes a function, as `pg_get_functiondef` of PostgreSQL writes it.
pub fn statement(sources: &dyn SystemSources, oid: i64) -> Option<String> {
    let object = function(sources, oid)?;
    let create = definition(&object)?;
    let mut text = format!(
        "CREATE OR REPLACE FUNCTION {}.{}({})\n RETURNS {}\n LANGUAGE sql\n",
        Quoted(&object.name.schema),
        Quoted(&create.name.name),
        arguments(sources, oid, true)?,
        result(sources, oid)?
    );
    let mut options = Vec::new();
    if create.volatility.letter() != "v" {
        options.push(create.volatility.as_str().to_owned());
    }
    match create.hints.parallel {
        Some(Parallel::Unsafe) | None => {}
        Some(parallel) => options.push(format!("PARALLEL {}", parallel.as_str())),
    }
    if create.strict {
        options.push("STRICT".to_owned());
    }
    if create.security_definer {
        options.push("SECURITY DEFINER".to_owned());
    }
    if create.hints.leakproof == Some(true) {
        options.push("LEAKPROOF".to_owned());
    }
    let (cost, rows) = (cost(create), rows_of(create));
    if cost.total_cmp(&COST).is_ne() {
        options.push(format!("COST {}", shortest(cost)));
    }
    if rows > 0.0 && rows.total_cmp(&ROWS).is_ne() {
        options.push(format!("ROWS {}", shortest(rows)));
    }
    if !options.is_empty() {
        text.push_str(&format!(" {}\n", options.join(" ")));
    }
    for setting in &create.settings {
        let Some((name, value)) = setting.shown() else {
            continue;
        };
        // A list of names is said as one, lest it be one name.
        let values = setting
            .search_path()
            .unwrap_or_else(|| vec![value.to_owned()]);
        let values: Vec<String> = values.iter().map(|it| Literal(it).to_string()).collect();
        text.push_str(&format!(" SET {} TO {}\n", Quoted(name), values.join(", ")));
    }
    match &create.body {
        Body::Text(source, _) => {
            // A mark that the text does not have.
            let mut mark = "$function$".to_owned();
            while source.contains(&mark) {
                mark.insert(1, 'x');
            }
            text.push_str(&format!("AS {mark}{source}{mark}\n"));
        }
        Body::Return(_) | Body::Atomic(_) => {
            text.push_str(&format!("{}\n", body(sources, oid)?));
        }
    }
    Some(text)
}

/// A positive number as `%g` of C writes it: six digits at most, and an exponent where that is shorter.
fn shortest(value: f64) -> String {
    let scientific = format!("{value:.5e}");
    let (digits, exponent) = scientific
        .split_once('e')
        .unwrap_or((scientific.as_str(), "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..6).contains(&exponent) {
        let decimals = usize::try_from(5 - exponent).unwrap_or_default();
        return trimmed(&format!("{value:.decimals$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trimmed(digits), exponent.unsigned_abs())
}
