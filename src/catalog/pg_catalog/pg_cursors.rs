//! `pg_cursors`: the cursors of the session.

use super::table::{Rows, row};

pub static TABLE: Rows = Rows {
    of: "pg_cursors",
    make: |sources| {
        let cursors = sources.cursors().into_iter();
        let rows = cursors.map(|(name, cursor)| {
            row![
                name,
                cursor.text.to_string(),
                cursor.is_holdable,
                cursor.is_binary,
                cursor.is_scrollable,
                cursor.declared_at,
            ]
        });
        Ok(rows.collect())
    },
};
