//! What must hold of objects, and how many and how large they may be.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::Transaction;
use crate::catalog::privilege::Access;
use crate::catalog::{Kind, NewObject, Object, Oid};
use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::{self, QualifiedName, Statement};

/// How many objects one catalog holds.
pub(super) const OBJECTS: usize = 100_000;
/// How many schemas one catalog holds.
pub(super) const SCHEMAS: usize = 10_000;
/// How many columns a relation has.
const COLUMNS: usize = 4_096;
/// How long a definition is, in bytes.
pub(super) const DEFINITION_BYTES: usize = 1 << 20;
/// How many indexes that are no constraints a relation has: their numbers are among those of its parts.
pub(super) const INDEXES: usize = 512;
/// How many grants one object has.
const GRANTS: usize = 10_000;
/// How long a comment is, in bytes.
const COMMENT_BYTES: usize = 64 << 10;

impl Transaction<'_> {
    /// What must hold of an object whether it is new or replaces one; answers its kind, and the
    /// definition as the catalog will read it back.
    pub(super) fn check_new(&self, new: &NewObject) -> Result<(Kind, Statement)> {
        let text = new.definition.to_string();
        check_length("definition", &text, DEFINITION_BYTES)?;
        check_comment(new.comment.as_deref())?;
        // What a restart would read is what is kept now: the two can never differ.
        let definition = sql::parse_one(&text)
            .map_err(|error| Error::internal(format!("cannot read back {text:?}: {error}")))?;
        let Some(kind) = Kind::of(&definition) else {
            return Err(Error::internal(format!("{text:?} creates no object")));
        };
        if new.schema.fields().len() > COLUMNS {
            return Err(too_many("columns", COLUMNS).within(&new.name));
        }
        let mut columns = BTreeSet::new();
        for field in new.schema.fields() {
            if !columns.insert(field.name()) {
                let message = format!("column \"{}\" specified more than once", field.name());
                return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
            }
        }
        for (column, comment) in &new.column_comments {
            check_column(&new.name, &new.schema, column)?;
            check_comment(Some(comment))?;
        }
        self.snapshot.check_references(&definition)?;
        let before = self.snapshot.relation(&new.name);
        self.snapshot
            .check_new_references(&new.name, before, &definition)?;
        for read in &new.depends_on {
            let found = self.existing(*read)?;
            if !found.kind.is_relation() && !matches!(found.kind, Kind::Function | Kind::Type) {
                return Err(Error::internal(format!(
                    "{} cannot read {}",
                    new.name,
                    found.described()
                )));
            }
        }
        Ok((kind, definition))
    }

    pub(in crate::catalog) fn check_replacement(
        &self,
        oid: Oid,
        new: &NewObject,
    ) -> Result<(Arc<Object>, Kind, Statement)> {
        let old = self.existing(oid)?;
        let (kind, definition) = self.check_new(new)?;
        if old.kind != kind {
            let message = format!("\"{}\" is not {}", old.name, kind.with_article());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message)
                .with_detail(format!("It is {}.", old.kind.with_article()))
                .with_hint("Drop it first."));
        }
        if old.name != new.name {
            return Err(renamed(&old, new));
        }
        self.snapshot.check_acyclic(&old, &new.depends_on)?;
        self.snapshot.check_referred_to(&old, &definition)?;
        Ok((old, kind, definition))
    }
}

pub(super) fn check_access(access: &Access) -> Result<()> {
    match access.granted().len() > GRANTS {
        true => Err(too_many("grants", GRANTS)),
        false => Ok(()),
    }
}

pub(super) fn check_column(
    relation: &QualifiedName,
    schema: &SchemaRef,
    column: &str,
) -> Result<()> {
    if schema.column_with_name(column).is_some() {
        return Ok(());
    }
    let error = Error::new(
        SqlState::UNDEFINED_COLUMN,
        format!(
            "column \"{column}\" of relation \"{}\" does not exist",
            relation.name
        ),
    );
    let columns = schema.fields().iter().map(|field| field.name().as_str());
    Err(match nearest(column, columns) {
        Some(near) => error.with_hint(format!("Perhaps you meant the column \"{near}\".")),
        None => error,
    })
}

pub(super) fn check_comment(comment: Option<&str>) -> Result<()> {
    check_length("comment", comment.unwrap_or_default(), COMMENT_BYTES)
}

pub(super) fn check_length(what: &str, text: &str, limit: usize) -> Result<()> {
    if text.len() <= limit {
        return Ok(());
    }
    Err(Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("{what} of {} bytes is too long", text.len()),
    )
    .with_detail(format!("The limit is {limit} bytes.")))
}

pub(super) fn too_many(what: &str, limit: usize) -> Error {
    Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("too many {what}"))
        .with_detail(format!("The limit is {limit}."))
}

/// An object that was to be replaced has got another name since.
pub(super) fn renamed(old: &Object, new: &NewObject) -> Error {
    let message = format!(
        "could not replace {} because it was renamed to {} meanwhile",
        new.name, old.name
    );
    Error::new(SqlState::SERIALIZATION_FAILURE, message).with_hint("Run the statement again.")
}
