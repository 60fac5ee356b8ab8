//! Definitions of a model that differ in nothing that it learns from: of what it has learned, only the
//! entities are made anew.

use super::options::MODEL_OPTIONS;
use crate::error::Result;
use crate::models::schedule::SCHEDULING_OPTIONS;
use crate::sql::Statement;
use crate::sql::create_model::CreateModel;
use crate::sql::model_options::OptionValue;
use crate::sql::options::check_known;
use crate::sql::shown::Shown;

/// The options that say which entities are made of what was learned.
const OF_ENTITIES: [&str; 3] = ["threshold", "must_link", "cannot_link"];

/// The options that say how, or when, the work is done.
const OF_WORK: [&str; 3] = [
    "threads",
    SCHEDULING_OPTIONS[0].name,
    SCHEDULING_OPTIONS[1].name,
];

/// The options of a model that can change without its learning again.
pub const UNLEARNED: [&str; 6] = [
    OF_ENTITIES[0],
    OF_ENTITIES[1],
    OF_ENTITIES[2],
    OF_WORK[0],
    OF_WORK[1],
    OF_WORK[2],
];

/// Whether entities are made anew where this option changes.
pub fn makes_entities(option: &str) -> bool {
    OF_ENTITIES.contains(&option)
}

/// That a model has an option of this name.
///
/// # Errors
/// 22023, naming the nearest, where it has none.
pub fn check_option(name: &str) -> Result<()> {
    let known: Vec<&str> = MODEL_OPTIONS.iter().map(|option| option.name).collect();
    check_known(std::iter::once(name), &known, "a model")
}

/// The options in which two definitions of a model differ, where they differ in nothing else and nothing
/// is learned from these; none where they are the same.
pub fn unlearned_changes(old: &Statement, new: &Statement) -> Option<Vec<&'static str>> {
    let (Statement::CreateModel(old), Statement::CreateModel(new)) = (old, new) else {
        return None;
    };
    let queries = [old, new].map(|create| Shown(create.query.as_ref()).to_string());
    let is_same = queries[0] == queries[1] && learned_from(old) == learned_from(new);
    let differs = |name: &&&str| old.options.get(name) != new.options.get(name);
    let changes: Vec<&str> = UNLEARNED.iter().filter(differs).copied().collect();
    (is_same && !changes.is_empty()).then_some(changes)
}

/// The options that a model learns from, whatever their order.
fn learned_from(create: &CreateModel) -> Vec<(&str, &OptionValue)> {
    let all = create.options.0.iter();
    let mut options: Vec<(&str, &OptionValue)> = all
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| !UNLEARNED.contains(name))
        .collect();
    options.sort_unstable_by_key(|(name, _)| *name);
    options
}
