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
            if let Some((data_type, numbers, cache)) = numbered(&relation) {
                rows.push(row![
                    relation.oid,
                    type_number(data_type),
                    numbers.start,
                    numbers.increment,
                    numbers.maximum,
                    numbers.minimum,
                    cache,
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
            let state = match (&relation.identity, &relation.object) {
                (Some(identity), _) => (&identity.table, identity.column.as_str()),
                (None, Some(object)) => (object, ""),
                (None, None) => continue,
            };
            if let Some((data_type, numbers, cache)) = numbered(&relation) {
                let (last, is_called) = sources.sequence_state(state.0, state.1)?;
                rows.push(row![
                    relation.schema.as_str(),
                    relation.name.as_str(),
                    role_name(sources, relation.owner),
                    type_number(data_type),
                    numbers.start,
                    numbers.minimum,
                    numbers.maximum,
                    numbers.increment,
                    numbers.cycles,
                    cache,
                    is_called.then_some(last),
                ]);
            }
        }
        Ok(rows)
    },
};

/// The type, the numbers and the cache of a sequence, that of an identity column among them.
fn numbered(relation: &Relation) -> Option<(SequenceType, Identity, i64)> {
    if let Some(identity) = &relation.identity {
        return Some((identity.data_type(), identity.numbers, 1));
    }
    let (options, numbers) = sequence(relation)?;
    Some((options.data_type(), numbers, options.cache.unwrap_or(1)))
}

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
