//! Models: what is built from what. The project folder, the dependency graph, refreshing,
//! expectations, checks.

mod apply;
pub mod check;
pub mod define;
mod difference;
pub mod expectation;
pub mod foresee;
pub mod graph;
mod left;
pub mod lineage;
pub mod plan;
pub mod progress;
pub mod project;
pub mod refresh;
pub mod rejected;
pub mod replacement;
pub mod replan;
pub mod run;
pub mod stale;

use crate::catalog::Object;
use crate::warehouse::TableId;

/// The table that holds the rows of a table or materialized view.
pub fn table_id(object: &Object) -> TableId {
    TableId::new(object.oid, &object.name.schema, &object.name.name)
}
