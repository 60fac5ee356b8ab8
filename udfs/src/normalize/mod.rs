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
mod unicode;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    [
        ScalarUDF::from(email_domain::EmailDomain::new()),
        ScalarUDF::from(fingerprint::Fingerprint::new()),
        ScalarUDF::from(is_valid_email::IsValidEmail::new()),
        ScalarUDF::from(is_valid_phone::IsValidPhone::new()),
        ScalarUDF::from(map_enum::MapEnum::new()),
        ScalarUDF::from(nickname_root::NicknameRoot::new()),
        ScalarUDF::from(normalize_address::NormalizeAddress::new()),
        ScalarUDF::from(normalize_email::NormalizeEmail::new()),
        ScalarUDF::from(normalize_name::NormalizeName::new()),
        ScalarUDF::from(normalize_phone::NormalizePhone::new()),
        ScalarUDF::from(parse_date::ParseDate::new()),
        ScalarUDF::from(squash_whitespace::SquashWhitespace::new()),
        ScalarUDF::from(unaccent::Unaccent::new()),
    ]
    .map(Arc::new)
    .to_vec()
}
