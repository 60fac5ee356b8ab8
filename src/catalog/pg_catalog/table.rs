//! A table of `pg_catalog`: its columns, and its rows as values.

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Int16Array, Int32Array, Int64Array, StringArray,
    new_null_array,
};
use std::sync::Arc;

use crate::catalog::system::{Column, ColumnType, SystemSources, SystemView};
use crate::error::Result;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A truth.
    Boolean(bool),
    /// A number of any width.
    Number(i64),
    /// Text, a name or a `"char"`.
    Text(String),
}

/// A row, a value for each column.
pub type Row = Vec<Value>;

/// Makes the rows of a table.
pub type MakeRows = fn(&dyn SystemSources) -> Result<Vec<Row>>;

/// A table of `pg_catalog`.
#[derive(Debug)]
pub struct PgTable {
    /// Its name.
    pub name: &'static str,
    /// Its number, which PostgreSQL fixes too.
    pub oid: i64,
    /// Its columns, in PostgreSQL's order.
    pub columns: &'static [Column],
    /// Its rows; `None` where there are never any.
    pub rows: Option<MakeRows>,
}

/// A column of `pg_catalog`; PostgreSQL's manual documents it.
pub const fn column(name: &'static str, column_type: ColumnType) -> Column {
    Column::new(name, column_type, "").nullable()
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

    fn columns(&self) -> &'static [Column] {
        self.columns
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let rows = match self.rows {
            Some(rows) => rows(sources)?,
            None => Vec::new(),
        };
        let columns = self.columns.iter().enumerate();
        Ok(columns
            .map(|(index, column)| array(column, &rows, index))
            .collect())
    }
}

/// The column `index` of rows.
fn array(column: &Column, rows: &[Row], index: usize) -> ArrayRef {
    let values = || rows.iter().map(move |row| row.get(index));
    let numbers = || values().map(|value| value.and_then(Value::number));
    match column.column_type {
        ColumnType::Boolean => Arc::new(values().map(Value::boolean).collect::<BooleanArray>()),
        ColumnType::Text => Arc::new(values().map(Value::text).collect::<StringArray>()),
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
            numbers()
                .map(|number| number.map(|number| number as f32))
                .collect::<Float32Array>(),
        ),
        // Nothing here has access lists, options or moments.
        ColumnType::TextArray | ColumnType::SmallintArray | ColumnType::Timestamptz => {
            new_null_array(column.field().data_type(), rows.len())
        }
    }
}

impl Value {
    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn boolean(value: Option<&Self>) -> Option<bool> {
        match value {
            Some(Self::Boolean(value)) => Some(*value),
            _ => None,
        }
    }

    fn text(value: Option<&Self>) -> Option<&str> {
        match value {
            Some(Self::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
