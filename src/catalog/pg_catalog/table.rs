//! A table of `pg_catalog`: its columns as PostgreSQL has them, and its rows as values.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use arrow::array::{
    ArrayRef, BooleanArray, Decimal256Array, Float32Array, Float64Array, Int16Array, Int16Builder,
    Int32Array, Int64Array, Int64Builder, IntervalMonthDayNanoArray, ListBuilder, StringArray,
    StringBuilder,
};
use arrow::compute::concat;
use arrow::datatypes::{DataType, IntervalMonthDayNano, i256};
use chrono::{DateTime, Utc};

use super::data;
use crate::catalog::system::{
    Column, ColumnType, NUMERIC_DIGITS, SystemSources, SystemView, timestamptz,
};
use crate::catalog::{Kind, Snapshot};
use crate::error::Result;

/// The nanoseconds of a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A truth.
    Boolean(bool),
    /// A number of any width; of an interval, its seconds.
    Number(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text, a name or a `"char"`.
    Text(String),
    /// A moment.
    Moment(DateTime<Utc>),
    /// An array of texts.
    Texts(Vec<String>),
    /// An array of numbers.
    Numbers(Vec<i64>),
}

impl Value {
    /// An array of texts, or NULL.
    pub fn texts(texts: Option<Vec<String>>) -> Self {
        texts.map_or(Self::Null, Self::Texts)
    }
}

/// A row, a value for each column.
pub type Row = Vec<Value>;

/// Makes the rows of a table.
pub type MakeRows = fn(&dyn SystemSources) -> Result<Vec<Row>>;

/// The rows of a table that tell of this server.
pub struct Rows {
    /// The table.
    pub of: &'static str,
    /// Makes them, a value for each of PostgreSQL's columns, in their order.
    pub make: MakeRows,
}

/// A table of `pg_catalog` or `information_schema`.
#[derive(Debug)]
pub struct PgTable {
    /// Its name.
    pub name: &'static str,
    /// Its number, which is PostgreSQL's.
    pub oid: i64,
    /// PostgreSQL's letter for its kind.
    pub kind: &'static str,
    /// Its columns, in PostgreSQL's order; its manual documents them.
    columns: Vec<Column>,
    /// Which of them are never NULL in PostgreSQL.
    required: Vec<bool>,
    make: Option<MakeRows>,
    /// The rows that every PostgreSQL has.
    fixed: Option<&'static str>,
    /// Those as arrays, once they were asked for.
    arrays: OnceLock<Vec<ArrayRef>>,
}

/// All tables of a schema.
pub struct Tables {
    list: Vec<PgTable>,
    places: HashMap<&'static str, usize>,
}

/// Those of `pg_catalog`.
pub static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables::read(data::RELATIONS, &super::ROWS, data::rows_of));

/// All tables of `pg_catalog`.
pub fn tables() -> impl Iterator<Item = &'static PgTable> {
    TABLES.all()
}

/// A table of `pg_catalog` by name.
pub fn table(name: &str) -> Option<&'static PgTable> {
    TABLES.get(name)
}

/// The rows that every PostgreSQL has, of tables by name.
type Fixed = fn(&str) -> Option<&'static str>;

impl Tables {
    /// Reads the tables, each from its line, with the rows that are given of some.
    pub fn read(lines: &'static str, rows: &[&'static Rows], fixed: Fixed) -> Self {
        let tables = lines.lines().filter_map(|line| read(line, rows, fixed));
        let list: Vec<PgTable> = tables.collect();
        let names = list.iter().map(|table| table.name);
        Self {
            places: names.zip(0..).collect(),
            list,
        }
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &PgTable> {
        self.list.iter()
    }

    /// That of a name.
    pub fn get(&self, name: &str) -> Option<&PgTable> {
        self.list.get(*self.places.get(name)?)
    }
}

/// A table from its line among the relations; its columns are parted by commas, and each is a name
/// and a type.
fn read(line: &'static str, rows: &[&'static Rows], fixed: Fixed) -> Option<PgTable> {
    let mut fields = line.split('\t');
    let (name, oid) = (fields.next()?, fields.next()?.parse().ok()?);
    let (kind, columns) = (fields.next()?, fields.next()?);
    let columns = columns.split(',').filter_map(|column| {
        let (name, of) = column.split_once(' ')?;
        let (of, is_required) = match of.strip_suffix('!') {
            Some(of) => (of, true),
            None => (of, false),
        };
        let column = Column::new(name, column_type(of), "");
        Some((column.told(told(of)).nullable(), is_required))
    });
    let (columns, required) = columns.unzip();
    let own = rows.iter().find(|rows| rows.of == name);
    Some(PgTable {
        name,
        oid,
        kind,
        columns,
        required,
        make: own.map(|rows| rows.make),
        fixed: fixed(name),
        arrays: OnceLock::new(),
    })
}

