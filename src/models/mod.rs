//! Models: what is built from what. The project folder, the dependency graph, refreshing,
//! expectations, checks.

pub mod announcement;
mod appended_columns;
mod apply;
pub mod backfill;
pub mod check;
pub mod constraints;
pub mod define;
mod difference;
pub mod domain;
pub mod expectation;
pub mod expression;
pub mod foresee;
pub mod function;
pub mod graph;
pub mod incremental;
pub mod kept_literals;
pub mod keyed;
mod left;
pub mod lineage;
pub mod lookback;
pub mod maintenance;
pub mod named_literals;
pub mod partitioned;
pub mod plan;
pub mod progress;
pub mod project;
pub mod recorded;
pub mod refresh;
pub mod rejected;
pub mod replacement;
pub mod replan;
pub mod resolution;
pub mod run;
pub mod schedule;
pub mod schema_change;
pub mod source_columns;
pub mod stale;
pub mod storage_parameters;
pub mod types;
pub mod vacuum;
pub mod view_options;

use crate::catalog::{Kind, Object};
use crate::warehouse::TableId;
use resolution::Companion;

/// All tables of an object that has rows in the warehouse.
pub fn tables(object: &Object) -> Vec<TableId> {
    let mut tables = vec![table_id(object), rejected::table_id(object)];
    if object.kind == Kind::Model {
        tables.extend(Companion::ALL.map(|companion| companion.table_id(object)));
    }
    tables
}

/// The table that holds the rows of a table or materialized view, and the clusters of a model.
pub fn table_id(object: &Object) -> TableId {
    object.table()
}
