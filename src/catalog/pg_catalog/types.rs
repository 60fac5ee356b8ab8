//! PostgreSQL's types, as `pg_type` describes them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use tributary_udfs::postgres::{CharacterKind, CharacterLength};

use super::data;
use super::information_schema::INFORMATION_SCHEMA;
use super::table_constraint::{is_part, row_arrays, row_type, with_part};
use crate::catalog::system::SystemSources;
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::session::own_types::{self, FIRST_OWN};
use crate::session::{composites, domains, enums};
use crate::sql::QualifiedName;
use crate::sql::model_functions::parse_name;
use crate::sql::name::Quoted;

/// A type; the numbers are PostgreSQL's (`pg_type.dat`).
#[derive(Debug, PartialEq, Eq)]
pub struct Type {
    pub oid: u32,
    pub array_oid: u32,
    /// Its name in `pg_type`.
    pub name: &'static str,
    /// Its name in SQL.
    pub sql: &'static str,
    /// Its length in bytes; -1 where that varies.
    length: i64,
    /// PostgreSQL's letter for what it is akin to.
    pub category: &'static str,
}

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const NAME: u32 = 19;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const OID: u32 = 26;
const JSON: u32 = 114;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const INTERVAL: u32 = 1186;
const NUMERIC: u32 = 1700;
const RECORD: u32 = 2249;
const UUID: u32 = 2950;

/// The types that columns, parameters and casts can have.
pub static TYPES: [Type; 23] = [
    new(BOOL, 1000, "bool", "boolean", 1, "B"),
    new(BYTEA, 1001, "bytea", "bytea", -1, "U"),
    new(18, 1002, "char", "\"char\"", 1, "Z"),
    new(19, 1003, "name", "name", 64, "S"),
    new(INT8, 1016, "int8", "bigint", 8, "N"),
    new(INT2, 1005, "int2", "smallint", 2, "N"),
    new(INT4, 1007, "int4", "integer", 4, "N"),
    TEXT_TYPE,
    new(OID, 1028, "oid", "oid", 4, "N"),
    new(JSON, 199, "json", "json", -1, "U"),
    new(FLOAT4, 1021, "float4", "real", 4, "N"),
    new(FLOAT8, 1022, "float8", "double precision", 8, "N"),
    new(BPCHAR, 1014, "bpchar", "character", -1, "S"),
    new(VARCHAR, 1015, "varchar", "character varying", -1, "S"),
    new(DATE, 1182, "date", "date", 4, "D"),
    new(TIME, 1183, "time", "time without time zone", 8, "D"),
    new(
        TIMESTAMP,
        1115,
        "timestamp",
        "timestamp without time zone",
        8,
        "D",
    ),
    new(
        TIMESTAMPTZ,
        1185,
        "timestamptz",
        "timestamp with time zone",
        8,
        "D",
    ),
    new(INTERVAL, 1187, "interval", "interval", 16, "T"),
    new(NUMERIC, 1231, "numeric", "numeric", -1, "N"),
    new(RECORD, 2287, "record", "record", -1, "P"),
    new(UUID, 2951, "uuid", "uuid", 16, "U"),
    new(3802, 3807, "jsonb", "jsonb", -1, "U"),
];

static TEXT_TYPE_STATIC: Type = TEXT_TYPE;
const TEXT_TYPE: Type = new(TEXT, 1009, "text", "text", -1, "S");

const fn new(
    oid: u32,
    array_oid: u32,
    name: &'static str,
    sql: &'static str,
    length: i64,
    category: &'static str,
) -> Type {
    Type {
        oid,
        array_oid,
        name,
        sql,
        length,
        category,
    }
}

/// How values of an enum type are kept, of any.
static ENUM: Type = new(0, 0, "", "", 4, "E");

/// How rows of a composite type are kept, of any: as other records are.
static ROW: Type = new(RECORD, 0, "", "", -1, "C");

/// How an array of any type is kept.
static ARRAY: Type = new(0, 0, "", "", -1, "A");

