//! What the catalog keeps of an object.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use arrow::datatypes::{Schema, SchemaRef};
use chrono::{DateTime, Utc};
use tributary_udfs::postgres::{CHARACTER_LENGTH, CharacterLength};

use super::part_comments::PartComments;
use super::privilege::Access;
use crate::sql::create_index::CreateIndex;
use crate::sql::moment_precision::MOMENT_PRECISION;
use crate::sql::name::Quoted;
use crate::sql::{QualifiedName, Statement, character_length, moment_precision};
use crate::warehouse::TableId;
use crate::wire::types::POSTGRES_TYPE;

/// An object's number: unique, persisted, never used again.
pub type Oid = u32;

/// What stands in a definition in the place of literals that its file has: of its query, and of the
/// condition of each expectation; empty where all stand as they are written.
pub type KeptLiterals = Vec<BTreeMap<String, String>>;

/// The kinds of objects in a schema.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A source: `CREATE EXTERNAL TABLE`.
    ExternalTable,
    /// A table of the warehouse: `CREATE TABLE`.
    Table,
    /// `CREATE VIEW`.
    View,
    /// `CREATE MATERIALIZED VIEW`.
    MaterializedView,
    /// `CREATE MODEL`.
    Model,
    /// `CREATE CHECK`.
    Check,
    /// `CREATE SEQUENCE`.
    Sequence,
    /// `CREATE ROLE`: in no schema, for which an empty name stands.
    Role,
    /// `CREATE TYPE`, `CREATE DOMAIN`.
    Type,
    /// `CREATE FUNCTION`: named by its name with the types of its arguments.
    Function,
}

