//! Tests of the whole program: a server process, real clients, real files.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod access;
mod authority;
mod case_study;
mod case_study_changes;
mod cli;
mod clients;
mod constraint_definitions;
mod copy_binary;
mod copy_conditions;
mod copy_options;
mod crash;
mod crashes;
mod dates_in_files;
mod docker;
mod docs;
mod dumped_arrays;
mod encodings;
mod encryption;
mod engines;
mod entity_models;
mod entity_refreshes;
mod equal_changes;
mod equal_merges;
mod equal_subqueries;
mod equal_to_postgres;
mod equal_transactions;
mod equal_types;
mod formatting;
mod full_disk;
mod fuzzed_sessions;
mod incremental;
mod json;
mod kinds;
mod latest_views;
mod long_calls;
mod lookback;
mod maintenance;
mod memory;
mod merged_columns;
mod names_in_files;
mod notifications;
mod object_stores;
mod pages;
mod pipelines;
mod plan;
mod postgres;
mod psql;
mod quickstart;
mod replaced;
mod schedule;
mod server;
mod sessions;
mod slt;
mod source_columns;
mod source_names;
mod source_records;
mod told;
mod told_refreshes;
mod told_types;
mod tools;
mod transactions;
mod wire;