impl Type {
    /// How values of the type with this number are kept.
    pub fn of(oid: u32) -> &'static Self {
        if Self::is_array(oid) {
            return &ARRAY;
        }
        if oid >= FIRST_OWN {
            return &ENUM;
        }
        TYPES
            .iter()
            .find(|known| known.oid == oid)
            .unwrap_or(&TEXT_TYPE_STATIC)
    }

    /// [`Self::of`], of composite types, of domains and of arrays of users' types too.
    pub fn among(snapshot: &Snapshot, oid: u32) -> &'static Self {
        match own_types::with_oid(snapshot, oid) {
            Some((_, true)) => &ARRAY,
            Some((of, false)) if composites::composite_type(&of).is_some() => &ROW,
            Some((of, false)) if domains::definition(&of).is_some() => {
                Self::among(snapshot, super::domains::base(snapshot, oid).0)
            }
            _ => Self::of(oid),
        }
    }

    /// Whether this is the number of an array type, of users' ones too.
    pub fn is_any_array(snapshot: &Snapshot, oid: u32) -> bool {
        let own = || own_types::with_oid(snapshot, oid).is_some_and(|(_, is_array)| is_array);
        Self::is_array(oid) || own()
    }

    /// Whether this is the number of an array type that every PostgreSQL has.
    pub fn is_array(oid: u32) -> bool {
        TYPES.iter().any(|known| known.array_oid == oid)
    }

    /// `typlen`
    pub fn length(&self) -> i64 {
        self.length
    }

    /// `typbyval`
    pub fn by_value(&self) -> bool {
        matches!(self.length, 1 | 2 | 4 | 8)
    }

    /// `typalign`
    pub fn align(&self) -> &'static str {
        match (self.oid, self.length) {
            (UUID | 19, _) | (_, 1) => "c",
            (_, 2) => "s",
            (INTERVAL | RECORD, _) | (_, 8) => "d",
            _ => "i",
        }
    }

    /// `typstorage`
    pub fn storage(&self) -> &'static str {
        match (self.oid, self.length) {
            (NUMERIC, _) => "m",
            (_, -1) => "x",
            _ => "p",
        }
    }

    /// `typcollation`: the number of the collation `default` for text.
    pub fn collation(&self) -> i64 {
        match self.category {
            "S" => 100,
            _ => 0,
        }
    }
}

/// The name of a type in `pg_type`, which of an array begins with `_`.
pub fn internal_name(oid: u32) -> String {
    let own = TYPES.iter().find(|known| known.oid == oid);
    if let Some(known) = own {
        return known.name.to_owned();
    }
    match TYPES.iter().find(|known| known.array_oid == oid) {
        Some(element) => format!("_{}", element.name),
        None => OTHERS
            .get(&oid)
            .map_or_else(String::new, |other| other.name.to_owned()),
    }
}

/// The type of texts of limited length, and its modifier.
pub fn of_length(length: CharacterLength) -> (u32, i32) {
    let oid = match length.kind {
        CharacterKind::Fixed => BPCHAR,
        CharacterKind::Varying => VARCHAR,
        CharacterKind::Name => return (NAME, -1),
        CharacterKind::Uuid => return (UUID, -1),
    };
    if !length.is_limit() {
        return (oid, -1);
    }
    // PostgreSQL counts the four bytes of a header too.
    let modifier = i32::try_from(length.characters.saturating_add(4)).unwrap_or(i32::MAX);
    (oid, modifier)
}

/// The number of the function by which PostgreSQL tells arrays, `array_subscript_handler`.
const ARRAY_SUBSCRIPT_HANDLER: &str = "6179";

/// PostgreSQL's number of `information_schema`.
const STANDARD: &str = "13207";

/// A type that no column here has.
struct Other {
    name: &'static str,
    /// Whether it is a domain of the standard's schema, or an array of one.
    is_standard: bool,
    /// The type of its elements, where it is an array.
    element: Option<u32>,
}

static OTHERS: LazyLock<HashMap<u32, Other>> = LazyLock::new(|| {
    let rows = data::rows_of("pg_type").unwrap_or_default().lines();
    let types = rows.filter_map(|line| {
        let fields: Vec<&'static str> = line.split('\t').collect();
        let number = |index: usize| fields.get(index)?.parse::<u32>().ok();
        let name = fields.get(1).copied()?;
        // `typelem`, of what `typsubscript` and `typstorage` say is an array and no vector.
        let is_array = fields.get(12) == Some(&ARRAY_SUBSCRIPT_HANDLER);
        let is_vector = fields.get(23) == Some(&"p");
        let element = number(13).filter(|_| is_array && !is_vector);
        let other = Other {
            name,
            is_standard: fields.get(2) == Some(&STANDARD),
            element,
        };
        Some((number(0)?, other))
    });
    types.collect()
});