/// The name that clients know a type by whose values are of another one here.
fn told(name: &str) -> Option<&'static str> {
    Some(match name {
        "varchar" => "character varying",
        "varchar(3)" => "character varying(3)",
        "pg_node_tree" => "pg_node_tree",
        "xid" => "xid",
        "regproc" => "regproc",
        "regtype" => "regtype",
        "inet" => "inet",
        "pg_lsn" => "pg_lsn",
        "_name" => "name[]",
        "_char" => "\"char\"[]",
        "_aclitem" => "aclitem[]",
        _ => return None,
    })
}

/// What stands for a type of PostgreSQL.
fn column_type(name: &str) -> ColumnType {
    match name {
        "bool" => ColumnType::Boolean,
        "int2" => ColumnType::Smallint,
        "int4" => ColumnType::Integer,
        "int8" | "xid" => ColumnType::Bigint,
        "oid" | "regproc" | "regtype" => ColumnType::Oid,
        "name" => ColumnType::Name,
        "char" => ColumnType::Char,
        "float4" => ColumnType::Real,
        "float8" => ColumnType::Double,
        "timestamptz" => ColumnType::Timestamptz,
        "interval" => ColumnType::Interval,
        "_int2" => ColumnType::SmallintArray,
        "_oid" => ColumnType::OidArray,
        "int2vector" => ColumnType::SmallintVector,
        "oidvector" => ColumnType::OidVector,
        "numeric" => ColumnType::Numeric,
        "_text" | "_name" | "_char" | "_aclitem" | "_regtype" => ColumnType::TextArray,
        _ => ColumnType::Text,
    }
}

impl PgTable {
    /// Whether a column is never NULL.
    pub fn requires(&self, column: &str) -> bool {
        let mut all = self.columns.iter().zip(&self.required);
        all.any(|(known, is_required)| known.name == column && *is_required)
    }

    /// Whether there are never any rows.
    pub fn is_empty(&self) -> bool {
        self.make.is_none() && self.fixed.is_none()
    }

    /// All rows, as values.
    ///
    /// # Errors
    /// What making those that tell of this server says.
    pub fn rows(&self, sources: &dyn SystemSources) -> Result<Vec<Row>> {
        let mut rows = self.fixed_rows();
        if let Some(make) = self.make {
            rows.extend(make(sources)?);
        }
        Ok(rows)
    }

    /// Whether all rows follow from a snapshot of the catalog, whoever asks for them.
    pub(super) fn follows_from(&self, snapshot: &Snapshot) -> bool {
        match self.name {
            "pg_attrdef" | "pg_attribute" | "pg_constraint" | "pg_description" | "pg_index"
            | "pg_namespace" => true,
            // Which materialized views have rows is told by the journal.
            "pg_class" => !snapshot
                .objects()
                .any(|it| it.kind == Kind::MaterializedView),
            "pg_proc" => !snapshot.has_functions(),
            // What domains are given if nothing is said names types as the path finds them.
            "pg_type" => !snapshot.has_types(),
            _ => false,
        }
    }

    fn fixed_rows(&self) -> Vec<Row> {
        let text = self.fixed.unwrap_or_default();
        data::parse(text, &self.columns)
    }
}

/// A row of anything that makes a value.
macro_rules! row {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::catalog::pg_catalog::table::Value::from($value)),*]
    };
}
pub(super) use row;

impl SystemView for PgTable {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        ""
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn relation_columns(&self) -> &'static [&'static str] {
        match self.name {
            "pg_class" => &["oid"],
            "pg_attribute" => &["attrelid"],
            "pg_attrdef" => &["adrelid"],
            "pg_constraint" => &["conrelid"],
            "pg_index" => &["indrelid", "indexrelid"],
            _ => &[],
        }
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let arrays = |rows: &[Row]| -> Vec<ArrayRef> {
            let columns = self.columns.iter().enumerate();
            columns
                .map(|(index, column)| array(column, rows, index))
                .collect()
        };
        let fixed = self.arrays.get_or_init(|| arrays(&self.fixed_rows()));
        let Some(make) = self.make else {
            return Ok(fixed.clone());
        };
        let rows = make(sources)?;
        let width = self.columns.len();
        debug_assert!(rows.iter().all(|row| row.len() == width), "{}", self.name);
        let all: Vec<ArrayRef> = match rows.is_empty() {
            true => fixed.clone(),
            false => fixed
                .iter()
                .zip(arrays(&rows))
                .map(|(fixed, made)| match fixed.is_empty() {
                    true => Ok(made),
                    false => Ok(concat(&[fixed, &made])?),
                })
                .collect::<Result<_>>()?,
        };
        let snapshot = sources.snapshot();
        if sources.wanted_relation().is_none() && self.follows_from(&snapshot) {
            snapshot.known_rows().keep(self.oid, &all);
        }
        Ok(all)
    }

    fn arrays_at_hand(&self, sources: &dyn SystemSources) -> Option<Vec<ArrayRef>> {
        match self.make {
            Some(_) => sources.snapshot().known_rows().of(self.oid),
            None => self.arrays.get().cloned(),
        }
    }
}

