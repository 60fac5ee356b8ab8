//! The schema of a table in its forms: as declared, as Delta stores it, as files name it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use serde_json::{Map, Value, json};

use super::keyed::{self, Keyed};
use super::partition;
use super::types::{declared_field, delta_name, from_delta_name, stored_type};
use crate::error::{Error, Result, SqlState};

/// The table property that keeps the declared schema, as JSON.
const DECLARED_SCHEMA: &str = "tributary.schema";
/// The table property that keeps [`TableSchema::definition`].
const DEFINITION: &str = "tributary.definition";
const MAPPING_MODE: &str = "delta.columnMapping.mode";
const MAPPING_MAX_ID: &str = "delta.columnMapping.maxColumnId";
const MAPPING_ID: &str = "delta.columnMapping.id";
const MAPPING_NAME: &str = "delta.columnMapping.physicalName";

/// What Delta forbids in the name of a column whose name is also its name in the files.
const FORBIDDEN: &[char] = &[' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '='];

/// The schema of one version of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TableSchema {
    /// What went in and comes out.
    pub declared: SchemaRef,
    /// The declared types under the names that files have for the columns: what scans read.
    pub scanned: SchemaRef,
    /// The stored types under the names that files have for the columns: what files hold.
    pub stored: SchemaRef,
    /// Whether the names in files are not those of the columns (Delta's column mapping).
    pub mapped: bool,
    /// The schema as Delta's log has it.
    pub delta: String,
    /// What makes the table keyed.
    pub keyed: Option<Keyed>,
    /// The columns by which its rows are divided among files.
    pub partitions: Vec<String>,
    /// What else it was declared as, in the words of who declared it, where these were told.
    pub definition: Option<String>,
}

impl TableSchema {
    /// The schema of a table that holds these columns.
    ///
    /// `mapped` keeps column mapping on for a table that has had it: Delta has no way back.
    ///
    /// # Errors
    /// 42P17 without columns, 42701 for a name that is there twice, 0A000 for a type that Delta
    /// cannot hold.
    pub fn declare(schema: &Schema, mapped: bool) -> Result<Self> {
        if schema.fields().is_empty() {
            return Err(Error::new(
                SqlState::INVALID_OBJECT_DEFINITION,
                "a table of the warehouse must have at least one column",
            ));
        }
        check_names(schema.fields())?;
        let fields: Result<Fields> = schema.fields().iter().map(|f| declared_field(f)).collect();
        let declared = Arc::new(Schema::new(fields?));
        let mapped = mapped || has_forbidden_name(declared.fields());
        let (mut scanned, mut stored, mut delta) = (Vec::new(), Vec::new(), Vec::new());
        let mut ids = Ids(0);
        for field in declared.fields() {
            let data_type = stored_type(field.data_type())
                .map_err(|error| error.within(format!("column \"{}\"", field.name())))?;
            let logical = Field::new(field.name(), data_type, field.is_nullable());
            let value = delta_field(&logical, mapped.then_some(&mut ids), true)?;
            let name = physical_name(&value).unwrap_or(field.name()).to_owned();
            let mut file = logical.with_name(&name);
            if let Some(id) = value["metadata"][MAPPING_ID].as_u64() {
                file.set_metadata(HashMap::from([(
                    PARQUET_FIELD_ID_META_KEY.to_owned(),
                    id.to_string(),
                )]));
            }
            stored.push(file);
            scanned.push(field.as_ref().clone().with_name(name));
            delta.push(value);
        }
        Ok(Self {
            declared,
            scanned: Arc::new(Schema::new(scanned)),
            stored: Arc::new(Schema::new(stored)),
            mapped,
            delta: json!({"type": "struct", "fields": delta}).to_string(),
            keyed: None,
            partitions: Vec::new(),
            definition: None,
        })
    }

    /// The schema of a table whose rows are divided among files by these columns.
    ///
    /// # Errors
    /// Those of [`partition::check`].
    pub fn partitioned_by(mut self, partitions: &[String]) -> Result<Self> {
        partition::check(&self.declared, partitions)?;
        self.partitions = partitions.to_vec();
        Ok(self)
    }

    /// The schema of a table that is keyed like this.
    ///
    /// # Errors
    /// Those of [`Keyed::check`].
    pub fn keyed_by(mut self, keyed: Option<Keyed>) -> Result<Self> {
        if let Some(keyed) = &keyed {
            keyed.check(&self.declared)?;
        }
        self.keyed = keyed;
        Ok(self)
    }

