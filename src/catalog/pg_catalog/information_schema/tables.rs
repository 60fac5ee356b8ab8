//! `information_schema.tables` and `views`.

use super::super::functions::view_definition;
use super::super::table::{Rows, Value, row};
use super::{may_see, shown, yes_or_no};
use crate::catalog::is_temporary_schema;

pub static TABLE: Rows = Rows {
    of: "tables",
    make: |sources| {
        let database = sources.database();
        let snapshot = sources.snapshot();
        let rights = sources.rights(&snapshot);
        let relations = shown(sources).filter(|relation| may_see(&rights, relation));
        let rows = relations.map(|relation| {
            let table_type = match relation.kind {
                _ if is_temporary_schema(&relation.schema) => "LOCAL TEMPORARY",
                "v" => "VIEW",
                "f" => "FOREIGN",
                _ => "BASE TABLE",
            };
            row![
                database.as_str(),
                relation.schema.as_str(),
                relation.name.as_str(),
                table_type,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                yes_or_no(relation.kind == "r"),
                "NO",
                Value::Null,
            ]
        });
        Ok(rows.collect())
    },
};

pub static VIEWS: Rows = Rows {
    of: "views",
    make: |sources| {
        let database = sources.database();
        let snapshot = sources.snapshot();
        let rights = sources.rights(&snapshot);
        let views = shown(sources).filter(|relation| relation.kind == "v");
        let views = views.filter(|view| may_see(&rights, view));
        let rows = views.map(|view| {
            // As in Postgres, the owner alone is told how a view is made.
            let object = view.object.as_ref();
            let is_own = object.is_some_and(|object| rights.owns(&object.access));
            let definition = view_definition(&view).filter(|_| is_own);
            row![
                database.as_str(),
                view.schema.as_str(),
                view.name.as_str(),
                definition.map_or(Value::Null, Value::Text),
                "NONE",
                "NO",
                "NO",
                "NO",
                "NO",
                "NO",
            ]
        });
        Ok(rows.collect())
    },
};
