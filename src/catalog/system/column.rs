//! Columns of system views, and the arrays that fill them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use chrono::{DateTime, Utc};

use crate::wire::types::POSTGRES_TYPE;

/// The time zone of all moments in system views.
const UTC: &str = "UTC";

/// The digits of 20 bytes.
pub const NUMERIC_DIGITS: u8 = 49;

/// A column of a system view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub column_type: ColumnType,
    /// The type of PostgreSQL that clients know it by, where that is another one.
    pub told: Option<&'static str>,
    /// Whether it can be NULL.
    pub nullable: bool,
    /// What it holds, as a sentence in Markdown.
    pub description: &'static str,
}

/// The types of columns of system views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// A name of PostgreSQL's catalog: a text.
    Name,
    /// PostgreSQL's `"char"`: a text of one byte.
    Char,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Bigint,
    /// True or false.
    Boolean,
    /// A moment, in microseconds.
    Timestamptz,
    /// A span of time.
    Interval,
    /// 16 bits.
    Smallint,
    /// 32-bit floating point.
    Real,
    /// 64-bit floating point.
    Double,
    /// A number of an object; unsigned 32 bits in 64, for the want of a type of its own.
    Oid,
    /// An array of texts.
    TextArray,
    /// An array of 16-bit numbers.
    SmallintArray,
    /// An array of numbers of objects.
    OidArray,
    /// PostgreSQL's `int2vector`: an array of 16-bit numbers that is written otherwise.
    SmallintVector,
    /// PostgreSQL's `oidvector`.
    OidVector,
    /// A whole number of as many digits as that of a certificate may have.
    Numeric,
}

impl ColumnType {
    /// The type's name in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Name => "name",
            Self::Char => "\"char\"",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Boolean => "boolean",
            Self::Timestamptz => "timestamptz",
            Self::Interval => "interval",
            Self::Smallint => "smallint",
            Self::Real => "real",
            Self::Double => "double precision",
            Self::Oid => "oid",
            Self::TextArray => "text[]",
            Self::SmallintArray => "smallint[]",
            Self::OidArray => "oid[]",
            Self::SmallintVector => "int2vector",
            Self::OidVector => "oidvector",
            Self::Numeric => "numeric",
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Name | Self::Char => DataType::Utf8,
            Self::Integer => DataType::Int32,
            Self::Bigint => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            Self::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Smallint => DataType::Int16,
            Self::Real => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Oid => DataType::Int64,
            Self::TextArray => DataType::new_list(DataType::Utf8, true),
            Self::SmallintArray | Self::SmallintVector => DataType::new_list(DataType::Int16, true),
            Self::OidArray | Self::OidVector => DataType::new_list(DataType::Int64, true),
            Self::Numeric => DataType::Decimal256(NUMERIC_DIGITS, 0),
        }
    }
}

impl Column {
    /// A column that is never NULL.
    pub const fn new(
        name: &'static str,
        column_type: ColumnType,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            column_type,
            told: None,
            nullable: false,
            description,
        }
    }

    /// The same column, which clients know by a type of this name.
    pub const fn told(mut self, told: Option<&'static str>) -> Self {
        self.told = told;
        self
    }

    /// The same column, which can be NULL.
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The column as Arrow has it.
    pub fn field(&self) -> Field {
        let field = Field::new(self.name, self.column_type.data_type(), self.nullable);
        let own = match self.column_type {
            ColumnType::Oid
            | ColumnType::Name
            | ColumnType::Char
            | ColumnType::OidArray
            | ColumnType::SmallintVector
            | ColumnType::OidVector => Some(self.column_type.sql()),
            _ => None,
        };
        match self.told.or(own) {
            Some(name) => field.with_metadata([(POSTGRES_TYPE.to_owned(), name.to_owned())].into()),
            None => field,
        }
    }
}

/// A column of texts.
pub fn text<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// A column of 32-bit numbers.
pub fn integer(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Int32Array>())
}

/// A column of 64-bit numbers; one too large for its type is the largest.
pub fn bigint<T: TryInto<i64>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(
        values
            .map(|value| value.map(|value| value.try_into().unwrap_or(i64::MAX)))
            .collect::<Int64Array>(),
    )
}

/// A column of truths.
pub fn boolean(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

/// A column of moments.
pub fn timestamptz(values: impl Iterator<Item = Option<DateTime<Utc>>>) -> ArrayRef {
    let micros = values.map(|value| value.map(|time| time.timestamp_micros()));
    Arc::new(
        micros
            .collect::<TimestampMicrosecondArray>()
            .with_timezone(UTC),
    )
}
