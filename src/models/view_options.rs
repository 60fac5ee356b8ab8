//! The options of views: with whose rights they read.

use crate::error::{Error, Result, SqlState};
use crate::sql::Options;
use crate::sql::create_view::CreateView;

/// Whether a view reads with the rights of who asks, and not with those of its owner.
const SECURITY_INVOKER: &str = "security_invoker";

/// Whether conditions of who asks are kept from rows that a view hides. It is kept for clients that write it,
/// and shown in `pg_class.reloptions`.
const SECURITY_BARRIER: &str = "security_barrier";

/// What rows may be put into a view.
const CHECK_OPTION: &str = "check_option";

/// Checks the options of a view.
///
/// # Errors
/// 22023 for one that there is not, and for a value that is none; 0A000 for `check_option`, since views take
/// no rows.
pub fn check(options: &Options) -> Result<()> {
    let invalid = |message: String| Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    for (name, value) in &options.0 {
        match name.as_str() {
            SECURITY_INVOKER | SECURITY_BARRIER if boolean(value).is_some() => {}
            SECURITY_INVOKER | SECURITY_BARRIER => {
                let message = format!("invalid value for boolean option \"{name}\": {value}");
                return Err(invalid(message));
            }
            CHECK_OPTION if matches!(value.as_str(), "local" | "cascaded") => {
                let message =
                    "WITH CHECK OPTION is supported only on automatically updatable views";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
                    .with_hint("Views take no rows here; put them into the table."));
            }
            CHECK_OPTION => {
                let message = format!("invalid value for enum option \"{name}\": {value}");
                let detail = "Valid values are \"local\" and \"cascaded\".";
                return Err(invalid(message).with_detail(detail));
            }
            _ => return Err(invalid(format!("unrecognized parameter \"{name}\""))),
        }
    }
    Ok(())
}

/// Whether a view reads with the rights of who asks.
pub fn is_of_invoker(create: &CreateView) -> bool {
    let value = create.options.get(SECURITY_INVOKER);
    value.and_then(boolean) == Some(true)
}

/// What is to be told of options that do less here than in PostgreSQL.
pub fn notice(create: &CreateView) -> Option<Error> {
    let value = create.options.get(SECURITY_BARRIER);
    if value.and_then(boolean) != Some(true) {
        return None;
    }
    let message = format!(
        "{SECURITY_BARRIER} of view \"{}\" is without effect",
        create.name.name
    );
    Some(Error::new(SqlState::WARNING, message).with_detail(
        "Conditions of a query may be computed of rows that those of the view leave out.",
    ))
}

/// A truth, as PostgreSQL reads it: a word may be cut short.
pub(super) fn boolean(value: &str) -> Option<bool> {
    let value = value.to_lowercase();
    let begins = |word: &str| !value.is_empty() && word.starts_with(&value);
    match value.as_str() {
        "1" | "on" => Some(true),
        "0" | "of" | "off" => Some(false),
        _ if begins("true") || begins("yes") => Some(true),
        _ if begins("false") || begins("no") => Some(false),
        _ => None,
    }
}
