//! What an object is to be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};

use super::object::indexes_on;
use super::part_comments::PartComments;
use super::privilege::Access;
use super::{KeptLiterals, Kind, Object, Oid, time};
use crate::sql::create_index::CreateIndex;
use crate::sql::{QualifiedName, Statement};

/// An object to be created, or to take the place of one.
#[derive(Clone, Debug)]
pub struct NewObject {
    /// A number from [`super::Catalog::reserve_oid`]; `None` takes the next.
    pub oid: Option<Oid>,
    /// Its name.
    pub name: QualifiedName,
    /// The `CREATE` statement, with names in full.
    pub definition: Statement,
    /// Its columns; none for what has no rows.
    pub schema: SchemaRef,
    /// The objects that its definition reads.
    pub depends_on: BTreeSet<Oid>,
    /// Its comment.
    pub comment: Option<String>,
    /// Comments on columns.
    pub column_comments: BTreeMap<String, String>,
    /// What the numbers of identity columns are kept under, as [`Object::sequences`].
    pub sequences: BTreeMap<String, String>,
    /// Its indexes that are no constraints; none means, on replacing, those that there were.
    pub indexes: Vec<CreateIndex>,
    /// Whether, on replacing, comments stay that are not given here.
    pub keeps_comments: bool,
    /// The file of the project folder that it comes from.
    pub project_file: Option<String>,
    /// Which literals of that file stand in the definition as they were read.
    pub kept_literals: KeptLiterals,
    /// The role that makes it; what takes the place of another one keeps the owner.
    pub owner: Option<Oid>,
}

impl NewObject {
    /// An object of which nothing is known beside its name and its definition.
    pub fn new(name: QualifiedName, definition: Statement) -> Self {
        Self {
            oid: None,
            name,
            definition,
            schema: Arc::new(Schema::empty()),
            depends_on: BTreeSet::new(),
            comment: None,
            column_comments: BTreeMap::new(),
            sequences: BTreeMap::new(),
            indexes: Vec::new(),
            keeps_comments: true,
            project_file: None,
            kept_literals: Vec::new(),
            owner: None,
        }
    }

    /// It with columns.
    pub fn with_columns(self, schema: SchemaRef) -> Self {
        Self { schema, ..self }
    }

    /// It, whose definition reads these objects.
    pub fn reading(self, depends_on: BTreeSet<Oid>) -> Self {
        Self { depends_on, ..self }
    }

    /// It, made by a role.
    pub fn owned_by(self, role: Oid) -> Self {
        let owner = Some(role);
        Self { owner, ..self }
    }

    /// The object that this would be, were it in the catalog; none where its definition makes none.
    pub fn object(&self, oid: Oid) -> Option<Object> {
        Some(Object {
            oid,
            name: self.name.clone(),
            kind: Kind::of(&self.definition)?,
            definition: self.definition.clone(),
            schema: Arc::clone(&self.schema),
            depends_on: self.depends_on.clone(),
            comment: self.comment.clone(),
            column_comments: self.column_comments.clone(),
            part_comments: PartComments::default(),
            sequences: self.sequences.clone(),
            indexes: self.indexes.clone(),
            project_file: self.project_file.clone(),
            kept_literals: self.kept_literals.clone(),
            created_as: None,
            replaced_in: None,
            suspended: false,
            is_emptied: false,
            access: self.owner.map(Access::owned_by).unwrap_or_default(),
            created_at: time::now(),
        })
    }

    /// The object that this would be in the place of another one, whose table it has.
    pub fn object_in_place_of(&self, old: &Object) -> Option<Object> {
        let created_as = old.created_as.clone();
        self.object(old.oid).map(|object| Object {
            created_as,
            ..object
        })
    }

    /// An object that takes the place of another one: its number stays, those that its columns give
    /// go on, and comments stay if wanted.
    pub(super) fn in_place_of(self, old: &Object, kind: Kind) -> Object {
        let (mut comment, mut column_comments) = (self.comment, self.column_comments);
        let mut indexes = match self.indexes.is_empty() {
            true => indexes_on(&self.schema, &old.schema, &old.indexes),
            false => self.indexes,
        };
        // What the query said of the rows of a view, another one may not say.
        if self.definition != old.definition {
            indexes.retain(|index| !index.is_unique);
        }
        if self.keeps_comments {
            comment = comment.or_else(|| old.comment.clone());
            for (column, comment) in &old.column_comments {
                if self.schema.column_with_name(column).is_some()
                    && !column_comments.contains_key(column)
                {
                    column_comments.insert(column.clone(), comment.clone());
                }
            }
        }
        let mut sequences = self.sequences;
        for (column, key) in &old.sequences {
            if self.schema.column_with_name(column).is_some() {
                sequences
                    .entry(column.clone())
                    .or_insert_with(|| key.clone());
            }
        }
        let mut object = Object {
            oid: old.oid,
            name: self.name,
            kind,
            definition: self.definition,
            schema: self.schema,
            depends_on: self.depends_on,
            comment,
            column_comments,
            part_comments: match self.keeps_comments {
                true => old.part_comments.clone(),
                false => PartComments::default(),
            },
            sequences,
            indexes,
            project_file: self.project_file,
            kept_literals: self.kept_literals,
            created_as: old.created_as.clone(),
            replaced_in: old.replaced_in,
            suspended: old.suspended,
            is_emptied: old.is_emptied,
            access: old.access.clone(),
            created_at: old.created_at,
        };
        object.drop_part_comments();
        object
    }
}

impl From<Object> for NewObject {
    fn from(object: Object) -> Self {
        Self {
            schema: object.schema,
            depends_on: object.depends_on,
            comment: object.comment,
            column_comments: object.column_comments,
            sequences: object.sequences,
            indexes: object.indexes,
            project_file: object.project_file,
            kept_literals: object.kept_literals,
            owner: object.access.owner,
            ..Self::new(object.name, object.definition)
        }
    }
}
