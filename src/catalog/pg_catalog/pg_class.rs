//! `pg_class`: relations.

use std::collections::BTreeMap;

use super::pg_index::method;
use super::relation::{Relation, wanted_relations};
use super::table::{Row, Rows, Value, row};
use super::table_constraint::{constraints_of, indexes_of, row_type};
use super::types::has_row_type;
use crate::catalog::privilege::Privilege;
use crate::catalog::system::SystemSources;
use crate::catalog::{Object, is_temporary_schema};
use crate::models::storage_parameters::TOAST;
use crate::sql::{Options, Statement};

/// PostgreSQL's number of the access method `heap`, which relations have by name alone.
const HEAP: i64 = 2;

pub static TABLE: Rows = Rows {
    of: "pg_class",
    make: |sources| {
        let all = wanted_relations(sources);
        let states = match all.iter().any(|relation| relation.kind == "m") {
            true => sources.journal().model_states()?,
            false => BTreeMap::new(),
        };
        let version = |relation: &Relation| {
            let state = states.get(&relation.object.as_ref()?.oid)?;
            Some((state.version?, state.rows))
        };
        Ok(all
            .iter()
            .map(|relation| class(sources, relation, version(relation)))
            .collect())
    },
};

/// The row of a relation; `version` is that of a materialized view with its rows.
fn class(
    sources: &dyn SystemSources,
    relation: &Relation,
    version: Option<(i64, Option<u64>)>,
) -> Row {
    let rows = match (&relation.object, relation.kind) {
        (Some(object), "r") => sources
            .table_statistics(object)
            .and_then(|statistics| statistics.rows),
        _ => version.and_then(|(_, rows)| rows),
    };
    // PostgreSQL says -1 where it does not know.
    let rows = rows.map_or(-1, |rows| i64::try_from(rows).unwrap_or(i64::MAX));
    let is_emptied = relation
        .object
        .as_ref()
        .is_some_and(|object| object.is_emptied);
    let is_populated = relation.kind != "m" || version.is_some() && !is_emptied;
    let access_method = match relation.kind {
        "r" | "m" => HEAP,
        "i" => {
            let all = relation.object.iter().flat_map(|table| indexes_of(table));
            let mut found = all.filter(|index| index.oid() == relation.oid);
            found.next().map_or(0, |index| method(index.method()))
        }
        _ => 0,
    };
    let table = relation.object.as_deref().filter(|_| relation.kind == "r");
    let checks = table.into_iter().flat_map(constraints_of);
    let checks = checks.filter(|constraint| constraint.kind() == "c").count();
    let checks = i64::try_from(checks).unwrap_or(i64::MAX);
    // PostgreSQL keeps foreign keys by triggers on both tables, and clients look for these first.
    let has_triggers = table.is_some_and(|table| {
        let mut own = constraints_of(table);
        own.any(|constraint| constraint.kind() == "f")
            || !sources.snapshot().references_to(&table.name).is_empty()
    });
    let keyed = relation.object.as_deref();
    let mut indexes = keyed
        .filter(|_| matches!(relation.kind, "r" | "m"))
        .into_iter()
        .flat_map(indexes_of);
    let has_index = indexes.next().is_some();
    // What PostgreSQL gives to new tables; what has none says so.
    let identity = match (&relation.object, relation.kind) {
        (Some(_), "r" | "m") => "d",
        _ => "n",
    };
    let object = relation.object.as_deref().filter(|_| relation.kind != "i");
    let items = object.and_then(|object| {
        let own = Privilege::of_kind(object.kind);
        object.access.items(&sources.snapshot(), own, None)
    });
    let columns = i64::try_from(relation.columns.fields().len()).unwrap_or(i64::MAX);
    // Neither indexes nor sequences have rows of a type.
    let own = object.filter(|object| relation.kind != "S" && has_row_type(object));
    let table_type = match relation.kind {
        "c" => object.map_or(0, |of| of.oid.into()),
        _ => own.map_or(0, row_type),
    };
    row![
        relation.oid,
        relation.name.as_str(),
        relation.namespace,
        table_type,
        0,
        relation.owner,
        access_method,
        0,
        0,
        0,
        rows,
        0,
        0,
        has_index,
        false,
        if is_temporary_schema(&relation.schema) {
            "t"
        } else {
            "p"
        },
        relation.kind,
        columns,
        checks,
        // To PostgreSQL a view is a table with a rule, and clients look for the rules of those alone.
        matches!(relation.kind, "v" | "m"),
        has_triggers,
        false,
        false,
        false,
        is_populated,
        identity,
        false,
        0,
        0,
        0,
        Value::texts(items),
        Value::texts(match relation.kind {
            "i" => parameters(relation),
            _ => object.and_then(options),
        }),
        Value::Null,
    ]
}

/// The options of a table, a view or a materialized view, as PostgreSQL writes storage parameters.
fn options(object: &Object) -> Option<Vec<String>> {
    let options = match &object.definition {
        Statement::CreateTable(create) => &create.options,
        Statement::CreateView(create) => &create.options,
        Statement::CreateMaterializedView(create) => &create.options,
        _ => return None,
    };
    written(options)
}

/// The storage parameters of an index.
fn parameters(relation: &Relation) -> Option<Vec<String>> {
    let mut indexes = indexes_of(relation.object.as_deref()?);
    let index = indexes.find(|index| index.oid() == relation.oid)?;
    index.parameters().and_then(written)
}

fn written(options: &Options) -> Option<Vec<String>> {
    let options = options.0.iter();
    let options: Vec<String> = options
        .filter(|(name, _)| !name.starts_with(TOAST))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (!options.is_empty()).then_some(options)
}