    /// The schema of a table that was declared in these words.
    pub fn defined_as(mut self, definition: Option<String>) -> Self {
        self.definition = definition;
        self
    }

    /// The schema that the log of a table has.
    ///
    /// Declared types are those that the table was declared with, as long as they still fit: an
    /// engine that knows nothing of them may have changed the table.
    ///
    /// # Errors
    /// 0A000 for a type that only other engines write, XX001 for a log that makes no sense.
    pub fn load(
        delta: &str,
        properties: &HashMap<String, String>,
        partitions: &[String],
    ) -> Result<Self> {
        let value: Value = serde_json::from_str(delta).map_err(|_| corrupted())?;
        let remembered: Option<Schema> = properties
            .get(DECLARED_SCHEMA)
            .and_then(|text| serde_json::from_str(text).ok());
        let mapped = properties
            .get(MAPPING_MODE)
            .is_some_and(|mode| mode != "none");
        let (mut declared, mut scanned, mut stored) = (Vec::new(), Vec::new(), Vec::new());
        for value in value["fields"].as_array().ok_or_else(corrupted)? {
            let field = arrow_field(value)?;
            let name = physical_name(value)
                .filter(|_| mapped)
                .unwrap_or(field.name())
                .to_owned();
            let known = remembered
                .as_ref()
                .and_then(|schema| schema.field_with_name(field.name()).ok())
                .filter(|known| {
                    stored_type(known.data_type()).is_ok_and(|t| t == *field.data_type())
                });
            let seen = match known {
                Some(known) => known.clone().with_nullable(field.is_nullable()),
                None => field.clone(),
            };
            scanned.push(seen.clone().with_name(&name));
            declared.push(seen);
            stored.push(field.with_name(name));
        }
        let declared = Schema::new(declared);
        // Another engine may have taken its columns away.
        let keyed = properties
            .get(keyed::PROPERTY)
            .and_then(|text| serde_json::from_str::<Keyed>(text).ok())
            .filter(|keyed| keyed.check(&declared).is_ok());
        Ok(Self {
            declared: Arc::new(declared),
            scanned: Arc::new(Schema::new(scanned)),
            stored: Arc::new(Schema::new(stored)),
            mapped,
            delta: delta.to_owned(),
            keyed,
            partitions: partitions.to_vec(),
            definition: properties.get(DEFINITION).cloned(),
        })
    }

    /// Whether files of this schema can be read by another one, which has the same columns, and perhaps
    /// more behind them.
    pub fn begins(&self, other: &Self) -> bool {
        let same = |own: &Schema, others: &Schema| {
            let pairs = own.fields().iter().zip(others.fields());
            own.fields().len() <= others.fields().len()
                && pairs.into_iter().all(|(own, other)| {
                    own.name() == other.name() && own.data_type() == other.data_type()
                })
        };
        same(&self.declared, &other.declared) && same(&self.stored, &other.stored)
    }

    /// The schema of rows that may have NULL in any column.
    pub fn nullable(&self) -> Self {
        let nullable = |schema: &SchemaRef| {
            let fields = schema.fields().iter();
            let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
            Arc::new(Schema::new(fields.collect::<Vec<_>>()))
        };
        Self {
            declared: nullable(&self.declared),
            scanned: nullable(&self.scanned),
            stored: nullable(&self.stored),
            ..self.clone()
        }
    }

    /// The properties that the log keeps beside the schema.
    pub fn properties(&self) -> Result<Map<String, Value>> {
        let declared = serde_json::to_string(self.declared.as_ref())
            .map_err(|error| Error::internal(format!("a schema cannot be written: {error}")))?;
        let mut properties = Map::new();
        properties.insert(DECLARED_SCHEMA.to_owned(), declared.into());
        if let Some(keyed) = &self.keyed {
            let keyed = serde_json::to_string(keyed)
                .map_err(|error| Error::internal(format!("a key cannot be written: {error}")))?;
            properties.insert(keyed::PROPERTY.to_owned(), keyed.into());
        }
        if let Some(definition) = &self.definition {
            properties.insert(DEFINITION.to_owned(), definition.as_str().into());
        }
        if self.mapped {
            let mut ids = Ids(0);
            for field in self.declared.fields() {
                ids.count(field);
            }
            properties.insert(MAPPING_MODE.to_owned(), "name".into());
            properties.insert(MAPPING_MAX_ID.to_owned(), ids.0.to_string().into());
        }
        Ok(properties)
    }

