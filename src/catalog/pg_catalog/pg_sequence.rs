//! `pg_sequence` and `pg_sequences`: sequences that have names of their own.

use super::name_functions::role_name;
use super::relation::{Relation, relations};
use super::table::{Rows, row};
use crate::sql::Statement;
use crate::sql::create_sequence::{SequenceOptions, SequenceType};
use crate::sql::identity::Identity;

pub static TABLE: Rows = Rows {
    of: "pg_sequence",
    make: |sources| {
        let mut rows = Vec::new();
        for relation in relations(sources) {
            if let Some((options, numbers)) = sequence(&relation) {
                rows.push(row![
                    relation.oid,
                    type_number(options.data_type()),
                    numbers.start,
                    numbers.increment,
                    numbers.maximum,
                    numbers.minimum,
                    options.cache.unwrap_or(1),
                    numbers.cycles,
                ]);
            }
        }
        Ok(rows)
    },
};

pub static SEQUENCES: Rows = Rows {
    of: "pg_sequences",
    make: |sources| {
        let mut rows = Vec::new();
        for relation in relations(sources) {
            if let (Some((options, numbers)), Some(object)) =
                (sequence(&relation), &relation.object)
            {
                let (last, is_called) = sources.sequence_state(object)?;
                rows.push(row![
                    relation.schema.as_str(),
                    relation.name.as_str(),
                    role_name(sources, relation.owner),
                    type_number(options.data_type()),
                    numbers.start,
                    numbers.minimum,
                    numbers.maximum,
                    numbers.increment,
                    numbers.cycles,
                    options.cache.unwrap_or(1),
                    is_called.then_some(last),
                ]);
            }
        }
        Ok(rows)
    },
};

/// What a relation that is a sequence says of its numbers.
pub fn sequence(relation: &Relation) -> Option<(&SequenceOptions, Identity)> {
    match &relation.object.as_ref()?.definition {
        Statement::CreateSequence(create) => {
            Some((&create.options, create.options.numbers().ok()?))
        }
        _ => None,
    }
}

fn type_number(data_type: SequenceType) -> i64 {
    match data_type {
        SequenceType::SmallInt => 21,
        SequenceType::Integer => 23,
        SequenceType::BigInt => 20,
    }
}
