//! Arrow types as PostgreSQL types, and back.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};

use tributary_udfs::composites::CompositeType;
use tributary_udfs::enums::{EnumKind, EnumType};

use crate::error::{Error, Result, SqlState};

/// The name under which Arrow keeps a field's extension type.
const EXTENSION_NAME: &str = "ARROW:extension:name";

/// The name under which a field keeps that clients know it by another type of PostgreSQL than its
/// own: `oid`, `xid`, `regproc` and `regtype` for 64-bit numbers; `name`, `"char"`, `uuid`, `void` and
/// types with a length, such as `character varying(10)`, for texts; `int2vector`, `oidvector` and those with `[]` behind, such as
/// `name[]`, for arrays.
pub const POSTGRES_TYPE: &str = "postgres_type";
/// The key of the number of the relation that a column of an answer is of.
pub const POSTGRES_TABLE: &str = "postgres_table";
/// The key of its number there.
pub const POSTGRES_COLUMN: &str = "postgres_column";
/// The key of a modifier that is not that of the type of its values.
pub const POSTGRES_MODIFIER: &str = "postgres_modifier";

/// A PostgreSQL type, as clients know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PostgresType {
    /// Its oid in `pg_type`.
    pub oid: u32,
    /// The oid of the array type over it; 0 where there is none.
    pub array_oid: u32,
    /// Its size in bytes; -1 where it varies.
    pub length: i16,
}

