//! The columns of a view. Where it is replaced, those that there are stay, and others may come after
//! them, as PostgreSQL has it; the views of a project's folder are not held to that, since a run puts
//! what reads them in its place too. A column gets another name by `ALTER VIEW`.

use std::sync::Arc;

use arrow::datatypes::Field;

use super::redefine::{check_other_name, readers};
use crate::catalog::pg_catalog::{format_type, type_among};
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::define::define;
use crate::models::replacement::replaced_meanwhile;
use crate::models::replan::{self, Author};
use crate::session::{Session, enums, own_types};
use crate::sql::Statement;

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
    match own_types::with_oid(snapshot, oid) {
        Some((object, is_array)) => {
            let array = if is_array { "[]" } else { "" };
            format!("{}{array}", enums::shown_name(&object, snapshot, path))
        }
        None => format_type(oid, modifier),
    }
}

/// Gives a column of a view another name. What reads it goes on reading it by the old one.
///
/// # Errors
/// 42703 for a column that there is not, 42701 for a name that another one has; 40001 where the view,
/// or what stands on it, was changed meanwhile.
pub async fn rename(session: &Session, object: &Arc<Object>, old: &str, new: &str) -> Result<()> {
    let instance = &session.instance;
    let _guard = instance.refresh_locks.lock(object.oid).await?;
    let snapshot = instance.catalog.snapshot();
    let now = snapshot.object(object.oid);
    if now.is_none_or(|now| now.definition != object.definition || now.schema != object.schema) {
        return Err(replaced_meanwhile(object));
    }
    check_other_name(object, old, new)?;
    let Statement::CreateView(create) = &object.definition else {
        return Err(Error::internal("only a view is defined by a query alone"));
    };
    let mut create = create.clone();
    let fields = object.schema.fields().iter();
    let names = fields.map(|field| match field.name() == old {
        true => new.to_owned(),
        false => field.name().clone(),
    });
    create.columns = names.collect();
    let statement = Statement::CreateView(create);
    let mut renamed = define(instance, &snapshot, &session.settings(), &statement).await?;
    renamed.project_file.clone_from(&object.project_file);
    if let Some(comment) = object.column_comments.get(old) {
        let comments = &mut renamed.column_comments;
        comments.insert(new.to_owned(), comment.clone());
    }
    readers::keep(session, object, old, new)?;
    replan::replace(instance, &snapshot, object.oid, &renamed, Author::Statement).await
}
