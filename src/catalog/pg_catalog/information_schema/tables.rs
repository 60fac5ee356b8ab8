//! `information_schema.tables` and `views`.

use super::super::functions::view_definition;
use super::super::table::{Rows, Value, row};
use super::{shown, yes_or_no};

pub static TABLE: Rows = Rows {
    of: "tables",
    make: |sources| {
        let database = sources.database();
        let rows = shown(sources).map(|relation| {
            let table_type = match relation.kind {
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
        let views = shown(sources).filter(|relation| relation.kind == "v");
        let rows = views.map(|view| {
            let definition = view_definition(&view);
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
