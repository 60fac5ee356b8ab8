//! Models: what a project folder defines, in what order it is built, and what comes from where.

pub mod graph;
pub mod lineage;
pub mod project;

pub use graph::{Graph, Schedule};
pub use lineage::{ColumnLineage, lineage};
pub use project::{Project, ProjectModel};