    /// The protocol that readers and writers of this table must speak.
    pub fn protocol(&self) -> Protocol {
        let zoneless = self
            .stored
            .fields()
            .iter()
            .any(|field| has_zoneless_timestamp(field.data_type()));
        let mut features = Vec::new();
        if self.mapped {
            features.push("columnMapping".to_owned());
        }
        if zoneless {
            features.push("timestampNtz".to_owned());
        }
        Protocol {
            features,
            is_partitioned: !self.partitions.is_empty(),
        }
    }

    /// Whether a table is declared the same by both, down to how its files are read.
    pub fn is_declared_as(&self, other: &Self) -> bool {
        self.is_stored_as(other)
            && self.declared == other.declared
            && self.keyed == other.keyed
            && self.definition == other.definition
    }

    /// Whether files of the one schema can lie beside those of the other.
    pub fn is_stored_as(&self, other: &Self) -> bool {
        self.delta == other.delta && self.partitions == other.partitions
    }
}

/// The table features that a table needs of its readers and writers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Protocol {
    /// Features that are both the reader's and the writer's.
    pub features: Vec<String>,
    /// Whether files hold the columns that they are partitioned by, which is the writer's concern alone.
    pub is_partitioned: bool,
}

impl Protocol {
    /// Whether it has a feature.
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|has| has == feature)
    }

    /// The action of the log.
    pub fn action(&self) -> Value {
        let mut of_writers = self.features.clone();
        if self.is_partitioned {
            of_writers.push(partition::FEATURE.to_owned());
        }
        if of_writers.is_empty() {
            return json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}});
        }
        if self.features.is_empty() {
            return json!({"protocol": {
                "minReaderVersion": 1,
                "minWriterVersion": 7,
                "writerFeatures": of_writers,
            }});
        }
        json!({"protocol": {
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": self.features,
            "writerFeatures": of_writers,
        }})
    }
}

/// The ids that column mapping gives to columns and their parts.
struct Ids(u64);

impl Ids {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    /// Counts as many ids as [`delta_field`] gives out.
    fn count(&mut self, field: &Field) {
        self.next();
        self.count_parts(field.data_type());
    }

    fn count_parts(&mut self, data_type: &DataType) {
        match data_type {
            DataType::Struct(fields) => fields.iter().for_each(|field| self.count(field)),
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::FixedSizeList(field, _) => self.count_parts(field.data_type()),
            DataType::Map(entries, _) => {
                if let DataType::Struct(fields) = entries.data_type() {
                    for field in fields {
                        self.count_parts(field.data_type());
                    }
                }
            }
            _ => {}
        }
    }
}

/// The name that files have for the column of this field of Delta's schema.
fn physical_name(field: &Value) -> Option<&str> {
    field["metadata"][MAPPING_NAME].as_str()
}

/// A field of Delta's schema. Only columns get another name in the files: parts of columns keep
/// theirs, which column mapping allows to be anything.
fn delta_field(field: &Field, mut ids: Option<&mut Ids>, column: bool) -> Result<Value> {
    let mut metadata = Map::new();
    if let Some(ids) = ids.as_deref_mut() {
        let id = ids.next();
        let name = if column {
            format!("column_{id}")
        } else {
            field.name().clone()
        };
        metadata.insert(MAPPING_ID.to_owned(), id.into());
        metadata.insert(MAPPING_NAME.to_owned(), name.into());
    }
    Ok(json!({
        "name": field.name(),
        "type": delta_type(field.data_type(), ids)?,
        "nullable": field.is_nullable(),
        "metadata": metadata,
    }))
}

fn delta_type(stored: &DataType, mut ids: Option<&mut Ids>) -> Result<Value> {
    match stored {
        DataType::List(element) => Ok(json!({
            "type": "array",
            "elementType": delta_type(element.data_type(), ids)?,
            "containsNull": element.is_nullable(),
        })),
        DataType::Struct(fields) => {
            let mut parts = Vec::with_capacity(fields.len());
            for field in fields {
                parts.push(delta_field(field, ids.as_deref_mut(), false)?);
            }
            Ok(json!({"type": "struct", "fields": parts}))
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(corrupted());
            };
            let [key, value] = fields.as_ref() else {
                return Err(corrupted());
            };
            Ok(json!({
                "type": "map",
                "keyType": delta_type(key.data_type(), ids.as_deref_mut())?,
                "valueType": delta_type(value.data_type(), ids)?,
                "valueContainsNull": value.is_nullable(),
            }))
        }
        plain => delta_name(plain)
            .map(Value::String)
            .ok_or_else(|| Error::internal(format!("{plain} is not a stored type"))),
    }
}