macro_rules! postgres_types {
    ($($(#[$doc:meta])* $name:ident = $oid:literal, $array:literal, $length:literal;)*) => {
        impl PostgresType {
            $($(#[$doc])* pub const $name: Self = Self {
                oid: $oid,
                array_oid: $array,
                length: $length,
            };)*

            const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

postgres_types! {
    /// `boolean`
    BOOL = 16, 1000, 1;
    /// `bytea`
    BYTEA = 17, 1001, -1;
    /// `"char"`
    CHAR = 18, 1002, 1;
    /// `name`
    NAME = 19, 1003, 64;
    /// `bigint`
    INT8 = 20, 1016, 8;
    /// `smallint`
    INT2 = 21, 1005, 2;
    /// `int2vector`
    INT2VECTOR = 22, 1006, -1;
    /// `integer`
    INT4 = 23, 1007, 4;
    /// `regproc`
    REGPROC = 24, 1008, 4;
    /// `text`
    TEXT = 25, 1009, -1;
    /// `oid`
    OID = 26, 1028, 4;
    /// `xid`
    XID = 28, 1011, 4;
    /// `oidvector`
    OIDVECTOR = 30, 1013, -1;
    /// `json`
    JSON = 114, 199, -1;
    /// `xml`
    XML = 142, 143, -1;
    /// `pg_node_tree`
    PG_NODE_TREE = 194, 0, -1;
    /// `real`
    FLOAT4 = 700, 1021, 4;
    /// `double precision`
    FLOAT8 = 701, 1022, 8;
    /// `unknown`
    UNKNOWN = 705, 0, -2;
    /// `inet`
    INET = 869, 1041, -1;
    /// `aclitem`
    ACLITEM = 1033, 1034, 12;
    /// `character`
    BPCHAR = 1042, 1014, -1;
    /// `character varying`
    VARCHAR = 1043, 1015, -1;
    /// `date`
    DATE = 1082, 1182, 4;
    /// `time without time zone`
    TIME = 1083, 1183, 8;
    /// `timestamp without time zone`
    TIMESTAMP = 1114, 1115, 8;
    /// `timestamp with time zone`
    TIMESTAMPTZ = 1184, 1185, 8;
    /// `interval`
    INTERVAL = 1186, 1187, 16;
    /// `numeric`
    NUMERIC = 1700, 1231, -1;
    /// `regtype`
    REGTYPE = 2206, 2211, 4;
    /// `record`
    RECORD = 2249, 2287, -1;
    /// `void`
    VOID = 2278, 0, 4;
    /// `uuid`
    UUID = 2950, 2951, 16;
    /// `pg_lsn`
    PG_LSN = 3220, 3221, 8;
    /// `jsonb`
    JSONB = 3802, 3807, -1;
    /// `jsonpath`
    JSONPATH = 4072, 4073, -1;
}

impl PostgresType {
    /// The type of a column.
    pub fn of_field(field: &Field) -> Self {
        match extension(field) {
            Some("arrow.uuid") if *field.data_type() == DataType::FixedSizeBinary(16) => Self::UUID,
            Some("tributary.enum") => match EnumKind::of_field(field) {
                Some(kind) => Self::of_enum(kind.of),
                None => Self::of(field.data_type()),
            },
            Some("arrow.json") if field.data_type().is_string() => Self::JSON,
            Some("tributary.jsonb") if field.data_type().is_string() => Self::JSONB,
            Some("tributary.jsonpath") if field.data_type().is_string() => Self::JSONPATH,
            _ => Self::catalogued(field).unwrap_or_else(|| Self::of(field.data_type())),
        }
    }

    /// That of the values of an enum type.
    fn of_enum(of: EnumType) -> Self {
        Self {
            oid: of.oid,
            array_oid: of.array_oid,
            length: 4,
        }
    }

    /// That of the rows of a composite type.
    fn of_composite(of: CompositeType) -> Self {
        Self {
            oid: of.oid,
            array_oid: of.array_oid,
            length: -1,
        }
    }

    /// The type that a field of the catalog is known by.
    fn catalogued(field: &Field) -> Option<Self> {
        match (
            field.metadata().get(POSTGRES_TYPE)?.as_str(),
            field.data_type(),
        ) {
            ("oid", DataType::Int64) => Some(Self::OID),
            ("xid", DataType::Int64) => Some(Self::XID),
            ("regproc", DataType::Int64) => Some(Self::REGPROC),
            ("regtype", DataType::Int64) => Some(Self::REGTYPE),
            ("pg_node_tree", DataType::Utf8) => Some(Self::PG_NODE_TREE),
            ("aclitem", DataType::Utf8) => Some(Self::ACLITEM),
            ("character varying", DataType::Utf8) => Some(Self::VARCHAR),
            ("name", DataType::Utf8) => Some(Self::NAME),
            ("\"char\"", DataType::Utf8) => Some(Self::CHAR),
            ("uuid", DataType::Utf8) => Some(Self::UUID),
            ("bpchar", DataType::Utf8) => Some(Self::BPCHAR),
            ("inet", DataType::Utf8) => Some(Self::INET),
            ("pg_lsn", DataType::Utf8) => Some(Self::PG_LSN),
            ("void", DataType::Utf8) => Some(Self::VOID),
            ("xml", DataType::Utf8) => Some(Self::XML),
            (known, DataType::Utf8) if known.starts_with("character varying(") => {
                Some(Self::VARCHAR)
            }
            (known, DataType::Utf8) if known.starts_with("character(") => Some(Self::BPCHAR),
            ("int2vector", DataType::List(_)) => Some(Self::INT2VECTOR),
            ("oidvector", DataType::List(_)) => Some(Self::OIDVECTOR),
            (known, DataType::List(element)) if known.ends_with("[]") => {
                Some(Self::of_field(&element_of(field, element)).array())
            }
            _ => None,
        }
    }

    /// The type of values of an Arrow type.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::BOOL,
            DataType::Int8 | DataType::UInt8 | DataType::Int16 => Self::INT2,
            DataType::UInt16 | DataType::Int32 => Self::INT4,
            DataType::UInt32 | DataType::Int64 => Self::INT8,
            DataType::UInt64
            | DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..) => Self::NUMERIC,
            DataType::Float16 | DataType::Float32 => Self::FLOAT4,
            DataType::Float64 => Self::FLOAT8,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Self::BYTEA,
            DataType::Date32 | DataType::Date64 => Self::DATE,
            DataType::Time32(_) | DataType::Time64(_) => Self::TIME,
            DataType::Timestamp(_, None) => Self::TIMESTAMP,
            DataType::Timestamp(_, Some(_)) => Self::TIMESTAMPTZ,
            DataType::Duration(_) | DataType::Interval(_) => Self::INTERVAL,
            DataType::List(element)
            | DataType::LargeList(element)
            | DataType::ListView(element)
            | DataType::LargeListView(element)
            | DataType::FixedSizeList(element, _) => Self::of_field(innermost(element)).array(),
            DataType::Struct(_) => {
                CompositeType::of(data_type).map_or(Self::RECORD, Self::of_composite)
            }
            DataType::Map(..) => Self::JSON,
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::RunEndEncoded(_, values) => Self::of_field(values),
            DataType::Null
            | DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Union(..) => Self::TEXT,
        }
    }

    /// The type of this oid.
    pub fn from_oid(oid: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.oid == oid)
    }

    /// The type whose array type has this oid.
    pub fn from_array_oid(oid: u32) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.array_oid == oid && oid != 0)
    }

    /// The array type over this type; the array of arrays is an array of more dimensions.
    fn array(self) -> Self {
        Self {
            oid: self.array_oid,
            array_oid: self.array_oid,
            length: -1,
        }
    }
}

/// The elements of a list, which the type of the list's own field may tell more of.
pub fn element_of(list: &Field, element: &FieldRef) -> FieldRef {
    let declared = list.metadata().get(POSTGRES_TYPE);
    match declared.and_then(|declared| declared.strip_suffix("[]")) {
        None => Arc::clone(element),
        Some(declared) => {
            let mut metadata = element.metadata().clone();
            metadata.insert(POSTGRES_TYPE.to_owned(), declared.to_owned());
            Arc::new(element.as_ref().clone().with_metadata(metadata))
        }
    }
}

