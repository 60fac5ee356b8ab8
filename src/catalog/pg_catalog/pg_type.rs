//! The rows of `pg_type` for types that users have made, for those of their relations' rows, and for arrays
//! of both.

use super::domains::type_row;
use super::table::{Row, Rows, Value, row};
use super::table_constraint::{row_arrays, row_type};
use super::types::{Type, has_row_type};
use crate::catalog::Object;
use crate::catalog::privilege::Privilege;
use crate::session::{composites, domains, enums};
use tributary_udfs::enums::EnumType;

/// PostgreSQL's numbers of the functions that read and write enums, in text and in binary.
pub(super) const ENUM_FUNCTIONS: [i64; 4] = [3506, 3507, 3532, 3533];
/// Those of arrays.
pub(super) const ARRAY_FUNCTIONS: [i64; 4] = [750, 751, 2400, 2401];
/// Those of records.
const RECORD_FUNCTIONS: [i64; 4] = [2290, 2291, 2402, 2403];
/// That of `array_typanalyze`.
pub(super) const ARRAY_ANALYZE: i64 = 3816;
/// That of `array_subscript_handler`.
const ARRAY_SUBSCRIPTS: i64 = 6179;

pub static TABLE: Rows = Rows {
    of: "pg_type",
    make: |sources| {
        let snapshot = sources.snapshot();
        let mut rows = Vec::new();
        for object in snapshot.objects() {
            let schema = snapshot.schema(&object.name.schema);
            if let (Some(of), Some(schema)) = (enums::enum_type(object), schema) {
                let items = object.access.items(&snapshot, &Privilege::OF_TYPES, None);
                rows.push(values(object, of, schema.oid.into(), Value::texts(items)));
                let (own, elements) = (of.array_oid.into(), of.oid.into());
                rows.push(arrays(object, own, elements, schema.oid.into(), "i"));
            }
            if let (Some(of), Some(schema)) = (composites::composite_type(object), schema) {
                let items = object.access.items(&snapshot, &Privilege::OF_TYPES, None);
                let numbers = [of.oid.into(), row_type(object), of.array_oid.into()];
                let namespace = schema.oid.into();
                rows.push(records(object, numbers, namespace, Value::texts(items)));
                let [own, _, arrays_of] = numbers;
                rows.push(arrays(object, arrays_of, own, namespace, "d"));
            }
            if let (Some(create), Some(schema)) = (domains::definition(object), schema) {
                let items = object.access.items(&snapshot, &Privilege::OF_TYPES, None);
                let namespace = schema.oid.into();
                rows.extend(type_row(sources, object, namespace, Value::texts(items)));
                let (own, elements) = (create.array_oid.into(), object.oid.into());
                let align = array_align(Type::among(&snapshot, object.oid));
                rows.push(arrays(object, own, elements, namespace, align));
            }
            if let (true, Some(schema)) = (has_row_type(object), schema) {
                let numbers = [row_type(object), object.oid.into(), row_arrays(object)];
                rows.push(records(object, numbers, schema.oid.into(), Value::Null));
                let (own, elements) = (row_arrays(object), row_type(object));
                rows.push(arrays(object, own, elements, schema.oid.into(), "d"));
            }
        }
        Ok(rows)
    },
};

fn values(object: &Object, of: EnumType, namespace: i64, access: Value) -> Row {
    let [read, write, receive, send] = ENUM_FUNCTIONS;
    row![
        i64::from(of.oid),
        object.name.name.as_str(),
        namespace,
        i64::from(object.access.owner()),
        4,
        true,
        "e",
        "E",
        false,
        true,
        ",",
        0,
        0,
        0,
        i64::from(of.array_oid),
        read,
        write,
        receive,
        send,
        0,
        0,
        0,
        "i",
        "p",
        false,
        0,
        -1,
        0,
        0,
        Value::Null,
        Value::Null,
        access,
    ]
}

/// The type of a relation's rows, or one that was made as such: by its number, that of the relation, and
/// that of the type of its arrays.
fn records(
    object: &Object,
    [own, relation, array]: [i64; 3],
    namespace: i64,
    access: Value,
) -> Row {
    let [read, write, receive, send] = RECORD_FUNCTIONS;
    row![
        own,
        object.name.name.as_str(),
        namespace,
        i64::from(object.access.owner()),
        -1,
        false,
        "c",
        "C",
        false,
        true,
        ",",
        relation,
        0,
        0,
        array,
        read,
        write,
        receive,
        send,
        0,
        0,
        0,
        "d",
        "x",
        false,
        0,
        -1,
        0,
        0,
        Value::Null,
        Value::Null,
        access,
    ]
}

/// The type of arrays of a type, by the numbers of both.
fn arrays(object: &Object, own: i64, elements: i64, namespace: i64, align: &'static str) -> Row {
    let [read, write, receive, send] = ARRAY_FUNCTIONS;
    row![
        own,
        array_name(&object.name.name),
        namespace,
        i64::from(object.access.owner()),
        -1,
        false,
        "b",
        "A",
        false,
        true,
        ",",
        0,
        ARRAY_SUBSCRIPTS,
        elements,
        0,
        read,
        write,
        receive,
        send,
        0,
        0,
        ARRAY_ANALYZE,
        align,
        "x",
        false,
        0,
        -1,
        0,
        0,
        Value::Null,
        Value::Null,
        Value::Null,
    ]
}

/// How arrays of values of a type are aligned.
fn array_align(of: &Type) -> &'static str {
    match of.align() {
        "d" => "d",
        _ => "i",
    }
}

/// The name of the type of arrays of a type: that behind an underscore, of at most 63 bytes.
pub fn array_name(name: &str) -> String {
    let end = name.floor_char_boundary(62);
    format!("_{}", name.get(..end).unwrap_or(name))
}
