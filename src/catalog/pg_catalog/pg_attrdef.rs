//! `pg_attrdef`: defaults of columns.

use super::relation::wanted_relations;
use super::table::{Rows, row};
use super::table_constraint::defaults_of;

pub static TABLE: Rows = Rows {
    of: "pg_attrdef",
    make: |sources| {
        let mut rows = Vec::new();
        for relation in wanted_relations(sources) {
            if let (Some(object), "r") = (&relation.object, relation.kind) {
                let all = defaults_of(object);
                rows.extend(all.map(|it| row![it.oid, relation.oid, it.column, it.tree()]));
            }
        }
        Ok(rows)
    },
};
