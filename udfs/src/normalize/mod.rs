//! One way to write what people write in many ways.

mod address_folding;
mod address_text;
mod address_words;
mod date_text;
mod day_count;
mod email_domain;
mod email_text;
mod fingerprint;
mod is_valid_email;
mod is_valid_phone;
mod map_enum;
mod map_text;
mod month_names;
mod name_text;
mod name_words;
mod nickname_root;
mod nicknames;
mod normalize_address;
mod normalize_email;
mod normalize_name;
mod normalize_phone;
mod numbering_plan;
mod numbering_rules;
mod parse_date;
mod phone_text;
mod squash_whitespace;
#[cfg(test)]
mod tests;
mod time_of_day;
mod unaccent;
pub(crate) mod unicode;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &email_domain::FUNCTION,
        &fingerprint::FUNCTION,
        &is_valid_email::FUNCTION,
        &is_valid_phone::FUNCTION,
        &map_enum::FUNCTION,
        &nickname_root::FUNCTION,
        &normalize_address::FUNCTION,
        &normalize_email::FUNCTION,
        &normalize_name::FUNCTION,
        &normalize_phone::FUNCTION,
        &parse_date::FUNCTION,
        &squash_whitespace::FUNCTION,
        &unaccent::FUNCTION,
    ])
}
