//! One way to write what people write in many ways.

mod address_folding;
mod address_parts;
pub(crate) mod address_text;
pub(crate) mod address_words;
mod country_table;
mod country_text;
pub(crate) mod currency_table;
pub(crate) mod date_text;
mod day_count;
mod disposable_domains;
mod email_domain;
pub(crate) mod email_text;
mod fingerprint;
mod folding;
mod fuzzy_enum;
mod fuzzy_text;
mod hash_pii;
#[cfg(test)]
mod hostile;
mod is_disposable_email;
mod is_valid_email;
mod is_valid_phone;
mod iso_text;
mod map_enum;
mod map_text;
pub(crate) mod money_text;
mod month_names;
mod name_parts;
mod name_text;
mod name_tokens;
mod name_words;
mod nickname_root;
pub(crate) mod nicknames;
mod normalize_address;
mod normalize_country;
mod normalize_currency;
mod normalize_email;
mod normalize_name;
mod normalize_phone;
mod normalize_postcode;
mod normalize_state;
mod numbering_plan;
mod numbering_rules;
mod parse_address;
mod parse_date;
mod parse_money;
mod parse_name;
mod parse_url;
mod parse_user_agent;
mod phone_text;
mod postcode_text;
mod squash_whitespace;
mod state_table;
#[cfg(test)]
mod tests;
mod time_of_day;
mod to_iso8601;
mod token_search;
mod unaccent;
pub(crate) mod unicode;
mod url_parameter;
pub(crate) mod url_text;
mod user_agent_text;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &email_domain::FUNCTION,
        &fingerprint::FUNCTION,
        &fuzzy_enum::FUNCTION,
        &hash_pii::FUNCTION,
        &is_disposable_email::FUNCTION,
        &is_valid_email::FUNCTION,
        &is_valid_phone::FUNCTION,
        &map_enum::FUNCTION,
        &nickname_root::FUNCTION,
        &normalize_address::FUNCTION,
        &normalize_country::FUNCTION,
        &normalize_currency::FUNCTION,
        &normalize_email::FUNCTION,
        &normalize_name::FUNCTION,
        &normalize_phone::FUNCTION,
        &normalize_postcode::FUNCTION,
        &normalize_state::FUNCTION,
        &parse_address::FUNCTION,
        &parse_date::FUNCTION,
        &parse_money::FUNCTION,
        &parse_name::FUNCTION,
        &parse_url::FUNCTION,
        &parse_user_agent::FUNCTION,
        &squash_whitespace::FUNCTION,
        &to_iso8601::FUNCTION,
        &unaccent::FUNCTION,
        &url_parameter::FUNCTION,
    ])
}
