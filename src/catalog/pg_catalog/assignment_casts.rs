//! Which built-in types' values become values of others where they are assigned to a column of these.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::data;
use crate::wire::types::PostgresType;

/// Types whose values any other one's are written as.
const TEXTS: [PostgresType; 4] = [
    PostgresType::TEXT,
    PostgresType::VARCHAR,
    PostgresType::BPCHAR,
    PostgresType::NAME,
];

/// The casts that are made without a word where values are assigned: from which type to which.
static CASTS: LazyLock<HashSet<(u32, u32)>> = LazyLock::new(|| {
    let lines = data::rows_of("pg_cast").unwrap_or_default().lines();
    let casts = lines.filter_map(|line| {
        let mut fields = line.split('\t').skip(1);
        let from = fields.next()?.parse().ok()?;
        let to = fields.next()?.parse().ok()?;
        // Behind it is the function: `a` is for assignments, `i` for any place.
        let context = fields.nth(1)?;
        matches!(context, "a" | "i").then_some((from, to))
    });
    casts.collect()
});

/// Whether values of a type that is no array may be assigned to columns of another such.
pub fn is_assigned(from: u32, to: u32) -> bool {
    from == to || TEXTS.iter().any(|text| text.oid == to) || CASTS.contains(&(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_others_as_in_postgresql() {
        let cases = [
            (PostgresType::INT8, PostgresType::INT4, true),
            (PostgresType::FLOAT8, PostgresType::NUMERIC, true),
            (PostgresType::INT4, PostgresType::TEXT, true),
            (PostgresType::JSONB, PostgresType::VARCHAR, true),
            (PostgresType::TEXT, PostgresType::INT4, false),
            (PostgresType::BOOL, PostgresType::INT4, false),
            (PostgresType::INT4, PostgresType::BOOL, false),
            (PostgresType::TIMESTAMP, PostgresType::DATE, true),
            (PostgresType::DATE, PostgresType::TIME, false),
            (PostgresType::INTERVAL, PostgresType::TIME, true),
            (PostgresType::JSON, PostgresType::JSONB, true),
            (PostgresType::TEXT, PostgresType::JSONB, false),
            (PostgresType::TEXT, PostgresType::UUID, false),
            (PostgresType::OID, PostgresType::INT8, true),
        ];
        for (from, to, expected) in cases {
            assert_eq!(
                is_assigned(from.oid, to.oid),
                expected,
                "{} to {}",
                from.oid,
                to.oid
            );
        }
    }
}
