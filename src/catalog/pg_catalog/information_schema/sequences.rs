//! `information_schema.sequences`.

use super::super::pg_sequence::sequence;
use super::super::relation::relations;
use super::super::table::{Rows, row};
use crate::sql::create_sequence::SequenceType;

pub static TABLE: Rows = Rows {
    of: "sequences",
    make: |sources| {
        let mut rows = Vec::new();
        for relation in relations(sources) {
            if let Some((options, numbers)) = sequence(&relation) {
                rows.push(row![
                    sources.database(),
                    relation.schema.as_str(),
                    relation.name.as_str(),
                    options.data_type().as_str(),
                    bits(options.data_type()),
                    2,
                    0,
                    numbers.start.to_string(),
                    numbers.minimum.to_string(),
                    numbers.maximum.to_string(),
                    numbers.increment.to_string(),
                    if numbers.cycles { "YES" } else { "NO" },
                ]);
            }
        }
        Ok(rows)
    },
};

fn bits(data_type: SequenceType) -> i64 {
    match data_type {
        SequenceType::SmallInt => 16,
        SequenceType::Integer => 32,
        SequenceType::BigInt => 64,
    }
}
