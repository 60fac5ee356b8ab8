//! What a refresh has to say of what it did not do.

use tributary_udfs::resolve::Idle;

use super::finding::Decided;
use super::found::Found;
use super::refresh::Refresh;
use crate::catalog::journal::RefreshWarning;
use crate::error::{Error, SqlState};

impl Refresh<'_> {
    /// What to say of records of which none was compared.
    pub(super) fn warning(&self, found: &Found) -> Option<RefreshWarning> {
        let hint = match found.resolver.idle()? {
            Idle::NoColumn => {
                "Columns that are all NULL or all the same, and moments of changes, tell nothing. Add others to its query, or say what they hold, as in compare = {'column': 'free_text'}."
            }
            Idle::OneSource => {
                "Records of different sources are compared, and all of them are of one. Leave out link = 'link_only' and one_to_one, or add the records of another source to its query."
            }
            Idle::OneASource => {
                "Records of one source are compared, and each source has a single one. Leave out link = 'dedupe' to compare those of different sources."
            }
            Idle::NoRule => {
                "Whatever records have in common, more of them have it than pair_budget allows to compare. Raise it, add columns to its query that tell more, or say by block_on what records are to have in common."
            }
            Idle::NoBlock => {
                "No two records share a block. Where the option block_on says what they are to have in common, add what more of them have, or leave it out."
            }
        };
        Some(RefreshWarning {
            message: format!(
                "{} compares nothing: each record is an entity of its own",
                self.object.described()
            ),
            hint: hint.to_owned(),
        })
    }

    /// What to say of decisions on records that are not there.
    pub(super) fn passed_over(&self, decided: &Decided) -> Vec<Error> {
        let told = match decided.passed_over {
            0 => return Vec::new(),
            1 => "1 decision names a record that is not there, and is passed over".to_owned(),
            count => {
                format!("{count} decisions name records that are not there, and are passed over")
            }
        };
        let told = format!("{}: {told}", self.object.described());
        vec![Error::new(SqlState::WARNING, told).with_hint(
            "Those of must_link and cannot_link hold as soon as the query has the records.",
        )]
    }

    /// What to say of so many labels of records that are not there.
    pub(super) fn unknown_labels(&self, count: usize) -> Vec<Error> {
        let told = match count {
            0 => return Vec::new(),
            1 => "1 label names a record that is not there, and is passed over".to_owned(),
            count => format!("{count} labels name records that are not there, and are passed over"),
        };
        let told = format!("{}: {told}", self.object.described());
        vec![Error::new(SqlState::WARNING, told).with_hint(
            "Once the query has the records, REFRESH MODEL ... FULL learns from their labels, too.",
        )]
    }

    /// What to say of columns that are not compared, as there are too many.
    pub(super) fn left_out(&self, found: &Found) -> Vec<Error> {
        let names = found.resolver.left_out();
        if names.is_empty() {
            return Vec::new();
        }
        let told = format!(
            "{} compares {} columns and no more: it leaves out {}",
            self.object.described(),
            found.resolver.model().comparisons().count(),
            names.join(", ")
        );
        vec![Error::new(SqlState::WARNING, told).with_hint(
            "Those of which the option compare says what they hold come first, and then those that tell most. Leave out others by compare = {'column': 'ignore'}.",
        )]
    }
}