/// The type modifier of a column: [`type_modifier`] of its type, or of a text its length.
pub fn field_modifier(field: &Field) -> i32 {
    let own = field.metadata().get(POSTGRES_MODIFIER);
    if let Some(modifier) = own.and_then(|modifier| modifier.parse().ok()) {
        return modifier;
    }
    let length = field
        .metadata()
        .get(POSTGRES_TYPE)
        .and_then(|known| known.trim_end_matches("[]").split_once('('))
        .and_then(|(_, length)| length.strip_suffix(')'))
        .and_then(|length| length.parse::<i32>().ok());
    // PostgreSQL counts the four bytes of a header too.
    length.map_or_else(
        || type_modifier(field.data_type()),
        |length| length.saturating_add(4),
    )
}

/// How many characters a `character(n)` has, which is kept without the blanks that fill it up.
pub fn fixed_length(field: &Field) -> Option<usize> {
    let known = field.metadata().get(POSTGRES_TYPE)?;
    let length = known.strip_prefix("character(")?.strip_suffix(')')?;
    length.parse().ok()
}

/// The type modifier of a type: precision and scale of a `numeric`; -1 where there is none.
pub fn type_modifier(data_type: &DataType) -> i32 {
    match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            ((i32::from(*precision) << 16) | (i32::from(*scale) & 0x7ff)) + 4
        }
        DataType::Dictionary(_, values) => type_modifier(values),
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _)
        | DataType::RunEndEncoded(_, element) => type_modifier(element.data_type()),
        _ => -1,
    }
}

/// The Arrow type for a parameter that the client declared; `None` where it leaves the type open.
///
/// # Errors
/// 42704 for an oid that is no type here.
pub fn parameter_type(oid: u32) -> Result<Option<DataType>> {
    if oid == 0 || oid == PostgresType::UNKNOWN.oid {
        return Ok(None);
    }
    if let Some(data_type) = PostgresType::from_oid(oid).and_then(scalar_type) {
        return Ok(Some(data_type));
    }
    match PostgresType::from_array_oid(oid).and_then(scalar_type) {
        Some(element) => Ok(Some(DataType::new_list(element, true))),
        None => Err(Error::new(
            SqlState::UNDEFINED_OBJECT,
            format!("type with OID {oid} does not exist"),
        )),
    }
}

/// The Arrow type that holds any value of a PostgreSQL type, as far as Arrow has one.
pub(super) fn scalar_type(postgres_type: PostgresType) -> Option<DataType> {
    Some(match postgres_type {
        PostgresType::BOOL => DataType::Boolean,
        PostgresType::BYTEA => DataType::Binary,
        PostgresType::INT8 | PostgresType::OID | PostgresType::XID => DataType::Int64,
        PostgresType::INT2 => DataType::Int16,
        PostgresType::INT4 => DataType::Int32,
        PostgresType::FLOAT4 => DataType::Float32,
        PostgresType::FLOAT8 => DataType::Float64,
        PostgresType::DATE => DataType::Date32,
        PostgresType::TIME => DataType::Time64(TimeUnit::Microsecond),
        PostgresType::TIMESTAMP => DataType::Timestamp(TimeUnit::Microsecond, None),
        PostgresType::TIMESTAMPTZ => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))
        }
        PostgresType::INTERVAL => DataType::Interval(IntervalUnit::MonthDayNano),
        PostgresType::NUMERIC => DataType::Decimal128(38, 10),
        PostgresType::ACLITEM
        | PostgresType::CHAR
        | PostgresType::NAME
        | PostgresType::TEXT
        | PostgresType::JSON
        | PostgresType::BPCHAR
        | PostgresType::VARCHAR
        | PostgresType::UUID
        | PostgresType::JSONB
        | PostgresType::JSONPATH
        // The answer of a function, which drivers declare as a parameter that it has no value for.
        | PostgresType::VOID => DataType::Utf8,
        _ => return None,
    })
}

/// The extension type of a field.
pub(super) fn extension(field: &Field) -> Option<&str> {
    field.metadata().get(EXTENSION_NAME).map(String::as_str)
}

/// The field of the elements of an array of any number of dimensions.
pub(super) fn innermost(field: &Field) -> &Field {
    match field.data_type() {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => innermost(element),
        _ => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_of_arrays_is_an_array_of_its_elements() {
        let inner = DataType::new_list(DataType::Int32, true);
        let outer = DataType::new_list(inner, true);
        assert_eq!(PostgresType::of(&outer).oid, 1007);
    }

    #[test]
    fn a_decimal_tells_its_precision_and_scale() {
        // SELECT atttypmod of a numeric(10,2) column: 655366
        assert_eq!(type_modifier(&DataType::Decimal128(10, 2)), 655_366);
        assert_eq!(type_modifier(&DataType::Utf8), -1);
    }

    #[test]
    fn a_declared_type_that_is_none_is_refused() {
        assert_eq!(parameter_type(0).expect("open"), None);
        assert_eq!(parameter_type(23).expect("int4"), Some(DataType::Int32));
        let error = parameter_type(4_000_000).expect_err("no such type");
        assert_eq!(error.sqlstate(), SqlState::UNDEFINED_OBJECT);
    }
}
