//! What the columns of a view that is replaced may become: those that there are stay, and others may
//! come after them, as PostgreSQL has it. The views of a project's folder are not held to that, since
//! a run puts what reads them in its place too.

use arrow::datatypes::Field;

use crate::catalog::pg_catalog::{format_type, type_among};
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::enums;

/// `numeric` and `numeric[]`.
const NUMERIC: u32 = 1700;
const NUMERICS: u32 = 1231;

/// That a view which is in the place of another one has its columns, and more at most.
///
/// # Errors
/// 42P16 for a column that would go, or have another name or type.
pub fn check_columns(
    snapshot: &Snapshot,
    path: &[String],
    old: &Object,
    new: &Object,
) -> Result<()> {
    let refused = |message: String| Error::new(SqlState::INVALID_TABLE_DEFINITION, message);
    let (before, after) = (old.schema.fields(), new.schema.fields());
    if after.len() < before.len() {
        return Err(refused("cannot drop columns from view".to_owned()));
    }
    for (before, after) in before.iter().zip(after) {
        let (name, renamed) = (before.name(), after.name());
        if name != renamed {
            let message = format!("cannot change name of view column \"{name}\" to \"{renamed}\"");
            return Err(refused(message).with_hint(
                "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.",
            ));
        }
        let (was, is) = (compared(old, before), compared(new, after));
        if was != is {
            let (was, is) = (shown(snapshot, path, was), shown(snapshot, path, is));
            return Err(refused(format!(
                "cannot change data type of view column \"{name}\" from {was} to {is}"
            )));
        }
    }
    Ok(())
}

/// The number of a column's type and its modifier. What a query computes of numbers is a `numeric`
/// without digits in PostgreSQL, whose digits follow from the computation here: they do not count.
fn compared(object: &Object, field: &Field) -> (u32, i32) {
    match type_among(Some(object), field) {
        (oid @ (NUMERIC | NUMERICS), _) => (oid, -1),
        of => of,
    }
}

fn shown(snapshot: &Snapshot, path: &[String], (oid, modifier): (u32, i32)) -> String {
    match enums::with_oid(snapshot, oid.into()) {
        Some((object, kind)) => {
            let array = if kind.is_array { "[]" } else { "" };
            format!("{}{array}", enums::shown_name(&object, snapshot, path))
        }
        None => format_type(oid, modifier),
    }
}
