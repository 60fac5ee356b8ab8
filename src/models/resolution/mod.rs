//! Entity resolution: models that tell which records are one entity.
//!
//! A refresh writes the records of the model's query to a table, has the engine (`resolve` of
//! tributary-udfs) learn from them or score them by what it has learned, and writes what it found to
//! tables beside that of the clusters, whose commit is the last: it names the versions of the others
//! that belong to it.

mod called;
mod calls;
mod changed;
mod columns;
mod companion;
mod computed;
mod conditions;
mod explain;
mod finding;
mod found;
mod functions;
mod history;
mod index;
mod input;
mod learned;
mod links;
mod option_text;
mod options;
mod outgrown;
mod parameters;
mod places;
mod previous;
mod reference;
mod refresh;
mod relearning;
mod resolved;
mod row_changes;
mod row_hashes;
mod row_keys;
mod scan;
mod taken_back;
mod traced;
mod update;
mod warnings;
mod whole;
mod writing;
mod written_behind;

pub use calls::qualify as qualify_calls;
pub use columns::{columns, columns_of};
pub use companion::Companion;
pub use functions::{Asked, LateralCalls, LookedUp};
pub use index::Indexes;
pub use links::check as check_relations;
pub use options::{MODEL_OPTIONS, ModelOption};
pub use reference::reference;
pub use refresh::Refresh;
pub use relearning::{UNLEARNED, check_option, makes_entities, unlearned_changes};
pub use resolved::{Resolved, told_once_more};
pub use row_keys::indexed;
