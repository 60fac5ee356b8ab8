//! `pg_prepared_statements`: the prepared statements of the session.

use super::table::{Rows, row};
use super::types::format_any_type;

pub static TABLE: Rows = Rows {
    of: "pg_prepared_statements",
    make: |sources| {
        let statements = sources.prepared_statements().into_iter();
        let rows = statements.map(|(name, statement)| {
            let oids = statement.parameter_oids.iter();
            let types: Vec<String> = oids.map(|oid| format_any_type(sources, *oid, -1)).collect();
            // Each run is planned anew, and none counts its runs.
            row![
                name,
                statement.text.to_string(),
                statement.prepared_at,
                types,
                statement.from_sql,
                0,
                0,
            ]
        });
        Ok(rows.collect())
    },
};
