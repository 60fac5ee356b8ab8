//! The definitions of constraints, indexes and built-in functions, and of what this server has none
//! of (triggers, rules, partitions), which are NULL for every number, as PostgreSQL's are for one of
//! no object.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::data;
use super::domains;
use super::format_type;
use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, BOOLEAN, TEXT, number, string, text};
use super::name_functions::{relation_oid, relation_text};
use super::pg_proc;
use super::relation::{relation, with_constraint, with_index};
use super::table_constraint::is_part;
use crate::catalog::system::SystemSources;
use crate::models::constraints;
use crate::sql::Statement;
use crate::sql::name::Quoted;

/// Functions of what there is none of.
const OF_NOTHING: [&str; 8] = [
    "pg_get_partkeydef",
    "pg_get_partition_constraintdef",
    "pg_get_ruledef",
    "pg_get_statisticsobjdef",
    "pg_get_statisticsobjdef_columns",
    "pg_get_statisticsobjdef_expressions",
    "pg_get_triggerdef",
    "pg_describe_object",
];

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let udf = |name, arguments: &[&[DataType]], call| {
        CatalogFunction::udf(name, arguments, TEXT, Call::Answer(call))
    };
    let numbers: &[&[DataType]] = &[
        &[BIGINT],
        &[BIGINT, BOOLEAN],
        &[BIGINT, BIGINT, BOOLEAN],
        &[BIGINT, BIGINT, BIGINT],
    ];
    let mut all: Vec<ScalarUDF> = OF_NOTHING
        .map(|name| udf(name, numbers, |_, _| ScalarValue::Utf8(None)))
        .into();
    all.push(udf("pg_get_constraintdef", numbers, |sources, values| {
        let pretty = matches!(values.get(1), Some(ScalarValue::Boolean(Some(true))));
        let oid = number(values, 0).filter(|oid| is_part(*oid));
        text(oid.and_then(|oid| {
            let of_table = with_constraint(sources, oid, |_, found| {
                found.definition(pretty, |table| {
                    let snapshot = sources.snapshot();
                    let oid = snapshot.relation(table).map(|object| object.oid.into());
                    let known = oid.and_then(|oid| relation(sources, oid));
                    known.map_or_else(|| table.to_string(), |it| relation_text(sources, &it))
                })
            });
            of_table.or_else(|| domains::constraint_definition(sources, oid, pretty))
        }))
    }));
    all.push(udf("pg_get_indexdef", numbers, |sources, values| {
        let oid = number(values, 0).filter(|oid| is_part(*oid));
        text(oid.and_then(|oid| index_definition(sources, oid, values)))
    }));
    all.push(udf(
        "pg_get_serial_sequence",
        &[&[TEXT, TEXT]],
        |sources, values| text(serial_sequence(sources, values)),
    ));
    // Tablespaces have no folders of their own.
    all.push(udf("pg_tablespace_location", &[&[BIGINT]], |_, values| {
        text(number(values, 0).map(|_| ""))
    }));
    all.push(udf(
        "pg_get_function_result",
        &[&[BIGINT]],
        |sources, values| {
            let oid = number(values, 0);
            text(oid.and_then(|oid| pg_proc::result(sources, oid).or_else(|| result(oid))))
        },
    ));
    all.push(udf(
        "pg_get_function_arguments",
        &[&[BIGINT]],
        |sources, values| {
            let own = |oid| pg_proc::arguments(sources, oid, true);
            text(number(values, 0).and_then(|oid| own(oid).or_else(|| arguments(oid))))
        },
    ));
    all.push(udf(
        "pg_get_function_identity_arguments",
        &[&[BIGINT]],
        |sources, values| {
            let own = |oid| pg_proc::arguments(sources, oid, false);
            text(number(values, 0).and_then(|oid| own(oid).or_else(|| arguments(oid))))
        },
    ));
    all.push(udf(
        "pg_get_function_sqlbody",
        &[&[BIGINT]],
        |sources, values| text(number(values, 0).and_then(|oid| pg_proc::body(sources, oid))),
    ));
    all.push(udf(
        "pg_get_functiondef",
        &[&[BIGINT]],
        |sources, values| text(number(values, 0).and_then(|oid| pg_proc::statement(sources, oid))),
    ));
    all
}

