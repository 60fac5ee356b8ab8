//! Objects and schemas as they stand in the file.
//!
//! An object is a JSON record and the Arrow IPC bytes of its columns. Fields may be added where they
//! have a default; anything else needs a new [`FORMAT_VERSION`] and a migration in `store`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use arrow::ipc::convert::{IpcSchemaEncoder, fb_to_schema};
use arrow::ipc::root_as_schema;
use arrow::ipc::writer::DictionaryTracker;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::default_privileges::DefaultPrivileges;
use super::part_comments::PartComments;
use super::privilege::Access;
use super::{KeptLiterals, Kind, NewObject, Object, Oid, PreparedReplacement, Schema, time};
use crate::error::{Error, Result, SqlState};
use crate::sql::{self, QualifiedName, Statement};

/// The version of the file that this program writes.
pub const FORMAT_VERSION: u64 = 1;

/// A schema in the file; its name is the key.
#[derive(Serialize, Deserialize)]
struct SchemaRecord {
    oid: Oid,
    comment: Option<String>,
    #[serde(default)]
    access: Access,
    #[serde(default)]
    default_privileges: Vec<DefaultPrivileges>,
}

/// An object in the file; its number is the key.
#[derive(Serialize, Deserialize)]
struct ObjectRecord {
    name: QualifiedName,
    kind: Kind,
    definition: String,
    depends_on: BTreeSet<Oid>,
    comment: Option<String>,
    column_comments: BTreeMap<String, String>,
    #[serde(default)]
    part_comments: PartComments,
    #[serde(default)]
    sequences: BTreeMap<String, String>,
    #[serde(default)]
    indexes: Vec<String>,
    project_file: Option<String>,
    #[serde(default)]
    kept_literals: KeptLiterals,
    #[serde(default)]
    created_as: Option<QualifiedName>,
    #[serde(default)]
    replaced_in: Option<i64>,
    #[serde(default)]
    suspended: bool,
    #[serde(default)]
    is_emptied: bool,
    #[serde(default)]
    access: Access,
    #[serde(with = "time")]
    created_at: DateTime<Utc>,
}

/// The commit that a replacement waits for, beside the object that takes the place.
#[derive(Serialize, Deserialize)]
struct PreparedRecord {
    version: i64,
    commit_id: String,
    keeps_comments: bool,
    /// The views whose columns change with it, each with the Arrow IPC bytes of these.
    #[serde(default)]
    views: Vec<(Oid, Vec<u8>)>,
}

/// A schema as bytes.
pub fn encode_schema(schema: &Schema) -> Result<Vec<u8>> {
    to_json(&SchemaRecord {
        oid: schema.oid,
        comment: schema.comment.clone(),
        access: schema.access.clone(),
        default_privileges: schema.default_privileges.clone(),
    })
}

/// The schema of bytes that [`encode_schema`] made.
pub fn decode_schema(name: &str, bytes: &[u8]) -> Result<Schema> {
    let record: SchemaRecord = from_json(bytes)
        .map_err(|error| error.within(format!("schema \"{name}\" in the catalog")))?;
    Ok(Schema {
        oid: record.oid,
        name: name.to_owned(),
        comment: record.comment,
        access: record.access,
        default_privileges: record.default_privileges,
    })
}

/// An object as bytes: its record, and its columns.
pub fn encode_object(object: &Object) -> Result<(Vec<u8>, Vec<u8>)> {
    let record = to_json(&ObjectRecord {
        name: object.name.clone(),
        kind: object.kind,
        definition: object.definition.to_string(),
        depends_on: object.depends_on.clone(),
        comment: object.comment.clone(),
        column_comments: object.column_comments.clone(),
        part_comments: object.part_comments.clone(),
        sequences: object.sequences.clone(),
        indexes: object.indexes.iter().map(ToString::to_string).collect(),
        project_file: object.project_file.clone(),
        kept_literals: object.kept_literals.clone(),
        created_as: object.created_as.clone(),
        replaced_in: object.replaced_in,
        suspended: object.suspended,
        is_emptied: object.is_emptied,
        access: object.access.clone(),
        created_at: object.created_at,
    })?;
    Ok((record, encode_columns(&object.schema)))
}

