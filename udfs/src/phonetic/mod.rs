//! How a text sounds.

mod cologne_phonetic;
mod cologne_rules;
mod daitch_mokotoff;
mod difference;
mod dmetaphone;
mod dmetaphone_alt;
mod double_metaphone;
mod letters;
mod match_rating_codex;
mod match_rating_comparison;
mod match_rating_rules;
mod metaphone;
mod metaphone_rules;
mod nysiis;
mod nysiis_rules;
pub(crate) mod soundex;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &cologne_phonetic::FUNCTION,
        &daitch_mokotoff::FUNCTION,
        &difference::FUNCTION,
        &dmetaphone::FUNCTION,
        &dmetaphone_alt::FUNCTION,
        &match_rating_codex::FUNCTION,
        &match_rating_comparison::FUNCTION,
        &metaphone::FUNCTION,
        &nysiis::FUNCTION,
        &soundex::FUNCTION,
    ])
}
