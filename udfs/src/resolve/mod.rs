//! Entity resolution: which records are one entity, how sure that is, and why.

pub mod agglomerate;
mod blocks;
mod cell;
mod choice;
mod clean;
mod clusters;
mod compare;
mod comparison;
mod components;
mod dictionary;
mod explain;
mod feature;
mod hashing;
mod key_part;
mod kind;
mod mixture;
mod model;
mod options;
mod placeholder;
mod profile;
mod records;
mod resolver;
mod rule;
mod scorer;
mod threads;
mod training;
mod tree;
mod word_weights;

pub use clusters::Clusters;
pub use explain::Explanation;
pub use kind::ColumnKind;
pub use model::{Model, Parameter};
pub use options::{Link, ResolveOptions};
pub use records::{Column, Records, RecordsBuilder};
pub use resolver::{Pair, Resolver, RuleReport};