/// The sequence of an identity column, or the one that is owned by a column.
fn serial_sequence(sources: &dyn SystemSources, values: &[ScalarValue]) -> Option<String> {
    let (table, column) = (string(values, 0)?, string(values, 1)?);
    let snapshot = sources.snapshot();
    let oid = u32::try_from(relation_oid(sources, &table)?).ok()?;
    let table = snapshot.object(oid)?;
    if constraints::identity_of(table, &column).is_some() {
        return Some(constraints::sequence_of(table, &column).to_string());
    }
    let owned = snapshot.objects().find(|object| {
        let Statement::CreateSequence(create) = &object.definition else {
            return false;
        };
        let owner = create.options.owner();
        owner.is_some_and(|owner| {
            owner.column == column && owner.table.qualify(&table.name.schema) == table.name
        })
    });
    owned.map(|sequence| sequence.name.to_string())
}

/// The definition of an index, or of one of its columns where a number above 0 asks for it. What is
/// asked for prettily is without the schema where the path finds the table.
fn index_definition(
    sources: &dyn SystemSources,
    oid: i64,
    values: &[ScalarValue],
) -> Option<String> {
    let pretty = matches!(values.get(2), Some(ScalarValue::Boolean(Some(true))));
    let column = number(values, 1).filter(|column| *column > 0);
    with_index(sources, oid, |table, index| match column {
        Some(column) => {
            let place = usize::try_from(column - 1).ok()?;
            let (text, _) = index.parts(pretty).into_iter().nth(place)?;
            Some(text)
        }
        None if pretty => Some(index.definition(&relation_text(sources, table), true)),
        None => {
            let table = format!("{}.{}", Quoted(&table.schema), Quoted(&table.name));
            Some(index.definition(&table, false))
        }
    })?
}

/// A row of `pg_proc`, field by field.
fn function(oid: i64) -> Option<Vec<&'static str>> {
    let start = format!("{oid}\t");
    let mut rows = data::rows_of("pg_proc")?.lines();
    let row = rows.find(|row| row.starts_with(&start))?;
    Some(row.split('\t').collect())
}

/// Places of fields in `pg_proc`.
const KIND: usize = 9;
const RETURNS_SET: usize = 13;
const RETURN_TYPE: usize = 18;
const ARGUMENT_TYPES: usize = 19;
const ALL_ARGUMENT_TYPES: usize = 20;
const ARGUMENT_MODES: usize = 21;
const ARGUMENT_NAMES: usize = 22;
const VARIADIC: usize = 7;

fn result(oid: i64) -> Option<String> {
    let fields = function(oid)?;
    if *fields.get(KIND)? == "p" {
        return None;
    }
    let known = format_type(fields.get(RETURN_TYPE)?.parse().ok()?, -1);
    Some(match *fields.get(RETURNS_SET)? == "t" {
        true => format!("SETOF {known}"),
        false => known,
    })
}

/// `a integer, OUT b text, VARIADIC "any"`, as `print_function_arguments` of PostgreSQL's
/// `ruleutils.c` writes them, without defaults, whose expressions are not kept as text.
fn arguments(oid: i64) -> Option<String> {
    let fields = function(oid)?;
    let items = |index: usize| -> Vec<&str> {
        let field = fields.get(index).copied().unwrap_or("\\N");
        let field = field.trim_start_matches('{').trim_end_matches('}');
        let items = field.split([',', ' ']);
        items
            .filter(|item| !item.is_empty() && *item != "\\N")
            .collect()
    };
    let all = items(ALL_ARGUMENT_TYPES);
    let types = match all.is_empty() {
        true => items(ARGUMENT_TYPES),
        false => all,
    };
    let (modes, names) = (items(ARGUMENT_MODES), items(ARGUMENT_NAMES));
    let is_variadic = fields.get(VARIADIC).is_some_and(|of| *of != "0");
    let last = types.len().checked_sub(1);
    let mut written = Vec::new();
    for (index, known) in types.iter().enumerate() {
        let mode = match modes.get(index).copied() {
            Some("o") => "OUT ",
            Some("b") => "INOUT ",
            Some("v") => "VARIADIC ",
            Some("t") => continue,
            Some(_) => "",
            None if is_variadic && Some(index) == last => "VARIADIC ",
            None => "",
        };
        let name = names.get(index).map(|name| name.trim_matches('"'));
        let name = match name {
            Some(name) if !name.is_empty() => format!("{name} "),
            _ => String::new(),
        };
        let known = format_type(known.parse().ok()?, -1);
        written.push(format!("{mode}{name}{known}"));
    }
    Some(written.join(", "))
}