/// The object of bytes that [`encode_object`] made.
pub fn decode_object(oid: Oid, record: &[u8], columns: &[u8]) -> Result<Object> {
    let record: ObjectRecord =
        from_json(record).map_err(|error| error.within(format!("object {oid} in the catalog")))?;
    let damaged = |what: String| {
        Error::new(SqlState::DATA_CORRUPTED, what)
            .within(format!("{} {} in the catalog", record.kind, record.name))
    };
    let definition = sql::parse_one(&record.definition).map_err(|error| {
        damaged(format!(
            "cannot read its definition {:?}: {error}",
            record.definition
        ))
    })?;
    let schema = decode_columns(columns).map_err(damaged)?;
    let mut indexes = Vec::with_capacity(record.indexes.len());
    for text in &record.indexes {
        match sql::parse_one(text) {
            Ok(Statement::CreateIndex(index)) => indexes.push(index),
            _ => return Err(damaged(format!("cannot read its index {text:?}"))),
        }
    }
    Ok(Object {
        oid,
        name: record.name,
        kind: record.kind,
        definition,
        schema,
        depends_on: record.depends_on,
        comment: record.comment,
        column_comments: record.column_comments,
        part_comments: record.part_comments,
        sequences: record.sequences,
        indexes,
        project_file: record.project_file,
        kept_literals: record.kept_literals,
        created_as: record.created_as,
        replaced_in: record.replaced_in,
        suspended: record.suspended,
        is_emptied: record.is_emptied,
        access: record.access,
        created_at: record.created_at,
    })
}

/// A replacement that waits as bytes: the commit it waits for, the new object's record, its columns.
pub fn encode_prepared(oid: Oid, prepared: &PreparedReplacement) -> Result<[Vec<u8>; 3]> {
    let commit = to_json(&PreparedRecord {
        version: prepared.version,
        commit_id: prepared.commit_id.clone(),
        keeps_comments: prepared.new.keeps_comments,
        views: prepared
            .views
            .iter()
            .map(|(view, columns)| (*view, encode_columns(columns)))
            .collect(),
    })?;
    let Some(object) = prepared.new.object(oid) else {
        let message = format!("{} creates no object", prepared.new.name);
        return Err(Error::internal(message));
    };
    let (record, columns) = encode_object(&object)?;
    Ok([commit, record, columns])
}

/// The replacement of bytes that [`encode_prepared`] made.
pub fn decode_prepared(
    oid: Oid,
    commit: &[u8],
    record: &[u8],
    columns: &[u8],
) -> Result<PreparedReplacement> {
    let commit: PreparedRecord = from_json(commit)
        .map_err(|error| error.within(format!("replacement of object {oid} in the catalog")))?;
    let object = decode_object(oid, record, columns)?;
    let mut views = Vec::with_capacity(commit.views.len());
    for (view, columns) in &commit.views {
        let columns = decode_columns(columns).map_err(|what| {
            Error::new(SqlState::DATA_CORRUPTED, what)
                .within(format!("replacement of {} in the catalog", object.name))
        })?;
        views.push((*view, columns));
    }
    Ok(PreparedReplacement {
        version: commit.version,
        commit_id: commit.commit_id,
        new: NewObject {
            keeps_comments: commit.keeps_comments,
            ..NewObject::from(object)
        },
        views,
    })
}

/// A record as JSON.
pub fn to_json(record: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(record)
        .map_err(|error| Error::internal(format!("cannot write a catalog record: {error}")))
}

/// The record of JSON that [`to_json`] made.
pub fn from_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        Error::new(
            SqlState::DATA_CORRUPTED,
            format!("cannot read the record: {error}"),
        )
    })
}

fn encode_columns(schema: &ArrowSchema) -> Vec<u8> {
    let mut dictionaries = DictionaryTracker::new(true);
    IpcSchemaEncoder::new()
        .with_dictionary_tracker(&mut dictionaries)
        .schema_to_fb(schema)
        .finished_data()
        .to_vec()
}

fn decode_columns(bytes: &[u8]) -> Result<SchemaRef, String> {
    let schema =
        root_as_schema(bytes).map_err(|error| format!("cannot read its columns: {error}"))?;
    Ok(Arc::new(fb_to_schema(schema)))
}
