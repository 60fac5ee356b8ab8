//! The sequences of identity columns, which PostgreSQL lists as relations: they are parts of their
//! table, and `pg_dump` finds by them what a column's numbers are.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};

use super::relation::Relation;
use super::table_constraint::identity_number;
use crate::catalog::Object;
use crate::models::constraints;
use crate::sql::create_sequence::{SequenceType, columns};
use crate::sql::identity::Identity;

/// The sequence of an identity column.
#[derive(Clone)]
pub struct IdentitySequence {
    /// The table.
    pub table: Arc<Object>,
    /// The name of the column.
    pub column: String,
    /// Its place in the table, which counts from 1.
    pub number: i64,
    /// Its numbers.
    pub numbers: Identity,
}

impl IdentitySequence {
    /// The type of the numbers, which is the column's.
    pub fn data_type(&self) -> SequenceType {
        sequence_type(&self.table, &self.column)
    }

    /// As a relation, beside its table.
    pub fn relation(self, table: &Relation) -> Relation {
        let name = constraints::sequence_of(&self.table, &self.column).name;
        Relation {
            oid: identity_number(&self.table, self.number),
            name,
            kind: "S",
            columns: Arc::new(columns()),
            comment: None,
            column_comments: BTreeMap::new(),
            object: None,
            identity: Some(self),
            ..table.clone()
        }
    }
}

/// The type of the numbers of an identity column, which is the column's.
pub fn sequence_type(table: &Object, column: &str) -> SequenceType {
    match table.schema.field_with_name(column).map(Field::data_type) {
        Ok(DataType::Int16) => SequenceType::SmallInt,
        Ok(DataType::Int32) => SequenceType::Integer,
        _ => SequenceType::BigInt,
    }
}

/// The sequences of a table's identity columns.
pub fn identity_sequences(table: &Arc<Object>) -> impl Iterator<Item = IdentitySequence> {
    let fields = table.schema.fields().iter().zip(1..);
    fields.filter_map(|(field, number)| {
        Some(IdentitySequence {
            table: Arc::clone(table),
            column: field.name().clone(),
            number,
            numbers: constraints::identity_of(table, field.name())?,
        })
    })
}