fn name_of(other: &Other) -> String {
    if let Some(element) = other.element {
        return format!("{}[]", format_type(element, -1));
    }
    match other.name {
        // PostgreSQL's `bit` without a length is bit(1), which this is not.
        "bit" => "\"bit\"".to_owned(),
        "varbit" => "bit varying".to_owned(),
        "timetz" => "time with time zone".to_owned(),
        name if other.is_standard => format!("{INFORMATION_SCHEMA}.{}", Quoted(name)),
        name => Quoted(name).to_string(),
    }
}

/// Whether the type is one of `information_schema`, or an array of such.
pub fn is_standard(oid: u32) -> bool {
    OTHERS.get(&oid).is_some_and(|other| match other.element {
        Some(element) => is_standard(element),
        None => other.is_standard,
    })
}

/// `time`, `timestamp` and `timestamptz`, whose modifiers are digits of a second.
const MOMENTS: [u32; 3] = [1083, 1114, 1184];

/// What `format_type` says of a number that no type has.
pub const NO_TYPE: &str = "???";

/// A type as SQL writes it, as PostgreSQL's `format_type` does: `numeric(12,2)`, `text[]`.
pub fn format_type(oid: u32, modifier: i32) -> String {
    if oid == 0 {
        return "-".to_owned();
    }
    if let Some(element) = TYPES.iter().find(|known| known.array_oid == oid) {
        return format!("{}[]", format_type(element.oid, modifier));
    }
    let Some(known) = TYPES.iter().find(|known| known.oid == oid) else {
        return OTHERS.get(&oid).map_or_else(|| NO_TYPE.to_owned(), name_of);
    };
    if let (0..=6, Some((name, rest))) = (modifier, known.sql.split_once(' '))
        && MOMENTS.contains(&oid)
    {
        return format!("{name}({modifier}) {rest}");
    }
    let modifier = modifier.checked_sub(4).filter(|modifier| *modifier >= 0);
    match (oid, modifier) {
        (NUMERIC, Some(modifier)) => {
            // The scale has eleven bits and a sign.
            let scale = (modifier & 0x7ff ^ 1024) - 1024;
            format!("numeric({},{scale})", (modifier >> 16) & 0xffff)
        }
        (BPCHAR | VARCHAR, Some(length)) => format!("{}({length})", known.sql),
        _ => known.sql.to_owned(),
    }
}

/// [`format_type`], of users' types too: by the name that the session sees them by.
pub fn format_any_type(sources: &dyn SystemSources, oid: u32, modifier: i32) -> String {
    own_name(sources, oid).unwrap_or_else(|| format_type(oid, modifier))
}

/// The name of a type that users have made.
pub fn own_name(sources: &dyn SystemSources, oid: u32) -> Option<String> {
    if oid < FIRST_OWN {
        return None;
    }
    let snapshot = sources.snapshot();
    let (name, is_array) = match own_types::with_oid(&snapshot, oid) {
        Some((object, is_array)) => {
            let name = enums::shown_name(&object, &snapshot, &sources.search_path());
            (name, is_array)
        }
        None => row_type_name(sources, &snapshot, oid.into())?,
    };
    let array = if is_array { "[]" } else { "" };
    Some(format!("{name}{array}"))
}

/// The name of the type of a relation's rows, or of their arrays, and whether it is of these.
fn row_type_name(
    sources: &dyn SystemSources,
    snapshot: &Snapshot,
    oid: i64,
) -> Option<(String, bool)> {
    let (relation, is_array) = relation_of_rows(snapshot, oid)?;
    let name = &relation.name;
    let path = sources.search_path();
    let mut named = path
        .iter()
        .filter_map(|schema| snapshot.relation(&QualifiedName::new(schema, &name.name)));
    let name = match named.next().is_some_and(|found| found.oid == relation.oid) {
        true => Quoted(&name.name).to_string(),
        false => name.to_string(),
    };
    Some((name, is_array))
}