/// The column `index` of rows.
fn array(column: &Column, rows: &[Row], index: usize) -> ArrayRef {
    let values = || rows.iter().map(move |row| row.get(index));
    let numbers = || values().map(|value| value.and_then(Value::number));
    match column.column_type {
        ColumnType::Boolean => Arc::new(values().map(Value::boolean).collect::<BooleanArray>()),
        ColumnType::Text | ColumnType::Name | ColumnType::Char => {
            Arc::new(values().map(Value::text).collect::<StringArray>())
        }
        ColumnType::Bigint | ColumnType::Oid => Arc::new(numbers().collect::<Int64Array>()),
        ColumnType::Integer => Arc::new(
            numbers()
                .map(|number| number.and_then(|number| i32::try_from(number).ok()))
                .collect::<Int32Array>(),
        ),
        ColumnType::Smallint => Arc::new(
            numbers()
                .map(|number| number.and_then(|number| i16::try_from(number).ok()))
                .collect::<Int16Array>(),
        ),
        ColumnType::Real => Arc::new(
            values()
                .map(|value| Value::float(value).map(|number| number as f32))
                .collect::<Float32Array>(),
        ),
        ColumnType::Double => Arc::new(values().map(Value::float).collect::<Float64Array>()),
        ColumnType::Timestamptz => timestamptz(values().map(Value::moment)),
        ColumnType::Interval => {
            let spans = numbers().map(|seconds| {
                let nanoseconds = seconds?.checked_mul(NANOSECONDS)?;
                Some(IntervalMonthDayNano::new(0, 0, nanoseconds))
            });
            Arc::new(spans.collect::<IntervalMonthDayNanoArray>())
        }
        ColumnType::Numeric => {
            let digits = values().map(|value| Value::text(value).and_then(i256::from_string));
            let array: Decimal256Array = digits.collect();
            let data_type = DataType::Decimal256(NUMERIC_DIGITS, 0);
            Arc::new(array.with_data_type(data_type))
        }
        ColumnType::TextArray => {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for value in values() {
                match value {
                    Some(Value::Texts(texts)) => lists.append_value(texts.iter().map(Some)),
                    _ => lists.append_null(),
                }
            }
            Arc::new(lists.finish())
        }
        ColumnType::SmallintArray | ColumnType::SmallintVector => {
            let mut lists = ListBuilder::new(Int16Builder::new());
            for value in values() {
                match value {
                    Some(Value::Numbers(numbers)) => {
                        let numbers = numbers.iter().map(|number| i16::try_from(*number).ok());
                        lists.append_value(numbers);
                    }
                    _ => lists.append_null(),
                }
            }
            Arc::new(lists.finish())
        }
        ColumnType::OidArray | ColumnType::OidVector => {
            let mut lists = ListBuilder::new(Int64Builder::new());
            for value in values() {
                match value {
                    Some(Value::Numbers(numbers)) => {
                        lists.append_value(numbers.iter().copied().map(Some));
                    }
                    _ => lists.append_null(),
                }
            }
            Arc::new(lists.finish())
        }
    }
}

impl Value {
    /// A number.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn float(value: Option<&Self>) -> Option<f64> {
        match value {
            Some(Self::Float(number)) => Some(*number),
            Some(Self::Number(number)) => Some(*number as f64),
            _ => None,
        }
    }

    /// A truth, where there is a value.
    pub fn boolean(value: Option<&Self>) -> Option<bool> {
        match value {
            Some(Self::Boolean(value)) => Some(*value),
            _ => None,
        }
    }

    fn moment(value: Option<&Self>) -> Option<DateTime<Utc>> {
        match value {
            Some(Self::Moment(moment)) => Some(*moment),
            _ => None,
        }
    }

    /// A text, where there is a value.
    pub fn text(value: Option<&Self>) -> Option<&str> {
        match value {
            Some(Self::Text(text)) => Some(text),
            _ => None,
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $kind:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$kind(value.into())
            }
        })*
    };
}

value_from! {
    bool => Boolean,
    i64 => Number,
    f64 => Float,
    &str => Text,
    String => Text,
    DateTime<Utc> => Moment,
    Vec<String> => Texts,
    Vec<i64> => Numbers,
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
