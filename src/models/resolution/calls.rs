//! Functions of users that expressions in the options of a model call.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::catalog::{Kind, Oid, Snapshot};
use crate::error::Result;
use crate::models::stale::hex;
use crate::session::{plan, user_functions};
use crate::sql::create_model::CreateModel;
use crate::sql::model_options::ModelOptions;

/// What a refresh says that learns anew for them.
pub const FUNCTIONS_CHANGED: &str = "functions that its options call are others than before";

/// Gives calls their full names; answers the functions, and what these read.
///
/// # Errors
/// 42883 for a call with arguments that no function of the name takes; 42725 where several do.
pub fn qualify(
    options: &mut ModelOptions,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<BTreeSet<Oid>> {
    let mut called = BTreeSet::new();
    if snapshot.has_functions() {
        options.change_expressions(&mut |expression| {
            called.extend(user_functions::qualify(expression, snapshot, path)?);
            Ok(())
        })?;
    }
    Ok(plan::read_by_functions(snapshot, called))
}

/// What tells the functions that a definition calls, whose names are full, from others of their names; none
/// where it calls none.
///
/// # Errors
/// Those of [`qualify`].
pub fn fingerprint(snapshot: &Snapshot, create: &CreateModel) -> Result<Option<String>> {
    let read = qualify(&mut create.options.clone(), snapshot, &[])?;
    let objects = read.iter().filter_map(|oid| snapshot.object(*oid));
    let mut functions = objects
        .filter(|object| object.kind == Kind::Function)
        .peekable();
    if functions.peek().is_none() {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    for function in functions {
        hash.update(function.definition.to_string());
    }
    Ok(Some(hex(&hash.finalize())))
}
