//! Entity resolution: which records are one entity, how sure that is, and why.
//!
//! A [`RecordsBuilder`] takes in record batches and gives [`Records`]; [`Resolver::train`] learns a
//! [`Model`] from them, [`Resolver::pairs`] finds the pairs that match, [`Resolver::clusters`] the
//! entities that they make, [`entity_ids`] gives these ids that stay. A model holds parameters
//! alone and is written by serde: [`RecordsBuilder::finish_for`] and [`Resolver::new`] take it up
//! again, [`Resolver::update`] and [`Resolver::pairs_of`] score what has changed, and give what
//! everything scored again would. Nothing depends on the order of the records or on the threads.
//!
//! From records to entities: `reading` takes in columns as they come, `profile` finds out what a column
//! holds, by what its name lets expect (`hint`) and by its values (`national_numbers` checks those of
//! persons, `names_of_people` looks at what stands beside names), `clean` writes each distinct value
//! (`dictionary`, `feature`) in one way; a record is a row of numbers (`cell`). `choice` chooses
//! blocking rules (`rule`, made of `key_part`s) for what they find and cost, and for what `telling`
//! knows of duplicates that are yet to come; `blocks` has the records of each key. `compare` gives the levels of a pair (`comparison`, `levels`), packed into a pattern;
//! `training` fits the `mixture` of matching and other pairs, which `bands` go together, and what
//! `gaps` say, to patterns of `learning_pairs`; of a single comparison `chance` tells what is no match, of
//! texts by `decoys`; `identities` keep people apart who have others;
//! `source_repeats` finds out whether sources have each entity once, `one_to_one` and `best_candidates`
//! what that means; `scorer` weighs each candidate as it is found. `clusters` joins what matches,
//! `agglomerate` takes apart what chains of pairs have joined, and `decided` joins what people have
//! decided (`decisions`).

mod agglomerate;
mod bands;
mod best_candidates;
mod blocking_report;
mod blocks;
mod calibration;
mod cell;
mod chance;
mod choice;
mod clean;
mod clean_name;
mod clean_street;
mod clean_text;
mod clean_web;
mod clusters;
mod compare;
mod compared_features;
mod comparison;
mod components;
mod cooccurrence;
mod copies;
mod date_order;
mod decided;
mod decisions;
mod decoys;
mod dictionary;
mod entity_ids;
mod entity_sizes;
mod evaluate;
mod expected;
mod explain;
mod feature;
mod feature_kind;
mod fit;
mod fits;
mod gaps;
mod group_scores;
mod hashing;
mod hint;
mod hint_words;
mod hints;
mod identifiers;
mod identities;
mod idle;
mod key_part;
mod key_tables;
mod kind;
mod labels;
mod learning_pairs;
mod levels;
mod lookup;
mod many_copies;
mod mixture;
mod model;
mod names_of_people;
mod national_numbers;
mod one_to_one;
mod options;
mod own_levels;
mod pair;
mod pair_levels;
mod partners;
mod placeholder;
mod profile;
mod progress;
mod quantity;
mod rarity;
mod read_column;
mod reading;
mod records;
mod records_builder;
mod repeated;
mod repeats;
mod resolver;
mod restricted;
mod rows;
mod rule;
mod scorer;
mod shares;
mod source_repeats;
mod taught;
mod telling;
#[cfg(test)]
mod tests;
mod text_forms;
mod threads;
mod training;
mod tree;
mod update;
mod word_weights;

pub use blocking_report::RuleReport;
pub use calibration::{CalibrationBin, calibration, calibration_of_labels, label_suggestions};
pub use clusters::Clusters;
pub use decisions::Decisions;
pub use entity_ids::{Change, EntityIds, entity_ids};
pub use evaluate::{Evaluation, Quality, evaluate};
pub use explain::Explanation;
pub use group_scores::GroupScores;
pub use identifiers::repeated;
pub use idle::Idle;
pub use kind::ColumnKind;
pub use model::{Model, Parameter};
pub use options::{Link, ResolveOptions};
pub use own_levels::{MOST_OWN_LEVELS, OwnComparisons, OwnLevels};
pub use pair::Pair;
pub use pair_levels::PairLevels;
pub use progress::{Progress, Stage};
pub use records::{Column, Records};
pub use records_builder::RecordsBuilder;
pub use repeats::Repeat;
pub use resolver::Resolver;
pub use rows::within_the_calendar;
pub use taught::{KnownParameter, Label, Taught};
pub use update::Updated;
