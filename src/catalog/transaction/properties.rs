//! What is said of an object beside its definition.

use arrow::datatypes::SchemaRef;

use super::checks::{
    DEFINITION_BYTES, INDEXES, check_access, check_column, check_comment, check_length, too_many,
};
use super::{Transaction, being_replaced};
use crate::catalog::privilege::Access;
use crate::catalog::{Object, Oid, Part};
use crate::error::Result;
use crate::sql::Statement;
use crate::sql::create_index::CreateIndex;

impl Transaction<'_> {
    /// Gives a view the columns that its query has now.
    ///
    /// # Errors
    /// Where another session dropped it.
    pub fn set_columns(&mut self, oid: Oid, schema: SchemaRef) -> Result<()> {
        let object = self.existing(oid)?.with_columns(schema);
        self.put(object);
        Ok(())
    }

    /// Gives an object that reads others a definition that says the same in other words.
    ///
    /// # Errors
    /// Where another session dropped it; 40001 while its rows are being replaced.
    pub fn reword(&mut self, oid: Oid, definition: Statement) -> Result<()> {
        let mut object = Object::clone(&*self.existing(oid)?);
        if self.snapshot.prepared(oid).is_some() {
            return Err(being_replaced(&object.described()));
        }
        object.definition = definition;
        self.put(object);
        Ok(())
    }

    /// Sets the comment on an object; `None` takes it away.
    ///
    /// # Errors
    /// 54000 where it is too long.
    pub fn set_comment(&mut self, oid: Oid, comment: Option<String>) -> Result<()> {
        check_comment(comment.as_deref())?;
        let mut object = Object::clone(&*self.existing(oid)?);
        object.comment = comment;
        self.put(object);
        Ok(())
    }

    /// Sets the comment on a column; `None` takes it away.
    ///
    /// # Errors
    /// 42703 where there is no such column, 54000 where the comment is too long.
    pub fn set_column_comment(
        &mut self,
        oid: Oid,
        column: &str,
        comment: Option<String>,
    ) -> Result<()> {
        check_comment(comment.as_deref())?;
        let mut object = Object::clone(&*self.existing(oid)?);
        check_column(&object.name, &object.schema, column)?;
        match comment {
            Some(comment) => object.column_comments.insert(column.to_owned(), comment),
            None => object.column_comments.remove(column),
        };
        self.put(object);
        Ok(())
    }

    /// Sets the comment on a constraint or an index; `None` takes it away.
    ///
    /// # Errors
    /// 54000 where it is too long.
    pub fn set_part_comment(
        &mut self,
        oid: Oid,
        part: &Part,
        comment: Option<String>,
    ) -> Result<()> {
        check_comment(comment.as_deref())?;
        let mut object = Object::clone(&*self.existing(oid)?);
        object.part_comments.set(part, comment);
        self.put(object);
        Ok(())
    }

    /// Sets who owns an object, and who else may do what with it.
    ///
    /// # Errors
    /// 54000 for too many grants.
    pub fn set_access(&mut self, oid: Oid, access: Access) -> Result<()> {
        check_access(&access)?;
        let mut object = Object::clone(&*self.existing(oid)?);
        object.access = access;
        self.put(object);
        Ok(())
    }

    /// Sets whether the scheduler leaves an object alone.
    ///
    /// # Errors
    /// None for an object that exists.
    pub fn set_suspended(&mut self, oid: Oid, suspended: bool) -> Result<()> {
        let mut object = Object::clone(&*self.existing(oid)?);
        object.suspended = suspended;
        self.put(object);
        Ok(())
    }

    /// Sets whether the rows of an object were taken from it.
    ///
    /// # Errors
    /// None for an object that exists.
    pub fn set_emptied(&mut self, oid: Oid, is_emptied: bool) -> Result<()> {
        let mut object = Object::clone(&*self.existing(oid)?);
        object.is_emptied = is_emptied;
        self.put(object);
        Ok(())
    }

    /// Sets the indexes of an object that are no constraints.
    ///
    /// # Errors
    /// 54000 where there are too many.
    pub fn set_indexes(&mut self, oid: Oid, indexes: Vec<CreateIndex>) -> Result<()> {
        if indexes.len() > INDEXES {
            return Err(too_many("indexes", INDEXES));
        }
        for index in &indexes {
            check_length("definition", &index.to_string(), DEFINITION_BYTES)?;
        }
        let mut object = Object::clone(&*self.existing(oid)?);
        object.indexes = indexes;
        object.drop_part_comments();
        self.put(object);
        Ok(())
    }
}
