//! What `pg_catalog` has in every PostgreSQL 15, as `data/extract` writes it: the shapes of its
//! relations, and the rows of built-in types, functions, operators and the like.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::table::{Row, Value};
use crate::catalog::system::{Column, ColumnType};

/// A line for each relation: name, number, kind, columns.
pub const RELATIONS: &str = include_str!("data/relations.tsv");

/// Those of `information_schema`.
pub const INFORMATION_SCHEMA: &str = include_str!("data/information_schema.tsv");

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("data/", $name, ".tsv")))),*]
    };
}

/// The rows of tables, in the text format of `COPY`.
static ROWS: [(&str, &str); 23] = files![
    "pg_aggregate",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_cast",
    "pg_collation",
    "pg_conversion",
    "pg_description",
    "pg_init_privs",
    "pg_language",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_proc",
    "pg_range",
    "pg_tablespace",
    "pg_timezone_abbrevs",
    "pg_ts_config",
    "pg_ts_config_map",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
];

/// The rows of a table that every PostgreSQL has.
pub fn rows_of(table: &str) -> Option<&'static str> {
    let found = ROWS.iter().find(|(name, _)| *name == table);
    found.map(|(_, rows)| *rows)
}

/// How many arguments of a function have defaults, and the numbers of the types of all.
type Arguments = (usize, Vec<u32>);

/// The types of the arguments of PostgreSQL's functions of a name that can be called with so many, those
/// left out that take any number.
pub fn argument_oids(name: &str, count: usize) -> Vec<Vec<u32>> {
    static ARGUMENTS: LazyLock<HashMap<&str, Vec<Arguments>>> = LazyLock::new(|| {
        let mut functions: HashMap<&str, Vec<Arguments>> = HashMap::new();
        for line in rows_of("pg_proc").unwrap_or_default().lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let field = |place: usize| fields.get(place).copied().unwrap_or_default();
            let (name, variadic, defaults) = (field(1), field(7), field(17));
            let types = field(19).split(' ').filter(|part| !part.is_empty());
            let types: Result<Vec<u32>, _> = types.map(str::parse).collect();
            let (Ok(types), Ok(defaults), "0") = (types, defaults.parse(), variadic) else {
                continue;
            };
            functions.entry(name).or_default().push((defaults, types));
        }
        functions
    });
    let all = ARGUMENTS.get(name).into_iter().flatten();
    let callable = all.filter(|(defaults, types)| {
        count <= types.len() && types.len().saturating_sub(*defaults) <= count
    });
    callable
        .map(|(_, types)| types.iter().take(count).copied().collect())
        .collect()
}

/// The comment of an object that every PostgreSQL has, by the number of the table that lists it and
/// its own.
pub fn comment(class: i64, object: i64) -> Option<&'static str> {
    static COMMENTS: LazyLock<HashMap<(i64, i64), &'static str>> = LazyLock::new(|| {
        let lines = rows_of("pg_description").unwrap_or_default().lines();
        let comments = lines.filter_map(|line| {
            let mut fields = line.split('\t');
            let (object, class) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            // That of the object itself, and of none of its columns.
            let text = fields
                .next()
                .filter(|part| *part == "0")
                .and(fields.next())?;
            Some(((class, object), text))
        });
        comments.collect()
    });
    COMMENTS.get(&(class, object)).copied()
}

/// Reads rows of these columns.
pub fn parse(text: &str, columns: &[Column]) -> Vec<Row> {
    let row = |line: &str| {
        let fields = line.split('\t').zip(columns);
        fields
            .map(|(field, column)| value(field, column.column_type))
            .collect()
    };
    text.lines().map(row).collect()
}

fn value(field: &str, column_type: ColumnType) -> Value {
    if field == "\\N" {
        return Value::Null;
    }
    let number = |text: &str| text.parse().ok();
    match column_type {
        ColumnType::Boolean => Value::Boolean(field == "t"),
        ColumnType::Oid
        | ColumnType::Bigint
        | ColumnType::Integer
        | ColumnType::Smallint
        | ColumnType::Interval => Value::from(number(field)),
        ColumnType::Real | ColumnType::Double => Value::from(field.parse::<f64>().ok()),
        ColumnType::Timestamptz => Value::Null,
        ColumnType::Text | ColumnType::Name | ColumnType::Char | ColumnType::Numeric => {
            Value::Text(unescaped(field))
        }
        // `{a,b}` of names without anything to quote.
        ColumnType::TextArray => {
            let items = unescaped(field);
            let items = items.trim_start_matches('{').trim_end_matches('}');
            let items = items.split(',').filter(|item| !item.is_empty());
            Value::Texts(
                items
                    .map(|item| item.trim_matches('"').to_owned())
                    .collect(),
            )
        }
        // `1 2 3` of vectors and `{1,2,3}` of arrays.
        ColumnType::SmallintArray
        | ColumnType::OidArray
        | ColumnType::SmallintVector
        | ColumnType::OidVector => {
            let is_digit = |character: char| character.is_ascii_digit() || character == '-';
            let items = field.split(|character| !is_digit(character));
            Value::Numbers(items.filter_map(number).collect())
        }
    }
}

/// A field without the backslashes that `COPY` puts before what would end it.
fn unescaped(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('b') => text.push('\u{8}'),
                Some('f') => text.push('\u{c}'),
                Some('v') => text.push('\u{b}'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text
}