/// The Arrow field, in stored types, of a field of Delta's schema.
fn arrow_field(field: &Value) -> Result<Field> {
    let name = field["name"].as_str().ok_or_else(corrupted)?;
    let data_type =
        arrow_type(&field["type"]).map_err(|error| error.within(format!("column \"{name}\"")))?;
    Ok(Field::new(
        name,
        data_type,
        field["nullable"].as_bool().unwrap_or(true),
    ))
}

fn arrow_type(delta: &Value) -> Result<DataType> {
    if let Some(name) = delta.as_str() {
        return from_delta_name(name);
    }
    let nullable = |key: &str| delta[key].as_bool().unwrap_or(true);
    match delta["type"].as_str() {
        Some("array") => {
            let element = arrow_type(&delta["elementType"])?;
            Ok(DataType::List(Arc::new(Field::new(
                "element",
                element,
                nullable("containsNull"),
            ))))
        }
        Some("struct") => {
            let fields: Result<Fields> = delta["fields"]
                .as_array()
                .ok_or_else(corrupted)?
                .iter()
                .map(arrow_field)
                .collect();
            Ok(DataType::Struct(fields?))
        }
        Some("map") => {
            let entry = Fields::from(vec![
                Field::new("key", arrow_type(&delta["keyType"])?, false),
                Field::new(
                    "value",
                    arrow_type(&delta["valueType"])?,
                    nullable("valueContainsNull"),
                ),
            ]);
            Ok(DataType::Map(
                Arc::new(Field::new("key_value", DataType::Struct(entry), false)),
                false,
            ))
        }
        _ => Err(corrupted()),
    }
}

fn corrupted() -> Error {
    Error::new(
        SqlState::DATA_CORRUPTED,
        "the schema in the table's log cannot be read",
    )
}

/// What the names of columns begin with that plans of the server add to those of tables.
const RESERVED_PREFIX: &str = "tributary:";

fn check_names(fields: &Fields) -> Result<()> {
    let mut names: HashMap<String, &str> = HashMap::with_capacity(fields.len());
    for field in fields {
        if field.name().is_empty() {
            return Err(Error::new(
                SqlState::INVALID_OBJECT_DEFINITION,
                "a column of a table must have a name",
            ));
        }
        if field.name().to_lowercase().starts_with(RESERVED_PREFIX) {
            return Err(Error::new(
                SqlState::DUPLICATE_COLUMN,
                format!(
                    "column name \"{}\" conflicts with a system column name",
                    field.name()
                ),
            )
            .with_hint(format!(
                "Names that begin with \"{RESERVED_PREFIX}\" are the server's own."
            )));
        }
        // Delta compares names without regard to case, and so do most engines that read it.
        if let Some(other) = names.insert(field.name().to_lowercase(), field.name()) {
            let name = field.name();
            let message = match other == name {
                true => format!("column \"{name}\" specified more than once"),
                false => format!("columns \"{other}\" and \"{name}\" differ in case alone"),
            };
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, message)
                .with_detail("Tables of the warehouse tell columns apart without regard to case.")
                .with_hint("Give one of them another name, in a query with AS."));
        }
        match field.data_type() {
            DataType::Struct(parts) => check_names(parts)?,
            DataType::List(part) | DataType::LargeList(part) | DataType::FixedSizeList(part, _) => {
                check_parts(part)?;
            }
            DataType::Map(entries, _) => check_parts(entries)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_parts(part: &FieldRef) -> Result<()> {
    match part.data_type() {
        DataType::Struct(parts) => check_names(parts),
        _ => Ok(()),
    }
}

fn has_forbidden_name(fields: &Fields) -> bool {
    fields.iter().any(|field| {
        field.name().contains(FORBIDDEN)
            || match field.data_type() {
                DataType::Struct(parts) => has_forbidden_name(parts),
                DataType::List(part)
                | DataType::LargeList(part)
                | DataType::FixedSizeList(part, _)
                | DataType::Map(part, _) => {
                    has_forbidden_name(&Fields::from(vec![Arc::clone(part)]))
                }
                _ => false,
            }
    })
}

fn has_zoneless_timestamp(stored: &DataType) -> bool {
    match stored {
        DataType::Timestamp(_, None) => true,
        DataType::List(part) | DataType::Map(part, _) => has_zoneless_timestamp(part.data_type()),
        DataType::Struct(parts) => parts
            .iter()
            .any(|part| has_zoneless_timestamp(part.data_type())),
        _ => false,
    }
}