/// The relation whose rows are of the type of this number, or of whose rows it has arrays, and whether it is
/// these.
pub fn relation_of_rows(snapshot: &Snapshot, oid: i64) -> Option<(&Arc<Object>, bool)> {
    if !is_part(oid) {
        return None;
    }
    let mut relations = with_part(snapshot, oid).filter(|object| has_row_type(object));
    let relation = relations.find(|it| oid == row_type(it) || oid == row_arrays(it))?;
    Some((relation, oid == row_arrays(relation)))
}

/// The numbers of the type of an object's rows, and of that of their arrays; none where they have no type.
pub fn row_type_numbers(object: &Object) -> Option<(Oid, Oid)> {
    let number = |oid: i64| Oid::try_from(oid).ok();
    match has_row_type(object) {
        true => number(row_type(object)).zip(number(row_arrays(object))),
        false => None,
    }
}

/// Whether the rows of an object are of a type of its own.
pub fn has_row_type(object: &Object) -> bool {
    matches!(
        object.kind,
        Kind::Table | Kind::View | Kind::MaterializedView | Kind::ExternalTable
    )
}

/// The number of the type, of users' ones too, that a name means.
pub fn any_type_oid(sources: &dyn SystemSources, name: &str) -> Option<i64> {
    if let Some(oid) = type_oid(name) {
        return Some(oid.into());
    }
    let (name, is_array) = match name.trim().strip_suffix("[]") {
        Some(item) => (item, true),
        None => (name.trim(), false),
    };
    let snapshot = sources.snapshot();
    let name = parse_name(name).ok()?;
    let object = enums::resolve(&name, &snapshot, &sources.search_path())?;
    let (oid, array_oid) = match own_types::array_oid(&object) {
        Some(array_oid) => (object.oid, array_oid),
        None => row_type_numbers(&object)?,
    };
    Some(i64::from(if is_array { array_oid } else { oid }))
}

/// Whether a name, folded, is that of a type which every PostgreSQL has.
pub fn is_built_in(name: &str) -> bool {
    name == name.to_lowercase() && type_oid(name).is_some()
}

/// A type as SQL writes it where nothing is known of a modifier.
pub fn type_name(oid: u32) -> String {
    match format_type(oid, -1).as_str() {
        "\"bit\"" => "bit".to_owned(),
        name => name.to_owned(),
    }
}

/// The number of the type that a name means: `int4`, `integer`, `pg_catalog.text`, `numeric(3, 1)`,
/// `text[]`.
pub fn type_oid(name: &str) -> Option<u32> {
    let name = without_catalog(name.trim());
    if let Some(element) = name.strip_suffix("[]") {
        let element = type_oid(element)?;
        let own = TYPES.iter().find(|known| known.oid == element);
        return match own {
            Some(known) => Some(known.array_oid),
            None => OTHERS
                .iter()
                .find(|(_, other)| other.element == Some(element))
                .map(|(oid, _)| *oid),
        };
    }
    let (bare, rest) = match name.split_once('(') {
        // `time(3) with time zone`
        Some((bare, rest)) => (bare.trim_end(), rest.split_once(')')?.1),
        None => (name, ""),
    };
    // In quotes, only the name of the catalog is meant: `"char"`.
    if let Some(quoted) = bare
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        return TYPES
            .iter()
            .find(|known| known.name == quoted)
            .map(|known| known.oid)
            .or_else(|| other_oid(quoted));
    }
    let name = format!("{bare}{rest}").to_lowercase();
    let name = match name.as_str() {
        "int" => "integer",
        "decimal" | "dec" => "numeric",
        "char" => "character",
        "float" => "double precision",
        "timestamp" => "timestamp without time zone",
        "time" => "time without time zone",
        name => name,
    };
    let by_sql = TYPES.iter().find(|known| known.sql == name);
    by_sql
        .or_else(|| TYPES.iter().find(|known| known.name == name))
        .map(|known| known.oid)
        .or_else(|| other_oid(name))
}

/// A name without the schema of PostgreSQL's own types, in quotes or not.
fn without_catalog(name: &str) -> &str {
    match name.split_once('.') {
        Some((schema, rest))
            if schema == "\"pg_catalog\"" || schema.eq_ignore_ascii_case("pg_catalog") =>
        {
            rest
        }
        _ => name,
    }
}

fn other_oid(name: &str) -> Option<u32> {
    let found = OTHERS.iter().find(|(_, other)| {
        other.name == name && !other.is_standard
            || other.element.is_none() && name_of(other) == name
    });
    found.map(|(oid, _)| *oid)
}