impl Kind {
    /// The kind as SQL writes it, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExternalTable => "external table",
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Model => "model",
            Self::Check => "check",
            Self::Sequence => "sequence",
            Self::Role => "role",
            Self::Type => "type",
            Self::Function => "function",
        }
    }

    /// `a view`, `an external table`.
    pub fn with_article(self) -> String {
        let article = if self == Self::ExternalTable {
            "an"
        } else {
            "a"
        };
        format!("{article} {self}")
    }

    /// Whether it has columns and lives in the name space of relations. A model does, though only
    /// functions read it.
    pub fn is_relation(self) -> bool {
        !matches!(self, Self::Check | Self::Role | Self::Function | Self::Type)
    }

    /// Whether a refresh makes its rows.
    pub fn is_refreshed(self) -> bool {
        matches!(self, Self::MaterializedView | Self::Model)
    }

    /// Whether its rows are in the warehouse.
    pub fn is_stored(self) -> bool {
        self == Self::Table || self.is_refreshed()
    }

    /// The kind that a `CREATE` statement makes; `None` for any other statement.
    pub fn of(statement: &Statement) -> Option<Self> {
        match statement {
            Statement::CreateExternalTable(_) => Some(Self::ExternalTable),
            Statement::CreateTable(_) => Some(Self::Table),
            Statement::CreateView(_) => Some(Self::View),
            Statement::CreateMaterializedView(_) => Some(Self::MaterializedView),
            Statement::CreateModel(_) => Some(Self::Model),
            Statement::CreateCheck(_) => Some(Self::Check),
            Statement::CreateSequence(_) => Some(Self::Sequence),
            Statement::CreateRole(_) => Some(Self::Role),
            Statement::CreateType(_)
            | Statement::CreateComposite(_)
            | Statement::CreateDomain(_) => Some(Self::Type),
            Statement::CreateFunction(_) => Some(Self::Function),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An object of a schema. Relations (all but checks) share one name space; checks have another.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its number.
    pub oid: Oid,
    /// Its name.
    pub name: QualifiedName,
    /// Its kind, which is also that of `definition`.
    pub kind: Kind,
    /// The `CREATE` statement, with names in full; persisted as its displayed text.
    pub definition: Statement,
    /// Its columns; of a model, those of `entity_clusters`; of a domain, its value; empty for a check.
    pub schema: SchemaRef,
    /// The objects that its definition reads.
    pub depends_on: BTreeSet<Oid>,
    /// `COMMENT ON` the object.
    pub comment: Option<String>,
    /// `COMMENT ON COLUMN`, by column.
    pub column_comments: BTreeMap<String, String>,
    /// `COMMENT ON CONSTRAINT` and `COMMENT ON INDEX`.
    pub part_comments: PartComments,
    /// What the numbers of identity columns are kept under, by column, where that is not its name:
    /// the name that the column had when it was declared.
    pub sequences: BTreeMap<String, String>,
    /// The indexes that were made on it and are no constraints of it, which nothing keeps up.
    pub indexes: Vec<CreateIndex>,
    /// The file of the project folder that it comes from, relative to the folder; `None` where
    /// it was created by hand.
    pub project_file: Option<String>,
    /// Which literals of that file stand in the definition as they were read.
    pub kept_literals: KeptLiterals,
    /// The name that it was created with, where it has another one now: its folder keeps that.
    pub created_as: Option<QualifiedName>,
    /// The version of its table that brought its definition, where it took another one's place.
    pub replaced_in: Option<i64>,
    /// Whether the scheduler leaves it alone.
    pub suspended: bool,
    /// Whether its rows were taken from it, and it is not populated until it is refreshed.
    pub is_emptied: bool,
    /// Who owns it, and who else may do what with it; of a role, who is its member.
    pub access: Access,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl Object {
    /// Whether its rows are in the warehouse.
    pub fn is_stored(&self) -> bool {
        self.kind.is_stored()
    }

    /// The table that holds its rows.
    pub fn table(&self) -> TableId {
        let of =
            |QualifiedName { schema, name }: &QualifiedName| TableId::new(self.oid, schema, name);
        match &self.created_as {
            Some(created_as) => of(created_as).called(&self.name),
            None => of(&self.name),
        }
    }

    /// `materialized view a.b`, as messages name it.
    pub fn described(&self) -> String {
        let name = self.name_of_function();
        let name = name.unwrap_or_else(|| self.name.to_string());
        format!("{} {name}", self.kind)
    }

    /// The name of a function, behind which the types of its arguments stand.
    fn name_of_function(&self) -> Option<String> {
        let Statement::CreateFunction(function) = &self.definition else {
            return None;
        };
        let name = &function.name.name;
        let types = self.name.name.strip_prefix(name.as_str())?;
        let schema = Quoted(&self.name.schema);
        Some(format!("{schema}.{}{types}", Quoted(name)))
    }

    /// Whether another one is this one as it is now.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.definition == other.definition
            && self.schema == other.schema
            && self.depends_on == other.depends_on
            && self.comment == other.comment
            && self.column_comments == other.column_comments
            && self.part_comments == other.part_comments
            && self.sequences == other.sequences
            && self.indexes == other.indexes
            && self.access == other.access
    }

    /// The object with other columns; comments and indexes on columns that it does not have any more
    /// go.
    #[must_use]
    pub fn with_columns(&self, schema: SchemaRef) -> Self {
        let mut object = self.clone();
        object
            .column_comments
            .retain(|column, _| schema.column_with_name(column).is_some());
        object.indexes = indexes_on(&schema, &self.schema, &self.indexes);
        object.schema = schema;
        object.drop_part_comments();
        object
    }

    /// What the numbers of an identity column are kept under.
    pub fn sequence_key<'a>(&'a self, column: &'a str) -> &'a str {
        self.sequences.get(column).map_or(column, String::as_str)
    }

    /// The name that an identity column had when it was declared, by which its sequence is called.
    pub fn sequence_column<'a>(&'a self, column: &'a str) -> &'a str {
        sequence_column(self.sequence_key(column))
    }

    /// What other numbers of an identity column are kept under from now on, by a number that nothing
    /// else has.
    pub fn renumbered_key(&self, column: &str, number: Oid) -> String {
        format!("{}{RENUMBERED}{number}", self.sequence_column(column))
    }

    /// The length that a column's type gives to its texts, declared or taken over from what its query
    /// reads; none where it gives no limit.
    pub fn character_length(&self, column: &str) -> Option<CharacterLength> {
        match &self.definition {
            Statement::CreateTable(create) if create.query.is_none() => {
                let declared = character_length::of_column(&create.columns, column);
                declared.or_else(|| self.recorded_length(column))
            }
            _ => self.recorded_length(column),
        }
    }

    /// The length that the type of an array column gives to its items.
    pub fn item_length(&self, column: &str) -> Option<CharacterLength> {
        character_length::of_told_items(self.recorded(column, POSTGRES_TYPE)?)
    }

    /// The type of a column, as clients are told of it, whose values are texts, or arrays of such, that another
    /// type is kept as.
    pub fn told_texts(&self, column: &str) -> Option<String> {
        if let Some(length) = self.character_length(column) {
            return Some(length.sql());
        }
        let told = self.recorded(column, POSTGRES_TYPE)?;
        character_length::of_told_items(told).map(|_| told.to_owned())
    }

    /// The length that is recorded of a column that a query gives, or whose type is a domain.
    fn recorded_length(&self, column: &str) -> Option<CharacterLength> {
        CharacterLength::from_metadata(self.recorded(column, CHARACTER_LENGTH)?)
    }

    /// What is recorded of the type of a column that a query gives, or that is a domain.
    fn recorded(&self, column: &str, key: &str) -> Option<&str> {
        let field = self.schema.field_with_name(column).ok()?;
        field.metadata().get(key).map(String::as_str)
    }

    /// The digits of a second that are recorded of a column.
    fn recorded_precision(&self, column: &str) -> Option<u8> {
        self.recorded(column, MOMENT_PRECISION)?.parse().ok()
    }

    /// The digits of a second that a column's type gives to its moments or times, declared or taken over
    /// from what its query reads; none where it gives all.
    pub fn moment_precision(&self, column: &str) -> Option<u8> {
        match &self.definition {
            Statement::CreateTable(create) if create.query.is_none() => {
                let declared = moment_precision::of_column(&create.columns, column);
                declared.or_else(|| self.recorded_precision(column))
            }
            _ => self.recorded_precision(column),
        }
    }
}

/// The name that an identity column had when it was declared, by what its numbers are kept under.
pub(super) fn sequence_column(key: &str) -> &str {
    key.split(RENUMBERED).next().unwrap_or(key)
}

/// What stands between the name of an identity column and a number where its numbers have begun anew.
const RENUMBERED: char = '\u{1f}';

/// Those of the indexes of some columns that name none which is not there any more.
pub(super) fn indexes_on(
    schema: &Schema,
    before: &Schema,
    indexes: &[CreateIndex],
) -> Vec<CreateIndex> {
    let names = before.fields().iter().map(|field| field.name());
    let gone: Vec<&String> = names
        .filter(|name| schema.column_with_name(name).is_none())
        .collect();
    let kept = indexes
        .iter()
        .filter(|index| !gone.iter().any(|column| index.names(column)));
    kept.cloned().collect()
}
